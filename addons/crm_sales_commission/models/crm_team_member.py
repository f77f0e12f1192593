from odoo import api, models


class CrmTeamMember(models.Model):
    """Who earns on a team's sales earns on those of its members, also without a deal."""

    _inherit = "crm.team.member"

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        members._collect_commission()
        return members

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("active", "crm_team_id", "user_id")):
            self._collect_commission()
        return result

    def unlink(self):
        self._collect_commission()
        return super().unlink()

    def _collect_commission(self):
        # Whoever puts a team together need not see who earns on it.
        assignments = (
            self.env["crm.commission.assignment"].sudo().search([("sales_of", "=", "team")])
        )
        self.env["crm.commission.event"]._collect_everything(assignments.company_id)
