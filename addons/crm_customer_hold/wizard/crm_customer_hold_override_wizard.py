from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmCustomerHoldOverrideWizard(models.TransientModel):
    """Asks why documents are to pass although their customer is on hold."""

    _name = "crm.customer.hold.override.wizard"
    _description = "Override Hold"

    res_model = fields.Char("Document Model", required=True, readonly=True)
    res_ids = fields.Char("Document IDs", required=True, readonly=True)
    hold_reason = fields.Text("Why It Is Held", compute="_compute_hold_reason")
    reason = fields.Text(
        required=True, help="Kept with your name on the document, the customer and in the log."
    )

    @api.depends("res_model", "res_ids")
    def _compute_hold_reason(self):
        for wizard in self:
            wizard.hold_reason = "\n".join(
                dict.fromkeys(wizard._get_documents()._get_hold_reasons().values())
            )

    def _get_documents(self):
        """The documents, with the user's own rights.

        :raise ValidationError: if they are none that can be held.
        """
        model = self.env.get(self.res_model)
        ids = self.res_ids.split(",")
        if (
            model is None
            or model._abstract
            or not hasattr(model, "_override_hold")
            or not all(number.strip().isdecimal() for number in ids)
        ):
            raise ValidationError(self.env._("Documents of this kind are never on hold."))
        return model.browse([int(number) for number in ids])

    def action_override(self):
        """Override the hold of the documents, and go on with what they were held from."""
        self.ensure_one()
        reason = self.reason.strip()
        if not reason:
            raise ValidationError(self.env._("Say why the hold is overridden."))
        documents = self._get_documents()
        documents._override_hold(reason)
        action = documents._continue_after_override()
        return action if isinstance(action, dict) else {"type": "ir.actions.act_window_close"}
