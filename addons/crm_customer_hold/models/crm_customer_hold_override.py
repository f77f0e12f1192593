from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_datetime

from odoo.addons.crm_accounting_bridge.document_row import DocumentRow


class CrmCustomerHoldOverride(DocumentRow, models.Model):
    """Who let which document pass although its customer was on hold, when and why.

    A log: written by :meth:`_log` only; only administrators can delete from it.
    """

    _name = "crm.customer.hold.override"
    _description = "Hold Override"
    _inherit = ["crm.customer.figures"]
    _order = "id desc"
    _rec_name = "document_name"

    partner_id = fields.Many2one(index=True)
    res_model = fields.Char("Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Document ID", model_field="res_model", required=True, readonly=True
    )
    document_name = fields.Char("Document", required=True, readonly=True)
    overridden_by_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="restrict"
    )
    reason = fields.Text(required=True, readonly=True)
    hold_reason = fields.Text(readonly=True, help="Why the document was held at that time.")
    overdue_amount = fields.Monetary(
        "Overdue",
        readonly=True,
        aggregator=None,
        help="What the customer owed overdue at that time. The override ends when it owes more.",
    )
    extent = fields.Float(
        readonly=True,
        aggregator=None,
        help="How large the document was at that time: an order's total in the company's currency,"
        " a delivery's quantity. The override ends when it grows.",
    )

    @api.model
    def _log(self, document, customer, **values):
        """Keep that the user overrode the hold of this document, here and in the chatter.

        The chatter says no amount: not everybody who reads it may see what a customer owes.

        :param values: why, and for what.
        """
        override = self.create(
            {
                "company_id": document.company_id.id,
                "partner_id": customer.commercial_partner_id.id,
                "res_model": document._name,
                "res_id": document.id,
                "document_name": document.display_name,
                "overridden_by_id": self.env.uid,
                **values,
            }
        )
        reason = override.reason
        document._message_log(body=self.env._("Hold overridden: %(reason)s", reason=reason))
        told = self.env._(
            "Hold of %(document)s overridden: %(reason)s",
            document=Markup("<a href='#' data-oe-model='%s' data-oe-id='%s'>%s</a>")
            % (document._name, document.id, document.display_name),
            reason=reason,
        )
        override.partner_id._log_on_health(override.company_id, {override.partner_id: told})
        return override

    def _get_note(self) -> str:
        """Who, when and why, in one sentence; empty without override."""
        if not self:
            return ""
        return self.env._(
            "%(user)s let it pass on %(date)s: %(reason)s",
            user=self.overridden_by_id.display_name,
            date=format_datetime(self.env, self.create_date, dt_format="short"),
            reason=self.reason,
        )
