"""What collection says, read plainly: record by record, through the ORM, with exact fractions.

Written against the definitions, apart from the statements that flags and promises follow from: no
SQL of the addon. Simple and slow. Amounts are in the company's currency.
"""

from collections import defaultdict
from fractions import Fraction

from odoo.addons.account_receivable_settlement.plain_books import (
    exact,
    instalments,
    is_disputed,
    is_document_line,
    item_due_date,
    origins,
    settlements,
)

NOTHING = Fraction(0)


class Owed:
    """What a customer owes on a day, from pairs of journal item and open amount."""

    def __init__(self, open_items, today):
        self.credits = -sum((amount for _line, amount in open_items if amount < 0), NOTHING)
        self.open = sum((amount for _line, amount in open_items if amount > 0), NOTHING)
        self.disputed = NOTHING
        #: Days and amounts of what is overdue and not disputed.
        self.late = []
        for line, amount in open_items:
            if amount > 0 and is_disputed(line):
                self.disputed += amount
            elif amount > 0 and item_due_date(line) < today:
                self.late.append(((today - item_due_date(line)).days, amount))

    def overdue(self, days=1):
        """For so many days at least, less what the customer paid and is not matched yet."""
        late = sum((amount for late, amount in self.late if late >= days), NOTHING)
        return max(late - self.credits, NOTHING)

    def needs_action(self, policy):
        return any(
            self.overdue(threshold.days) >= exact(threshold.amount)
            for threshold in policy.threshold_ids
        )


def is_money(row):
    return row["kind"] == "payment" and not row["is_mirror"]


def paid_of_promises(promises, rows):
    """``{promise: amount}``: a payment counts for one promise, the one for the earliest day.

    Money of the days from the promise to its own, for invoices of before.

    :param promises: of one customer, none of them withdrawn
    :param rows: the customer's settlements
    """
    payments = defaultdict(Fraction)
    for row in rows:
        if is_money(row):
            payments[row["date"], row["line"].move_id.invoice_date] += row["amount"]
    result = {}
    for promise in promises.sorted(lambda promise: (promise.date, promise.id)):
        paid = NOTHING
        for paid_on, invoiced_on in sorted(payments):
            if promise.made_on <= paid_on <= promise.date and invoiced_on <= promise.made_on:
                rest = max(exact(promise.amount) - paid, NOTHING)
                part = min(payments[paid_on, invoiced_on], rest)
                payments[paid_on, invoiced_on] -= part
                paid += part
        result[promise] = paid
    return result


def state_of_promise(promise, paid, is_cleared, today):
    """What became of a promise that was not withdrawn.

    :param is_cleared: the customer owes nothing any more: then a promise that was running is off
    """
    if paid >= exact(promise.amount):
        return "kept"
    if is_cleared and promise.state in ("running", "settled"):
        return "settled"
    return "broken" if promise.date < today else "running"


def money_by_day(company, since, until):
    """``{day: amount}`` of what was received from customers, less what was paid back.

    :param since: the first day
    :param until: the last day
    """
    env = company.env
    own = [("company_id", "=", company.id)]
    partials = env["account.partial.reconcile"].search([*own, ("max_date", ">=", since)])
    lines = origins(partials.debit_move_id | partials.credit_move_id)
    payments = env["account.payment"].search([*own, ("date", ">=", since), ("move_id", "=", False)])
    documents = lines.filtered(is_document_line).move_id | payments.invoice_ids
    documents |= env["account.move"].search([*own, ("invoice_date", ">=", since)])
    result = defaultdict(Fraction)
    for document in documents.filtered(
        lambda move: move.company_id == company and move.state == "posted"
    ):
        for row in settlements(instalments(document)):
            if is_money(row) and since <= row["date"] <= until:
                result[row["date"]] += row["amount"]
    return result
