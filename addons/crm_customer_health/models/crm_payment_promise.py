from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_amount, format_date


class CrmPaymentPromise(models.Model):
    """A customer's word to pay an amount by a day: kept or broken, as the journals say.

    A log: promises are recorded and withdrawn, never changed. While one is running the customer is
    not flagged to Sales.
    """

    _name = "crm.payment.promise"
    _description = "Promise to Pay"
    _inherit = ["crm.customer.figures"]
    _order = "date desc, id desc"

    company_id = fields.Many2one(default=lambda self: self.env.company)
    partner_id = fields.Many2one(index=True)
    promised_by_id = fields.Many2one(
        "res.partner",
        readonly=True,
        ondelete="set null",
        help="Who of the customer's contacts gave the word.",
    )
    recorded_by_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    made_on = fields.Date(
        "Promised On",
        required=True,
        readonly=True,
        help="The day, in the company's time zone. Payments from this day on count.",
    )
    date = fields.Date(
        "Promised For", required=True, readonly=True, help="The day by which the money is to come."
    )
    amount = fields.Monetary(
        required=True, readonly=True, help="What the customer promised, in company currency."
    )
    note = fields.Text(readonly=True)
    paid_amount = fields.Monetary(
        "Paid",
        readonly=True,
        help="Payments matched with invoices of the customer, from the promise to its day.",
    )
    state = fields.Selection(
        [
            ("running", "Running"),
            ("kept", "Kept"),
            ("broken", "Broken"),
            ("withdrawn", "Withdrawn"),
        ],
        default="running",
        required=True,
        readonly=True,
        help="Kept: the amount was paid by the day. Broken: the day passed without it.",
    )
    withdrawn_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")

    _positive_amount = models.Constraint(
        "CHECK (amount > 0)", "A promise needs an amount above zero."
    )
    _open_idx = models.Index("(company_id, partner_id) WHERE state = 'running'")

    @api.constrains("made_on", "date")
    def _check_date(self):
        for promise in self:
            if promise.date < promise.made_on:
                raise ValidationError(
                    self.env._("A promise cannot be for a day before it was made.")
                )

    @api.depends("partner_id", "date")
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = self.env._(
                "%(customer)s by %(date)s",
                customer=promise.partner_id.display_name,
                date=fields.Date.to_string(promise.date),
            )

    @api.model_create_multi
    def create(self, vals_list):
        companies = self.env["res.company"]
        for vals in vals_list:
            company = companies.browse(vals.get("company_id")) or self.env.company
            vals.setdefault("made_on", company._get_today())
            vals["recorded_by_id"] = self.env.uid
            vals["state"] = "running"
        promises = super().create(vals_list)
        promises.sudo()._judge(promises.company_id, promises.partner_id)  # reads the journals
        promises._postpone_flags()
        return promises

    def _postpone_flags(self):
        """The activity of a flag is to be done when the promised day has come."""
        for promise in self.filtered(lambda promise: promise.state == "running"):
            flags = (
                self.env["crm.customer.flag"]
                .sudo()  # nobody may write flags
                ._get_open(promise.company_id, promise.partner_id)
            )
            flags.activity_id.filtered("active").date_deadline = promise.date

    def _get_sentence(self) -> str:
        """What became of the promise, in the user's words."""
        values = {
            "amount": format_amount(self.env, self.amount, self.currency_id),
            "date": format_date(self.env, self.date),
        }
        return {
            "running": self.env._("Promised %(amount)s by %(date)s.", **values),
            "kept": self.env._("Kept the promise of %(amount)s by %(date)s.", **values),
            "broken": self.env._("Broke the promise of %(amount)s by %(date)s.", **values),
            "withdrawn": self.env._("The promise of %(amount)s by %(date)s is off.", **values),
        }[self.state]

    def action_withdraw(self):
        """Take back those of these promises that are running; they stay in the log."""
        self.check_access("read")
        promises = self.filtered(lambda promise: promise.state == "running")
        # Nobody may change a promise otherwise.
        promises.sudo().write({"state": "withdrawn", "withdrawn_by_id": self.env.uid})

    @api.model
    def _judge(self, companies, partners=None):
        """Bring ``paid_amount`` and ``state`` in line with the journals and the calendar.

        One statement; only what changed is written. What was unreconciled is not paid any more.

        :param partners: only promises of these customers; of all without it.
        """
        domain = Domain("company_id", "in", companies.ids) & Domain("state", "!=", "withdrawn")
        if partners is not None:
            domain &= Domain("partner_id", "in", partners.ids)
        if not self.search_count(domain, limit=1):
            return  # mostly there is none: the statement would take longer to plan
        self.flush_model()
        self.env["crm.customer.health"]._flush_sources()
        scope = (
            SQL("TRUE")
            if partners is None
            else SQL("promise.partner_id = ANY(%s)", list(partners.ids))
        )
        basis = SQL(", ").join(
            SQL(
                "(%s, %s::date, %s)", company.id, company._get_today(), company.currency_id.rounding
            )
            for company in companies
        )
        instalments = SQL(
            """
            ARRAY(SELECT line.id
                    FROM crm_payment_promise promise
                    JOIN res_partner contact ON contact.commercial_partner_id = promise.partner_id
                    JOIN account_move_line line ON line.partner_id = contact.id
                   WHERE line.display_type = 'payment_term' AND promise.state != 'withdrawn'
                     AND promise.company_id = ANY(%s) AND %s)
            """,
            list(companies.ids),
            scope,
        )
        self.env.cr.execute(
            SQL(
                """
                WITH paid AS (
                    SELECT promise.id, SUM(settlement.amount) AS amount
                      FROM crm_payment_promise promise
                      JOIN res_partner contact
                        ON contact.commercial_partner_id = promise.partner_id
                      JOIN (%(settlements)s) settlement
                        ON settlement.partner_id = contact.id
                       AND settlement.company_id = promise.company_id
                     WHERE settlement.kind = 'payment' AND NOT settlement.is_mirror
                       AND settlement.parent_state = 'posted'
                       AND settlement.settlement_date BETWEEN promise.made_on AND promise.date
                     GROUP BY promise.id
                ), judged AS (
                    SELECT promise.id, COALESCE(paid.amount, 0) AS paid_amount,
                           CASE WHEN COALESCE(paid.amount, 0) > promise.amount - basis.rounding / 2
                                THEN 'kept'
                                WHEN promise.date < basis.today THEN 'broken'
                                ELSE 'running' END AS state
                      FROM crm_payment_promise promise
                      JOIN (VALUES %(basis)s) basis (company_id, today, rounding)
                        ON basis.company_id = promise.company_id
                      LEFT JOIN paid ON paid.id = promise.id
                     WHERE promise.state != 'withdrawn' AND %(scope)s
                )
                UPDATE crm_payment_promise promise
                   SET paid_amount = judged.paid_amount, state = judged.state
                  FROM judged
                 WHERE judged.id = promise.id
                   AND (promise.paid_amount, promise.state)
                       IS DISTINCT FROM (judged.paid_amount, judged.state)
                """,
                settlements=self.env["account.receivable.settlement"]._get_settlement_sql(
                    line_ids=instalments
                ),
                basis=basis,
                scope=scope,
            )
        )
        self.invalidate_model(["paid_amount", "state"])
