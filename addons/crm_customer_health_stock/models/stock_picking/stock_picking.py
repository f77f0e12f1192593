from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .release import Release


class StockPicking(Release, models.Model):
    """A delivery shows whether its payer is on hold, why, and who let it pass.

    Only what goes from us to customers is held, whatever the operation type: never receipts,
    returns of customers, returns to suppliers, what suppliers send to customers, or transfers
    within the warehouse such as picking and packing.
    """

    _name = "stock.picking"
    _inherit = ["stock.picking", "crm.customer.hold.mixin"]

    # Hooks of the hold -----------------------------------------------------------------------

    @api.model
    def _get_hold_mode(self, company) -> str:
        return self.env["crm.customer.health.policy"]._get_policy(company).delivery_hold

    @api.model
    def _get_hold_fields(self) -> tuple[str, ...]:
        return (
            *super()._get_hold_fields(),
            "sale_id",
            "sale_id.partner_invoice_id",
            "picking_type_id",
            "location_id",
            "location_dest_id",
            "move_ids.location_dest_id",
            "state",
        )

    @api.model
    def _get_holdable_domain(self) -> Domain:
        is_open = Domain("state", "not in", ("done", "cancel"))
        is_to_customer = Domain("location_dest_id.usage", "=", "customer") & Domain(
            "location_id.usage", "not in", ("customer", "supplier")
        )
        # Moves may go elsewhere than their transfer.
        return is_open & (is_to_customer | Domain("move_ids", "any", is_open & is_to_customer))

    def _get_hold_customer(self):
        """Who pays is not always who receives."""
        return self.sale_id.partner_invoice_id or self.partner_id

    @api.model
    def _get_hold_customer_domain(self, customers) -> Domain:
        """With full rights: who may see a delivery may not see its order, nor all contacts."""
        partners = (
            self.env["res.partner"]
            .sudo()
            .with_context(active_test=False)
            ._search([("commercial_partner_id", "in", customers)])
        )
        orders = self.env["sale.order"].sudo()._search([("partner_invoice_id", "in", partners)])
        return Domain("sale_id", "in", orders) | (
            Domain("sale_id", "=", False) & Domain("partner_id", "in", partners)
        )

    @api.model
    def _get_hold_override_groups(self) -> str:
        return "stock.group_stock_manager,account.group_account_manager"

    @api.model
    def _get_hold_extent_sql(self, alias):
        """What is demanded, and what is picked beyond it."""
        moves = self.env["stock.move"].sudo()
        demanded = moves._field_to_sql("move", "product_uom_qty")
        demanded_of_product = moves._field_to_sql("move", "product_qty")
        return SQL(
            """(
            SELECT COALESCE(SUM(
                       %(demanded_of_product)s + GREATEST(%(picked)s - %(demanded)s, 0)
                       * COALESCE(%(demanded_of_product)s / NULLIF(%(demanded)s, 0), 1)), 0)
              FROM stock_move move
             WHERE %(picking)s = %(id)s AND %(state)s != 'cancel')""",
            demanded=demanded,
            demanded_of_product=demanded_of_product,
            picked=moves._field_to_sql("move", "quantity"),
            picking=moves._field_to_sql("move", "picking_id"),
            state=moves._field_to_sql("move", "state"),
            id=SQL.identifier(alias, "id"),
        )

    @api.model
    def _get_waiting_domain(self) -> Domain:
        return Domain("state", "!=", "draft")

    # What happens ----------------------------------------------------------------------------

    def write(self, vals):
        """Who may not override a hold does not get round it by another contact, order or place."""
        if vals.keys().isdisjoint(set(self._get_hold_fields()) - {"state"}):
            return super().write(vals)
        guarded_sudo = self._get_guarded()
        result = super().write(vals)
        self._refuse_escape(guarded_sudo)
        return result

    def button_validate(self):
        """All ways to deliver lead here: the form, the list, batches and the wizards in between."""
        self._check_hold()
        self._check_orders_of_others()
        return super().button_validate()

    def _check_orders_of_others(self):
        """Refuse goods of orders on hold in a transfer for somebody else.

        :raise UserError: for who may not override.
        """
        if self._may_override_hold():
            return
        reasons = {}
        for picking in self.filtered_domain(self._get_holdable_domain()):
            moves = picking.move_ids.filtered(
                lambda move, picking=picking: (
                    move.location_dest_id.usage == "customer"
                    # The warehouse may see neither orders nor payers.
                    and move.sudo().sale_line_id.order_id not in picking.sudo().sale_id
                )
            )
            if held_sudo := moves._get_held_orders():
                reasons[picking] = self.env._(
                    "It holds goods of orders on hold: %(orders)s.",
                    orders=", ".join(held_sudo.mapped("name")),
                )
        self._refuse_held(reasons)
