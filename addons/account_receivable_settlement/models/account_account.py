from odoo import api, fields, models
from odoo.tools import SQL

from ..proposals import PROPOSALS


class AccountAccount(models.Model):
    _inherit = "account.account"

    receivable_reading = fields.Selection(
        [
            ("money", "Money"),
            ("loss", "Loss"),
            ("cost", "Cost of being paid"),
            ("owed", "Still owed"),
            ("not_judged", "Not judged"),
        ],
        string="Settles Receivables As",
        tracking=True,
        help="How a receivable is read that is settled by an entry on this account. Without a"
        " choice the kind of account decides.\n"
        "Money: the customer has paid. Loss: it was written off. Cost of being paid: fees that"
        " are no loss of the customer's making; it counts as paid. Still owed: the claim only"
        " changes its account (bills, doubtful claims); it is settled when this is.\n"
        "Not judged: cleared, but it says nothing of how the customer pays.",
    )
    receivable_proposal = fields.Selection(
        [("loss", "Loss"), ("owed", "Still owed")],
        string="Proposed for Receivables",
        readonly=True,
        help="Charts of accounts call some claims on customers, and allowances for them, current"
        " assets. Until somebody chooses how this account settles receivables, what is booked on"
        " it counts as still owed.",
    )

    def write(self, vals):
        # Its type, or how Accounting marked it, tells how entries are read.
        with self.env["account.receivable.change"]._watch_settings(self, vals):
            return super().write(vals)

    @api.model
    def _propose_receivable_readings(self, companies=None):
        """Propose how accounts of known charts settle receivables, where nobody has said it.

        :param companies: only accounts of their charts; of all without it.
        """
        self.flush_model(["receivable_proposal", "receivable_reading"])
        self.env["res.company"].flush_model(["chart_template"])
        self.env["ir.model.data"].flush_model(["model", "module", "name", "res_id"])
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE account_account account
                   SET receivable_proposal = proposal.reading
                  FROM (VALUES %(proposals)s) proposal (chart, name, reading),
                       res_company company,
                       ir_model_data data
                 WHERE starts_with(company.chart_template || '_', proposal.chart || '_')
                   AND data.module = 'account'
                   AND data.model = 'account.account'
                   AND data.name = company.id || '_' || proposal.name
                   AND account.id = data.res_id
                   AND account.receivable_reading IS NULL
                   AND account.receivable_proposal IS NULL
                   AND %(companies)s
                RETURNING account.id
                """,
                proposals=SQL(", ").join(
                    SQL("(%s, %s, %s)", chart, name, reading)
                    for chart, readings in PROPOSALS.items()
                    for reading, names in readings.items()
                    for name in names
                ),
                companies=SQL("company.id = ANY(%s)", list(companies.ids))
                if companies
                else SQL("TRUE"),
            )
        )
        if rows:
            self.invalidate_model(["receivable_proposal"])
            self.env["account.receivable.change"]._collect_all()
