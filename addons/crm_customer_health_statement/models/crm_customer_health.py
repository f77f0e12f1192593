from odoo import models


class CrmCustomerHealth(models.Model):
    """The customer's statement, from where a collector works."""

    _inherit = "crm.customer.health"

    def action_print_statement(self):
        """Print what these customers have open, instalment by instalment.

        :raise AccessError: for who may not see their figures.
        """
        self.check_access("read")
        return self.partner_id.action_print_statement()

    def action_send_statement(self):
        """Write an e-mail with the customer's statement attached.

        :raise AccessError: for who may not see its figures.
        """
        self.check_access("read")
        return self.partner_id.action_send_statement()
