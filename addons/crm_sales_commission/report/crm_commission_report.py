from odoo import fields, models
from odoo.tools import SQL


class CrmCommissionReport(models.Model):
    """Where commission stands: not paid by the customer yet, earned, payable, paid out, lost."""

    _name = "crm.commission.report"
    _inherit = ["account.company.amounts"]
    _description = "Commission Analysis"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "document_name"
    _depends = {
        "crm.commission.event": [
            "amount",
            "base",
            "company_id",
            "date",
            "document_name",
            "kind",
            "partner_id",
            "plan_id",
            "statement_id",
            "user_id",
        ],
        "crm.commission.statement": ["state"],
        "res.users": ["sale_team_id"],
    }

    date = fields.Date(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one("res.users", "Who Earns", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    plan_id = fields.Many2one("crm.commission.plan", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    document_name = fields.Char("Document Number", readonly=True)
    stage = fields.Selection(
        [
            ("accrued", "Accrued"),
            ("earned", "Earned"),
            ("payable", "Payable"),
            ("paid_out", "Paid Out"),
            ("lost", "Lost"),
        ],
        readonly=True,
        help="Accrued: invoiced, and not paid by the customer yet. Earned: paid, and on no"
        " confirmed statement yet. Payable: on a confirmed statement. Lost: written off or"
        " deducted.",
    )
    base = fields.Monetary(readonly=True, help="Sales without taxes, in company currency.")
    amount = fields.Monetary("Commission", readonly=True)

    @property
    def _table_query(self) -> SQL:
        return SQL("%s %s", self._select(), self._from())

    def _select(self) -> SQL:
        return SQL(
            """
            SELECT event.id, event.date, event.company_id, event.user_id,
                   earner.sale_team_id AS team_id, event.plan_id, event.partner_id,
                   event.document_name, event.base, event.amount,
                   CASE WHEN event.kind = 'open' THEN 'accrued'
                        WHEN event.kind = 'lost' THEN 'lost'
                        WHEN statement.state = 'paid' THEN 'paid_out'
                        WHEN statement.state = 'confirmed' THEN 'payable'
                        ELSE 'earned' END AS stage
            """
        )

    def _from(self) -> SQL:
        return SQL(
            """
              FROM crm_commission_event event
              JOIN res_users earner ON earner.id = event.user_id
              LEFT JOIN crm_commission_statement statement ON statement.id = event.statement_id
            """
        )
