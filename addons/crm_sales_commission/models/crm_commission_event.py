import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL, format_date

_logger = logging.getLogger(__name__)

#: Documents that are looked at in one transaction when all are computed: together it takes half as
#: long as in small parts.
_PART_SIZE = 25_000
#: The same after something failed, for what fails is then looked for document by document.
_SMALL_PART_SIZE = 500
#: What commission is booked by: the sum of the events of a key is what it is entitled to now.
_KEY = ("move_key", "lead_key", "plan_id", "user_id", "kind", "settlement_key")


class CrmCommissionEvent(models.Model):
    """What changed in a person's commission, and why: rows are only ever added.

    A true-up: of each document (a credit note is negative), person and plan, each event books what
    is due now less all events before it. So a part payment, a credit note, a bounced payment, a
    changed salesperson or split, and a rerun all follow the same rule, in any order. What caused it
    is the settlement that earned it.

    It reads the outbox of receivables, by document. Statements stamp events; nobody else writes
    them, and nobody deletes them.
    """

    _name = "crm.commission.event"
    _inherit = ["account.company.amounts"]
    _description = "Commission Event"
    _order = "date desc, id desc"
    _rec_name = "document_name"

    company_id = fields.Many2one("res.company", readonly=True, required=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users", "Who Earns", readonly=True, required=True, ondelete="restrict"
    )
    plan_id = fields.Many2one(
        "crm.commission.plan", readonly=True, required=True, ondelete="restrict", index=True
    )
    kind = fields.Selection(
        [("earned", "Earned"), ("open", "Not Paid Yet"), ("lost", "Lost")],
        readonly=True,
        required=True,
        help="Not paid yet: will be earned when the customer pays. Lost: was written off or"
        " deducted.",
    )
    date = fields.Date(
        readonly=True,
        required=True,
        help="When it was paid or invoiced; a correction of what is on a confirmed statement has"
        " the date on which it was noticed.",
    )
    salesperson_id = fields.Many2one(
        "res.users", "Sale Of", readonly=True, ondelete="set null", index="btree_not_null"
    )
    # Plain numbers: they stay when the document or the deal is deleted.
    move_key = fields.Integer("Document ID", readonly=True, required=True)
    lead_key = fields.Integer("Opportunity ID", readonly=True, required=True)
    settlement_key = fields.Char(readonly=True, required=True)
    move_id = fields.Many2one(
        "account.move",
        string="Document",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="account.group_account_invoice,account.group_account_readonly",
    )
    document_name = fields.Char("Document Number", readonly=True)
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="sales_team.group_sale_manager,account.group_account_invoice",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    base = fields.Monetary(
        readonly=True,
        help="The person's share of the sale without taxes, in company currency.",
    )
    rate = fields.Float(
        "Rate (%)",
        digits=(16, 4),
        readonly=True,
        aggregator=None,
        help="Empty until the statement of the period is confirmed, for plans with levels.",
    )
    amount = fields.Monetary("Commission", readonly=True)
    is_priced = fields.Boolean(
        "Rate Is Known", readonly=True, help="Plans with levels fix it when a period is confirmed."
    )
    is_correction = fields.Boolean(
        "Correction", readonly=True, help="It changes what an event before it said."
    )
    reason = fields.Char("Why", compute="_compute_reason")
    statement_id = fields.Many2one(
        "crm.commission.statement",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )

    _document_idx = models.Index("(move_key)")
    _unstamped_idx = models.Index("(company_id, user_id, date) WHERE statement_id IS NULL")

    @api.depends("kind", "date", "is_correction", "plan_id")
    def _compute_reason(self):
        for event in self:
            date = format_date(self.env, event.date)
            if event.is_correction:
                event.reason = self.env._("Correction of what changed since")
            elif event.kind == "open":
                event.reason = self.env._("Not paid yet")
            elif event.kind == "lost":
                event.reason = self.env._("Written off or deducted on %(date)s", date=date)
            elif event.plan_id.sudo().measure == "invoiced" or not event.settlement_key:
                event.reason = self.env._("Invoiced on %(date)s", date=date)
            else:
                event.reason = self.env._("Settled on %(date)s", date=date)

    # Reading the outbox ------------------------------------------------------------------------

    @api.model
    def _get_receivable_keys_sql(self, changed: SQL) -> SQL:
        """The sales documents among the entries ``changed``."""
        return SQL(
            """
            SELECT move.company_id, move.id AS res_id
              FROM %s
              JOIN account_move move ON move.id = changed.move_id
             WHERE move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
            """,
            changed,
        )

    @api.model
    def _get_change_cron_xmlid(self) -> str:
        return "crm_sales_commission.ir_cron_read_changes"

    @api.model
    def _cron_read_changes(self):
        """Book what changed."""
        self.env["account.receivable.change"]._work_off_all(self._name)

    @api.model
    def _on_receivables_changed(self, keys):
        """Book the difference of these documents."""
        self._book(sorted({move_id for __, move_id in keys}))

    @api.model
    def _on_all_receivables_changed(self, company_id, position):
        """Book the difference of the next documents after the id ``position``, of a company (0:
        of all), and of those that are gone.

        :return: the id that was reached; nothing when there are no more.
        """
        company = SQL("company_id = %s", company_id) if company_id else SQL("TRUE")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM (
                    SELECT id FROM account_move
                     WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                       AND state = 'posted' AND %(company)s AND id > %(position)s
                     UNION
                    SELECT move_key FROM crm_commission_event
                     WHERE %(company)s AND move_key > %(position)s
                       ) document
                 ORDER BY id
                 LIMIT %(limit)s
                """,
                company=company,
                position=position,
                limit=_PART_SIZE,
            )
        )
        if not rows:
            return None
        ids = [move_id for [move_id] in rows]
        # Its own company as key: a document that is gone has none any more.
        keys = [(company_id, move_id) for move_id in ids]
        if len(ids) > _SMALL_PART_SIZE and self._book_many(keys):
            return ids[-1]
        keys = keys[:_SMALL_PART_SIZE]
        self.env["account.receivable.change"]._compute_keys(self._name, keys)
        return keys[-1][1]

    @api.model
    def _book_many(self, keys) -> bool:
        """Book these at once; nothing if one of them fails."""
        changes = self.env["account.receivable.change"]
        newest_id = changes._get_newest_id()
        try:
            with self.env.cr.savepoint():
                self._on_receivables_changed(keys)
        except OperationalError:
            raise
        except Exception:
            _logger.info("Commission is booked in small parts: one document fails", exc_info=True)
            return False
        # What waited of them is done; all at once, for they are of one company, or of none.
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM account_receivable_change
                 WHERE reader = %s AND company_id = %s AND res_id = ANY(%s) AND id <= %s
                """,
                self._name,
                keys[0][0],
                [move_id for __, move_id in keys],
                newest_id,
            )
        )
        return True

    @api.model
    def _collect_documents(self, documents):
        """Something changed that only commission knows of: have these documents computed anew."""
        self.env["account.receivable.change"]._collect_keys(
            self._name, [(document.company_id.id, document.id) for document in documents]
        )

    @api.model
    def _collect_documents_of(self, condition: SQL):
        """The same for the posted documents of journal items."""
        self.env["account.move.line"].flush_model(["opportunity_id", "parent_state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT company_id, move_id FROM account_move_line
                 WHERE parent_state = 'posted' AND %s
                """,
                condition,
            )
        )
        self.env["account.receivable.change"]._collect_keys(self._name, rows)

    @api.model
    def _collect_everything(self, companies):
        """Plans or people changed: have all documents of these companies computed anew."""
        self.env["account.receivable.change"]._collect_keys(
            self._name, [(company_id, 0) for company_id in companies.ids]
        )

    # Booking -----------------------------------------------------------------------------------

    def _book(self, document_ids: list[int]):
        """Book the difference between what these documents are entitled to and what was booked."""
        self.env["crm.commission.plan"].flush_model(["state"])
        if not self._is_concerned(document_ids):
            return
        self.env["crm.sales.credit"]._flush()
        for model in (
            "crm.commission.plan",
            "crm.commission.assignment",
            "crm.commission.event",
            "product.product",
            "product.category",
            "res.partner",
        ):
            self.env[model].flush_model()
        rows = self.env.execute_query(self._get_booking_sql(document_ids))
        self.invalidate_model()
        statements = self.env["crm.commission.statement"].sudo()
        statements._refresh_drafts(set(rows))

    def _is_concerned(self, document_ids: list[int]) -> bool:
        """Whether there are plans at all, or events of these documents."""
        [(is_concerned,)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT FROM crm_commission_plan WHERE state = 'approved')
                    OR EXISTS (SELECT FROM crm_commission_event WHERE move_key = ANY(%s))
                """,
                document_ids,
            )
        )
        return is_concerned

    def _get_booking_sql(self, document_ids: list[int]) -> SQL:
        """Insert the events, and say of whom, pairs of company and user, something earned is among
        them. What is open in a period keeps its date when it is corrected; what is on a statement
        is corrected today, at the rate that it carries.
        """
        return SQL(
            """
            WITH %(relations)s,
            plan AS MATERIALIZED (%(plan)s),
            term AS MATERIALIZED (%(term)s),
            desired AS (%(desired)s),
            booked AS (
                SELECT %(key)s, MAX(company_id) AS company_id, SUM(base) AS base,
                       SUM(amount) AS amount, MAX(date) AS date,
                       MAX(salesperson_id) AS salesperson_id, MAX(partner_id) AS partner_id,
                       MAX(document_name) AS document_name,
                       BOOL_OR(statement_id IS NOT NULL) AS is_stamped,
                       (ARRAY_AGG(rate ORDER BY id) FILTER (WHERE statement_id IS NOT NULL))[1]
                           AS stamped_rate
                  FROM crm_commission_event
                 WHERE move_key = ANY(%(document_ids)s)
                 GROUP BY %(key)s
            ),
            today (company_id, date) AS (%(today)s),
            -- Few, and known before: PostgreSQL would go through all currencies for each event.
            agreed AS MATERIALIZED (
                SELECT plan.id AS plan_id, plan.rate_kind, plan.rate, currency.decimal_places,
                       today.date AS today
                  FROM crm_commission_plan plan
                  JOIN res_company company ON company.id = plan.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                  JOIN today ON today.company_id = company.id
                 WHERE %(is_known)s
            ),
            difference AS (
                SELECT %(key)s,
                       COALESCE(desired.company_id, booked.company_id) AS company_id,
                       COALESCE(desired.salesperson_id, booked.salesperson_id) AS salesperson_id,
                       COALESCE(desired.partner_id, booked.partner_id) AS partner_id,
                       COALESCE(move.name, booked.document_name) AS document_name,
                       move.id AS move_id,
                       lead.id AS lead_id,
                       COALESCE(desired.base, 0) - COALESCE(booked.base, 0) AS base,
                       COALESCE(desired.amount, 0) - COALESCE(booked.amount, 0) AS amount,
                       desired.base AS desired_base,
                       booked.stamped_rate,
                       COALESCE(booked.is_stamped, FALSE) AS is_stamped,
                       booked.move_key IS NOT NULL AS is_correction,
                       CASE WHEN booked.is_stamped THEN agreed.today
                            ELSE COALESCE(desired.date, booked.date) END AS date,
                       agreed.rate_kind, agreed.rate, agreed.decimal_places
                  FROM desired
                  FULL JOIN booked USING (%(key)s)
                  JOIN agreed USING (plan_id)
                  LEFT JOIN account_move move ON move.id = move_key
                  LEFT JOIN (SELECT id FROM crm_lead) lead ON lead.id = lead_key
            ),
            priced AS (
                SELECT difference.*,
                       rate_kind = 'flat' OR is_stamped OR kind != 'earned' AS is_priced,
                       CASE WHEN rate_kind = 'flat' THEN rate
                            WHEN is_stamped THEN stamped_rate END AS event_rate,
                       CASE WHEN rate_kind = 'flat' OR desired_base IS NULL THEN amount
                            WHEN is_stamped
                            THEN ROUND(base * stamped_rate / 100, decimal_places)
                            ELSE 0 END AS event_amount
                  FROM difference
            ),
            inserted AS (
                INSERT INTO crm_commission_event (
                    %(key)s, company_id, salesperson_id, partner_id, document_name, move_id,
                    lead_id, base, rate, amount, date, is_priced, is_correction,
                    create_uid, create_date, write_uid, write_date)
                SELECT %(key)s, company_id, salesperson_id, partner_id, document_name, move_id,
                       lead_id, base, event_rate, event_amount, date, is_priced, is_correction,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM priced
                 WHERE base != 0 OR event_amount != 0
                RETURNING company_id, user_id, kind
            )
            SELECT DISTINCT company_id, user_id FROM inserted WHERE kind = 'earned'
            """,
            relations=self.env["crm.sales.credit"]._get_relations_sql(document_ids),
            plan=self._get_plan_sql(),
            term=self._get_term_sql(),
            desired=self._get_desired_sql(),
            is_known=self._get_is_known_sql(),
            key=SQL(", ").join(SQL.identifier(name) for name in _KEY),
            document_ids=document_ids,
            today=self.env["account.receivable"]._get_today_sql(),
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )

    def _get_plan_sql(self) -> SQL:
        """The approved plans, whether they count some products or customers only, and whether
        something was agreed for deals.
        """
        return SQL(
            """
            SELECT plan.*,
                   EXISTS (SELECT FROM crm_commission_plan_product_product_rel
                            WHERE crm_commission_plan_id = plan.id)
                   OR EXISTS (SELECT FROM crm_commission_plan_product_category_rel
                               WHERE crm_commission_plan_id = plan.id) AS has_products,
                   EXISTS (SELECT FROM crm_commission_plan_res_partner_rel
                            WHERE crm_commission_plan_id = plan.id)
                   OR EXISTS (SELECT FROM crm_commission_plan_partner_category_rel
                               WHERE crm_commission_plan_id = plan.id) AS has_customers,
                   EXISTS (SELECT FROM crm_commission_assignment
                            WHERE plan_id = plan.id AND sales_of = 'deal') AS has_deals
              FROM crm_commission_plan plan
             WHERE plan.state = 'approved' AND %s
            """,
            self._get_is_known_sql(),
        )

    def _get_is_known_sql(self) -> SQL:
        """Whether ``plan`` has a measure that is known here: of one whose addon is gone, what was
        booked stays.
        """
        plans = self.env["crm.commission.plan"]
        return SQL("plan.measure = ANY(%s)", plans._fields["measure"].get_values(self.env))

    def _get_term_sql(self) -> SQL:
        """Who earns by which plan on a document's share: ``user_id``, ``share`` (a part of 1),
        ``own_base`` (the sale that the plan counts, untaxed).
        """
        return SQL(
            """
            SELECT sale.move_id, sale.lead_id, sale.company_id, sale.partner_id,
                   sale.salesperson_id, sale.invoice_date, sale.decimal_places,
                   plan.id AS plan_id, plan.measure,
                   CASE WHEN plan.rate_kind = 'flat' THEN plan.rate ELSE 0 END AS rate,
                   assignment.user_id, assignment.share,
                   %(own_base)s AS own_base
              FROM sale
              JOIN plan
                ON plan.company_id = sale.company_id
               AND sale.invoice_date >= plan.date_from
               AND (plan.date_to IS NULL OR sale.invoice_date <= plan.date_to)
             CROSS JOIN LATERAL (%(assignment)s) assignment
             WHERE %(is_counted)s
            """,
            own_base=self._get_own_base_sql(),
            assignment=self._get_assignment_sql(),
            is_counted=self._get_is_counted_sql(),
        )

    def _get_assignment_sql(self) -> SQL:
        """Who earns by ``plan`` on ``sale``: ``user_id``, ``share``. What was agreed for the deal
        takes the place of what holds for its salesperson in general.
        """
        return SQL(
            """
            SELECT assignment.user_id, SUM(assignment.share) / 100 AS share
              FROM crm_commission_assignment assignment
             WHERE assignment.plan_id = plan.id
               AND (assignment.date_from IS NULL OR sale.invoice_date >= assignment.date_from)
               AND (assignment.date_to IS NULL OR sale.invoice_date <= assignment.date_to)
               AND CASE assignment.sales_of
                   WHEN 'deal' THEN assignment.lead_id = sale.lead_id
                   WHEN 'team' THEN assignment.team_id = sale.team_id
                   ELSE CASE assignment.sales_of WHEN 'own' THEN assignment.user_id
                             ELSE assignment.salesperson_id END = sale.salesperson_id
                        AND NOT (plan.has_deals AND EXISTS (
                            SELECT FROM crm_commission_assignment deal
                             WHERE deal.plan_id = plan.id
                               AND deal.sales_of = 'deal'
                               AND deal.lead_id = sale.lead_id
                               AND (deal.date_from IS NULL OR sale.invoice_date >= deal.date_from)
                               AND (deal.date_to IS NULL OR sale.invoice_date <= deal.date_to)))
                   END
             GROUP BY assignment.user_id
            """
        )

    def _get_own_base_sql(self) -> SQL:
        """Hook: what ``plan`` counts of ``sale``, without taxes, in company currency."""
        return SQL(
            "CASE WHEN plan.has_products THEN (%s) ELSE sale.untaxed END",
            self._get_item_sum_sql(SQL("-item.balance")),
        )

    def _get_item_sum_sql(self, amount: SQL, joins: SQL | None = None) -> SQL:
        """The sum of ``amount`` over those lines ``item`` of ``sale`` whose products ``plan``
        counts.

        :param joins: further relations of ``item``.
        """
        return SQL(
            """
            SELECT COALESCE(SUM(%(amount)s), 0)
              FROM account_move_line item
              LEFT JOIN product_product product ON product.id = item.product_id
              LEFT JOIN product_template template ON template.id = product.product_tmpl_id
              LEFT JOIN product_category category ON category.id = template.categ_id
              %(joins)s
             WHERE item.move_id = sale.move_id
               AND COALESCE(item.opportunity_id, 0) = sale.lead_id
               AND item.display_type = 'product'
               AND (NOT plan.has_products
                    OR EXISTS (
                        SELECT FROM crm_commission_plan_product_product_rel wanted
                         WHERE wanted.crm_commission_plan_id = plan.id
                           AND wanted.product_product_id = product.id)
                    OR EXISTS (
                        SELECT FROM crm_commission_plan_product_category_rel wanted
                         WHERE wanted.crm_commission_plan_id = plan.id
                           AND '/' || category.parent_path
                               LIKE '%%/' || wanted.product_category_id || '/%%'))
            """,
            amount=amount,
            joins=joins or SQL(),
        )

    def _get_is_counted_sql(self) -> SQL:
        """Hook: whether ``plan`` counts the customer of ``sale``."""
        return SQL(
            """
            (NOT plan.has_customers
             OR EXISTS (SELECT FROM crm_commission_plan_res_partner_rel wanted
                          JOIN res_partner customer ON customer.id = wanted.res_partner_id
                         WHERE wanted.crm_commission_plan_id = plan.id
                           AND customer.commercial_partner_id = sale.partner_id)
             OR EXISTS (SELECT FROM crm_commission_plan_partner_category_rel wanted
                          JOIN res_partner_res_partner_category_rel tag
                            ON tag.category_id = wanted.res_partner_category_id
                         WHERE wanted.crm_commission_plan_id = plan.id
                           AND tag.partner_id = sale.partner_id))
            """
        )

    def _get_desired_sql(self) -> SQL:
        """What each key is entitled to now, in cents that add up: settlements are laid end to end,
        what is earned first, then what is lost, then what is open, and rounded along. Whatever is
        not earned when it is invoiced follows the payments.
        """
        return SQL(
            """
            SELECT move_id AS move_key, lead_id AS lead_key, plan_id, user_id, kind,
                   settlement_key, company_id, partner_id, salesperson_id, date,
                   ROUND(own_base * share * upto, decimal_places)
                       - ROUND(own_base * share * (upto - part), decimal_places) AS base,
                   ROUND(own_base * share * rate / 100 * upto, decimal_places)
                       - ROUND(own_base * share * rate / 100 * (upto - part), decimal_places)
                       AS amount
              FROM (
                SELECT wanted.*,
                       SUM(part) OVER (
                           PARTITION BY move_id, lead_id, plan_id, user_id
                           ORDER BY array_position(ARRAY['earned', 'lost', 'open'], kind),
                                    date, settlement_key) AS upto
                  FROM (
                    SELECT term.*, flow.kind, flow.settlement_key, flow.date, flow.part
                      FROM term
                      JOIN flow ON flow.move_id = term.move_id AND flow.lead_id = term.lead_id
                     WHERE term.measure != 'invoiced'
                     UNION ALL
                    SELECT term.*, 'earned', '', term.invoice_date, 1
                      FROM term
                     WHERE term.measure = 'invoiced'
                       ) wanted
                   ) running
            """
        )
