from odoo import models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

#: From so many documents on it is asked how many there are.
_MANY = 5000
#: If they are at least this part of all, reading all settlements is faster than looking up theirs.
_LARGE_PART = 1 / 3


class CrmSalesCredit(models.AbstractModel):
    """Whose sale a document is, and what became of it: the one place that says so.

    A deal's share of a document (see ``crm.lead.share``) is the sale of the deal's salesperson;
    what belongs to no deal, or to one without a salesperson, of the document's. A credit note
    without a deal counts for the salesperson of the invoice that it reverses, if it does.

    All amounts are untaxed and in company currency, those of credit notes negative.
    """

    _name = "crm.sales.credit"
    _description = "Credit for Sales"

    def _flush(self):
        """Write what the relations read, so that SQL sees what the transaction did."""
        self.env["crm.lead.share"]._flush()
        self.env["account.move"].flush_model(["invoice_user_id", "reversed_entry_id"])
        self.env["account.payment"].flush_model(["is_matched"])
        self.env["crm.lead"].flush_model(["user_id", "team_id"])
        self.env["res.users"].flush_model(["sale_team_id"])
        self.env["res.company"].flush_model(
            ["commission_counts_discount", "commission_waits_for_bank"]
        )

    def _get_relations_sql(self, document_ids: list[int]) -> SQL:
        """Relations to put behind ``WITH``, of these documents; further ones of shares.

        ``sale``: one row per document and deal (0: none): ``move_id``, ``lead_id``,
        ``company_id``, ``partner_id`` (commercial), ``salesperson_id``, ``team_id``,
        ``invoice_date``, ``untaxed``, ``decimal_places``.

        ``flow``: what became of it, as parts of 1: ``move_id``, ``lead_id``, ``settlement_key``,
        ``counterpart_line_id``, ``date``, ``kind`` (``earned``: paid; ``open``; ``lost``: written
        off or deducted), ``part``. What a credit note without a deal takes off an invoice is in
        none of them, on neither document: it is as if it had not been invoiced.
        """
        shares = self.env["crm.lead.share"]
        return SQL(
            "%s, sale AS MATERIALIZED (%s), flow AS MATERIALIZED (%s)",
            shares._get_relations_sql(
                document_ids=SQL("SELECT UNNEST(%s::int[])", document_ids),
                instalments=self._get_instalment_scope(document_ids),
            ),
            self._get_sale_sql(),
            self._get_flow_sql(),
        )

    def _get_instalment_scope(self, document_ids: list[int]) -> Scope:
        """What of the books is read for these documents: their instalments, or all."""
        if len(document_ids) >= _MANY:
            [(count,)] = self.env.execute_query(
                SQL(
                    "SELECT COUNT(*) FROM account_move WHERE %s",
                    self.env["account.receivable.document"]._get_is_document_sql("account_move"),
                )
            )
            if len(document_ids) >= count * _LARGE_PART:
                return Scope()
        return self.env["crm.lead.share"]._get_instalment_scope(document_ids)

    def _get_sale_sql(self) -> SQL:
        return SQL(
            """
            SELECT sale.*, COALESCE(sale.lead_team_id, seller.sale_team_id) AS team_id
              FROM (
                SELECT share.move_id, share.lead_id, share.untaxed, share.amount,
                       share.decimal_places, document.company_id, document.partner_id,
                       document.invoice_date, lead.team_id AS lead_team_id,
                       COALESCE(lead.user_id, origin.invoice_user_id, move.invoice_user_id)
                           AS salesperson_id,
                       COALESCE(company.commission_counts_discount, FALSE)
                           AS commission_counts_discount,
                       -- Not empty: "empty and …" would look up every payment.
                       COALESCE(company.commission_waits_for_bank, FALSE)
                           AS commission_waits_for_bank
                  FROM share
                  JOIN document ON document.id = share.move_id
                  JOIN account_move move ON move.id = share.move_id
                  JOIN res_company company ON company.id = document.company_id
                  LEFT JOIN account_move origin ON origin.id = move.reversed_entry_id
                  LEFT JOIN crm_lead lead ON lead.id = share.lead_id
                   ) sale
              LEFT JOIN res_users seller ON seller.id = sale.salesperson_id
            """
        )

    def _get_flow_sql(self) -> SQL:
        """What is not settled is open, unless nothing is due any more: a share of nothing, as of a
        final invoice after a down payment, is paid when it is posted; and so is what an invoice and
        its credit note differ in without taxes when they are matched in full.
        """
        return SQL(
            """
            WITH settled AS (
                SELECT piece.move_id, piece.lead_id,
                       COALESCE(piece.id::text, '') AS settlement_key,
                       settlement.counterpart_line_id,
                       COALESCE(piece.settlement_date, sale.invoice_date) AS date,
                       CASE WHEN piece.counted_as = 'credited'
                              OR piece.counted_as = 'matched' AND piece.lead_id = 0 THEN 'none'
                            WHEN piece.counted_as = 'written_off' THEN 'lost'
                            WHEN piece.counted_as = 'discount'
                                 AND NOT sale.commission_counts_discount
                            THEN 'lost'
                            -- An exchange difference waits with the payment that brought it about.
                            WHEN sale.commission_waits_for_bank
                                 AND settlement.other_id IS NULL
                                 AND (settlement.counterpart_line_id IS NULL
                                          AND piece.id IS NOT NULL
                                      OR (SELECT NOT payment.is_matched
                                            FROM account_move_line cause
                                            JOIN account_payment payment
                                              ON payment.id = cause.payment_id
                                           WHERE cause.id = settlement.cause_line_id))
                            THEN 'open'
                            ELSE 'earned' END AS kind,
                       CASE WHEN sale.untaxed != 0 THEN piece.amount_untaxed / sale.untaxed
                            WHEN sale.amount != 0 THEN piece.amount / sale.amount
                            ELSE 0 END AS part,
                       piece.amount
                  FROM piece
                  JOIN sale ON sale.move_id = piece.move_id AND sale.lead_id = piece.lead_id
                  LEFT JOIN settlement ON settlement.id = piece.id
                                      AND settlement.move_id = piece.move_id
            )
            SELECT move_id, lead_id, settlement_key, MIN(counterpart_line_id)
                       AS counterpart_line_id, MAX(date) AS date, kind, SUM(part) AS part
              FROM (
                SELECT move_id, lead_id, settlement_key, counterpart_line_id, date, kind, part
                  FROM settled
                 WHERE kind != 'none'
                 UNION ALL
                SELECT sale.move_id, sale.lead_id, '', NULL, sale.invoice_date,
                       CASE WHEN sale.amount = COALESCE(settled.amount, 0)
                            THEN 'earned' ELSE 'open' END,
                       1 - COALESCE(settled.part, 0)
                  FROM sale
                  LEFT JOIN (
                    SELECT move_id, lead_id, SUM(part) AS part, SUM(amount) AS amount
                      FROM settled
                     GROUP BY move_id, lead_id
                       ) settled ON settled.move_id = sale.move_id
                                AND settled.lead_id = sale.lead_id
                   ) flow
             GROUP BY move_id, lead_id, settlement_key, kind
            HAVING SUM(part) != 0
            """
        )
