from odoo import api, models
from odoo.tools import SQL


class AccountInvoiceCost(models.Model):
    _inherit = "account.invoice.cost"

    @api.model
    def _on_all_receivables_changed(self, company_id, position):
        """Once the history has its costs, all documents are computed anew."""
        reached = super()._on_all_receivables_changed(company_id, position)
        if reached is None:
            plans = self.env["crm.commission.plan"].sudo()  # whoever has costs frozen
            self.env["crm.commission.event"]._collect_everything(
                plans.search([("measure", "=", "margin"), ("state", "=", "approved")]).company_id
            )
        return reached

    def _on_costs_frozen(self, move_ids):
        """What these documents earn by their margin is computed anew: after posting, and again when
        a provisional cost is replaced.
        """
        self.env["crm.commission.plan"].flush_model(["company_id", "measure", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.company_id, move.id
                  FROM account_move move
                 WHERE move.id = ANY(%s)
                   AND move.company_id IN (SELECT company_id FROM crm_commission_plan
                                            WHERE measure = 'margin' AND state = 'approved')
                """,
                list(move_ids),
            )
        )
        if rows:
            self.env["account.receivable.change"]._collect_keys("crm.commission.event", rows)
        return super()._on_costs_frozen(move_ids)
