from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL


class CrmCustomerSuggestion(models.Model):
    """A suggested product comes onto the quotation with a click."""

    _inherit = "crm.customer.suggestion"

    def action_add_to_quotation(self):
        """Add these products to the quotation that shows them, one of each; of a category nobody
        knows which product it would be.

        The context names the order (``quotation_id``); the user's rights on it are asked.

        :raise UserError: for what is no quotation of this customer.
        """
        self.check_access("read")
        # A context comes from outside: anything may stand there.
        key = self.env.context.get("quotation_id")
        order = self.env["sale.order"].browse(key if type(key) is int else ()).exists()
        order.check_access("write")
        if (
            order.state not in ("draft", "sent")
            or self.partner_id != order.partner_id.commercial_partner_id
            or self.company_id != order.company_id
        ):
            raise UserError(
                self.env._("Save a quotation of this customer before you add products to it.")
            )
        # Two clicks at the same moment: the second one waits, is refused as the order was written
        # since it began, and is repeated by Odoo: then it sees the first one's line. A lock alone
        # would not do: having waited for it, a transaction still sees what was there before.
        self.env.cr.execute(
            SQL("UPDATE sale_order SET write_date = write_date WHERE id = %s", order.id)
        )
        known = order.order_line.product_id
        self.env["sale.order.line"].create(
            [
                {"order_id": order.id, "product_id": product.id}
                for product in self.product_id - known
            ]
        )
        return True
