from odoo import models
from odoo.tools import SQL
from odoo.tools.query import Query


class CrmCustomerMonthEnds(models.AbstractModel):
    """Rows with what stood at month ends (``date``), which does not add up over time."""

    _name = "crm.customer.month.ends"
    _inherit = ["account.company.amounts"]
    _description = "What Stood at Month Ends"

    def _get_balance_sql(self, aggregate_spec: str, query: Query, month_end="MAX") -> SQL:
        """An aggregate: the sum of a group at its last month end.

        :param aggregate_spec: a field, and ``sum`` or ``sum_currency``.
        :param month_end: ``MIN`` for the first one.
        """
        field_name, __, aggregator = aggregate_spec.partition(":")
        return SQL(
            """
            (SELECT SUM(part.amount)
               FROM UNNEST(ARRAY_AGG(%(amount)s), ARRAY_AGG(%(date)s)) AS part (amount, date)
              WHERE part.date = %(month_end)s(%(date)s))
            """,
            amount=self._get_converted_sql(field_name, query)
            if aggregator == "sum_currency"
            else self._field_to_sql(self._table, field_name, query),
            date=self._field_to_sql(self._table, "date", query),
            month_end=SQL(month_end),
        )
