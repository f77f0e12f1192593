import base64
from urllib.parse import quote

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from .booking import Booking
from .cleaning import Cleaning
from .external import FILE_FIELDS, External
from .files import is_large
from .judging import Judging
from .matching import Matching
from .parsing import Parsing
from .previewing import Previewing
from .reading import Reading
from .remembering import Remembering
from .storing import Storing
from .undoing import Undoing
from .working import STEPS, Working

#: What only the import itself may set. ``user_id`` decides in whose name invoices are made.
_OWN_FIELDS = {
    "attempts",
    "batch_count",
    "failed_step",
    "failure_reason",
    "finished_at",
    "former_id",
    "header_key",
    "is_large",
    "is_unstored",
    "read_count",
    "request",
    "row_count",
    "started_at",
    "state",
    "undone_at",
    "undone_by_id",
    "user_id",
}

#: States in which the file can be replaced, read differently and mapped.
_OPEN_STATES = ("draft", "ready")

#: States in which nothing was booked yet.
_UNBOOKED_STATES = ("draft", "reading", "ready", "checking", "checked")

#: What says where the rows are in the file.
_PLACE_FIELDS = {"encoding", "header_row", "separator", "sheet_name"}

#: What was found out of one file, or chosen for it, says nothing of another one.
_OF_THE_FILE = {
    **dict.fromkeys(_PLACE_FIELDS, False),
    "header_row": 0,
    "date_format": False,
    "decimal_separator": False,
    "same_number": False,
}


class AccountingImport(
    Reading,
    Remembering,
    Storing,
    Parsing,
    Judging,
    Matching,
    Previewing,
    Booking,
    Undoing,
    Working,
    Cleaning,
    External,
    models.Model,
):
    """One file of invoices and payments that another accounting program exported.

    Its rows are stored first, checked for the preview, and then booked in batches. A row's result
    is committed together with the invoice and payment that it made, so a process that is killed
    loses nothing and repeats nothing. The record stays as the log of who imported what.

    Fields, buttons and the order of the steps are here. The steps are plain classes beside it, in
    the order of the bases: reading the file, storing its rows, parsing and judging what stands in
    them, matching whom and what they mean, the preview, booking them, taking them back; working
    them off in batches; cleaning up; the entry for other programs.
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
            ("reading", "Reading File"),
            ("ready", "Check Columns"),
            ("checking", "Reading Rows"),
            ("checked", "Preview"),
            ("running", "Importing"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("undoing", "Taking Back"),
            ("undone", "Taken Back"),
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
    payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Without Due Date",
        check_company=True,
        help="Payment terms of rows that have neither a due date nor terms. Empty: errors.",
    )
    same_number = fields.Selection(
        [
            ("total", "Repeat the Invoice"),
            ("lines", "Are Its Lines (Amounts Are Added Up)"),
            ("payments", "Are Its Payments"),
        ],
        string="Rows with the Same Number",
        help="What several rows with one invoice number are. Empty: they are errors. Rows of the"
        " kind *payment* always belong to the invoice of their number.",
    )
    repeats_numbers = fields.Boolean(
        readonly=True, copy=False, help="Among the first rows some have the same invoice number."
    )
    settled_on = fields.Selection(
        [("due_date", "On the Due Date"), ("import_date", "On the Day of the Import")],
        string="Paid, without a Date",
        help="When an invoice counts as paid whose row does not say it. Empty: an error, for the"
        " days that a customer takes to pay would be invented.",
    )
    former_id = fields.Many2one(
        "accounting.import",
        string="As Before",
        readonly=True,
        copy=False,
        help="The last import of a file with the same columns: what was chosen there is proposed.",
    )
    header_key = fields.Char(readonly=True, copy=False, index="btree_not_null")
    is_large = fields.Boolean(
        readonly=True, copy=False, help="The scheduled action reads the file, not a request."
    )
    is_unstored = fields.Boolean(
        readonly=True, copy=False, help="The rows are still to be read from the file."
    )
    read_count = fields.Integer("Rows Read", readonly=True, copy=False)
    attempts = fields.Integer(
        readonly=True, copy=False, help="How often the file was begun to be read, without an end."
    )
    batch_count = fields.Integer(
        readonly=True, copy=False, help="So many batches were worked off: whose are fewer is next."
    )
    request = fields.Json(
        readonly=True, copy=False, help="What another program asked to do once the file is read."
    )
    is_csv = fields.Boolean(compute="_compute_is_csv", store=True, precompute=True)
    column_ids = fields.One2many("accounting.import.column", "import_id", string="Columns")
    word_ids = fields.One2many("accounting.import.word", "import_id", string="Words")
    line_ids = fields.One2many("accounting.import.line", "import_id", string="Row List")
    row_count = fields.Integer("Rows", readonly=True, copy=False)
    started_at = fields.Datetime(readonly=True, copy=False)
    finished_at = fields.Datetime(readonly=True, copy=False)
    failure_reason = fields.Text(
        readonly=True,
        copy=False,
        help="Why the import stopped. Rows that were booked before stay booked; the others wait.",
    )
    failed_step = fields.Char(readonly=True, copy=False)
    undone_by_id = fields.Many2one("res.users", string="Taken Back By", readonly=True, copy=False)
    undone_at = fields.Datetime("Taken Back On", readonly=True, copy=False)
    pending_count = fields.Integer("Waiting", compute="_compute_counts")
    created_count = fields.Integer("Created", compute="_compute_counts")
    updated_count = fields.Integer("Updated", compute="_compute_counts")
    unchanged_count = fields.Integer("Unchanged", compute="_compute_counts")
    left_out_count = fields.Integer(
        "Left Out",
        compute="_compute_counts",
        help="Drafts, and what was cancelled in the other program.",
    )
    joined_count = fields.Integer(
        "Parts of Other Rows",
        compute="_compute_counts",
        help="Lines and payments that belong to the invoice of another row.",
    )
    undone_count = fields.Integer("Rows Taken Back", compute="_compute_counts")
    kept_count = fields.Integer(
        "Kept",
        compute="_compute_counts",
        help="Somebody went on with these documents: they were not taken back.",
    )
    error_count = fields.Integer("Errors", compute="_compute_counts")
    invoice_count = fields.Integer("Invoices", compute="_compute_counts")
    error_file = fields.Binary(compute="_compute_error_file", exportable=False)
    progress = fields.Float(compute="_compute_counts", help="Percentage of the rows worked off.")
    can_go_back = fields.Selection(
        [("draft", "To the File"), ("ready", "To the Columns")], compute="_compute_can_go_back"
    )
    progress_text = fields.Char("Now", compute="_compute_progress_text", exportable=False)

    summary = fields.Html(compute="_compute_summary", exportable=False)
    booking_label = fields.Char(compute="_compute_booking_label", exportable=False)
    preview_line_ids = fields.Many2many(
        "accounting.import.line", compute="_compute_previews", string="First Rows"
    )
    preview_error_ids = fields.Many2many(
        "accounting.import.line", compute="_compute_previews", string="First Errors"
    )
    ignored_columns = fields.Char(
        compute="_compute_ignored_columns",
        exportable=False,
        help="Columns that are not imported and may say something else.",
    )

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

    @api.depends("is_unstored", "line_ids.state", "state")
    def _compute_counts(self):
        counts = {
            (record.id, state): count
            for record, state, count in self.env["accounting.import.line"]._read_group(
                [("import_id", "in", self.ids)], ["import_id", "state"], ["__count"]
            )
        }
        for record in self:
            count = {
                state: counts.get((record._origin.id, state), 0)
                for state, _label in self.line_ids._fields["state"].selection
            }
            for state in count.keys() - {"pending", "checked"}:
                record[f"{state}_count"] = count[state]
            record.pending_count = count["pending"] + count["checked"]
            record.invoice_count = sum(
                count[state] for state in ("created", "updated", "unchanged", "kept")
            )
            step = {"checked": "checking", "undone": "undoing"}.get(record.state, record.state)
            waiting = sum(count[state] for state in STEPS.get(step, STEPS["running"]).waiting)
            rows = record.row_count
            if record.is_unstored:
                waiting = rows
            record.progress = 100.0 * (rows - waiting) / rows if rows else 0.0

    @api.depends("line_ids.state", "read_count", "state")
    def _compute_progress_text(self):
        for record in self:
            record.progress_text = record._get_progress_text()

    @api.depends("failed_step", "is_unstored", "state")
    def _compute_can_go_back(self):
        """As long as nothing was booked: to the columns, or to the file itself."""
        for record in self:
            step = record.failed_step if record.state == "failed" else record.state
            if step in ("reading", "ready"):
                record.can_go_back = "draft"
            elif step == "checked" or (
                record.state == "failed" and (step == "checking" or record.is_unstored)
            ):
                record.can_go_back = "ready"
            else:
                record.can_go_back = False

    def _compute_error_file(self):
        for record in self:
            content = record._get_error_file() if record.error_count else ""
            # With a byte order mark spreadsheets take it for the UTF-8 that it is.
            record.error_file = base64.b64encode(content.encode("utf-8-sig")) if content else False

    @api.onchange("encoding", "separator", "sheet_name", "header_row")
    def _onchange_encoding(self):
        if self.state != "ready":
            return None
        if self.is_large:
            return {
                "warning": {
                    "type": "notification",
                    "title": self.env._("The file is large"),
                    "message": self.env._("It is read again in the background when you save."),
                }
            }
        values = self._get_column_values()
        values.pop("read_count")
        self.update(values)
        return None

    @api.onchange("column_ids")
    def _onchange_column_ids(self):
        if self.state != "ready":
            return
        self.update(self._get_format_values())
        self._find_words()

    @api.model_create_multi
    def create(self, vals_list):
        self._check_own_fields(*vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_own_fields(vals)
        if not FILE_FIELDS.isdisjoint(vals):
            self._check_open()
        if "file" in vals:
            vals = {**_OF_THE_FILE, **vals}
        ready = self.filtered(lambda record: record.state == "ready")
        elsewhere = (
            ready.filtered(
                lambda record: (
                    record.is_large and any(record[name] != vals[name] for name in places)
                )
            )
            if (places := _PLACE_FIELDS & vals.keys())
            else self.browse()
        )
        result = super().write(vals)
        if "file" in vals:
            # Another file has other columns.
            ready.sudo().state = "draft"
        elif "column_ids" not in vals:
            elsewhere._read_later()
        return result

    def _check_open(self):
        """What was read and shown is what is booked."""
        if any(record.state == "reading" for record in self):
            raise UserError(self.env._("The file is being read. Wait, or choose another file."))
        if any(record.state not in _OPEN_STATES for record in self):
            raise UserError(
                self.env._("This file was imported already. Upload the next file as a new import.")
            )

    def _check_own_fields(self, *vals_list):
        """Nobody makes invoices in somebody else's name."""
        if not self.env.su and any(not _OWN_FIELDS.isdisjoint(vals) for vals in vals_list):
            raise AccessError(self.env._("The state of an import follows from its buttons only."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_imported(self):
        is_booked = any(record.state not in _UNBOOKED_STATES for record in self)
        if is_booked and not self.env.user.has_group("account.group_account_manager"):
            raise UserError(
                self.env._("Only an accounting administrator deletes the record of an import.")
            )

    def action_read_file(self):
        """Read the file; suggest what each column means. A large one is read by the scheduled
        action.
        """
        self.check_access("write")
        self._check_open()
        for record in self:
            if is_large(record._get_content()):
                record._read_later()
            else:
                record.sudo().write({"is_large": False, "read_count": 0})
                record._read_file()

    def _read_later(self):
        """Leave reading the file to the scheduled action."""
        for record in self:
            record._check_importer()
            record.sudo().write(
                {
                    "state": "reading",
                    "is_large": True,
                    "is_unstored": False,
                    "read_count": 0,
                    "attempts": 0,
                    "request": False,
                    "user_id": self.env.uid,
                }
            )
            record._schedule()

    def _read_file(self, report=None):
        """Read all rows once; suggest what each column means.

        :param report: see :meth:`_read_whole`.
        """
        record_sudo = self.sudo()  # what only the import itself may set
        with self._open_book() as book:
            header = self._get_header(book)
            record_sudo.header_key = header["header_key"]
            record_sudo.former_id = self._find_former()
            values = self._get_column_values(report, header, book)
        record_sudo.write({"state": "ready", "read_count": values.pop("read_count")})
        self.write(values)
        self._find_words()

    def action_back(self):
        """Choose another file; from the preview, go back to the columns."""
        self.check_access("write")
        for record in self:
            record_sudo = record.sudo()
            if record.can_go_back == "draft":
                record_sudo.write({"state": "draft", "failure_reason": False})
            elif record.can_go_back == "ready":
                record._forget_rows()
                record_sudo.write({"state": "ready", "failure_reason": False})

    def action_preview(self):
        """Store the rows and show what will be booked; nothing is booked yet."""
        self.ensure_one()
        if self.state == "reading":
            # What was chosen in the form made it read the file again.
            return
        self._start("checking")
        self._work()

    def action_import(self):
        """Book the rows: at once if they are few, else by the scheduled action."""
        self.ensure_one()
        if self.state == "checked":
            self._check_importer()
            self.sudo().write({"state": "running", "user_id": self.env.uid})
        else:
            self._start("running")
        self._work()

    def action_retry(self):
        """Go on with an import that failed, in the name and with the rights of who asks for it."""
        self.ensure_one()
        self._check_importer()
        if self.state != "failed":
            raise UserError(self.env._("Only an import that failed can be tried again."))
        step = self.failed_step or "running"
        self.sudo().write(
            {
                "state": step,
                "undone_by_id" if step == "undoing" else "user_id": self.env.uid,
                "finished_at": False,
                "failure_reason": False,
                "attempts": 0,
            }
        )
        self._schedule()

    def action_undo(self):
        """Take back what this import made and nobody touched since; the rest is listed with the
        reason. What was kept before is tried again.
        """
        self.ensure_one()
        self._check_importer()
        if self.state not in ("done", "failed", "undone"):
            raise UserError(self.env._("Nothing was imported that could be taken back."))
        self._wait_again()
        self.sudo().write(
            {"state": "undoing", "undone_by_id": self.env.uid, "undone_at": fields.Datetime.now()}
        )
        self._work()

    def action_import_again(self):
        """Read the file of an import that was taken back once more, as a new import."""
        self.ensure_one()
        self._check_importer()
        record = self.copy()
        record.action_read_file()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    def _start(self, state: str):
        """Check what must be settled before the first row; store all rows as waiting."""
        self._check_importer()
        self._check_open()
        if self.state == "draft":
            self.action_read_file()
            if self.state == "reading":
                raise UserError(
                    self.env._("The file is large and is read in the background first.")
                )
        self._check_columns()
        Journal = self.env["account.journal"].with_company(self.company_id)
        self.journal_id = self.journal_id or Journal._get_import_journal()
        self.payment_journal_id = self.payment_journal_id or Journal._get_import_payment_journal()
        if not self.is_large:
            self._store_rows()
        self.sudo().write(
            {
                "state": state,
                "user_id": self.env.uid,
                "started_at": fields.Datetime.now(),
                "row_count": self.read_count if self.is_large else self._get_stored()[0],
                "is_unstored": self.is_large,
                "attempts": 0,
            }
        )

    def _forget_rows(self):
        """Remove the rows that a preview stored."""
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM accounting_import_line WHERE import_id = %s", self.id))
        self.env["accounting.import.line"].invalidate_model()
        self.invalidate_recordset()
        self.sudo().write({"row_count": 0, "started_at": False, "is_unstored": False})

    def _wait_again(self):
        """Rows that were kept are tried again: by one statement, there may be many."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE accounting_import_line
                   SET state = CASE WHEN made_move THEN 'created' ELSE 'updated' END
                 WHERE import_id = %s AND state = 'kept'
                """,
                self.id,
            )
        )
        self.env["accounting.import.line"].invalidate_model(["state"])
        self.invalidate_recordset()

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

    def _get_column_values(self, report=None, header: dict | None = None, book=None) -> dict:
        """Values that follow from reading the file.

        :param report: see :meth:`_read_whole`.
        :param header: where the rows are, if that was found out anew (:meth:`_get_header`): then
            what was chosen for a file with the same columns is proposed, too.
        :param book: the workbook, if it is open already.
        """
        values = dict(header or {})
        values.pop("header_key", None)
        names, rows, notes, count = self._read_whole(report, **values, book=book)
        columns = self._prepare_columns(names, rows, notes)
        former = self.former_id if header else self.former_id.browse()
        if former:
            self._take_over(columns, former)
        values["column_ids"] = [Command.clear()] + [Command.create(column) for column in columns]
        formats, contradicted = self._detect_formats(columns)
        values["repeats_numbers"] = self._repeats_numbers(columns, rows)
        formats["same_number"] = values["repeats_numbers"] and self._propose_same_number(
            columns, rows
        )
        for name, value in formats.items():
            remembered = name not in contradicted and former[name]
            values[name] = self[name] or value or remembered
        values["read_count"] = count
        if former:
            values["settled_on"] = self.settled_on or former.settled_on
            values["payment_term_id"] = (self.payment_term_id or former.payment_term_id).id
        return values

    def _get_format_values(self) -> dict:
        """Date format and decimal separator, as the columns tell that are mapped now. What was
        chosen stays, unless a row tells that it is wrong.
        """
        formats, contradicted = self._detect_formats(self.column_ids)
        return {
            name: value or (name not in contradicted and self[name])
            for name, value in formats.items()
        }
