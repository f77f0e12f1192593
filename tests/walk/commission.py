"""Who earns what: plans, splits of deals, teams, and statements."""

from odoo import Command, fields


class Commission:
    OPERATIONS = {
        "split": 3,
        "new_plan": 1,
        "new_version": 1,
        "team_member": 2,
        "commission_setting": 1,
        "draw_up_statements": 2,
        "confirm_statements": 3,
        "pay_out": 2,
    }

    def _approved(self):
        plans = self.env["crm.commission.plan"]
        return plans.search(
            [("company_id", "in", self.test.companies.ids), ("state", "=", "approved")]
        )

    def split(self):
        """A deal's sales are shared; or they are not any more."""
        deal = self._choose(self.deals)
        plan = self._choose(
            self._approved().filtered(lambda plan: deal.company_id in (plan.company_id, False))
        )
        plan.assignment_ids.filtered(lambda row: row.lead_id == deal).unlink()
        share = self.random.choice([0, 25, 50])
        if share:
            self.env["crm.commission.assignment"].create(
                [
                    {
                        "plan_id": plan.id,
                        "user_id": seller.id,
                        "sales_of": "deal",
                        "lead_id": deal.id,
                        "share": part,
                    }
                    for seller, part in zip(
                        self.test.sellers[:2], (share, 100 - share), strict=True
                    )
                ]
            )
        self._note(f"{deal.name} {share}")

    def new_plan(self):
        company = self.random.choice(self.test.companies)
        start = fields.Date.start_of(fields.Date.today(), "month")
        plan = self.env["crm.commission.plan"].create(
            {
                "name": "Bonus",
                "company_id": company.id,
                "rate": self.random.choice([1.0, 3.3]),
                "measure": self.random.choice(["paid", "invoiced"]),
                "date_from": start,
                "date_to": fields.Date.add(start, days=60),
                "assignment_ids": [
                    Command.create({"user_id": self.random.choice(self.test.sellers).id})
                ],
            }
        )
        plan.action_approve()

    def new_version(self):
        plan = self._choose(self._approved().filtered(lambda plan: not plan.date_to))
        version = self.env["crm.commission.plan"].browse(plan.action_new_version()["res_id"])
        version.rate += self.random.choice([-0.5, 0.5, 1.0])
        version.action_approve()

    def team_member(self):
        """Comes or goes."""
        seller = self.random.choice(self.test.sellers)
        team = self.test.team.with_user(self.user)
        members = team.crm_team_member_ids.filtered(lambda row: row.user_id == seller)
        if members:
            members.unlink()
        else:
            self.env["crm.team.member"].create({"crm_team_id": team.id, "user_id": seller.id})

    def commission_setting(self):
        company = self.random.choice(self.test.companies).sudo()
        name = self.random.choice(["commission_counts_discount", "commission_waits_for_bank"])
        company[name] = not company[name]
        self._note(f"{name} {company[name]}")

    def draw_up_statements(self):
        statements = self.env["crm.commission.statement"]
        statements.with_context(allowed_company_ids=self.test.companies.ids).action_create_drafts()

    def _statements(self, state):
        return self.env["crm.commission.statement"].search(
            [("company_id", "in", self.test.companies.ids), ("state", "=", state)],
            order="date_to, id",
        )

    def confirm_statements(self):
        over = self._statements("draft").filtered(
            lambda row: row.date_to < row.company_id._get_today()
        )
        chosen = self._choose(over)
        (over.filtered(lambda row: row.user_id == chosen.user_id)).action_confirm()

    def pay_out(self):
        self._choose(self._statements("confirmed")).action_mark_paid()
