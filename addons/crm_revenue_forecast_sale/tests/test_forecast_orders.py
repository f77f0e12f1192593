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

    def _get_line_layers(self, order):
        """Untaxed amounts by layer and number of the order's line."""
        numbers = {line.id: number for number, line in enumerate(order.order_line)}
        return {
            (row.layer, numbers[row.order_line_id.id]): row.amount_untaxed
            for row in self._get_forecast_rows(order_id=order.id)
        }

    def _categorize(self):
        """:return: categories of what is invoiced as delivered, and as ordered."""
        products = (self.product_delivered, self.product_ordered)
        categories = self.env["product.category"].create([{"name": "Goods"}, {"name": "Services"}])
        for product, category in zip(products, categories, strict=True):
            product.categ_id = category
        return categories

    def test_by_line(self):
        """Each line with its own layer and product category."""
        goods, services = self._categorize()
        order = self._create_order(
            None, [(10, 100.0, self.product_delivered), (2, 50.0, self.product_ordered)]
        )
        order.order_line[0].qty_delivered = 4
        self._forecast()
        self.assertEqual(
            self._get_line_layers(order),
            {("to_invoice", 0): 400.0, ("to_deliver", 0): 600.0, ("to_invoice", 1): 100.0},
        )
        rows = self.env["crm.revenue.forecast"].sudo()
        domain = [("order_id", "=", order.id)]
        self.assertEqual(
            dict(rows._read_group(domain, ["categ_id"], ["amount_untaxed:sum"])),
            {goods: 1000.0, services: 100.0},
        )
        # A draft takes its lines only.
        self._invoice(order, post=False).invoice_line_ids[1].unlink()
        self._forecast()
        self.assertEqual(
            self._get_line_layers(order), {("to_deliver", 0): 600.0, ("to_invoice", 1): 100.0}
        )

    def test_down_payment_and_discount_by_line(self):
        """What lowers the order lowers its lines in proportion: of 300 + 600 - 90 a down payment of
        210 leaves 600, a third of it for the first. The odd cent is lost nowhere.
        """
        order = self._create_order(
            None,
            [
                (3, 100.0, self.product_ordered),
                (6, 100.0, self.product_ordered),
                (1, -90.0, self.product_ordered),
            ],
        )
        self._invoice(order, "fixed", fixed_amount=210.0)
        self._forecast()
        self.assertEqual(
            self._get_line_layers(order), {("to_invoice", 0): 200.0, ("to_invoice", 1): 400.0}
        )
        order = self._create_order(None, [(1, 100.0, self.product_ordered)] * 3)
        self._invoice(order, "fixed", fixed_amount=200.0)
        self._forecast()
        self.assertEqual(
            self._get_line_layers(order),
            {("to_invoice", 0): 33.33, ("to_invoice", 1): 33.34, ("to_invoice", 2): 33.33},
        )

    def test_lines_in_another_currency(self):
        """At the order's rate, 3 to 1: 100.01 are 33.34 as before, a cent of it for the other."""
        order = self._create_order(
            None, [(1, 99.98, self.product_ordered), (1, 0.03, self.product_ordered)]
        )
        self.env.cr.execute("UPDATE sale_order SET currency_rate = 3 WHERE id = %s", order.ids)
        order.invalidate_recordset()
        self._forecast()
        self.assertEqual(
            self._get_line_layers(order), {("to_invoice", 0): 33.33, ("to_invoice", 1): 0.01}
        )

    def test_category_of_documents(self):
        """That of all their lines; an invoice of several has none."""
        goods, services = self._categorize()
        lines = [(1, 100.0, self.product_ordered), (1, 50.0, self.product_ordered)]
        same = self._invoice(self._create_order(None, lines))
        draft = self._invoice(self._create_order(None, lines), post=False)
        lines.append((1, 30.0, self.product_delivered))
        order = self._create_order(None, lines)
        order.order_line[2].qty_delivered = 1
        mixed = self._invoice(order)
        self._forecast()
        for move, category in ((same, services), (draft, services), (mixed, goods.browse())):
            [row] = self._get_forecast_rows(move_id=move.id)
            self.assertEqual(row.categ_id, category, move.state)

    def test_deleted_line(self):
        """A row whose line was deleted since is not shown."""
        order = self._create_order(None, [(1, 100.0), (1, 50.0)])
        self._forecast()
        rows = self._get_forecast_rows(order_id=order.id)
        self.assertEqual(len(rows), 2)
        order._action_cancel()
        order.order_line[1].unlink()
        self.assertEqual(len(rows.web_read({"amount": {}, "order_line_id": {}})), 1)

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
