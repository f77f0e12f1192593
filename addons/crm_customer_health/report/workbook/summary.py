from xlsxwriter.utility import xl_col_to_name

from odoo import fields
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.bands import OPEN_PARTS

from .book import HEADER_STYLE
from .ledger import get_ledger
from .sheet import Sheet

AMOUNT_FIELDS = (
    "open_amount",
    *OPEN_PARTS,
    "overdue_amount",
    "unapplied_credit_amount",
    "paid_amount",
    "written_off_amount",
    "revenue_12m",
    "revenue_prev_12m",
)
#: Figures of the company at the last month end that was kept.
COMPANY_FIGURES = {
    "date": "date",
    "dso": "number",
    "best_possible_dso": "number",
    "average_days_delinquent": "number",
    "collection_effectiveness": "number",
    "dso_countback": "number",
    "provision_amount": "money",
}
STATUS_COLOURS = {
    "healthy": "#28a745",
    "watch": "#f0ad4e",
    "at_risk": "#dc3545",
    "unknown": "#adb5bd",
}
#: Rows of the sheet above the figures: title, companies.
COMPANY_ROW = 2


class SummarySheet(Sheet):
    """Totals, a column for each company in its own currency, with charts.

    Figures are formulas on the sheet of customers. Where all customers of a company are in the
    workbook, and the user may read accounting, they are held against the balance of the accounts.
    """

    sums_up = True

    def __init__(self, report, book, customers):
        """
        :param customers: the sheet that is summed up
        """
        super().__init__(report, book)
        self.customers = customers
        self.companies = report.company_ids
        #: Numbers of the rows that charts and other formulas refer to.
        self.rows = {}
        self.next_row = 0

    def add(self):
        self.sheet = self.book.add_sheet(self.env._("Summary"))
        self.sheet.set_column(0, 0, 46)
        self.sheet.set_column(1, len(self.companies), 20)
        self.sheet.freeze_panes(COMPANY_ROW + 1, 1)
        self.sheet.fit_to_pages(1, 0)

    def fill(self):
        self._write_head()
        self._write_counts()
        self._write_amounts()
        self._write_company_figures()
        self._write_ledger()
        self._write_ageing_charts()
        self._write_status_chart()

    # Rows --------------------------------------------------------------------------------------

    def _write_label(self, label: str, **style):
        self.book.write_cell(
            self.sheet, self.next_row, 0, label, "text", self.book.get_format("text", **style)
        )

    def _write_heading(self, label: str):
        self.next_row += 1
        self._write_label(label, bold=True)
        self.next_row += 1

    def _write_values(self, name: str, label: str, kind: str, values: dict, **style):
        """A row of values by company; those without a value stay empty."""
        self.rows[name] = self.next_row
        self._write_label(label)
        for column, company in enumerate(self.companies, start=1):
            cell_format = self.book.get_format(kind, company.currency_id.decimal_places, **style)
            value = values.get(company.id)
            self.book.write_cell(self.sheet, self.next_row, column, value, kind, cell_format)
        self.next_row += 1

    def _write_formulas(self, name: str, label: str, kind: str, get_formula, values: dict, **style):
        """A row of formulas by company.

        :param get_formula: makes the formula from the name of the company's column
        :param values: what the formulas come to; companies that are missing get none
        """
        self.rows[name] = self.next_row
        self._write_label(label)
        for number, company in enumerate(self.companies, start=1):
            if company.id not in values:
                continue
            self.sheet.write_formula(
                self.next_row,
                number,
                get_formula(xl_col_to_name(number), company),
                self.book.get_format(kind, company.currency_id.decimal_places, **style),
                values[company.id],
            )
        self.next_row += 1

    def _get_cell(self, name: str, column: str) -> str:
        return f"{column}{self.rows[name] + 1}"

    def _get_formula(self, column: str, value: str = "", status_row: int | None = None) -> str:
        """What the rows of the company in this column add up to: an amount, or their number.

        :param value: the field to add up; without it customers are counted
        :param status_row: only customers with the status that is named in this row
        """
        terms = []
        table = self.customers.table
        for companies, statuses, values in zip(
            table.get_ranges("company_id"),
            table.get_ranges("health_status"),
            table.get_ranges(value or "company_id"),
            strict=True,
        ):
            factors = []
            if len(self.companies) > 1:
                factors.append(f"({companies}={column}${COMPANY_ROW + 1})")
            if status_row is not None:
                factors.append(f"({statuses}=$A{status_row + 1})")
            if value:
                factors.append(values)
            if not factors:
                terms.append(f"ROWS({companies})")
            else:
                sign = "" if len(factors) > 1 or value else "--"
                terms.append(f"SUMPRODUCT({sign}{'*'.join(factors)})")
        return f"={'+'.join(terms) or 0}"

    # Contents ----------------------------------------------------------------------------------

    def _write_head(self):
        self._write_label(self.env._("Customer Health"), bold=True, font_size=16)
        self.next_row = COMPANY_ROW
        header = self.book.get_format("text", **HEADER_STYLE)
        self.book.write_cell(self.sheet, COMPANY_ROW, 0, self.env._("Company"), "text", header)
        for number, company in enumerate(self.companies, start=1):
            self.book.write_cell(self.sheet, COMPANY_ROW, number, company.name, "text", header)
        self.next_row += 1
        currencies = {company.id: company.currency_id.name for company in self.companies}
        self._write_values("currency", self.env._("Currency"), "text", currencies, align="right")
        self._write_values("as_of", self.env._("As of"), "date", self.customers.as_of_dates)
        for number, name, label in (
            (0, "computed_first", self.env._("Figures computed from")),
            (1, "computed_last", self.env._("Figures computed until")),
        ):
            times = {
                company_id: self._to_local_time(times[number])
                for company_id, times in self.customers.computed_at.items()
            }
            self._write_values(name, label, "datetime", times)
        policies = self.env["crm.customer.health.policy"]._get_policy(self.companies)
        months = {policy.company_id.id: policy.window_months for policy in policies}
        self._write_values("window", self.env._("Window of payments (months)"), "integer", months)

    def _to_local_time(self, value):
        return fields.Datetime.context_timestamp(self.report, value).replace(tzinfo=None)

    def _write_counts(self):
        self._write_heading(self.env._("Customers"))
        counts = {company.id: self.customers.counts[company.id] for company in self.companies}
        self._write_formulas(
            "count",
            self.env._("Number of customers"),
            "integer",
            lambda column, _company: self._get_formula(column),
            counts,
        )
        labels = dict(self.customers.fields["health_status"]["selection"])
        for status in STATUS_COLOURS:
            row = self.next_row
            self._write_formulas(
                status,
                labels[status],
                "integer",
                lambda column, _company, row=row: self._get_formula(column, status_row=row),
                {
                    company.id: self.customers.status_counts[company.id][status]
                    for company in self.companies
                },
            )

    def _write_amounts(self):
        self._write_heading(self.env._("Amounts"))
        for name in AMOUNT_FIELDS:
            if name not in self.customers.fields:
                continue
            self._write_formulas(
                name,
                self.customers.fields[name]["string"],
                "money",
                lambda column, _company, name=name: self._get_formula(column, name),
                {company.id: self._get_amount(company, name) for company in self.companies},
            )

    def _get_amount(self, company, name: str) -> float:
        return company.currency_id.round(self.customers.amounts[company.id][name])

    def _write_company_figures(self):
        """Of all customers, whichever are in the workbook; for who may see them."""
        model = self.env["crm.receivables.report"]
        if not model.has_access("read"):
            return
        described = model.fields_get([*COMPANY_FIGURES], ["string"])
        names = [name for name in COMPANY_FIGURES if name in described]
        query = model._search(
            [("slice_type", "=", "company"), ("company_id", "in", self.companies.ids)]
        )
        query.order = SQL("company_id, date DESC")
        rows = self.env.execute_query(
            query.select(
                SQL("DISTINCT ON (company_id) company_id"),
                *(model._field_to_sql(query.table, name, query) for name in names),
            )
        )
        if not rows:
            return
        self._write_heading(self.env._("Company figures at the last month end"))
        for number, name in enumerate(names, start=1):
            values = {row[0]: row[number] for row in rows}
            self._write_values(
                f"company_{name}", described[name]["string"], COMPANY_FIGURES[name], values
            )

    def _write_ledger(self):
        """What is open against the balance of the receivable accounts, where it can be compared."""
        companies = self._get_complete_companies()
        if not companies:
            return
        ledger = get_ledger(self.env, companies)
        claims, results = {}, {}
        for company in companies:
            claims[company.id] = company.currency_id.round(
                self._get_amount(company, "open_amount")
                - self._get_amount(company, "unapplied_credit_amount")
            )
            found = ledger[company.id]
            difference = company.currency_id.round(
                claims[company.id]
                - found["balance"]
                + found["without_partner"]
                + found["revaluation"]
                + found["unposted_match"]
                + found["unposted_payment"]
                - found["elsewhere"]
            )
            results[company.id] = difference or "OK"
        self._write_heading(self.env._("Agreement with the ledger"))
        self._write_formulas(
            "claims",
            self.env._("Open less unapplied credit"),
            "money",
            lambda column, _company: (
                f"={self._get_cell('open_amount', column)}"
                f"-{self._get_cell('unapplied_credit_amount', column)}"
            ),
            claims,
        )
        for name, label in (
            ("balance", self.env._("Balance of the trade receivable accounts")),
            ("without_partner", self.env._("... of which without a customer")),
            ("revaluation", self.env._("... of which revaluation of other currencies")),
            ("unposted_match", self.env._("... of which settled by entries that are not posted")),
            ("unposted_payment", self.env._("Payments without a journal entry")),
            ("elsewhere", self.env._("Still owed on other accounts (bills, doubtful claims)")),
        ):
            values = {company.id: ledger[company.id][name] for company in companies}
            self._write_values(name, label, "money", values)
        self._write_formulas(
            "result",
            self.env._("Agrees with the ledger (or the difference)"),
            "money",
            self._get_result_formula,
            results,
            bold=True,
            align="right",
        )

    def _get_complete_companies(self):
        """Companies of which all customers are in the workbook; none for who may not look."""
        if not self.report._may_see_documents():
            return self.companies.browse()
        counts = dict(
            self.env["crm.customer.health"]
            .sudo()  # how many there are: as many as the user sees, or nothing is said
            ._read_group([("company_id", "in", self.companies.ids)], ["company_id"], ["__count"])
        )
        return self.companies.filtered(
            lambda company: counts.get(company, 0) == self.customers.counts[company.id]
        )

    def _get_result_formula(self, column: str, company) -> str:
        difference = (
            f"ROUND({self._get_cell('claims', column)}-{self._get_cell('balance', column)}"
            f"+{self._get_cell('without_partner', column)}"
            f"+{self._get_cell('revaluation', column)}"
            f"+{self._get_cell('unposted_match', column)}"
            f"+{self._get_cell('unposted_payment', column)}"
            f"-{self._get_cell('elsewhere', column)},{company.currency_id.decimal_places})"
        )
        return f'=IF({difference}=0,"OK",{difference})'

    # Charts ------------------------------------------------------------------------------------

    def _write_ageing_charts(self):
        """A chart for each currency: amounts of two currencies do not share an axis."""
        for number, companies in enumerate(self.companies.grouped("currency_id").values()):
            title = self.env._("Ageing (%(currency)s)", currency=companies.currency_id.name)
            rows = [self.rows[name] for name in OPEN_PARTS]
            self._insert_chart(title, rows, companies, 1 + 16 * (number + 1))

    def _write_status_chart(self):
        rows = [self.rows[status] for status in STATUS_COLOURS]
        points = [{"fill": {"color": colour}} for colour in STATUS_COLOURS.values()]
        title = self.env._("Customers by status")
        self._insert_chart(title, rows, self.companies, 1, points)

    def _insert_chart(self, title: str, rows: list[int], companies, row: int, points=None):
        """Columns from consecutive rows of the sheet, beside the figures."""
        chart = self.book.workbook.add_chart({"type": "column"})
        for number, company in enumerate(self.companies, start=1):
            if company not in companies:
                continue
            series = {
                "name": [self.sheet.name, COMPANY_ROW, number],
                "categories": [self.sheet.name, rows[0], 0, rows[-1], 0],
                "values": [self.sheet.name, rows[0], number, rows[-1], number],
            }
            if points and len(companies) == 1:
                series["points"] = points
            chart.add_series(series)
        chart.set_title({"name": title, "name_font": {"size": 12}})
        if len(companies) == 1:
            chart.set_legend({"none": True})
        self.sheet.insert_chart(row, len(self.companies) + 2, chart)
