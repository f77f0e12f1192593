import datetime

from odoo import models
from odoo.tools import SQL


class AccountReceivableSettlement(models.Model):
    """Settlements are read once where several past days are replayed in one transaction."""

    _inherit = "account.receivable.settlement"

    def _fill_table(self, since: datetime.date):
        """Read all settlements after a day into a temporary table, which ends with the transaction.

        It is what is read instead of the journals under the context key
        ``customer_health_settlement_table``.
        """
        self.env["crm.customer.health"]._flush_sources()
        cr = self.env.cr
        cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.health_all_settlement"))
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE health_all_settlement ON COMMIT DROP AS %s",
                self._get_settlement_sql(since=SQL("%s::date", since)),
            )
        )
        # A temporary table has no statistics of its own accord.
        cr.execute(SQL("ANALYZE pg_temp.health_all_settlement"))

    def _get_settlement_sql(self, line_ids: SQL | None = None, since: SQL | None = None) -> SQL:
        if line_ids is None and self.env.context.get("customer_health_settlement_table"):
            return SQL("SELECT * FROM pg_temp.health_all_settlement")
        return super()._get_settlement_sql(line_ids, since)
