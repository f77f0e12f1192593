from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.loose import LooseMany2one

READER = "account.invoice.cost"
#: Where a cost may come from: the first that exists.
SOURCES = ("cogs", "reversal", "delivery", "order", "product")
SALE_TYPES = ("out_invoice", "out_refund", "out_receipt")
#: So many documents are frozen at once where all are.
PART = 20_000


class AccountInvoiceCost(models.Model):
    """What a line of an invoice, receipt or credit note cost: a row per line, frozen.

    It is a reader of :class:`account.receivable.change`. Its keys are documents: those that were
    posted and have no cost yet, and those that went back to draft. Posting only tells of them; one
    statement freezes a batch a moment later.

    A table of its own: whoever posts, pays or reconciles writes the journal items at the same
    moment, and would fail if somebody else wrote them, too.
    """

    _name = "account.invoice.cost"
    _description = "Cost of What Was Invoiced"
    _rec_name = "line_id"

    line_id = LooseMany2one(
        "account.move.line",
        "Invoice Line",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    cost = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="What the sold goods or services cost, in the company's currency, as it was when the"
        " invoice was posted; negative on credit notes.",
    )
    source = fields.Selection(
        [
            ("cogs", "Cost of Goods Sold"),
            ("delivery", "Delivery"),
            ("order", "Order"),
            ("product", "Product"),
            ("none", "Unknown"),
        ],
        "Source of Cost",
        required=True,
        readonly=True,
        help="Where the cost comes from. Unknown: it is left out of margins.",
    )
    is_estimated = fields.Boolean(
        readonly=True,
        help="A cost of today had to serve for an older invoice, or the goods are not delivered"
        " yet.",
    )

    _line_unique = models.Constraint("UNIQUE (line_id)", "A line costs one amount.")

    # Reading changes ---------------------------------------------------------------------------

    @api.model
    def _get_receivable_keys_sql(self, changed: SQL) -> SQL:
        """``SELECT company_id, res_id`` of posted sales documents without cost: a payment of one
        that has its cost tells nothing.
        """
        return SQL(
            """
            SELECT changed.company_id, changed.move_id AS res_id
              FROM %s changed
             CROSS JOIN LATERAL (
                SELECT FROM account_move
                 WHERE id = changed.move_id AND state = 'posted' AND move_type = ANY(%s)
                OFFSET 0
                   ) move
             CROSS JOIN LATERAL (
                SELECT FROM account_move_line line
                 WHERE line.move_id = changed.move_id
                   AND line.display_type = 'product'
                   AND NOT EXISTS (SELECT FROM account_invoice_cost WHERE line_id = line.id)
                 LIMIT 1
                   ) line
            """,
            changed,
            list(SALE_TYPES),
        )

    @api.model
    def _get_change_cron_xmlid(self) -> str:
        return "crm_customer_value.ir_cron_freeze_costs"

    @api.model
    def _cron_freeze_costs(self):
        self.env["account.receivable.change"]._work_off_all(READER)

    @api.model
    def _on_receivables_changed(self, keys: list[tuple[int, int]]):
        self._freeze([move_id for __, move_id in keys])

    @api.model
    def _on_all_receivables_changed(self, company_id: int, position: int) -> int | None:
        """Freeze what has no cost yet, by ids of documents: the history at installation."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM account_move
                 WHERE id > %s AND move_type = ANY(%s) AND (%s = 0 OR company_id = %s)
                 ORDER BY id
                 LIMIT %s
                """,
                position,
                list(SALE_TYPES),
                company_id,
                company_id,
                PART,
            )
        )
        if not rows:
            return None
        self._freeze([move_id for (move_id,) in rows], is_history=True)
        return rows[-1][0]

    @api.model
    def _fill_history(self):
        """Have all documents that have no cost yet get one, in a scheduled action."""
        changes = self.env["account.receivable.change"]
        changes._collect_keys(READER, [(0, 0)])

    # Freezing ----------------------------------------------------------------------------------

    def _freeze(self, move_ids: list[int], is_history: bool = False):
        """Freeze the cost of the lines of these documents; a draft has none.

        :param is_history: only lines without cost; a cost of the product is one of today then.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM account_invoice_cost cost
                 USING account_move_line line, account_move move
                 WHERE line.id = cost.line_id AND move.id = line.move_id
                   AND move.id = ANY(%s) AND move.state != 'posted'
                """,
                move_ids,
            )
        )
        # What is reversed is read by what reverses it.
        self.env.cr.execute(self._get_freeze_sql(move_ids, is_history, is_reversal=False))
        [(has_reversals,)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT FROM account_move
                                WHERE id = ANY(%s) AND reversed_entry_id IS NOT NULL)
                """,
                move_ids,
            )
        )
        if has_reversals:
            self.env.cr.execute(self._get_freeze_sql(move_ids, is_history, is_reversal=True))
        self.invalidate_model()
        self.env["account.move.line"].invalidate_model(["cost_ids"])
        if not is_history:
            self._on_costs_frozen(move_ids)

    @api.autovacuum
    def _gc_gone_lines(self):
        """Forget the cost of lines that were deleted."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM account_invoice_cost cost
                 WHERE NOT EXISTS (SELECT FROM account_move_line WHERE id = cost.line_id)
                """
            )
        )

    def _on_costs_frozen(self, move_ids: list[int]):
        """Hook: the cost of these documents is of now."""

    def _get_freeze_sql(self, move_ids: list[int], is_history: bool, is_reversal: bool) -> SQL:
        """One statement for all lines: the first source that exists.

        ``quantity`` is in the product's own unit, negative on credit notes.
        """
        sources = self._get_cost_sources()
        names = [name for name in SOURCES if name in sources]
        joins, cases, found = [], [], []
        for name in names:
            alias = SQL.identifier(name)
            missing = SQL(" AND ").join(
                [SQL("NOT line.is_free"), *(SQL("%s.cost IS NULL", before) for before in found)]
            )
            joins.append(SQL("LEFT JOIN LATERAL (%s) %s ON %s", sources[name], alias, missing))
            value = SQL("reversal.source") if name == "reversal" else SQL("%s", name)
            cases.append(SQL("WHEN %s.cost IS NOT NULL THEN %s", alias, value))
            found.append(alias)
        estimated = [self._get_is_provisional_sql()]
        if is_history:
            estimated.append(SQL("frozen.source = 'product' AND NOT frozen.is_free"))
        return SQL(
            """
            INSERT INTO account_invoice_cost AS known (
                line_id, company_id, cost, source, is_estimated,
                create_uid, create_date, write_uid, write_date)
            SELECT frozen.id, frozen.company_id, frozen.cost, frozen.source, %(estimated)s,
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM (
                SELECT line.*,
                       ROUND(CASE WHEN line.is_free THEN 0 ELSE COALESCE(%(costs)s) END
                             / line.rounding) * line.rounding AS cost,
                       CASE WHEN line.is_free THEN 'product' %(cases)s ELSE 'none' END AS source
                  FROM (%(lines)s) line
                  %(joins)s
                   ) frozen
            ON CONFLICT (line_id) DO UPDATE
               SET (cost, source, is_estimated, write_uid, write_date)
                 = (EXCLUDED.cost, EXCLUDED.source, EXCLUDED.is_estimated,
                    EXCLUDED.write_uid, EXCLUDED.write_date)
             WHERE (known.cost, known.source, known.is_estimated)
                   IS DISTINCT FROM (EXCLUDED.cost, EXCLUDED.source, EXCLUDED.is_estimated)
            """,
            uid=self.env.uid,
            now=fields.Datetime.now(),
            estimated=SQL(" OR ").join(SQL("(%s)", condition) for condition in estimated),
            costs=SQL(", ").join(SQL("%s.cost::numeric", alias) for alias in found),
            cases=SQL(" ").join(cases),
            joins=SQL(" ").join(joins),
            lines=self._get_line_sql(move_ids, is_history, is_reversal),
        )

    def _get_line_sql(self, move_ids: list[int], is_history: bool, is_reversal: bool) -> SQL:
        """Lines whose cost is frozen, with what sources read of them."""
        return SQL(
            """
            SELECT line.id, line.product_id, line.company_id, move.reversed_entry_id,
                   currency.rounding::numeric AS rounding,
                   (CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END * line.quantity
                    * COALESCE(line_uom.factor, 1) / COALESCE(NULLIF(uom.factor, 0), 1))::numeric
                       AS quantity,
                   COALESCE(%(is_free)s, FALSE) AS is_free
              FROM account_move move
              JOIN account_move_line line ON line.move_id = move.id
              JOIN res_currency currency ON currency.id = line.company_currency_id
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template ON template.id = product.product_tmpl_id
              LEFT JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
              LEFT JOIN uom_uom uom ON uom.id = template.uom_id
             WHERE move.id = ANY(%(move_ids)s)
               AND move.state = 'posted'
               AND move.move_type = ANY(%(types)s)
               AND line.display_type = 'product'
               AND %(is_wanted)s
               AND (move.reversed_entry_id IS NOT NULL) = %(is_reversal)s
            """,
            is_free=self._get_is_free_sql(),
            move_ids=move_ids,
            types=list(SALE_TYPES),
            is_wanted=SQL("NOT EXISTS (SELECT FROM account_invoice_cost WHERE line_id = line.id)")
            if is_history
            else SQL("TRUE"),
            is_reversal=is_reversal,
        )

    def _get_is_free_sql(self) -> SQL:
        """Hook: lines whose cost is known to be zero, from ``line`` and ``template``: of a price
        only, of a product that costs nothing, a down payment.
        """
        conditions = [SQL("line.quantity = 0"), SQL("template.is_without_cost")]
        if "is_downpayment" in self.env["account.move.line"]._fields:
            conditions.append(SQL("line.is_downpayment"))
        return SQL("(%s)", SQL(" OR ").join(conditions))

    def _get_is_provisional_sql(self) -> SQL:
        """Hook: whether a ``frozen`` cost is replaced later, when the goods are delivered."""
        return SQL("FALSE")

    def _get_cost_sources(self) -> dict[str, SQL]:
        """Hook: what yields a ``cost`` in the company's currency, or nothing, by name: one of
        ``SOURCES``. Each reads the columns of ``line``.
        """
        return {
            # A reversal reuses what the original cost, each product by its mean.
            "reversal": SQL(
                """
                SELECT SUM(known.cost)
                       / NULLIF(SUM(origin.quantity * COALESCE(origin_uom.factor, 1)
                                    / COALESCE(NULLIF(unit.factor, 0), 1)), 0)::numeric
                       * line.quantity AS cost,
                       MIN(known.source) AS source
                  FROM account_move_line origin
                  JOIN account_invoice_cost known ON known.line_id = origin.id
                  JOIN product_product product ON product.id = origin.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  LEFT JOIN uom_uom unit ON unit.id = template.uom_id
                  LEFT JOIN uom_uom origin_uom ON origin_uom.id = origin.product_uom_id
                 WHERE origin.move_id = line.reversed_entry_id
                   AND origin.product_id = line.product_id
                   AND origin.display_type = 'product'
                   AND known.cost IS NOT NULL
                """
            ),
            # A branch without cost of its own has that of the company above it.
            "product": SQL(
                """
                SELECT (product.standard_price ->> above.id::text)::numeric * line.quantity AS cost
                  FROM res_company company
                  JOIN res_company above
                    ON above.id::text = ANY(STRING_TO_ARRAY(company.parent_path, '/'))
                  JOIN product_product product ON product.id = line.product_id
                 WHERE company.id = line.company_id
                   AND COALESCE((product.standard_price ->> above.id::text)::numeric, 0) != 0
                 ORDER BY LENGTH(above.parent_path) DESC
                 LIMIT 1
                """
            ),
        }
