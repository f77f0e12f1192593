from odoo import fields, models
from odoo.fields import Domain


class StockPickingType(models.Model):
    """The inventory overview counts the deliveries on hold."""

    _inherit = "stock.picking.type"

    count_picking_held = fields.Integer(
        "Deliveries on Hold",
        compute="_compute_count_picking_held",
        help="Deliveries that wait because their customer is on hold.",
    )

    def _compute_count_picking_held(self):
        """Of all types: whatever goes to a customer is held."""
        counts = dict(
            self.env["stock.picking"]._read_group(
                Domain("picking_type_id", "in", self.ids) & Domain("is_held", "=", True),
                ["picking_type_id"],
                ["__count"],
            )
        )
        for picking_type in self:
            picking_type.count_picking_held = counts.get(picking_type._origin, 0)

    def get_action_picking_tree_held(self):
        """Open the deliveries on hold of this operation type."""
        return self._get_action("crm_customer_health_stock.stock_picking_held_action")
