from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from .judgement import Judgement


class CrmPaymentPromise(Judgement, models.Model):
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
        "Pays By", required=True, readonly=True, help="The day by which the money is to come."
    )
    amount = fields.Monetary(
        required=True, readonly=True, help="What the customer promised, in company currency."
    )
    note = fields.Text(readonly=True)
    paid_amount = fields.Monetary(
        "Paid",
        readonly=True,
        help="Payments matched with invoices of before the promise, from the promise to its day. A"
        " payment counts for one promise: the one for the earliest day.",
    )
    state = fields.Selection(
        [
            ("running", "Running"),
            ("kept", "Kept"),
            ("broken", "Broken"),
            ("settled", "Nothing Left to Pay"),
            ("withdrawn", "Withdrawn"),
        ],
        default="running",
        required=True,
        readonly=True,
        help="Kept: the amount was paid by the day. Broken: the day passed without it. Nothing left"
        " to pay: the customer owed nothing any more, for example because it was credited.",
    )
    withdrawn_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")

    _positive_amount = models.Constraint(
        "CHECK (amount > 0)", "A promise needs an amount above zero."
    )
    _open_idx = models.Index("(company_id, partner_id) WHERE state = 'running'")

    @api.constrains("made_on", "date")
    def _check_date(self):
        for promise in self:
            if promise.made_on > promise.company_id._get_today():
                raise ValidationError(self.env._("A promise cannot be made in the future."))
            if promise.date < promise.made_on:
                raise ValidationError(
                    self.env._("A promise cannot be for a day before it was made.")
                )

    @api.constrains("amount", "made_on", "date")
    def _check_limits(self):
        """By the company's policy: a word that costs nothing must not keep flags away for long."""
        for company, promises in self.grouped("company_id").items():
            policy = self.env["crm.customer.health.policy"].sudo()._get_policy(company)
            owed = {
                row.partner_id: row.open_amount
                for row in promises.partner_id.sudo()._get_health_of_companies(company)
            }
            for promise in promises:
                promise._check_limit(policy, owed.get(promise.partner_id, 0.0))

    def _check_limit(self, policy, owed: float):
        """:param owed: all that the customer owes, which may be promised whatever it is."""
        days = policy.promise_longest_days
        if days and (self.date - self.made_on).days > days:
            raise ValidationError(
                self.env._("A promise may be for %(days)s days from now at most.", days=days)
            )
        least = policy.promise_least_amount
        if self.currency_id.compare_amounts(self.amount, min(least, owed or least)) < 0:
            raise ValidationError(
                self.env._(
                    "A promise may be for %(amount)s at least.",
                    amount=format_amount(self.env, least, self.currency_id),
                )
            )

    @api.depends("partner_id", "date")
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = self.env._(
                "%(customer)s by %(date)s",
                customer=promise.partner_id.display_name,
                date=fields.Date.to_string(promise.date),
            )

    def _get_reason(self) -> str:
        """What this promise says about the customer; nothing once it was kept or settled."""
        amount = format_amount(self.env, self.amount, self.currency_id)
        day = format_date(self.env, self.date)
        if self.state == "running":
            return self.env._("It promised %(amount)s by %(date)s.", amount=amount, date=day)
        if self.state == "broken":
            return self.env._(
                "It promised %(amount)s by %(date)s and did not pay it.", amount=amount, date=day
            )
        return ""

    @api.model_create_multi
    def create(self, vals_list):
        companies = self.env["res.company"]
        may_date_back = self.env.su or self.env.user.has_group("account.group_account_invoice")
        self._replace_contacts(vals_list)
        for vals in vals_list:
            company = companies.browse(vals.get("company_id")) or self.env.company
            if not (may_date_back and vals.get("made_on")):
                vals["made_on"] = company._get_today()
            vals.update(
                recorded_by_id=self.env.uid, state="running", paid_amount=0, withdrawn_by_id=False
            )
        promises = super().create(vals_list)
        promises._log_on_customers()
        promises.sudo()._judge(promises.company_id, promises.partner_id)  # reads the journals
        promises._postpone_flags()
        return promises

    @api.model
    def _get_running_dates(self, companies, customers) -> dict:
        """The earliest day for which a promise of these customers is running, by company and
        customer.
        """
        groups = self._read_group(
            Domain("company_id", "in", companies.ids)
            & Domain("partner_id", "in", customers.ids)
            & Domain("state", "=", "running"),
            ["company_id", "partner_id"],
            ["date:min"],
        )
        return {(company, customer): date for company, customer, date in groups}

    def _postpone_flags(self):
        """The activities of flags are to be done when the promised day has come."""
        running = self.filtered(lambda promise: promise.state == "running")
        for (company, day), promises in running.grouped(
            lambda promise: (promise.company_id, promise.date)
        ).items():
            flags = self.env["crm.customer.flag"].sudo()  # nobody may write flags
            activities = flags._get_open(company, promises.partner_id).activity_id
            activities.filtered("active").date_deadline = day

    def _resume_flags(self):
        """These promises are running no more: the activities of flags that waited for them are to
        be done today.
        """
        for company, promises in self.grouped("company_id").items():
            customers = promises.partner_id.commercial_partner_id
            waiting = customers - self._get_promised(company, customers)
            flags = self.env["crm.customer.flag"].sudo()  # nobody may write flags
            today = company._get_today()
            flags._get_open(company, waiting).activity_id.filtered(
                lambda activity, today=today: activity.active and activity.date_deadline > today
            ).date_deadline = today

    @api.model
    def _get_promised(self, company, customers):
        """Those of these customers of whom a promise is running."""
        return self.search(
            [
                ("company_id", "=", company.id),
                # Whoever became a contact of another customer is it.
                ("partner_id.commercial_partner_id", "in", customers.ids),
                ("state", "=", "running"),
            ]
        ).partner_id.commercial_partner_id

    def _log_on_customers(self):
        """What became of these promises, in the chatter of the customers' rows."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        for company, promises in self.grouped("company_id").items():
            bodies = {}
            for promise in promises:
                customer = promise.partner_id.commercial_partner_id
                line = self.env._(
                    "Promise to pay by %(date)s: %(state)s",
                    date=format_date(self.env, promise.date),
                    state=labels[promise.state],
                )
                bodies[customer] = bodies.get(customer, Markup()) + Markup("<p>%s</p>") % line
            self.env["res.partner"]._log_on_health(company, bodies)

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
            "settled": self.env._(
                "Nothing is left to pay of the promise of %(amount)s by %(date)s.", **values
            ),
            "withdrawn": self.env._("The promise of %(amount)s by %(date)s is off.", **values),
        }[self.state]

    def action_withdraw(self):
        """Take back those of these promises that are running; they stay in the log."""
        self.check_access("read")
        self.check_access("create")
        # Nobody may change a promise otherwise.
        promises = self.filtered(lambda promise: promise.state == "running").sudo()
        promises.write({"state": "withdrawn", "withdrawn_by_id": self.env.uid})
        promises._resume_flags()
        promises._log_on_customers()
