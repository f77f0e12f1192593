from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.query import Query


class AccountReceivableDays(models.AbstractModel):
    """How many days it took until something was settled: of settlements, and of shares of them.

    In groups they are weighted by what was paid, discounts included, as those of a customer are:
    money paid back, credit notes and losses say nothing of days.
    """

    _name = "account.receivable.days"
    _description = "Days Until Settled"

    #: The field that says what a row is, and its values of what was paid.
    _paid_kinds = ("settled_as", ("payment", "discount"))

    days_to_pay = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="Days from the invoice date to the settlement date. Groups: weighted by what was"
        " paid.",
    )
    days_beyond_terms = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="Days from the due date to the settlement date; negative when settled early. Groups:"
        " weighted by what was paid.",
    )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        if aggregate_spec not in ("days_to_pay:avg", "days_beyond_terms:avg"):
            return super()._read_group_select(aggregate_spec, query)
        kind_name, kinds = self._paid_kinds
        days, amount, kind = (
            self._field_to_sql(self._table, name, query)
            for name in (aggregate_spec.partition(":")[0], "amount", kind_name)
        )
        return SQL(
            """
            SUM(%(amount)s * %(days)s) FILTER (WHERE %(is_paid)s)
                / SUM(%(amount)s) FILTER (WHERE %(is_paid)s)
            """,
            amount=amount,
            days=days,
            is_paid=SQL("%s IN %s AND %s > 0", kind, kinds, amount),
        )
