from collections import Counter, defaultdict

from odoo.tools import SQL

from .sheet import Sheet, fetch_in_batches
from .table import Column, Table

#: What the row is about, before its figures.
LEADING_FIELDS = (
    "company_id",
    "partner_id",
    "user_id",
    "team_id",
    "country_id",
    "industry_id",
    "currency_id",
    "health_status",
    "health_score",
    "payment_risk",
    "payment_score",
)
#: The same in each row where there is one company.
COMPANY_FIELDS = ("company_id", "currency_id")
#: Of the row as such, not of the customer.
TECHNICAL_FIELDS = (
    "id",
    "create_date",
    "create_uid",
    "write_date",
    "write_uid",
    "refreshed_at",
    "refreshed_for",
)
KINDS = {
    "boolean": "boolean",
    "date": "date",
    "float": "number",
    "integer": "integer",
    "monetary": "money",
}
#: Shares of 1.
PERCENT_FIELDS = ("on_time_rate",)


class CustomerSheet(Sheet):
    """A row per customer: every stored figure, as the lists show it, for pivots and formulas.

    What the user sees is counted and summed up by company for the summary.
    """

    def __init__(self, report, book):
        super().__init__(report, book)
        self.health = report._get_health_model()
        self.fields = self._get_fields()
        self.counts = Counter()
        self.status_counts = defaultdict(Counter)
        #: Sums of the amounts, by company in its currency.
        self.amounts = defaultdict(Counter)
        #: The times at which figures were computed, by company: the first and the last.
        self.computed_at = {}
        self.as_of_dates = {}
        self._names = {}

    def add(self):
        self.table = Table(
            self.book,
            self.env._("All Figures"),
            [self._get_column(name, field) for name, field in self.fields.items()],
            self.report._get_currencies(),
            self.env._("Total"),
        )

    def _get_fields(self) -> dict[str, dict]:
        """Fields that the user may read, described in the user's language."""
        described = self.health.fields_get(
            attributes=["type", "string", "help", "selection", "relation", "aggregator"]
        )
        stored = [
            name
            for name, field in self.health._fields.items()
            if field.store and field.column_type and name not in TECHNICAL_FIELDS
        ]
        return {
            name: described[name]
            for name in dict.fromkeys((*LEADING_FIELDS, *stored))
            if name in described
        }

    def _get_column(self, name: str, field: dict) -> Column:
        kind = "percent" if name in PERCENT_FIELDS else KINDS.get(field["type"], "text")
        return Column(
            name,
            field["string"],
            kind,
            help=field.get("help") or self._get_missing_help().get(name, ""),
            width={"partner_id": 32, "company_id": 22, "currency_id": 9}.get(name, 0),
            is_summed=kind in ("money", "integer") and field.get("aggregator") == "sum",
            is_hidden=name in COMPANY_FIELDS and len(self.report.company_ids) == 1,
        )

    def _get_missing_help(self) -> dict[str, str]:
        """What columns mean whose fields need no explanation on a screen."""
        return {
            "company_id": self.env._(
                "The company to which the customer owes, and in whose currency."
            ),
            "partner_id": self.env._("The customer; its contacts' invoices are among its own."),
            "country_id": self.env._("The customer's country."),
            "industry_id": self.env._("The customer's industry."),
            "currency_id": self.env._("The currency of the amounts in the row: the company's."),
        }

    def fill(self):
        self.table.fill(self._get_rows())

    def _get_rows(self):
        position = {name: number for number, name in enumerate(self.fields)}
        make_values = self._get_value_makers()
        currency_by_company = {
            company.id: company.currency_id.id for company in self.report.company_ids
        }
        for batch in fetch_in_batches(self.env, self._get_query()):
            self._load_names(batch)
            for *values, computed_at, as_of_date in batch:
                company_id = values[position["company_id"]]
                self._count(company_id, position, values, computed_at, as_of_date)
                for number, make_value in make_values:
                    if values[number] is not None:
                        values[number] = make_value(values[number])
                yield currency_by_company[company_id], values

    def _get_query(self) -> SQL:
        """Visible rows, with the time and the day of their figures (``_compute_computed_at``)."""
        query = self.report._get_health_query()
        table = query.table
        # Whoever sees the row sees the customer's name, as in every list.
        partner = query.left_join(table, "partner_id", "res_partner", "id", "workbook_partner")
        norm = query.left_join(
            table, "company_id", "crm_customer_health_norm", "company_id", "workbook_norm"
        )
        company = query.left_join(table, "company_id", "res_company", "id", "workbook_company")
        columns = [
            SQL.identifier(partner, "complete_name")
            if name == "partner_id"
            else self.health._field_to_sql(table, name, query)
            for name in self.fields
        ]
        columns.append(
            SQL(
                "GREATEST(%s, %s)",
                SQL.identifier(table, "refreshed_at"),
                SQL.identifier(norm, "computed_at"),
            )
        )
        columns.append(
            SQL(
                "GREATEST(%s, %s)",
                SQL.identifier(table, "refreshed_for"),
                SQL.identifier(norm, "as_of_date"),
            )
        )
        query.order = SQL(
            "%s, %s, %s DESC, %s",
            SQL.identifier(company, "sequence"),
            SQL.identifier(company, "id"),
            SQL.identifier(table, "overdue_amount"),
            SQL.identifier(table, "id"),
        )
        return query.select(*columns)

    def _get_value_makers(self) -> list:
        """What turns a database value into what is shown, by position."""
        makers = []
        for number, (name, field) in enumerate(self.fields.items()):
            if field["type"] == "selection":
                labels = dict(field["selection"])
                makers.append((number, lambda value, labels=labels: labels.get(value, value)))
            elif field["type"] == "many2one" and name != "partner_id":
                names = self._names.setdefault(field["relation"], {})
                makers.append((number, names.__getitem__))
        return makers

    def _load_names(self, batch):
        """Names of the salespeople, countries and so on that come up for the first time."""
        for number, (name, field) in enumerate(self.fields.items()):
            if field["type"] != "many2one" or name == "partner_id":
                continue
            names = self._names[field["relation"]]
            new = {row[number] for row in batch} - names.keys() - {None}
            # Names only, as in every list.
            for record in self.env[field["relation"]].sudo().browse(new):
                names[record.id] = record.display_name

    def _count(self, company_id, position, values, computed_at, as_of_date):
        self.counts[company_id] += 1
        self.status_counts[company_id][values[position["health_status"]]] += 1
        amounts = self.amounts[company_id]
        for column in self.table.columns:
            if column.kind == "money":
                amounts[column.name] += values[position[column.name]] or 0
        first, last = self.computed_at.get(company_id, (computed_at, computed_at))
        self.computed_at[company_id] = min(first, computed_at), max(last, computed_at)
        self.as_of_dates[company_id] = min(self.as_of_dates.get(company_id, as_of_date), as_of_date)
