from odoo import models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class CrmLeadShare(models.AbstractModel):
    """How documents and their settlements are shared among deals: the one place that shares.

    A document (invoice, receipt, credit note) may belong to several deals. A deal's share of it is
    what its lines book, with their taxes. Whatever settles the document, and what stays open, is
    shared in proportion to these shares, after what credit notes took off a deal directly.

    Both margins are exact to the cent. Settlements are laid end to end in the order of their dates,
    with what is open behind them, and deals in the order of their ids. What belongs to the first
    settlements and the first deals together is rounded; a deal's share of one settlement is the
    difference of four such sums. So the deals' shares of a settlement add up to the settlement, a
    deal's shares to its share of the document, and a later settlement changes no earlier share.

    What a share counts as in the deal's figures (``counted_as``):

    - ``paid``: money, and whatever settles without being a loss; a credit note that belongs to
      other deals; what deals of one document settle among each other;
    - ``discount``, ``written_off``;
    - ``credited``: taken off by credit notes that belong to no deal, and exchange differences of
      credit notes;
    - ``matched``: an invoice with the deal's own credit note, on both documents: nothing in sum,
      for the credit note has a share of its own.

    An exchange difference counts as what brought it about does: all is at the invoice's rate.

    In this SQL deal 0 is none.
    """

    _name = "crm.lead.share"
    _description = "Shares of Opportunities in Invoices"

    def _flush(self):
        """Write what the relations read, so that SQL sees what the transaction did."""
        self.env["account.receivable"]._flush()
        self.env["account.move"].flush_model(["invoice_currency_rate"])
        self.env["account.move.line"].flush_model(
            ["opportunity_id", "price_subtotal", "price_total", "tax_ids"]
        )

    def _get_documents(self, leads) -> tuple[list[int], list[int], list[int]]:
        """Which of the deals have posted documents, these documents, and their instalments.

        Asked for before the relations: PostgreSQL plans well for what is named, and not at all for
        deals without documents, which most are.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT deal.opportunity_id, line.move_id, line.id
                  FROM account_move_line deal
                  JOIN account_move_line line ON line.move_id = deal.move_id
                 WHERE deal.opportunity_id = ANY(%s)
                   AND deal.parent_state = 'posted'
                   AND %s
                """,
                list(leads.ids),
                self._get_is_instalment_sql(),
            )
        )
        return tuple(sorted(set(column)) for column in zip(*rows, strict=True)) or ([], [], [])

    def _get_instalment_scope(self, move_ids: list[int]) -> Scope:
        """The instalments of these documents. What is read has to be flushed."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM account_move_line line WHERE line.move_id = ANY(%s) AND %s",
                move_ids,
                self._get_is_instalment_sql(),
            )
        )
        return self._look_up(sorted(line_id for [line_id] in rows))

    def _look_up(self, line_ids: list[int]) -> Scope:
        return self.env["account.receivable"]._look_up(Scope(line_ids=SQL("%s::int[]", line_ids)))

    def _get_relations_sql(self, leads=None, document_ids=None, instalments=None) -> SQL:
        """Relations to put behind ``WITH``.

        ``document``, ``instalment``, ``settlement``: the documents of the deals, their instalments
        and what settled them. ``share``: one row per document and deal, known by the first of the
        deal's lines (``line_id``). ``component``: one row per
        settlement and ``counted_as`` that all deals of a document share in. ``piece``: one row per
        settlement, deal and ``counted_as``, with ``amount`` and ``amount_untaxed``; without a
        settlement it is what the deals of a document settle among each other.

        :param leads: shares of these deals; without it of all deals, and of none (0).
        :param document_ids: SQL that selects the ids of the documents; without it all of the deals.
        :param instalments: the scope of their instalments if they are known.
        """
        is_wanted = SQL("TRUE") if leads is None else SQL("lead_id = ANY(%s)", list(leads.ids))
        return SQL(
            """
            document AS MATERIALIZED (%(document)s),
            instalment AS MATERIALIZED (%(instalment)s),
            settlement AS MATERIALIZED (%(settlement)s),
            line AS (%(line)s),
            weight AS MATERIALIZED (%(weight)s),
            credit AS MATERIALIZED (%(credit)s),
            share AS MATERIALIZED (%(share)s),
            component AS MATERIALIZED (%(component)s),
            cell AS (%(cell)s),
            piece AS MATERIALIZED (%(piece)s)
            """,
            document=self._get_document_sql(document_ids or self._get_document_ids_sql(leads)),
            instalment=self._get_instalment_sql(instalments),
            settlement=self._get_settlement_sql(
                instalments
                or Scope(
                    line_ids=SQL("ARRAY(SELECT id FROM instalment)")
                    if document_ids or leads is not None
                    else None
                )
            ),
            line=self._get_line_sql(),
            weight=self._get_weight_sql(),
            credit=self._get_credit_sql(),
            share=self._get_share_sql(),
            component=self._get_component_sql(),
            cell=self._get_cell_sql(is_wanted),
            piece=self._get_piece_sql(),
        )

    def _get_document_ids_sql(self, leads) -> SQL:
        """The ids of the posted documents of the deals, or of all deals."""
        return SQL(
            "SELECT move_id FROM account_move_line WHERE %s AND parent_state = 'posted'",
            SQL("opportunity_id IS NOT NULL")
            if leads is None
            else SQL("opportunity_id = ANY(%s)", list(leads.ids)),
        )

    def _get_document_sql(self, document_ids: SQL) -> SQL:
        return SQL(
            """
            SELECT move.id, move.company_id, move.commercial_partner_id AS partner_id,
                   move.invoice_date, move.move_type != 'out_refund' AS is_invoice,
                   currency.id AS currency_id, currency.decimal_places
              FROM account_move move
              JOIN res_company company ON company.id = move.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
             WHERE move.id IN (%s) AND %s
            """,
            document_ids,
            self.env["account.receivable.document"]._get_is_document_sql("move"),
        )

    def _get_instalment_sql(self, instalments: Scope | None) -> SQL:
        return SQL(
            """
            SELECT line.id, line.move_id, line.balance, document.decimal_places
              FROM account_move_line line
              JOIN document ON document.id = line.move_id
             WHERE %s AND %s
            """,
            SQL("line.id = ANY(%s)", instalments.line_ids)
            if instalments and instalments.line_ids
            else SQL("TRUE"),
            self._get_is_instalment_sql(),
        )

    def _get_is_instalment_sql(self) -> SQL:
        """Whether ``line`` is an instalment that can have settlements."""
        return SQL(
            """
            (line.display_type = 'payment_term'
             AND line.partner_id IS NOT NULL
             AND line.account_id IN (%s))
            """,
            self.env["account.receivable"]._get_trade_account_sql(),
        )

    def _get_settlement_sql(self, instalments: Scope) -> SQL:
        """What settled the documents.

        ``other_id`` is the document of the other kind (invoice, credit note) that it was matched
        with, ``refund_id`` the one of both that takes off: the credit note. Both are empty where
        money or an entry settled it.
        """
        return SQL(
            """
            SELECT settlement.*, currency.decimal_places,
                   other.move_id AS other_id,
                   other.parent_state = 'posted' AS is_other_posted,
                   CASE WHEN other.id IS NULL THEN NULL
                        -- By its index, not from ``instalment``: the planner expects few
                        -- settlements, and would go through all instalments for each.
                        WHEN (SELECT balance < 0 FROM account_move_line
                               WHERE id = settlement.line_id)
                        THEN settlement.move_id ELSE other.move_id END AS refund_id
              FROM (%(settlements)s) settlement
              JOIN res_company company ON company.id = settlement.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
              -- Only what is matched with a document is looked up: most is settled with money.
              LEFT JOIN account_move_line other
                ON other.id = CASE WHEN settlement.settled_as = 'credit_note'
                                   THEN settlement.cause_line_id END
               AND other.display_type = 'payment_term'
             WHERE %(is_wanted)s
            """,
            settlements=self.env["account.receivable.settlement"]._get_settlement_sql(instalments),
            is_wanted=SQL("TRUE")
            if instalments.line_ids
            else SQL("settlement.line_id IN (SELECT id FROM instalment)"),
        )

    def _get_line_sql(self) -> SQL:
        """The journal items of the documents, and of those they are matched with, that say whose
        they are: each with its deal, and with the tax computed for it, in company currency.

        An early discount may reduce the taxes on the invoice already. Odoo books a pair of lines
        for it (``epd``): one with taxes, that takes the discount off what is taxed, and one
        without, that gives it back.
        """
        return SQL(
            """
            SELECT id, move_id, lead_id, display_type, balance, is_document, decimal_places,
                   tax * COALESCE(1 + SUM(balance) FILTER (
                                          WHERE is_taxed AND display_type = 'epd') OVER of_move
                                      / NULLIF(SUM(balance) FILTER (
                                          WHERE is_taxed AND display_type = 'product') OVER of_move,
                                          0), 1) AS tax
              FROM (
                SELECT line.*,
                       BOOL_OR(line.display_type = 'epd') OVER (PARTITION BY line.move_id)
                       AND EXISTS (SELECT FROM account_move_line_account_tax_rel
                                    WHERE account_move_line_id = line.id) AS is_taxed
                  FROM (
                    SELECT line.id, line.move_id, line.display_type, line.balance,
                           COALESCE(line.opportunity_id, 0) AS lead_id,
                           move.id IN (SELECT id FROM document) AS is_document,
                           currency.decimal_places,
                           CASE WHEN line.display_type = 'product'
                                THEN COALESCE(line.price_total - line.price_subtotal, 0)
                                     / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)::numeric
                                     * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END
                           END AS tax
                      FROM account_move move
                      JOIN account_move_line line ON line.move_id = move.id
                      JOIN res_currency currency ON currency.id = line.company_currency_id
                     WHERE move.id IN (SELECT id FROM document
                                        UNION
                                       SELECT other_id FROM settlement WHERE other_id IS NOT NULL)
                       AND (line.display_type IN ('product', 'epd') OR %s)
                       ) line
                   ) line
            WINDOW of_move AS (PARTITION BY move_id)
            """,
            self._get_is_instalment_sql(),
        )

    def _get_weight_sql(self) -> SQL:
        """Every deal's share of a document (``exact``, and ``amount`` in cents), and where it
        begins and ends in it (``since``, ``upto``, as parts of 1).

        A deal's lines with the taxes computed for them. What the document differs from that (taxes
        rounded or corrected for all lines together, rounding of cash) belongs to the deals with
        taxes; where it is no matter of taxes, to all.
        """
        return SQL(
            """
            SELECT weight.*,
                   ROUND(running, decimal_places) - ROUND(running - exact, decimal_places)
                       AS amount,
                   CASE WHEN total != 0 THEN (running - exact) / total
                        WHEN ordinal = 1 THEN 0 ELSE 1 END AS since,
                   CASE WHEN total != 0 THEN running / total ELSE 1 END AS upto
              FROM (
                SELECT weight.*,
                       SUM(exact) OVER (PARTITION BY move_id ORDER BY ordinal) AS running
                  FROM (
                    SELECT move_id, lead_id, line_id, ordinal, untaxed, total,
                           is_document, decimal_places,
                           gross + difference * COALESCE(
                               weight / NULLIF(SUM(weight) OVER (PARTITION BY move_id), 0),
                               1.0 / COUNT(*) OVER (PARTITION BY move_id)) AS exact
                      FROM (
                        SELECT deal.*,
                               total - SUM(gross) OVER of_move AS difference,
                               ROW_NUMBER() OVER (of_move ORDER BY lead_id = 0, lead_id)
                                   AS ordinal,
                               CASE WHEN ABS(total - SUM(gross) OVER of_move)
                                         <= SUM(ABS(tax)) OVER of_move
                                    THEN ABS(tax) ELSE ABS(gross) END AS weight
                          FROM (
                            SELECT move_id, lead_id, is_document, decimal_places,
                                   MIN(id) FILTER (WHERE display_type = 'product') AS line_id,
                                   -SUM(balance) FILTER (WHERE display_type = 'product') AS untaxed,
                                   SUM(tax) AS tax,
                                   SUM(tax) - SUM(balance) FILTER (WHERE display_type = 'product')
                                       AS gross,
                                   SUM(SUM(balance) FILTER (WHERE display_type = 'payment_term'))
                                       OVER (PARTITION BY move_id) AS total
                              FROM line
                             GROUP BY move_id, lead_id, is_document, decimal_places
                               ) deal
                         -- Instalments are nobody's: they make no part without a deal.
                         WHERE untaxed IS NOT NULL AND total IS NOT NULL
                        WINDOW of_move AS (PARTITION BY move_id)
                           ) difference
                       ) weight
                   ) weight
            """
        )

    def _get_credit_sql(self) -> SQL:
        """What credit notes take off which deal, seen from both documents.

        ``is_direct``: a credit note's share for a deal that is also on the invoice, and what a
        credit note without a deal uses up of itself: it concerns no other deal. Not direct and
        without a deal: it comes off all deals of the invoice. Anything else settles other deals'
        invoices like money. A credit note that went back to draft has no share to be matched with:
        it only takes off.

        ``matched_untaxed``: what is matched without taxes, by the lines of the document that is
        matched in full.
        """
        return SQL(
            """
            SELECT piece.*,
                   CASE WHEN counted_as = 'matched' THEN
                        ROUND(running * untaxed_part, decimal_places)
                        - ROUND((running - amount) * untaxed_part, decimal_places)
                   END AS matched_untaxed
              FROM (
                SELECT piece.*,
                       SUM(amount) OVER (of_match ORDER BY id) AS running,
                       CASE WHEN SUM(amount) OVER of_match = SIGN(amount) * invoice_amount
                            THEN invoice_untaxed_part ELSE refund_untaxed_part
                       END AS untaxed_part
                  FROM (
                    SELECT matching.id, matching.move_id, matching.other_id,
                           matching.settlement_date, matching.decimal_places,
                           part.lead_id, %(amount)s AS amount,
                           own.is_own OR (part.lead_id = 0
                                          AND matching.move_id = matching.refund_id) AS is_direct,
                           CASE WHEN own.is_own
                                THEN CASE WHEN matching.kind = 'exchange'
                                            OR NOT matching.is_other_posted
                                          THEN 'credited' ELSE 'matched' END
                                WHEN part.lead_id = 0
                                THEN CASE WHEN matching.move_id = matching.refund_id
                                          THEN 'matched' ELSE 'credited' END
                                ELSE 'paid' END AS counted_as,
                           refund.untaxed / NULLIF(refund.exact, 0) AS refund_untaxed_part,
                           invoice.amount AS invoice_amount,
                           invoice.untaxed / NULLIF(invoice.amount, 0) AS invoice_untaxed_part
                      FROM (
                        SELECT settlement.*,
                               CASE WHEN settlement.move_id = settlement.refund_id
                                    THEN settlement.other_id ELSE settlement.move_id
                               END AS invoice_id,
                               SUM(settlement.amount) OVER (
                                   PARTITION BY settlement.move_id, settlement.other_id,
                                                settlement.kind = 'exchange'
                                   ORDER BY settlement.id) AS running
                          FROM settlement
                         WHERE settlement.other_id IS NOT NULL
                           ) matching
                      LEFT JOIN weight refund ON refund.move_id = matching.refund_id
                     CROSS JOIN LATERAL (
                        SELECT COALESCE(refund.lead_id, 0) AS lead_id,
                               COALESCE(refund.since, 0) AS since,
                               COALESCE(refund.upto, 1) AS upto
                           ) part
                      LEFT JOIN weight invoice
                        ON invoice.move_id = matching.invoice_id AND invoice.lead_id = part.lead_id
                     CROSS JOIN LATERAL (
                        SELECT part.lead_id != 0 AND invoice.move_id IS NOT NULL AS is_own
                           ) own
                       ) piece
                WINDOW of_match AS (PARTITION BY move_id, other_id, lead_id, counted_as)
                   ) piece
            """,
            amount=self._get_share_amount_sql(
                SQL("matching.running"),
                SQL("matching.amount"),
                SQL("part"),
                SQL("matching.decimal_places"),
            ),
        )

    def _get_share_amount_sql(
        self, running: SQL, amount: SQL, part: SQL, decimal_places: SQL
    ) -> SQL:
        """The share that lies between two parts of 1 (``part.since``, ``part.upto``) of an amount,
        rounded along both: over the amounts before it, and over the parts before it.
        """
        return SQL(
            """
            (ROUND(%(running)s * %(part)s.upto, %(decimal_places)s)
             - ROUND((%(running)s - %(amount)s) * %(part)s.upto, %(decimal_places)s)
             - ROUND(%(running)s * %(part)s.since, %(decimal_places)s)
             + ROUND((%(running)s - %(amount)s) * %(part)s.since, %(decimal_places)s))
            """,
            running=running,
            amount=amount,
            part=part,
            decimal_places=decimal_places,
        )

    def _get_share_sql(self) -> SQL:
        """Each deal's share of a document (``amount``, ``untaxed``), and where it begins and ends
        in what is left of the document when credit notes took off what they took directly
        (``rest``, ``since``, ``upto``).
        """
        return SQL(
            """
            SELECT move_id, lead_id, line_id, untaxed, amount, rest, total_rest, decimal_places,
                   amount != total AND rest != amount AS is_inexact,
                   CASE WHEN total_rest = 0 THEN since
                        ELSE (running - rest) / total_rest END AS since,
                   CASE WHEN total_rest = 0 THEN upto
                        ELSE running / total_rest END AS upto
              FROM (
                SELECT share.*,
                       SUM(rest) OVER (PARTITION BY move_id ORDER BY ordinal) AS running,
                       SUM(rest) OVER (PARTITION BY move_id) AS total_rest
                  FROM (
                    SELECT move_id, lead_id, MAX(line_id) AS line_id,
                           MAX(ordinal) AS ordinal, MAX(decimal_places) AS decimal_places,
                           MAX(total) AS total, MAX(since) AS since, MAX(upto) AS upto,
                           SUM(untaxed) AS untaxed, SUM(amount) AS amount,
                           SUM(amount) - SUM(direct) AS rest
                      FROM (
                        SELECT move_id, lead_id, line_id, ordinal, decimal_places, total,
                               since, upto, untaxed, amount, 0 AS direct
                          FROM weight
                         WHERE is_document
                         UNION ALL
                        SELECT move_id, lead_id, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, amount
                          FROM credit
                         WHERE is_direct
                           ) share
                     GROUP BY move_id, lead_id
                       ) share
                   ) share
            """
        )

    def _get_component_sql(self) -> SQL:
        """What all deals of a document share in: its settlements by what they count as, in the
        order of their dates, with their running total.
        """

        return SQL(
            """
            SELECT component.*,
                   SUM(amount) OVER (PARTITION BY move_id
                                     ORDER BY settlement_date, id, counted_as) AS running
              FROM (
                SELECT settlement.id, settlement.move_id, settlement.settlement_date,
                       CASE settlement.settled_as WHEN 'discount' THEN 'discount'
                                                  WHEN 'write_off' THEN 'written_off'
                                                  ELSE 'paid' END AS counted_as,
                       settlement.amount
                  FROM settlement
                 WHERE settlement.other_id IS NULL
                 UNION ALL
                SELECT id, move_id, settlement_date, counted_as, SUM(amount)
                  FROM credit
                 WHERE NOT is_direct
                 GROUP BY id, move_id, settlement_date, counted_as
                   ) component
            """
        )

    def _get_cell_sql(self, is_wanted: SQL) -> SQL:
        """The deals' shares of the documents' settlements, in cents."""
        return SQL(
            """
            SELECT move_id, lead_id, id, settlement_date, counted_as,
                   SUM(amount) AS amount, SUM(matched_untaxed) AS matched_untaxed
              FROM (
                SELECT share.move_id, share.lead_id, component.id, component.settlement_date,
                       component.counted_as, %(amount)s AS amount, NULL::numeric AS matched_untaxed
                  FROM component
                  JOIN share ON share.move_id = component.move_id
                 UNION ALL
                SELECT move_id, lead_id, id, settlement_date, counted_as, amount, matched_untaxed
                  FROM credit
                 WHERE is_direct
                 UNION ALL
                SELECT move_id, lead_id, NULL, NULL, 'paid', rest, NULL
                  FROM share
                 WHERE total_rest = 0
                   ) cell
             WHERE %(is_wanted)s
             GROUP BY move_id, lead_id, id, settlement_date, counted_as
            HAVING SUM(amount) != 0
            """,
            amount=self._get_share_amount_sql(
                SQL("component.running"),
                SQL("component.amount"),
                SQL("share"),
                SQL("share.decimal_places"),
            ),
            is_wanted=is_wanted,
        )

    def _get_piece_sql(self) -> SQL:
        """The same with what they are without taxes: of a credit note what its own lines say, of
        everything else in proportion to what is left.
        """
        return SQL(
            """
            SELECT move_id, lead_id, line_id, id, settlement_date, counted_as, amount,
                   COALESCE(matched_untaxed,
                            ROUND(left_untaxed * running / NULLIF(left_amount, 0), decimal_places)
                            - ROUND(left_untaxed * (running - amount) / NULLIF(left_amount, 0),
                                    decimal_places),
                            0) AS amount_untaxed
              FROM (
                SELECT cell.*, share.decimal_places, share.line_id,
                       share.untaxed - COALESCE(SUM(cell.matched_untaxed) OVER of_deal, 0)
                           AS left_untaxed,
                       share.amount - COALESCE(SUM(cell.amount) FILTER (
                           WHERE cell.matched_untaxed IS NOT NULL) OVER of_deal, 0) AS left_amount,
                       SUM(cell.amount) FILTER (WHERE cell.matched_untaxed IS NULL) OVER (
                           of_deal ORDER BY cell.settlement_date, cell.id, cell.counted_as)
                           AS running
                  FROM cell
                  JOIN share ON share.move_id = cell.move_id AND share.lead_id = cell.lead_id
                WINDOW of_deal AS (PARTITION BY cell.move_id, cell.lead_id)
                   ) piece
            """
        )
