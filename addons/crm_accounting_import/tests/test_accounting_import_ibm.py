import csv
import os
from collections import Counter
from pathlib import Path
from unittest import skipUnless

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools.misc import file_path

from .common import AccountingImportCommon


def _find_file() -> Path | None:
    """The data set, from ``IBM_ACCOUNTS_RECEIVABLE`` or beside the repository."""
    if path := os.environ.get("IBM_ACCOUNTS_RECEIVABLE"):
        return Path(path)
    repository = Path(file_path("crm_accounting_import")).resolve().parents[1]
    folder = repository.parent / "shared" / "data" / "ibm_accounts_receivable"
    return next(iter(sorted(folder.glob("*.csv"))), None)


FILE = _find_file()


@tagged("post_install", "-at_install")
@freeze_time("2014-06-15 12:00:00")
@skipUnless(FILE, "needs the IBM accounts receivable data set")
class TestAccountingImportIbm(AccountingImportCommon):
    """2,466 invoices of 100 customers, as an outside accounting program exports them."""

    def test_every_invoice_and_payment(self):
        content = FILE.read_bytes()
        record, result = self._import(content, create_customers=True)
        self.assertEqual(result["rows"], 2466)
        self.assertEqual(result["state"], "running", "left to the scheduled action")
        importer = record._with_worker()
        while lines := importer._get_waiting_lines():
            importer._book_lines(lines)
            # What autovacuum does after a committed batch: a planner that takes the books for
            # empty makes this test ten times slower.
            self.env.cr.execute(
                "ANALYZE account_move, account_move_line, account_partial_reconcile,"
                " account_payment"
            )
        importer._finish()
        self.assertCounts(record.read_result(), created=2466)
        rows = list(csv.DictReader(content.decode().splitlines()))
        moves = self.env["account.move"].search(
            [("journal_id", "=", record.journal_id.id), ("state", "=", "posted")]
        )
        self.assertEqual(len(moves), 2466)
        self.assertAlmostEqual(sum(moves.mapped("amount_total_signed")), 147703.18, 2)
        self.assertEqual(set(moves.mapped("payment_state")), {"paid"})
        self.assertEqual(len(moves.partner_id), 100)
        self.assertEqual(
            Counter(move.partner_id.ref for move in moves),
            Counter(row["customerID"] for row in rows),
        )
        settlements = self.env["account.receivable.settlement"]._read_group(
            [("invoice_id", "in", moves.ids)],
            ["invoice_id"],
            ["days_to_pay:sum", "days_beyond_terms:sum", "amount:sum", "__count"],
        )
        self.assertEqual(
            {
                move.name: (days, max(late, 0), round(amount, 2), count)
                for move, days, late, amount, count in settlements
            },
            {
                row["invoiceNumber"]: (
                    int(row["DaysToSettle"]),
                    int(row["DaysLate"]),
                    float(row["InvoiceAmount"]),
                    1,
                )
                for row in rows
            },
        )
