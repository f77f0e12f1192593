from odoo import api, fields, models
from odoo.tools import SQL

from ..changed_rows import write_changed_rows

#: A customer's products that are compared with others': those that brought most.
COMPARED_PRODUCTS = 30
#: For who buys a product, so many others are candidates: the best ones.
KEPT_RULES = 100
#: Suggestions of a customer, at most.
SHOWN_SUGGESTIONS = 5

#: What a customer buys, what is suggested, and because of what: by what is suggested.
BOUGHT = {"product": "product_id", "category": "categ_id"}
ITEMS = {"product": "product_id", "category": "suggested_categ_id"}
REASONS = {"product": "because_product_id", "category": "because_categ_id"}

COLUMNS = (
    "kind",
    "kind_industry_id",
    "kind_country_id",
    "customer_count",
    "buyer_count",
    "both_count",
    "support",
    "confidence",
    "lift",
    "expected_amount",
    "rank",
)


class CrmCustomerSuggestion(models.Model):
    """A product, or a category of products, that a customer does not buy and similar customers do.

    "Who buys A buys B" among customers of the same kind: their industry, else their country, else
    all of the company, the first that has enough of them. Support is the part of the customers who
    buy both, confidence the part of A's buyers who buy B, lift the confidence against the part of
    all who buy B. What is bought is what brought something in twelve months.
    """

    _name = "crm.customer.suggestion"
    _description = "Product That a Customer Could Buy"
    _inherit = ["crm.customer.figures", "crm.customer.offer"]
    _order = "company_id, partner_id, rank, id"

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
        help="The category of which the customer buys nothing, where categories are suggested.",
    )
    item_name = fields.Char(
        "Suggestion", compute="_compute_item_name", help="The suggested product or category."
    )
    categ_id = fields.Many2one(related="product_id.categ_id", string="Category")
    because_product_id = fields.Many2one(
        "product.product",
        string="Because of",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The product that the customer buys, and whose buyers also buy this one.",
    )
    because_categ_id = fields.Many2one(
        "product.category",
        string="Because of Category",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The category that the customer buys, and whose buyers also buy this one.",
    )
    kind = fields.Selection(
        [("industry", "Industry"), ("country", "Country"), ("all", "All Customers")],
        string="Compared Within",
        readonly=True,
        help="With which customers this one is compared.",
    )
    kind_industry_id = fields.Many2one(
        "res.partner.industry", string="Compared Industry", readonly=True, ondelete="cascade"
    )
    kind_country_id = fields.Many2one(
        "res.country", string="Compared Country", readonly=True, ondelete="cascade"
    )
    customer_count = fields.Integer(
        "Similar Customers",
        readonly=True,
        aggregator=None,
        help="Customers of the same kind that bought something in twelve months.",
    )
    buyer_count = fields.Integer(
        "Buyers",
        readonly=True,
        aggregator=None,
        help="How many of them buy what this customer buys.",
    )
    both_count = fields.Integer(
        "Buyers of Both", readonly=True, aggregator=None, help="How many of these buy both."
    )
    support = fields.Float(
        digits=(16, 4),
        readonly=True,
        aggregator="avg",
        help="Buyers of both, of all similar customers.",
    )
    confidence = fields.Float(
        digits=(16, 4), readonly=True, aggregator="avg", help="Buyers of both, of the buyers."
    )
    lift = fields.Float(
        digits=(16, 4),
        readonly=True,
        aggregator="avg",
        help="How much likelier it is that a buyer buys this, than that any similar customer does:"
        " 1 is no difference.",
    )
    expected_amount = fields.Monetary(
        readonly=True,
        help="What it brings in twelve months with those who buy both: their median, untaxed.",
    )
    rank = fields.Integer(readonly=True, aggregator=None, help="1 is the best suggestion.")
    reason = fields.Char(compute="_compute_reason", help="Why it is suggested, in words.")

    _company_partner_product_uniq = models.Constraint(
        "UNIQUE (company_id, partner_id, product_id)",
        "A product is suggested once to a customer in a company.",
    )

    _company_partner_categ_uniq = models.UniqueIndex(
        "(company_id, partner_id, suggested_categ_id) WHERE suggested_categ_id IS NOT NULL",
        "A category is suggested once to a customer in a company.",
    )
    _product_or_category = models.Constraint(
        "CHECK ((product_id IS NULL) != (suggested_categ_id IS NULL))",
        "A suggestion is a product or a category.",
    )

    @api.depends("partner_id", "item_name")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.partner_id.display_name}: {row.item_name}"

    @api.depends("product_id", "suggested_categ_id")
    def _compute_item_name(self):
        for row in self:
            row.item_name = (row.product_id or row.suggested_categ_id).display_name

    @api.depends(
        "kind",
        "buyer_count",
        "both_count",
        "product_id",
        "suggested_categ_id",
        "because_product_id",
        "because_categ_id",
    )
    @api.depends_context("lang")
    def _compute_reason(self):
        for row in self:
            values = {
                "both": row.both_count,
                "buyers": row.buyer_count,
                "bought": (row.because_product_id or row.because_categ_id).display_name,
                "suggested": row.item_name,
                "kind": row.kind_industry_id.display_name or row.kind_country_id.display_name,
            }
            if row.kind == "industry":
                row.reason = self.env._(
                    "%(both)s of %(buyers)s customers of the industry %(kind)s that buy %(bought)s"
                    " also buy %(suggested)s",
                    **values,
                )
            elif row.kind == "country":
                row.reason = self.env._(
                    "%(both)s of %(buyers)s customers in %(kind)s that buy %(bought)s also buy"
                    " %(suggested)s",
                    **values,
                )
            else:
                row.reason = self.env._(
                    "%(both)s of %(buyers)s customers that buy %(bought)s also buy %(suggested)s",
                    **values,
                )

    def _get_relations(self, companies, level: str = "product") -> dict[str, SQL]:
        """Suggestions of all customers of these companies: SQL relations that read each other.

        :param level: what is suggested: ``product`` or ``category``
        No row per pair of customers: the largest has one per customer and pair of its products, of
        which there are :data:`COMPARED_PRODUCTS` at most.
        """
        return {
            "suggestion_basket": SQL(
                """
                SELECT company_id, partner_id, item_id, amount
                  FROM (
                    SELECT purchase.*, ROW_NUMBER() OVER (
                               PARTITION BY company_id, partner_id
                               ORDER BY amount DESC, item_id) AS place
                      FROM (%s) purchase
                     WHERE amount > 0
                       ) purchase
                 WHERE place <= %s
                """,
                self._get_purchase_sql(companies, level),
                COMPARED_PRODUCTS,
            ),
            # Each customer, and the kind that it is compared within, if any is large enough.
            "suggestion_customer": SQL(
                """
                SELECT company_id, partner_id, industry_id, country_id, min_buyers,
                       CASE WHEN of_industry >= min_customers AND industry_id IS NOT NULL
                            THEN 'industry'
                            WHEN of_country >= min_customers AND country_id IS NOT NULL
                            THEN 'country'
                            WHEN of_company >= min_customers THEN 'all' END AS kind
                  FROM (
                    SELECT basket.company_id, basket.partner_id, partner.industry_id,
                           partner.country_id,
                           policy.suggestion_min_customers AS min_customers,
                           policy.suggestion_min_buyers AS min_buyers,
                           COUNT(*) OVER (PARTITION BY basket.company_id, partner.industry_id)
                               AS of_industry,
                           COUNT(*) OVER (PARTITION BY basket.company_id, partner.country_id)
                               AS of_country,
                           COUNT(*) OVER (PARTITION BY basket.company_id) AS of_company
                      FROM (SELECT DISTINCT company_id, partner_id FROM suggestion_basket) basket
                      JOIN res_partner partner ON partner.id = basket.partner_id
                      JOIN crm_customer_health_policy policy
                        ON policy.company_id = basket.company_id
                       ) customer
                """
            ),
            # Of each kind that somebody is compared within, all customers: also those that are
            # compared within a closer one.
            "suggestion_member": SQL(
                """
                SELECT customer.company_id, used.kind, used.kind_id, customer.partner_id,
                       customer.min_buyers
                  FROM suggestion_customer customer
                 CROSS JOIN LATERAL (VALUES ('industry', customer.industry_id),
                                            ('country', customer.country_id),
                                            ('all', 0)) own (kind, kind_id)
                  JOIN (
                    SELECT DISTINCT company_id, kind,
                           CASE kind WHEN 'industry' THEN industry_id
                                     WHEN 'country' THEN country_id ELSE 0 END AS kind_id
                      FROM suggestion_customer
                     WHERE kind IS NOT NULL
                       ) used ON used.company_id = customer.company_id
                             AND used.kind = own.kind AND used.kind_id = own.kind_id
                """
            ),
            "suggestion_bought": SQL(
                """
                SELECT member.company_id, member.kind, member.kind_id, basket.item_id,
                       COUNT(*) AS buyers
                  FROM suggestion_member member
                  JOIN suggestion_basket basket USING (company_id, partner_id)
                 GROUP BY member.company_id, member.kind, member.kind_id, basket.item_id
                HAVING COUNT(*) >= MIN(member.min_buyers)
                """
            ),
            "suggestion_item": SQL(
                """
                SELECT member.company_id, member.kind, member.kind_id, member.partner_id,
                       member.min_buyers, basket.item_id, basket.amount
                  FROM suggestion_member member
                  JOIN suggestion_basket basket USING (company_id, partner_id)
                  JOIN suggestion_bought bought
                    ON (bought.company_id, bought.kind, bought.kind_id, bought.item_id)
                     = (member.company_id, member.kind, member.kind_id, basket.item_id)
                """
            ),
            "suggestion_pair": SQL(
                """
                SELECT own.company_id, own.kind, own.kind_id, own.item_id AS because_item_id,
                       other.item_id, COUNT(*) AS both_count,
                       PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY other.amount)
                           AS expected_amount
                  FROM suggestion_item own
                  JOIN suggestion_item other
                    ON (other.company_id, other.kind, other.kind_id, other.partner_id)
                     = (own.company_id, own.kind, own.kind_id, own.partner_id)
                   AND other.item_id != own.item_id
                 GROUP BY own.company_id, own.kind, own.kind_id, own.item_id, other.item_id
                HAVING COUNT(*) >= MIN(own.min_buyers)
                """
            ),
            "suggestion_rule": SQL(
                """
                SELECT rule.*, confidence * lift AS score
                  FROM (
                    SELECT pair.*, own.buyers AS buyer_count, kind.customers AS customer_count,
                           pair.both_count::numeric / kind.customers AS support,
                           pair.both_count::numeric / own.buyers AS confidence,
                           pair.both_count::numeric * kind.customers
                               / (own.buyers::numeric * other.buyers) AS lift,
                           ROW_NUMBER() OVER (
                               PARTITION BY pair.company_id, pair.kind, pair.kind_id,
                                            pair.because_item_id
                               ORDER BY pair.both_count::numeric * pair.both_count / other.buyers
                                        DESC, pair.item_id) AS place
                      FROM suggestion_pair pair
                      JOIN (%s) sold ON sold.item_id = pair.item_id
                      JOIN suggestion_bought own
                        ON (own.company_id, own.kind, own.kind_id, own.item_id)
                         = (pair.company_id, pair.kind, pair.kind_id, pair.because_item_id)
                      JOIN suggestion_bought other
                        ON (other.company_id, other.kind, other.kind_id, other.item_id)
                         = (pair.company_id, pair.kind, pair.kind_id, pair.item_id)
                      JOIN (
                        SELECT company_id, kind, kind_id, COUNT(*) AS customers
                          FROM suggestion_member
                         GROUP BY company_id, kind, kind_id
                           ) kind
                        ON (kind.company_id, kind.kind, kind.kind_id)
                         = (pair.company_id, pair.kind, pair.kind_id)
                       ) rule
                 WHERE place <= %s
                """,
                self._get_sold_sql(level),
                KEPT_RULES,
            ),
            "suggestion_result": SQL(
                """
                SELECT candidate.company_id, candidate.partner_id, item_id AS %(item)s,
                       because_item_id AS %(because)s, kind,
                       CASE WHEN kind = 'industry' THEN kind_id END AS kind_industry_id,
                       CASE WHEN kind = 'country' THEN kind_id END AS kind_country_id,
                       customer_count, buyer_count, both_count, ROUND(support, 4) AS support,
                       ROUND(confidence, 4) AS confidence, ROUND(lift, 4) AS lift,
                       ROUND(expected_amount::numeric, decimal_places) AS expected_amount, rank
                  FROM (
                    SELECT candidate.*, ROW_NUMBER() OVER (
                               PARTITION BY company_id, partner_id
                               ORDER BY score DESC, confidence DESC, item_id) AS rank
                      FROM (
                        SELECT DISTINCT ON (customer.company_id, customer.partner_id,
                                            rule.item_id)
                               customer.partner_id, rule.*
                          FROM suggestion_customer customer
                          JOIN suggestion_basket basket USING (company_id, partner_id)
                          JOIN suggestion_rule rule
                            ON rule.company_id = customer.company_id
                           AND rule.kind = customer.kind
                           AND rule.kind_id = CASE customer.kind
                                   WHEN 'industry' THEN customer.industry_id
                                   WHEN 'country' THEN customer.country_id ELSE 0 END
                           AND rule.because_item_id = basket.item_id
                         WHERE NOT EXISTS (
                               SELECT FROM crm_customer_purchase bought
                                WHERE bought.company_id = customer.company_id
                                  AND bought.partner_id = customer.partner_id
                                  AND bought.%(bought)s = rule.item_id)
                         ORDER BY customer.company_id, customer.partner_id, rule.item_id,
                                  rule.score DESC, rule.confidence DESC, rule.because_item_id
                           ) candidate
                       ) candidate
                  JOIN res_company company ON company.id = candidate.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                 WHERE rank <= %(shown)s
                """,
                item=SQL.identifier(ITEMS[level]),
                because=SQL.identifier(REASONS[level]),
                bought=SQL.identifier(BOUGHT[level]),
                shown=SHOWN_SUGGESTIONS,
            ),
        }

    def _get_purchase_sql(self, companies, level: str) -> SQL:
        """What each customer buys of a product, or of a category."""
        if level == "category":
            return SQL(
                """
                SELECT company_id, partner_id, categ_id AS item_id, SUM(amount_12m) AS amount
                  FROM crm_customer_purchase
                 WHERE company_id = ANY(%s) AND categ_id IS NOT NULL
                 GROUP BY company_id, partner_id, categ_id
                """,
                list(companies.ids),
            )
        return SQL(
            """
            SELECT company_id, partner_id, product_id AS item_id, amount_12m AS amount
              FROM crm_customer_purchase
             WHERE company_id = ANY(%s)
            """,
            list(companies.ids),
        )

    def _get_sold_sql(self, level: str) -> SQL:
        """What is sold still: active products, or categories with such."""
        return SQL(
            """
            SELECT DISTINCT %s AS item_id
              FROM product_product product
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE product.active AND template.active AND template.sale_ok
            """,
            SQL.identifier("template", "categ_id")
            if level == "category"
            else SQL.identifier("product", "id"),
        )

    @api.model
    def _refresh(self, companies):
        """Compute and write the suggestions of all customers of these companies.

        The caller holds the locks of the companies' norms. Only rows that changed are written.
        """
        for model in ("crm.customer.purchase", "product.product", "product.template"):
            self.env[model].flush_model()
        self.env["res.partner"].flush_model(["industry_id", "country_id"])
        policies = self.env["crm.customer.health.policy"]._get_policy(companies)
        policies.flush_model()
        self.flush_model()
        self.env["crm.customer.health"]._raise_work_memory()
        for level, of_level in policies.grouped("suggestion_level").items():
            self._refresh_level(of_level.company_id, level)

    @api.model
    def _refresh_level(self, companies, level: str):
        """Compute and write what is suggested in companies that suggest products, or categories."""
        for name, select in self._get_relations(companies, level).items():
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier("pg_temp", name)))
            self.env.cr.execute(
                SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", SQL.identifier(name), select)
            )
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(name)))
        item = SQL.identifier(ITEMS[level])
        # What was suggested before it was the other one.
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_customer_suggestion WHERE company_id = ANY(%s) AND %s IS NULL",
                list(companies.ids),
                item,
            )
        )
        write_changed_rows(
            self,
            "suggestion_result",
            (REASONS[level], *COLUMNS),
            companies,
            key=("company_id", "partner_id", ITEMS[level]),
            where=SQL("%s IS NOT NULL", item),
        )

    @api.model
    def _ask_for_all(self, companies):
        """Have all suggestions of these companies computed by the scheduled action."""
        self.env["crm.customer.health.norm"].search([("company_id", "in", companies.ids)]).write(
            {"suggestions_as_of_date": False}
        )
        self.env.ref("crm_customer_purchase.ir_cron_purchase")._trigger()

    @api.model
    def _drop_bought(self, companies, partners):
        """What these customers buy by now is suggested to them no longer."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_customer_suggestion suggestion
                 USING crm_customer_purchase purchase
                 WHERE purchase.company_id = suggestion.company_id
                   AND purchase.partner_id = suggestion.partner_id
                   AND (purchase.product_id = suggestion.product_id
                        OR purchase.categ_id = suggestion.suggested_categ_id)
                   AND suggestion.company_id = ANY(%s) AND suggestion.partner_id = ANY(%s)
                """,
                list(companies.ids),
                list(partners.ids),
            )
        )
        self.invalidate_model()

    def _get_offer_kind(self) -> str:
        return "suggested"

    def _get_offer_text(self) -> str:
        self.ensure_one()
        return f"{self.item_name}: {self.reason}"
