from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class CrmPaymentLateness(models.Model):
    """How late a company's customers pay, all together: a row for each number of days.

    One customer is compared with it without reading all others. Kept by the statement that says
    when money is expected, see ``crm.payment.expectation``; weights count in proportion to each
    other.
    """

    _name = "crm.payment.lateness"
    _description = "Lateness of Payments"
    _order = "company_id, is_disputed, days"
    _rec_name = "days"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    is_disputed = fields.Boolean("Disputed", readonly=True)
    days = fields.Integer(
        "Days Beyond Terms",
        readonly=True,
        aggregator=None,
        help="From the due date to the payment; negative when paid early.",
    )
    paid = fields.Float(readonly=True, help="Weight of the instalments paid so late.")
    later = fields.Float(
        "Not Paid Until Then", readonly=True, help="Weight of the instalments that are later."
    )

    @api.model
    def _get_day_sql(self, companies) -> SQL:
        """What is kept of these companies, for ``crm.payment.expectation._get_relations``."""
        return SQL(
            """
            SELECT company_id, is_disputed, days, paid::float8, later::float8
              FROM crm_payment_lateness
             WHERE company_id = ANY(%s)
            """,
            list(companies.ids),
        )

    @api.model
    def _refresh(self, companies):
        """Observe all customers of these companies anew."""
        expectation = self.env["crm.payment.expectation"]
        expectation._flush_sources()
        scope = Scope(companies)
        relations = expectation._get_relations(scope)
        needed = ("expect_basis", "expect_item", "expect_day", "expect_company_day")
        with_sql = expectation._prepare_relations({name: relations[name] for name in needed}, scope)
        self.env.cr.execute(
            SQL("DELETE FROM crm_payment_lateness WHERE company_id = ANY(%s)", list(companies.ids))
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_payment_lateness (company_id, is_disputed, days, paid, later)
                %s
                SELECT company_id, is_disputed, days, paid, later FROM expect_company_day
                """,
                with_sql,
            )
        )
        self.invalidate_model()
