import base64
import csv
import io

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import HEADER, AccountingImportCommon

ROW = ("C-77", "E-1", "2024-01-05", "2024-02-05", "100.00")
PAID_HEADER = (*HEADER, "Settled On", "Settled Amount")


@tagged("post_install", "-at_install")
@freeze_time("2024-06-15 12:00:00")
class TestAccountingImportErrors(AccountingImportCommon):
    """Bad rows are listed with row, column, value and reason; the others are imported."""

    def _row(self, **cells):
        return [
            cells.get(name.replace(" ", "_").lower(), value)
            for name, value in zip(HEADER, ROW, strict=True)
        ]

    def test_missing_column(self):
        with self.assertRaisesRegex(UserError, "Missing columns: Due Date, Customer"):
            self._import_rows([ROW[1:3] + ROW[4:]], HEADER[1:3] + HEADER[4:])
        with self.assertRaisesRegex(UserError, "Settled On"):
            self._import_rows([[*ROW, "5.00"]], (*HEADER, "Settled Amount"))
        self.assertFalse(self._get_move("E-1"))

    def test_two_columns_for_one_field(self):
        with self.assertRaisesRegex(UserError, "Several columns"):
            content = self._csv([[*ROW, "1.00"]], (*HEADER, "Net"))
            record = self.env["accounting.import"].create(
                {"name": "a.csv", "file": base64.b64encode(content)}
            )
            record.action_read_file()
            record.column_ids[-1].field = "amount"
            record.action_import()

    def test_unknown_customer(self):
        self.assertRowError(
            self._row(customer="Nobody"), "There is no such customer", column="Customer"
        )
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Nobody")]))

    def test_no_customer(self):
        self.assertRowError(self._row(customer=""), "customer is missing")

    def test_two_customers_match(self):
        self.env["res.partner"].create([{"name": "Double"}, {"name": "double"}])
        self.assertRowError(
            self._row(customer="Double"), "Several customers match", column="Customer"
        )

    def test_bad_dates(self):
        for value in ("2024-02-30", "yesterday", "45000", "0024-01-05"):
            with self.subTest(value):
                self.assertRowError(
                    self._row(invoice_date=value), "not a date", column="Invoice Date"
                )
                self._get_move("GOOD-1").button_draft()
                self._get_move("GOOD-1").unlink()
        self.assertRowError(self._row(due_date=""), "due date is missing", column="Due Date")

    def test_bad_amounts(self):
        for value, reason in (
            ("12O.00", "not an amount"),
            ("NaN", "not an amount"),
            ("1,23", "not an amount"),
            ("1e9", "not an amount"),
            ("99999999999999999", "not an amount"),
            ("1.005", "More decimals"),
            ("", "amount is missing"),
        ):
            with self.subTest(value):
                self.assertRowError(
                    self._row(amount=value), reason, column="Amount", decimal_separator="."
                )
                self._get_move("GOOD-1").button_draft()
                self._get_move("GOOD-1").unlink()

    def test_currencies(self):
        header = (*HEADER, "Currency")
        inactive = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("active", "=", False)], limit=1)
        )
        no_rate = self.env["res.currency"].create({"name": "QQQ", "symbol": "Q"})
        for code, reason in (
            ("XYZ", "no currency with this code"),
            (inactive.name, "not activated"),
            (no_rate.name, "no exchange rate"),
        ):
            with self.subTest(code):
                self.assertRowError([*ROW, code], reason, header, column="Currency")
                self._get_move("GOOD-1").button_draft()
                self._get_move("GOOD-1").unlink()

    def test_due_before_invoice_is_due_when_issued(self):
        _record, result = self._import_rows([self._row(due_date="2024-01-01")])
        self.assertCounts(result, created=1)
        [line] = self.env["account.move.line"].search(
            [
                ("journal_id.is_accounting_import", "=", True),
                ("display_type", "=", "payment_term"),
                ("company_id", "=", self.company.id),
            ]
        )
        self.assertEqual(line.date_maturity, line.move_id.invoice_date)

    def test_kinds_of_documents(self):
        header = (*HEADER, "Document Type")
        record, result = self._import_rows(
            [
                [*ROW, "Invoice"],
                ["C-77", "F-2", "2024-01-05", "", "40.00", "TD04"],
                ["C-77", "F-3", "2024-01-05", "", "-30.00", "TD04 Nota di credito"],
                ["C-77", "F-4", "2024-01-05", "2024-02-05", "20.00", "Payment"],
                ["C-77", "F-5", "2024-01-05", "2024-02-05", "20.00", "Zebra"],
                ["C-77", "F-6", "2024-01-05", "2024-02-05", "-20.00", "Invoice"],
            ],
            header,
        )
        self.assertCounts(result, created=3, error_count=3)
        for number, amount in (("F-2", -40.0), ("F-3", -30.0)):
            self.assertEqual(self._get_move(number).amount_total_signed, amount)
        self.assertEqual([error["column"] for error in result["errors"]][:2], ["Document Type"] * 2)
        self.assertEqual(record.error_count, 3)

    def test_debit_and_credit(self):
        header = (*HEADER, "Debit", "Credit")
        _record, result = self._import_rows(
            [
                [*ROW, ROW[-1], ""],
                ["C-77", "F-2", "2024-01-05", "", "40.00", "", "40.00"],
                ["C-77", "F-3", "2024-01-05", "", "40.00", "", "39.00"],
            ],
            header,
        )
        self.assertCounts(result, created=2, error_count=1)
        self.assertEqual(self._get_move("F-2").amount_total_signed, -40.0)
        self.assertIn("differ", result["errors"][0]["reason"])

    def test_states_of_documents(self):
        header = (*HEADER, "Status", "Balance", "Paid On")
        row = ("2024-01-05", "2024-02-05", "100.00")
        record, result = self._import_rows(
            [
                ["C-77", "S-1", *row, "Paid", "0.00", "2024-01-20"],
                ["C-77", "S-2", *row, "Sent", "100.00", ""],
                ["C-77", "S-3", *row, "Void", "0.00", ""],
                ["C-77", "S-4", *row, "Bozza", "", ""],
                ["C-77", "S-5", *row, "Partially Paid", "60.00", "2024-01-25"],
                ["C-77", "S-6", *row, "Closed", "", ""],
                ["C-77", "S-7", *row, "", "0.00", ""],
                ["C-77", "S-8", *row, "Zebra", "", ""],
                ["C-77", "S-9", *row, "Open", "0.00", "2024-01-25"],
                ["C-77", "S-10", *row, "", "100.01", ""],
            ],
            header,
        )
        self.assertCounts(result, created=3, error_count=5)
        self.assertEqual((result["left_out"], record.progress), (2, 100.0))
        residuals = {f"S-{n}": self._get_move(f"S-{n}").amount_residual for n in (1, 2, 5)}
        self.assertEqual(residuals, {"S-1": 0.0, "S-2": 100.0, "S-5": 60.0})
        self.assertFalse(self._get_move("S-3") | self._get_move("S-4"), "never invoiced")
        reasons = [error["reason"] for error in result["errors"]]
        for reason, text in zip(
            reasons, ("does not say when",) * 2 + ("not known", "open, and", "More is"), strict=True
        ):
            self.assertIn(text, reason)

    def test_cancelled_after_it_was_imported(self):
        """It stays open in Odoo until somebody cancels it there: that is not passed over."""
        header = (*HEADER, "Status")
        self._import_rows([[*ROW, "Sent"]], header)
        _record, result = self._import_rows([[*ROW, "Void"]], header)
        self.assertCounts(result, error_count=1)
        self.assertIn("cancel it in Odoo", result["errors"][0]["reason"])
        self._get_move("E-1").button_cancel()
        _record, result = self._import_rows([[*ROW, "Void"]], header)
        self.assertEqual(result["left_out"], 1)

    def test_written_in_another_currency(self):
        for amount in ("€ 10.00", "10.00 £", "¥10"):
            with self.subTest(amount):
                self.assertRowError(
                    self._row(amount=amount), "another currency than USD", column="Amount"
                )
                self._get_move("GOOD-1").button_draft()
                self._get_move("GOOD-1").unlink()

    def test_number_that_is_none(self):
        self.assertRowError(self._row(invoice_number="9" * 2000), "100 characters at most")

    def test_own_company_is_no_customer(self):
        self.company.partner_id.ref = "OWN"
        self.assertRowError(self._row(customer="OWN"), "your own company", column="Customer")

    def test_paid_more_than_invoiced(self):
        """What is too much stays on account; a credit note has nothing that could."""
        rows = [[*ROW, "2024-01-20", "100.01"]]
        for expected in ({"created": 1}, {"unchanged": 1}):
            _record, result = self._import_rows(rows, PAID_HEADER)
            self.assertCounts(result, **expected)
        move = self._get_move(ROW[1])
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual(self.acme.credit, -0.01)
        self.assertRowError(
            ["C-77", "F-2", "2024-01-05", "", "-100.00", "2024-01-20", "100.01"],
            "More was settled than invoiced",
            PAID_HEADER,
            column="Settled Amount, Amount",
        )

    def test_prepaid(self):
        """Paid before it was invoiced: paid, on the day of the invoice."""
        _record, result = self._import_rows([[*ROW, "2024-01-01", ""]], PAID_HEADER)
        self.assertCounts(result, created=1)
        settlement = self.env["account.receivable.settlement"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "payment")]
        )
        self.assertEqual(settlement.settlement_date, settlement.invoice_date)
        self.assertEqual(settlement.days_to_pay, 0)

    def test_settled_amount_without_date(self):
        self.assertRowError([*ROW, "", "10.00"], "needs the date", PAID_HEADER)

    def test_settled_amount_of_other_sign(self):
        self.assertRowError([*ROW, "2024-01-20", "-10.00"], "differ in sign", PAID_HEADER)

    def test_disputed_neither_yes_nor_no(self):
        self.assertRowError([*ROW, "maybe"], "neither yes nor no", (*HEADER, "Disputed"))

    def test_opportunities(self):
        header = (*HEADER, "Opportunity")
        self._create_deal("Same name")
        self._create_deal("Same name")
        lead = self._create_deal("A mere lead", type="lead")
        for text, reason in (
            ("Nowhere", "no such opportunity"),
            ("2147483648", "no such opportunity"),
            ("base.main_company", "no such opportunity"),
            (str(lead.id), "no such opportunity"),
            ("Same name", "Several opportunities"),
        ):
            with self.subTest(text):
                self.assertRowError([*ROW, text], reason, header, column="Opportunity")
                self._get_move("GOOD-1").button_draft()
                self._get_move("GOOD-1").unlink()

    def test_duplicate_number(self):
        rows = [ROW, self._row(invoice_number="E-2"), ROW]
        _record, result = self._import_rows(rows)
        self.assertCounts(result, created=1, error_count=2)
        self.assertEqual([error["row"] for error in result["errors"]], [2, 4])
        self.assertIn("rows 2, 4", result["errors"][0]["reason"])
        self.assertFalse(self._get_move("E-1"))

    def test_no_number(self):
        self.assertRowError(self._row(invoice_number=""), "number is missing")

    def test_imported_with_other_values(self):
        self._import_rows([ROW])
        for cells, reason in (
            ({"amount": "100.01"}, "another amount"),
            ({"amount": "-100.00"}, "another amount"),
            ({"customer": "Prompt & Sons"}, "another customer: Acme Imports"),
            ({"invoice_date": "2024-01-06"}, "another invoice date"),
        ):
            with self.subTest(**cells):
                _record, result = self._import_rows([self._row(**cells)])
                self.assertCounts(result, error_count=1)
                self.assertIn(reason, result["errors"][0]["reason"])
        self.assertEqual(self._get_move("E-1").amount_total, 100.0)

    def test_payment_withdrawn_elsewhere(self):
        self._import_rows([[*ROW, "2024-01-20", ""]], PAID_HEADER)
        _record, result = self._import_rows([[*ROW, "", ""]], PAID_HEADER)
        self.assertCounts(result, error_count=1)
        self.assertIn("Less is settled", result["errors"][0]["reason"])

    def test_reset_to_draft(self):
        self._import_rows([ROW])
        self._get_move("E-1").button_draft()
        _record, result = self._import_rows([ROW])
        self.assertIn("draft or cancelled", result["errors"][0]["reason"])

    def test_closed_period(self):
        self._import_rows([[*ROW, "2024-01-20", ""]], PAID_HEADER)
        self.company.fiscalyear_lock_date = "2024-01-31"
        row = self._row(invoice_number="E-2")
        _record, result = self._import_rows([[*row, "2024-02-01", ""]], PAID_HEADER)
        self.assertCounts(result, error_count=1)
        self.assertIn("closed up to", result["errors"][0]["reason"])
        # What was imported before is still recognised.
        _record, result = self._import_rows([[*ROW, "2024-01-20", ""]], PAID_HEADER)
        self.assertCounts(result, unchanged=1)

    def test_cells_beyond_the_header(self):
        content = (
            self._csv([self._row(invoice_number="E-2")])
            + b"C-77,E-3,2024-01-05,2024-02-05,1,000.00\n"
        )
        _record, result = self._import(content)
        self.assertCounts(result, created=1, error_count=1)
        self.assertIn("more cells than the header", result["errors"][0]["reason"])

    def test_refused_by_accounting(self):
        """A row that Odoo itself refuses takes no other row with it and leaves nothing behind."""
        self._refuse_acme()
        rows = [self._row(invoice_number=f"B-{n}", customer=self.partner.name) for n in range(6)]
        rows.insert(3, self._row(invoice_number="B-X"))
        _record, result = self._import_rows(rows)
        self.assertCounts(result, created=6, error_count=1)
        self.assertIn("is archived", result["errors"][0]["reason"])
        self.assertFalse(self._get_move("B-X"))

    def test_several_reasons(self):
        _record, result = self._import_rows([self._row(customer="Nobody", amount="x")])
        self.assertEqual(len(result["errors"][0]["reason"].splitlines()), 2)

    def test_corrected_and_sent_again(self):
        rows = [
            self._row(invoice_number="E-1"),
            self._row(invoice_number="E-2", customer='=HYPERLINK("x";"y")'),
            self._row(invoice_number="+E-3", amount="-12,5"),
            self._row(invoice_number="@E-4", due_date="-"),
        ]
        record, result = self._import_rows(rows, decimal_separator=".")
        self.assertCounts(result, created=1, error_count=3)
        content = base64.b64decode(record.error_file)
        self.assertTrue(content.startswith(b"\xef\xbb\xbf"))
        table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        self.assertEqual(table[0], [*HEADER, "Row", "Reason"])
        self.assertEqual([row[-2] for row in table[1:]], ["3", "4", "5"])
        self.assertTrue(all(row[-1] for row in table[1:]))
        for row in table[1:]:
            for cell in row:
                self.assertNotRegex(cell, r"^[=@]|^[+-](?![\d.,]+$)")
        self.assertEqual(table[1][0], '\'=HYPERLINK("x";"y")')
        # Corrected in a spreadsheet; the text of cells that looked like formulas is as it was.
        table[1][0] = "C-77"
        table[2][4] = "12.50"
        table[3][3] = "2024-02-05"
        _record, result = self._import(self._csv(table[1:], table[0]))
        self.assertCounts(result, created=3)
        for number in ("E-2", "+E-3", "@E-4"):
            self.assertEqual(len(self._get_move(number)), 1, number)
