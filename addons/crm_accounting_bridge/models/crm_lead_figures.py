from odoo import models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class CrmLead(models.Model):
    """How a deal's figures come out of the journals: one statement for any number of deals.

    A document (invoice, receipt, credit note) may belong to several deals. Its total, taxes
    included, is shared by the lines' amounts; what became of it (paid, discount, write-off, open,
    overdue) is shared in the same proportion, after what credit notes took off a deal directly.
    Every rounding runs on cumulated sums, over the deals as well as over the components, so that
    all deals of a document add up to the document, and each deal's components to its total, to the
    cent: ``invoiced_total = paid_total + discount_total + written_off_total + due_total``.
    """

    _inherit = "crm.lead"

    def _get_billing_figures(self) -> dict[int, dict]:
        """Figures of the deals that have posted documents, by deal id.

        Computed with full rights, for salespeople may not read the invoices: only sums and dates
        leave this method. Amounts are in the currency ``currency_id`` of the row: that of the
        deal's company, else the one of all its documents, else that of the first company.
        ``inexact`` is what shares of credited documents may lack or exceed by rounding.
        """
        if not self.ids:
            return {}
        self.env["account.receivable"]._flush()
        self.env["account.move.line"].flush_model(
            ["company_currency_id", "opportunity_id", "price_subtotal", "price_total"]
        )
        self.env["crm.lead"].flush_model(["company_id"])
        # Most deals are not invoiced: the statement of figures is planned only for those that are.
        billed = self.browse(
            lead_id
            for (lead_id,) in self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT opportunity_id
                      FROM account_move_line
                     WHERE opportunity_id = ANY(%s) AND parent_state = 'posted'
                    """,
                    list(self.ids),
                )
            )
        )
        if not billed:
            return {}
        rows = self.env.execute_query_dict(billed._get_figures_sql())
        return {row["lead_id"]: row for row in rows}

    def _get_figures_sql(self) -> SQL:
        settlement_sql = self.env["account.receivable.settlement"]._get_settlement_sql(
            Scope(line_ids=SQL("ARRAY(SELECT id FROM instalment)"))
        )
        return SQL(
            """
            WITH today (company_id, date) AS (%(today)s),
            document AS MATERIALIZED (%(document)s),
            instalment AS MATERIALIZED (%(instalment)s),
            settlement AS MATERIALIZED (%(settlement)s),
            matching AS MATERIALIZED (%(matching)s),
            weight AS MATERIALIZED (%(weight)s),
            credit AS (%(credit)s),
            component AS (%(component)s),
            share AS (%(share)s),
            cell AS (%(cell)s),
            ledger AS (%(ledger)s),
            converted AS (%(converted)s)
            %(figures)s
            """,
            today=self.env["account.receivable"]._get_today_sql(),
            document=self._get_document_sql(),
            instalment=self._get_instalment_sql(),
            settlement=settlement_sql,
            matching=self._get_matching_sql(),
            weight=self._get_weight_sql(),
            credit=self._get_credit_sql(),
            component=self._get_component_sql(),
            share=self._get_share_sql(),
            cell=self._get_cell_sql(),
            ledger=self._get_ledger_sql(),
            converted=self._get_converted_sql(),
            figures=self._get_sum_sql(),
        )

    def _get_document_sql(self) -> SQL:
        """The deals' posted documents."""
        return SQL(
            """
            SELECT move.id, move.company_id, move.invoice_date, today.date AS today,
                   move.move_type = 'out_refund' AS is_refund,
                   move.payment_state = 'blocked' AS is_disputed,
                   currency.id AS currency_id, currency.decimal_places
              FROM account_move move
              JOIN res_company company ON company.id = move.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
              JOIN today ON today.company_id = move.company_id
             WHERE move.id IN (SELECT move_id
                                 FROM account_move_line
                                WHERE opportunity_id = ANY(%s) AND parent_state = 'posted')
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND move.state = 'posted'
            """,
            list(self.ids),
        )

    def _get_instalment_sql(self) -> SQL:
        """The documents' instalments."""
        return SQL(
            """
            SELECT line.id, line.move_id, line.balance, line.amount_residual,
                   %s AS due_date
              FROM account_move_line line
              JOIN document ON document.id = line.move_id
             WHERE line.display_type = 'payment_term'
            """,
            self.env["account.receivable"]._get_due_date_sql("line"),
        )

    def _get_matching_sql(self) -> SQL:
        """What of a document was settled with a document of the other kind (invoice, credit note).

        An exchange difference that such a matching brought about belongs to it.
        """
        return SQL(
            """
            SELECT settlement.move_id AS document_id, other.move_id AS other_id,
                   CASE WHEN document.is_refund THEN document.id ELSE other.move_id END
                       AS refund_id,
                   SUM(settlement.amount) AS amount,
                   SUM(settlement.amount) FILTER (WHERE settlement.kind = 'exchange') AS exchange
              FROM settlement
              JOIN document ON document.id = settlement.move_id
              JOIN account_move_line other ON other.id = settlement.cause_line_id
             WHERE other.display_type = 'payment_term'
             GROUP BY settlement.move_id, other.move_id, document.is_refund, document.id
            """
        )

    def _get_weight_sql(self) -> SQL:
        """Every deal's weight in a document, and in those it is matched with; deal 0 is none."""
        return SQL(
            """
            SELECT line.move_id, COALESCE(line.opportunity_id, 0) AS lead_id,
                   SUM(line.price_total) AS weight,
                   -SUM(line.balance) AS untaxed,
                   -SUM(line.balance * line.price_total / NULLIF(line.price_subtotal, 0)) AS taxed,
                   SUM(SUM(line.price_total)) OVER running AS upto,
                   SUM(SUM(line.price_total)) OVER (PARTITION BY line.move_id) AS total
              FROM account_move_line line
             WHERE line.move_id IN (SELECT id FROM document UNION SELECT other_id FROM matching)
               AND line.display_type = 'product'
             GROUP BY line.move_id, COALESCE(line.opportunity_id, 0)
            WINDOW running AS (PARTITION BY line.move_id
                               ORDER BY COALESCE(line.opportunity_id, 0) = 0,
                                        COALESCE(line.opportunity_id, 0))
            """
        )

    def _get_credit_sql(self) -> SQL:
        """What credit notes take off which deal, seen from both documents.

        ``is_direct``: a credit note's share for a deal that is also on the invoice, and what a
        credit note without a deal uses up of itself: it concerns no other deal. Not direct and
        without a deal: it comes off all deals of the invoice. Anything else settles other deals'
        invoices like money.
        """
        return SQL(
            """
            SELECT document_id, lead_id, is_direct,
                   SUM(amount) AS amount, SUM(exchange) AS exchange
              FROM (
                SELECT matching.document_id, weight.lead_id,
                       CASE WHEN weight.lead_id = 0
                            THEN matching.document_id = matching.refund_id
                            ELSE (CASE WHEN matching.document_id = matching.refund_id
                                       THEN matching.other_id ELSE matching.document_id END,
                                  weight.lead_id)
                                 IN (SELECT move_id, lead_id FROM weight)
                       END AS is_direct,
                       ROUND(matching.amount * weight.upto / NULLIF(weight.total, 0),
                             document.decimal_places)
                       - ROUND(matching.amount * (weight.upto - weight.weight)
                               / NULLIF(weight.total, 0), document.decimal_places) AS amount,
                       ROUND(matching.exchange * weight.upto / NULLIF(weight.total, 0),
                             document.decimal_places)
                       - ROUND(matching.exchange * (weight.upto - weight.weight)
                               / NULLIF(weight.total, 0), document.decimal_places) AS exchange
                  FROM matching
                  JOIN document ON document.id = matching.document_id
                  JOIN weight ON weight.move_id = matching.refund_id
              ) piece
             WHERE lead_id = 0 OR is_direct
             GROUP BY document_id, lead_id, is_direct
            """
        )

    def _get_component_sql(self) -> SQL:
        """What became of each document: running limits of overdue, open, lost, credited, all."""
        return SQL(
            """
            SELECT document.id,
                   COALESCE(balance.total, 0) AS total,
                   COALESCE(balance.overdue, 0) AS overdue,
                   limits.open,
                   limits.open + limits.discount AS upto_discount,
                   limits.open + limits.discount + limits.written_off AS upto_written_off,
                   limits.open + limits.discount + limits.written_off
                       + COALESCE(credited.amount, 0) AS upto_credited,
                   balance.next_due_date, lost.payment_date, lost.credit_date,
                   CASE WHEN limits.open = 0 THEN lost.settlement_date
                        ELSE GREATEST(document.invoice_date, lost.settlement_date)
                   END AS settlement_date
              FROM document
              -- Grouped once and joined: looked up per document, many deals would take long.
              LEFT JOIN (
                SELECT open.move_id,
                       SUM(open.balance) AS total,
                       SUM(open.amount) AS open,
                       SUM(open.amount) FILTER (
                           WHERE open.due_date < document.today AND open.amount > 0
                             AND NOT document.is_disputed) AS overdue,
                       MIN(open.due_date) FILTER (WHERE open.amount > 0) AS next_due_date
                  FROM (
                    SELECT instalment.move_id, instalment.balance, instalment.due_date,
                           instalment.amount_residual - COALESCE(unposted.amount, 0) AS amount
                      FROM instalment
                      LEFT JOIN (
                        SELECT line_id, SUM(amount) AS amount
                          FROM settlement
                         WHERE counterpart_line_id IS NULL
                         GROUP BY line_id
                           ) unposted ON unposted.line_id = instalment.id
                       ) open
                  JOIN document ON document.id = open.move_id
                 GROUP BY open.move_id
                   ) balance ON balance.move_id = document.id
              LEFT JOIN (
                SELECT move_id,
                       SUM(amount) FILTER (WHERE kind = 'discount') AS discount,
                       SUM(amount) FILTER (WHERE kind = 'write_off') AS written_off,
                       MAX(settlement_date) FILTER (WHERE kind = 'payment' AND amount > 0)
                           AS payment_date,
                       MAX(settlement_date) FILTER (WHERE kind = 'credit_note') AS credit_date,
                       MAX(settlement_date) AS settlement_date
                  FROM settlement
                 GROUP BY move_id
                   ) lost ON lost.move_id = document.id
              LEFT JOIN (
                SELECT document_id, SUM(amount) AS amount
                  FROM credit
                 WHERE NOT is_direct
                 GROUP BY document_id
                   ) credited ON credited.document_id = document.id
             CROSS JOIN LATERAL (
                SELECT COALESCE(balance.open, 0) AS open,
                       COALESCE(lost.discount, 0) AS discount,
                       COALESCE(lost.written_off, 0) AS written_off
                   ) limits
            """
        )

    def _get_share_sql(self) -> SQL:
        """Each deal's share of a document: as invoiced, and after what was credited directly."""
        return SQL(
            """
            SELECT invoiced.*,
                   amount - direct AS rest,
                   SUM(amount - direct) OVER running AS upto_rest,
                   SUM(amount - direct) OVER (PARTITION BY document_id) AS total_rest
              FROM (
                SELECT document.id AS document_id, weight.lead_id, weight.untaxed,
                       CASE WHEN weight.total = 0
                            THEN ROUND(COALESCE(weight.taxed, 0), document.decimal_places)
                            ELSE ROUND(component.total * weight.upto / weight.total,
                                       document.decimal_places)
                                 - ROUND(component.total * (weight.upto - weight.weight)
                                         / weight.total, document.decimal_places)
                       END AS amount,
                       COALESCE(credit.amount, 0) AS direct,
                       COALESCE(credit.exchange, 0) AS exchange
                  FROM document
                  JOIN component ON component.id = document.id
                  JOIN weight ON weight.move_id = document.id
                  LEFT JOIN credit ON credit.document_id = document.id AND credit.is_direct
                                  AND credit.lead_id = weight.lead_id
              ) invoiced
            WINDOW running AS (PARTITION BY document_id ORDER BY lead_id = 0, lead_id)
            """
        )

    def _get_cell_sql(self) -> SQL:
        """Each deal's share of each component; paid is what remains."""

        def part(limit: str) -> SQL:
            limit_sql = SQL.identifier("component", limit)
            return SQL(
                """
                COALESCE(ROUND(%(limit)s * share.upto_rest / NULLIF(share.total_rest, 0),
                               document.decimal_places)
                         - ROUND(%(limit)s * (share.upto_rest - share.rest)
                                 / NULLIF(share.total_rest, 0), document.decimal_places), 0)
                """,
                limit=limit_sql,
            )

        return SQL(
            """
            SELECT share.document_id, share.lead_id, document.is_refund, document.invoice_date,
                   document.company_id, document.currency_id,
                   component.next_due_date,
                   CASE WHEN share.rest != 0 THEN component.payment_date END AS payment_date,
                   CASE WHEN share.rest != 0 THEN component.settlement_date
                        ELSE component.credit_date END AS settlement_date,
                   CASE WHEN share.direct != 0 AND share.amount != component.total
                        THEN POWER(10::numeric, -document.decimal_places)
                        ELSE 0 END AS inexact,
                   share.untaxed, share.amount, share.exchange,
                   %(overdue)s AS overdue,
                   %(open)s AS due,
                   %(upto_discount)s - %(open)s AS discount,
                   %(upto_written_off)s - %(upto_discount)s AS written_off,
                   %(upto_credited)s - %(upto_written_off)s AS credited
              FROM share
              JOIN document ON document.id = share.document_id
              JOIN component ON component.id = share.document_id
             WHERE share.lead_id = ANY(%(lead_ids)s)
            """,
            overdue=part("overdue"),
            open=part("open"),
            upto_discount=part("upto_discount"),
            upto_written_off=part("upto_written_off"),
            upto_credited=part("upto_credited"),
            lead_ids=list(self.ids),
        )

    def _get_ledger_sql(self) -> SQL:
        """The cells summed by deal and ledger (company with its branches)."""
        return SQL(
            """
            SELECT cell.lead_id, cell.currency_id,
                   split_part(company.parent_path, '/', 1)::int AS company_id,
                   MIN(cell.invoice_date) AS date,
                   SUM(cell.inexact) AS inexact,
                   COUNT(*) FILTER (WHERE NOT cell.is_refund) AS invoice_count,
                   SUM(cell.untaxed - COALESCE(cell.credited * cell.untaxed
                                               / NULLIF(cell.amount, 0), 0)) AS untaxed,
                   SUM(cell.amount) AS amount,
                   COALESCE(SUM(cell.amount) FILTER (WHERE cell.is_refund), 0) AS refunded,
                   SUM(cell.overdue) AS overdue,
                   SUM(cell.due) AS due,
                   SUM(cell.due + cell.discount) AS upto_discount,
                   SUM(cell.due + cell.discount + cell.written_off) AS upto_written_off,
                   SUM(cell.due + cell.discount + cell.written_off
                       + cell.credited + cell.exchange) AS upto_credited,
                   MIN(cell.invoice_date) FILTER (WHERE NOT cell.is_refund)
                       AS first_invoice_date,
                   MIN(cell.next_due_date) FILTER (WHERE cell.due > 0) AS next_due_date,
                   MAX(cell.payment_date) AS payment_date,
                   MAX(cell.settlement_date) AS settlement_date
              FROM cell
              JOIN res_company company ON company.id = cell.company_id
             GROUP BY cell.lead_id, cell.currency_id, split_part(company.parent_path, '/', 1)
            """
        )

    def _get_converted_sql(self) -> SQL:
        """The ledgers in the deal's currency, each at its rate of the deal's first document there.

        One rate for all documents of a ledger: a credit note takes off what it credits, and what
        is zero stays zero. Only deals of no company with documents in other currencies need it.
        """

        def rate(currency: str) -> SQL:
            return SQL(
                """
                COALESCE((SELECT rate.rate FROM res_currency_rate rate
                           WHERE rate.currency_id = %(currency)s
                             AND rate.name <= ledger.date
                             AND COALESCE(rate.company_id, ledger.company_id) = ledger.company_id
                           ORDER BY rate.company_id, rate.name DESC LIMIT 1),
                         (SELECT rate.rate FROM res_currency_rate rate
                           WHERE rate.currency_id = %(currency)s
                             AND COALESCE(rate.company_id, ledger.company_id) = ledger.company_id
                           ORDER BY rate.company_id, rate.name LIMIT 1), 1)
                """,
                currency=SQL(currency),
            )

        def convert(amount: str) -> SQL:
            return SQL(
                "ROUND(%s * factor.value, target.decimal_places)",
                SQL.identifier("ledger", amount),
            )

        return SQL(
            """
            SELECT ledger.lead_id, target.id AS currency_id, ledger.invoice_count,
                   ledger.first_invoice_date, ledger.next_due_date, ledger.payment_date,
                   ledger.settlement_date, ledger.inexact * factor.value AS inexact,
                   %(untaxed)s AS untaxed,
                   %(amount)s AS amount,
                   %(refunded)s AS refunded,
                   %(overdue)s AS overdue,
                   %(due)s AS due,
                   %(upto_discount)s - %(due)s AS discount,
                   %(upto_written_off)s - %(upto_discount)s AS written_off,
                   %(upto_credited)s - %(upto_written_off)s AS credited
              FROM ledger
              JOIN crm_lead lead ON lead.id = ledger.lead_id
              LEFT JOIN res_company company ON company.id = lead.company_id
              JOIN (SELECT lead_id, MIN(currency_id) AS currency_id,
                           COUNT(DISTINCT currency_id) = 1 AS is_only
                      FROM ledger GROUP BY lead_id) billed ON billed.lead_id = ledger.lead_id
              JOIN res_currency target ON target.id = COALESCE(
                       company.currency_id,
                       CASE WHEN billed.is_only THEN billed.currency_id END,
                       (SELECT currency_id FROM res_company ORDER BY id LIMIT 1))
             CROSS JOIN LATERAL (
                SELECT CASE WHEN target.id = ledger.currency_id THEN 1
                            ELSE %(target_rate)s / %(own_rate)s END AS value
                   ) factor
            """,
            untaxed=convert("untaxed"),
            amount=convert("amount"),
            refunded=convert("refunded"),
            overdue=convert("overdue"),
            due=convert("due"),
            upto_discount=convert("upto_discount"),
            upto_written_off=convert("upto_written_off"),
            upto_credited=convert("upto_credited"),
            target_rate=rate("target.id"),
            own_rate=rate("ledger.currency_id"),
        )

    def _get_sum_sql(self) -> SQL:
        return SQL(
            """
            SELECT lead_id, currency_id,
                   SUM(invoice_count) AS invoice_count,
                   SUM(inexact) AS inexact,
                   SUM(untaxed) AS invoiced_untaxed,
                   SUM(amount - credited) AS invoiced_total,
                   SUM(credited - refunded) AS credited_total,
                   SUM(amount - credited - discount - written_off - due) AS paid_total,
                   SUM(discount) AS discount_total,
                   SUM(written_off) AS written_off_total,
                   SUM(due) AS due_total,
                   SUM(overdue) AS overdue_total,
                   MIN(first_invoice_date) AS first_invoice_date,
                   MIN(next_due_date) AS next_due_date,
                   MAX(payment_date) AS last_payment_date,
                   MAX(settlement_date) AS settlement_date
              FROM converted
             GROUP BY lead_id, currency_id
            """
        )
