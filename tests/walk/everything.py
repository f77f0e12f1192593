"""All operations of all addons in one walk, in real transactions."""

import re
import traceback
from collections import Counter

from odoo.exceptions import AccessError, UserError

from odoo.addons.crm_accounting_bridge.tests.walk import NothingToDoError

from .books import Books
from .commission import Commission
from .relations import Relations
from .sales import Sales

#: So many documents, orders, deals and customers people work with; the older ones stay as they are.
KEPT = {"documents": 120, "orders": 60, "entries": 30, "bank_lines": 30, "statement_lines": 30}
KEPT |= {"deals": 25, "partners": 30}
#: How many operations there are in a transaction, and how often they are all taken back.
SIZES = (1, 1, 2, 2, 3, 4, 6, 8)
ROLLED_BACK = 0.06


class EverythingWalk(Commission, Relations, Sales, Books):
    """What a company's people do, at random, several things in a transaction.

    :ivar done: how often each operation was done and committed, by name
    :ivar refused: what Odoo refused, by operation and the first words of why
    :ivar refused_late: tracebacks of what was refused at the end of a transaction only
    """

    OPERATIONS = {
        **Books.OPERATIONS,
        **Sales.OPERATIONS,
        **Relations.OPERATIONS,
        **Commission.OPERATIONS,
    }

    def __init__(self, test, seed, frozen):
        self.orders = test.env["sale.order"]
        super().__init__(test, seed, frozen)
        self.cr = test.env.cr
        self.done = Counter()
        self.refused = Counter()
        self.rolled_back = Counter()
        self.refused_late = []
        self.transactions = 0

    def transaction(self):
        """Some operations of one person, that are committed or taken back together."""
        self.transactions += 1
        self._act_as(self.random.choice(self.test.users))
        self.history.append(f"-- transaction {self.transactions} of {self.user.tz}")
        names = [self._one() for _number in range(self.random.choice(SIZES))]
        is_rolled_back = self.random.random() < ROLLED_BACK
        try:
            if is_rolled_back:
                self.cr.rollback()
                self.rolled_back.update(filter(None, names))
            else:
                self.cr.commit()  # pylint: disable=invalid-commit
                self.done.update(filter(None, names))
        except UserError as error:
            # What is only found at the end takes everything back; it is told where that was.
            self.cr.rollback()
            self._refuse("commit", error)
            self.refused_late.append("".join(traceback.format_exception(error)))
        self.test.env.invalidate_all()
        self._forget()

    def _act_as(self, user):
        result = super()._act_as(user)
        self.orders = self.orders.with_env(self.test.env)
        self.entries = self.entries.with_env(self.test.env)
        self.bank_lines = self.bank_lines.with_env(self.test.env)
        return result

    def _one(self):
        """One operation; Odoo may refuse it, but there must be something to do it with.

        :return: its name if it was done.
        """
        while True:
            self.test.partner = self.random.choice(self.partners.sorted("id"))
            name = self.random.choices(list(self.OPERATIONS), list(self.OPERATIONS.values()))[0]
            self.history.append(name)
            try:
                with self.cr.savepoint():
                    getattr(self, name)()
            except NothingToDoError:
                self.history.pop()
                self._exist()
                continue
            except AccessError:
                raise
            except UserError as error:
                self._refuse(name, error)
                name = None
            self._exist()
            return name

    def _refuse(self, name, error):
        words = " ".join(re.sub(r"\S*\d\S*", "#", str(error)).split()[:12])
        self.refused[f"{name}: {words}"] += 1
        self.history.append(f"   refused: {error}")

    def _exist(self):
        for name in KEPT:
            setattr(self, name, getattr(self, name).exists())

    def _forget(self):
        """What is older than what people work with."""
        for name, count in KEPT.items():
            records = getattr(self, name).exists().sorted("id")
            setattr(self, name, records[-count:])
