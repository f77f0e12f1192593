from odoo import api, models
from odoo.tools import SQL


class CrmPaymentExpectation(models.AbstractModel):
    """What a customer promised is expected by the day that was promised."""

    _inherit = "crm.payment.expectation"

    @api.model
    def _flush_sources(self):
        result = super()._flush_sources()
        self.env["crm.payment.promise"].flush_model()
        return result

    @api.model
    def _get_promise_sql(self, scope):
        """Promises that run: of several of a customer the one for the earliest day is about what
        is due first. Of a past day those made until then whose day had not come.
        """
        return SQL(
            """
            SELECT company_id, partner_id, date, upto - amount AS since, upto
              FROM (
                SELECT promise.company_id, partner.commercial_partner_id AS partner_id,
                       promise.date, %(amount)s AS amount,
                       SUM(%(amount)s) OVER (
                           PARTITION BY promise.company_id, partner.commercial_partner_id
                           ORDER BY promise.date, promise.id) AS upto
                  FROM crm_payment_promise promise
                  JOIN res_partner partner ON partner.id = promise.partner_id
                  JOIN expect_basis basis ON basis.company_id = promise.company_id
                 WHERE %(is_running)s
                   ) promise
            """,
            # What was paid of it since is not open any more.
            amount=SQL("promise.amount")
            if scope.as_of
            else SQL("(promise.amount - COALESCE(promise.paid_amount, 0))"),
            is_running=SQL(
                """
                promise.made_on <= basis.known_on AND promise.date >= basis.today
                AND promise.state != 'withdrawn'
                """
            )
            if scope.as_of
            else SQL("promise.state = 'running'"),
        )
