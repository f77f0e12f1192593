import csv
from collections import defaultdict
from datetime import date, datetime
from fractions import Fraction
from unittest import SkipTest, skipUnless

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_accounting_import.tests import test_accounting_import_ibm
from odoo.addons.crm_accounting_import.tests.common import AccountingImportCommon

from ..plain_health import curve, mean, median
from .common import HealthCommon

FILE = test_accounting_import_ibm.FILE
YEAR_END = date(2013, 12, 31)


def read_file():
    """Rows ``(customer, amount, invoice date, due date, settlement date)``."""
    rows = []
    for row in csv.DictReader(FILE.read_text().splitlines()):
        days = [
            datetime.strptime(row[name], "%m/%d/%Y").date()
            for name in ("InvoiceDate", "DueDate", "SettledDate")
        ]
        rows.append((row["customerID"], Fraction(row["InvoiceAmount"]), *days))
    return rows


def figures_of(rows, as_of):
    """Figures of one customer on a day, from the file alone."""
    known = [row for row in rows if row[2] <= as_of]
    settled = [row for row in known if row[4] <= as_of]
    due = [row for row in known if row[4] > as_of]
    overdue = [row for row in due if row[3] < as_of]
    paid = sum(row[1] for row in settled)
    late = sum(row[1] for row in settled if row[4] > row[3])
    return {
        "days_to_pay": mean((row[1], (row[4] - row[2]).days) for row in settled),
        "median_days_to_pay": median((row[4] - row[2]).days for row in settled),
        "days_beyond_terms": mean((row[1], (row[4] - row[3]).days) for row in settled),
        "days_beyond_terms_late": mean((row[1], max(0, (row[4] - row[3]).days)) for row in settled),
        "median_days_beyond_terms": median((row[4] - row[3]).days for row in settled),
        "on_time_rate": 1 - late / paid,
        "paid_amount": paid,
        "payment_count": len(settled),
        "payment_score": mean(
            [
                *((row[1], curve((row[4] - row[3]).days)) for row in settled),
                *((row[1], curve((as_of - row[3]).days)) for row in overdue),
            ]
        ),
        "open_amount": sum(row[1] for row in due),
        "overdue_amount": sum(row[1] for row in overdue),
        "overdue_count": len(overdue),
        "invoice_count": len(known),
        "last_invoice_date": max(row[2] for row in known),
    }


@tagged("post_install", "-at_install")
@freeze_time("2014-06-15 12:00:00")
@skipUnless(FILE, "needs the IBM accounts receivable data set")
class TestHealthIbm(HealthCommon, AccountingImportCommon):
    """2,466 invoices of 100 customers of an outside accounting program.

    They come in by the import, which this addon does not depend on.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "accounting.import" not in cls.env:
            raise SkipTest("needs CRM Accounting Import")

    def _import_file(self):
        record, _result = self._import(FILE.read_bytes(), create_customers=True)
        importer = record._with_worker()
        while lines := importer._get_waiting_lines():
            importer._book_lines(lines)
            # What autovacuum does after a committed batch.
            self.env.cr.execute(
                "ANALYZE account_move, account_move_line, account_partial_reconcile,"
                " account_payment"
            )
        importer._finish()
        self.assertEqual(record.state, "done")

    def test_all_customers(self):
        rows_by_customer = defaultdict(list)
        for row in read_file():
            rows_by_customer[row[0]].append(row)
        self.assertEqual(len(rows_by_customer), 100)
        self._import_file()
        self._get_policy().window_months = 60
        health = self.env["crm.customer.health"].sudo()
        self._refresh()
        partners = self.env["res.partner"].union(*self._get_rows())
        self.assertEqual(len(partners), 100)
        self.assertEqual(set(partners.mapped("ref")), set(rows_by_customer))
        at_year_end = health._get_figures(self.company, None, YEAR_END)
        today = {partner.id: row for partner, row in self._get_rows().items()}
        some_overdue = 0
        for partner in partners:
            expected = figures_of(rows_by_customer[partner.ref], YEAR_END)
            some_overdue += expected["overdue_count"]
            for name, value in expected.items():
                found = at_year_end[self.company.id, partner.id][name]
                self.assertFigure(name, found, value, f"of {partner.ref} at the year's end")
            expected = figures_of(rows_by_customer[partner.ref], date(2014, 6, 15))
            self.assertEqual(expected["open_amount"], 0)
            for name, value in expected.items():
                self.assertFigure(name, today[partner.id][name], value, f"of {partner.ref}")
        self.assertGreater(some_overdue, 0, "something was overdue at the year's end")
