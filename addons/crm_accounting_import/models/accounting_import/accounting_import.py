import base64
import logging
from urllib.parse import quote

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .booking import Booking
from .files import decode, detect_encoding
from .matching import Matching
from .parsing import Parsing
from .reading import Reading

_logger = logging.getLogger(__name__)

#: Files with at most this many rows are imported at once; larger ones by the scheduled action.
DIRECT_ROWS = 500

#: Rows booked in one transaction.
BATCH_ROWS = 250

#: What only the import itself may set. ``user_id`` decides in whose name invoices are made.
_OWN_FIELDS = {"state", "user_id", "row_count", "started_at", "finished_at", "failure_reason"}

#: States of an import whose rows are stored: its file and its settings stay as they are.
_STARTED_STATES = ("running", "done", "failed")

#: What must not change any more once rows are being booked.
_FILE_FIELDS = {
    "column_ids",
    "company_id",
    "create_customers",
    "currency_id",
    "date_format",
    "decimal_separator",
    "encoding",
    "file",
    "header_row",
    "journal_id",
    "payment_journal_id",
    "separator",
    "sheet_name",
}


class AccountingImport(Reading, Parsing, Matching, Booking, models.Model):
    """One file of invoices and payments that another accounting program exported.

    Its rows are stored first and then booked in batches. A row's result is committed together with
    the invoice and payment that it made, so a process that is killed loses nothing and repeats
    nothing. The record stays as the log of who imported what.

    Fields, buttons and the order of the steps are here. The steps are plain classes beside it, in
    this order: reading the file, parsing its rows, matching what they mean, booking them.
    """

    _name = "accounting.import"
    _description = "Import from Another Accounting Program"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char("File Name", required=True)
    file = fields.Binary(
        required=True, attachment=True, help="CSV or XLSX with one row per invoice."
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("ready", "Check Columns"),
            ("running", "Importing"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Imported By",
        readonly=True,
        copy=False,
        help="Who started the import. Invoices and payments are made in this user's name.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Invoice Journal",
        check_company=True,
        domain="[('is_accounting_import', '=', True), ('type', '=', 'sale')]",
        help="Where the invoices go. Invoice numbers are unique in it. Empty: “Imported Invoices”,"
        " made on first use.",
    )
    payment_journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('is_accounting_import', '=', True), ('type', 'in', ('bank', 'cash'))]",
        help="Where the payments go. It has a clearing account of its own, so that the balances of"
        " your bank accounts stay as they are. Empty: “Imported Payments”, made on first use.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="For rows that name no currency.",
    )
    create_customers = fields.Boolean(
        "Create Missing Customers",
        help="Otherwise a row of an unknown customer is an error.",
    )
    encoding = fields.Selection(
        [
            ("utf-8", "UTF-8"),
            ("utf-16", "UTF-16"),
            ("latin-1", "Western European (Windows-1252, Latin-1)"),
            ("cp1250", "Central European (Windows-1250)"),
            ("gb18030", "Chinese, simplified (GB18030)"),
            ("big5", "Chinese, traditional (Big5)"),
            ("shift_jis", "Japanese (Shift-JIS)"),
        ],
        help="How the letters of a CSV file are stored. Change it if names look wrong below.",
    )
    separator = fields.Selection(
        [(",", "Comma"), (";", "Semicolon"), ("tab", "Tab"), ("|", "Vertical Bar")],
        help="What stands between the columns of a CSV file.",
    )
    sheet_name = fields.Char(
        "Sheet", help="The sheet of an XLSX file that is imported; the first with known columns."
    )
    header_row = fields.Integer(
        help="The row of the file that names the columns. What stands above it is left out."
    )
    date_format = fields.Selection(
        [
            ("iso", "Year-Month-Day (2024-12-31)"),
            ("dmy", "Day/Month/Year (31/12/2024)"),
            ("mdy", "Month/Day/Year (12/31/2024)"),
            ("ymd", "Year/Month/Day (24/12/31)"),
            ("serial", "Numbers of Days, as in Spreadsheets (45657)"),
        ],
        help="Found out from the file where it is certain; otherwise you must choose.",
    )
    decimal_separator = fields.Selection(
        [(".", "Point (1,234.56)"), (",", "Comma (1.234,56)")],
        help="Found out from the file where it is certain; otherwise you must choose.",
    )
    is_csv = fields.Boolean(compute="_compute_is_csv", store=True, precompute=True)
    column_ids = fields.One2many("accounting.import.column", "import_id", string="Columns")
    line_ids = fields.One2many("accounting.import.line", "import_id", string="Row List")
    row_count = fields.Integer("Rows", readonly=True, copy=False)
    started_at = fields.Datetime(readonly=True, copy=False)
    finished_at = fields.Datetime(readonly=True, copy=False)
    failure_reason = fields.Text(
        readonly=True,
        copy=False,
        help="Why the import stopped. Rows that were booked before stay booked; the others wait.",
    )
    pending_count = fields.Integer("Waiting", compute="_compute_counts")
    created_count = fields.Integer("Created", compute="_compute_counts")
    updated_count = fields.Integer("Updated", compute="_compute_counts")
    unchanged_count = fields.Integer("Unchanged", compute="_compute_counts")
    left_out_count = fields.Integer(
        "Left Out",
        compute="_compute_counts",
        help="Drafts, and what was cancelled in the other program.",
    )
    error_count = fields.Integer("Errors", compute="_compute_counts")
    invoice_count = fields.Integer("Invoices", compute="_compute_counts")
    error_file = fields.Binary(compute="_compute_error_file", exportable=False)
    progress = fields.Float(compute="_compute_counts", help="Percentage of the rows worked off.")

    @api.constrains("journal_id", "payment_journal_id")
    def _check_journals(self):
        """Other journals number their own invoices, and have the money of a bank account."""
        for record in self:
            journals = (record.journal_id | record.payment_journal_id).sudo()
            wrong = journals.filtered(lambda journal: not journal.is_accounting_import)
            wrong |= record.journal_id.filtered(lambda journal: journal.type != "sale")
            wrong |= record.payment_journal_id.filtered(
                lambda journal: journal.type not in ("bank", "cash")
            )
            if wrong:
                raise ValidationError(
                    self.env._(
                        "%(journals)s cannot take this import. Choose journals for imports.",
                        journals=", ".join(wrong.mapped("display_name")),
                    )
                )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for record in self:
            record.currency_id = record.company_id.currency_id

    @api.depends("file")
    def _compute_is_csv(self):
        for record in self.with_context(bin_size=False):
            record.is_csv = not record._is_xlsx(record._get_content())

    @api.depends("line_ids.state")
    def _compute_counts(self):
        counts = {
            (record.id, state): count
            for record, state, count in self.env["accounting.import.line"]._read_group(
                [("import_id", "in", self.ids)], ["import_id", "state"], ["__count"]
            )
        }
        for record in self:
            for state in ("pending", "created", "updated", "unchanged", "left_out", "error"):
                record[f"{state}_count"] = counts.get((record._origin.id, state), 0)
            record.invoice_count = (
                record.created_count + record.updated_count + record.unchanged_count
            )
            done = record.invoice_count + record.left_out_count + record.error_count
            record.progress = 100.0 * done / record.row_count if record.row_count else 0.0

    def _compute_error_file(self):
        for record in self:
            content = record._get_error_file() if record.error_count else ""
            # With a byte order mark spreadsheets take it for the UTF-8 that it is.
            record.error_file = base64.b64encode(content.encode("utf-8-sig")) if content else False

    @api.onchange("encoding", "separator", "sheet_name", "header_row")
    def _onchange_encoding(self):
        if self.state == "ready":
            self.update(self._get_column_values())

    @api.onchange("column_ids")
    def _onchange_column_ids(self):
        if self.state == "ready" and not (self.date_format and self.decimal_separator):
            self.update(self._get_format_values())

    @api.model_create_multi
    def create(self, vals_list):
        self._check_own_fields(*vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_own_fields(vals)
        if not _FILE_FIELDS.isdisjoint(vals) and any(
            record.state in _STARTED_STATES for record in self
        ):
            raise UserError(
                self.env._("This file was imported already. Upload the next file as a new import.")
            )
        if "file" in vals:
            vals = {"header_row": 0, "sheet_name": False, **vals}
        result = super().write(vals)
        if "file" in vals:
            # Another file has other columns.
            self.sudo().filtered(lambda record: record.state == "ready").state = "draft"
        return result

    def _check_own_fields(self, *vals_list):
        """Nobody makes invoices in somebody else's name."""
        if not self.env.su and any(not _OWN_FIELDS.isdisjoint(vals) for vals in vals_list):
            raise AccessError(self.env._("The state of an import follows from its buttons only."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_imported(self):
        if any(record.state in _STARTED_STATES for record in self) and not self.env.user.has_group(
            "account.group_account_manager"
        ):
            raise UserError(
                self.env._("Only an accounting administrator deletes the record of an import.")
            )

    def action_read_file(self):
        """Read the header and the first rows; suggest what each column means."""
        self.check_access("write")
        for record in self:
            record.write(record._get_column_values(reset=True))
            record.sudo().state = "ready"

    def action_back(self):
        """Choose another file."""
        self.check_access("write")
        self.filtered(lambda record: record.state == "ready").sudo().state = "draft"

    def action_import(self):
        """Store the rows and book them: at once if they are few, else by the scheduled action."""
        self.ensure_one()
        self._start()
        if self.row_count <= DIRECT_ROWS:
            self._with_importer()._process()
        else:
            self._schedule()

    def action_retry(self):
        """Go on with an import that failed, in the name and with the rights of who asks for it."""
        self.ensure_one()
        self._check_importer()
        if self.state != "failed":
            raise UserError(self.env._("Only an import that failed can be tried again."))
        self.sudo().write(
            {
                "state": "running",
                "user_id": self.env.uid,
                "finished_at": False,
                "failure_reason": False,
            }
        )
        self._schedule()

    def _start(self):
        """Check what must be settled before the first row; store all rows as waiting."""
        self._check_importer()
        if self.state not in ("draft", "ready"):
            raise UserError(self.env._("This file was imported already."))
        if self.state == "draft":
            self.action_read_file()
        self._check_columns()
        Journal = self.env["account.journal"].with_company(self.company_id)
        self.journal_id = self.journal_id or Journal._get_import_journal()
        self.payment_journal_id = self.payment_journal_id or Journal._get_import_payment_journal()
        row_count = self._store_rows()
        self.sudo().write(
            {
                "state": "running",
                "user_id": self.env.uid,
                "started_at": fields.Datetime.now(),
                "row_count": row_count,
            }
        )

    def _check_importer(self):
        """Refuse whoever may not import this file into its company."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(self.env._("Only Invoicing users import invoices."))
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("Choose the company of the import first."))
        if self.create_customers and not self.env["res.partner"].has_access("create"):
            raise UserError(
                self.env._(
                    "You may not create contacts. Ask an administrator for the right “Contact"
                    " Creation”, or import without creating missing customers."
                )
            )

    def _schedule(self):
        # A trigger of a scheduled action is a system record.
        self.env.ref("crm_accounting_import.ir_cron_accounting_import").sudo()._trigger()

    def _get_pending_lines(self):
        return (
            self.env["accounting.import.line"]
            .sudo()  # rows are written by the import only
            .search(
                [("import_id", "=", self.id), ("state", "=", "pending")],
                order="row",
                limit=BATCH_ROWS,
            )
        )

    def _process(self):
        """Book all waiting rows in this transaction."""
        while lines := self._get_pending_lines():
            self._book_lines(lines)
        self._finish()

    def _finish(self):
        self.sudo().write({"state": "done", "finished_at": fields.Datetime.now()})

    @api.model
    def _cron_process(self):
        """Work off large files: each batch is committed with its results.

        Each import goes by itself. One that fails is marked with the reason, and those behind it go
        on; one that another transaction is working on is left to it.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(
            remaining=self.env["accounting.import.line"].search_count(
                [("import_id.state", "=", "running"), ("state", "=", "pending")]
            )
        )
        left_for_later = self.browse()
        has_time = True
        while has_time:
            domain = [("state", "=", "running"), ("id", "not in", left_for_later.ids)]
            record = self.search(domain, order="id", limit=1)
            if not record:
                break
            if not record.try_lock_for_update(allow_referencing=True):
                left_for_later |= record
                continue
            try:
                has_time = commit_progress(record._process_batch())
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Odoo repeats a request, but no scheduled action.
                self.env.cr.rollback()
                left_for_later |= record
            except Exception as error:
                if isinstance(error, OperationalError) and not error.pgcode:
                    # Not the import is at fault: the database server is gone.
                    raise
                self.env.cr.rollback()
                _logger.exception("Import %s stopped", record.id)
                if record.try_lock_for_update(allow_referencing=True):
                    has_time = commit_progress(record._fail(record._get_error_reason(error)))
                else:
                    left_for_later |= record
            self.env.invalidate_all()

    def _process_batch(self) -> int:
        """Book the next rows in the name and with the rights of whoever started the import.

        :return: so many rows do not wait any more.
        """
        if refusal := self._get_refusal():
            return self._fail(refusal)
        record = self._with_importer()
        lines = record._get_pending_lines()
        if lines:
            record._book_lines(lines)
        if not record._get_pending_lines():
            # At once: with nothing remaining the scheduler does not call again.
            record._finish()
            record._notify_importer()
        return len(lines)

    def _get_refusal(self) -> str:
        """Why this import may not go on in the name of whoever started it; empty if it may.

        Without this it would go on with the rights of the scheduled action, which may do anything.
        What the system itself started (a scheduled action of somebody's) it may finish.
        """
        record = self._with_language()
        user = record.user_id
        if not user:
            return record.env._("The user who started this import does not exist any more.")
        if user.id == SUPERUSER_ID:
            return ""
        names = {"user": user.name, "company": record.company_id.name}
        if not user.active:
            return record.env._("%(user)s, who started this import, is archived.", **names)
        if record.company_id.id not in user._get_company_ids():
            return record.env._(
                "%(user)s, who started this import, may not work in %(company)s any more.", **names
            )
        if not record._with_importer().has_access("write"):
            return record.env._(
                "%(user)s, who started this import, may not import invoices any more.", **names
            )
        return ""

    def _get_error_reason(self, error: Exception) -> str:
        record = self._with_language()
        if isinstance(error, UserError):
            return str(error)
        return record.env._("Something unexpected happened: %(error)s", error=error)

    def _fail(self, reason: str) -> int:
        """Stop with a reason.

        :return: the number of rows that were not booked. They are kept, to be tried again.
        """
        self.sudo().write({"state": "failed", "failure_reason": reason})
        self._with_language()._notify_importer()
        return self.pending_count

    def _with_language(self):
        """This import in the language of whoever started it."""
        lang = self.user_id.lang or self.company_id.partner_id.lang
        return self.with_context(lang=lang)

    def _with_importer(self):
        """This import in the name of whoever started it, in its company only."""
        return (
            # With nobody, `with_user` would leave the scheduled action all its rights.
            self.with_user(self.user_id.ensure_one())
            .with_company(self.company_id)
            .with_context(allowed_company_ids=self.company_id.ids, lang=self.user_id.lang)
        )

    def _notify_importer(self):
        record = self.sudo()  # whoever lost the right meanwhile is told, too
        if not record.user_id:
            return
        if record.state == "failed":
            title = self.env._("Import stopped")
            message = f"{record.name}: {record.failure_reason}"
        else:
            title = self.env._("Import finished")
            message = self.env._(
                "%(name)s: %(created)s created, %(updated)s updated, %(unchanged)s unchanged,"
                " %(error)s errors.",
                name=record.name,
                created=record.created_count,
                updated=record.updated_count,
                unchanged=record.unchanged_count,
                error=record.error_count,
            )
        has_problem = record.error_count or record.state == "failed"
        record.user_id._bus_send(
            "simple_notification",
            {
                "title": title,
                "message": message,
                "type": "warning" if has_problem else "success",
                "sticky": True,
            },
        )

    def action_refresh(self):
        """Show the progress: the client reloads the record after any button."""
        self.check_access("read")

    def action_view_invoices(self):
        """Open the invoices of this file."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        action["domain"] = [("accounting_import_line_ids.import_id", "=", self.id)]
        action["context"] = {"create": False}
        return action

    def action_view_errors(self):
        """Open the rows that could not be imported."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_accounting_import.accounting_import_line_action"
        )
        action["domain"] = [("import_id", "=", self.id), ("state", "=", "error")]
        return action

    def action_download_errors(self):
        """Download the rows that could not be imported, to be corrected and sent again."""
        self.ensure_one()
        name = self.name.rsplit(".", 1)[0]
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/accounting.import/{self.id}/error_file/"
            f"{quote(name, safe='')}-errors.csv?download=true",
            "target": "download",
        }

    def action_view_lines(self):
        """Open all rows with their results."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_accounting_import.accounting_import_line_action"
        )
        action["domain"] = [("import_id", "=", self.id)]
        return action

    @api.model
    def import_file(self, name: str, content: str, options: dict | None = None) -> dict:
        """Import a file in one call: the entry for other programs.

        The same as the buttons do, with the caller's rights (Invoicing). Safe to repeat.

        :param name: file name, shown in the list of imports.
        :param content: the CSV or XLSX file, base64.
        :param options: all optional: ``company_id``, ``journal_id``, ``payment_journal_id``,
            ``currency_id``, ``create_customers``, ``encoding``, ``separator``, ``date_format``,
            ``decimal_separator`` (fields of this model), and ``columns``: field by header, such as
            ``{"Rechnungsnr": "number"}``, on top of what is recognised by itself.
        :return: see :meth:`read_result`. The state is ``running`` for a large file, which a
            scheduled action works off: call :meth:`read_result` until it is not any more.
        :raise UserError: nothing was imported: not a readable file, a missing column, dates or
            amounts that can be read in two ways.
        """
        self.check_access("create")
        options = self._check_options(name, content, options or {})
        columns = options.pop("columns", {})
        record = self.create({**options, "name": name, "file": content})
        record.action_read_file()
        record._map_columns(columns)
        record.action_import()
        return record.read_result()

    @api.model
    def _check_options(self, name, content, options) -> dict:
        """What another program hands over may be of any kind.

        :return: the options.
        :raise UserError: says what is wrong with it.
        """
        is_text = isinstance(name, str) and isinstance(content, (str, bytes))
        if not is_text or not isinstance(options, dict):
            raise UserError(
                self.env._("Hand over a name, the content in base64, and options by name.")
            )
        decode(self.env, content)
        allowed = _FILE_FIELDS - {"column_ids", "file"} | {"columns"}
        if unknown := sorted(map(str, options.keys() - allowed)):
            raise UserError(self.env._("Unknown options: %(names)s", names=", ".join(unknown)))
        wrong = [option for option, value in options.items() if not self._fits(option, value)]
        if wrong:
            raise UserError(
                self.env._(
                    "These options cannot have this value: %(names)s", names=", ".join(wrong)
                )
            )
        return dict(options)

    @api.model
    def _fits(self, option: str, value) -> bool:
        """Whether an option can have this value."""
        if option == "columns":
            return isinstance(value, dict) and all(
                isinstance(part, str) for pair in value.items() for part in pair
            )
        field = self._fields[option]
        kinds = {"boolean": bool, "integer": int, "many2one": int}
        if not value:
            return True
        if type(value) is not kinds.get(field.type, str):
            return False
        if field.type == "many2one":
            return bool(self.env[field.comodel_name].browse(value).exists())
        if field.type == "selection":
            return value in dict(field._description_selection(self.env))
        return field.type != "integer" or value > 0

    def _map_columns(self, field_by_header: dict):
        """Overrule what was recognised; an unknown header is an error of the caller."""
        if not field_by_header:
            return
        column_by_header = {column.name: column for column in self.column_ids}
        if unknown := sorted(field_by_header.keys() - column_by_header.keys()):
            raise UserError(
                self.env._(
                    "The file has no column %(names)s. It has: %(headers)s",
                    names=", ".join(unknown),
                    headers=", ".join(column_by_header),
                )
            )
        known = dict(self.column_ids._fields["field"]._description_selection(self.env))
        if unknown := sorted(set(field_by_header.values()) - known.keys()):
            raise UserError(
                self.env._("Columns cannot be imported as: %(names)s", names=", ".join(unknown))
            )
        chosen = set(field_by_header.values())
        self.column_ids.filtered(lambda column: column.field in chosen).field = False
        for header, field in field_by_header.items():
            column_by_header[header].field = field
        self.write(
            {name: value for name, value in self._get_format_values().items() if not self[name]}
        )

    def read_result(self, limit: int = 1000) -> dict:
        """What became of the file so far.

        :param limit: at most so many errors are listed.
        :return: ``id``, ``state`` (``running``, ``done`` or ``failed``), ``failure_reason``,
            ``progress`` (percentage), ``rows``, ``created``, ``updated``, ``unchanged``,
            ``left_out`` (drafts and cancelled ones), ``error_count`` and ``errors``: for each row
            that was not imported ``row`` (in the file, the header is 1), ``column``, ``value`` and
            ``reason``.
        """
        self.ensure_one()
        self.check_access("read")
        errors = self.env["accounting.import.line"].search(
            [("import_id", "=", self.id), ("state", "=", "error")], order="row", limit=limit
        )
        return {
            "id": self.id,
            "state": self.state,
            "failure_reason": self.failure_reason or "",
            "progress": self.progress,
            "rows": self.row_count,
            "created": self.created_count,
            "updated": self.updated_count,
            "unchanged": self.unchanged_count,
            "left_out": self.left_out_count,
            "error_count": self.error_count,
            "errors": [
                {
                    "row": line.row,
                    "column": line.column or "",
                    "value": line.value or "",
                    "reason": line.reason or "",
                }
                for line in errors
            ],
        }

    def _get_column_values(self, reset: bool = False) -> dict:
        """Values that follow from reading the beginning of the file.

        :param reset: also find out encoding and separator anew where they are empty.
        """
        values = {}
        if reset and self.is_csv:
            content = self._get_content()
            # Where it is not certain somebody has to choose it.
            values["encoding"] = (
                self.encoding or detect_encoding(content) or self._find_encoding(content) or False
            )
            values["separator"] = self.separator or self._detect_separator(
                content, values["encoding"] or self._propose_encoding()
            )
        elif reset:
            values["sheet_name"] = self.sheet_name or self._find_sheet()
        if reset:
            values["header_row"] = self.header_row or self._find_header_row(**values)
        header, rows = self._read_sample(**values)
        columns = self._prepare_columns(header, rows)
        values["column_ids"] = [Command.clear()] + [Command.create(column) for column in columns]
        fields_by_index = {
            column["index"]: column["field"] for column in columns if column["field"]
        }
        formats = self._detect_formats(fields_by_index, rows)
        values.update((name, self[name] or value) for name, value in formats.items())
        return values

    def _get_format_values(self) -> dict:
        """Date format and decimal separator, as far as the mapped columns tell."""
        fields_by_index = {column.index: column.field for column in self.column_ids if column.field}
        formats = self._detect_formats(fields_by_index, self._read_sample()[1])
        return {name: self[name] or value for name, value in formats.items()}
