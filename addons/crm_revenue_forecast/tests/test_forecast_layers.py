from freezegun import freeze_time

from odoo.tests import tagged

from .common import ForecastCommon

HALF = "2024-01-11"


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00:00")
class TestForecastLayers(ForecastCommon):
    """Each amount is in exactly one layer, with its dates."""

    def test_what_is_owed(self):
        self._settled(100.0, 10, due=HALF)
        open_invoice = self._invoice(100.0, date="2024-03-20", invoice_date_due="2024-04-30")
        self._invoice(200.0, date="2024-01-01", invoice_date_due="2024-04-05")
        disputed = self._invoice(400.0, date="2024-01-01", invoice_date_due="2024-04-05")
        disputed.action_toggle_block_payment()
        credit = self._invoice(50.0, move_type="out_refund", date="2024-04-01")
        self._forecast()
        self.assertEqual(
            self._get_layers(),
            {"open": 100.0, "overdue": 200.0, "disputed": 400.0, "unmatched": -50.0},
        )
        self.assertReconciled()
        [row] = self._get_forecast_rows(move_id=open_invoice.id)
        self.assertEqual(row.cash_date, self._date("2024-05-10"))
        self.assertEqual(row.low_date, self._date("2024-05-10"))
        self.assertEqual(row.due_date, self._date("2024-04-30"))
        self.assertFalse(self._get_forecast_rows(move_id=credit.id).cash_date)
        self.assertFalse(self._get_forecast_rows(move_id=disputed.id).cash_date)

    def test_a_payment_changes_the_customer_only(self):
        invoice = self._invoice(100.0, date="2024-03-20", invoice_date_due="2024-04-30")
        other = self._create_customer("Other")
        self._invoice(70.0, date="2024-03-20", invoice_date_due="2024-04-30", partner_id=other.id)
        self._forecast()
        kept = self._get_forecast_rows(partner_id=other.id)
        self._pay(invoice, 40.0, date="2024-04-10")
        self._refresh(partners=self.partner)
        self.assertEqual(self._get_forecast_rows(partner_id=other.id), kept)
        self.assertEqual(self._get_forecast_rows(partner_id=self.partner.id).amount, 60.0)
        triggers = (
            self.env["ir.cron.trigger"]
            .sudo()
            .search([("cron_id", "=", self.env.ref("crm_revenue_forecast.ir_cron_refresh").id)])
        )
        self.assertTrue(triggers, "the weeks follow soon")

    def test_draft(self):
        self._settled(100.0, 10, due=HALF)
        draft = self._invoice(300.0, date="2024-04-01", invoice_date_due="2024-04-20", post=False)
        self._forecast()
        [row] = self._get_forecast_rows(move_id=draft.id)
        self.assertRecordValues(
            row,
            [
                {
                    "layer": "draft",
                    "amount": 300.0,
                    "is_late_to_invoice": True,
                    "cash_date": self._date("2024-04-30"),
                }
            ],
        )
        self.assertReconciled()

    def test_deal(self):
        """An open deal counts by its probability for what no invoice covers."""
        self._settled(100.0, 10, due=HALF)
        deal = self._create_deal(
            "Machine", expected_revenue=1000.0, date_deadline="2024-05-01", probability=40.0
        )
        self._create_deal_invoice(
            [(300.0, deal)], date="2024-04-10", invoice_date_due="2024-05-01", post=False
        )
        deal.probability = 40.0
        self._forecast()
        [row] = self._get_forecast_rows(lead_id=deal.id)
        self.assertRecordValues(
            row,
            [
                {
                    "layer": "deal",
                    "amount": 700.0,
                    "weighted_amount": 280.0,
                    "invoice_date": self._date("2024-05-01"),
                    "is_late_to_invoice": False,
                    "cash_date": self._date("2024-05-11"),
                }
            ],
        )
        self.assertEqual(self._get_layers(), {"deal": 700.0, "draft": 300.0})
        self.assertEqual(
            deal.with_context(lang="en_US").forecast_text,
            "Money expected 05/11/2024 - 05/11/2024 (most likely 05/11/2024).",
        )

    def test_deal_without_closing_date(self):
        """Nobody knows when it comes, and nobody is told a day."""
        self._settled(100.0, 10, due=HALF)
        deal = self._create_deal("Some day", expected_revenue=1000.0)
        self._forecast()
        [row] = self._get_forecast_rows(lead_id=deal.id)
        self.assertFalse(row.invoice_date or row.cash_date or row.low_date)
        self.assertEqual(row.amount, 1000.0)

    def test_lost_deal(self):
        deal = self._create_deal("Machine", expected_revenue=1000.0, date_deadline="2024-05-01")
        deal.action_set_lost()
        self._forecast()
        self.assertFalse(self._get_forecast_rows(lead_id=deal.id))

    def test_won_and_never_invoiced(self):
        deal = self._create_deal("Machine", expected_revenue=1000.0)
        with freeze_time("2024-04-02 10:00:00"):
            deal.action_set_won()
        self._forecast()
        [row] = self._get_forecast_rows(lead_id=deal.id)
        self.assertRecordValues(
            row, [{"layer": "won", "amount": 1000.0, "is_late_to_invoice": True}]
        )
        self.assertIn(
            row, self.env["crm.revenue.forecast"].search([("is_late_to_invoice", "=", 1)])
        )

    def test_payment_term(self):
        """Half at once, half in 30 days; the odd cent is lost nowhere."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    (0, 0, {"value": "percent", "value_amount": 50, "nb_days": 0}),
                    (0, 0, {"value": "percent", "value_amount": 50, "nb_days": 30}),
                ],
            }
        )
        self.partner.property_payment_term_id = term
        deal = self._create_deal("Machine", expected_revenue=100.01, date_deadline="2024-05-01")
        self._forecast()
        rows = self._get_forecast_rows(lead_id=deal.id).sorted("due_date")
        self.assertEqual(
            rows.mapped("due_date"), [self._date("2024-05-01"), self._date("2024-05-31")]
        )
        self.assertEqual(
            self.company.currency_id.compare_amounts(sum(rows.mapped("amount")), 100.01), 0
        )

    def test_salespeople_see_what_is_theirs(self):
        sales = "sales_team.group_sale_salesman"
        seller = self._create_user("rf-seller", sales)
        other = self._create_user("rf-other", sales)
        mine, theirs = (
            self._create_customer(user.name, user_id=user.id) for user in (seller, other)
        )
        for customer in (mine, theirs):
            self._invoice(100.0, partner_id=customer.id)
        deal = self._create_deal(
            "Theirs", expected_revenue=10.0, user_id=other.id, partner_id=mine.id
        )
        self._forecast()
        rows = self.env["crm.revenue.forecast"].with_user(seller).search([])
        self.assertEqual(rows.partner_id, mine)
        self.assertNotIn(deal, rows.sudo().lead_id)
        weeks = self.env["crm.revenue.forecast.week"].with_user(seller).search([])
        self.assertEqual(weeks.user_id, seller)
        self.assertEqual(set(weeks.mapped("slice_type")), {"user"})
        leader = self._create_user("rf-leader", "sales_team.group_sale_salesman_all_leads")
        rows = self.env["crm.revenue.forecast"].with_user(leader).search([])
        self.assertEqual(rows.partner_id & (mine | theirs), mine | theirs)
        internal = self._create_user("rf-internal", "base.group_user")
        for model in (
            "crm.revenue.forecast",
            "crm.revenue.forecast.week",
            "crm.revenue.forecast.accuracy",
        ):
            self.assertFalse(self.env[model].with_user(internal).has_access("read"))
            self.assertFalse(self.env[model].with_user(leader).has_access("write"))
