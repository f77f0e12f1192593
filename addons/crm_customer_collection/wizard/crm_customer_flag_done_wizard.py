from odoo import fields, models


class CrmCustomerFlagDoneWizard(models.TransientModel):
    """Asks what was done about an overdue customer."""

    _name = "crm.customer.flag.done.wizard"
    _description = "What Was Done About an Overdue Customer"

    flag_id = fields.Many2one("crm.customer.flag", required=True, ondelete="cascade")
    partner_id = fields.Many2one(related="flag_id.partner_id")
    note = fields.Text(
        "What Was Done", help="Read by whoever opens the customer next: in its conversation."
    )

    def action_done(self):
        """Close the activity of the flag with the note."""
        self.ensure_one()
        self.flag_id.action_mark_done(self.note)
        return {"type": "ir.actions.act_window_close"}
