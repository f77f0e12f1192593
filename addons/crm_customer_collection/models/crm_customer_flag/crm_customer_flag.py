from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .assignee import Assignee
from .batch import Batch
from .calling import Calling


class CrmCustomerFlag(Assignee, Batch, Calling, models.Model):
    """An overdue customer of whom Sales was told: one open flag per company and customer.

    The activity on the customer's health row is what somebody has to do; the flag remembers that it
    was made, for whom, and what was owed then. A flag whose activity was done stays open, silent,
    until the customer is cured or owes more.
    """

    _name = "crm.customer.flag"
    _description = "Flag of an Overdue Customer"
    _inherit = ["crm.customer.figures", "crm.customer.actions"]
    _order = "id desc"

    partner_id = fields.Many2one(index=True)
    flagged_on = fields.Date(
        required=True, readonly=True, help="The day, in the company's time zone."
    )
    is_manual = fields.Boolean(
        "Flagged by Hand",
        readonly=True,
        help="Somebody flagged the customer: it is cured when nothing is overdue. Otherwise it is"
        " cured when the company's policy does not ask to act any more.",
    )
    assigned_id = fields.Many2one(
        "res.users",
        string="Assigned To",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Who has the activity. Empty: nobody was found, neither by the customer nor in the"
        " policy.",
    )
    told_on = fields.Date(
        readonly=True, help="Since when the flag is with who has it. Escalation counts from then."
    )
    named_id = fields.Many2one(
        "res.users",
        string="Named by the Customer",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Whom the customer, its opportunities and invoices named when the flag was made or"
        " last moved. When they name somebody else, the flag goes there; until then it stays with"
        " whom people gave it.",
    )
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, index="btree_not_null", ondelete="set null"
    )
    is_done = fields.Boolean(
        "Done",
        compute="_compute_is_done",
        compute_sudo=True,
        help="The activity was done; the customer still owes.",
    )
    done_note = fields.Text(
        "What Was Done",
        related="activity_id.feedback",
        related_sudo=True,
        help="What whoever had the activity wrote when it was done.",
    )
    overdue_now = fields.Monetary(
        "Overdue",
        compute="_compute_now",
        compute_sudo=True,
        help="What the customer owes past its due date now, as in the list of customers.",
    )
    days_overdue = fields.Integer(
        compute="_compute_now",
        compute_sudo=True,
        help="Days since the oldest overdue instalment was due, now.",
    )
    last_payment_date = fields.Date(
        "Last Payment",
        compute="_compute_now",
        compute_sudo=True,
        help="The last day in the window on which money was received for an invoice.",
    )
    call_on = fields.Date(
        compute="_compute_call_on",
        search="_search_call_on",
        compute_sudo=True,
        help="When whoever the flag is assigned to is to call: the promised day while a promise is"
        " running. Empty when it was done.",
    )
    may_be_done = fields.Boolean(
        compute="_compute_may_be_done", help="You have the activity, or may close that of others."
    )
    phone = fields.Char(related="partner_id.phone")
    last_promise_date = fields.Date(
        "Promised By",
        compute="_compute_last_promise",
        help="Of the customer's newest promise that was not withdrawn.",
    )
    last_promise_state = fields.Selection(
        lambda self: (
            self.env["crm.payment.promise"]._fields["state"]._description_selection(self.env)
        ),
        string="Promise",
        compute="_compute_last_promise",
    )
    flagged_amount = fields.Monetary(
        "Overdue When Flagged",
        readonly=True,
        help="What was overdue on the day of the flag, in company currency.",
    )
    overdue_amount = fields.Monetary(
        "Overdue at Last Check",
        readonly=True,
        help="What was overdue when the flag was made or last changed.",
    )
    overdue_count = fields.Integer("Overdue Instalments", readonly=True)
    oldest_due_date = fields.Date("Overdue Since", readonly=True)
    changed_on = fields.Date(
        "Last Changed", readonly=True, help="When what is owed was last brought up to date."
    )
    escalated_on = fields.Date(
        readonly=True, help="When the flag went to the team's leader, for nothing had helped."
    )
    closed_on = fields.Date(readonly=True, help="Empty while the flag is open.")
    closing_reason = fields.Selection(
        [
            ("cured", "Cured"),
            ("below_policy", "Owes Less Than the Policy Asks"),
            ("disputed", "Disputed"),
            ("excluded", "Excluded From Flags"),
            ("merged", "Customers Merged"),
        ],
        string="Flag Closed",
        readonly=True,
    )
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")],
        compute="_compute_state",
        search="_search_state",
    )

    _open_uniq = models.UniqueIndex(
        "(company_id, partner_id) WHERE closed_on IS NULL",
        "A customer has one open flag in a company.",
    )

    @api.depends("activity_id.active", "assigned_id.active", "closed_on")
    def _compute_is_done(self):
        """Closing a flag deletes its activity, as does archiving its user; who deletes it otherwise
        does not want to see it.
        """
        for flag in self:
            activity = flag.activity_id
            flag.is_done = (
                not activity.active if activity else flag.assigned_id.active and not flag.closed_on
            )

    @api.depends("closed_on")
    def _compute_state(self):
        for flag in self:
            flag.state = "closed" if flag.closed_on else "open"

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain("closed_on", "!=" if state == "closed" else "=", False) for state in value
        )

    @api.model
    def _get_open(self, company, customers):
        """Open flags of these customers in the company."""
        return self.search(
            Domain("company_id", "=", company.id)
            & Domain("partner_id", "in", customers.ids)
            & Domain("closed_on", "=", False)
        )

    @api.model
    def _close_cured(self, companies, partners=None):
        """Close the open flags of customers that need no action by their stored figures any more.

        :param partners: only of these customers; of all without it.
        :return: the flags that were closed.
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT flag.id,
                       CASE WHEN health.net_overdue_amount > 0 THEN 'below_policy'
                            WHEN health.disputed_amount > 0 THEN 'disputed'
                            ELSE 'cured' END
                  FROM crm_customer_flag flag
                  LEFT JOIN crm_customer_health health
                    ON health.company_id = flag.company_id
                   AND health.partner_id = flag.partner_id
                 WHERE flag.closed_on IS NULL
                   AND flag.company_id = ANY(%(companies)s)
                   AND %(scope)s
                   AND NOT COALESCE(CASE WHEN flag.is_manual THEN health.net_overdue_amount > 0
                                         ELSE health.needs_action END, FALSE)
                """,
                companies=list(companies.ids),
                scope=SQL("TRUE")
                if partners is None
                else SQL("flag.partner_id = ANY(%s)", list(partners.ids)),
            )
        )
        ids_by_reason = defaultdict(list)
        for flag_id, reason in rows:
            ids_by_reason[reason].append(flag_id)
        for reason, flag_ids in ids_by_reason.items():
            self.browse(flag_ids)._close(reason)
        return self.browse([flag_id for flag_id, __ in rows])

    def _close(self, reason: str):
        """Close these flags, take their activities away and note it on the customers, for those who
        may see them.
        """
        for company, flags in self.grouped("company_id").items():
            flags.write({"closed_on": company._get_today(), "closing_reason": reason})
            flags._log_closing(company)
        self.activity_id.filtered("active").unlink()

    def _log_closing(self, company):
        """In the chatter of the customers' rows, for who may see them."""
        labels = dict(self._fields["closing_reason"]._description_selection(self.env))
        self.env["res.partner"]._log_on_health(
            company,
            {
                flag.partner_id: self.env._(
                    "Flag closed: %(reason)s", reason=labels[flag.closing_reason]
                )
                for flag in self
            },
        )

    def action_view_customer(self):
        """Open the customer's diagnosis, where the activity is; the contact if there is none."""
        self.ensure_one()
        health = self.partner_id._get_health_of_companies(self.company_id)
        return health._get_form_action() if health else self.partner_id.get_formview_action()
