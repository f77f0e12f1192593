from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

#: What the e-invoice networks that may be installed say of an invoice that did not arrive.
REJECTED = {
    "l10n_it_edi_state": ["rejected", "forward_failed", "rejected_by_pa_partner"],
    "nemhandel_move_state": ["error"],
    "peppol_move_state": ["error"],
}


class AccountMove(models.Model):
    """A customer's invoice shows the customer's health; vendor bills and entries show none."""

    _name = "account.move"
    _inherit = ["account.move", "crm.customer.health.mixin"]

    # Whether a company sends anything from Odoo is asked with each computation: where it sends
    # nothing, all entries would be looked through.
    _sent_idx = models.Index("(company_id) WHERE is_move_sent")

    def _get_health_customer(self):
        partner = super()._get_health_customer()
        return partner if self.is_sale_document(include_receipts=True) else partner.browse()

    @api.depends("move_type")
    def _compute_health(self):
        return super()._compute_health()

    @api.model
    def _get_rejected_states(self) -> dict[str, list[str]]:
        """Hook: stored fields of e-invoice networks, and their values of what did not arrive."""
        return {name: states for name, states in REJECTED.items() if name in self._fields}

    @api.model
    def _get_is_rejected_sql(self, move: str) -> SQL:
        """Whether an e-invoice network rejected the invoice."""
        conditions = [
            SQL("%s = ANY(%s)", SQL.identifier(move, name), states)
            for name, states in self._get_rejected_states().items()
        ]
        if not conditions:
            return SQL("FALSE")
        return SQL("COALESCE(%s, FALSE)", SQL(" OR ").join(conditions))

    def _is_rejected(self) -> bool:
        return any(self[name] in states for name, states in self._get_rejected_states().items())

    @api.model
    def _get_health_domain(self, domain):
        types = self.get_sale_types(include_receipts=True)
        return super()._get_health_domain(domain) & Domain("move_type", "in", types)
