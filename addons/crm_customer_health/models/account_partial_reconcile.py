from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        self.env["crm.customer.health.queue"]._enqueue_lines(
            partials.debit_move_id | partials.credit_move_id
        )
        return partials

    def unlink(self):
        self.env["crm.customer.health.queue"]._enqueue_lines(
            self.debit_move_id | self.credit_move_id
        )
        return super().unlink()
