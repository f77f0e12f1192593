from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_accounting_bridge_sale.tests import test_order_rest_walk

from .test_forecast_orders import ForecastOrdersCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestForecastOrdersWalk(ForecastOrdersCommon, test_order_rest_walk.TestOrderRestWalk):
    """Whatever happens to orders: what is to deliver, to invoice and in drafts is their rest."""

    def test_walk(self):
        self._forecast()
        seen = 0
        for seed in test_order_rest_walk.SEEDS[:3]:
            self._start(seed)
            for number in range(test_order_rest_walk.STEPS):
                verb = self.random.choice(self.verbs)
                verb()
                self._flush()
                self.env["crm.revenue.forecast"].sudo()._refresh(self.company)
                for order in self.deals.order_ids:
                    seen += self._check(order, f"seed {seed}, step {number}: {verb.__name__}")
        self.assertGreater(seen, 100)

    def _check(self, order, text) -> bool:
        """:return: whether there was something to compare."""
        layers = self._get_order_layers(order)
        [(rest,)] = self.env.execute_query(
            SQL(
                "SELECT rest.amount::float8 FROM sale_order sale CROSS JOIN LATERAL (%s) rest"
                " WHERE sale.id = %s",
                self.env["crm.lead"]._get_order_rest_sql(),
                order.id,
            )
        )
        # What drafts hold, reckoned plainly.
        drafts = sum(
            line.price_subtotal * (-1 if line.move_id.move_type == "out_refund" else 1)
            for line in order.order_line.invoice_lines
            if line.parent_state == "draft"
        )
        # A credit note in draft gives nothing to invoice again.
        backlog = max((rest or 0) - max(drafts, 0), 0)
        if order.invoice_status == "invoiced":
            backlog = 0.0
        ready = sum(
            line.qty_to_invoice * line.price_unit
            for line in order.order_line
            if not line.display_type and not line.is_downpayment
        )
        to_invoice = min(max(ready, 0), backlog)
        expected = {"to_invoice": to_invoice, "to_deliver": backlog - to_invoice}
        for layer, amount in expected.items():
            self.assertAlmostEqual(layers.get(layer, 0), amount, 2, f"{text}: {layer} {layers}")
        rows = self._get_forecast_rows(order_id=order.id)
        self.assertFalse(rows.filtered(lambda row: row.amount_untaxed <= 0), text)
        self.assertLessEqual(rows.order_line_id, order.order_line, text)
        self.assertEqual(
            len({(row.layer, row.order_line_id, row.due_date) for row in rows}), len(rows), text
        )
        return bool(backlog)
