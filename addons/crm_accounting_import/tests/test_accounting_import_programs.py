"""Files as programs really write them: each row gives the right document, is asked, or refused."""

import base64

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AccountingImportCommon

ERROR = "error"


@tagged("post_install", "-at_install")
@freeze_time("2026-11-26 09:00:00")
class TestAccountingImportPrograms(AccountingImportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.currency_id = cls.env.ref("base.EUR")
        cls.company.partner_id.name = "Own Workshop"
        cls.env.ref("base.USD").active = True
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.env.ref("base.USD").id,
                "name": "2026-01-01",
                "company_rate": 1.25,
                "company_id": cls.company.id,
            }
        )
        cls.north = cls.env["res.partner"].create(
            [
                {"name": name, "ref": ref, "is_company": True}
                for name, ref in (
                    ("North Mill Ltd", "K1"),
                    ("Kovačević d.o.o.", "K2"),
                    ("北方贸易公司", "K3"),
                    ("Anna Bianchi", "K4"),
                )
            ]
        )[0]

    def assertRead(self, text, expected, encoding="utf-8", **options):
        """``expected``: by number the signed total, dates, paid amount by day; or an error."""
        content = text.encode(encoding) if isinstance(text, str) else text
        record, _result = self._import(content, **options)
        found = {}
        for line in record.line_ids:
            move = line.move_id
            found[line.number or line.row] = line.state
            if move:
                found[line.number] = (
                    round(move.amount_total_in_currency_signed, 2),
                    str(move.invoice_date),
                    str(move.invoice_date_due),
                    {str(payment.date): payment.amount for payment in line.payment_ids},
                )
        self.assertEqual(found, expected, record.line_ids.mapped("reason"))
        return record

    def assertAsked(self, text, question, encoding="utf-8", **options):
        with self.assertRaisesRegex(UserError, question):
            self._import(text.encode(encoding), **options)

    def test_list_by_age(self):
        """Titles above the header, totals between the rows, dollars, payments in the list."""
        text = (
            "Own Workshop\nA/R by age\n\n"
            ",Date,Transaction type,Num,Customer full name,Due date,Amount,Open balance\n"
            "over 90 days,,,,,,,\n"
            ',01/15/2026,Invoice,501,North Mill Ltd,02/14/2026,"$1,234.56","$1,234.56"\n'
            ",03/20/2026,Credit Memo,502,North Mill Ltd,03/20/2026,-$200.00,-$200.00\n"
            ',Total,,,,,"$1,034.56","$1,034.56"\n'
            ",11/12/2026,Payment,7781,North Mill Ltd,11/12/2026,-$500.00,-$500.00\n"
        )
        expected = {
            5: ERROR,
            "501": (1234.56, "2026-01-15", "2026-02-14", {}),
            "502": (-200.0, "2026-03-20", "2026-03-20", {}),
            8: ERROR,
            "7781": ERROR,
        }
        self.assertRead(text, expected, currency_id=self.env.ref("base.USD").id)
        record, result = self._import(
            text.encode(),
            currency_id=self.env.ref("base.USD").id,
            words={"kind": {"Payment": "on_account"}},
        )
        self.assertCounts(result, created=1, unchanged=2, error_count=2)
        [payment] = record.line_ids.payment_ids
        self.assertEqual((payment.amount, payment.currency_id.name), (500.0, "USD"))
        self.assertFalse(payment.invoice_ids)
        result = self._import(
            text.encode(),
            currency_id=self.env.ref("base.USD").id,
            words={"kind": {"Payment": "on_account"}},
        )[1]
        self.assertCounts(result, unchanged=3, error_count=2)

    def test_rows_are_lines(self):
        """Each row has a line of the invoice; the total is repeated, or the lines are added up."""
        head = "Contact,InvoiceNumber,InvoiceDate,DueDate,{},Type\n"
        rows = (
            "North Mill Ltd,X-1,2026-01-15,2026-02-14,{},Sales invoice\n"
            "North Mill Ltd,X-1,2026-01-15,2026-02-14,{},Sales invoice\n"
            "North Mill Ltd,X-2,2026-02-25,2026-02-25,150.00,Sales credit note\n"
        )
        dates = ("2026-01-15", "2026-02-14", {})
        credit = (-150.0, "2026-02-25", "2026-02-25", {})
        columns = {"Contact": "customer"}
        text = head.format("Total") + rows.format("1200.00", "1200.00")
        record = self.assertRead(text, {"X-1": "joined", "X-2": credit}, columns=columns)
        self.assertEqual(record.line_ids[0].move_id.amount_total, 1200.0, "once")
        self.assertEqual(record.joined_count, 1)
        text = head.format("Line Total") + rows.format("700.00", "500.00").replace("X-", "Y-")
        record = self.assertRead(text, {"Y-1": "joined", "Y-2": credit}, columns=columns)
        self.assertEqual(record.line_ids[0].move_id.amount_total, 1200.0)
        self.assertEqual(str(record.line_ids[0].move_id.invoice_date_due), dates[1])
        text = head.format("Amount") + rows.format("700.00", "500.00").replace("X-", "Z-")
        self.assertRead(text, {"Z-1": ERROR, "Z-2": credit}, columns=columns)
        # What was said once holds for the next file of the kind.
        text = text.replace("Z-", "V-")
        self.assertRead(
            text, {"V-1": "joined", "V-2": credit}, columns=columns, same_number="lines"
        )
        text = text.replace("V-", "W-")
        self.assertRead(text, {"W-1": "joined", "W-2": credit})

    def test_rows_that_repeat_nothing(self):
        """Some programs write customer, dates and total in the first row of an invoice only."""
        head = "Customer,Invoice Number,Invoice Date,Due Date,{},Type\n"
        first = "North Mill Ltd,B-1,2026-01-15,2026-02-14,700.00,Invoice\n"
        expected = {"B-1": "joined"}
        text = head.format("Total") + first + ",B-1,,,,\n"
        record = self.assertRead(text, expected, same_number="total")
        self.assertEqual(record.line_ids[0].move_id.amount_total, 700.0)
        text = (head.format("Amount") + first + ",B-1,,,500.00,\n").replace("B-", "BB-")
        record = self.assertRead(text, {"BB-1": "joined"}, same_number="lines")
        self.assertEqual(record.line_ids[0].move_id.amount_total, 1200.0)

    def test_spellings_of_one_word(self):
        text = (
            "Customer,Invoice Number,Invoice Date,Due Date,Amount,Document Type\n"
            "North Mill Ltd,SW-1,2026-01-15,2026-02-14,100.00,Kredit X\n"
            "North Mill Ltd,SW-2,2026-01-15,2026-02-14,50.00,KREDIT-X\n"
        )
        record, _result = self._import(text.encode(), words={"kind": {"kredit x": "credit_note"}})
        self.assertEqual(record.word_ids.mapped("row_count"), [2])
        self.assertEqual(record.line_ids.move_id.mapped("move_type"), ["out_refund"] * 2)

    def test_rows_of_one_number_that_differ(self):
        head = "Customer,Invoice Number,Invoice Date,Due Date,Amount\n"
        for other in (
            "Anna Bianchi,D-1,2026-01-15,2026-02-14,50.00\n",
            "North Mill Ltd,D-1,2026-01-16,2026-02-14,50.00\n",
            "North Mill Ltd,D-1,2026-01-15,2026-02-15,50.00\n",
        ):
            text = head + "North Mill Ltd,D-1,2026-01-15,2026-02-14,50.00\n" + other
            record = self.assertRead(text, {"D-1": ERROR}, same_number="lines")
            self.assertEqual(record.error_count, 2)
            self.assertIn("differ", record.line_ids[0].reason)

    def test_rows_are_payments(self):
        head = "Customer,Invoice Number,Invoice Date,Due Date,Total,Paid On,Paid Amount\n"
        row = "North Mill Ltd,P-1,2026-01-15,2026-02-14,1000.00,"
        text = head + row + "2026-02-10,400.00\n" + row + "2026-03-01,600.00\n"
        record, result = self._import(text.encode(), same_number="payments")
        self.assertCounts(result, created=1)
        self.assertEqual(
            {str(payment.date): payment.amount for payment in record.line_ids.payment_ids},
            {"2026-02-10": 400.0, "2026-03-01": 600.0},
        )
        self.assertEqual(self._get_move("P-1").payment_state, "paid")
        more = text.replace("P-1", "P-2").replace("600.00", "500.00")
        self._import(more.encode(), same_number="payments")
        self.assertEqual(self._get_move("P-2").amount_residual, 100.0)
        later = more + row.replace("P-1", "P-2") + "2026-04-01,100.00\n"
        record, result = self._import(later.encode(), same_number="payments")
        self.assertCounts(result, updated=1)
        [payment] = record.line_ids.payment_ids
        self.assertEqual((str(payment.date), payment.amount), ("2026-04-01", 100.0))

    def test_payments_of_their_own(self):
        """A payment belongs to the invoice with its number, in the file or in an earlier one."""
        head = "Customer,Invoice Number,Invoice Date,Due Date,Amount,Type\n"
        invoice = "North Mill Ltd,Q-1,2026-01-15,2026-02-14,1000.00,Invoice\n"
        first = "North Mill Ltd,Q-1,2026-02-20,,-300.00,Payment\n"
        second = "North Mill Ltd,Q-1,2026-03-20,,800.00,Payment\n"
        _record, result = self._import((head + first + invoice).encode())
        self.assertCounts(result, created=1)
        self.assertEqual(self._get_move("Q-1").amount_residual, 700.0)
        for expected in ({"created": 1}, {"unchanged": 1}):
            _record, result = self._import((head + second).encode())
            self.assertCounts(result, **expected)
        self.assertEqual(self._get_move("Q-1").payment_state, "paid")
        self.assertEqual(self.north.credit, -100.0, "what is too much stays on account")

    def test_states_and_own_numbers(self):
        """The number is not the program's internal one; void and draft are left out."""
        text = (
            "Invoice Date,Invoice ID,Invoice Number,Invoice Status,Customer Name,Due Date,Currency"
            " Code,SubTotal,Total,Balance\n"
            "2026-01-15,12000911,S-11,Overdue,North Mill Ltd,2026-02-14,EUR,100,1220.00,1220.00\n"
            "2026-01-20,12000912,S-12,Void,North Mill Ltd,2026-02-19,EUR,500.00,610.00,0.00\n"
            "2026-02-01,12000913,S-13,Draft,North Mill Ltd,2026-03-03,EUR,300.00,366.00,366.00\n"
            "2026-02-03,12000914,S-14,Closed,North Mill Ltd,2026-03-05,EUR,200.00,244.00,0.00\n"
        )
        expected = {
            "S-11": (1220.0, "2026-01-15", "2026-02-14", {}),
            "S-12": "left_out",
            "S-13": "left_out",
            "S-14": ERROR,
        }
        self.assertRead(text, expected)
        expected["S-14"] = (244.0, "2026-02-03", "2026-03-05", {"2026-03-05": 244.0})
        self.assertRead(text, expected, settled_on="due_date")

    def test_own_company_in_a_column(self):
        text = (
            "Invoice,Customer,Company,Date,Due Date,Grand Total,Outstanding Amount,Status\n"
            "C-1,North Mill Ltd,Own Workshop,2026-01-15,2026-02-14,1220.00,1220.00,Overdue\n"
            "C-2,Anna Bianchi,Own Workshop,2026-03-15,2026-04-14,305.00,0.00,Cancelled\n"
        )
        record = self.assertRead(
            text, {"C-1": (1220.0, "2026-01-15", "2026-02-14", {}), "C-2": "left_out"}
        )
        self.assertEqual(record.line_ids.partner_id, self.north)

    def test_no_due_date(self):
        text = (
            "Client Name,Invoice #,Date Issued,Invoice Status,Date Paid,Line Total\n"
            "North Mill Ltd,0000041,2026-01-15,paid,2026-02-10,1220.00\n"
            "Anna Bianchi,0000042,2026-02-15,overdue,,610.00\n"
        )
        self.assertAsked(text, "Missing columns: Due Date")
        term = self.env["account.payment.term"].create(
            {
                "name": "Net 30",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )
        expected = {
            "0000041": (1220.0, "2026-01-15", "2026-02-14", {"2026-02-10": 1220.0}),
            "0000042": (610.0, "2026-02-15", "2026-03-17", {}),
        }
        self.assertRead(text, expected, payment_term_id=term.id)
        text = (
            "Customer,Invoice Number,Invoice Date,Terms,Amount\n"
            "North Mill Ltd,T-1,2026-01-15,Net 10,100.00\n"
            "North Mill Ltd,T-2,2026-01-15,net 30,100.00\n"
            "North Mill Ltd,T-3,2026-01-15,Due on receipt,100.00\n"
            "North Mill Ltd,T-4,2026-01-15,30 EOM,100.00\n"
            "North Mill Ltd,T-5,2026-01-15,,100.00\n"
        )
        expected = {
            "T-1": (100.0, "2026-01-15", "2026-01-25", {}),
            "T-2": (100.0, "2026-01-15", "2026-02-14", {}),
            "T-3": (100.0, "2026-01-15", "2026-01-15", {}),
            "T-4": ERROR,
            "T-5": ERROR,
        }
        self.assertRead(text, expected)

    def test_italian_program(self):
        text = (
            "Numero;Data;Cliente;Partita IVA;Tipo documento;Imponibile;IVA;Totale;Scadenza;Stato\n"
            "12/A;03/04/2026;North Mill Ltd;;TD01 Fattura;1.000,00;220,00;1.220,00;03/05/2026;\n"
            "3/NC;05/04/2026;North Mill Ltd;;TD04 Nota;200,00;44,00;244,00;05/04/2026;emessa\n"
        )
        self.assertAsked(text, "dates of the file can be read in several ways")
        expected = {
            "12/A": (1220.0, "2026-04-03", "2026-05-03", {}),
            "3/NC": (-244.0, "2026-04-05", "2026-04-05", {}),
        }
        self.assertRead(text, expected, date_format="dmy")

    def test_net_and_tax_without_total(self):
        text = (
            "Customer,Invoice Number,Invoice Date,Due Date,Net,VAT\n"
            "North Mill Ltd,N-1,2026-01-15,2026-02-14,1000.00,220.00\n"
            "North Mill Ltd,N-2,2026-01-15,2026-02-14,1000.00,\n"
        )
        dates = ("2026-01-15", "2026-02-14", {})
        self.assertRead(text, {"N-1": (1220.0, *dates), "N-2": (1000.0, *dates)})

    def test_croatian_and_chinese_programs(self):
        croatian = (
            "Broj računa;Datum računa;Datum dospijeća;Kupac;Iznos\n"
            "1-1-1;15. 1. 2026.;14.2.2026.;Kovačević d.o.o.;1.220,50\n"
        )
        for encoding in ("cp1250", "utf-8"):
            text = croatian.replace("1-1-1", f"1-1-{encoding}")
            self.assertRead(
                text,
                {f"1-1-{encoding}": (1220.5, "2026-01-15", "2026-02-14", {})},
                encoding=encoding,
            )
        chinese = (
            "发票号码,客户名称,开票日期,到期日期,金额\n"
            "0007,北方贸易公司,2026年1月15日,2026年2月14日,1220.50\n"
            "0008,北方贸易公司,2026/2/3,2026/3/5,¥610.00\n"
        )
        for encoding in ("gb18030", "utf-8"):
            expected = {"0007": (1220.5, "2026-01-15", "2026-02-14", {}), "0008": ERROR}
            self.assertRead(chinese, expected, encoding=encoding)
        unknown = "Invoice No;Invoice Date;Due Date;Customer;Amount\n1;1.1.2026;1.2.2026;Dvořák;1\n"
        self.assertAsked(unknown, "letters of the file", encoding="cp1250")

    def test_doubled_headers(self):
        text = (
            "Invoice No,Date,Due Date,Customer,Amount,Date,Amount\n"
            "8001,2026-01-15,2026-02-14,North Mill Ltd,1220.00,2026-02-20,1220.00\n"
            "8002,2026-02-15,2026-03-17,North Mill Ltd,610.00,,\n"
        )
        record = self.env["accounting.import"].create(
            {"name": "a.csv", "file": base64.b64encode(text.encode())}
        )
        record.action_read_file()
        self.assertEqual(record.ignored_columns, "Date (column 6), Amount (column 7)")
        expected = {
            "8001": (1220.0, "2026-01-15", "2026-02-14", {"2026-02-20": 1220.0}),
            "8002": (610.0, "2026-02-15", "2026-03-17", {}),
        }
        columns = {"Date (column 6)": "settled_date", "Amount (column 7)": "settled_amount"}
        self.assertRead(text, expected, columns=columns)

    def test_amounts_in_all_spellings(self):
        head = "Invoice No;Invoice Date;Due Date;Customer;Amount\n"
        spellings = {
            "1.234,56": 1234.56,
            "1 234,56": 1234.56,
            "1\N{NO-BREAK SPACE}234,56": 1234.56,
            "1'234,56": 1234.56,
            "1.234,56 €": 1234.56,
            "€ 1.234,56": 1234.56,
            "EUR 1.234,56": 1234.56,
            "1.234,56EUR": 1234.56,
            "1.234,56-": -1234.56,
            "(1.234,56)": -1234.56,
            "\N{MINUS SIGN}1234,56": -1234.56,
            "1.234": 1234.0,
            "1.2345,6": ERROR,
            "USD 1.234,56": ERROR,
            "$1.234,56": ERROR,
            "1,234.56": ERROR,
            "1.234,56 approx": ERROR,
            "12E3": ERROR,
        }
        rows = "".join(
            f"A-{n};2026-01-15;2026-02-14;North Mill Ltd;{text}\n"
            for n, text in enumerate(spellings)
        )
        expected = {
            f"A-{n}": value if value == ERROR else (value, "2026-01-15", "2026-02-14", {})
            for n, value in enumerate(spellings.values())
        }
        self.assertRead(head + rows, expected, decimal_separator=",")

    def test_dates_that_are_asked(self):
        for number, (dates, date_format) in enumerate(
            (
                ("46037,46067", "serial"),
                ("26-01-15,26-02-14", "ymd"),
                ("26.01.15,26.02.14", "ymd"),
            )
        ):
            # With the same columns it would be as it was said for the file before.
            head = f"Invoice No,Invoice Date,Due Date,Customer,Amount,Note {number}\n"
            text = f"{head}G-{number},{dates},North Mill Ltd,100.00\n"
            self.assertAsked(text, "dates of the file can be read in several ways")
            self.assertRead(
                text,
                {f"G-{number}": (100.0, "2026-01-15", "2026-02-14", {})},
                date_format=date_format,
            )
            text = text.replace("G-", "G-1")
            self.assertRead(text, {f"G-1{number}": (100.0, "2026-01-15", "2026-02-14", {})})

    def test_namesake(self):
        text = (
            "Invoice No,Invoice Date,Due Date,Customer ID,Customer Name,Amount\n"
            "H-1,2026-01-15,2026-02-14,K9,Anna Bianchi,100.00\n"
        )
        self.assertRead(text, {"H-1": ERROR})
        columns = {"Customer ID": "", "Customer Name": "customer_name"}
        expected = {"H-1": (100.0, "2026-01-15", "2026-02-14", {})}
        self.assertRead(text, expected, columns=columns)

    def test_currency_words(self):
        text = (
            "Invoice No,Invoice Date,Due Date,Customer,Amount,Currency\n"
            "J-1,2026-01-15,2026-02-14,North Mill Ltd,$100.00,EUR\n"
            "J-2,2026-01-15,2026-02-14,North Mill Ltd,$100.00,\n"
            "J-3,2026-01-15,2026-02-14,North Mill Ltd,100.00,usd\n"
            "J-4,2026-01-15,2026-02-14,North Mill Ltd,100.00,US Dollar\n"
        )
        dates = ("2026-01-15", "2026-02-14", {})
        self.assertRead(text, {"J-1": ERROR, "J-2": ERROR, "J-3": (100.0, *dates), "J-4": ERROR})

    def test_same_invoice_with_another_number(self):
        """Zeros at the beginning, or made in Odoo: never twice without a word."""
        head = "Customer,Invoice Number,Invoice Date,Due Date,Amount\n"
        row = "North Mill Ltd,{},2026-01-15,2026-02-14,100.00\n"
        text = head + row.format("0000041") + row.format("41")
        dates = ("2026-01-15", "2026-02-14", {})
        self.assertRead(text, {"0000041": (100.0, *dates), "41": ERROR})
        self.assertRead(head + row.format("00041"), {"00041": ERROR})
        self.assertRead(head + row.format("42"), {"42": (100.0, *dates)})
        native = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.north.id,
                "invoice_date": "2026-01-15",
                "invoice_line_ids": [Command.create({"price_unit": 100.0, "tax_ids": []})],
            }
        )
        native.action_post()
        record = self.assertRead(head + row.format(native.name), {native.name: ERROR})
        self.assertIn(native.name, record.line_ids.reason)

    def test_salespeople(self):
        user = self.env["res.users"].create({"name": "Sally Seller", "login": "sally"})
        text = (
            "Customer,Invoice Number,Invoice Date,Due Date,Amount,Sales Rep\n"
            "North Mill Ltd,R-1,2026-01-15,2026-02-14,100.00,sally seller\n"
            "North Mill Ltd,R-2,2026-01-15,2026-02-14,100.00,Nobody\n"
            "North Mill Ltd,R-3,2026-01-15,2026-02-14,100.00,%\n"
        )
        dates = ("2026-01-15", "2026-02-14", {})
        self.assertRead(text, {"R-1": (100.0, *dates), "R-2": ERROR, "R-3": ERROR})
        self.assertEqual(self._get_move("R-1").invoice_user_id, user)

    def test_yes_or_no_is_no_amount(self):
        text = (
            "Invoice No,Invoice Date,Due Date,Customer,Total,Paid,Status\n"
            "U-1,2026-01-15,2026-02-14,North Mill Ltd,1000.00,Yes,Paid\n"
            "U-2,2026-01-15,2026-02-14,North Mill Ltd,1000.00,No,Overdue\n"
        )
        self.assertRead(text, {"U-1": ERROR, "U-2": (1000.0, "2026-01-15", "2026-02-14", {})})

    def test_words_are_explained_once(self):
        text = (
            "Customer,Invoice Number,Invoice Date,Due Date,Amount,Document Type\n"
            "North Mill Ltd,L-{0}1,2026-01-15,2026-02-14,100.00,Belaščica\n"
            "North Mill Ltd,L-{0}2,2026-01-15,2026-02-14,50.00,ZZ9\n"
        )
        self.assertRead(text.format(""), {"L-1": ERROR, "L-2": ERROR})
        words = {"kind": {"Belaščica": "invoice", "zz9": "credit_note"}}
        dates = ("2026-01-15", "2026-02-14", {})
        self.assertRead(
            text.format("A"), {"L-A1": (100.0, *dates), "L-A2": (-50.0, *dates)}, words=words
        )
        self.assertRead(text.format("B"), {"L-B1": (100.0, *dates), "L-B2": (-50.0, *dates)})
        for wrong in ({"kind": {"ZZ9": "paid"}}, {"kind": {"ZZ9": "nonsense"}}):
            self.assertAsked(text.format("C"), "cannot mean", words=wrong)
