import random
from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-31 12:00:00")
class TestPurchases(PurchaseCommon):
    def test_one_product_on_paper(self):
        """Bought on 1 January, 1 March, 30 April (gaps 60, 60), then on 20 December."""
        for day in ("2024-01-01", "2024-03-01", "2024-04-30", "2024-12-20"):
            self._sell(self.flour, day, quantity=2, price=50)
        self._sell(self.yeast, "2024-12-20", quantity=3, price=100)
        self._sell(self.flour, "2023-06-01", quantity=1, price=70)
        self._refresh()
        self.assertRecordValues(
            self._get_row(self.flour),
            [
                {
                    "quantity_12m": 8,
                    "quantity_prev_12m": 1,
                    "amount_12m": 400,
                    "amount_prev_12m": 70,
                    "purchase_count": 5,
                    "first_date": date(2023, 6, 1),
                    "last_date": date(2024, 12, 20),
                    # Gaps: 214, 60, 60, 234 days.
                    "interval_days": 137,
                    "expected_date": date(2025, 5, 6),
                    # 100 in three months against 300 in nine.
                    "trend": 0,
                    "state": "regular",
                }
            ],
        )
        self.assertAlmostEqual(self._get_row(self.flour).share, 400 / 700, 5)
        self.assertEqual(self._get_row(self.yeast).state, "new")
        self.assertFalse(self._get_row(self.yeast).expected_date)
        self.assertPlain()

    def test_states(self):
        def customer(name, *sales):
            partner = self.env["res.partner"].create({"name": name})
            for day, amount in sales:
                self._sell(self.flour, day, price=amount, partner_id=partner.id)
            return partner

        months = [f"2024-{month:02}-15" for month in range(1, 13)]
        expected = {
            customer("Lapsed", *((day, 10) for day in months[:6])): "lapsed",
            customer("Once", ("2024-02-01", 10)): "single",
            customer("New", ("2024-12-01", 10)): "new",
            customer("Steady", *((day, 10) for day in months)): "regular",
            customer(
                "Falling", *((day, 100) for day in months[:9]), *((day, 49) for day in months[9:])
            ): "falling",
            customer(
                "Half", *((day, 100) for day in months[:9]), *((day, 50) for day in months[9:])
            ): "regular",
            customer(
                "Growing",
                *((day, 100) for day in months[:9]),
                *((day, 150) for day in months[9:]),
            ): "growing",
            customer("Twice, long ago", ("2022-01-01", 10), ("2022-05-01", 10)): "lapsed",
        }
        self._refresh()
        self.assertEqual(
            {partner: self._get_row(self.flour, partner).state for partner in expected}, expected
        )
        self.assertPlain()

    def test_units_returns_and_what_is_no_purchase(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self._create_document(
            [
                {
                    "product_id": self.flour.id,
                    "quantity": 2,
                    "product_uom_id": dozen.id,
                    "price_unit": 12,
                }
            ],
            date="2024-11-01",
        )
        self._sell(self.flour, "2024-11-20", quantity=4, price=1, move_type="out_refund")
        voucher = self.env["product.product"].create(
            {"name": "Discount", "is_left_out_of_mix": True}
        )
        self._create_document(
            [
                {"product_id": voucher.id, "price_unit": -5},
                {"name": "Without a product", "price_unit": 7},
            ],
            date="2024-11-20",
        )
        self._sell(self.yeast, "2025-01-05")
        draft = self._sell(self.salt, "2024-11-20", post=False)
        self._refresh()
        self.assertEqual(len(self.purchases.search([("partner_id", "=", self.partner.id)])), 1)
        row = self._get_row(self.flour)
        self.assertEqual((row.quantity_12m, row.amount_12m, row.purchase_count), (20, 20, 1))
        self.assertPlain()
        draft.action_post()
        self._refresh(partners=self.partner)
        self.assertEqual(self._get_row(self.salt).amount_12m, 100)
        draft.button_draft()
        self._refresh(partners=self.partner)
        self.assertFalse(self._get_row(self.salt), "nothing is left of it")
        self.assertPlain()

    def test_only_changed_rows_are_written(self):
        self._sell(self.flour, "2024-11-01")
        self._sell(self.yeast, "2024-11-01")
        self._refresh()
        flour, yeast = self._get_row(self.flour), self._get_row(self.yeast)
        self.env.cr.execute(
            "UPDATE crm_customer_purchase SET write_date = '2000-01-01' WHERE id IN %s",
            [(flour.id, yeast.id)],
        )
        self._sell(self.flour, "2024-11-02", partner_id=self.partner_a.id)
        for partners in (None, self.partner):
            self._refresh(partners=partners)
            self.assertEqual(
                {row.write_date.year for row in (flour, yeast)}, {2000}, "nothing new of them"
            )
        self._sell(self.flour, "2024-11-03")
        self._refresh()
        self.assertEqual([row.write_date.year for row in (flour, yeast)], [2024, 2024])
        self.assertEqual(flour, self._get_row(self.flour), "the row stays")

    def test_follows_invoices_through_the_outbox(self):
        invoice = self._sell(self.flour, "2024-11-01")
        health = self.purchases.env["crm.customer.health"]
        health._refresh(self.company)
        self._refresh()
        self._sell(self.yeast, "2024-12-01")
        self.env.cr.flush()
        self.env.invalidate_all()
        self.purchases.env["account.receivable.change"]._work_off("crm.customer.health")
        self.assertEqual(self._get_row(self.yeast).amount_12m, 100)
        invoice.button_draft()
        self.env.cr.flush()
        self.purchases.env["account.receivable.change"]._work_off("crm.customer.health")
        self.assertFalse(self._get_row(self.flour))

    def test_scheduled_action(self):
        self._sell(self.flour, "2024-11-01")
        self.env["crm.customer.health.policy"].sudo()._get_policy(self.company)
        norm = self.purchases.env["crm.customer.health.norm"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertFalse(norm.purchases_as_of_date)
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_purchase.ir_cron_purchase").method_direct_trigger()
        self.assertEqual(norm.purchases_as_of_date, date(2024, 12, 31))
        self.assertEqual(norm.suggestions_as_of_date, date(2024, 12, 31))
        self.assertTrue(self._get_row(self.flour))
        self.purchases.env["crm.customer.health"]._refresh(self.company)
        self.assertFalse(norm.purchases_as_of_date, "all customers: all purchases are due")

    def test_merged_customers(self):
        other = self.env["res.partner"].create({"name": "Other"})
        self._sell(self.flour, "2024-11-01")
        self._sell(self.flour, "2024-11-01", partner_id=other.id)
        self._refresh()
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (self.partner | other).ids, self.partner
        )
        self._refresh()
        self.assertEqual(self._get_row(self.flour).amount_12m, 200)
        self.assertPlain()

    def test_figures_on_the_health_register(self):
        bakery = self.env["product.category"].create({"name": "Bakery"})
        self.flour.categ_id = self.yeast.categ_id = bakery
        self._sell(self.flour, "2024-11-01", price=500)
        self._sell(self.yeast, "2024-11-01", price=300)
        self._sell(self.salt, "2024-11-01", price=200)
        self._sell(self.salt, "2023-11-01", price=9000)
        health = self.purchases.env["crm.customer.health"]
        health._refresh(self.company)
        row = health.search(
            [("company_id", "=", self.company.id), ("partner_id", "=", self.partner.id)]
        )
        self.assertRecordValues(
            row,
            [
                {
                    "product_count": 3,
                    "category_count": 1,
                    # 0.5² + 0.3² + 0.2²
                    "product_concentration": 0.38,
                    "main_category_id": bakery.id,
                }
            ],
        )
        past = health._get_figures(self.company, self.partner, date(2023, 12, 31))
        figures = past[self.company.id, self.partner.id]
        self.assertEqual((figures["product_count"], figures["main_category_id"]), (1, None))
        self.assertEqual(figures["product_concentration"], 1)

    def test_category_has_a_name_while_it_is_updated(self):
        bakery = self.env["product.category"].create({"name": "Bakery"})
        self.flour.categ_id = bakery
        self._sell(self.flour, "2024-11-01")
        health = self.purchases.env["crm.customer.health"]
        health._refresh(self.company)
        row = health.search([("partner_id", "=", self.partner.id)])
        self._sell(self.yeast, "2024-12-01", price=10)
        self.env.cr.flush()
        self.env.invalidate_all()
        specification = {"main_category_id": {"fields": {"display_name": {}}}, "product_count": {}}
        self.assertTrue(row.is_being_updated)
        [shown] = row.with_env(self.env).web_read(specification)
        self.assertEqual(shown["product_count"], 2)
        self.assertEqual(
            shown["main_category_id"], {"id": bakery.id, "display_name": bakery.display_name}
        )

    def test_random_walk(self):
        """Two currencies, returns, units, several companies, contacts, archived products."""
        other = self._create_company(name="Second")
        foreign = self.setup_other_currency("EUR", rates=[("2022-01-01", 2.0), ("2024-06-01", 4.0)])
        dozen = self.env.ref("uom.product_uom_dozen")
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}", "is_company": True} for number in range(4)]
        )
        contacts = self.env["res.partner"].create(
            [{"name": f"Contact of {one.name}", "parent_id": one.id} for one in customers]
        )
        products = self.flour | self.yeast | self.salt
        products |= self.env["product.product"].create({"name": "Tip", "is_left_out_of_mix": True})
        dice = random.Random(19)
        documents = self.env["account.move"]
        companies = self.company | other
        for step in range(60):
            company = dice.choice(companies)
            day = date(2022, 10, 1) + timedelta(days=dice.randrange(840))
            move = (
                self.env["account.move"]
                .with_company(company)
                .create(
                    {
                        "move_type": dice.choice(
                            ["out_invoice"] * 4 + ["out_refund", "out_receipt"]
                        ),
                        "partner_id": dice.choice(customers | contacts).id,
                        "invoice_date": day,
                        "date": day,
                        "currency_id": dice.choice([company.currency_id, foreign]).id,
                        "invoice_line_ids": [
                            (
                                0,
                                0,
                                {
                                    "product_id": dice.choice(products).id,
                                    "quantity": dice.choice([1, 2, 5]),
                                    "product_uom_id": dice.choice([dozen, self.flour.uom_id]).id,
                                    "price_unit": dice.randrange(100, 100000) / 100,
                                },
                            )
                            for __ in range(dice.choice([1, 2, 3]))
                        ],
                    }
                )
            )
            move.action_post()
            documents |= move
            if step % 10 == 9:
                dice.choice(documents.filtered(lambda one: one.state == "posted")).button_draft()
                if step == 29:
                    self.salt.action_archive()
                    self.yeast.categ_id = self.env["product.category"].create({"name": "New"})
                if step == 39:
                    contacts[0].parent_id = customers[1]
                self._refresh(companies, partners=customers | contacts)
                self.assertPlain(companies)
                kept = self.purchases.search([]).mapped(
                    lambda row: (row.id, row.amount_12m, row.state)
                )
                self._refresh(companies)
                self.assertEqual(
                    sorted(kept),
                    sorted(
                        self.purchases.search([]).mapped(
                            lambda row: (row.id, row.amount_12m, row.state)
                        )
                    ),
                    "the same, asked for some as for all",
                )
        self.assertGreater(self.purchases.search_count([("company_id", "in", companies.ids)]), 15)
        self.assertEqual(fields.Date.today(), date(2024, 12, 31))
