from odoo import fields, models

from .billing_status import BILLING_STATUSES


class CrmStage(models.Model):
    _inherit = "crm.stage"

    billing_status = fields.Selection(
        [status for status in BILLING_STATUSES if status[0] not in ("none", "credited")],
        index="btree_not_null",
        help="Opportunities move into this stage by themselves when they reach this status in"
        " accounting. Leave empty for stages that only people move opportunities to.",
    )
