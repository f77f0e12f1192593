from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang

#: So many customers at least on each side, or nothing is claimed.
MIN_CUSTOMERS = 30

#: How long before and after the day is looked at.
PERIOD = relativedelta(months=3)

#: What the rows add up to, by side.
FIGURES = {
    "count": "partner_id:count_distinct",
    "before": "amount_before:sum",
    "after": "amount_after:sum",
    "change": "amount_change:avg",
    "customer_before": "customer_amount_before:sum",
    "customer_after": "customer_amount_after:sum",
    "customer_change": "customer_amount_change:avg",
}


class CrmCustomerListEffect(models.Model):
    """What was done for a selection of a list on a day, and what came of it.

    A log: written by :meth:`_keep` and the scheduled action only; only administrators can delete
    from it. Further selections of the same day, list, action and person join what is there.

    Revenue is untaxed, less credit notes, in company currency at the documents' rates. Figures are
    sums of the rows that who reads them may see, so that nothing of other customers is in them.
    """

    _name = "crm.customer.list.effect"
    _description = "Effect of a List"
    _order = "date desc, id desc"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [
            ("lapsed", "Stopped Buying"),
            ("falling", "Falling"),
            ("due", "Due to Reorder"),
            ("suggested", "Suggested"),
        ],
        "List",
        required=True,
        readonly=True,
    )
    action = fields.Selection(
        [("activity", "Activity"), ("opportunity", "Opportunity"), ("tag", "Tag")],
        "What Was Done",
        required=True,
        readonly=True,
    )
    done_by_id = fields.Many2one(
        "res.users", "Done by", required=True, readonly=True, ondelete="restrict"
    )
    date = fields.Date(
        "Done on", required=True, readonly=True, help="The day in the company's time zone."
    )
    until_date = fields.Date(
        "Until", required=True, readonly=True, help="The last day of the three months after."
    )
    as_of_date = fields.Date(
        "Revenue as of",
        readonly=True,
        help="The day for which revenue was last computed. Empty while it never was.",
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Done")],
        required=True,
        readonly=True,
        default="running",
        help="Done: the three months after have passed, and revenue is computed no more.",
    )
    is_telling = fields.Boolean(
        "Says Something",
        readonly=True,
        help="There are 30 targeted customers at least, and as many to compare with.",
    )

    # Sums of the rows that the user may see.
    targeted_count = fields.Integer(
        "Targeted",
        compute="_compute_figures",
        help="Customers for whom something was done.",
    )
    rest_count = fields.Integer(
        "The Rest",
        compute="_compute_figures",
        help="Customers of the same list on the same day for whom nothing was done in the three"
        " months before and after.",
    )
    targeted_before = fields.Monetary(
        "Targeted: Before",
        compute="_compute_figures",
        help="What the listed products brought with them in the three months up to that day.",
    )
    targeted_after = fields.Monetary(
        "Targeted: After",
        compute="_compute_figures",
        help="What the listed products brought with them in the three months after that day.",
    )
    targeted_change = fields.Monetary(
        "Targeted: Change",
        compute="_compute_figures",
        help="After less before, of one listed product of one customer, on average.",
    )
    rest_before = fields.Monetary(
        "The Rest: Before",
        compute="_compute_figures",
        help="What the listed products brought with the rest in the three months up to that day.",
    )
    rest_after = fields.Monetary(
        "The Rest: After",
        compute="_compute_figures",
        help="What the listed products brought with the rest in the three months after that day.",
    )
    rest_change = fields.Monetary(
        "The Rest: Change",
        compute="_compute_figures",
        help="After less before, of one listed product of one customer, on average.",
    )
    targeted_customer_before = fields.Monetary(
        "Targeted: Revenue Before",
        compute="_compute_figures",
        help="All revenue with them in the three months up to that day.",
    )
    targeted_customer_after = fields.Monetary(
        "Targeted: Revenue After",
        compute="_compute_figures",
        help="All revenue with them in the three months after that day.",
    )
    targeted_customer_change = fields.Monetary(
        "Targeted: Change of Revenue",
        compute="_compute_figures",
        help="After less before, of one customer, on average.",
    )
    rest_customer_before = fields.Monetary(
        "The Rest: Revenue Before",
        compute="_compute_figures",
        help="All revenue with the rest in the three months up to that day.",
    )
    rest_customer_after = fields.Monetary(
        "The Rest: Revenue After",
        compute="_compute_figures",
        help="All revenue with the rest in the three months after that day.",
    )
    rest_customer_change = fields.Monetary(
        "The Rest: Change of Revenue",
        compute="_compute_figures",
        help="After less before, of one customer, on average.",
    )
    is_told = fields.Boolean(
        compute="_compute_figures",
        help="The user sees enough customers for the effect to be said.",
    )
    effect_amount = fields.Monetary(
        "Effect on a Product",
        compute="_compute_figures",
        help="By how much more a listed product of a targeted customer changed than one of the"
        " rest. Nothing is said of fewer than 30 customers.",
    )
    customer_effect_amount = fields.Monetary(
        "Effect on a Customer",
        compute="_compute_figures",
        help="By how much more a targeted customer's revenue changed than that of one of the rest."
        " Nothing is said of fewer than 30 customers.",
    )
    result = fields.Char(compute="_compute_figures", help="The effect in words.")

    _once_a_day_uniq = models.UniqueIndex(
        "(company_id, kind, action, done_by_id, date)",
        "What somebody does for a list on a day is kept together.",
    )

    @api.depends("kind", "action", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds, actions = (
            dict(self._fields[name]._description_selection(self.env)) for name in ("kind", "action")
        )
        for effect in self:
            effect.display_name = (
                f"{kinds.get(effect.kind, '')} · {actions.get(effect.action, '')}"
                f" · {format_date(self.env, effect.date)}"
            )

    @api.depends("as_of_date", "state")
    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_figures(self):
        nothing = dict.fromkeys(FIGURES, 0)
        figures = {}
        for effect, side, *values in self.env["crm.customer.list.effect.row"]._read_group(
            [("effect_id", "in", self.ids), ("side", "in", ("targeted", "rest"))],
            ["effect_id", "side"],
            [*FIGURES.values()],
        ):
            figures[effect.id, side] = dict(zip(FIGURES, values, strict=True))
        for effect in self:
            sides = {
                side: figures.get((effect._origin.id, side), nothing)
                for side in ("targeted", "rest")
            }
            for side, values in sides.items():
                for name, value in values.items():
                    effect[f"{side}_{name}"] = value or 0
            effect.is_told = bool(effect.as_of_date) and all(
                values["count"] >= MIN_CUSTOMERS for values in sides.values()
            )
            for name, change in (
                ("effect_amount", "change"),
                ("customer_effect_amount", "customer_change"),
            ):
                effect[name] = effect.is_told and (
                    effect[f"targeted_{change}"] - effect[f"rest_{change}"]
                )
            effect.result = effect._get_result()

    def _get_result(self) -> str:
        """The effect in a sentence, or why there is none."""
        self.ensure_one()
        if self.targeted_count < MIN_CUSTOMERS:
            return self.env._(
                "Too few to say: %(count)s of %(enough)s",
                count=self.targeted_count,
                enough=MIN_CUSTOMERS,
            )
        if self.rest_count < MIN_CUSTOMERS:
            return self.env._(
                "Too few to compare with: %(count)s of %(enough)s",
                count=self.rest_count,
                enough=MIN_CUSTOMERS,
            )
        if not self.as_of_date:
            return self.env._("Not computed yet")
        amount = formatLang(self.env, abs(self.effect_amount), currency_obj=self.currency_id)
        compared = self.currency_id.compare_amounts(self.effect_amount, 0)
        if self.state == "running":
            if compared > 0:
                return self.env._("So far %(amount)s a product more than the rest", amount=amount)
            if compared < 0:
                return self.env._("So far %(amount)s a product less than the rest", amount=amount)
            return self.env._("So far no difference from the rest")
        if compared > 0:
            return self.env._("%(amount)s a product more than the rest", amount=amount)
        if compared < 0:
            return self.env._("%(amount)s a product less than the rest", amount=amount)
        return self.env._("No difference from the rest")

    def action_view_rows(self):
        """Open the customers and products, targeted and not."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_customer_purchase.crm_customer_list_effect_row_action"
        )
        return {
            **action,
            "name": self.display_name,
            "views": [(False, "list"), (False, "pivot"), (False, "graph")],
            "domain": [("effect_id", "=", self.id)],
            "context": {"search_default_group_by_side": 1},
        }

    # Keeping -----------------------------------------------------------------------------------

    @api.model
    def _keep(self, company, kind: str, action: str, selected, targeted, rest):
        """Keep that something was done for rows of a list, and the rest of the list, in a constant
        number of statements. Only inserts: nobody waits for the scheduled action, nor it for them.

        :param selected: rows of the list that the user selected
        :param targeted: those of them for which something was done
        :param rest: query of all rows of the list
        """
        today = company._get_today()
        key = {
            "company_id": company.id,
            "kind": kind,
            "action": action,
            "done_by_id": self.env.uid,
            "date": today,
        }
        columns = SQL(", ").join(map(SQL.identifier, key))
        values = tuple(key.values())
        self.env.flush_all()
        # Asked first: an insertion would wait for the scheduled action, if that has the row.
        known = SQL("SELECT id FROM crm_customer_list_effect WHERE (%s) = %s", columns, values)
        found = self.env.execute_query(known)
        is_new = not found
        if is_new:
            # Twice at the same moment: the second one waits, is refused, and repeated by Odoo.
            found = self.env.execute_query(
                SQL(
                    """
                    INSERT INTO crm_customer_list_effect
                           (%(columns)s, until_date, state, create_uid, create_date, write_uid,
                            write_date)
                    SELECT %(values)s, %(until)s, 'running', %(uid)s, %(now)s, %(uid)s, %(now)s
                    ON CONFLICT (%(columns)s) DO NOTHING
                    RETURNING id
                    """,
                    columns=columns,
                    values=SQL(", ").join(SQL("%s", value) for value in values),
                    until=today + PERIOD,
                    uid=self.env.uid,
                    now=fields.Datetime.now(),
                )
            )
        [[effect_id]] = found
        self.env["crm.customer.list.effect.row"]._insert(
            effect_id, selected, targeted, rest if is_new else None
        )
        self.invalidate_model()
        self.env.ref("crm_customer_purchase.ir_cron_list_effect")._trigger()

    # Computing ---------------------------------------------------------------------------------

    @api.model
    def _cron_refresh(self):
        """Compute revenue of what runs, where a new day has begun or something was added; a company
        at a time, committed.
        """
        added = {
            company_id
            for [company_id] in self.env.execute_query(
                SQL(
                    "SELECT DISTINCT company_id FROM crm_customer_list_effect_row"
                    " WHERE is_computed IS NOT TRUE"
                )
            )
        }
        companies = (
            self.search([("state", "=", "running")])
            .filtered(
                lambda effect: (
                    not effect.as_of_date
                    or effect.as_of_date < effect.company_id._get_today()
                    or effect.company_id.id in added
                )
            )
            .company_id
        )
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(companies))
        for company in companies:
            self._refresh(company)
            if not commit_progress(1):
                break

    @api.model
    def _refresh(self, company):
        """Compute revenue before and after of all that runs in a company, in a constant number of
        statements. What the three months have passed of is done with.
        """
        today = company._get_today()
        self.env["crm.customer.list.effect.row"]._refresh(company, today)
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_customer_list_effect effect
                   SET as_of_date = %(today)s,
                       state = CASE WHEN until_date < %(today)s THEN 'done' ELSE 'running' END,
                       is_telling = side.targeted >= %(enough)s AND side.rest >= %(enough)s
                  FROM (
                    SELECT effect.id,
                           COUNT(DISTINCT partner_id) FILTER (WHERE side = 'targeted') AS targeted,
                           COUNT(DISTINCT partner_id) FILTER (WHERE side = 'rest') AS rest
                      FROM crm_customer_list_effect effect
                      LEFT JOIN crm_customer_list_effect_row listed ON listed.effect_id = effect.id
                     WHERE effect.company_id = %(company)s AND effect.state = 'running'
                     GROUP BY effect.id
                       ) side
                 WHERE side.id = effect.id
                """,
                today=today,
                enough=MIN_CUSTOMERS,
                company=company.id,
            )
        )
        # Nothing will ever be said of so few: the rest, most of the rows, is of no use any more.
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_customer_list_effect_row listed
                 USING (
                    SELECT effect.id
                      FROM crm_customer_list_effect effect
                      JOIN crm_customer_list_effect_row targeted
                        ON targeted.effect_id = effect.id AND targeted.side = 'targeted'
                     WHERE effect.company_id = %s AND effect.as_of_date = %s
                       AND effect.state = 'done' AND NOT effect.is_telling
                     GROUP BY effect.id
                    HAVING COUNT(DISTINCT targeted.partner_id) < %s
                       ) few
                 WHERE listed.effect_id = few.id AND listed.side != 'targeted'
                """,
                company.id,
                today,
                MIN_CUSTOMERS,
            )
        )
        self.env.invalidate_all()
