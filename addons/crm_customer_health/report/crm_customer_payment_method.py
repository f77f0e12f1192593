from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

#: A row's id is its health row's id times this, plus its number among the customer's rows.
ROWS_PER_CUSTOMER = 1000


class CrmCustomerPaymentMethod(models.Model):
    """How a customer paid in the window: one row per payment method and journal, with its share.

    Read from the settlements at that moment, customer by customer, with full rights: who sees the
    customer's health row sees these sums, too.
    """

    _name = "crm.customer.payment.method"
    _description = "Payment Method of a Customer"
    _auto = False
    _order = "health_id, id"
    _depends = {"crm.customer.health": ["company_id", "partner_id"]}

    health_id = fields.Many2one("crm.customer.health", string="Customer", readonly=True)
    currency_id = fields.Many2one(related="health_id.currency_id")
    name = fields.Char("Payment Method", compute="_compute_name", compute_sudo=True)
    source = fields.Selection(
        [
            ("payment", "Payment"),
            ("statement", "Bank statement"),
            ("entry", "Journal entry"),
            ("awaited", "Payment without journal entry"),
        ],
        readonly=True,
        help="What the money came in with. Only payments know their method.",
    )
    payment_method_line_id = fields.Many2one("account.payment.method.line", readonly=True)
    journal_id = fields.Many2one("account.journal", readonly=True)
    payment_count = fields.Integer(
        "Settlements", readonly=True, help="How many instalments, or parts, were paid so."
    )
    amount = fields.Monetary(
        readonly=True, help="Received in the window, less paid back, in company currency."
    )
    share = fields.Float(
        digits=(16, 2), readonly=True, aggregator=None, help="Percent of what the customer paid."
    )

    @api.depends("source", "payment_method_line_id", "journal_id")
    def _compute_name(self):
        sources = dict(self._fields["source"]._description_selection(self.env))
        for row in self:
            method = row.payment_method_line_id.name or sources.get(row.source)
            row.name = (
                self.env._("%(method)s (%(journal)s)", method=method, journal=row.journal_id.name)
                if row.journal_id
                else method
            )

    @property
    def _table_query(self) -> SQL:
        settlements = self.env["account.receivable.settlement"]
        instalments = SQL(
            """
            ARRAY(SELECT item.id
                    FROM account_move_line item
                   WHERE item.display_type = 'payment_term'
                     AND item.partner_id IN (SELECT contact.id
                                               FROM res_partner contact
                                              WHERE contact.commercial_partner_id
                                                    = health.partner_id))
            """
        )
        return SQL(
            """
            SELECT health.id::bigint * %(rows)s + method.number AS id,
                   health.id AS health_id, method.source, method.payment_method_line_id,
                   method.journal_id, method.payment_count, method.amount,
                   ROUND(100 * method.amount / NULLIF(SUM(method.amount) OVER (
                       PARTITION BY health.id), 0), 2) AS share
              FROM crm_customer_health health
             CROSS JOIN LATERAL (
                SELECT ROW_NUMBER() OVER (ORDER BY SUM(settlement.amount) DESC,
                                                   MIN(settlement.id)) AS number,
                       CASE WHEN payment.id IS NOT NULL THEN 'payment'
                            WHEN counterpart.statement_line_id IS NOT NULL THEN 'statement'
                            WHEN counterpart.id IS NOT NULL THEN 'entry'
                            ELSE 'awaited' END AS source,
                       payment.payment_method_line_id,
                       counterpart.journal_id,
                       COUNT(*) FILTER (WHERE settlement.amount > 0) AS payment_count,
                       SUM(settlement.amount) AS amount
                  FROM (%(settlements)s) settlement
                  LEFT JOIN account_move_line counterpart
                    ON counterpart.id = settlement.counterpart_line_id
                  LEFT JOIN account_payment payment ON payment.id = counterpart.payment_id
                 WHERE settlement.company_id = health.company_id
                   AND settlement.kind = 'payment'
                   AND NOT settlement.is_mirror
                   AND settlement.parent_state = 'posted'
                   AND %(in_window)s
                 GROUP BY 3, 2, 4
                   ) method
             WHERE %(scope)s
            """,
            rows=ROWS_PER_CUSTOMER,
            settlements=settlements._get_settlement_sql(Scope(line_ids=instalments)),
            in_window=self._get_window_sql(),
            scope=self._get_scope_sql(),
        )

    def _get_window_sql(self) -> SQL:
        """The window of the customer's company; each judges by its own day."""
        policies = self.env["crm.customer.health.policy"]
        policies = policies._get_policy(policies._get_companies())
        policies.flush_recordset(["window_months"])
        windows = [
            SQL(
                """
                (settlement.company_id = %(company)s
                 AND settlement.settlement_date <= %(today)s::date
                 AND settlement.settlement_date
                     > (%(today)s::date - make_interval(months => %(months)s))::date)
                """,
                company=policy.company_id.id,
                today=policy.company_id._get_today(),
                months=policy.window_months,
            )
            for policy in policies
        ]
        return SQL("(%s)", SQL(" OR ").join(windows)) if windows else SQL("FALSE")

    def _get_scope_sql(self) -> SQL:
        """Rows that are known are read of their customers only, without looking at all others."""
        if not self._ids:
            return SQL("TRUE")
        health_ids = {row_id // ROWS_PER_CUSTOMER for row_id in self._ids}
        return SQL("health.id = ANY(%s)", sorted(health_ids))
