from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, format_date


class CrmCommissionStatement(models.Model):
    """What a person earned in a period: draft, confirmed, paid out.

    A draft follows the events up to its end. Confirming stamps them and fixes the rates of plans
    with levels; from then on it is never computed again, and what changes later is a correction on
    the next one. A negative balance is carried over to the next statement.
    """

    _name = "crm.commission.statement"
    _description = "Commission Statement"
    _order = "date_to desc, user_id, id desc"
    _check_company_auto = True

    user_id = fields.Many2one(
        "res.users", "Who Earns", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    state = fields.Selection(
        [("draft", "Draft"), ("confirmed", "Confirmed"), ("paid", "Paid Out")],
        required=True,
        readonly=True,
        default="draft",
    )
    opening_amount = fields.Monetary(
        "Carried Over", readonly=True, help="The negative balance of the statement before."
    )
    earned_amount = fields.Monetary(
        "Earned",
        readonly=True,
        help="The commission of the lines of this statement, with corrections of earlier ones.",
    )
    payable_amount = fields.Monetary(
        "Payable", readonly=True, help="What is paid out: never negative."
    )
    carried_amount = fields.Monetary(
        "Carried to the Next", readonly=True, help="A negative balance, for the next statement."
    )
    event_ids = fields.One2many(
        "crm.commission.event", "statement_id", string="Stamped Events", readonly=True
    )
    line_ids = fields.Many2many(
        "crm.commission.event",
        string="Lines",
        compute="_compute_line_ids",
        help="Of a draft, the events up to its end that are on no statement yet.",
    )
    line_count = fields.Integer("Number of Lines", compute="_compute_line_ids")
    confirmed_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    confirmed_on = fields.Datetime(readonly=True)
    paid_by_id = fields.Many2one("res.users", "Paid Out By", readonly=True, ondelete="restrict")
    paid_on = fields.Datetime("Paid Out On", readonly=True)
    can_decide = fields.Boolean(compute="_compute_can_decide")

    _period_uniq = models.UniqueIndex(
        "(company_id, user_id, date_to)", "There is a statement of this person and period already."
    )
    _date_order = models.Constraint("CHECK(date_to >= date_from)", "A period ends after it begins.")

    @api.depends("user_id", "date_to")
    def _compute_display_name(self):
        for statement in self:
            day = format_date(self.env, statement.date_to)
            statement.display_name = f"{statement.user_id.name} {day}"

    @api.depends("state", "date_to", "user_id", "company_id")
    def _compute_line_ids(self):
        events = self.env["crm.commission.event"]
        lines = events.search(
            Domain("statement_id", "in", self.ids)
            | Domain.OR(
                statement._get_pending_domain() for statement in self if statement.state == "draft"
            )
        )
        stamped = lines.grouped("statement_id")
        for statement in self:
            if statement.state == "draft":
                statement.line_ids = lines.filtered_domain(statement._get_pending_domain())
            else:
                statement.line_ids = stamped.get(statement._origin, events)
            statement.line_count = len(statement.line_ids)

    @api.depends_context("uid")
    @api.depends("user_id", "state")
    def _compute_can_decide(self):
        is_decider = self._is_decider()
        for statement in self:
            statement.can_decide = is_decider and statement.user_id != self.env.user

    # Drawing up --------------------------------------------------------------------------------

    @api.model
    def _cron_create_drafts(self):
        """Draw up the statements of the last period and of the running one."""
        plans = self.env["crm.commission.plan"].search([("state", "=", "approved")])
        for company in plans.company_id:
            self._create_drafts(company)

    def action_create_drafts(self):
        """Draw up what is missing, for the companies at hand.

        :raise AccessError: for who may not confirm statements.
        """
        self._check_decider_group()
        for company in self.env.companies:
            self.sudo()._create_drafts(company)  # nobody writes statements by hand

    @api.model
    def _create_drafts(self, company):
        """Draft statements of everybody who has events without one.

        What is older than the last period is on its statement, too.
        """
        today = company._get_today()
        period = company.commission_period or "month"
        start = date_utils.start_of(today, period)
        length = relativedelta(months=3 if period == "quarter" else 1)
        day = relativedelta(days=1)
        for date_from, date_to in (
            (start - length, start - day),
            (start, start + length - day),
        ):
            later = self.search(
                [("company_id", "=", company.id), ("date_to", ">=", date_to)]
            ).user_id
            rows = self.env["crm.commission.event"]._read_group(
                [
                    ("company_id", "=", company.id),
                    ("statement_id", "=", False),
                    ("kind", "=", "earned"),
                    ("date", "<=", date_to),
                    ("user_id", "not in", later.ids),
                ],
                ["user_id"],
            )
            self.create(
                [
                    {
                        "user_id": user.id,
                        "company_id": company.id,
                        "date_from": date_from,
                        "date_to": date_to,
                    }
                    for (user,) in rows
                ]
            )._refresh()

    @api.model
    def _refresh_drafts(self, keys: set[tuple[int, int]]):
        """Bring the drafts of these companies' people up to date.

        :param keys: pairs of company and user.
        """
        drafts = self.search(
            [
                ("state", "=", "draft"),
                ("company_id", "in", list({company_id for company_id, __ in keys})),
                ("user_id", "in", list({user_id for __, user_id in keys})),
            ]
        )
        drafts._refresh()

    def _refresh(self):
        """Compute the amounts of drafts, one after the other: each carries over the one before."""
        for statement in self.sorted("date_to"):
            if statement.state == "draft":
                previous = statement._get_previous()
                opening = previous.carried_amount
                earned = statement._get_earned()
                balance = statement.currency_id.round(opening + earned)
                statement.write(
                    {
                        "opening_amount": opening,
                        "earned_amount": earned,
                        "payable_amount": max(balance, 0.0),
                        "carried_amount": min(balance, 0.0),
                    }
                )

    def _get_previous(self):
        """The statement before, of the same person."""
        self.ensure_one()
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("user_id", "=", self.user_id.id),
                ("date_to", "<", self.date_to),
            ],
            order="date_to desc",
            limit=1,
        )

    def _get_pending_domain(self) -> Domain:
        """The events that this draft will stamp: not those of a draft before it."""
        self.ensure_one()
        domain = (
            Domain("company_id", "=", self.company_id.id)
            & Domain("user_id", "=", self.user_id.id)
            & Domain("statement_id", "=", False)
            & Domain("kind", "=", "earned")
            & Domain("date", "<=", self.date_to)
        )
        previous = self._get_previous()
        if previous.state == "draft":
            domain &= Domain("date", ">", previous.date_to)
        return domain

    def _get_earned(self) -> float:
        """What the pending events are worth: of plans with levels by the sum of the period."""
        self.ensure_one()
        domain = self._get_pending_domain()
        events = self.env["crm.commission.event"]
        [(known,)] = events._read_group(domain & Domain("is_priced", "=", True), [], ["amount:sum"])
        return self.currency_id.round(
            known + sum(amount for __, amount in self._get_level_amounts().values())
        )

    def _get_level_amounts(self) -> dict:
        """By plan with levels: the sum of the period's sales, and what it earns."""
        self.ensure_one()
        rows = self.env["crm.commission.event"]._read_group(
            self._get_pending_domain() & Domain("is_priced", "=", False),
            ["plan_id"],
            ["base:sum"],
        )
        return {
            plan: (base, plan._get_amount(base, self._get_attainment(plan, base)))
            for plan, base in rows
        }

    def _get_attainment(self, plan, base: float) -> float:
        """Hook: how much of the person's target of the period was reached, 1 for all of it: by what
        the plan counts. Without a target, 0.
        """
        target = self.env["crm.sales.target"].search(
            [
                ("user_id", "=", self.user_id.id),
                ("company_id", "=", self.company_id.id),
                ("measure", "=", plan.measure),
                ("date_from", "=", self.date_from),
                ("date_to", "=", self.date_to),
            ],
            limit=1,
        )
        wanted = target._get_wanted_amount() if target else 0.0
        return base / wanted if wanted else 0.0

    # Deciding ----------------------------------------------------------------------------------

    @api.model
    def _is_decider(self) -> bool:
        """Hook: whether the user's groups let him confirm other people's statements."""
        return self.env.user.has_group("sales_team.group_sale_manager")

    @api.model
    def _check_decider_group(self):
        if not self._is_decider():
            raise AccessError(
                self.env._("Only administrators of Sales decide about commission statements.")
            )

    def _check_not_own(self):
        if self.env.user in self.user_id:
            raise UserError(self.env._("Somebody else has to decide about your own statement."))

    def action_confirm(self):
        """Stamp the events up to the end of the period, and fix the amounts for good."""
        self.check_access("read")
        self._check_decider_group()
        self._check_not_own()
        for statement in self.filtered(lambda row: row.state == "draft").sorted("date_to"):
            statement.sudo()._confirm()  # nobody writes statements by hand

    def _confirm(self):
        self.ensure_one()
        if self.date_to >= self.company_id._get_today():
            raise UserError(
                self.env._("The period of %(statement)s is not over.", statement=self.display_name)
            )
        # Two people at once: the second waits, and then finds it confirmed.
        self.lock_for_update()
        if self._get_previous().state == "draft":
            raise UserError(
                self.env._(
                    "Confirm the statement before %(statement)s first.",
                    statement=self.display_name,
                )
            )
        self._refresh()
        for plan, (base, amount) in self._get_level_amounts().items():
            self._fix_rates(plan, base, amount)
        ids = self.env["crm.commission.event"].search(self._get_pending_domain()).ids
        self.env.cr.execute(
            SQL(
                "UPDATE crm_commission_event SET statement_id = %s WHERE id = ANY(%s)", self.id, ids
            )
        )
        self.env["crm.commission.event"].invalidate_model()
        self.write(
            {
                "state": "confirmed",
                "confirmed_by_id": self.env.uid,
                "confirmed_on": fields.Datetime.now(),
            }
        )
        self._log_decision("draft", "confirmed")
        self._refresh_drafts({(self.company_id.id, self.user_id.id)})

    def _fix_rates(self, plan, base: float, amount: float):
        """Give the events of a plan with levels their rate, and amounts that add up to the cent."""
        ids = (
            self.env["crm.commission.event"]
            .search(
                self._get_pending_domain()
                & Domain("plan_id", "=", plan.id)
                & Domain("is_priced", "=", False)
            )
            .ids
        )
        self.env["crm.commission.event"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_commission_event event
                   SET rate = %(rate)s, is_priced = TRUE,
                       amount = ROUND(running.upto * %(factor)s, %(places)s)
                                - ROUND((running.upto - running.base) * %(factor)s, %(places)s)
                  FROM (
                    SELECT id, base, SUM(base) OVER (ORDER BY date, id) AS upto
                      FROM crm_commission_event
                     WHERE id = ANY(%(ids)s)
                       ) running
                 WHERE event.id = running.id
                """,
                rate=round(amount / base * 100, 4) if base else 0.0,
                factor=SQL("(%s::numeric / %s::numeric)", amount, base or 1.0),
                places=self.currency_id.decimal_places,
                ids=ids,
            )
        )
        self.env["crm.commission.event"].invalidate_model()

    def action_mark_paid(self):
        """Note that confirmed statements were paid out."""
        self.check_access("read")
        if not self._is_payer():
            raise AccessError(
                self.env._("Only administrators of Sales or Accounting note what was paid out.")
            )
        self._check_not_own()
        if any(statement.state == "draft" for statement in self):
            raise UserError(self.env._("A draft cannot be paid out: confirm it first."))
        confirmed = self.filtered(lambda row: row.state == "confirmed").sudo()  # as above
        confirmed.write(
            {"state": "paid", "paid_by_id": self.env.uid, "paid_on": fields.Datetime.now()}
        )
        confirmed._log_decision("confirmed", "paid")

    @api.model
    def _is_payer(self) -> bool:
        """Hook: whether the user's groups let him note what was paid out."""
        return self._is_decider() or self.env.user.has_group("account.group_account_manager")

    def _log_decision(self, before: str, after: str):
        """Who decided stays in the log of changes by hand."""
        names = dict(self._fields["state"]._description_selection(self.env))
        self.env["crm.accounting.log"]._log(
            self,
            {(statement.id, "state"): (names[before], names[after]) for statement in self},
        )

    # Export ------------------------------------------------------------------------------------

    def action_download_xlsx(self):
        """Download these statements for payroll, as a workbook."""
        return self._get_download_action("xlsx")

    def action_download_csv(self):
        """Download the lines of these statements for payroll, as CSV."""
        return self._get_download_action("csv")

    def _get_download_action(self, file_format: str) -> dict:
        self.check_access("read")
        ids = ",".join(map(str, self.ids))
        return {
            "type": "ir.actions.act_url",
            "url": f"/crm_sales_commission/statements/{file_format}?ids={ids}",
            "target": "download",
        }
