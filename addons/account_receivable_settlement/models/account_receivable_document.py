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
        may be another one when contacts moved between companies. What a credit note takes off an
        invoice counts at the invoice's rate: what rates did meanwhile is the company's result.
        """
        receivable = self.env["account.receivable"]
        exchange = SQL("SELECT NULL::int AS move_id, NULL::numeric AS amount WHERE FALSE")
        if "special" not in scope.without:
            exchange = self._get_exchange_sql(scope)
        return SQL(
            """
            SELECT move.company_id,
                   partner.commercial_partner_id AS partner_id,
                   move.id AS move_id,
                   move.invoice_date,
                   move.move_type != 'out_refund' AS is_invoice,
                   move.amount_untaxed_signed + COALESCE(ROUND(
                       exchange.amount * move.amount_untaxed_signed
                           / NULLIF(move.amount_total_signed, 0),
                       currency.decimal_places), 0) AS untaxed,
                   move.amount_total_signed + COALESCE(exchange.amount, 0) AS total
              FROM account_move move
              JOIN (
                SELECT line.move_id, MIN(line.partner_id) AS partner_id
                  FROM account_move_line line
                 WHERE line.display_type = 'payment_term' AND %(partners)s
                 GROUP BY line.move_id
                   ) instalment ON instalment.move_id = move.id
              JOIN res_partner partner ON partner.id = instalment.partner_id
              JOIN res_company company ON company.id = move.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
              LEFT JOIN (%(exchange)s) exchange ON exchange.move_id = move.id
             WHERE %(is_document)s
               AND %(companies)s
               AND %(known)s
            """,
            partners=receivable._get_partner_sql(SQL("line.partner_id"), scope),
            exchange=exchange,
            is_document=self._get_is_document_sql("move"),
            companies=receivable._get_company_sql(SQL("move.company_id"), scope),
            known=SQL("move.date <= %s", scope.as_of) if scope.as_of else SQL("TRUE"),
        )

    def _get_is_document_sql(self, move: str) -> SQL:
        """Whether an entry is a posted invoice, receipt or credit note of a customer."""
        return SQL(
            "(%s IN ('out_invoice', 'out_refund', 'out_receipt') AND %s = 'posted')",
            SQL.identifier(move, "move_type"),
            SQL.identifier(move, "state"),
        )

    def _get_exchange_sql(self, scope) -> SQL:
        """What the company lost (negative) on credit notes that are matched with an invoice of
        another rate: ``move_id`` of the credit note, ``amount``.

        A reconciliation notes the exchange entry that it brought about, which is matched with what
        was left of one of the two.
        """
        return SQL(
            """
            SELECT move_id, SUM(amount) AS amount
              FROM (
                SELECT DISTINCT ON (difference.id) credit.move_id,
                       CASE WHEN difference.debit_move_id = debit.id THEN -difference.amount
                            ELSE difference.amount END AS amount
                  FROM account_partial_reconcile matching
                  JOIN account_move_line debit
                    ON debit.id = matching.debit_move_id AND debit.display_type = 'payment_term'
                  JOIN account_move_line credit
                    ON credit.id = matching.credit_move_id AND credit.display_type = 'payment_term'
                  JOIN account_move_line item ON item.move_id = matching.exchange_move_id
                  JOIN account_partial_reconcile difference
                    ON (difference.debit_move_id = debit.id AND difference.credit_move_id = item.id)
                    OR (difference.debit_move_id = item.id
                        AND difference.credit_move_id = credit.id)
                 WHERE matching.exchange_move_id IS NOT NULL
                   AND %(partners)s
                   AND %(known)s
                 ORDER BY difference.id, matching.id
              ) difference
             GROUP BY move_id
            """,
            partners=self.env["account.receivable"]._get_partner_sql(
                SQL("credit.partner_id"), scope
            ),
            known=SQL("matching.max_date <= %s", scope.as_of) if scope.as_of else SQL("TRUE"),
        )
