from freezegun import freeze_time

from odoo import SUPERUSER_ID, Command
from odoo.tests import tagged

from odoo.addons.crm_customer_value.tests.test_cost import CostCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 10:00")
class TestOrderCost(CostCommon):
    def _bill_order(self, quantity, purchase_price, product=None, currency=None, **values):
        """An invoice of an order line of which the cost was typed, in the order's currency."""
        product = product or self._create_costly("Advice", 3.0, type="service")
        root = self.env(user=SUPERUSER_ID, context={"allowed_company_ids": self.company.ids})
        order = root["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "company_id": self.company.id,
                "currency_id": (currency or self.company.currency_id).id,
                "date_order": "2024-01-15",
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "price_unit": 20.0,
                            "purchase_price": purchase_price,
                            "tax_ids": [Command.clear()],
                            **values,
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.invoice_date = "2024-01-31"
        invoice.action_post()
        return invoice.with_env(self.env)

    def test_cost_of_the_order(self):
        self.assertCost(self._bill_order(4, 11.0), 44.0, "order")

    def test_without_cost_the_product_s(self):
        self.assertCost(self._bill_order(4, 0.0), 12.0, "product")

    def test_dozen(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        invoice = self._bill_order(2, 11.0, product_uom_id=dozen.id)
        self.assertCost(invoice, 22.0, "order")

    def test_order_s_rate(self):
        """Typed in the order's currency, worth what it was on the day of the order."""
        currency = self.setup_other_currency(
            "EUR", rates=[("2024-01-01", 2.0), ("2024-01-31", 4.0)]
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        self.partner.property_product_pricelist = pricelist
        invoice = self._bill_order(4, 10.0, currency=currency)
        [order] = invoice.invoice_line_ids.sale_line_ids.order_id.with_user(SUPERUSER_ID)
        expected = round(40.0 / order.currency_rate, 2)
        self.assertCost(invoice, expected, "order")
