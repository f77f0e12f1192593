import json
from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, format_amount, format_date

from ..deciding import deciding, is_deciding

#: How long a period is.
LENGTHS = {
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}
#: So many days after its end a period is closed by itself: until then documents come in late.
CLOSED_AFTER_DAYS = 15


class CrmSalesTarget(models.Model):
    """What a salesperson or a team wants to reach in a period, and what was reached: My Page.

    What was attained is computed when it is read, for all records that are shown by the same
    statements; it is kept when the period is closed. Whose sale a document is, commission says
    (``crm.sales.credit``).
    """

    _name = "crm.sales.target"
    _description = "Sales Target"
    _order = "date_from desc, team_id, user_id, id"
    _check_company_auto = True

    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        ondelete="cascade",
        index=True,
        domain="[('share', '=', False)]",
    )
    team_id = fields.Many2one(
        "crm.team",
        string="Sales Team",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
        help="Of a team's target: the sum of the sales of its opportunities and people.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    period = fields.Selection(
        [("month", "Month"), ("quarter", "Quarter"), ("year", "Year")],
        required=True,
        default="month",
    )
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: date_utils.start_of(self.env.company._get_today(), "month"),
        help="The period of this day.",
    )
    date_to = fields.Date("To", compute="_compute_date_to", store=True)
    measure = fields.Selection(
        [("paid", "Paid"), ("invoiced", "Invoiced"), ("new_customers", "New Customers")],
        required=True,
        default="paid",
        help="Paid, or invoiced, without taxes and net of credit notes; or customers who are"
        " invoiced for the first time.",
    )
    target_amount = fields.Monetary("Target")
    target_count = fields.Integer("Target (Customers)", aggregator="sum")
    attained_amount = fields.Monetary(
        "Attained",
        compute="_compute_attained",
        help="In the period so far, without taxes, in company currency.",
    )
    attained_count = fields.Integer("New Customers Won", compute="_compute_attained")
    attainment = fields.Float(
        "Attained (%)", compute="_compute_attained", help="Per cent of the target."
    )
    previous_amount = fields.Monetary(
        "Period Before", compute="_compute_attained", help="The same in the period before."
    )
    graph = fields.Text(compute="_compute_attained", export_string_translation=False)
    has_target = fields.Boolean(compute="_compute_has_target")
    unit = fields.Selection(
        [("amount", "Amount"), ("count", "Customers")],
        compute="_compute_unit",
        help="What is counted: which fields say what was attained.",
    )
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")], default="open", required=True, readonly=True
    )
    closed_amount = fields.Monetary("Attained at the Close", readonly=True, copy=False)
    closed_count = fields.Integer("New Customers at the Close", readonly=True, copy=False)

    # What the page says beside it
    commission_earned = fields.Monetary(
        compute="_compute_commission",
        help="Commission on what was paid in this period.",
    )
    commission_accrued = fields.Monetary(
        compute="_compute_commission",
        help="Commission on what was invoiced and is not paid yet, of all time.",
    )
    commission_payable = fields.Monetary(
        compute="_compute_commission",
        help="On confirmed statements that were not paid out yet.",
    )
    overdue_customer_count = fields.Integer("Overdue Customers", compute="_compute_lists")
    lapsed_customer_count = fields.Integer("Stopped Buying", compute="_compute_lists")
    flag_count = fields.Integer("To Call", compute="_compute_lists")
    promise_count = fields.Integer("Promises Due", compute="_compute_lists")
    deal_count = fields.Integer("Deals to Close", compute="_compute_lists")

    _user_uniq = models.UniqueIndex(
        "(company_id, user_id, measure, period, date_from) WHERE user_id IS NOT NULL",
        "There is a target of this salesperson, measure and period already.",
    )
    _team_uniq = models.UniqueIndex(
        "(company_id, team_id, measure, period, date_from) WHERE user_id IS NULL",
        "There is a target of this team, measure and period already.",
    )
    _is_somebodys = models.Constraint(
        "CHECK((user_id IS NULL) != (team_id IS NULL))",
        "A target is of a salesperson or of a team.",
    )
    _target_positive = models.Constraint(
        "CHECK(COALESCE(target_amount, 0) >= 0 AND COALESCE(target_count, 0) >= 0)",
        "A target is not negative.",
    )

    @api.depends("date_from", "period")
    def _compute_date_to(self):
        for target in self:
            target.date_to = target.date_from and target.date_from + LENGTHS[
                target.period
            ] - timedelta(days=1)

    @api.depends("user_id", "team_id", "date_from", "period")
    def _compute_display_name(self):
        for target in self:
            whose = target.user_id.name or target.team_id.name or ""
            pattern = {"year": "yyyy", "quarter": "QQQ yyyy"}.get(target.period, "MMM yyyy")
            day = target.date_from and format_date(self.env, target.date_from, date_format=pattern)
            target.display_name = f"{whose} {day or ''}".strip()

    @api.depends("measure", "target_amount", "target_count")
    def _compute_has_target(self):
        for target in self:
            is_count = target.measure == "new_customers"
            target.has_target = bool(target.target_count if is_count else target.target_amount)

    @api.depends("measure")
    def _compute_unit(self):
        for target in self:
            target.unit = "count" if target.measure == "new_customers" else "amount"

    def _get_wanted_amount(self) -> float:
        """Hook: the target that the sales of plans of the same measure are compared with."""
        return self.target_amount

    # CRUD ------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if any("state" in vals for vals in vals_list):
            raise UserError(self.env._("A period is closed with its button only."))
        targets = super().create(vals_list)
        targets._align()
        targets._refresh_statements()
        return targets

    def write(self, vals):
        self.check_access("write")
        if "state" in vals and not is_deciding():
            raise UserError(self.env._("A period is closed with its button only."))
        if not is_deciding() and any(target.state == "closed" for target in self):
            raise UserError(self.env._("The period is closed."))
        is_other = not vals.keys().isdisjoint(self._get_target_fields())
        keys = self._get_statement_keys() if is_other else set()
        result = super().write(vals)
        if not vals.keys().isdisjoint(("date_from", "period")):
            self._align()
        if is_other:
            self._refresh_statements(keys)
        return result

    def unlink(self):
        keys = self._get_statement_keys()
        result = super().unlink()
        self.browse()._refresh_statements(keys)
        return result

    @api.model
    def _get_target_fields(self) -> set[str]:
        """Hook: what commission by attainment depends on."""
        return {"company_id", "date_from", "measure", "period", "target_amount", "user_id"}

    def _get_statement_keys(self) -> set[tuple[int, int]]:
        """Whose statements these are of: pairs of company and user."""
        return {
            (target.company_id.id, target.user_id.id)
            for target in self
            if target.user_id and target._get_wanted_amount()
        }

    def _refresh_statements(self, keys=frozenset()):
        """Drafts show what is earned by the attainment of these targets.

        :param keys: pairs of company and user whose drafts follow, too
        """
        keys = keys | self._get_statement_keys()
        if keys:
            # Nobody writes statements by hand.
            self.env["crm.commission.statement"].sudo()._refresh_drafts(keys)

    def _align(self):
        """A period begins on its first day."""
        for target in self:
            start = date_utils.start_of(target.date_from, target.period)
            if start != target.date_from:
                target.write({"date_from": start})

    # Attained --------------------------------------------------------------------------------

    @api.depends(
        "user_id", "team_id", "company_id", "date_from", "period", "measure", "state",
        "target_amount", "target_count",
    )  # fmt: skip
    def _compute_attained(self):
        dated = self.filtered(lambda target: target.date_from and target.period)
        rows = dated._get_rows()
        for target in self:
            before = amount = 0.0
            count = 0
            by_week = defaultdict(float)
            for day, value in rows.get(target, ()):
                if day < target.date_from:
                    before += value
                elif target.measure == "new_customers":
                    count += int(value)
                else:
                    amount += value
                    by_week[date_utils.start_of(day, "week")] += value
            if target.state == "closed":
                amount, count = target.closed_amount, target.closed_count
            is_count = target.measure == "new_customers"
            wanted = target.target_count if is_count else target.target_amount
            target.attained_amount = amount
            target.attained_count = count
            target.previous_amount = 0.0 if is_count else before
            target.attainment = 100.0 * (count if is_count else amount) / wanted if wanted else 0.0
            target.graph = json.dumps(target._get_graph(by_week))

    def _get_graph(self, by_week: dict) -> list[dict]:
        """What came in by week, for the graph of the page."""
        values = []
        if self.date_from:
            week = date_utils.start_of(self.date_from, "week")
            while week <= self.date_to:
                label = format_date(self.env, week, date_format="d MMM")
                if amount := by_week.get(week, 0.0):
                    # A bar without its amount says nothing.
                    label = f"{label}: {format_amount(self.env, amount, self.currency_id)}"
                values.append({"label": label, "value": amount, "type": "past"})
                week += timedelta(days=7)
        name = dict(self._fields["measure"]._description_selection(self.env)).get(self.measure)
        return [{"values": values, "title": "", "key": name, "is_sample_data": False}]

    def _get_rows(self) -> dict:
        """Of each target, pairs of day and value, in its period and the one before.

        A constant number of statements for all of them.
        """
        if not self:
            return {}
        since = min(target.date_from - LENGTHS[target.period] for target in self)
        until = max(target.date_to for target in self)
        rows = self._get_sales(since, until)
        if any(target.measure == "new_customers" for target in self):
            rows += self._get_new_customers(since, until)
        by_whom = defaultdict(list)
        for company_id, user_id, team_id, measure, day, value in rows:
            by_whom["user_id", company_id, user_id, measure].append((day, float(value)))
            by_whom["team_id", company_id, team_id, measure].append((day, float(value)))
        result = {}
        for target in self:
            name = "user_id" if target.user_id else "team_id"
            start = target.date_from - LENGTHS[target.period]
            result[target] = [
                (day, value)
                for day, value in by_whom[
                    name, target.company_id.id, target[name]._origin.id, target.measure
                ]
                if start <= day <= target.date_to
            ]
        return result

    def _get_sales(self, since, until) -> list[tuple]:
        """``company_id, user_id, team_id, measure, day, value`` of what was invoiced and paid."""
        credit = self.env["crm.sales.credit"]
        credit._flush()
        settled = self.env["account.receivable.settlement"]._get_period_line_sql(since, until)
        document_ids = [
            move_id
            for [move_id] in self.env.execute_query(
                SQL(
                    """
                    SELECT id FROM account_move
                     WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                       AND state = 'posted'
                       AND company_id = ANY(%(companies)s)
                       AND (invoice_date BETWEEN %(since)s AND %(until)s
                            OR id IN (SELECT move_id FROM account_move_line
                                       WHERE id IN (%(settled)s)))
                    """,
                    companies=self.company_id.ids,
                    since=since,
                    until=until,
                    settled=settled,
                )
            )
        ]
        if not document_ids:
            return []
        return self.env.execute_query(
            SQL(
                """
                WITH %(relations)s
                SELECT company_id, salesperson_id, team_id, 'invoiced', invoice_date, SUM(untaxed)
                  FROM sale
                 WHERE invoice_date BETWEEN %(since)s AND %(until)s
                 GROUP BY company_id, salesperson_id, team_id, invoice_date
                 UNION ALL
                SELECT sale.company_id, sale.salesperson_id, sale.team_id, 'paid', flow.date,
                       SUM(ROUND(sale.untaxed * flow.part, sale.decimal_places))
                  FROM flow
                  JOIN sale ON sale.move_id = flow.move_id AND sale.lead_id = flow.lead_id
                 WHERE flow.kind = 'earned' AND flow.date BETWEEN %(since)s AND %(until)s
                 GROUP BY sale.company_id, sale.salesperson_id, sale.team_id, flow.date
                """,
                relations=credit._get_relations_sql(document_ids),
                since=since,
                until=until,
            )
        )

    def _get_new_customers(self, since, until) -> list[tuple]:
        """The same of customers whose first invoice it was, for its salesperson."""
        return self.env.execute_query(
            SQL(
                """
                SELECT first.company_id, first.invoice_user_id, seller.sale_team_id,
                       'new_customers', first.invoice_date, 1
                  FROM (
                    SELECT DISTINCT ON (company_id, commercial_partner_id) company_id,
                           invoice_user_id, invoice_date
                      FROM account_move
                     WHERE move_type IN ('out_invoice', 'out_receipt')
                       AND state = 'posted'
                       AND company_id = ANY(%s)
                     ORDER BY company_id, commercial_partner_id, invoice_date, id
                       ) first
                  LEFT JOIN res_users seller ON seller.id = first.invoice_user_id
                 WHERE first.invoice_date BETWEEN %s AND %s
                """,
                self.company_id.ids,
                since,
                until,
            )
        )

    # Beside it -------------------------------------------------------------------------------

    @api.depends("user_id", "company_id", "date_from", "period", "target_amount")
    def _compute_commission(self):
        events = self.env["crm.commission.event"].sudo()  # of whoever may see the page
        statements = self.env["crm.commission.statement"].sudo()
        whose = Domain("user_id", "in", self.user_id.ids) & Domain(
            "company_id", "in", self.company_id.ids
        )
        by = ["company_id", "user_id"]
        dates = [date for target in self for date in (target.date_from, target.date_to) if date]
        of_periods = Domain.FALSE
        if dates:
            of_periods = Domain("date", ">=", min(dates)) & Domain("date", "<=", max(dates))
        earned = defaultdict(list)
        for company, user, plan, is_priced, day, base, amount in events._read_group(
            whose & Domain("kind", "=", "earned") & of_periods,
            [*by, "plan_id", "is_priced", "date:day"],
            ["base:sum", "amount:sum"],
        ):
            earned[company.id, user.id].append((plan, is_priced, day, base, amount))
        accrued = {
            (company.id, user.id): amount
            for company, user, amount in events._read_group(
                whose & Domain("kind", "=", "open"), by, ["amount:sum"]
            )
        }
        payable = {
            (company.id, user.id): amount
            for company, user, amount in statements._read_group(
                whose & Domain("state", "=", "confirmed"), by, ["payable_amount:sum"]
            )
        }
        for target in self:
            key = (target.company_id.id, target.user_id._origin.id)
            target.commission_earned = target._get_commission_earned(earned[key])
            target.commission_accrued = accrued.get(key, 0.0)
            target.commission_payable = payable.get(key, 0.0)

    def _get_commission_earned(self, rows) -> float:
        """The sum of the period; of plans with levels, whose rates are not fixed yet, as if the
        period ended now.
        """
        total, bases = 0.0, defaultdict(float)
        for plan, is_priced, day, base, amount in rows:
            if self.date_from and self.date_from <= fields.Date.to_date(day) <= self.date_to:
                total += amount
                if not is_priced:
                    bases[plan] += base
        for plan, base in bases.items():
            wanted = self._get_wanted_amount() if self.measure == plan.measure else 0.0
            total += plan._get_amount(base, base / wanted if wanted else 0.0)
        return total

    @api.depends("user_id", "company_id", "date_to")
    def _compute_lists(self):
        domains = self._get_list_domains()
        health = self._count_by_user("crm.customer.health", domains["overdue"])
        lapsed = self._count_by_user("crm.customer.health", domains["lapsed"])
        flags = self._count_by_user("crm.customer.flag", domains["flags"], "assigned_id")
        deals = self._count_by_user("crm.lead", domains["deals"], company=False)
        promises = defaultdict(int)
        if self.env["crm.payment.promise"].has_access("read"):
            for promise in self.env["crm.payment.promise"].search(
                domains["promises"] & Domain("partner_id.user_id", "in", self.user_id.ids)
            ):
                promises[promise.company_id.id, promise.partner_id.user_id.id] += 1
        for target in self:
            key = (target.company_id.id, target.user_id._origin.id)
            target.overdue_customer_count = health.get(key, 0)
            target.lapsed_customer_count = lapsed.get(key, 0)
            target.flag_count = flags.get(key, 0)
            target.promise_count = promises.get(key, 0)
            target.deal_count = deals.get((False, key[1]), 0)

    @api.model
    def _get_list_domains(self) -> dict[str, Domain]:
        """What the lists of the page are about, but for whose they are."""
        today = self.env.company._get_today()
        return {
            "overdue": Domain("overdue_amount", ">", 0),
            "lapsed": Domain("is_lapsed", "=", True),
            "flags": Domain("closed_on", "=", False) & Domain("call_on", "<=", today),
            "promises": Domain("state", "=", "running") & Domain("date", "<=", today),
            "deals": Domain("type", "=", "opportunity")
            & Domain("won_status", "=", "pending")
            & Domain("date_deadline", "<=", date_utils.end_of(today, "month")),
        }

    def _count_by_user(self, model, domain, name="user_id", company=True) -> dict:
        """How many records that the user may see, by company (``False`` without) and person."""
        records = self.env[model]
        if not records.has_access("read"):
            return {}
        domain &= Domain(name, "in", self.user_id.ids)
        if not company:
            rows = records._read_group(domain, [name], ["__count"])
            return {(False, user.id): count for user, count in rows}
        rows = records._read_group(domain, ["company_id", name], ["__count"])
        return {(company_.id, user.id): count for company_, user, count in rows}

    # Actions ---------------------------------------------------------------------------------

    @api.model
    def action_open_my_page(self):
        """Open the user's own page of the running period, whether there is a target or not."""
        target = self._get_my_page()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("My Page"),
            "res_model": self._name,
            "res_id": target.id,
            "views": [(self.env.ref("crm_sales_commission.crm_sales_target_view_form").id, "form")],
            "target": "current",
        }

    @api.model
    def _get_my_page(self):
        """The user's target of the running period: of the shortest, and of what was paid first.

        Without any, a record without target.

        :raise AccessError: for who has no page.
        """
        self.check_access("read")
        user, company = self.env.user, self.env.company
        if not user.has_group("sales_team.group_sale_salesman"):
            raise AccessError(self.env._("Only salespeople have a page."))
        today = company._get_today()
        mine = self.search(
            [
                ("user_id", "=", user.id),
                ("company_id", "=", company.id),
                ("date_from", "<=", today),
                ("date_to", ">=", today),
            ]
        )
        periods, measures = (
            self._fields[name].get_values(self.env) for name in ("period", "measure")
        )
        if mine:
            return mine.sorted(
                lambda row: (
                    not row.has_target,
                    periods.index(row.period),
                    measures.index(row.measure),
                )
            )[0]
        return (
            self.sudo()  # people do not set their own targets
            .create(
                {
                    "user_id": user.id,
                    "company_id": company.id,
                    "date_from": date_utils.start_of(today, "month"),
                }
            )
            .sudo(False)
        )

    def action_close(self):
        """Keep what was attained: later documents do not change it any more."""
        self.check_access("write")
        self._close()

    def _close(self):
        for target in self.filtered(lambda row: row.state == "open"):
            if target.date_to >= target.company_id._get_today():
                raise UserError(
                    self.env._("The period of %(target)s is not over.", target=target.display_name)
                )
            with deciding():
                target.write({**target._get_closing_values(), "state": "closed"})

    def _get_closing_values(self) -> dict:
        """Hook: what is kept when the period is closed."""
        self.ensure_one()
        return {"closed_amount": self.attained_amount, "closed_count": self.attained_count}

    @api.model
    def _cron_close(self):
        """Close the periods that ended a while ago."""
        day = fields.Date.today() - timedelta(days=CLOSED_AFTER_DAYS)
        self.search([("state", "=", "open"), ("date_to", "<", day)])._close()

    def _get_list_action(self, xml_id: str, name: str, domain: Domain) -> dict:
        """A list of somebody else's addon, of the page's person, without that list's own filter."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action.update({"display_name": name, "name": name, "domain": list(domain), "context": {}})
        return action

    def action_view_overdue(self):
        """Open the person's customers who are overdue."""
        return self._get_list_action(
            "crm_customer_health.crm_customer_health_action",
            self.env._("Overdue Customers"),
            self._get_list_domains()["overdue"] & Domain("user_id", "=", self.user_id.id),
        )

    def action_view_lapsed(self):
        """Open the person's customers who stopped buying."""
        return self._get_list_action(
            "crm_customer_health.crm_customer_health_action",
            self.env._("Stopped Buying"),
            self._get_list_domains()["lapsed"] & Domain("user_id", "=", self.user_id.id),
        )

    def action_view_flags(self):
        """Open whom the person is to call today."""
        return self._get_list_action(
            "crm_customer_collection.crm_customer_flag_calling_action",
            self.env._("To Call"),
            self._get_list_domains()["flags"] & Domain("assigned_id", "=", self.user_id.id),
        )

    def action_view_promises(self):
        """Open the promises to pay of the person's customers that are due."""
        return self._get_list_action(
            "crm_customer_collection.crm_payment_promise_action",
            self.env._("Promises Due"),
            self._get_list_domains()["promises"]
            & Domain("partner_id.user_id", "=", self.user_id.id),
        )

    def action_view_deals(self):
        """Open the person's opportunities that are expected to close this month, or are late."""
        return self._get_list_action(
            "crm.crm_lead_opportunities",
            self.env._("Deals to Close"),
            self._get_list_domains()["deals"] & Domain("user_id", "=", self.user_id.id),
        )

    def action_view_commission(self):
        """Open the person's statements."""
        return self._get_list_action(
            "crm_sales_commission.crm_commission_statement_action",
            self.env._("Commission Statements"),
            Domain("user_id", "=", self.user_id.id),
        )
