from odoo.tools import SQL, groupby

#: What a deal's invoices consist of; but for ``credited`` they add up to what is invoiced. Where
#: they have to be converted, their running totals are, so that they still do.
PARTS = ("due_total", "discount_total", "written_off_total", "credited", "paid_total")
INVOICED = tuple(name for name in PARTS if name != "credited")
#: What is converted by itself.
AMOUNTS = ("invoiced_untaxed", "overdue_total", "refunded")


class Figures:
    """A deal's figures: the sums of its shares of documents and their settlements.

    ``crm.lead.share`` says how they are shared. What is due is what a deal's share of its documents
    exceeds its shares of their settlements by, so that in cents
    ``invoiced_total = paid_total + discount_total + written_off_total + due_total``.
    """

    __slots__ = ()

    def _get_billing_figures(self) -> dict[int, dict]:
        """Figures of the deals that have posted documents, by deal id.

        Computed with full rights, for salespeople may not read the invoices: only sums and dates
        leave this method. Amounts are in the currency ``currency_id`` of the row: that of the
        deal's company, else the one of all its documents, else that of the first company.
        ``inexact`` is what shares of credited documents may lack or exceed by rounding.
        """
        if not self.ids:
            return {}
        self.env["crm.lead.share"]._flush()
        self.env["crm.lead"].flush_model(["company_id"])
        lead_ids, move_ids, line_ids = self.env["crm.lead.share"]._get_documents(self)
        if not lead_ids:
            return {}
        instalments = self.env["crm.lead.share"]._look_up(line_ids)
        ledgers = self.env.execute_query_dict(
            self.browse(lead_ids)._get_figures_sql(move_ids, instalments)
        )
        return {
            lead_id: self._merge_ledgers(lead_ledgers)
            for lead_id, lead_ledgers in groupby(ledgers, lambda ledger: ledger["lead_id"])
        }

    def _get_figures_sql(self, move_ids, instalments) -> SQL:
        """One row per deal and ledger (a company with its branches), in the ledger's currency.

        :param move_ids: the documents of the deals.
        :param instalments: the scope of their instalments.
        """
        return SQL(
            """
            WITH today (company_id, date) AS (%(today)s),
            %(relations)s,
            outcome AS (%(outcome)s),
            figure AS (%(figure)s)
            SELECT figure.lead_id,
                   split_part(company.parent_path, '/', 1)::int AS company_id,
                   figure.currency_id,
                   lead_company.currency_id AS lead_currency_id,
                   MIN(figure.invoice_date) AS date,
                   COUNT(*) FILTER (WHERE figure.is_invoice) AS invoice_count,
                   SUM(figure.inexact) AS inexact,
                   SUM(figure.untaxed) AS invoiced_untaxed,
                   SUM(figure.refunded) AS refunded,
                   SUM(figure.credited) AS credited,
                   SUM(figure.paid) AS paid_total,
                   SUM(figure.discount) AS discount_total,
                   SUM(figure.written_off) AS written_off_total,
                   SUM(figure.due) AS due_total,
                   SUM(figure.overdue) AS overdue_total,
                   MIN(figure.invoice_date) FILTER (WHERE figure.is_invoice) AS first_invoice_date,
                   MIN(figure.next_due_date) FILTER (WHERE figure.due > 0) AS next_due_date,
                   MAX(figure.payment_date) AS last_payment_date,
                   MAX(figure.settlement_date) AS settlement_date
              FROM figure
              JOIN res_company company ON company.id = figure.company_id
              JOIN crm_lead lead ON lead.id = figure.lead_id
              LEFT JOIN res_company lead_company ON lead_company.id = lead.company_id
             GROUP BY figure.lead_id, figure.currency_id, lead_company.currency_id,
                      split_part(company.parent_path, '/', 1)
             ORDER BY figure.lead_id, split_part(company.parent_path, '/', 1)::int
            """,
            today=self.env["account.receivable"]._get_today_sql(),
            relations=self.env["crm.lead.share"]._get_relations_sql(
                self, SQL("SELECT UNNEST(%s::int[])", move_ids), instalments
            ),
            outcome=self._get_outcome_sql(instalments),
            figure=self._get_document_figure_sql(),
        )

    def _get_outcome_sql(self, instalments) -> SQL:
        """What became of each document: what is open and overdue on it, and when it was settled."""
        return SQL(
            """
            SELECT document.id,
                   COALESCE(owed.overdue, 0) AS overdue,
                   owed.next_due_date,
                   settled.payment_date,
                   settled.credit_date,
                   CASE WHEN owed.move_id IS NULL THEN settled.settlement_date
                        ELSE GREATEST(document.invoice_date, settled.settlement_date)
                   END AS settlement_date
              FROM document
              LEFT JOIN (
                SELECT item.root_move_id AS move_id,
                       SUM(item.amount) FILTER (WHERE %(is_overdue)s) AS overdue,
                       MIN(item.due_date) FILTER (WHERE item.amount > 0) AS next_due_date
                  FROM (%(items)s) item
                  JOIN today ON today.company_id = item.company_id
                 GROUP BY item.root_move_id
                HAVING SUM(item.amount) != 0
                   ) owed ON owed.move_id = document.id
              LEFT JOIN (
                SELECT move_id,
                       MAX(settlement_date) FILTER (WHERE kind = 'payment' AND amount > 0)
                           AS payment_date,
                       MAX(settlement_date) FILTER (WHERE kind = 'credit_note') AS credit_date,
                       MAX(settlement_date) AS settlement_date
                  FROM settlement
                 GROUP BY move_id
                   ) settled ON settled.move_id = document.id
            """,
            items=self.env["account.receivable.item"]._get_item_sql(instalments),
            is_overdue=self.env["account.receivable"]._get_is_overdue_sql(
                "item", SQL("today.date")
            ),
        )

    def _get_document_figure_sql(self) -> SQL:
        """The figures of each deal in each of its documents.

        Overdue comes next after what is settled, the rest of what is open behind it.
        """
        share = self.env["crm.lead.share"]
        return SQL(
            """
            SELECT share.lead_id, document.is_invoice, document.invoice_date, document.company_id,
                   document.currency_id, outcome.next_due_date,
                   CASE WHEN share.rest != 0 THEN outcome.payment_date END AS payment_date,
                   CASE WHEN share.rest != 0 THEN outcome.settlement_date
                        ELSE outcome.credit_date END AS settlement_date,
                   CASE WHEN share.is_inexact THEN POWER(10::numeric, -document.decimal_places)
                        ELSE 0 END AS inexact,
                   share.untaxed - settled.credited_untaxed AS untaxed,
                   CASE WHEN document.is_invoice THEN 0 ELSE share.amount END AS refunded,
                   settled.credited, settled.paid, settled.discount, settled.written_off,
                   share.amount - settled.amount AS due,
                   %(overdue)s AS overdue
              FROM share
              JOIN document ON document.id = share.move_id
              JOIN outcome ON outcome.id = share.move_id
              LEFT JOIN (
                SELECT move_id, SUM(amount) AS amount FROM component GROUP BY move_id
                   ) shared ON shared.move_id = share.move_id
              LEFT JOIN (
                SELECT move_id, lead_id,
                       SUM(amount) AS amount,
                       SUM(amount) FILTER (WHERE counted_as IN ('paid', 'matched')) AS paid,
                       SUM(amount) FILTER (WHERE counted_as = 'discount') AS discount,
                       SUM(amount) FILTER (WHERE counted_as = 'written_off') AS written_off,
                       SUM(amount) FILTER (WHERE counted_as = 'credited') AS credited,
                       SUM(amount_untaxed) FILTER (WHERE counted_as = 'credited')
                           AS credited_untaxed
                  FROM piece
                 GROUP BY move_id, lead_id
                   ) piece ON piece.move_id = share.move_id AND piece.lead_id = share.lead_id
             CROSS JOIN LATERAL (
                SELECT COALESCE(piece.amount, 0) AS amount,
                       COALESCE(piece.paid, 0) AS paid,
                       COALESCE(piece.discount, 0) AS discount,
                       COALESCE(piece.written_off, 0) AS written_off,
                       COALESCE(piece.credited, 0) AS credited,
                       COALESCE(piece.credited_untaxed, 0) AS credited_untaxed
                   ) settled
             WHERE share.lead_id = ANY(%(lead_ids)s)
            """,
            overdue=share._get_share_amount_sql(
                SQL("(COALESCE(shared.amount, 0) + outcome.overdue)"),
                SQL("outcome.overdue"),
                SQL("share"),
                SQL("share.decimal_places"),
            ),
            lead_ids=list(self.ids),
        )

    def _merge_ledgers(self, ledgers: list[dict]) -> dict:
        """The figures of one deal from its ledgers, in one currency.

        Only a deal of no company, with invoices in several currencies, has to be converted.
        """
        currency_ids = {ledger["currency_id"] for ledger in ledgers}
        currency_id = ledgers[0]["lead_currency_id"]
        if not currency_id and len(currency_ids) == 1:
            currency_id = currency_ids.pop()
        currency = (
            self.env["res.currency"].sudo().browse(currency_id)
            if currency_id
            else self.env["res.company"].sudo().search([], order="id", limit=1).currency_id
        )
        parts = [self._convert_ledger(ledger, currency) for ledger in ledgers]
        figures = {
            name: currency.round(sum(part[name] for part in parts)) for name in (*PARTS, *AMOUNTS)
        }
        return {
            "lead_id": ledgers[0]["lead_id"],
            "currency_id": currency.id,
            **figures,
            "inexact": sum(part["inexact"] for part in parts),
            "invoiced_total": currency.round(sum(figures[name] for name in INVOICED)),
            "credited_total": currency.round(figures["credited"] - figures["refunded"]),
            "invoice_count": sum(ledger["invoice_count"] for ledger in ledgers),
            "first_invoice_date": self._get_date(min, ledgers, "first_invoice_date"),
            "next_due_date": self._get_date(min, ledgers, "next_due_date"),
            "last_payment_date": self._get_date(max, ledgers, "last_payment_date"),
            "settlement_date": self._get_date(max, ledgers, "settlement_date"),
        }

    def _convert_ledger(self, ledger: dict, currency) -> dict[str, float]:
        """The amounts of a ledger in this currency.

        At one rate for all its documents, that of the deal's first document there: a credit note
        takes off what it credits, and what is zero stays zero.
        """
        rate = 1.0
        if ledger["currency_id"] != currency.id:
            rate = currency._get_conversion_rate(
                currency.browse(ledger["currency_id"]),
                currency,
                self.env["res.company"].sudo().browse(ledger["company_id"]),
                ledger["date"],
            )
        converted = {name: currency.round(ledger[name] * rate) for name in AMOUNTS}
        converted["inexact"] = ledger["inexact"] * rate
        running = 0.0
        for name in PARTS:
            before = currency.round(running * rate)
            running += ledger[name]
            converted[name] = currency.round(running * rate) - before
        return converted

    def _get_date(self, choose, ledgers: list[dict], name: str):
        return choose((ledger[name] for ledger in ledgers if ledger[name]), default=None)
