from odoo.tools import SQL

from odoo.addons.crm_customer_health.tests.common import HealthCommon


class ForecastCommon(HealthCommon):
    """What is expected, computed as the scheduled actions do it."""

    def _forecast(self):
        """As when a day begins, or soon after something changed."""
        self._flush()
        self.env["crm.customer.health"].sudo()._refresh(self.company)
        state = self.company._get_forecast_states(is_made=True)
        state.forecast_date = False
        state._refresh_forecast()
        self._flush()

    def _get_forecast_rows(self, **values):
        domain = [("company_id", "=", self.company.id)]
        return (
            self.env["crm.revenue.forecast"]
            .sudo()
            .search([*domain, *((name, "=", value) for name, value in values.items())])
        )

    def _get_weeks(self, slice_type="company", **values):
        domain = [("company_id", "=", self.company.id), ("slice_type", "=", slice_type)]
        return (
            self.env["crm.revenue.forecast.week"]
            .sudo()
            .search([*domain, *((name, "=", value) for name, value in values.items())])
        )

    def _get_layers(self):
        """Amounts by layer."""
        rows = self.env["crm.revenue.forecast"].sudo()
        domain = [("company_id", "=", self.company.id)]
        return dict(rows._read_group(domain, ["layer"], ["amount:sum"]))

    def _get_balance(self):
        """What the ledger says that customers owe."""
        [(balance,)] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(line.amount_residual), 0)
                  FROM account_move_line line
                  JOIN account_account account ON account.id = line.account_id
                 WHERE account.account_type = 'asset_receivable'
                   AND NOT COALESCE(account.non_trade, FALSE)
                   AND line.partner_id IS NOT NULL AND line.parent_state = 'posted'
                   AND line.company_id = %s
                """,
                self.company.id,
            )
        )
        return balance

    def assertReconciled(self):
        """Layers and weeks are what the ledger says, to the cent."""
        balance = self._get_balance()
        layers = self._get_layers()
        owed = sum(layers.get(name, 0) for name in ("open", "overdue", "disputed", "unmatched"))
        self.assertEqual(self.company.currency_id.compare_amounts(owed, balance), 0, "layers")
        for slice_type in ("company", "user"):
            weeks = self._get_weeks(slice_type, is_current=True)
            for name in ("expected", "by_due"):
                total = sum(weeks.mapped(name))
                self.assertEqual(
                    self.company.currency_id.compare_amounts(total, balance),
                    0,
                    f"{name} of {slice_type}: {total}, {balance}",
                )
