from odoo import models
from odoo.tools import SQL
from odoo.tools.query import Query


class AccountCompanyAmounts(models.AbstractModel):
    """Amounts in the currency of each row's company: a sum over several is in that of the user's.

    ``amount:sum_currency`` is what views and dashboards ask for where rows have several currencies.
    Core's divides by rates, which is the company's currency only where its own rate is 1.
    """

    _name = "account.company.amounts"
    _description = "Amounts of Companies"

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        field_name, __, aggregator = aggregate_spec.partition(":")
        if aggregator != "sum_currency" or self._fields[field_name].type != "monetary":
            return super()._read_group_select(aggregate_spec, query)
        return SQL("SUM(%s)", self._get_converted_sql(field_name, query))

    def _get_converted_sql(self, field_name: str, query: Query) -> SQL:
        """The amount of a row in the currency of the user's company, at today's rate."""
        currency_name = self._fields[field_name].get_currency_field(self)
        alias = query.make_alias(self._table, f"{currency_name}__factor")
        currency = self._field_to_sql(self._table, currency_name, query)
        query.add_join(
            "LEFT JOIN",
            alias,
            SQL("(%s)", self.env.company._get_rate_sql()),
            SQL("%s = %s", SQL.identifier(alias, "currency_id"), currency),
        )
        return SQL(
            "%s * %s",
            self._field_to_sql(self._table, field_name, query),
            SQL.identifier(alias, "factor"),
        )
