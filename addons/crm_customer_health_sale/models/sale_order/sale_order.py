from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP

from .activity import Activity
from .confirmation import Confirmation
from .payer import Payer
from .waiting import Waiting


class SaleOrder(Activity, Confirmation, Payer, Waiting, models.Model):
    """A quotation shows whether its payer is on hold, why, and who let it pass."""

    _name = "sale.order"
    _inherit = ["sale.order", "crm.customer.hold.mixin"]

    payer_health_id = fields.Many2one(
        "crm.customer.health",
        string="Payer's Health",
        compute="_compute_payer_health",
        compute_sudo=False,
        groups=HEALTH_GROUP,
    )
    payer_health_status = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("health_status"),
        string="Payer",
        compute="_compute_payer_health",
        compute_sudo=False,
        groups=HEALTH_GROUP,
        help="How safe the business is of who pays for this order, in the order's company.",
    )
    payer_overdue_amount = fields.Monetary(
        "Payer's Overdue Amount",
        compute="_compute_payer_health",
        compute_sudo=False,
        currency_field="payer_currency_id",
        groups=HEALTH_GROUP,
        help="What who pays for this order owes past its due date, disputed invoices excepted.",
    )
    payer_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the Payer's Figures"
    )
    payer_health_reasons = fields.Text(
        "Why",
        compute="_compute_payer_health_reasons",
        compute_sudo=False,
        groups=HEALTH_GROUP,
        help="What the payer's status rests on, the weightiest first.",
    )

    # Payer
    partner_invoice_id = fields.Many2one(tracking=True)

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders._check_created()
        return orders

    def write(self, vals):
        if vals.get("state") == "sale":
            self._check_confirming()
        confirmed = self.browse()
        if not vals.keys().isdisjoint(("partner_id", "partner_invoice_id")) and (
            not self._may_override_hold()
        ):
            confirmed = self.filtered(lambda order: order.state == "sale")
        payers = confirmed._get_payers()
        result = super().write(vals)
        confirmed._check_new_payers(payers)
        return result

    # Hooks of the hold -----------------------------------------------------------------------

    @api.model
    def _get_hold_mode(self, company) -> str:
        return self.env["crm.customer.health.policy"]._get_policy(company).order_hold

    @api.model
    def _get_hold_fields(self):
        return (*super()._get_hold_fields(), "partner_invoice_id", "state")

    @api.model
    def _get_holdable_domain(self) -> Domain:
        return Domain("state", "in", ("draft", "sent"))

    def _get_hold_customer(self):
        """Who pays is not always who orders."""
        return self.partner_invoice_id or self.partner_id

    @api.model
    def _get_hold_customer_domain(self, customers) -> Domain:
        return Domain("partner_invoice_id.commercial_partner_id", "in", customers)

    @api.model
    def _get_hold_override_groups(self) -> str:
        return "sales_team.group_sale_manager,account.group_account_manager"

    @api.model
    def _get_hold_extent_sql(self, alias):
        """The total, in the company's currency: a pricelist of another one is no way around."""
        orders = self.sudo()
        return SQL(
            "%s / COALESCE(NULLIF(%s, 0), 1)",
            orders._field_to_sql(alias, "amount_total"),
            orders._field_to_sql(alias, "currency_rate"),
        )

    # Fields ----------------------------------------------------------------------------------

    @api.depends(lambda self: self._get_hold_depends())
    @api.depends_context("uid")
    def _compute_payer_health(self):
        """As the user may see it, for quotations that a hold may concern."""
        self.payer_health_id = False
        self.payer_health_status = False
        self.payer_overdue_amount = 0.0
        for company, orders in self._get_held_where(lambda mode: mode != "off").items():
            payers = {order: order.sudo()._get_hold_customer() for order in orders}
            health = self._get_health_of(self.env["res.partner"].union(*payers.values()), company)
            health_by_partner = {row.partner_id.id: row for row in health}
            for order, payer in payers.items():
                row = health_by_partner.get(payer.commercial_partner_id.id, health.browse())
                order.payer_health_id = row
                order.payer_health_status = row.health_status
                order.payer_overdue_amount = row.overdue_amount

    @api.depends("payer_health_id")
    @api.depends_context("lang", "uid")
    def _compute_payer_health_reasons(self):
        for order in self:
            order.payer_health_reasons = order.payer_health_id.health_reasons

    def _get_health_of(self, payers, company):
        """Health rows of these payers, with the user's rights: payers may be hidden."""
        health = payers.with_env(self.env)._get_health_of_companies(company)
        return health.with_env(self.env)
