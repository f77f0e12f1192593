from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged

from odoo.addons.account_receivable_verify.tests.common import VerifyMixin
from odoo.addons.crm_customer_value.models.account_invoice_cost import READER
from odoo.addons.crm_customer_value.tests.test_service import ServiceCommon

from ..models import account_receivable_verification
from ..plain_value import AMOUNTS, SERVED, VALUES

#: Stored figures that are fitted, or not of the journals.
LEFT_OUT = {
    "campaign_id",
    "company_id",
    "expected_purchases",
    "expected_spend",
    "expected_value",
    "medium_id",
    "method",
    "partner_id",
    "probability_alive",
    "source_id",
    "value_tier",
}


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestValueVerification(VerifyMixin, ServiceCommon):
    """Costs, cost to serve and values are what the journals say plainly."""

    CHECKS = ("costs", "service_amounts", "service_counts", "values")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        # A test's transaction takes no time.
        cls.startClassPatcher(
            patch.object(account_receivable_verification, "LONG_TRANSACTION", timedelta())
        )
        cls.startClassPatcher(
            patch.object(
                cls.registry["account.receivable.verification"],
                "_get_counted_at",
                lambda _self: cls.counted_at,
            )
        )
        cls.counted_at = fields.Datetime.to_datetime("2024-03-10 10:00:00")

    def _fill_books(self):
        """Sold: 100 (cost 70) last year, paid; 200 (cost 70) in February, paid in part, with 20 of
        it (cost 7) credited; 50 of unknown cost abroad. Served: documents at 5 and 3.
        """
        paid = self._sell(self.flour, date="2023-02-10")
        self._pay(paid, date="2023-03-11")
        self.sale = self._sell(self.flour, price=20.0, date="2024-02-05")
        self._pay(self.sale, 120.0, date="2024-02-20")
        self._sell(self.flour, 1, 20.0, date="2024-03-01", move_type="out_refund")
        self._sell(None, 1, 100.0, date="2024-03-02", currency_id=self.foreign.id)
        self.drivers = self._create_driver("invoice", 5.0) | self._create_driver("credit_note", 3.0)
        self.drivers |= self._create_driver("late_money", 9.0)
        self._follow()

    def _follow(self, companies=None):
        """What the scheduled actions do at night."""
        companies = companies or self.company
        system = self.env(user=SUPERUSER_ID, context={})
        self._freeze()
        system["crm.customer.health"]._refresh(companies)
        self._work_off("crm.customer.health")
        for driver in system["crm.service.driver"].search([("company_id", "in", companies.ids)]):
            system["crm.customer.service"]._count(driver)
        for company in companies:
            policy = system["crm.customer.health.policy"]._get_policy(company)
            system["crm.customer.value"]._compute_company(policy)
        # Health follows where a tier or margin changed; costs of before this addon are frozen.
        self._work_off("crm.customer.health", READER)
        # A test is written at its beginning, by clocks that nobody stopped.
        self.env.cr.execute(
            "UPDATE crm_customer_value_model SET write_date = %s", [fields.Datetime.now()]
        )
        self.env.invalidate_all()

    def _work_off(self, *readers):
        self._flush()
        changes = self.env(user=SUPERUSER_ID, context={})["account.receivable.change"]
        for reader in readers:
            waiting = [("reader", "=", reader), ("failure", "=", False)]
            while changes._work_off(reader) or changes.search_count(waiting):
                pass
        self._flush()

    def _get_value(self, company=None):
        return (
            self.env["crm.customer.value"]
            .sudo()
            .search(
                [
                    ("company_id", "=", (company or self.company).id),
                    ("partner_id", "=", self.partner.id),
                ]
            )
        )

    def _get_service(self, kind, month):
        return (
            self.env["crm.customer.service"]
            .sudo()
            .search([("driver_id.kind", "=", kind), ("month", "=", month)])
        )

    def _spoil(self, row, **values):
        """Somebody writes a row by SQL, behind everybody's back."""
        self.env.flush_all()
        for name, value in values.items():
            self.env.cr.execute(
                f"UPDATE {row._table} SET {name} = %s WHERE id = %s", [value, row.id]
            )
        self.env.invalidate_all()

    def test_every_figure_is_verified_or_named(self):
        stored = set(self.env["crm.customer.value"]._get_stored_names())
        self.assertEqual(stored, {*AMOUNTS, *SERVED, *VALUES, "margin_rate", *LEFT_OUT})

    def test_clean_books(self):
        self._fill_books()
        self.assertRecordValues(
            self._get_value(),
            [
                {
                    "revenue": 230.0,
                    "costed_revenue": 180.0,
                    "margin": 117.0,
                    "purchase_count": 3,
                    "invoiced_total": 330.0,
                    "paid_total": 220.0,
                    "margin_total": 147.0,
                }
            ],
        )
        self.assertClean(self._verify())

    def test_two_companies(self):
        data = self.setup_other_company(name="Abroad", currency_id=self.foreign.id)
        company = data["company"]
        self._fill_books()
        self._create_document(
            [{"product_id": self.flour.id, "price_unit": 70.0}],
            date="2024-02-01",
            company_id=company.id,
            journal_id=data["default_journal_sale"].id,
        )
        self._create_driver("invoice", 2.0, company=company)
        self._follow(self.company | company)
        self.assertClean(self._verify(self.company | company))
        self._spoil(self._get_value(company), revenue=71)
        run = self._verify(self.company | company)
        self.assertEqual(
            self._get_differences(run), {(self.partner.display_name, "revenue"): (71, 70, 1)}
        )
        self.assertEqual(self._get_found(run).currency_id, self.foreign)

    def test_values_that_were_spoilt_are_found(self):
        self._fill_books()
        row, name = self._get_value(), self.partner.display_name
        past = row.past_value
        self._spoil(row, margin=117.5, past_value=past + 0.02, purchase_count=9, margin_rate=0.5)
        run = self._verify()
        found = self._get_differences(run)
        self.assertEqual(found.pop((name, "margin")), (117.5, 117, 0.5))
        __, recomputed, difference = found.pop((name, "past_value"))
        self.assertAlmostEqual(recomputed, past)
        self.assertAlmostEqual(difference, 0.02)
        self.assertFalse(found)
        self.assertEqual(
            {
                row.value: (row.kept_text, row.recomputed_text)
                for row in self._get_found(run)
                if not row.is_amount
            },
            {"purchase_count": ("9", "3"), "margin_rate": ("0.5", "0.65")},
        )

    def test_cost_that_is_missing_or_of_a_draft(self):
        self._fill_books()
        draft = self._sell(self.flour, date="2024-03-03", post=False)
        row = self.sale.invoice_line_ids.sudo().cost_ids
        self._spoil(row, line_id=draft.invoice_line_ids.id)
        run = self._verify()
        rows = self._get_found(run).filtered(lambda row: row.check == "costs")
        self.assertEqual(
            {(row.res_model, row.kept_text, row.recomputed_text) for row in rows},
            {("account.move.line", "0", "1"), ("account.invoice.cost", "1", "0")},
        )

    def test_cost_of_nothing(self):
        self._fill_books()
        free = self._sell(self.flour, 0, 20.0, date="2024-03-03")
        self._follow()
        self.assertClean(self._verify())
        row = free.invoice_line_ids.sudo().cost_ids
        self._spoil(row, cost=4)
        found = {
            value: amounts
            for (_name, value), amounts in self._get_differences(self._verify()).items()
        }
        self.assertEqual(found["cost"], (4, 0, 4))
        # Values follow what is kept.
        self.assertEqual(found["margin_total"], (147, 143, 4))

    def test_service_that_was_spoilt_is_found(self):
        self._fill_books()
        [row] = self._get_service("invoice", "2024-02-01")
        self._spoil(row, quantity=3, amount=14)
        run = self._verify()
        name = f"{self.partner.display_name}: invoice, 2024-02-01"
        found = self._get_differences(run)
        self.assertEqual(found[name, "amount"], (14, 15, -1))
        self.assertEqual(found[self.partner.display_name, "service_amount"][2], -9)
        [count] = self._get_found(run).filtered(lambda row: row.value == "service_count")
        self.assertEqual((count.name, count.kept_text, count.recomputed_text), (name, "3.0", "1"))

    def test_who_is_being_updated_is_no_difference(self):
        self._fill_books()
        # What a transaction leaves behind until the scheduled actions have read it.
        self._sell(self.flour, date="2024-03-04")
        self.env.cr.flush()
        run = self._verify()
        self.assertFalse(self._get_found(run, "difference"))
        self.assertEqual(
            self._get_differences(run, "waiting")[self.partner.display_name, "revenue"],
            (230, 330, -100),
        )
        self.assertTrue(
            self._get_found(run, "waiting").filtered(lambda row: row.value == "service_count")
        )

    def test_what_happened_since_the_night_is_no_difference(self):
        self._fill_books()
        with freeze_time("2024-03-10 11:00"):
            self._pay(self.sale, 30.0, date="2024-03-09")
            self._work_off("crm.customer.health", READER)
            run = self._verify()
            self.assertFalse(self._get_found(run, "difference"))
            self.assertEqual(
                self._get_differences(run, "waiting")[self.partner.display_name, "paid_total"],
                (220, 250, -30),
            )
        with freeze_time("2024-03-11 11:00"):
            self.assertFalse(self._get_found(self._verify(), "difference"))
