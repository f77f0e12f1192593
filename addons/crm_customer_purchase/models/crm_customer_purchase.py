from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

from ..changed_rows import write_changed_rows

#: Up to so many customers one statement is quicker than tables with statistics.
FEW_CUSTOMERS = 50

#: The relation that holds the rows as they shall be.
RESULT = "purchase_result"

#: What is said of a customer and a product, and how it comes out of the judged row.
COLUMNS = {
    "categ_id": "categ_id",
    "quantity_12m": "ROUND(quantity_12m::numeric, 4)",
    "quantity_prev_12m": "ROUND(quantity_prev_12m::numeric, 4)",
    "amount_12m": "amount_12m",
    "amount_prev_12m": "amount_prev_12m",
    "share": "ROUND(share::numeric, 6)",
    "trend": "ROUND(trend::numeric, 4)",
    "purchase_count": "purchase_count",
    "first_date": "first_date",
    "last_date": "last_date",
    "interval_days": "ROUND(interval_days::numeric, 2)",
    "expected_date": "expected_date",
    "state": "state",
}


class CrmCustomerPurchase(models.Model):
    """What a customer buys of a product: how much, how often, and whether it goes on.

    Written by the system only, from posted invoice lines (:class:`CrmCustomerPurchaseLine`).
    Amounts are untaxed, in company currency; quantities in the product's own unit. Documents of
    one day are one purchase.
    """

    _name = "crm.customer.purchase"
    _description = "What a Customer Buys"
    _inherit = ["crm.customer.figures", "crm.customer.offer"]
    _order = "amount_12m desc, id"

    partner_id = fields.Many2one(index=True)
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    categ_id = fields.Many2one(
        "product.category", "Category", readonly=True, index=True, ondelete="set null"
    )
    uom_id = fields.Many2one(related="product_id.uom_id")
    quantity_12m = fields.Float(
        "Quantity (12 Months)",
        digits="Product Unit",
        readonly=True,
        help="In the product's own unit, less returns, of a year.",
    )
    quantity_prev_12m = fields.Float(
        "Quantity (12 Months Before)",
        digits="Product Unit",
        readonly=True,
        help="In the product's own unit, less returns, of the year before the last.",
    )
    amount_12m = fields.Monetary(
        "Amount (12 Months)", readonly=True, help="Untaxed, less credit notes, of a year."
    )
    amount_prev_12m = fields.Monetary(
        "Amount (12 Months Before)",
        readonly=True,
        help="Untaxed, less credit notes, of the year before the last.",
    )
    share = fields.Float(
        digits=(16, 6),
        readonly=True,
        aggregator="avg",
        help="Part of the amount of twelve months that the product is, of all that the customer"
        " bought.",
    )
    trend = fields.Float(
        digits=(16, 4),
        readonly=True,
        aggregator="avg",
        help="The last three months against three months on average of the nine before: 0 is"
        " steady, -100 % is nothing any more.",
    )
    purchase_count = fields.Integer(
        "Purchases", readonly=True, help="On how many days the product was invoiced."
    )
    first_date = fields.Date("First Purchase", readonly=True, aggregator="min")
    last_date = fields.Date("Last Purchase", readonly=True, aggregator="max")
    interval_days = fields.Float(
        "Usual Interval",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Median days between purchases; from three purchases on.",
    )
    expected_date = fields.Date(
        "Next Purchase Expected",
        readonly=True,
        index=True,
        aggregator="min",
        help="Last purchase and the usual interval; from three purchases on.",
    )
    state = fields.Selection(
        [
            ("new", "New"),
            ("single", "Single"),
            ("regular", "Regular"),
            ("growing", "Growing"),
            ("falling", "Falling"),
            ("lapsed", "Stopped"),
        ],
        readonly=True,
        index=True,
        help="Stopped: silent for more than twice the usual interval, or for a year where there is"
        " none. New: first bought in the last three months. Single: bought once. Falling, growing:"
        " the last three months against the nine before.",
    )

    _company_partner_product_uniq = models.Constraint(
        "UNIQUE (company_id, partner_id, product_id)",
        "What a customer buys of a product is one row in a company.",
    )

    @api.depends("partner_id", "product_id")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.partner_id.display_name}: {row.product_id.display_name}"

    # Computing ---------------------------------------------------------------------------------

    def _get_relations(self, scope: Scope) -> dict[str, SQL]:
        """The rows of a scope, as SQL relations that read each other, the last one the result."""
        policies = self.env["crm.customer.health.policy"]._get_policy(scope.companies)
        policies.flush_model()
        health = self.env["crm.customer.health"]
        return {
            "purchase_basis": health._get_basis_sql(policies, scope.as_of),
            "purchase_day": self._get_day_sql(scope),
            "purchase_fact": self._get_fact_sql(),
            RESULT: self._get_result_sql(),
        }

    def _get_day_sql(self, scope) -> SQL:
        """What a customer bought of a product on a day."""
        return SQL(
            """
            SELECT company_id, partner_id, product_id, categ_id, invoice_date,
                   SUM(quantity) AS quantity, SUM(amount) AS amount,
                   BOOL_OR(is_purchase) AS is_purchase
              FROM (%s) line
             GROUP BY company_id, partner_id, product_id, categ_id, invoice_date
            """,
            self.env["crm.customer.purchase.line"]._get_line_sql(
                scope,
                until=SQL("basis.as_of"),
                join=SQL("JOIN purchase_basis basis ON basis.company_id = line.company_id"),
            ),
        )

    def _get_fact_sql(self) -> SQL:
        """Sums, dates and the usual interval of a customer and a product."""
        return SQL(
            """
            SELECT day.company_id, day.partner_id, day.product_id, day.categ_id,
                   COALESCE(SUM(quantity) FILTER (WHERE %(in_year)s), 0) AS quantity_12m,
                   COALESCE(SUM(quantity) FILTER (WHERE %(in_prev_year)s), 0) AS quantity_prev_12m,
                   COALESCE(SUM(amount) FILTER (WHERE %(in_year)s), 0) AS amount_12m,
                   COALESCE(SUM(amount) FILTER (WHERE %(in_prev_year)s), 0) AS amount_prev_12m,
                   COALESCE(SUM(amount) FILTER (WHERE %(is_recent)s), 0) AS recent_amount,
                   COALESCE(SUM(amount) FILTER (WHERE %(is_earlier)s), 0) AS earlier_amount,
                   COUNT(*) FILTER (WHERE is_purchase AND %(is_earlier)s) AS earlier_count,
                   COUNT(*) FILTER (WHERE is_purchase) AS purchase_count,
                   MIN(invoice_date) FILTER (WHERE is_purchase) AS first_date,
                   MAX(invoice_date) FILTER (WHERE is_purchase) AS last_date,
                   CASE WHEN COUNT(*) FILTER (WHERE is_purchase) >= 3
                        THEN PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY gap)
                             FILTER (WHERE is_purchase)
                   END AS interval_days
              FROM (
                SELECT *, invoice_date - LAG(invoice_date) OVER (
                              PARTITION BY company_id, partner_id, product_id, is_purchase
                              ORDER BY invoice_date) AS gap
                  FROM purchase_day
                   ) day
              JOIN purchase_basis basis ON basis.company_id = day.company_id
             GROUP BY day.company_id, day.partner_id, day.product_id, day.categ_id
            """,
            in_year=SQL("invoice_date > basis.year_start"),
            in_prev_year=SQL(
                "invoice_date > basis.prev_year_start AND invoice_date <= basis.year_start"
            ),
            is_recent=SQL("invoice_date > basis.recent_start"),
            is_earlier=SQL(
                "invoice_date > basis.year_start AND invoice_date <= basis.recent_start"
            ),
        )

    def _get_result_sql(self) -> SQL:
        """The stored columns: share, trend, the next purchase, and how it goes."""
        return SQL(
            """
            SELECT company_id, partner_id, product_id, %(columns)s
              FROM (
                SELECT fact.*,
                       COALESCE(GREATEST(amount_12m, 0) / NULLIF(SUM(GREATEST(amount_12m, 0)) OVER (
                           PARTITION BY fact.company_id, fact.partner_id), 0), 0) AS share,
                       CASE WHEN earlier_amount > 0
                            THEN 3 * recent_amount / earlier_amount - 1 END AS trend,
                       last_date + ROUND(interval_days::numeric)::int AS expected_date,
                       CASE WHEN purchase_count = 0 THEN NULL
                            WHEN basis.as_of - last_date > 2 * interval_days
                              OR interval_days IS NULL AND purchase_count > 1
                                 AND last_date <= basis.year_start THEN 'lapsed'
                            WHEN first_date > basis.recent_start THEN 'new'
                            WHEN purchase_count = 1 THEN 'single'
                            WHEN earlier_count >= 3 AND earlier_amount > 0 AND 300 * recent_amount
                                 < basis.purchase_falling_percent * earlier_amount THEN 'falling'
                            WHEN earlier_count >= 3 AND earlier_amount > 0 AND 300 * recent_amount
                                 >= basis.purchase_growing_percent * earlier_amount THEN 'growing'
                            ELSE 'regular' END AS state
                  FROM purchase_fact fact
                  JOIN purchase_basis basis ON basis.company_id = fact.company_id
                   ) judged
            """,
            columns=SQL(", ").join(
                SQL("%s AS %s", SQL(expression), SQL.identifier(name))
                for name, expression in COLUMNS.items()
            ),
        )

    @api.model
    def _refresh(self, companies, partners=None):
        """Compute and write the rows of these customers, or of all customers of the companies.

        The caller holds the locks of the companies' norms. Only rows that changed are written.

        :param partners: commercial partners; those that are none own nothing any more
        """
        if not companies or (partners is not None and not partners):
            return
        self.env["crm.customer.purchase.line"]._flush_sources()
        self.flush_model()
        relations = self._get_relations(Scope(companies, partners))
        health = self.env["crm.customer.health"]
        if partners is not None and len(partners) <= FEW_CUSTOMERS:
            write_changed_rows(
                self, RESULT, COLUMNS, companies, partners, health._get_with_sql(relations)
            )
            self.env["crm.customer.suggestion"]._drop_bought(companies, partners)
            return
        health._raise_work_memory()
        for name, select in relations.items():
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier("pg_temp", name)))
            self.env.cr.execute(
                SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", SQL.identifier(name), select)
            )
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(name)))
        write_changed_rows(self, RESULT, COLUMNS, companies, partners)
        if partners is not None:
            self.env["crm.customer.suggestion"]._drop_bought(companies, partners)

    @api.model
    def _ask_for_all(self, companies):
        """Have all purchases of these companies computed by the scheduled action."""
        self.env["crm.customer.health.norm"].search([("company_id", "in", companies.ids)]).write(
            {"purchases_as_of_date": False}
        )
        self.env.ref("crm_customer_purchase.ir_cron_purchase")._trigger()

    @api.model
    def _cron_refresh(self):
        """Compute purchases, and then suggestions, of the companies where a new day has begun or
        that must be computed anew; a company at a time, committed.
        """
        policies = self.env["crm.customer.health.policy"]
        companies = policies._get_policy(policies._get_companies()).company_id
        norms = self.env["crm.customer.health.norm"].search([("company_id", "in", companies.ids)])
        steps = [
            (norm, name, model)
            for norm in norms
            for name, model in (
                ("purchases_as_of_date", self),
                ("suggestions_as_of_date", self.env["crm.customer.suggestion"]),
            )
            if norm[name] != norm.company_id._get_today()
        ]
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(steps))
        for norm, name, model in steps:
            if norm.try_lock_for_update():
                model._refresh(norm.company_id)
                norm[name] = norm.company_id._get_today()
            if not commit_progress(1):
                break

    # Lists -------------------------------------------------------------------------------------

    @api.model
    def _get_list_domain(self, kind: str) -> Domain:
        """Hook: the rows of one of the lists.

        :param kind: ``lapsed``, ``falling`` or ``due``
        """
        if kind == "due":
            today = fields.Date.to_string(self.env.company._get_today())
            return Domain("expected_date", "<=", today) & Domain("state", "!=", "lapsed")
        return Domain("state", "=", kind)

    @api.model
    def _get_list_kinds(self) -> tuple[str, ...]:
        return ("lapsed", "falling", "due")

    def _get_offer_kind(self) -> str:
        return self.state if self.state in ("lapsed", "falling") else "due"

    def _get_offer_text(self) -> str:
        """What a salesperson is told to talk about: the product, and since when."""
        self.ensure_one()
        return self.env._(
            "%(product)s: last bought on %(date)s",
            product=self.product_id.display_name,
            date=fields.Date.to_string(self.last_date) if self.last_date else "-",
        )
