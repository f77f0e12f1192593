"""Where the data set is, and what stands in it."""

import csv
import os
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from odoo.tools.misc import file_path


def find_file():
    """The data set, from ``IBM_ACCOUNTS_RECEIVABLE`` or beside the repository."""
    if path := os.environ.get("IBM_ACCOUNTS_RECEIVABLE"):
        return Path(path)
    repository = Path(file_path("crm_accounting_import")).resolve().parents[1]
    folder = repository.parent / "shared" / "data" / "ibm_accounts_receivable"
    return next(iter(sorted(folder.glob("*.csv"))), None)


FILE = find_file()


class Row(NamedTuple):
    """What of a line of the file our figures are about."""

    number: str
    customer: str
    amount: Fraction
    issued: date
    due: date
    settled: date
    days_to_settle: int
    days_late: int


def read_rows():
    """The file's lines, in its order."""
    rows = []
    for row in csv.DictReader(FILE.read_text().splitlines()):
        dates = [
            datetime.strptime(row[name], "%m/%d/%Y").date()
            for name in ("InvoiceDate", "DueDate", "SettledDate")
        ]
        days = [int(row[name]) for name in ("DaysToSettle", "DaysLate")]
        rows.append(
            Row(
                row["invoiceNumber"],
                row["customerID"],
                Fraction(row["InvoiceAmount"]),
                *dates,
                *days,
            )
        )
    return rows
