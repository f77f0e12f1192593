from odoo import api, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    @api.depends("sale_line_ids")
    def _compute_opportunity_id(self):
        """A line that comes from an order belongs to the order's deal, or to none if it has none.

        Down payments and their deduction come from order lines, too. What finance chose for a
        line stays; see :meth:`sale.order.write` for orders whose deal changes afterwards.
        """
        ordered = self.filtered(
            lambda line: (
                line.sale_line_ids
                and line.display_type == "product"
                and line.move_id.is_sale_document(include_receipts=True)
            )
        )
        for line in ordered:
            line.opportunity_id = line.opportunity_id or line._get_order_opportunity()
        return super(AccountMoveLine, self - ordered)._compute_opportunity_id()

    def _get_order_opportunity(self):
        """The deal of the line's order; a line merged from several orders takes the first deal."""
        self.ensure_one()
        return self.sale_line_ids.order_id.opportunity_id.sorted("id")[:1]
