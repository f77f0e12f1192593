from odoo import api, models


class AccountMergeWizard(models.TransientModel):
    _inherit = "account.merge.wizard"

    @api.model
    def _action_merge(self, accounts):
        # Journal items and companies' accounts are changed by SQL, past all hooks.
        self.env["account.receivable.change"]._collect_all()
        return super()._action_merge(accounts)
