import base64
import io
from unittest.mock import patch

import openpyxl
from freezegun import freeze_time
from psycopg2 import OperationalError

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.accounting_import import files, reading, storing, working
from .common import HEADER, AccountingImportCommon

CRON = "crm_accounting_import.ir_cron_accounting_import"


@tagged("post_install", "-at_install")
@freeze_time("2024-06-15 12:00:00")
class TestAccountingImportLarge(AccountingImportCommon):
    """Large files are read by the scheduled action; formats follow from all rows of any file."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(files, "DIRECT_BYTES", 0))
        self.startPatcher(patch.object(working, "DIRECT_ROWS", 0))
        self.startPatcher(patch.object(storing, "_STORED_ROWS", 2))
        self.startPatcher(patch.object(working, "REPORT_SECONDS", -1))

    def _rows(self, count=5, prefix="L"):
        return [
            ["C-77", f"{prefix}-{number}", "2024-01-05", "2024-02-05", "10.00"]
            for number in range(count)
        ]

    def _xlsx(self, rows, header=HEADER):
        book = openpyxl.Workbook()
        for row in [header, *rows]:
            book.active.append(row)
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    def _upload(self, content, name="large.csv", **values):
        record = self.env["accounting.import"].create(
            {"name": name, "file": base64.b64encode(content), **values}
        )
        record.action_read_file()
        return record

    def _run(self, times=1):
        for _time in range(times):
            with self.enter_registry_test_mode():
                self.env.ref(CRON).method_direct_trigger()
            self.env.invalidate_all()

    def _kill_in(self, name, after=0, of=None):
        """The process is ended in a method, at the call after so many, of one import or of any."""
        cls = self.env.registry["accounting.import"]
        original, calls = getattr(cls, name), []

        def killed(record, *arguments):
            if record == of or not of:
                calls.append(arguments)
            if len(calls) > after:
                raise OperationalError("server closed the connection unexpectedly")
            return original(record, *arguments)

        with (
            patch.object(cls, name, killed),
            mute_logger("odoo.addons.base.models.ir_cron"),
        ):
            self._run()
        self.assertGreater(len(calls), after)

    # In the background --------------------------------------------------------------------------

    def test_no_request_reads_a_large_file(self):
        for content in (self._csv(self._rows()), self._xlsx(self._rows(prefix="X"))):
            cls = self.env.registry["accounting.import"]
            with patch.object(cls, "_read_rows", side_effect=AssertionError("read in a request")):
                record = self._upload(content)
                self.assertEqual(record.state, "reading")
                self.assertFalse(record.column_ids)
                record.action_preview()
                with self.assertRaisesRegex(UserError, "being read"):
                    record.date_format = "dmy"
            self._run()
            self.assertEqual((record.state, record.read_count), ("ready", 5))
            self.assertEqual(
                record.column_ids.mapped("field")[1:],
                ["number", "invoice_date", "due_date", "amount"],
            )
            with patch.object(cls, "_read_rows", side_effect=AssertionError("read in a request")):
                with Form(record) as form:
                    form.create_customers = True
                    with form.column_ids.edit(0) as column:
                        column.field = "customer_ref"
                record.action_preview()
            self.assertEqual((record.state, record.row_count), ("checking", 5))
            self.assertEqual(record.progress, 0.0)
            self.assertEqual(record.progress_text, "Reading rows, 0 of 5")
            self._run()
            self.assertEqual((record.state, record.progress), ("checked", 100.0))
            self.assertEqual(record.booking_label, "Create 5 Invoices, 50.00 USD")
            record.action_import()
            self.assertEqual(record.progress_text, "Booking rows, 0 of 5")
            self._run()
            self.assertCounts(record.read_result(), created=5)

    def test_small_files_are_read_at_once(self):
        with patch.object(files, "DIRECT_BYTES", 2**20), patch.object(working, "DIRECT_ROWS", 500):
            record = self._upload(self._csv(self._rows()))
            self.assertEqual(record.state, "ready")
            record.action_preview()
            self.assertEqual(record.state, "checked")

    def test_what_counts_as_large(self):
        """What a workbook unpacks to counts, not how small it was packed."""
        rows = [["C-77", "L" * 400, "2024-01-05", "2024-02-05", "10.00"]] * 200
        content = self._xlsx(rows)
        size = len(content)
        with patch.object(files, "DIRECT_BYTES", size + 1000):
            self.assertTrue(files.is_large(content))
            self.assertFalse(files.is_large(content[: size // 2]), "damaged: a request says so")
            self.assertFalse(files.is_large(b"x" * size))
        self.assertFalse(files.is_large(b""))

    def test_whoever_asked_is_told(self):
        sent = []

        def send(users, notification_type, message):
            sent.append((users, message["title"]))

        record = self._upload(self._csv(self._rows()))
        with patch.object(self.env.registry["res.users"], "_bus_send", send):
            self._run()
            self.assertEqual(sent, [(self.env.user, "The file was read")])
            record.action_preview()
            self._run()
        self.assertEqual(sent[1:], [(self.env.user, "Import is ready to be checked")])

    @mute_logger("odoo.tests.form.onchange")
    def test_another_sheet_is_read_in_the_background(self):
        book = openpyxl.load_workbook(io.BytesIO(self._xlsx(self._rows())))
        other = book.create_sheet("Other")
        for row in (HEADER, *self._rows(2, prefix="O")):
            other.append(row)
        buffer = io.BytesIO()
        book.save(buffer)
        record = self._upload(buffer.getvalue())
        self._run()
        self.assertEqual(record.column_ids[1].sample_1, "L-0")
        with Form(record) as form:
            form.sheet_name = "Other"
        self.assertEqual(record.state, "reading")
        record.action_preview()
        self.assertEqual(record.state, "reading", "not with the columns of the other sheet")
        self._run()
        self.assertEqual((record.state, record.read_count), ("ready", 2))
        self.assertEqual(record.column_ids[1].sample_1, "O-0")

    def test_file_that_cannot_be_read(self):
        record = self._upload(b"%PDF-1.7 x")
        with self.assertNoLogs("odoo.addons.crm_accounting_import", "WARNING"):
            self._run()
        self.assertEqual(record.state, "failed")
        self.assertIn("neither CSV nor XLSX", record.failure_reason)
        self.assertEqual(record.can_go_back, "draft")
        record.action_back()
        record.file = base64.b64encode(self._csv(self._rows()))
        record.action_read_file()
        self._run()
        self.assertEqual(record.state, "ready")

    def test_choosing_another_file_meanwhile(self):
        record = self._upload(self._csv(self._rows()))
        record.action_back()
        self.assertEqual(record.state, "draft")
        self._run()
        self.assertEqual(record.state, "draft")

    def test_back_to_the_columns_and_again(self):
        record = self._upload(self._csv(self._rows()))
        self._run()
        record.action_preview()
        self._run()
        record.action_back()
        self.assertEqual((record.state, record.row_count), ("ready", 0))
        self.assertFalse(record.line_ids)
        record.action_preview()
        self._run()
        self.assertEqual((record.state, record.row_count), ("checked", 5))

    # Other programs -----------------------------------------------------------------------------

    def test_other_programs_get_the_result_later(self):
        header = ("Customer", "Ref", "Invoice Date", "Due Date", "Amount", "Document Type")
        rows = [[*row, "Strange"] for row in self._rows()]
        record, result = self._import_rows(
            rows,
            header,
            columns={"Ref": "number"},
            words={"kind": {"strange": "credit_note"}},
        )
        self.assertEqual((result["state"], record.state), ("running", "reading"))
        self._run()
        self.assertEqual(record.state, "done")
        self.assertCounts(record.read_result(), created=5)
        self.assertEqual(self._get_move("L-0").move_type, "out_refund")

    def test_what_is_not_certain_is_told_to_other_programs(self):
        rows = [["C-77", "L-1", "01/05/2024", "02/05/2024", "10.00"]]
        record, _result = self._import_rows(rows)
        self._run()
        result = record.read_result()
        self.assertEqual(result["state"], "failed")
        self.assertIn("dates of the file can be read in several ways", result["failure_reason"])
        self.assertFalse(self._get_move("L-1"))
        record, _result = self._import_rows(rows, date_format="mdy")
        self._run()
        self.assertEqual(str(self._get_move("L-1").invoice_date), "2024-01-05")

    def test_nobody_asks_in_the_name_of_another_program(self):
        with self.assertRaises(AccessError):
            self._upload(self._csv(self._rows()), request={"columns": {}})
        record = self._upload(self._csv(self._rows()))
        for values in ({"attempts": 0}, {"is_large": False}, {"is_unstored": True}):
            with self.assertRaises(AccessError):
                record.write(values)

    # Ended in the middle ------------------------------------------------------------------------

    def test_killed_while_rows_are_stored(self):
        """It goes on behind the rows that were stored."""
        record = self._upload(self._csv(self._rows(7)))
        self._run()
        record.action_preview()
        self._kill_in("_report_reading", after=2)
        self.assertEqual(record._get_stored(), (2, 3))
        self.assertEqual(record.progress_text, "Reading rows, 2 of 7")
        self._run()
        self.assertEqual((record.state, record.row_count), ("checked", 7))
        self.assertEqual(record.line_ids.sorted("row").mapped("row"), list(range(2, 9)))
        self.assertEqual(record.booking_label, "Create 7 Invoices, 70.00 USD")

    def test_file_that_takes_too_long(self):
        """What was ended twice is not begun again: others would wait for it."""
        record = self._upload(self._csv(self._rows()))
        other = self._upload(self._csv(self._rows(prefix="O")))
        for _time in range(2):
            self._kill_in("_read_file", of=record)
        self._run()
        self.assertEqual(other.state, "ready")
        self.assertEqual((record.state, record.attempts), ("failed", 2))
        self.assertIn("takes longer than this server allows", record.failure_reason)
        record.action_retry()
        self._run()
        self.assertEqual(record.state, "ready")

    def test_they_take_turns(self):
        """Nobody waits for the end of a large import."""
        first, second = (self._upload(self._csv(self._rows(6, prefix=p))) for p in "AB")
        self._run()
        turns = []
        cls = self.env.registry["accounting.import"]
        original = cls._check_lines

        def check(record, lines):
            turns.append(record.id)
            return original(record, lines)

        (first | second).mapped(lambda record: record.action_preview())
        with patch.object(cls, "_check_lines", check), patch.object(working, "LARGEST_BATCH", 2):
            self._run()
        self.assertEqual(turns, [first.id, second.id] * 3)

    # Formats ------------------------------------------------------------------------------------

    def _read(self, dates, amounts=None, **values):
        amounts = amounts or ["10"] * len(dates)
        rows = [
            ["C-77", f"L-{number}", day, "", amount]
            for number, (day, amount) in enumerate(zip(dates, amounts, strict=True))
        ]
        record = self._upload(self._csv(rows), **values)
        self._run()
        self.assertEqual(record.state, "ready")
        return record

    def test_formats_follow_from_all_rows(self):
        """The last row tells, or contradicts, whatever the number of rows before it."""
        self.startPatcher(patch.object(reading, "_SAMPLE_ROWS", 2))
        for last, expected in (
            ("3/4/2024", False),
            ("3/14/2024", "mdy"),
            ("14/3/2024", "dmy"),
            ("2024-03-14", False),
        ):
            record = self._read(["1/2/2024"] * 5 + [last])
            self.assertEqual(record.date_format, expected, last)
        record = self._read(["13/2/2024"] * 5 + ["3/14/2024"])
        self.assertFalse(record.date_format, "contradicted")
        for last, expected in (("1,5", ","), ("1.5", "."), ("1,234", False)):
            record = self._read(["2024-01-05"] * 6, ["7"] * 5 + [last])
            self.assertEqual(record.decimal_separator, expected, last)
        record = self._read(["2024-01-05"] * 6, ["1.5"] * 5 + ["1,5"])
        self.assertFalse(record.decimal_separator, "contradicted")

    def test_what_was_chosen_before_gives_way_to_a_contradiction(self):
        former = self._read(["1/2/2024"] * 2)
        with Form(former) as form:
            form.date_format = "dmy"
        former.payment_term_id = self.env.ref("account.account_payment_term_immediate")
        former.action_import()
        self._run()
        self.assertEqual(former.state, "done")
        self.assertEqual(self._read(["3/4/2024"]).date_format, "dmy", "as before")
        self.assertEqual(self._read(["3/14/2024"]).date_format, "mdy", "the file tells")
        record = self._read(["13/4/2024", "3/14/2024"])
        self.assertFalse(record.date_format, "the file contradicts itself")

    def test_another_file_has_other_formats(self):
        record = self._read(["13/2/2024"], ["1,5"])
        self.assertEqual((record.date_format, record.decimal_separator), ("dmy", ","))
        record.action_back()
        rows = [["C-77", "L-1", "1/2/2024", "", "1,234"]]
        record.file = base64.b64encode(self._csv(rows))
        record.action_read_file()
        self._run()
        self.assertEqual((record.date_format, record.decimal_separator), (False, False))

    def test_column_that_is_mapped_later(self):
        header = (*HEADER[:2], "Invoice Date", "Until", "Amount")
        rows = [["C-77", "L-1", "13/2/2024", "3/14/2024", "10"]]
        record = self._upload(self._csv(rows, header))
        self._run()
        self.assertEqual(record.date_format, "dmy")
        with Form(record) as form, form.column_ids.edit(3) as column:
            column.field = "due_date"
        self.assertFalse(record.date_format)
        with self.assertRaisesRegex(UserError, "Choose the date format"):
            record.action_preview()
        # What a program said itself it has said.
        record, _result = self._import_rows(
            rows, header, columns={"Until": "due_date"}, date_format="dmy"
        )
        self._run()
        self.assertEqual((record.state, record.failure_reason), ("done", False))
        self.assertIn("not a date", record.read_result()["errors"][0]["reason"])

    def test_words_of_all_rows(self):
        self.startPatcher(patch.object(reading, "_SAMPLE_ROWS", 2))
        header = (*HEADER, "Status")
        rows = [[*row, "Open"] for row in self._rows()]
        rows[-1][-1] = "Lost in the Post"
        record = self._upload(self._csv(rows, header))
        self._run()
        self.assertEqual(
            {word.name: (word.row_count, word.meaning) for word in record.word_ids},
            {"Open": (4, "open"), "Lost in the Post": (1, False)},
        )

    # How much work it is ------------------------------------------------------------------------

    def test_statements_do_not_grow_with_duplicated_numbers(self):
        def store(count):
            rows = [row for row in self._rows(count) for _time in range(2)]
            record = self._upload(self._csv(rows))
            self._run()
            record.action_preview()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            with patch.object(storing, "_STORED_ROWS", 1000):
                record._store_rows()
            self.assertEqual(set(record.line_ids.mapped("state")), {"error"})
            return self.env.cr.sql_log_count - before

        store(2)
        self.assertEqual(store(3), store(60))
