from odoo import fields, models


class CrmCommissionReport(models.Model):
    _name = "crm.commission.report"
    _inherit = ["crm.commission.report", "crm.commission.margin"]

    # What one user sees is not what another one does in the same transaction.
    base = fields.Monetary(depends_context=["uid"])
