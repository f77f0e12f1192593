from odoo import api
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class Refresh:
    """Keeping the rows: for some customers, or all of a company and what has no customer."""

    __slots__ = ()

    @api.model
    def _flush_sources(self):
        """Hook: write what the rows are made of."""
        self.env["crm.payment.expectation"]._flush_sources()
        self.env["account.move"].flush_model()
        self.env["account.move.line"].flush_model()
        self.env["account.payment.term.line"].flush_model()
        self.env["crm.lead"].flush_model()
        self.env["res.users"].flush_model()
        self.env["res.partner"].flush_model()
        self.env["product.product"].flush_model(["product_tmpl_id"])
        self.env["product.template"].flush_model(["categ_id"])

    @api.model
    def _get_relations(self, scope: Scope) -> dict[str, SQL]:
        """Relations by name: what is expected of what is owed and of what will be."""
        companies = scope.companies
        plan = SQL(
            """
            SELECT plan_id, company_id, partner_id, due_date, amount FROM forecast_plan
             WHERE amount > 0
            """
        )
        expected = self.env["crm.payment.expectation"]._get_relations(
            scope, self.env["crm.payment.lateness"]._get_day_sql(companies), plan
        )
        basis = expected.pop("expect_basis")
        return {
            "expect_basis": basis,
            "forecast_lag": self._get_lag_sql(),
            "forecast_source": self._get_source_sql(scope),
            "forecast_plan": self._get_plan_sql(),
            **expected,
        }

    @api.model
    def _refresh(self, companies, partners=None):
        """Write the rows of these customers of the companies; of all, and of what has no customer,
        without ``partners``.

        Runs with full rights; whoever calls it holds the lock on the companies' norms.
        """
        self._flush_sources()
        self.flush_model()
        scope = Scope(companies, partners)
        if partners is not None:
            scope = self.env["account.receivable"]._look_up(scope)
        with_sql = self.env["crm.payment.expectation"]._prepare_relations(
            self._get_relations(scope), scope
        )
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_revenue_forecast WHERE company_id = ANY(%s) AND %s",
                list(companies.ids),
                self._get_scope_partner_sql(SQL("partner_id"), scope),
            )
        )
        # Odoo's ids, so that rows can be told apart and opened.
        columns = self._get_stored_columns()
        self.env.cr.execute(
            SQL(
                "INSERT INTO crm_revenue_forecast (%s) %s %s",
                SQL(", ").join(SQL.identifier(name) for name in columns),
                with_sql,
                self._get_row_sql(columns),
            )
        )
        self.invalidate_model()

    @api.model
    def _get_stored_columns(self) -> list[str]:
        columns = [name for name in self._get_source_columns() if name != "term_id"]
        return [
            *columns,
            "line_id",
            "weighted_amount",
            "is_late_to_invoice",
            "low_date",
            "cash_date",
            "high_date",
        ]

    @api.model
    def _get_row_sql(self, columns: list[str]) -> SQL:
        """The rows: what is owed, money in the house, and what will be invoiced."""
        parts = [
            (self._get_owed_columns(), SQL("%s", self._get_owed_from_sql())),
            (self._get_plan_columns(), SQL("%s", self._get_plan_from_sql())),
        ]
        return SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s FROM %s",
                SQL(", ").join(values.get(name, SQL("NULL")) for name in columns),
                tables,
            )
            for values, tables in parts
        )

    @api.model
    def _get_owed_columns(self) -> dict[str, SQL]:
        return {
            "company_id": SQL("item.company_id"),
            "partner_id": SQL("item.partner_id"),
            "user_id": SQL("partner.user_id"),
            "team_id": SQL("seller.sale_team_id"),
            "layer": SQL(
                """
                CASE WHEN item.amount < 0 THEN 'unmatched'
                     WHEN item.is_disputed THEN 'disputed'
                     WHEN %s THEN 'overdue'
                     ELSE 'open' END
                """,
                self.env["account.receivable"]._get_is_overdue_sql("item", SQL("item.today")),
            ),
            "move_id": SQL("item.root_move_id"),
            "line_id": SQL("item.line_id"),
            "categ_id": self._get_document_category_sql(SQL("item.root_move_id")),
            "probability": SQL("100"),
            "invoice_date": SQL("line.invoice_date"),
            "due_date": SQL("item.due_date"),
            "amount": SQL("item.amount"),
            "weighted_amount": SQL("item.amount"),
            "amount_untaxed": SQL("item.amount"),
            "is_late_to_invoice": SQL("FALSE"),
            "low_date": SQL("result.low_date"),
            "cash_date": SQL("result.likely_date"),
            "high_date": SQL("result.high_date"),
        }

    @api.model
    def _get_owed_from_sql(self) -> SQL:
        return SQL(
            """
            expect_item item
              JOIN res_partner partner ON partner.id = item.partner_id
              LEFT JOIN res_users seller ON seller.id = partner.user_id
              JOIN account_move_line line ON line.id = item.root_line_id
              LEFT JOIN expect_result result
                ON result.line_id = item.line_id AND result.root_line_id = item.root_line_id
            """
        )

    @api.model
    def _get_plan_columns(self) -> dict[str, SQL]:
        columns = {
            name: SQL.identifier("source", name)
            for name in self._get_source_columns()
            if name != "term_id"
        }
        return {
            **columns,
            "due_date": SQL("plan.due_date"),
            "amount": SQL("plan.amount"),
            "amount_untaxed": SQL("plan.amount_untaxed"),
            "weighted_amount": SQL(
                "ROUND((plan.amount * source.probability / 100)::numeric, currency.decimal_places)"
            ),
            "is_late_to_invoice": SQL(
                "COALESCE(source.layer != 'deal' AND source.invoice_date < basis.today, FALSE)"
            ),
            # What has no day on which it is invoiced has none on which it is paid.
            **{
                name: SQL(
                    "CASE WHEN source.invoice_date IS NOT NULL THEN result.%s END",
                    SQL.identifier(column),
                )
                for name, column in (
                    ("low_date", "low_date"),
                    ("cash_date", "likely_date"),
                    ("high_date", "high_date"),
                )
            },
        }

    @api.model
    def _get_plan_from_sql(self) -> SQL:
        return SQL(
            """
            forecast_plan plan
              JOIN forecast_source source ON source.source_id = plan.source_id
              JOIN expect_basis basis ON basis.company_id = source.company_id
              JOIN res_company company ON company.id = source.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
              LEFT JOIN expect_result result ON result.plan_id = plan.plan_id
            """
        )

    @api.model
    def _cron_refresh(self):
        """Companies where a new day has begun, or whose customers were all computed anew, get all
        of their rows; a company at a time, committed. The weeks follow where anything changed.
        """
        states = self.env["crm.revenue.forecast.state"].sudo()._get_states()
        due = states.filtered(lambda state: state._is_forecast_due())
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(due))
        for state in due:
            if locked := state._lock():
                locked._refresh_forecast()
            if not commit_progress(1):
                break
