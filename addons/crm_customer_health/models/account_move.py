from odoo import api, models
from odoo.fields import Domain


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
    def _get_health_domain(self, domain):
        types = self.get_sale_types(include_receipts=True)
        return super()._get_health_domain(domain) & Domain("move_type", "in", types)
