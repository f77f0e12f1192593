from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class CrmCustomerService(models.Model):
    """What a customer cost to serve in a month, by driver: counted, not typed."""

    _name = "crm.customer.service"
    _inherit = ["crm.customer.figures"]
    _description = "Cost to Serve of a Customer"
    _order = "month desc, amount desc, id"
    _log_access = False

    driver_id = fields.Many2one(
        "crm.service.driver", required=True, readonly=True, ondelete="cascade"
    )
    rate_id = fields.Many2one("crm.service.rate", required=True, readonly=True, ondelete="cascade")
    month = fields.Date(required=True, readonly=True, help="First day of the month.")
    quantity = fields.Float(
        readonly=True,
        digits=(16, 2),
        help="How often; for late money the overdue amount times the days.",
    )
    amount = fields.Monetary(readonly=True, help="Quantity times the cost of a unit.")

    _customer_month_uniq = models.UniqueIndex(
        "(company_id, partner_id, month, driver_id, rate_id)", "One row a month and driver."
    )
    _driver_idx = models.Index("(driver_id, month)")

    @api.model
    def _count(self, driver):
        """Count a driver's work from the month before on; all of it where its rates changed."""
        self.env.flush_all()
        since = None
        if driver.is_counted:
            since = driver.company_id._get_today().replace(day=1) - relativedelta(months=1)
        is_wanted = SQL("month >= %s", since) if since else SQL("TRUE")
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_customer_service WHERE driver_id = %s AND %s",
                driver.id,
                is_wanted,
            )
        )
        if driver.active:
            counted = (
                self._get_late_money_sql(driver, since)
                if driver.kind == "late_money"
                else self._get_counted_sql(driver)
            )
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO crm_customer_service
                           (company_id, partner_id, driver_id, rate_id, month, quantity, amount)
                    SELECT company_id, partner_id, %(driver)s, rate_id, month, SUM(quantity),
                           ROUND(SUM(amount)::numeric / %(rounding)s) * %(rounding)s
                      FROM (%(counted)s) counted
                     WHERE %(is_wanted)s
                     GROUP BY company_id, partner_id, rate_id, month
                    HAVING SUM(quantity) != 0
                    """,
                    driver=driver.id,
                    rounding=driver.company_id.currency_id.rounding,
                    counted=counted,
                    is_wanted=is_wanted,
                )
            )
        driver.is_counted = True
        self.invalidate_model()

    @api.model
    def _merge_rows(self, src_partners, dst_partner):
        """Rows of customers that are merged are summed up at the one that stays: those of old
        months are not counted again.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM crm_customer_service WHERE partner_id = ANY(%(sources)s)
                    RETURNING *
                )
                INSERT INTO crm_customer_service AS known
                       (company_id, partner_id, driver_id, rate_id, month, quantity, amount)
                SELECT company_id, %(target)s, driver_id, rate_id, month, SUM(quantity), SUM(amount)
                  FROM gone
                 GROUP BY company_id, driver_id, rate_id, month
                    ON CONFLICT (company_id, partner_id, month, driver_id, rate_id)
                    DO UPDATE SET quantity = known.quantity + EXCLUDED.quantity,
                                  amount = known.amount + EXCLUDED.amount
                """,
                sources=list(src_partners.ids),
                target=dst_partner.commercial_partner_id.id,
            )
        )
        self.invalidate_model()

    def _get_rate_sql(self, driver) -> SQL:
        """The driver's rates with what a unit costs."""
        return SQL(
            """
            SELECT rate.id, rate.date_from, COALESCE(rate.date_to, 'infinity') AS date_to,
                   CASE WHEN rate.capacity_id IS NULL THEN rate.unit_cost
                        ELSE rate.minutes * capacity.cost / capacity.practical_minutes END::numeric
                       AS unit_amount
              FROM crm_service_rate rate
              LEFT JOIN crm_service_capacity capacity ON capacity.id = rate.capacity_id
             WHERE rate.driver_id = %s
            """,
            driver.id,
        )

    def _get_counted_sql(self, driver) -> SQL:
        """Events by customer and month, at the rate of their day."""
        return SQL(
            """
            SELECT event.company_id, partner.commercial_partner_id AS partner_id,
                   DATE_TRUNC('month', event.date)::date AS month, rate.id AS rate_id,
                   event.quantity, event.quantity * COALESCE(rate.unit_amount, 0) AS amount
              FROM (%s) event
              JOIN res_partner partner ON partner.id = event.partner_id
              JOIN (%s) rate ON event.date BETWEEN rate.date_from AND rate.date_to
            """,
            driver._get_event_sql(),
            self._get_rate_sql(driver),
        )

    def _get_late_money_sql(self, driver, since) -> SQL:
        """Money that is or was late, by the days on which it was: amount x days x yearly rate /
        365. Each part of an instalment is late from the day after its due date until it is settled,
        by whatever; what is open until today.
        """
        company = driver.company_id
        scope = Scope(companies=company)
        if since:
            scope = scope.but(since=since)
        self.env["account.receivable"]._flush()
        return SQL(
            """
            SELECT late.company_id, late.partner_id, part.month, part.rate_id,
                   late.amount * part.days AS quantity,
                   late.amount * part.days * part.unit_amount / 36500 AS amount
              FROM (
                SELECT settlement.company_id, partner.commercial_partner_id AS partner_id,
                       settlement.amount, settlement.due_date,
                       LEAST(settlement.settlement_date, %(today)s) AS until
                  FROM (%(settlements)s) settlement
                  JOIN res_partner partner ON partner.id = settlement.partner_id
                 WHERE settlement.company_id = %(company)s
                   AND settlement.parent_state = 'posted'
                   AND NOT settlement.is_mirror
                   AND settlement.kind != 'exchange'
                   AND settlement.amount > 0
                 UNION ALL
                SELECT company_id, partner_id, amount, due_date, %(today)s
                  FROM (%(items)s) item
                 WHERE amount > 0
                   ) late
             CROSS JOIN LATERAL (
                SELECT month.start::date AS month, rate.id AS rate_id, rate.unit_amount,
                       LEAST(late.until, (month.start + INTERVAL '1 month - 1 day')::date,
                             rate.date_to)
                       - GREATEST(late.due_date, month.start::date - 1, rate.date_from - 1) AS days
                  FROM GENERATE_SERIES(DATE_TRUNC('month', late.due_date + 1), late.until,
                                       INTERVAL '1 month') month (start)
                 CROSS JOIN (%(rates)s) rate
                   ) part
             WHERE late.until > late.due_date AND part.days > 0
            """,
            today=company._get_today(),
            company=company.id,
            settlements=self.env["account.receivable.settlement"]._get_settlement_sql(scope),
            items=self.env["account.receivable.item"]._get_item_sql(Scope(companies=company)),
            rates=self._get_rate_sql(driver),
        )
