from odoo import models
from odoo.tools import SQL
from odoo.tools.query import Query


class CrmCustomerMonthEnds(models.AbstractModel):
    """Rows with what stood at month ends (``date``), which does not add up over time."""

    _name = "crm.customer.month.ends"
    _description = "What Stood at Month Ends"

    def _get_balance_sql(self, field_name: str, query: Query, month_end="MAX") -> SQL:
        """An aggregate: the sum of a group at its last month end.

        :param month_end: ``MIN`` for the first one.
        """
        return SQL(
            """
            (SELECT SUM(part.amount)
               FROM UNNEST(ARRAY_AGG(%(amount)s), ARRAY_AGG(%(date)s)) AS part (amount, date)
              WHERE part.date = %(month_end)s(%(date)s))
            """,
            amount=self._field_to_sql(self._table, field_name, query),
            date=self._field_to_sql(self._table, "date", query),
            month_end=SQL(month_end),
        )
