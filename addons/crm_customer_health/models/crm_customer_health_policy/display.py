from odoo import api


class Display:
    """What the policy's form says about the last computation."""

    __slots__ = ()

    def _compute_progress(self):
        norms = {
            norm.company_id: norm
            for norm in self.env["crm.customer.health.norm"]
            .sudo()  # when, not what: whoever reads the policy may know
            .search([("company_id", "in", self.company_id.ids)])
        }
        for policy in self:
            norm = norms.get(policy.company_id)
            policy.computed_at = norm and norm.computed_at
            policy.is_recomputing = not norm or not norm.as_of_date

    @api.model
    def action_open_policy(self):
        """Open the policy of the current company."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Customer Health Policy"),
            "res_model": self._name,
            "res_id": self._get_policy(self.env.company).id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
