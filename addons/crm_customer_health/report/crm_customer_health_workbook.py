import logging
import tempfile

from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .workbook import (
    AgeingSheet,
    Book,
    CustomerPage,
    CustomerSheet,
    DefinitionSheet,
    SettlementSheet,
    SummarySheet,
)

_logger = logging.getLogger(__name__)

#: Of more customers a workbook is written in the background: it takes longer than a request may.
MANY_CUSTOMERS = 5_000


class CrmCustomerHealthWorkbook(models.TransientModel):
    """Which customers a workbook is about, until it is downloaded.

    A selection of 100,000 customers does not fit into a link. What is written is read with the
    rights of the user who downloads it.

    Of very many customers it is written by a scheduled action, with the rights of who asked for it,
    who is told when the file is ready.
    """

    _name = "crm.customer.health.workbook"
    _description = "Customer Health Workbook"
    _transient_max_hours = 48.0  # a file that was ready on Friday evening is there on Sunday

    company_ids = fields.Many2many("res.company", required=True)
    domain = fields.Json(help="Which customers; all without it.")
    state = fields.Selection(
        [("asked", "Asked For"), ("waiting", "Being Written"), ("ready", "Ready")],
        default="asked",
        readonly=True,
    )

    @api.model
    def _action_download(self, domain=None):
        """Download a workbook of the customers of the companies that the user works in."""
        self.env["crm.customer.health"].check_access("read")
        report = self.create(
            {"company_ids": [Command.set(self.env.companies.ids)], "domain": domain}
        )
        count = self.env["crm.customer.health"].search_count(
            report._get_health_domain(), limit=MANY_CUSTOMERS + 1
        )
        if count > MANY_CUSTOMERS:
            return report._write_in_background()
        return report._get_client_action(url=f"/crm_customer_health/workbook/{report.id}")

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

    def _write_in_background(self):
        """Have the scheduled action write the file; who asked for it is told when it is ready."""
        self.ensure_one()
        self.sudo().state = "waiting"  # nobody writes it by hand
        cron = self.env.ref("crm_customer_health.ir_cron_write_workbooks")
        cron.sudo()._trigger()
        return self._get_client_action(
            message=self.env._("The workbook is being written. You get a message when it is ready.")
        )

    @api.model
    def _get_client_action(self, **params):
        return {
            "type": "ir.actions.client",
            "tag": "crm_customer_health.workbook",
            "params": params,
        }

    @api.model
    def _cron_write_workbooks(self):
        """Write the files that wait, one after the other, each committed."""
        waiting = self.search([("state", "=", "waiting")], order="id")
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(waiting))
        for report in waiting:
            try:
                with self.env.cr.savepoint():
                    report.with_user(report.create_uid)._keep_file()
            except Exception:
                # Whoever asked lost the right meanwhile, for instance: the others still wait.
                _logger.info("Workbook %s could not be written", report.id, exc_info=True)
                report.state = "asked"
                report._tell(self.env._("Your workbook could not be written. Ask for it again."))
            if not commit_progress(1):
                return

    def _keep_file(self):
        """Write the file with the rights and in the language of the user, and tell him."""
        report = self.with_context(lang=self.env.user.lang, tz=self.env.user.tz)
        with tempfile.TemporaryFile() as file:
            report._write_file(file)
            file.seek(0)
            attachment = (
                self.env["ir.attachment"]
                .sudo()  # of a record that its user may only read
                .create(
                    {
                        "name": report._get_file_name(),
                        "raw": file.read(),
                        "res_model": self._name,
                        "res_id": self.id,
                    }
                )
            )
        report.sudo().state = "ready"
        link = Markup('<a href="/web/content/%s?download=1">%s</a>') % (
            attachment.id,
            attachment.name,
        )
        report._tell(report.env._("Your workbook is ready: %(link)s", link=link))

    def _tell(self, body):
        """Tell who asked for the file."""
        self.env["mail.thread"].sudo().message_notify(
            partner_ids=self.create_uid.partner_id.ids,
            subject=self._get_file_name(),
            body=body,
        )

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
        sheets = [SummarySheet(self, book, customers), CustomerPage(self, book), customers]
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
        return self._get_health_model()._search(self._get_health_domain())

    def _get_health_domain(self) -> Domain:
        domain = Domain(self.domain or Domain.TRUE)
        return domain & Domain("company_id", "in", self.company_ids.ids)

    def _get_currencies(self):
        return self.company_ids.currency_id
