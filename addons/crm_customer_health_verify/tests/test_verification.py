from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.account_receivable_verify.tests.common import VerifyMixin
from odoo.addons.crm_customer_health.tests.common import HealthCommon

from ..models.account_receivable_verification import MONEY, NUMBERS, VALUES

#: Kept figures that compare a customer with the others, follow from these, or come from elsewhere.
LEFT_OUT = {
    "exposure_measure",
    "health_score",
    "health_status",
    "needs_action",
    "payment_measure",
    "payment_risk",
    "purchase_measure",
    "rejected_amount",
    "rfm_frequency",
    "rfm_monetary",
    "rfm_recency",
    "rfm_segment",
    "trend_measure",
    "unsent_amount",
}


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestHealthVerification(VerifyMixin, HealthCommon):
    """Customers' kept figures are what the journals say plainly."""

    CHECKS = ("ledger", "open_items", "customer_health", "customer_health_total")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer("Lazy Ltd")
        cls.foreign = cls.setup_other_currency("EUR", rates=[("2023-01-01", 2.0)])

    def _fill_books(self):
        """Prompt & Sons owe 400, of it 100 abroad, and have 40 to good; Lazy Ltd owes 1,000."""
        self._settled(500.0, -3)
        part_paid = self._invoice(700.0)
        self._pay(part_paid, 400.0, date="2024-03-01")
        self._invoice(200.0, currency_id=self.foreign.id, invoice_date_due="2024-04-09")
        self._opening(-40.0, "2024-02-01")
        self._invoice(1000.0, partner_id=self.other.id, invoice_date_due="2024-01-20")
        self._follow()

    def _follow(self, company=None):
        """A day begins, and what the scheduled action does after each transaction."""
        self._refresh(company)
        while self.env["account.receivable.change"].sudo()._work_off("crm.customer.health"):
            pass
        self._flush()

    def _spoil(self, **values):
        """Somebody writes a row by SQL, behind everybody's back."""
        for name, value in values.items():
            self.env.cr.execute(
                f"UPDATE crm_customer_health SET {name} = %s"
                " WHERE partner_id = %s AND company_id = %s",
                [value, self.partner.id, self.company.id],
            )
        self.env.invalidate_all()

    def test_every_figure_is_verified_or_named(self):
        health = self.env["crm.customer.health"]
        own = {
            name
            for name in health._get_register()
            if "crm_customer_health" in health._fields[name]._modules
        }
        verified = {*MONEY, *NUMBERS, *VALUES}
        self.assertEqual(own, verified | LEFT_OUT)

    def test_clean_books(self):
        self._fill_books()
        run = self._verify()
        self.assertClean(run)
        total = run.total_ids.filtered(lambda row: row.value == "customer_health")
        self.assertEqual((total.ledger_amount, total.own_amount), (1360, 1360))

    def test_two_companies(self):
        data = self.setup_other_company(name="Abroad", currency_id=self.foreign.id)
        company = data["company"]
        self._fill_books()
        self._create_document(
            [{"price_unit": 70.0}],
            company_id=company.id,
            journal_id=data["default_journal_sale"].id,
        )
        self._follow(company)
        run = self._verify(self.company | company)
        self.assertClean(run)
        totals = run.total_ids.filtered(lambda row: row.value == "customer_health")
        self.assertEqual(
            {row.company_id: row.own_amount for row in totals}, {self.company: 1360, company: 70}
        )

    def test_what_was_spoilt_is_found(self):
        self._fill_books()
        self._spoil(overdue_amount=312.5, payment_count=9, last_payment_date="2024-01-01")
        run = self._verify()
        self.assertEqual(
            self._get_differences(run),
            {(self.partner.display_name, "overdue_amount"): (312.5, 300.0, 12.5)},
        )
        texts = self._get_found(run).filtered(lambda row: not row.is_amount)
        self.assertEqual(
            {(row.value, row.kept_text, row.recomputed_text) for row in texts},
            {("payment_count", "9", "2"), ("last_payment_date", "2024-01-01", "2024-03-01")},
        )
        row = self._get_rows()[self.partner]
        self.assertEqual(
            {(found.res_model, found.res_id) for found in self._get_found(run)},
            {("crm.customer.health", row.id)},
        )
        self.assertEqual(self._get_found(run).mapped("kept_at"), [row.refreshed_at] * 3)
        self.assertEqual(self._get_found(run).kept_by_id, row.write_uid)
        self.assertEqual(self._get_found(run)[0].action_open_record()["res_id"], row.id)

    def test_sum_and_row_that_is_missing(self):
        self._fill_books()
        self._flush()
        self.env.cr.execute(
            "DELETE FROM crm_customer_health WHERE partner_id = %s", [self.other.id]
        )
        run = self._verify()
        found = self._get_differences(run)
        self.assertEqual(found["Lazy Ltd", "open_amount"], (0, 1000, -1000))
        self.assertEqual(found["Lazy Ltd", "overdue_31_60"], (0, 1000, -1000))
        self.assertEqual(found[self.company.display_name, "customer_health"], (360, 1360, -1000))

    def test_who_is_being_updated_is_no_difference(self):
        self._fill_books()
        self._invoice(50.0)
        run = self._verify()
        self.assertCounts(run, waiting=2)  # the customer, and with it the sum
        found = self._get_differences(run, "waiting")
        self.assertEqual(found[self.partner.display_name, "open_amount"], (400, 450, -50))

    def test_new_day_is_no_difference(self):
        self._fill_books()
        with freeze_time("2024-04-20 12:00:00"):
            run = self._verify()
        checks = self._get_checks(run)
        self.assertEqual(sum(checks.mapped("difference_count")), 0)
        self.assertGreater(sum(checks.mapped("waiting_count")), 1)
        self.assertIn(
            (self.partner.display_name, "overdue_amount"), self._get_differences(run, "waiting")
        )
