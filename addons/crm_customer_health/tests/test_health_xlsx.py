import io
import logging
from collections import Counter
from datetime import date, datetime, timedelta
from unittest.mock import patch

import openpyxl
from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..report.workbook.table import Table
from .common import HealthCommon

WORKBOOK = "crm.customer.health.workbook"
REPORT = "odoo.addons.crm_customer_health.report.crm_customer_health_workbook"
SALESPERSON = "sales_team.group_sale_salesman"
INVOICING = "account.group_account_invoice"
#: Names that would be formulas, markup or an unreadable file.
ODD_NAMES = ("=1+1", "+39 1234", "-5", "@SUM(A1)", "<r>bold</r>", "Bell\x07 & <Sons>", "x" * 40000)
ODD_TEXTS = (*ODD_NAMES[:4], " <r>bold</r>", "Bell & <Sons>", "x" * 32767)


class WorkbookCommon(HealthCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late = cls._create_customer("Late Ltd")
        cls.idle = cls._create_customer("Idle Inc")
        cls._settled(1000.0, 0)
        cls._settled(500.0, -4)
        cls._settled(800.0, 12, partner_id=cls.late.id)
        cls._invoice(300.0, invoice_date_due="2024-03-10", partner_id=cls.late.id)
        cls._invoice(310.0, invoice_date_due="2024-02-09", partner_id=cls.late.id)
        cls._invoice(320.0, invoice_date_due="2024-01-10", partner_id=cls.late.id)
        cls._invoice(
            330.0, date="2023-11-01", invoice_date_due="2023-12-01", partner_id=cls.late.id
        )
        cls._invoice(340.0, invoice_date_due="2024-04-30", partner_id=cls.late.id)
        cls.disputed = cls._invoice(350.0, invoice_date_due="2024-02-01", partner_id=cls.late.id)
        cls.disputed.payment_state = "blocked"
        cls._invoice(40.0, move_type="out_refund", partner_id=cls.late.id)
        cls._invoice(70.25, invoice_date_due="2024-04-09", partner_id=cls.idle.id)
        cls.env.cr.flush()
        cls.env["crm.customer.health"].sudo()._refresh(cls.company)

    def _open(self, report, **options):
        file = io.BytesIO()
        report._write_file(file)
        return openpyxl.load_workbook(file, **options)

    def _create_report(self, user=None, domain=None, companies=None):
        user = user or self.env.user
        companies = companies or self.company
        model = self.env[WORKBOOK].with_user(user).with_context(allowed_company_ids=companies.ids)
        url = model._action_download(domain)["params"]["url"]
        return model.browse(int(url.rsplit("/", 1)[1]))

    def _get_book(self, *args, data_only=True, **kwargs):
        self.env.cr.flush()
        return self._open(self._create_report(*args, **kwargs), data_only=data_only)

    def _get_lines(self, sheet):
        """Rows below the header as dictionaries by header."""
        header, *rows = sheet.iter_rows(values_only=True)
        return [dict(zip(header, row, strict=True)) for row in rows]

    def _get_summary(self, book, column=1):
        return {row[0]: row[column] for row in book["Summary"].iter_rows(values_only=True)}

    @staticmethod
    def _to_day(value):
        return value.date() if isinstance(value, datetime) else value


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestHealthXlsx(WorkbookCommon):
    """The workbook is what the records say, typed, and says how it adds up."""

    def _get_stored_rows(self):
        """Rows as the database has them: what is missing is not zero."""
        self.env.cr.execute(
            "SELECT * FROM crm_customer_health WHERE company_id = %s"
            " ORDER BY overdue_amount DESC, id",
            [self.company.id],
        )
        return self.env.cr.dictfetchall()

    def test_customers_cell_by_cell(self):
        book = self._get_book()
        sheet = book["All Figures"]
        stored = self._get_stored_rows()
        self.assertEqual(sheet.max_row, 1 + len(stored) + 1, "header, rows, total")
        described = self.env["crm.customer.health"].fields_get()
        name_by_label = {}
        for name, field in described.items():
            name_by_label.setdefault(field["string"], name)
        shown = set()
        for cells, row in zip(self._get_lines(sheet), stored, strict=False):
            record = self.env["crm.customer.health"].browse(row["id"])
            for label, value in cells.items():
                name = name_by_label[label]
                shown.add(name)
                field = self.env["crm.customer.health"]._fields[name]
                expected = row.get(name)
                if field.type == "selection":
                    expected = dict(described[name]["selection"]).get(expected)
                elif field.type == "many2one":
                    expected = record[name].display_name or None
                elif expected is not None and field.type in ("float", "monetary"):
                    expected = float(expected)
                self.assertEqual(self._to_day(value), expected, f"{label} of {row['id']}")
        hidden = {"id", "create_date", "create_uid", "write_date", "write_uid", "refreshed_at"}
        hidden.add("refreshed_for")
        self.assertEqual(set(stored[0]) - hidden - shown, set(), "every stored figure is there")

    def test_page(self):
        """What is printed: a page in width, without a column that says the same in each row."""
        book = self._get_book()
        page, figures = book["Customers"], book["All Figures"]
        shown = [
            cell.value for cell in page[1] if not page.column_dimensions[cell.column_letter].hidden
        ]
        self.assertEqual(len(shown), 12)
        self.assertNotIn("Company", shown)
        self.assertEqual(page.page_setup.orientation, "landscape")
        self.assertTrue(page.sheet_properties.pageSetUpPr.fitToPage)
        self.assertEqual(page.page_setup.fitToHeight, 0, "a page in width, as long as it is")
        for sheet in (figures, book["Ageing"], book["Settlements"]):
            self.assertTrue(sheet.column_dimensions["A"].hidden, "the one company")
        everything = self._get_lines(figures)
        for line, whole in zip(self._get_lines(page), everything, strict=True):
            self.assertEqual(line, {label: whole[label] for label in line})

    def test_types_and_formats(self):
        sheet = self._get_book()["All Figures"]
        header = {cell.value: cell.column for cell in sheet[1]}

        def get_cell(label, row=2):
            return sheet.cell(row, header[label])

        for label, kind, number_format in (
            ("Customer", "s", "General"),
            ("Open", "n", "#,##0.00"),
            ("Paid on Time", "n", "0.00%"),
            ("Overdue Instalments", "n", "#,##0"),
            ("Needs Action", "b", "General"),
            ("Overdue Since", "d", "mm-dd-yy"),
        ):
            self.assertEqual(get_cell(label).data_type, kind, label)
            self.assertEqual(get_cell(label).number_format, number_format, label)
        self.assertEqual(get_cell("Overdue Since").value.date(), date(2023, 12, 1))
        self.assertEqual(get_cell("Open").value, 1950.0)
        lines = {line["Customer"]: line for line in self._get_lines(sheet)}
        self.assertIsNone(lines["Idle Inc"]["Health Score"], "no score is not zero")
        self.assertEqual(lines["Idle Inc"]["Overdue"], 0)

    def test_frozen_header_and_filters(self):
        book = self._get_book()
        for name, rows in (("All Figures", 4), ("Ageing", 9), ("Settlements", 4)):
            sheet = book[name]
            self.assertEqual(sheet.freeze_panes, "C2", name)
            last = openpyxl.utils.get_column_letter(sheet.max_column)
            self.assertEqual(sheet.auto_filter.ref, f"A1:{last}{rows}", name)
            self.assertEqual(sheet.max_row, rows + 1, "a total below")
            self.assertGreater(sheet.column_dimensions["B"].width, 20)

    def test_totals(self):
        formulas, values = self._get_book(data_only=False), self._get_book()
        for name, label in (("All Figures", "Open"), ("Ageing", "Open"), ("Settlements", "Amount")):
            lines = self._get_lines(values[name])
            total = self._get_lines(formulas[name])[-1]
            column = openpyxl.utils.get_column_letter(list(total).index(label) + 1)
            self.assertEqual(lines[-1]["Customer"], "Total")
            self.assertEqual(total[label], f"=SUBTOTAL(109,{column}2:{column}{len(lines)})")
            self.assertAlmostEqual(lines[-1][label], sum(line[label] for line in lines[:-1]), 6)
        customers = self._get_lines(values["All Figures"])
        self.assertEqual(customers[-1]["Open"], 1950.0 + 70.25)
        self.assertIsNone(customers[-1]["Health Score"], "scores do not add up")
        self.assertIsNone(customers[-1]["Average Invoice"])

    def test_summary(self):
        book, formulas = self._get_book(), self._get_book(data_only=False)
        summary = self._get_summary(book)
        stored = self._get_stored_rows()
        self.assertEqual(summary["Company"], self.company.name)
        self.assertEqual(summary["Currency"], self.company.currency_id.name)
        self.assertEqual(summary["As of"].date(), date(2024, 3, 15))
        self.assertEqual(summary["Number of customers"], len(stored))
        for label, status in (("Healthy", "healthy"), ("Watch", "watch"), ("Unknown", "unknown")):
            count = sum(row["health_status"] == status for row in stored)
            self.assertEqual(summary[label], count, label)
        for label, name in (
            ("Open", "open_amount"),
            ("Overdue 31-60", "overdue_31_60"),
            ("Disputed", "disputed_amount"),
            ("Unapplied Credit", "unapplied_credit_amount"),
            ("Paid", "paid_amount"),
        ):
            self.assertAlmostEqual(
                summary[label], sum(float(row[name]) for row in stored), 6, label
            )
            self.assertIn("'All Figures'!", self._get_summary(formulas)[label])
        self.assertEqual(len(formulas["Summary"]._charts), 2)

    def test_ageing(self):
        lines = self._get_lines(self._get_book()["Ageing"])[:-1]
        items = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("parent_state", "=", "posted"),
                ("account_id.account_type", "=", "asset_receivable"),
                ("amount_residual", "!=", 0),
            ]
        )
        buckets = {300.0: "1-30", 310.0: "31-60", 320.0: "61-90", 330.0: "90+"}
        expected = []
        for item in items:
            due = max(item.date_maturity, item.invoice_date)
            amount = item.amount_residual
            age = f"Overdue {buckets[amount]}" if amount in buckets else "Not Due"
            if amount < 0:
                age = "Unapplied Credit"
            if item.move_id == self.disputed:
                age = "Disputed"
            expected.append(
                (
                    item.partner_id.name,
                    item.move_id.name,
                    item.invoice_date,
                    due,
                    (date(2024, 3, 15) - due).days,
                    self.company.currency_id.name,
                    amount,
                    age,
                    item.move_id == self.disputed,
                    item.expected_payment_date or None,
                )
            )
        self.assertEqual(len(expected), 8)
        self.assertCountEqual(
            [tuple(self._to_day(value) for value in list(line.values())[1:]) for line in lines],
            expected,
        )

    def test_ageing_adds_up_to_the_customers(self):
        """Each age, also on the days on which one ends, is the column of the same name."""
        for number, days in enumerate((0, 1, 30, 31, 60, 61, 90, 91)):
            due = date(2024, 3, 15) - timedelta(days=days)
            self._invoice(
                100.0 + 2**number, date=due, invoice_date_due=due, partner_id=self.idle.id
            )
        self._refresh()
        book = self._get_book()
        ages = ("Not Due", "Overdue 1-30", "Overdue 31-60", "Overdue 61-90", "Overdue 90+")
        sums = Counter()
        for line in self._get_lines(book["Ageing"])[:-1]:
            sums[line["Customer"], line["Age"]] += line["Open"]
        for line in self._get_lines(book["All Figures"])[:-1]:
            for age in (*ages, "Disputed"):
                self.assertAlmostEqual(sums[line["Customer"], age], line[age], 6, age)
        self.assertEqual(sums["Idle Inc", "Overdue 1-30"], 200.0 + 2 + 4)

    def test_settlements_of_the_window(self):
        self._settled(900.0, 3, due="2023-02-01", partner_id=self.late.id)  # before the window
        lines = self._get_lines(self._get_book()["Settlements"])[:-1]
        settlements = self.env["account.receivable.settlement"].search(
            [
                ("company_id", "=", self.company.id),
                ("settlement_date", ">", "2023-03-15"),
                ("settlement_date", "<=", "2024-03-15"),
            ]
        )
        self.assertEqual(len(settlements), 3)
        self.assertCountEqual(
            [tuple(self._to_day(value) for value in list(line.values())[1:]) for line in lines],
            [
                (
                    row.partner_id.name,
                    row.invoice_id.name,
                    "Payment",
                    self.company.currency_id.name,
                    row.amount,
                    row.invoice_date,
                    row.due_date,
                    row.settlement_date,
                    row.days_to_pay,
                    row.days_beyond_terms,
                )
                for row in settlements
            ],
        )

    def test_definitions(self):
        book = self._get_book()
        defined = {
            (line["Sheet"], line["Column"]): line["Definition"]
            for line in self._get_lines(book["Definitions"])
        }
        for name in ("All Figures", "Ageing", "Settlements"):
            for label in next(book[name].iter_rows(values_only=True)):
                self.assertTrue(defined[name, label], f"{label} of {name} is explained")
        self.assertEqual(
            defined["All Figures", "Not Due"],
            self.env["crm.customer.health"]._fields["not_due_amount"].help,
        )

    def test_odd_names_stay_text(self):
        for name in ODD_NAMES:
            customer = self._create_customer(name)
            self._invoice(10.0, partner_id=customer.id)
        self._refresh()
        for data_only in (True, False):
            book = self._get_book(data_only=data_only)
            for sheet in (book["All Figures"], book["Ageing"]):
                cells = {cell.value: cell for cell in sheet["B"]}
                for text in ODD_TEXTS:
                    self.assertIn(text, cells)
                    self.assertEqual(cells[text].data_type, "s", text)
                    self.assertIsNone(cells[text].hyperlink)

    def test_no_customers(self):
        book = self._get_book(domain=[["id", "=", 0]])
        self.assertEqual(book["All Figures"].max_row, 1)
        self.assertEqual(book["Ageing"].max_row, 1)
        self.assertEqual(self._get_summary(book)["Number of customers"], 0)
        self.assertEqual(self._get_summary(book)["Open"], 0)

    def test_continues_on_another_sheet(self):
        with patch.object(Table, "_get_last_possible_row", lambda self: 3):
            book = self._get_book()
            formulas = self._get_book(data_only=False)
        self.assertEqual(
            [name for name in book.sheetnames if name.startswith("Ageing")],
            ["Ageing", "Ageing 2", "Ageing 3"],
        )
        lines = [
            line
            for name in ("Ageing", "Ageing 2", "Ageing 3")
            for line in self._get_lines(book[name])
        ]
        self.assertEqual(sum(line["Customer"] != "Total" for line in lines), 8)
        self.assertEqual(len(formulas["Ageing 2"].merged_cells.ranges), 0)
        self.assertEqual(self._get_summary(book)["Open"], 1950.0 + 70.25)

    # The ledger --------------------------------------------------------------------------------

    LEDGER = "Agrees with the ledger (or the difference)"

    def test_agrees_with_the_ledger(self):
        summary = self._get_summary(self._get_book())
        balance = sum(
            self.env["account.move.line"]
            .search(
                [
                    ("company_id", "=", self.company.id),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                ]
            )
            .mapped("balance")
        )
        self.assertAlmostEqual(balance, 1950.0 + 70.25 - 40.0, 6)
        self.assertAlmostEqual(summary["Balance of the trade receivable accounts"], balance, 6)
        self.assertAlmostEqual(summary["Open less unapplied credit"], balance, 6)
        self.assertEqual(summary[self.LEDGER], "OK")
        formula = self._get_summary(self._get_book(data_only=False))[self.LEDGER]
        self.assertTrue(formula.startswith("=IF(ROUND("), formula)

    def test_differs_from_the_ledger(self):
        self.env.cr.execute(
            "UPDATE crm_customer_health SET open_amount = open_amount + 5 WHERE partner_id = %s",
            [self.late.id],
        )
        self.assertEqual(self._get_summary(self._get_book())[self.LEDGER], 5)

    def test_ledger_explains_what_is_nobodys_claim(self):
        """Items without a customer, a payment that was reset to draft, one without an entry."""
        self._create_entry((self.receivable, None, 11.0), (self.income, None, -11.0))
        paid = self._invoice(120.0, partner_id=self.late.id)
        payment = self._pay(paid, date="2024-03-01")
        payment.move_id.button_draft()
        self._pay_without_entry(self._invoice(60.0, partner_id=self.late.id), 60.0)
        self._refresh()
        summary = self._get_summary(self._get_book())
        self.assertEqual(summary["... of which without a customer"], 11)
        self.assertEqual(summary["Payments without a journal entry"], 60)
        self.assertEqual(summary["... of which settled by entries that are not posted"], 120)
        self.assertEqual(summary[self.LEDGER], "OK")

    def test_part_of_the_customers_is_not_held_against_the_ledger(self):
        health = self._get_rows()[self.late]
        summary = self._get_summary(self._get_book(domain=[["id", "in", health.ids]]))
        self.assertNotIn(self.LEDGER, summary)
        self.assertNotIn("Balance of the trade receivable accounts", summary)

    # Selections --------------------------------------------------------------------------------

    def _run_action(self, user, **context):
        action = self.env.ref("crm_customer_health.crm_customer_health_workbook_action_selection")
        model = "crm.customer.health"
        action = action.with_user(user).with_context(
            active_model=model, allowed_company_ids=self.company.ids, **context
        )
        url = action.run()["params"]["url"]
        return self.env[WORKBOOK].with_user(user).browse(int(url.rsplit("/", 1)[1]))

    def _get_customers(self, report):
        lines = self._get_lines(self._open(report, data_only=True)["All Figures"])
        return sorted({line["Customer"] for line in lines} - {None, "Total"})

    def test_selection(self):
        rows = self._get_rows()
        ids = [rows[self.late].id, rows[self.idle].id]
        domain = [["open_amount", ">=", 0]]
        report = self._run_action(self.env.user, active_ids=ids, active_domain=domain)
        self.assertEqual(self._get_customers(report), ["Idle Inc", "Late Ltd"])
        report = self._run_action(self.env.user, active_ids=ids[:1], active_domain=domain)
        book = self._open(report, data_only=True)
        self.assertEqual(
            {line["Customer"] for line in self._get_lines(book["Ageing"])[:-1]}, {"Late Ltd"}
        )
        self.assertEqual(
            {line["Customer"] for line in self._get_lines(book["Settlements"])[:-1]}, {"Late Ltd"}
        )

    def test_selection_of_all_that_a_search_finds(self):
        """The web client sends so many ids, and the search."""
        self.env["ir.config_parameter"].sudo().set_param("web.active_ids_limit", "1")
        ids = self._get_rows()[self.late].ids
        domain = [["overdue_amount", "=", 0]]
        report = self._run_action(self.env.user, active_ids=ids, active_domain=domain)
        self.assertEqual(self._get_customers(report), ["Idle Inc", "Prompt & Sons"])

    def test_all(self):
        action = self.env.ref("crm_customer_health.crm_customer_health_workbook_action")
        url = action.with_context(allowed_company_ids=self.company.ids).run()["params"]["url"]
        report = self.env[WORKBOOK].browse(int(url.rsplit("/", 1)[1]))
        self.assertEqual(self._get_customers(report), ["Idle Inc", "Late Ltd", "Prompt & Sons"])

    def test_very_many_customers_in_the_background(self):
        """Written by the scheduled action with the rights of who asked, who is told."""
        manager = self._create_user("hx_background", "sales_team.group_sale_manager")
        other = self._create_user("hx_nosy", INVOICING)
        workbooks = self.env[WORKBOOK]
        with patch(f"{REPORT}.MANY_CUSTOMERS", 2):
            action = workbooks.with_user(manager)._action_download()
        self.assertIn("message", action["params"])
        report = workbooks.sudo().search(
            [("create_uid", "=", manager.id), ("state", "=", "waiting")]
        )
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_health.ir_cron_write_workbooks").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(report.state, "ready")
        [file] = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", WORKBOOK), ("res_id", "=", report.id)])
        )
        book = openpyxl.load_workbook(io.BytesIO(file.raw))
        self.assertEqual(book.sheetnames, ["Summary", "Customers", "All Figures", "Definitions"])
        told = (
            self.env["mail.message"]
            .sudo()
            .search([("partner_ids", "in", manager.partner_id.ids)], limit=1)
        )
        self.assertIn(f"/web/content/{file.id}", str(told.body))
        self.assertTrue(file.with_user(manager).read(["raw"]))
        with self.assertRaises(AccessError):
            file.with_user(other).read(["raw"])

    def test_background_of_who_may_not_any_more(self):
        """Nobody gets it, and the next one is written."""
        manager = self._create_user("hx_background", "sales_team.group_sale_manager")
        workbooks = self.env[WORKBOOK]
        with patch(f"{REPORT}.MANY_CUSTOMERS", 0):
            workbooks.with_user(manager)._action_download()
            workbooks._action_download()
        manager.group_ids = self.env.ref("base.group_user")
        reports = workbooks.sudo().search([("state", "=", "waiting")], order="id")
        with self.enter_registry_test_mode(), self.assertLogs(REPORT, logging.INFO):
            self.env.ref("crm_customer_health.ir_cron_write_workbooks").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(reports.mapped("state"), ["asked", "ready"])

    # Roles -------------------------------------------------------------------------------------

    def test_salesperson_gets_own_customers_and_no_documents(self):
        salesperson = self._create_user("hx_salesperson", SALESPERSON)
        colleague = self._create_user("hx_colleague", SALESPERSON)
        self.late.user_id = salesperson
        self.partner.user_id = colleague
        self.idle.user_id = colleague
        report = self._run_action(
            salesperson, active_ids=[row.id for row in self._get_rows().values()]
        )
        book = self._open(report, data_only=True)
        self.assertEqual(book.sheetnames, ["Summary", "Customers", "All Figures", "Definitions"])
        self.assertEqual(self._get_customers(report), ["Late Ltd"])
        summary = self._get_summary(book)
        self.assertEqual(summary["Open"], 1950.0)
        self.assertEqual(summary["Number of customers"], 1)
        self.assertNotIn(self.LEDGER, summary)
        self.assertEqual(
            {line["Sheet"] for line in self._get_lines(book["Definitions"])},
            {"Customers", "All Figures"},
        )

    def test_sales_manager_sees_all_customers_and_no_documents(self):
        manager = self._create_user("hx_manager", "sales_team.group_sale_manager")
        book = self._get_book(manager)
        self.assertEqual(book.sheetnames, ["Summary", "Customers", "All Figures", "Definitions"])
        self.assertEqual(self._get_summary(book)["Number of customers"], 3)
        self.assertNotIn(self.LEDGER, self._get_summary(book))

    def test_accounting_roles(self):
        for login, group in (("hx_inv", INVOICING), ("hx_aud", "account.group_account_readonly")):
            user = self._create_user(login, group)
            book = self._get_book(user)
            self.assertEqual(
                book.sheetnames,
                ["Summary", "Customers", "All Figures", "Ageing", "Settlements", "Definitions"],
            )
            self.assertEqual(self._get_summary(book)[self.LEDGER], "OK")
            self.assertEqual(book["Ageing"].max_row, 10)

    def test_others_get_nothing(self):
        report = self._create_report()
        ids = [row.id for row in self._get_rows().values()]
        for login, group in (("hx_user", "base.group_user"), ("hx_portal", "base.group_portal")):
            user = new_test_user(self.env, login, group, company_id=self.company.id)
            with self.assertRaises(AccessError):
                self._create_report(user)
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_actions"):
                self._run_action(user, active_ids=ids)
            with self.assertRaises(AccessError):
                report.with_user(user)._write_file(io.BytesIO())

    def test_downloads_are_personal(self):
        report = self._create_report()
        other = self._create_user("hx_inv", INVOICING)
        with self.assertRaises(AccessError):
            report.with_user(other)._write_file(io.BytesIO())

    # Companies ---------------------------------------------------------------------------------

    def test_other_company(self):
        other = self.setup_other_company(name="Other")["company"]
        self.env["crm.customer.health"].sudo()._refresh(other)
        user = self._create_user("hx_other", INVOICING, company=other)
        report = self._create_report(user, companies=other)
        self.assertEqual(self._get_customers(report), [])
        report.sudo().company_ids = self.company | other
        self._flush()
        self.assertEqual(self._get_customers(report), [], "not the user's company")
        report.sudo().company_ids = self.company
        self._flush()
        with self.assertRaises(AccessError):
            report._write_file(io.BytesIO())

    def test_companies_and_currencies_are_not_mixed(self):
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0)])
        other = self.setup_other_company(name="Other", currency_id=foreign.id)["company"]
        self.env.user.company_ids |= other
        self.env["account.move"].with_company(other).create(
            {
                "move_type": "out_invoice",
                "company_id": other.id,
                "partner_id": self.late.id,
                "invoice_date": "2024-01-10",
                "invoice_date_due": "2024-02-09",
                "invoice_payment_term_id": False,
                "invoice_line_ids": [(0, 0, {"name": "x", "price_unit": 99.5, "tax_ids": False})],
            }
        ).action_post()
        self._refresh(other)
        companies = self.company | other
        book = self._get_book(companies=companies)
        formulas = self._get_book(companies=companies, data_only=False)
        lines = self._get_lines(book["All Figures"])
        totals = {line["Company"]: line["Open"] for line in lines if not line["Customer"]}
        own = self.company.currency_id.name
        self.assertEqual(totals, {f"Total {own}": 2020.25, "Total EUR": 99.5})
        formula = self._get_lines(formulas["All Figures"])[-1]["Open"]
        self.assertRegex(formula, r'^=SUMIFS\(.*,"EUR"\)$')
        late = {line["Company"]: line for line in lines if line["Customer"] == "Late Ltd"}
        self.assertEqual(late[self.company.name]["Open"], 1950.0)
        self.assertEqual(late[self.company.name]["Currency"], own)
        self.assertEqual(late["Other"]["Open"], 99.5)
        self.assertEqual(late["Other"]["Currency"], "EUR")
        header = [cell.value for cell in book["Summary"][3]]
        for company, amount in ((self.company, 2020.25), (other, 99.5)):
            summary = self._get_summary(book, header.index(company.name))
            self.assertEqual(summary["Open"], amount)
            self.assertEqual(summary["Currency"], company.currency_id.name)
            self.assertEqual(summary[self.LEDGER], "OK")
        self.assertEqual(len(formulas["Summary"]._charts), 3, "ageing by currency, statuses")

    def test_labels_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("it_IT")
        field = self.env["ir.model.fields"]._get("crm.customer.health", "open_amount")
        field.sudo().with_context(lang="it_IT").field_description = "Aperto"
        user = self._create_user("hx_it", INVOICING)
        user.lang = "it_IT"
        report = self._create_report(user).with_context(lang="it_IT")
        book = self._open(report, data_only=True)
        customers = next(sheet for sheet in book if sheet["L1"].value == "Aperto")
        self.assertEqual(customers.max_row, 5)
        labels = {row[0] for row in book.worksheets[0].iter_rows(values_only=True)}
        self.assertIn("Aperto", labels)


@tagged("post_install", "-at_install")
class TestHealthXlsxDownload(WorkbookCommon, HttpCase):
    """What comes through the network."""

    def test_download(self):
        self._create_user("hx_invoicing", INVOICING)
        user = self.env["res.users"].search([("login", "=", "hx_invoicing")])
        report = self._create_report(user)
        self.authenticate("hx_invoicing", "hx_invoicing")
        response = self.url_open(f"/crm_customer_health/workbook/{report.id}")
        self.assertEqual(response.status_code, 200)
        self.assertIn("spreadsheetml", response.headers["Content-Type"])
        self.assertRegex(response.headers["Content-Disposition"], r"^attachment; .*\.xlsx")
        self.assertEqual(int(response.headers["Content-Length"]), len(response.content))
        book = openpyxl.load_workbook(io.BytesIO(response.content), data_only=True)
        self.assertEqual(
            book.sheetnames,
            ["Summary", "Customers", "All Figures", "Ageing", "Settlements", "Definitions"],
        )
        self.assertEqual(self._get_summary(book)["Number of customers"], 3)

    @mute_logger("odoo.http")
    def test_refused(self):
        report = self._create_report()
        url = f"/crm_customer_health/workbook/{report.id}"
        self._create_user("hx_invoicing", INVOICING)
        for login, group in (("hx_user", "base.group_user"), ("hx_portal", "base.group_portal")):
            new_test_user(self.env, login, group, company_id=self.company.id)
        for login in ("hx_invoicing", "hx_user", "hx_portal"):
            self.authenticate(login, login)
            self.assertEqual(self.url_open(url).status_code, 403, login)
        self.assertEqual(self.url_open("/crm_customer_health/workbook/999999999").status_code, 404)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(url).url)
