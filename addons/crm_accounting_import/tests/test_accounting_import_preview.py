import base64
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..models.accounting_import import working
from .common import HEADER, AccountingImportCommon

PAID_HEADER = (*HEADER, "Settled On", "Settled Amount")


@tagged("post_install", "-at_install")
@freeze_time("2024-06-15 12:00:00")
class TestAccountingImportPreview(AccountingImportCommon):
    """What is shown is what is booked; what was booked can be taken back."""

    def _preview(self, rows, header=PAID_HEADER, **values):
        record = self.env["accounting.import"].create(
            {
                "name": "export.csv",
                "file": base64.b64encode(self._csv(rows, header)),
                **values,
            }
        )
        record.action_read_file()
        record.action_preview()
        return record

    def _rows(self):
        return [
            ["C-77", "V-1", "2024-01-05", "2024-02-05", "1000.00", "2024-02-01", "400.00"],
            ["C-77", "V-2", "2024-01-25", "2024-02-05", "500.00", "", ""],
            ["C-77", "V-3", "2024-03-05", "", "-100.00", "", ""],
            ["Somebody New", "V-4", "2024-01-05", "2024-02-05", "60.00", "", ""],
            ["C-77", "V-5", "2024-01-05", "soon", "70.00", "", ""],
        ]

    def test_preview_is_what_is_booked(self):
        record = self._preview(self._rows(), create_customers=True)
        self.assertEqual(record.state, "checked")
        self.assertFalse(self._get_move("V-1"), "nothing is booked")
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Somebody New")]))
        self.assertEqual(record.booking_label, "Create 3 Invoices and 1 Credit Note, 1,460.00 USD")
        for text in ("400.00", "Somebody New", "January 5, 2024", "January 25, 2024"):
            self.assertIn(text, record.summary)
        self.assertEqual(record.preview_error_ids.mapped("number"), ["V-5"])
        self.assertEqual(record.preview_line_ids.mapped("number"), ["V-1", "V-2", "V-3", "V-4"])
        shown = [
            (
                line.number,
                line.kind,
                str(line.invoice_date),
                str(line.due_date),
                line.amount,
                line.payment_amount,
                line.found_by,
            )
            for line in record.line_ids.filtered(lambda line: line.state == "checked")
        ]
        self.assertEqual(
            shown,
            [
                ("V-1", "invoice", "2024-01-05", "2024-02-05", 1000.0, 400.0, "ref"),
                ("V-2", "invoice", "2024-01-25", "2024-02-05", 500.0, 0.0, "ref"),
                ("V-3", "credit_note", "2024-03-05", "2024-03-05", -100.0, 0.0, "ref"),
                ("V-4", "invoice", "2024-01-05", "2024-02-05", 60.0, 0.0, "new"),
            ],
        )
        record.action_import()
        self.assertEqual(record.state, "done")
        self.assertCounts(record.read_result(), created=4, error_count=1)
        for line in record.line_ids.filtered("move_id"):
            self.assertEqual(line.move_id.amount_total_signed, line.amount)
            self.assertEqual(sum(line.payment_ids.mapped("amount")), line.payment_amount)

    def test_later_file(self):
        self._preview(self._rows()).action_import()
        rows = self._rows()
        rows[1][5:] = ["2024-03-01", ""]
        record = self._preview(rows[:3])
        self.assertEqual(record.booking_label, "Update 3 Invoices")
        self.assertEqual(record.line_ids.mapped("payment_amount"), [0.0, 500.0, 0.0])
        record.action_import()
        self.assertCounts(record.read_result(), updated=1, unchanged=2)

    def test_going_back_changes_the_reading(self):
        """An upload is not spent by a refused try, nor by a preview."""
        record = self._preview(
            [["C-77", "V-1", "2024-01-05", "2024-02-05", "1.234"]],
            HEADER,
            decimal_separator=",",
        )
        self.assertEqual(record.line_ids.amount, 1234.0)
        with self.assertRaises(UserError):
            record.decimal_separator = "."
        with self.assertRaises(UserError):
            record.column_ids[0].field = False
        record.action_back()
        self.assertFalse(record.line_ids)
        self.env.ref("base.KWD").active = True
        record.currency_id = self.env.ref("base.KWD")
        with Form(record) as form:
            form.decimal_separator = "."
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.env.ref("base.KWD").id,
                "name": "2020-01-01",
                "rate": 1,
                "company_id": self.company.id,
            }
        )
        record.action_preview()
        self.assertEqual(record.line_ids.amount, 1.234)
        self.assertEqual(record.booking_label, "Create 1 Invoice, 1.234 KWD")

    def test_words_can_be_explained_in_the_form(self):
        header = (*HEADER, "Document Type")
        row = ["C-77", "V-1", "2024-01-05", "2024-02-05", "10.00", "Strange"]
        record = self.env["accounting.import"].create(
            {
                "name": "a.csv",
                "file": base64.b64encode(self._csv([row, [*row[:5], "Fattura"]], header)),
            }
        )
        record.action_read_file()
        self.assertEqual(
            {word.name: word.meaning for word in record.word_ids},
            {"Strange": False, "Fattura": "invoice"},
        )
        record.invalidate_recordset()
        strange = record.word_ids.filtered(lambda word: word.name == "Strange")
        with (
            Form(record) as form,
            form.word_ids.edit(record.word_ids.ids.index(strange.id)) as word,
        ):
            word.meaning = "credit_note"
        self.assertEqual(strange.meaning, "credit_note")
        with self.assertRaises(UserError):
            record.word_ids[0].meaning = "paid"

    def test_many_rows_are_checked_by_the_scheduled_action(self):
        with patch.object(working, "DIRECT_ROWS", 0):
            record = self._preview(self._rows())
        self.assertEqual((record.state, record.progress), ("checking", 0.0))
        with self.enter_registry_test_mode():
            self.env.ref("crm_accounting_import.ir_cron_accounting_import").method_direct_trigger()
        record.invalidate_recordset()
        self.assertEqual((record.state, record.progress), ("checked", 100.0))
        self.assertFalse(self._get_move("V-1"))

    # Taking back -----------------------------------------------------------------------------

    def test_take_back(self):
        balance = self.acme.credit
        record = self._preview(self._rows())
        record.action_import()
        payments = record.line_ids.payment_ids
        self.assertTrue(payments)
        record.action_undo()
        self.assertEqual((record.state, record.kept_count), ("undone", 0))
        self.assertEqual(record.undone_count, 3)
        self.assertEqual(record.undone_by_id, self.env.user)
        self.assertFalse(payments.exists())
        self.assertFalse(
            self.env["account.move.line"].search([("journal_id.is_accounting_import", "=", True)])
        )
        self.env.invalidate_all()
        self.assertEqual(self.acme.credit, balance)
        action = record.action_import_again()
        again = record.browse(action["res_id"])
        again.action_import()
        self.assertCounts(again.read_result(), created=3, error_count=2)

    def test_take_back_what_a_later_file_changed(self):
        """Last in, first out."""
        first = self._preview(self._rows())
        first.action_import()
        rows = self._rows()
        rows[0][6] = "1000.00"
        second = self._preview(rows[:3])
        second.action_import()
        first.action_undo()
        self.assertEqual(first.kept_count, 1)
        kept = first.line_ids.filtered(lambda line: line.state == "kept")
        self.assertIn("A later import", kept.reason)
        self.assertEqual(self._get_move("V-1").payment_state, "paid")
        self.assertFalse(self._get_move("V-2"))
        second.action_undo()
        self.assertEqual(self._get_move("V-1").amount_residual, 600.0)
        first.action_undo()
        self.assertEqual(first.kept_count, 0)
        self.assertFalse(self._get_move("V-1"))

    def test_keep_what_somebody_went_on_with(self):
        record = self._preview(
            [
                *self._rows()[:2],
                ["C-77", "V-6", "2024-01-05", "2024-02-05", "10.00", "", ""],
                ["C-77", "V-7", "2024-01-05", "2024-02-05", "20.00", "2024-02-05", "30.00"],
                ["C-77", "V-8", "2024-01-05", "2024-02-05", "20.00", "", ""],
                ["C-77", "V-9", "2024-01-05", "2024-02-05", "20.00", "", ""],
            ]
        )
        record.action_import()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self._get_move("V-2").ids
        ).create({})._create_payments()
        self._get_move("V-6").button_draft()
        overpaid = self._get_move("V-7").matched_payment_ids.move_id.line_ids
        other = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.acme.id,
                "invoice_date": "2024-05-01",
                "invoice_line_ids": [Command.create({"price_unit": 10.0, "tax_ids": []})],
            }
        )
        other.action_post()
        (overpaid | other.line_ids).filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        self._get_move("V-8").message_post(body="The customer disputes this.")
        record.action_undo()
        states = {line.number: line.state for line in record.line_ids}
        self.assertEqual(
            states,
            {"V-1": "undone", "V-9": "undone"}
            | dict.fromkeys(("V-2", "V-6", "V-7", "V-8"), "kept"),
        )
        kept = record.line_ids.filtered(lambda line: line.state == "kept")
        self.assertTrue(all(kept.mapped("reason")))
        self.assertEqual(self._get_move("V-7").payment_state, "paid")
        self.assertEqual(other.payment_state, "paid")

    def test_closed_period_is_kept(self):
        record = self._preview(self._rows()[:2])
        record.action_import()
        self.company.fiscalyear_lock_date = "2024-03-31"
        record.action_undo()
        self.assertEqual(record.kept_count, 2)
        self.assertEqual(self._get_move("V-1").state, "posted")
        self.company.fiscalyear_lock_date = False
        record.action_undo()
        self.assertEqual(record.undone_count, 2)

    def test_audit_trail_is_kept(self):
        record = self._preview(self._rows()[:2])
        record.action_import()
        self.company.restrictive_audit_trail = True
        record.action_undo()
        self.assertEqual(record.kept_count, 2)
        self.assertEqual(self._get_move("V-1").state, "posted")

    def test_who_takes_back(self):
        record = self._preview(self._rows()[:2])
        record.action_import()
        seller = new_test_user(
            self.env, "import_seller", "sales_team.group_sale_salesman_all_leads"
        )
        with self.assertRaises(AccessError):
            record.with_user(seller).action_undo()
        with self.assertRaises(AccessError):
            record.with_user(seller).action_preview()
        clerk = new_test_user(self.env, "import_clerk", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            record.with_user(clerk).write({"undone_by_id": self.env.user.id})
        record.with_user(clerk).action_undo()
        self.assertEqual(record.undone_count, 2)
        with self.assertRaises(UserError):
            self._preview(self._rows()).action_undo()

    def test_many_rows_are_taken_back_by_the_scheduled_action(self):
        record = self._preview(self._rows())
        record.action_import()
        with patch.object(working, "DIRECT_ROWS", 0):
            record.action_undo()
        self.assertEqual(record.state, "undoing")
        with self.enter_registry_test_mode():
            self.env.ref("crm_accounting_import.ir_cron_accounting_import").method_direct_trigger()
        record.invalidate_recordset()
        self.assertEqual((record.state, record.undone_count), ("undone", 3))

    # Cleaning up -----------------------------------------------------------------------------

    def test_old_previews_are_forgotten(self):
        """After 30 days the rows go; the columns stay as they were said to be."""
        old, new = self._preview(self._rows()), self._preview(self._rows())
        old.sudo().started_at = "2024-05-16 11:59:00"
        new.sudo().started_at = "2024-05-16 12:01:00"
        self.assertEqual(self.env["accounting.import"]._gc_previews(), (1, 0))
        self.assertEqual((old.state, new.state), ("ready", "checked"))
        self.assertFalse(old.line_ids)
        self.assertEqual(len(new.line_ids), 5)
        old.action_preview()
        self.assertEqual(old.booking_label, new.booking_label)

    def test_old_cells_are_dropped(self):
        """After 90 days; rows with errors can still be downloaded, and all can be taken back."""
        record = self._preview(self._rows())
        record.action_import()
        record.sudo().finished_at = "2024-03-17 12:01:00"
        Import = self.env["accounting.import"]
        self.assertEqual(Import._gc_cells(), (0, False))
        record.sudo().finished_at = "2024-03-17 11:59:00"
        self.assertEqual(Import._gc_cells(), (3, False))
        self.assertEqual(Import._gc_cells(), (0, False))
        self.assertEqual(
            record.line_ids.sorted("row").mapped(lambda line: bool(line.cells)),
            [False, False, False, True, True],
        )
        self.assertIn("soon", base64.b64decode(record.error_file).decode())
        record.action_undo()
        self.assertEqual(record.undone_count, 3)
        again = record.browse(record.action_import_again()["res_id"])
        again.action_import()
        self.assertCounts(again.read_result(), created=3, error_count=2)

    def test_what_was_kept_is_tried_again_by_one_statement(self):
        record = self._preview(self._rows()[:2])
        record.action_import()
        self.company.fiscalyear_lock_date = "2024-03-31"
        record.action_undo()
        self.assertEqual((record.kept_count, record.progress_text), (2, ""))
        with patch.object(working, "DIRECT_ROWS", 0):
            record.action_undo()
        self.assertEqual(record.progress_text, "Taking back, 0 of 2")
        self.assertEqual(record.line_ids.mapped("state"), ["created"] * 2)
