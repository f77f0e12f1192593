from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

#: Which ids a deal's share of a document may use: less than what JavaScript counts to exactly for
#: any journal item.
ROWS_PER_SHARE = 2**21
#: What a share may count as in the figures of a deal.
COUNTED_AS = {
    "paid": "Paid",
    "discount": "Payment Discount",
    "written_off": "Written Off",
    "credited": "Credited",
    "matched": "Own Credit Note",
}
#: How many reconciliations are looked through first for each row that is wanted: most are of
#: documents without a deal.
WINDOW = 4
#: Fields by which documents are found through an index, and the columns of journal items for it.
WANTED = {
    "lead_id": "deal.opportunity_id",
    "invoice_id": "deal.move_id",
    "invoice_line_id": "line.id",
    "partner_id": "line.partner_id",
}


class CrmLeadSettlement(models.Model):
    """One row per deal and settlement of its documents: the deal's share of it.

    Over the deals of a document, and the part that belongs to none, the rows of a settlement add up
    to the settlement; over the settlements of a deal to its figures, to the cent. How it is shared,
    and the meaning of ``counted_as``, is in ``crm.lead.share``.
    """

    _name = "crm.lead.settlement"
    _inherit = ["account.receivable.days", "account.company.amounts"]
    _description = "Settlement of an Opportunity"
    _auto = False
    _order = "settlement_date desc, id desc"
    _rec_name = "invoice_id"
    _depends = {
        "account.receivable.settlement": ["amount"],
        "account.move": ["invoice_currency_rate", "invoice_date", "move_type"],
        "account.move.line": ["opportunity_id", "price_subtotal", "price_total", "tax_ids"],
        "crm.lead": ["user_id"],
    }

    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        readonly=True,
        help="Empty for the part of an invoice that belongs to no opportunity.",
    )
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    settlement_id = fields.Many2one(
        "account.receivable.settlement",
        readonly=True,
        help="The settlement that this is a share of. Empty on a credit note for its own side of"
        " being matched with an invoice, and for what opportunities settle among each other within"
        " an invoice.",
    )
    counted_as = fields.Selection(
        list(COUNTED_AS.items()),
        readonly=True,
        help="The figure of the opportunity in which this counts. An exchange difference counts as"
        " what brought it about. The opportunity's own credit note counts for itself: that it is"
        " matched with an invoice changes nothing, on both sides.",
    )
    kind = fields.Selection(
        lambda self: (
            self.env["account.receivable.settlement"]
            ._fields["kind"]
            ._description_selection(self.env)
        ),
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        help="The commercial partner who owes the instalment.",
    )
    invoice_id = fields.Many2one("account.move", readonly=True)
    invoice_line_id = fields.Many2one("account.move.line", string="Instalment", readonly=True)
    counterpart_line_id = fields.Many2one("account.move.line", string="Settled With", readonly=True)
    amount = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="The opportunity's share of what was settled, at the invoice's own rate, in company"
        " currency.",
    )
    amount_untaxed = fields.Monetary(
        "Amount (Untaxed)",
        readonly=True,
        currency_field="company_currency_id",
        help="The same without taxes.",
    )
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    settlement_date = fields.Date(
        readonly=True,
        help="The later of the invoice date and the date of what settled it.",
    )
    _paid_kinds = ("counted_as", ("paid", "discount"))

    @property
    def _table_query(self) -> SQL:
        """Rows that are known are read by themselves: an id tells its document."""
        return self._get_row_sql(document_ids=self._get_own_document_ids_sql())

    def _get_own_document_ids_sql(self) -> SQL | None:
        """SQL of the ids of the documents of the records at hand; all for the model."""
        if not self._ids:
            return None
        return SQL(
            "SELECT move_id FROM account_move_line WHERE id = ANY(%s)",
            sorted({row_id // ROWS_PER_SHARE for row_id in self._ids}),
        )

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **options):
        """Read no more of the journals than the domain, or a page of a list, asks for, as
        ``account.receivable.settlement`` does.
        """
        search = super()._search
        domain = Domain(domain).optimize_full(self)
        settlements = self.env["account.receivable.settlement"]
        since, until = settlements._get_period(domain)
        wanted = self._get_wanted_document_ids_sql(domain)
        newest_first = not order or order.startswith(self._order.split(",", 1)[0])
        if limit and newest_first and not wanted and not self._ids:

            def find(start, _first_id):
                newest = domain & Domain("settlement_date", ">=", start)
                query = search(newest, offset, limit, order, **options)
                self._restrict_query(query, self._get_period_document_ids_sql(start, until))
                return query.get_result_ids()

            if ids := settlements._find_newest(find, offset, limit, since, until, WINDOW):
                return self.browse(ids)._as_query()
        query = search(domain, offset, limit, order, **options)
        if wanted:
            self._restrict_query(query, wanted)
        elif (since or until) and not self._ids:
            self._restrict_query(query, self._get_period_document_ids_sql(since, until))
        return query

    @api.model
    def _restrict_query(self, query, document_ids: SQL):
        """Have the query read only these documents.

        They are asked for before: PostgreSQL plans well for what is named.
        """
        if not query.is_empty():
            shares = self.env["crm.lead.share"]
            shares._flush()
            self.env["crm.lead"].flush_model(["user_id"])
            ids = sorted({move_id for [move_id] in self.env.execute_query(document_ids)})
            rows = self._get_row_sql(
                document_ids=SQL("SELECT UNNEST(%s::int[])", ids),
                instalments=shares._get_instalment_scope(ids),
            )
            query._tables[self._table] = SQL("(%s)", rows)

    @api.model
    def _get_wanted_document_ids_sql(self, domain: Domain) -> SQL | None:
        """SQL of the ids of the documents that the domain names, or whose opportunities, customers
        or instalments it names.
        """
        conditions = [
            SQL("%s = ANY(%s)", SQL(column), list(condition.value))
            for condition in self.env["account.receivable.settlement"]._get_conditions(domain)
            for name, column in WANTED.items()
            if condition.field_expr == name
            and condition.operator == "in"
            and all(value and isinstance(value, int) for value in condition.value)
        ]
        if not conditions:
            return None
        return SQL(
            """
            SELECT deal.move_id
              FROM account_move_line deal
              JOIN account_move_line line
                ON line.move_id = deal.move_id AND line.display_type = 'payment_term'
             WHERE deal.opportunity_id IS NOT NULL AND deal.parent_state = 'posted' AND %s
            """,
            SQL(" AND ").join(conditions),
        )

    @api.model
    def _get_period_document_ids_sql(self, since, until) -> SQL:
        """SQL of the ids of all documents of which something may be settled within these days.

        What opportunities settle among each other is settled when it is invoiced.
        """
        settlements = self.env["account.receivable.settlement"]
        return SQL(
            """
            SELECT DISTINCT move_id
              FROM account_move_line
             WHERE opportunity_id IS NOT NULL
               AND parent_state = 'posted'
               AND (move_id IN (SELECT move_id FROM account_move_line WHERE id IN (%(settled)s))
                    OR %(invoiced)s)
            """,
            settled=settlements._get_period_line_sql(since, until),
            invoiced=SQL(" AND ").join(
                [
                    *([SQL("invoice_date >= %s", since)] if since else []),
                    *([SQL("invoice_date <= %s", until)] if until else []),
                ]
            ),
        )

    def _get_lead_settlement_sql(self, leads=None) -> SQL:
        """The columns of the model, in company currency, for code that wants few deals.

        :param leads: only these deals; all deals, and the parts without a deal, without it.
        """
        return self._get_row_sql(leads)

    def _get_row_sql(
        self, leads=None, document_ids: SQL | None = None, instalments: Scope | None = None
    ) -> SQL:
        """The columns of the model.

        The deal's first line in the document, the settlement's number there, and what the share
        counts as make the row's id.

        :param leads: only these deals.
        :param document_ids: SQL of the ids of documents: only these.
        :param instalments: the scope of their instalments if they are known.
        """
        return SQL(
            """
            WITH %(relations)s
            SELECT piece.line_id::bigint * %(span)s + COALESCE(settlement.number, 0) * 8
                   + COALESCE(array_position(%(names)s, piece.counted_as), 0) AS id,
                   NULLIF(piece.lead_id, 0) AS lead_id,
                   lead.user_id,
                   CASE WHEN NOT settlement.is_mirror THEN piece.id END AS settlement_id,
                   piece.counted_as,
                   settlement.kind,
                   document.company_id,
                   COALESCE(settlement.partner_id, document.partner_id) AS partner_id,
                   document.id AS invoice_id,
                   settlement.line_id AS invoice_line_id,
                   settlement.counterpart_line_id,
                   piece.amount,
                   piece.amount_untaxed,
                   document.invoice_date,
                   settlement.due_date,
                   COALESCE(piece.settlement_date, document.invoice_date) AS settlement_date,
                   piece.settlement_date - document.invoice_date AS days_to_pay,
                   piece.settlement_date - settlement.due_date AS days_beyond_terms
              FROM piece
              JOIN document ON document.id = piece.move_id
              LEFT JOIN (
                SELECT settlement.*,
                       ROW_NUMBER() OVER (PARTITION BY move_id ORDER BY id < 0, ABS(id)) AS number
                  FROM settlement
                   ) settlement ON settlement.id = piece.id
              LEFT JOIN crm_lead lead ON lead.id = piece.lead_id
            """,
            relations=self.env["crm.lead.share"]._get_relations_sql(
                leads, document_ids, instalments
            ),
            span=ROWS_PER_SHARE,
            names=list(COUNTED_AS),
        )
