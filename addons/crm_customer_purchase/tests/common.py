from odoo import SUPERUSER_ID, fields

from odoo.addons.account_receivable_settlement.tests.common import ReceivableCommon

from ..plain_purchases import AMOUNTS, NUMBERS, VALUES, PlainPurchases


class PurchaseCommon(ReceivableCommon):
    """Invoices with products, made as people make them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.purchases = cls.env(user=SUPERUSER_ID)["crm.customer.purchase"]
        cls.flour, cls.yeast, cls.salt = (
            cls.env["product.product"].create({"name": name, "categ_id": False})
            for name in ("Flour", "Yeast", "Salt")
        )

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("sales_team.group_sale_manager")

    @classmethod
    def _sell(cls, product, date, quantity=1, price=100.0, **values):
        """A posted invoice of one line with a product."""
        return cls._create_document(
            [{"product_id": product.id, "quantity": quantity, "price_unit": price}],
            date=date,
            **values,
        )

    def _refresh(self, companies=None, partners=None):
        self.env.flush_all()
        companies = companies or self.company
        self.env["crm.customer.health.policy"].sudo()._get_policy(companies)
        self.purchases._refresh(companies, partners)

    def _get_row(self, product, partner=None, company=None):
        return self.purchases.search(
            [
                ("company_id", "=", (company or self.company).id),
                ("partner_id", "=", (partner or self.partner).id),
                ("product_id", "=", product.id),
            ]
        )

    def assertPlain(self, companies=None):
        """Each stored row is what a plain recomputation from journal items says."""
        for company in companies or self.company:
            expected = PlainPurchases(self.env, company, fields.Date.today()).rows()
            rows = self.purchases.search([("company_id", "=", company.id)])
            self.assertEqual(
                {(row.partner_id, row.product_id): row.state for row in rows},
                {
                    (partner.with_env(rows.env), product.with_env(rows.env)): row["state"]
                    for (partner, product), row in expected.items()
                },
            )
            by_key = {(row.partner_id.id, row.product_id.id): row for row in rows}
            for (partner, product), plain in expected.items():
                row = by_key[partner.id, product.id]
                for name, delta in (dict.fromkeys(AMOUNTS, 0.005) | NUMBERS).items():
                    self.assertAlmostEqual(
                        row[name],
                        float(plain[name]),
                        delta=float(delta),
                        msg=f"{name} of {row.display_name}",
                    )
                for name in VALUES:
                    self.assertEqual(row[name], plain[name], f"{name} of {row.display_name}")
