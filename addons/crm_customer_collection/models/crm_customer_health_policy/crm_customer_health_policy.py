from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP

from .weekly import Weekly


class CrmCustomerHealthPolicy(Weekly, models.Model):
    """What a company does about customers that need action: whom it tells, and when."""

    _inherit = "crm.customer.health.policy"

    flag_to_sales = fields.Boolean(
        "Flag to Sales",
        default=True,
        tracking=True,
        help="Every morning each customer that needs action is flagged to its salesperson, once, by"
        " an activity on the customer.",
    )
    flags_per_morning = fields.Integer(
        "New Flags a Morning",
        default=10,
        tracking=True,
        help="At most so many customers of one salesperson are flagged anew on a morning, those"
        " that owe most first; the others follow on the next ones. 0: no limit.",
    )
    escalation_days = fields.Integer(
        "Escalate After (Days)",
        default=14,
        tracking=True,
        help="A flag that is not cured after so many days goes to the leader of the sales team. 0:"
        " never.",
    )
    fallback_user_id = fields.Many2one(
        "res.users",
        string="Otherwise Assign To",
        domain=lambda self: self._get_fallback_domain(),
        tracking=True,
        help="Who is told of a customer that has no salesperson, opportunity, invoice or team with"
        " an active user.",
    )
    promise_least_amount = fields.Monetary(
        "Least Promise",
        default=10,
        tracking=True,
        help="A promise of less is refused, for it keeps the customer from being flagged; all that"
        " the customer owes may always be promised.",
    )
    promise_longest_days = fields.Integer(
        "Longest Promise (Days)",
        default=90,
        tracking=True,
        help="A promise for a later day is refused. 0: no limit.",
    )
    exclusion_longest_days = fields.Integer(
        "Longest Exclusion (Days)",
        default=365,
        tracking=True,
        help="No customer is excluded from flags for longer. 0: no limit.",
    )

    # Weekly
    weekly_changes = fields.Boolean(
        "Weekly Changes by E-mail",
        default=True,
        tracking=True,
        help="Every Monday each salesperson gets an e-mail: which of the own customers changed"
        " their status, became overdue or paid in the week before.",
    )
    weekly_changes_sent_on = fields.Date(
        readonly=True,
        default=fields.Date.context_today,
        help="The day on which the e-mails of the last week were begun.",
    )
    # Ids, not times: a change that is written while another one is committed is not overlooked.
    weekly_told_from_id = fields.Integer(
        "Changes Told Before", readonly=True, help="The last status change of the e-mail before."
    )
    weekly_told_until_id = fields.Integer(
        "Changes Told", readonly=True, help="The last status change of the last e-mail."
    )
    weekly_pending_user_ids = fields.Many2many(
        "res.users",
        "crm_customer_health_policy_weekly_user_rel",
        readonly=True,
        help="Salespeople who have not got the last week's e-mail yet.",
    )

    def _get_fallback_domain(self) -> str:
        """Who can be told: colleagues in the company who may see figures of customers."""
        group = self.env["crm.customer.flag"]._get_eligible_group()
        return (
            "[('share', '=', False), ('company_ids', 'in', company_id),"
            f" ('all_group_ids', 'in', {group.ids})]"
        )

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {
            "weekly_changes_sent_on",
            "weekly_pending_user_ids",
            "weekly_told_from_id",
            "weekly_told_until_id",
        }

    @api.constrains("fallback_user_id", "company_id")
    def _check_fallback_user(self):
        for policy in self:
            user = policy.fallback_user_id
            if user and not (
                user.has_group(HEALTH_GROUP)
                and not user.share
                and policy.company_id in user.company_ids
            ):
                raise ValidationError(
                    self.env._(
                        "%(user)s may not see figures of customers in %(company)s.",
                        user=user.display_name,
                        company=policy.company_id.display_name,
                    )
                )

    @api.constrains("promise_least_amount", "promise_longest_days", "exclusion_longest_days")
    def _check_limits(self):
        for policy in self:
            if policy.promise_least_amount < 0:
                raise ValidationError(self.env._("The least promise is negative."))
            if min(policy.promise_longest_days, policy.exclusion_longest_days) < 0:
                raise ValidationError(
                    self.env._("The longest promise or exclusion is a negative number of days.")
                )

    @api.constrains("flags_per_morning")
    def _check_flags_per_morning(self):
        for policy in self:
            if policy.flags_per_morning < 0:
                raise ValidationError(self.env._("The number of new flags a morning is negative."))

    @api.constrains("escalation_days")
    def _check_escalation_days(self):
        for policy in self:
            if policy.escalation_days < 0:
                raise ValidationError(self.env._("Flags cannot be escalated before they are made."))
