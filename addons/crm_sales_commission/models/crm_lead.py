from odoo import models
from odoo.tools import SQL


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def write(self, vals):
        if vals.keys().isdisjoint(("user_id", "team_id")):
            return super().write(vals)
        before = [(lead.user_id, lead.team_id) for lead in self]
        result = super().write(vals)
        changed = [
            lead.id
            for lead, (user, team) in zip(self, before, strict=True)
            if (lead.user_id, lead.team_id) != (user, team)
        ]
        if changed:
            self.env["crm.commission.event"]._collect_documents_of(
                SQL("opportunity_id = ANY(%s)", changed)
            )
        return result
