from odoo import models
from odoo.tools import SQL


class AccountReceivableDocument(models.AbstractModel):
    """Sales documents: posted invoices, receipts and credit notes of customers."""

    _name = "account.receivable.document"
    _description = "Sales Documents"

    def _get_document_sql(self, scope) -> SQL:
        """One row per document, in company currency; credit notes are negative.

        Columns: ``company_id``, ``partner_id`` (commercial, as of now), ``move_id``,
        ``invoice_date``, ``is_invoice``, ``untaxed``, ``total``.

        Documents belong to the customer of their instalments. The invoice's own commercial partner
        may be another one when contacts moved between companies.
        """
        receivable = self.env["account.receivable"]
        return SQL(
            """
            SELECT move.company_id,
                   partner.commercial_partner_id AS partner_id,
                   move.id AS move_id,
                   move.invoice_date,
                   move.move_type != 'out_refund' AS is_invoice,
                   move.amount_untaxed_signed AS untaxed,
                   move.amount_total_signed AS total
              FROM account_move move
              JOIN (
                SELECT line.move_id, MIN(line.partner_id) AS partner_id
                  FROM account_move_line line
                 WHERE line.display_type = 'payment_term' AND %(partners)s
                 GROUP BY line.move_id
                   ) instalment ON instalment.move_id = move.id
              JOIN res_partner partner ON partner.id = instalment.partner_id
             WHERE move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND move.state = 'posted'
               AND %(companies)s
               AND %(known)s
            """,
            partners=receivable._get_partner_sql(SQL("line.partner_id"), scope),
            companies=receivable._get_company_sql(SQL("move.company_id"), scope),
            known=SQL("move.date <= %s", scope.as_of) if scope.as_of else SQL("TRUE"),
        )
