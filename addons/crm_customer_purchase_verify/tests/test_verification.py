from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.account_receivable_verify.tests.common import VerifyMixin
from odoo.addons.crm_customer_purchase.plain_purchases import (
    AMOUNTS,
    CUSTOMER_FIGURES,
    NUMBERS,
    VALUES,
)
from odoo.addons.crm_customer_purchase.tests.common import PurchaseCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-31 12:00:00")
class TestPurchaseVerification(VerifyMixin, PurchaseCommon):
    """What customers buy is what the journals say plainly."""

    CHECKS = ("purchases", "customer_purchases")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.setup_other_currency("EUR", rates=[("2022-01-01", 2.0)])
        cls.bakery = cls.env["product.category"].create({"name": "Bakery"})
        (cls.flour | cls.yeast).categ_id = cls.bakery
        cls.dozen = cls.env.ref("uom.product_uom_dozen")

    def _fill_books(self):
        """Flour: thrice 100 in a year, a dozen for 60 (120 abroad), of it 4 returned for 20; 70
        the year before. Yeast: 300. Salt: bought twice, long ago.
        """
        for day in ("2024-02-01", "2024-04-01", "2024-05-31"):
            self._sell(self.flour, day)
        self._create_document(
            [{"product_id": self.flour.id, "product_uom_id": self.dozen.id, "price_unit": 120.0}],
            date="2024-12-20",
            currency_id=self.foreign.id,
        )
        self._sell(self.flour, "2024-12-21", quantity=4, price=5, move_type="out_refund")
        self._sell(self.flour, "2023-06-01", price=70)
        self._sell(self.yeast, "2024-12-20", quantity=3)
        self._sell(self.salt, "2020-01-01")
        self._sell(self.salt, "2020-02-01")
        self._follow()

    def _follow(self, companies=None):
        """A day begins, and what the scheduled actions do."""
        self._flush()
        self.purchases.env["crm.customer.health"]._refresh(companies or self.company)
        self._work_off()
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_purchase.ir_cron_purchase").method_direct_trigger()
        self._flush()

    def _work_off(self):
        while self.purchases.env["account.receivable.change"]._work_off("crm.customer.health"):
            pass

    def _flush(self):
        self.env.cr.flush()
        self.env.invalidate_all()

    def _spoil(self, row, **values):
        """Somebody writes a row by SQL, behind everybody's back."""
        self.env.flush_all()
        for name, value in values.items():
            self.env.cr.execute(
                f"UPDATE {row._table} SET {name} = %s WHERE id = %s", [value, row.id]
            )
        self.env.invalidate_all()

    def _get_texts(self, run):
        return {
            (row.name, row.value): (row.kept_text, row.recomputed_text)
            for row in self._get_found(run)
            if not row.is_amount
        }

    def _name(self, product):
        return f"{self.partner.display_name}: {product.display_name}"

    def test_every_figure_is_verified_or_named(self):
        stored = {
            name
            for name, field in self.purchases._fields.items()
            if field.store and field.type not in ("many2one", "datetime") and name != "id"
        }
        self.assertEqual(stored, {*AMOUNTS, *NUMBERS, *VALUES})
        health = self.env["crm.customer.health"]
        own = {
            name
            for name in health._get_register()
            if "crm_customer_purchase" in health._fields[name]._modules
        }
        self.assertEqual(own, {*CUSTOMER_FIGURES, "main_category_id"})

    def test_clean_books(self):
        self._fill_books()
        row = self._get_row(self.flour)
        self.assertEqual((row.amount_12m, row.quantity_12m, row.amount_prev_12m), (340, 11, 70))
        self.assertClean(self._verify())

    def test_two_companies(self):
        data = self.setup_other_company(name="Abroad", currency_id=self.foreign.id)
        company = data["company"]
        self._fill_books()
        self._create_document(
            [{"product_id": self.flour.id, "price_unit": 70.0}],
            date="2024-12-01",
            company_id=company.id,
            journal_id=data["default_journal_sale"].id,
        )
        self._follow(self.company | company)
        self.assertClean(self._verify(self.company | company))
        self._spoil(self._get_row(self.flour, company=company), amount_12m=71)
        run = self._verify(self.company | company)
        self.assertEqual(
            self._get_differences(run), {(self._name(self.flour), "amount_12m"): (71, 70, 1)}
        )
        self.assertEqual(self._get_found(run).company_id, company)
        self.assertEqual(self._get_found(run).currency_id, self.foreign)

    def test_what_was_spoilt_is_found(self):
        self._fill_books()
        row = self._get_row(self.flour)
        self._spoil(row, amount_12m=339.99, state="lapsed", last_date="2024-12-19")
        self._spoil(self._get_row(self.yeast), quantity_12m=4, share=0.5)
        run = self._verify()
        self.assertEqual(
            self._get_differences(run),
            {(self._name(self.flour), "amount_12m"): (339.99, 340, -0.01)},
        )
        self.assertEqual(
            self._get_texts(run),
            {
                (self._name(self.flour), "state"): ("lapsed", "falling"),
                (self._name(self.flour), "last_date"): ("2024-12-19", "2024-12-20"),
                (self._name(self.yeast), "quantity_12m"): ("4.0", "3.0"),
                (self._name(self.yeast), "share"): ("0.5", "0.46875"),
            },
        )
        found = self._get_found(run).filtered(lambda found: found.value == "state")
        self.assertEqual((found.res_model, found.res_id), (row._name, row.id))
        self.assertEqual((found.kept_at, found.kept_by_id), (row.write_date, row.write_uid))

    def test_rows_that_are_missing_or_of_nothing(self):
        self._fill_books()
        self._get_row(self.yeast).sudo().unlink()
        pepper = self.env["product.product"].create({"name": "Pepper"})
        self._spoil(self._get_row(self.salt), product_id=pepper.id, amount_12m=5)
        run = self._verify()
        self.assertEqual(
            self._get_differences(run),
            {
                (self._name(self.yeast), "amount_12m"): (0, 300, -300),
                (self._name(pepper), "amount_12m"): (5, 0, 5),
            },
        )
        self.assertEqual(
            self._get_texts(run),
            {
                (self._name(self.yeast), "row"): (False, "Yeast"),
                (self._name(self.salt), "row"): (False, "Salt"),
                (self._name(pepper), "row"): ("Pepper", False),
            },
        )

    def test_customers_figures(self):
        self._fill_books()
        row = self.purchases.env["crm.customer.health"].search(
            [("company_id", "=", self.company.id), ("partner_id", "=", self.partner.id)]
        )
        self._spoil(row, product_count=3, main_category_id=None, product_concentration=0.6)
        run = self._verify()
        self.assertEqual(
            self._get_texts(run),
            {
                (self.partner.display_name, "product_count"): ("3", "2.0"),
                (self.partner.display_name, "main_category_id"): (False, "Bakery"),
                # (340² + 300²) / 640²
                (self.partner.display_name, "product_concentration"): ("0.6", "0.502"),
            },
        )

    def test_who_is_being_updated_is_no_difference(self):
        self._fill_books()
        # What a transaction leaves behind until the scheduled action has read it.
        self._sell(self.yeast, "2024-12-30")
        run = self._verify()
        self.assertFalse(self._get_found(run, "difference"))
        self.assertEqual(
            self._get_differences(run, "waiting")[self._name(self.yeast), "amount_12m"],
            (300, 400, -100),
        )
        self._work_off()
        self.assertClean(self._verify())

    def test_new_day_is_no_difference(self):
        self._fill_books()
        with freeze_time("2025-02-02 12:00:00"):
            run = self._verify()
            self.assertFalse(self._get_found(run, "difference"))
            self.assertEqual(
                self._get_differences(run, "waiting")[self._name(self.flour), "amount_12m"],
                (340, 240, 100),
            )
            self._follow()
            self.assertClean(self._verify())

    def test_limits_of_the_company(self):
        """Flour fell to 40 %: no more than the company says."""
        for month in range(1, 10):
            self._sell(self.flour, f"2024-{month:02}-15")
        for month in range(10, 13):
            self._sell(self.flour, f"2024-{month}-15", price=40)
        self._follow()
        self.assertEqual(self._get_row(self.flour).state, "falling")
        self.assertClean(self._verify())
        policy = self.env["crm.customer.health.policy"].sudo()._get_policy(self.company)
        policy.purchase_falling_percent = 30
        self._follow()
        self.assertEqual(self._get_row(self.flour).state, "regular")
        self.assertClean(self._verify())
