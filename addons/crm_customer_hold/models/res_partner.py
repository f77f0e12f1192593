from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_amount, format_date

#: Who decides about a customer's hold: those who may change the policy.
POLICY_GROUPS = "sales_team.group_sale_manager,account.group_account_manager"


class Hold(NamedTuple):
    """Why a customer is on hold, in the user's language."""

    #: For those who may see the customer's figures.
    reason: str
    #: Without amounts and days.
    in_words: str


class ResPartner(models.Model):
    """Whether a customer is on hold in a company: what orders and deliveries go by.

    A customer is on hold while it needs action by the company's policy (not by thresholds that were
    only proposed), or by what is set for the customer. What being on hold means for a document says
    :class:`crm.customer.hold.mixin`.
    """

    _inherit = "res.partner"

    hold_policy = fields.Selection(
        [
            ("automatic", "By Policy"),
            ("always", "Always on Hold"),
            ("never", "Never on Hold"),
        ],
        string="Hold",
        company_dependent=True,
        groups=POLICY_GROUPS,
        help="By policy: on hold while so much is overdue for so many days that the company's"
        " customer health policy asks to act.",
    )

    def write(self, vals):
        """Decided for a contact, it is decided for its company: that is who owes."""
        if "hold_policy" not in vals:
            return super().write(vals)
        company = self.env.company  # whose decision it is
        customers = self.commercial_partner_id
        held_ids = list(customers._get_holds(company))
        result = super().write({key: vals[key] for key in vals if key != "hold_policy"})
        decided = customers.filtered(
            lambda customer: (customer.hold_policy or False) != (vals["hold_policy"] or False)
        )
        with self.env["crm.accounting.log"]._logging(customers, ["hold_policy"]):
            super(ResPartner, customers).write({"hold_policy": vals["hold_policy"]})
        labels = dict(self._fields["hold_policy"]._description_selection(self.env))
        body = self.env._("Hold: %(decision)s", decision=labels.get(vals["hold_policy"], ""))
        self._log_on_health(company, dict.fromkeys(decided, body))
        released = self.browse(held_ids) - self.browse(customers._get_holds(company))
        if released:
            # Who decides need not see the documents that wait.
            released.sudo()._on_released(company)
        return result

    def _release(self, company):
        """These customers needed action in the company until now and do not any more."""
        if not self._is_held_by_policy(company):
            return
        released = self.with_company(company).filtered(
            # Who is on hold by decision still is; who never is was not.
            lambda customer: customer.hold_policy not in ("always", "never")
        )
        if released:
            released._on_released(company)

    def _on_released(self, company):
        """Hook: these customers were on hold in the company until now, and are no more.

        Runs with full rights, in the transaction that writes their figures or the decision.
        """

    def _get_holds(self, company) -> dict[int, Hold]:
        """Which of these partners are on hold in the company at this moment, and why.

        Figures are computed now from the journals, with full rights: it is for the caller to show
        amounts only to those who may see those of this customer.

        :return: by partner id, for partners on hold only. A contact is on hold with its company.
        """
        partners = self.sudo().with_company(company)  # who holds may not see who owes
        customers = partners.commercial_partner_id.filtered(
            lambda customer: customer.hold_policy != "never"
        )
        figures = (
            self.env["crm.customer.health"].sudo()._get_figures(company, customers)
            if customers
            else {}
        )
        goes_by_policy = self._is_held_by_policy(company)
        held = {}
        for customer in customers:
            row = figures.get((company.id, customer.id), {})
            needs_action = goes_by_policy and row.get("needs_action")
            if customer.hold_policy == "always" or needs_action:
                held[customer] = row
        notes = self.env["crm.customer.health"]._get_decision_notes(
            company, {customer.id: row for customer, row in held.items()}
        )
        holds = {
            customer: Hold(
                customer._get_hold_reason(company, row, notes.get(customer.id, [])),
                customer._get_hold_reason_in_words(row),
            )
            for customer, row in held.items()
        }
        return {
            partner.id: holds[partner.commercial_partner_id]
            for partner in partners
            if partner.commercial_partner_id in holds
        }

    def _is_held_by_policy(self, company) -> bool:
        """Whether the company's thresholds put customers on hold: not those that were only
        proposed, for nobody has decided yet that they stop deliveries.
        """
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        return not policy.are_thresholds_proposed

    def _get_hold_reason(self, company, figures: dict, notes: list[str]) -> str:
        """Why this customer is on hold: what it owes and since when, and what it did about it.

        :param figures: stored fields of ``crm.customer.health`` as of now; may be empty.
        :param notes: see ``crm.customer.health._get_decision_notes``.
        """
        if not figures.get("overdue_amount"):
            return self.env._(
                "%(customer)s is on hold by decision for this customer.", customer=self.display_name
            )
        reason = self.env._(
            "%(customer)s owes %(amount)s, overdue since %(date)s (%(days)s days).",
            customer=self.display_name,
            amount=format_amount(self.env, figures["overdue_amount"], company.currency_id),
            date=format_date(self.env, figures["oldest_due_date"]),
            days=figures["days_overdue"],
        )
        return " ".join([reason, *notes])

    def _get_hold_reason_in_words(self, figures: dict) -> str:
        """The same for those who may not see amounts and days of this customer."""
        if not figures.get("overdue_amount"):
            return self.env._("The customer is on hold by decision for this customer.")
        return self.env._("The customer is on hold: its invoices have been overdue for too long.")

    def _get_held_query(self, company):
        """The customers on hold in a company by their stored figures: for lists and searches.

        :return: a query of commercial partners, with full rights.
        """
        needing_action = (
            self.env["crm.customer.health"]
            .sudo()
            ._search(
                Domain("company_id", "=", company.id)
                & Domain("needs_action", "=", True)
                & (Domain.TRUE if self._is_held_by_policy(company) else Domain.FALSE)
            )
        )
        return (
            self.sudo()
            .with_company(company)
            .with_context(active_test=False)
            ._search(
                Domain("hold_policy", "=", "always")
                | Domain("hold_policy", "!=", "never")
                & Domain(
                    "id",
                    "in",
                    needing_action.subselect(SQL.identifier("crm_customer_health", "partner_id")),
                )
            )
        )
