import tempfile

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .workbook import (
    AgeingSheet,
    Book,
    CustomerSheet,
    DefinitionSheet,
    SettlementSheet,
    SummarySheet,
)


class CrmCustomerHealthWorkbook(models.TransientModel):
    """Which customers a workbook is about, until it is downloaded.

    A selection of 100,000 customers does not fit into a link. What is written is read with the
    rights of the user who downloads it.
    """

    _name = "crm.customer.health.workbook"
    _description = "Customer Health Workbook"

    company_ids = fields.Many2many("res.company", required=True)
    domain = fields.Json(help="Which customers; all without it.")

    @api.model
    def _action_download(self, domain=None):
        """Download a workbook of the customers of the companies that the user works in."""
        self.env["crm.customer.health"].check_access("read")
        report = self.create(
            {"company_ids": [Command.set(self.env.companies.ids)], "domain": domain}
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/crm_customer_health/workbook/{report.id}",
            "target": "download",
        }

    @api.model
    def _action_download_selection(self):
        """Download a workbook of the customers that are selected in a list.

        Of a selection of everything that a search finds, the web client sends only so many.
        """
        ids = self.env.context.get("active_ids") or []
        limit = self.env["ir.config_parameter"].sudo().get_param("web.active_ids_limit", "20000")
        domain = self.env.context.get("active_domain")
        if domain is None or len(ids) != int(limit):
            domain = [["id", "in", ids]]
        return self._action_download(list(domain))

    def _write_file(self, file):
        """Write the workbook, a row at a time in memory.

        :param file: a binary file to write to
        """
        self.ensure_one()
        report = self.with_context(allowed_company_ids=self.company_ids.ids)
        report._get_health_model().check_access("read")
        if not report.company_ids:
            raise AccessError(self.env._("You may not see the companies of this workbook."))
        with tempfile.TemporaryDirectory(prefix="customer_health_") as folder:
            book = Book(file, folder)
            book.fill(report._get_sheets(book))

    def _get_sheets(self, book) -> list:
        """Hook: the sheets in the order in which they are shown."""
        customers = CustomerSheet(self, book)
        sheets = [SummarySheet(self, book, customers), customers]
        if self._may_see_documents():
            sheets += [AgeingSheet(self, book), SettlementSheet(self, book)]
        return [*sheets, DefinitionSheet(self, book)]

    def _may_see_documents(self) -> bool:
        """Lists of documents, and the balance of accounts, are for Accounting."""
        return self.env["account.receivable.settlement"].has_access("read")

    def _get_file_name(self) -> str:
        return self.env._("Customer Health %(date)s.xlsx", date=fields.Date.context_today(self))

    def _get_health_model(self):
        return self.env["crm.customer.health"]

    def _get_health_query(self):
        """The health rows in the workbook, by the user's own rules."""
        domain = Domain(self.domain or Domain.TRUE)
        return self._get_health_model()._search(
            domain & Domain("company_id", "in", self.company_ids.ids)
        )

    def _get_currencies(self):
        return self.company_ids.currency_id
