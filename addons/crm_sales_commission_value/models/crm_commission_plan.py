from odoo import fields, models


class CrmCommissionPlan(models.Model):
    _inherit = "crm.commission.plan"

    measure = fields.Selection(
        selection_add=[("margin", "Margin of Paid")],
        ondelete={"margin": lambda plans: plans._give_up_margin()},
    )

    def _give_up_margin(self):
        """The addon goes: drafts become plans of what was paid. Approved plans stay as they are,
        and earn nothing any more; what was earned by them stays.
        """
        self.filtered(lambda plan: plan.state == "draft").write({"measure": "paid"})
