from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class CrmCustomerListEffectRow(models.Model):
    """A customer and a product of a list on the day when something was done for some of them.

    Written by the system only. Revenue is untaxed, less credit notes, in company currency at the
    documents' rates; the day itself belongs to the three months before.
    """

    _name = "crm.customer.list.effect.row"
    _description = "Customer of an Effect"
    _inherit = ["crm.customer.figures"]
    _order = "effect_id desc, side desc, amount_after desc, id"
    _log_access = False

    effect_id = fields.Many2one(
        "crm.customer.list.effect", required=True, readonly=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(index=True)
    product_id = fields.Many2one(
        "product.product", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    suggested_categ_id = fields.Many2one(
        "product.category",
        string="Suggested Category",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The category that was suggested, where categories are.",
    )
    side = fields.Selection(
        [("targeted", "Targeted"), ("rest", "The Rest"), ("elsewhere", "Done Otherwise")],
        required=True,
        readonly=True,
        help="Targeted: something was done. The rest: nothing was. Done otherwise: something was"
        " done for the customer by another action or for another product, in the three months"
        " before or after; it is not compared.",
    )
    kind = fields.Selection(related="effect_id.kind", string="List")
    action = fields.Selection(related="effect_id.action", string="What Was Done")
    done_by_id = fields.Many2one(related="effect_id.done_by_id", string="Done by")
    date = fields.Date(related="effect_id.date", string="Done on")
    is_telling = fields.Boolean(related="effect_id.is_telling", string="Says Something")
    is_computed = fields.Boolean(readonly=True)
    amount_before = fields.Monetary(
        "Product: Before",
        readonly=True,
        help="What the product brought with the customer in the three months up to that day.",
    )
    amount_after = fields.Monetary(
        "Product: After",
        readonly=True,
        help="What the product brought with the customer in the three months after that day.",
    )
    amount_change = fields.Monetary(
        "Product: Change", readonly=True, aggregator="avg", help="After less before; on average."
    )
    customer_amount_before = fields.Monetary(
        "Customer: Before",
        readonly=True,
        help="All revenue with the customer in the three months up to that day. Of a customer with"
        " several products the first row bears it, so that it counts once.",
    )
    customer_amount_after = fields.Monetary(
        "Customer: After",
        readonly=True,
        help="All revenue with the customer in the three months after that day. Of a customer with"
        " several products the first row bears it, so that it counts once.",
    )
    customer_amount_change = fields.Monetary(
        "Customer: Change",
        readonly=True,
        aggregator="avg",
        help="After less before; on average. Of a customer with several products the first row"
        " bears it, so that it counts once.",
    )

    _waiting_idx = models.Index("(company_id) WHERE is_computed IS NOT TRUE")

    @api.depends("partner_id", "product_id", "suggested_categ_id")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.partner_id.display_name}: {row._get_item_name()}"

    def _get_item_name(self) -> str:
        """What may be offered to the customer."""
        return (self.product_id or self.suggested_categ_id).display_name or ""

    @api.model
    def _insert(self, effect_id: int, selected, targeted, rest=None):
        """Insert the targeted rows of a list, and the rest of it, as they are now.

        :param selected: rows whose customers are no rest
        :param targeted: those for which something was done
        :param rest: query of all rows of the list; without one it is there already
        """
        items = {
            name: SQL.identifier("listed", name) if name in selected._fields else SQL("NULL::int4")
            for name in self._get_item_columns()
        }
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_customer_list_effect_row
                       (effect_id, company_id, partner_id, %(columns)s, side, is_computed)
                SELECT %(effect)s, company_id, partner_id, %(items)s,
                       CASE WHEN id = ANY(%(targeted)s) THEN 'targeted'
                            WHEN partner_id = ANY(%(partners)s) THEN 'elsewhere'
                            ELSE 'rest' END, FALSE
                  FROM %(list)s listed
                 WHERE (id = ANY(%(targeted)s) OR %(is_rest)s)
                   AND NOT EXISTS (
                       SELECT FROM crm_customer_list_effect_row known
                        WHERE known.effect_id = %(effect)s
                          AND known.partner_id = listed.partner_id
                          AND %(is_known)s
                          AND known.side = 'targeted')
                """,
                effect=effect_id,
                columns=SQL(", ").join(map(SQL.identifier, items)),
                items=SQL(", ").join(items.values()),
                targeted=list(targeted.ids),
                partners=list(selected.partner_id.ids),
                list=SQL.identifier(selected._table),
                is_rest=SQL("id IN %s", rest.subselect()) if rest is not None else SQL("FALSE"),
                is_known=SQL(" AND ").join(
                    SQL("%s IS NOT DISTINCT FROM %s", SQL.identifier("known", name), item)
                    for name, item in items.items()
                ),
            )
        )
        self.invalidate_model()

    @api.model
    def _get_item_columns(self) -> tuple[str, ...]:
        """What says which product a row is of, in the lists as here."""
        return ("product_id", "suggested_categ_id")

    def _get_is_sold_sql(self) -> SQL:
        """Whether ``sale`` is of what the row ``listed`` is of."""
        return SQL(
            "CASE WHEN listed.product_id IS NULL THEN sale.categ_id = listed.suggested_categ_id"
            " ELSE sale.product_id = listed.product_id END"
        )

    def _get_relations(self, scope, today) -> dict[str, SQL]:
        """What the rows of all that runs in a company brought, customer by customer and row by row,
        as SQL relations that read each other.

        :param scope: the company, and the customers of the rows
        """
        return {
            "effect_running": SQL(
                """
                SELECT id, date, until_date, (date - INTERVAL '3 months')::date AS since
                  FROM crm_customer_list_effect
                 WHERE company_id = %s AND state = 'running'
                """,
                scope.companies.id,
            ),
            "effect_sale": SQL(
                """
                SELECT partner_id, product_id, categ_id, invoice_date, SUM(amount) AS amount
                  FROM (%s) line
                 GROUP BY partner_id, product_id, categ_id, invoice_date
                """,
                self.env["crm.customer.purchase.line"]._get_line_sql(
                    scope,
                    until=SQL("%s", today),
                    since=SQL("(SELECT MIN(since) FROM effect_running)"),
                ),
            ),
            "effect_revenue": SQL(
                """
                SELECT partner_id, invoice_date, SUM(untaxed) AS amount
                  FROM (%s) document
                 WHERE invoice_date > (SELECT MIN(since) FROM effect_running)
                   AND invoice_date <= %s
                 GROUP BY partner_id, invoice_date
                """,
                self.env["account.receivable.document"]._get_document_sql(scope),
                today,
            ),
            "effect_customer_sum": SQL(
                """
                SELECT first.id, %s
                  FROM (
                    SELECT DISTINCT ON (listed.effect_id, listed.partner_id, listed.side)
                           listed.id, listed.partner_id, running.date, running.since,
                           running.until_date
                      FROM crm_customer_list_effect_row listed
                      JOIN effect_running running ON running.id = listed.effect_id
                     ORDER BY listed.effect_id, listed.partner_id, listed.side, listed.id
                       ) first
                  LEFT JOIN effect_revenue sale
                    ON sale.partner_id = first.partner_id
                   AND sale.invoice_date > first.since AND sale.invoice_date <= first.until_date
                 GROUP BY first.id
                """,
                self._get_sums_sql("first"),
            ),
            "effect_product_sum": SQL(
                """
                SELECT listed.id, %s
                  FROM crm_customer_list_effect_row listed
                  JOIN effect_running running ON running.id = listed.effect_id
                  LEFT JOIN effect_sale sale
                    ON sale.partner_id = listed.partner_id AND %s
                   AND sale.invoice_date > running.since AND sale.invoice_date <= running.until_date
                 GROUP BY listed.id
                """,
                self._get_sums_sql("running"),
                self._get_is_sold_sql(),
            ),
        }

    def _get_sums_sql(self, period: str) -> SQL:
        """What ``sale`` brought up to the day and after it."""
        return SQL(
            """
            COALESCE(SUM(sale.amount) FILTER (WHERE sale.invoice_date <= %(date)s), 0) AS before,
            COALESCE(SUM(sale.amount) FILTER (WHERE sale.invoice_date > %(date)s), 0) AS after
            """,
            date=SQL.identifier(period, "date"),
        )

    @api.model
    def _refresh(self, company, today):
        """Compute the revenue of all that runs in a company. Only rows that changed are written."""
        self.env["crm.customer.purchase.line"]._flush_sources()
        self.env.flush_all()
        self._leave_out_targeted(company)
        self.env["crm.customer.health"]._raise_work_memory()
        scope = Scope(company, self._get_running_customers(company))
        for name, select in self._get_relations(scope, today).items():
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier("pg_temp", name)))
            self.env.cr.execute(
                SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", SQL.identifier(name), select)
            )
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(name)))
        self.env.cr.execute(
            """
            UPDATE crm_customer_list_effect_row listed
               SET amount_before = product.before,
                   amount_after = product.after,
                   amount_change = product.after - product.before,
                   customer_amount_before = customer.before,
                   customer_amount_after = customer.after,
                   customer_amount_change = customer.after - customer.before,
                   is_computed = TRUE
              FROM effect_product_sum product
              LEFT JOIN effect_customer_sum customer ON customer.id = product.id
             WHERE product.id = listed.id
               AND (listed.is_computed, listed.amount_before, listed.amount_after,
                    listed.customer_amount_before, listed.customer_amount_after)
                   IS DISTINCT FROM
                   (TRUE, product.before, product.after, customer.before, customer.after)
            """
        )

    def _get_running_customers(self, company):
        """The customers of all that runs in a company."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT listed.partner_id
                  FROM crm_customer_list_effect_row listed
                  JOIN crm_customer_list_effect effect ON effect.id = listed.effect_id
                 WHERE effect.company_id = %s AND effect.state = 'running'
                """,
                company.id,
            )
        )
        return self.env["res.partner"].browse(partner_id for [partner_id] in rows)

    @api.model
    def _leave_out_targeted(self, company):
        """Who was targeted by whatever action in the three months before or after is no rest."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_customer_list_effect_row listed
                   SET side = 'elsewhere'
                  FROM crm_customer_list_effect effect
                 WHERE effect.id = listed.effect_id AND listed.side = 'rest'
                   AND effect.company_id = %s AND effect.state = 'running'
                   AND EXISTS (
                       SELECT FROM crm_customer_list_effect_row other
                         JOIN crm_customer_list_effect done ON done.id = other.effect_id
                        WHERE other.partner_id = listed.partner_id AND other.side = 'targeted'
                          AND done.company_id = effect.company_id
                          AND done.date >= effect.date - INTERVAL '3 months'
                          AND done.date <= effect.until_date)
                """,
                company.id,
            )
        )
