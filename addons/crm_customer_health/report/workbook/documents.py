"""What the sheets of instalments and of settlements have in common."""

from abc import abstractmethod

from odoo.tools import SQL

from .sheet import Sheet, fetch_in_batches
from .table import Column, Table

#: So many customers are looked up by their journal items; for more, all items are read.
FEW_CUSTOMERS = 500


class DocumentSheet(Sheet):
    """Rows from journal items of the customers in the workbook, by the user's own rules on them.

    Subclasses name a relation: what there is to say of journal items.
    """

    def add(self):
        self.table = Table(
            self.book,
            self._get_name(),
            self._get_columns(),
            self.report._get_currencies(),
            self.env._("Total"),
        )

    def fill(self):
        self.table.fill(self._get_rows())

    @abstractmethod
    def _get_name(self) -> str:
        """The sheet's name."""

    @abstractmethod
    def _get_columns(self) -> list[Column]:
        """All columns, in the order in which they are shown."""

    @abstractmethod
    def _get_relation_sql(self, partners) -> SQL:
        """A ``SELECT`` with ``line_id``, ``company_id``, ``customer_id`` and more.

        It may read ``health_basis``, the companies with their days.

        :param partners: the customers, or ``None`` for all
        """

    @abstractmethod
    def _get_order_sql(self) -> SQL:
        """In which order the rows are."""

    @abstractmethod
    def _get_selected_columns(self) -> list[str]:
        """Columns of the relation that :meth:`_get_values` takes."""

    @abstractmethod
    def _get_values(self, row: list, company) -> list:
        """Cells after company, customer and document, from the selected columns."""

    def _get_customer_columns(self) -> list[Column]:
        described = self.report._get_health_model().fields_get(
            ["company_id", "partner_id"], ["string"]
        )
        return [
            Column(
                "company_id",
                described["company_id"]["string"],
                "text",
                self.env._("The company that is owed or was paid."),
                width=22,
                is_hidden=len(self.report.company_ids) == 1,
            ),
            Column(
                "partner_id",
                described["partner_id"]["string"],
                "text",
                self.env._("The customer as it is now, also where the document names a contact."),
                width=32,
            ),
        ]

    def _get_currency_column(self) -> Column:
        described = self.report._get_health_model().fields_get(["currency_id"], ["string"])
        return Column(
            "currency_id",
            described["currency_id"]["string"],
            "text",
            self.env._("The currency of the amount: the company's."),
            width=9,
            is_hidden=len(self.report.company_ids) == 1,
        )

    def _get_rows(self):
        companies = {company.id: company for company in self.report.company_ids}
        self._fill_items()
        for batch in fetch_in_batches(self.env, self._get_query()):
            for company_id, partner_name, document, *row in batch:
                company = companies[company_id]
                yield (
                    company.currency_id.id,
                    [company.name, partner_name, document, *self._get_values(row, company)],
                )

    def _fill_items(self):
        """Keep the relation in a temporary table, which ends with the transaction.

        All at once PostgreSQL reads the journals in parallel; for a cursor it would not.
        """
        health = self.env["crm.customer.health"].sudo()  # SQL of facts, no records
        health._flush_sources()
        policies = self.env["crm.customer.health.policy"]._get_policy(self.report.company_ids)
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.health_workbook_item"))
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE health_workbook_item ON COMMIT DROP AS
                  WITH health_basis AS MATERIALIZED (%(basis)s)
                SELECT * FROM (%(items)s) item
                """,
                basis=health._get_basis_sql(policies),
                items=self._get_relation_sql(self._get_few_partners()),
            )
        )
        self.env.cr.execute(SQL("ANALYZE health_workbook_item"))

    def _get_query(self) -> SQL:
        query = self.env["account.move.line"]._search([], active_test=False)
        line = query.table
        query.add_join(
            "JOIN",
            "item",
            SQL("health_workbook_item"),
            SQL("%s = item.line_id", SQL.identifier(line, "id")),
        )
        query.add_join(
            "JOIN",
            "customer",
            SQL("(%s)", self._get_customer_sql()),
            SQL("customer.company_id = item.company_id AND customer.id = item.customer_id"),
        )
        move = query.left_join(line, "move_id", "account_move", "id", "workbook_move")
        company = query.left_join(line, "company_id", "res_company", "id", "workbook_company")
        query.order = SQL(
            "%s, %s, customer.name, customer.id, %s",
            SQL.identifier(company, "sequence"),
            SQL.identifier(company, "id"),
            self._get_order_sql(),
        )
        return query.select(
            SQL("customer.company_id"),
            SQL("customer.name"),
            SQL.identifier(move, "name"),
            *(SQL.identifier("item", name) for name in self._get_selected_columns()),
        )

    def _get_customer_sql(self) -> SQL:
        query = self.report._get_health_query()
        partner = query.left_join(
            query.table, "partner_id", "res_partner", "id", "workbook_partner"
        )
        return query.select(
            SQL.identifier(query.table, "company_id"),
            SQL("%s AS id", SQL.identifier(query.table, "partner_id")),
            SQL("%s AS name", SQL.identifier(partner, "complete_name")),
        )

    def _get_few_partners(self):
        """The customers, if they are few; else ``None``."""
        query = self.report._get_health_query()
        query.limit = FEW_CUSTOMERS + 1
        rows = self.env.execute_query(query.select(SQL.identifier(query.table, "partner_id")))
        if len(rows) > FEW_CUSTOMERS:
            return None
        return self.env["res.partner"].browse({partner_id for (partner_id,) in rows})
