"""What the sheets of the workbook have in common."""

from abc import ABC, abstractmethod

from odoo.tools import SQL

#: So many rows are in memory at a time.
BATCH_SIZE = 2000


class Sheet(ABC):
    """A sheet of the workbook.

    All sheets are added to the book in the order in which they are shown, then each is written;
    one that ``sums_up`` others is written after them.
    """

    sums_up = False
    #: Where the sheet is a table.
    table = None

    def __init__(self, report, book):
        """
        :param report: the ``crm.customer.health.workbook`` record: whose customers
        """
        self.report = report
        self.env = report.env
        self.book = book

    @abstractmethod
    def add(self):
        """Put the sheet into the book."""

    @abstractmethod
    def fill(self):
        """Fill the sheet."""


def fetch_in_batches(env, query: SQL):
    """Rows of a query, a batch at a time: the database keeps the rest."""
    env.flush_query(query)
    cr = env.cr
    # All rows are wanted: without it the plan is the one for the first of them.
    cr.execute(SQL("SET LOCAL cursor_tuple_fraction = 1.0"))
    cr.execute(SQL("DECLARE health_workbook NO SCROLL CURSOR FOR %s", query))
    while True:
        cr.execute(SQL("FETCH %s FROM health_workbook", BATCH_SIZE))
        rows = cr.fetchall()
        if not rows:
            break
        yield rows
    cr.execute(SQL("CLOSE health_workbook"))
