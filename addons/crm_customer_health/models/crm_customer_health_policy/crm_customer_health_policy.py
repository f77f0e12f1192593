from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from .display import Display
from .log import Log
from .proposal import Proposal
from .provision import Provision

#: Changing one of these changes figures: all customers of the company are computed anew.
FIGURE_SETTINGS = (
    "window_months",
    "minimum_items",
    "payment_weight",
    "exposure_weight",
    "trend_weight",
    "purchase_weight",
    "healthy_score",
    "watch_score",
    "low_risk_score",
    "medium_risk_score",
    "threshold_ids",
)


class CrmCustomerHealthPolicy(Display, Log, Proposal, Provision, models.Model):
    """How a company judges its customers. Changes are logged and recompute all customers."""

    _name = "crm.customer.health.policy"
    _description = "Customer Health Policy"
    _inherit = ["mail.thread"]
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    window_months = fields.Integer(
        "Window (Months)",
        default=12,
        required=True,
        tracking=True,
        help="Payments of so many months back say how a customer pays.",
    )
    minimum_items = fields.Integer(
        "Minimum History",
        default=5,
        required=True,
        tracking=True,
        help="With fewer settled or overdue items the health score is drawn towards the mean of"
        " the company's customers.",
    )
    payment_weight = fields.Float(
        default=40, tracking=True, help="Weight of the payment score in the health score."
    )
    exposure_weight = fields.Float(
        default=20,
        tracking=True,
        help="Weight of the exposure: what is overdue, against what was paid in the window.",
    )
    trend_weight = fields.Float(
        default=10,
        tracking=True,
        help="Weight of the trend: the payment score of the last three months less that of the"
        " months before; 50 is steady.",
    )
    purchase_weight = fields.Float(
        default=20,
        tracking=True,
        help="Weight of the purchases: how recently and how often the customer buys, compared with"
        " the other customers.",
    )
    healthy_score = fields.Float(
        "Healthy From",
        default=80,
        tracking=True,
        help="Health score from which a customer is healthy.",
    )
    watch_score = fields.Float(
        "Watch From",
        default=50,
        tracking=True,
        help="Health score below which a customer is at risk.",
    )
    low_risk_score = fields.Float(
        "Low Payment Risk From", default=80, tracking=True, help="Payment score of a low risk."
    )
    medium_risk_score = fields.Float(
        "Medium Payment Risk From",
        default=50,
        tracking=True,
        help="Payment score below which the payment risk is high.",
    )
    threshold_ids = fields.One2many(
        "crm.customer.health.threshold",
        "policy_id",
        string="Act When",
        help="A customer needs action when an amount is overdue for so many days: small debts may"
        " wait longer than large ones.",
    )

    thresholds_proposed_on = fields.Date(
        readonly=True,
        copy=False,
        help="When thresholds were proposed from the company's invoices; it is done once.",
    )
    are_thresholds_proposed = fields.Boolean(
        readonly=True,
        copy=False,
        help="The thresholds are those that were proposed; nobody has confirmed or changed them.",
    )
    needing_action_count = fields.Integer(
        "Customers That Need Action",
        compute="_compute_needing_action_count",
        help="How many customers need action by these amounts and days, as the books are now.",
    )

    # Display
    computed_at = fields.Datetime(
        "Last Computed",
        compute="_compute_progress",
        help="When all customers of the company were last computed.",
    )
    is_recomputing = fields.Boolean(
        "Being Recomputed",
        compute="_compute_progress",
        help="All customers have to be computed anew: it is done in the background.",
    )

    # Provision
    provision_not_due_rate = fields.Float(
        "Provision: Not Due (%)",
        digits=(16, 4),
        default=0.3,
        tracking=True,
        help="Percentage of what is not due yet that is expected never to be paid.",
    )
    provision_1_30_rate = fields.Float(
        "Provision: 1-30 Days (%)",
        digits=(16, 4),
        default=1.6,
        tracking=True,
        help="Percentage of what is overdue for 1 to 30 days that is expected never to be paid.",
    )
    provision_31_60_rate = fields.Float(
        "Provision: 31-60 Days (%)",
        digits=(16, 4),
        default=3.6,
        tracking=True,
        help="Percentage of what is overdue for 31 to 60 days that is expected never to be paid.",
    )
    provision_61_90_rate = fields.Float(
        "Provision: 61-90 Days (%)",
        digits=(16, 4),
        default=6.6,
        tracking=True,
        help="Percentage of what is overdue for 61 to 90 days that is expected never to be paid.",
    )
    provision_over_90_rate = fields.Float(
        "Provision: Over 90 Days (%)",
        digits=(16, 4),
        default=10.6,
        tracking=True,
        help="Percentage of what is overdue for more than 90 days that is expected never to be"
        " paid.",
    )

    _company_uniq = models.Constraint(
        "UNIQUE (company_id)", "A company has one customer health policy."
    )

    @api.constrains("window_months", "minimum_items")
    def _check_history(self):
        for policy in self:
            if not 1 <= policy.window_months <= 120:
                raise ValidationError(self.env._("The window must be between 1 and 120 months."))
            if not 0 <= policy.minimum_items <= 1000:
                raise ValidationError(
                    self.env._("The minimum history must be between 0 and 1000 items.")
                )

    def _get_weight_fields(self) -> list[str]:
        """The weight of each measure of the health score."""
        return [f"{name}_weight" for name in self.env["crm.customer.health"]._get_measures()]

    @api.constrains(lambda self: self._get_weight_fields())
    def _check_weights(self):
        for policy in self:
            weights = [policy[name] for name in self._get_weight_fields()]
            if min(weights) < 0:
                raise ValidationError(self.env._("A weight of the health score is negative."))
            if sum(weights) <= 0:
                raise ValidationError(self.env._("The weights of the health score add up to zero."))

    @api.constrains("healthy_score", "watch_score", "low_risk_score", "medium_risk_score")
    def _check_bands(self):
        for policy in self:
            if not 0 < policy.watch_score < policy.healthy_score <= 100:
                raise ValidationError(
                    self.env._(
                        "The bands of the health score are out of order: Watch must begin above 0"
                        " and below Healthy, and Healthy at 100 at most."
                    )
                )
            if not 0 < policy.medium_risk_score < policy.low_risk_score <= 100:
                raise ValidationError(
                    self.env._(
                        "The bands of the payment risk are out of order: medium must begin above 0"
                        " and below low, and low at 100 at most."
                    )
                )

    @api.constrains("threshold_ids")
    def _check_thresholds(self):
        self.threshold_ids._check_order()

    @api.model
    def _get_kept_fields(self) -> set[str]:
        """Hook: what nobody sets from outside: whose policy it is, and what jobs remember."""
        return {"company_id", "thresholds_proposed_on", "are_thresholds_proposed"}

    def write(self, vals):
        if not self.env.su and (kept := self._get_kept_fields() & vals.keys()):
            raise AccessError(
                self.env._("Nobody sets this by hand: %(fields)s", fields=", ".join(sorted(kept)))
            )
        names = sorted(self._track_get_fields() & vals.keys())
        with self.env["crm.accounting.log"]._logging(self, names):
            result = super().write(vals)
        if not vals.keys().isdisjoint(FIGURE_SETTINGS):
            self._recompute_customers()
        return result

    def _recompute_customers(self):
        """Have all customers of these companies computed anew, by the scheduled action."""
        norms = self.env["crm.customer.health.norm"].sudo()
        norms.search([("company_id", "in", self.company_id.ids)]).as_of_date = False
        # Not everybody who may change the policy may read scheduled actions.
        self.env.ref("crm_customer_health.ir_cron_refresh").sudo()._trigger()

    def action_recompute(self):
        """Compute all customers of the company anew, in the background."""
        self.check_access("write")
        self._recompute_customers()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("All customers are being computed anew in the background."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _get_companies(self):
        """All companies, archived ones too: money may still be owed to them."""
        return self.env["res.company"].search([("active", "in", (True, False))])

    @api.model
    def _get_policy(self, companies):
        """The policies of these companies, with full rights: they are made for each company."""
        policies = self.sudo().search_fetch([("company_id", "in", companies.ids)])
        missing = companies - policies.company_id
        if missing:
            policies += policies.create([{"company_id": company.id} for company in missing])
        return policies

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        self.env["crm.customer.health.norm"].sudo().create(
            [{"company_id": policy.company_id.id} for policy in policies]
        )
        return policies
