from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_accounting_bridge_sale.tests.common import BridgeSaleCommon
from odoo.addons.crm_revenue_forecast.tests.common import ForecastCommon


class ForecastOrdersCommon(BridgeSaleCommon, ForecastCommon):
    """What of orders is still to come."""

    def _get_order_layers(self, orders):
        """Untaxed amounts by layer."""
        rows = self.env["crm.revenue.forecast"].sudo()
        domain = [("order_id", "in", orders.ids)]
        return dict(rows._read_group(domain, ["layer"], ["amount_untaxed:sum"]))


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestForecastOrders(ForecastOrdersCommon):
    def test_to_deliver_and_to_invoice(self):
        deal = self._create_deal("Machine", expected_revenue=1500.0)
        order = self._create_order(
            deal, [(10, 100.0, self.product_delivered), (2, 50.0, self.product_ordered)]
        )
        self._forecast()
        self.assertEqual(self._get_order_layers(order), {"to_deliver": 1000.0, "to_invoice": 100.0})
        order.order_line[0].qty_delivered = 4
        self._forecast()
        self.assertEqual(self._get_order_layers(order), {"to_deliver": 600.0, "to_invoice": 500.0})
        self._invoice(order, post=False)
        self._forecast()
        self.assertEqual(self._get_order_layers(order), {"to_deliver": 600.0})
        [draft] = order.invoice_ids
        self.assertEqual(sum(self._get_forecast_rows(move_id=draft.id).mapped("amount")), 500.0)
        draft.invoice_date = "2024-02-01"
        draft.action_post()
        self._forecast()
        self.assertEqual(self._get_order_layers(order), {"to_deliver": 600.0})
        self.assertReconciled()

    def test_deal_is_covered_by_its_order(self):
        """What is expected beyond the order and its invoice is still the deal's."""
        deal = self._create_deal(
            "Machine", expected_revenue=1500.0, probability=50.0, date_deadline="2024-03-01"
        )
        order = self._create_order(deal, [(10, 100.0)])
        deal.write({"probability": 50.0})
        self._forecast()
        row = self._get_forecast_rows(lead_id=deal.id, layer="deal")
        if deal.won_status == "pending":
            self.assertEqual(row.amount, 500.0)
        else:
            self.assertFalse(row)
        self.assertEqual(self._get_order_layers(order), {"to_invoice": 1000.0})

    def test_taxes_and_down_payment(self):
        order = self._create_order(None, [(10, 100.0, self.product_ordered, self.tax)])
        self._forecast()
        [row] = self._get_forecast_rows(order_id=order.id)
        self.assertEqual((row.amount_untaxed, row.amount), (1000.0, 1220.0))
        self._invoice(order, "percentage", amount=30)
        self._forecast()
        [row] = self._get_forecast_rows(order_id=order.id)
        self.assertEqual((row.amount_untaxed, row.amount), (700.0, 854.0))

    def test_late_to_invoice(self):
        order = self._create_order(None, [(1, 100.0)], date_order="2024-01-10 10:00:00")
        order.date_order = "2024-01-10 10:00:00"
        self._forecast()
        [row] = self._get_forecast_rows(order_id=order.id)
        self.assertEqual(row.invoice_date, self._date("2024-01-10"))
        self.assertTrue(row.is_late_to_invoice)
        order.commitment_date = "2024-02-10 10:00:00"
        self._forecast()
        [row] = self._get_forecast_rows(order_id=order.id)
        self.assertEqual(row.invoice_date, self._date("2024-02-10"))
        self.assertFalse(row.is_late_to_invoice)

    def test_cancelled(self):
        order = self._create_order(None, [(1, 100.0)])
        order._action_cancel()
        self._forecast()
        self.assertFalse(self._get_forecast_rows(order_id=order.id))
