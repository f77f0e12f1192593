from odoo import fields, models
from odoo.fields import Domain

from odoo.addons.crm_accounting_bridge.models.billing_status import BILLING_GROUPS


class SaleOrder(models.Model):
    _inherit = "sale.order"

    opportunity_billing_status = fields.Selection(
        related="opportunity_id.billing_status",
        string="Opportunity Billing",
        groups=BILLING_GROUPS,
        help="What became of this order's opportunity in accounting, all its orders and invoices"
        " together.",
    )

    def _field_to_sql(self, alias, field_expr, query=None):
        # Odoo follows a related field to where it leads without asking who may read the field.
        if field_expr == "opportunity_billing_status":
            self._check_field_access(self._fields[field_expr], "read")
        return super()._field_to_sql(alias, field_expr, query)

    def _compute_amounts(self):
        self._collect_opportunity_billing()
        return super()._compute_amounts()

    def _compute_invoice_status(self):
        # It depends on the state, on ordered, delivered and invoiced quantities.
        self._collect_opportunity_billing()
        return super()._compute_invoice_status()

    def _collect_opportunity_billing(self):
        """What is ordered or to be invoiced changes: the billing status of the deal may, too."""
        # Not those of a form that is being filled in.
        self.filtered("id").opportunity_id._collect_billing()

    def write(self, vals):
        if "opportunity_id" not in vals:
            return super().write(vals)
        orders_by_deal = self.grouped("opportunity_id")
        result = super().write(vals)
        for deal_before, orders in orders_by_deal.items():
            (deal_before | orders.opportunity_id)._collect_billing()
            orders._move_invoice_lines(deal_before)
        return result

    def unlink(self):
        self._collect_opportunity_billing()
        return super().unlink()

    def _move_invoice_lines(self, deal_before):
        """Have the orders' invoice lines follow the orders to another deal.

        Only lines that were with the orders' former deal follow: a line that finance gave to
        another deal, or took off, was meant to differ from its order.

        :param deal_before: the deal of all these orders before; empty if they had none.
        """
        moved = self.filtered(lambda order: order.opportunity_id != deal_before)
        if not moved:
            return
        # Whoever may change an order's deal need not be allowed to see its invoices.
        lines_sudo = (
            self.env["account.move.line"]
            .sudo()
            .search(
                Domain("sale_line_ids.order_id", "in", moved.ids)
                & Domain("opportunity_id", "=", deal_before.id)
                & Domain("display_type", "=", "product")
                & Domain("move_id.move_type", "in", ("out_invoice", "out_refund", "out_receipt"))
            )
        )
        for deal, lines in lines_sudo.grouped(lambda line: line._get_order_opportunity()).items():
            lines.opportunity_id = deal
