from freezegun import freeze_time

from odoo.tests import tagged

from .common import BridgeSaleCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestFunnelReport(BridgeSaleCommon):
    """Quotations and orders are phases between opportunity and won."""

    def test_phases(self):
        nothing, quoted, ordered, direct = deals = self.env["crm.lead"].concat(
            *(
                self._create_deal(name, expected_revenue=50.0)
                for name in ("Nothing", "Quoted", "Ordered", "Direct")
            )
        )
        self._create_order(nothing, confirm=False)
        self._create_order(quoted, confirm=False).action_quotation_sent()
        self._create_order(ordered, [(3, 100.0, None, self.tax)]).date_order = "2024-01-20 12:00:00"
        self._create_order(ordered).action_cancel()
        self._create_deal_invoice([(60.0, direct)], date="2024-01-30")
        # Confirming an order raises what is expected.
        deals.expected_revenue = 50.0
        self._flush()
        report = self.env["crm.billing.funnel.report"]
        rows = report._read_group(
            [("lead_id", "in", deals.ids)],
            ["phase"],
            ["reached_count:count_distinct", "amount:sum", "step_conversion_rate:avg"],
        )
        self.assertEqual(
            [(phase, count, amount) for phase, count, amount, __ in rows],
            [
                ("enquiry", 4, 200.0),
                ("qualified", 4, 200.0),
                # What is quoted is expected, what is ordered is known, untaxed.
                ("quoted", 3, 150.0),
                ("ordered", 2, 350.0),
                ("won", 1, 50.0),
                ("invoiced", 1, 60.0),
                ("paid", 0, 0.0),
            ],
        )
        self.assertEqual(float(rows[2][3]), 0.75)
        row = report.search([("lead_id", "=", ordered.id), ("phase", "=", "ordered")])
        self.assertEqual(row.date_reached, self._date("2024-01-20"))
