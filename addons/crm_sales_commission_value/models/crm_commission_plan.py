from odoo import fields, models


class CrmCommissionPlan(models.Model):
    _inherit = "crm.commission.plan"

    measure = fields.Selection(
        selection_add=[("margin", "Margin of Paid")],
        ondelete={"margin": lambda plans: plans._give_up_margin()},
        help="Paid: commission is earned as invoices are paid, and taken back when a payment"
        " bounces. Invoiced: it is earned when they are posted. Margin of paid: as invoices are"
        " paid, on what is left of them after cost; lines of unknown cost earn nothing until it is"
        " known. All without taxes, net of credit notes.",
    )

    def _give_up_margin(self):
        """The addon goes: drafts become plans of what was paid. Approved plans stay as they are,
        and earn nothing any more; what was earned by them stays.
        """
        self.filtered(lambda plan: plan.state == "draft").write({"measure": "paid"})
