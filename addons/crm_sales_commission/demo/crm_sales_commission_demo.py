from dateutil.relativedelta import relativedelta

from odoo import Command, api, models
from odoo.tools import date_utils


class CrmSalesCommissionDemo(models.AbstractModel):
    """Plans, targets and statements of the demo people, on the demo invoices.

    Dates are relative to the day of installation, so that the story is always fresh.
    """

    _name = "crm.sales.commission.demo"
    _description = "Demo of Commission"

    @api.model
    def _create_story(self):
        """Called once, when demo data is loaded."""
        company = self.env.company
        today = company._get_today()
        seller = self.env.ref("crm_accounting_bridge.res_users_salesperson_demo")
        manager = self.env.ref("crm_accounting_bridge.res_users_salesmanager_demo")
        team = self.env.ref("sales_team.team_sales_department")
        start = date_utils.start_of(today - relativedelta(months=14), "month")
        self._create_plan("5 % of What Was Paid", start, {"user_id": seller.id}, rate=5.0)
        self._create_plan(
            "Team Bonus",
            start,
            {"user_id": manager.id, "sales_of": "team", "team_id": team.id},
            rate_kind="levels",
            level_ids=[
                Command.create({"start": 0, "rate": 1.0}),
                Command.create({"start": 10000, "rate": 2.0}),
            ],
        )
        month = date_utils.start_of(today, "month")
        self.env["crm.sales.target"].create(
            [
                {"user_id": seller.id, "date_from": month, "target_amount": 9000},
                {"user_id": manager.id, "date_from": month, "target_amount": 6000},
                {
                    "team_id": team.id,
                    "period": "quarter",
                    "date_from": month,
                    "target_amount": 60000,
                },
                {
                    "user_id": seller.id,
                    "measure": "new_customers",
                    "period": "quarter",
                    "date_from": month,
                    "target_count": 5,
                },
            ]
        )
        documents = self.env["account.move"].search(
            [
                ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
                ("state", "=", "posted"),
                ("company_id", "=", company.id),
            ]
        )
        self.env["crm.commission.event"]._book(documents.ids)
        statements = self.env["crm.commission.statement"]
        statements._create_drafts(company)
        statements.search([("date_to", "<", month)]).action_confirm()

    def _create_plan(self, name, start, assignment, **values):
        """An approved plan of one person."""
        plan = self.env["crm.commission.plan"].create(
            {
                "name": name,
                "date_from": start,
                "assignment_ids": [Command.create(assignment)],
                **values,
            }
        )
        plan.action_approve()
