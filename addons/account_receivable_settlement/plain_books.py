"""The books read plainly: record by record, through the ORM, with the rules of double entry.

Written against the rules, apart from the relations that figures are made of: no SQL of the addon.
Simple and slow. Tests compare figures with it, and so does an accountant who verifies them. Shares
are exact fractions; amounts of settlements are rounded as the rules say, running from piece to
piece of an entry; whoever compares anything else allows for rounding.
"""

from collections import defaultdict
from fractions import Fraction

SALE_TYPES = ("out_invoice", "out_refund", "out_receipt")


def exact(amount):
    """A stored amount as an exact fraction of at most six decimals."""
    return Fraction(round(amount * 10**6), 10**6)


def is_trade_receivable(account):
    return account.account_type == "asset_receivable" and not account.non_trade


def instalments(document):
    """The receivable lines of an invoice, receipt or credit note."""
    return document.line_ids.filtered(
        lambda line: (
            line.display_type == "payment_term"
            and is_trade_receivable(line.account_id)
            and line.partner_id
        )
    )


def due_date(line):
    due = line.date_maturity or line.date
    return max(due, line.move_id.invoice_date)


def item_due_date(line):
    """Also of entries that are no documents: they have no invoice date."""
    due = line.date_maturity or line.date
    return max(due, line.move_id.invoice_date or due)


def is_document_line(line):
    return line.display_type == "payment_term"


def cents(amount, currency):
    """Commercial rounding of a fraction to the currency."""
    unit = 10**currency.decimal_places
    scaled = abs(amount) * unit
    rounded = int(scaled + Fraction(1, 2))
    return Fraction(rounded if amount >= 0 else -rounded, unit)


# How an entry is read ------------------------------------------------------------------------

#: In this order what an entry is read as takes its part of an amount.
ORDER = ("owed", "exchange", "cleared", "discount", "write_off", "payment")
MARKS = {
    "money": "payment",
    "cost": "payment",
    "loss": "write_off",
    "owed": "owed",
    "not_judged": "cleared",
}


def mark_of(account):
    """What Accounting said of an account; what is proposed only is still owed."""
    return account.receivable_reading or ("owed" if account.receivable_proposal else None)


def is_claim_account(account):
    return is_trade_receivable(account) or mark_of(account) == "owed"


def customer_of(line):
    return line.partner_id.commercial_partner_id


def named_kind(item):
    """What somebody said of the account: its mark, or what the company uses it for."""
    account, company = item.account_id, item.company_id
    if mark_of(account):
        return MARKS[mark_of(account)]
    if account in (
        company.income_currency_exchange_account_id | company.expense_currency_exchange_account_id
    ):
        return "exchange"
    if account in (
        company.account_journal_early_pay_discount_loss_account_id
        | company.account_journal_early_pay_discount_gain_account_id
    ):
        return "discount"
    return None


def till_accounts(env):
    """Receivable accounts of points of sale: nobody owes what stands there."""
    companies = env["res.company"].search([("active", "in", (True, False))])
    return companies.account_default_pos_receivable_account_id


def is_result(item):
    return item.account_type.startswith(("income", "expense"))


def kind_of(item, settling):
    """What a line of the entry of a settling journal item says."""
    if kind := named_kind(item):
        return kind
    account = item.account_id
    if item.tax_line_id:
        taxes = item.tax_line_id | item.group_tax_id
        bases = item.move_id.line_ids.filtered(lambda base: base.tax_ids & taxes)
        kinds = {named_kind(base) or (is_result(base) and "write_off") for base in bases}
        for taxed in ("discount", "write_off"):
            if taxed in kinds:
                return taxed
    if is_result(item):
        return "write_off"
    if is_trade_receivable(account) and account not in till_accounts(item.env):
        is_payments = item.payment_id or item.statement_line_id
        is_claim = not item.move_id.invoice_date and (item.balance > 0 or not is_payments)
        if customer_of(item) and customer_of(item) == customer_of(settling) and is_claim:
            return "owed"
    if account.account_type in ("equity", "equity_unaffected", "off_balance"):
        return "cleared"
    return "payment"


class Reading:
    """The entry of a settling journal item.

    :ivar ahead: what of its customer's items stands before it
    :ivar weights: of each line of the other side ``(line, kind, weight, shift)``
    """

    def __init__(self, settling):
        items = settling.move_id.line_ids.sorted("id")
        like = items.filtered(
            lambda item: item.balance * settling.balance > 0 and is_claim_account(item.account_id)
        )
        others = items.filtered(lambda item: item.balance * settling.balance < 0)
        customer = customer_of(settling)
        own_like = like.filtered(lambda item: customer_of(item) == customer)
        self.settled = self._sum(own_like)
        self.ahead = self._sum(own_like.filtered(lambda item: item.id < settling.id))
        customers = {customer_of(item) for item in like}
        self.weights = []
        if len(customers) == 1:
            amounts = {item: abs(exact(item.balance)) for item in others}
            currency = settling.currency_id
            if (
                currency != settling.company_currency_id
                and all(item.currency_id == currency for item in items if item.balance)
                and not all(item.amount_currency for item in items if item.balance)
                and any(others.mapped("amount_currency"))
            ):
                # The difference of rates stands on a line of its own.
                amounts = {item: abs(exact(item.amount_currency)) for item in others}
            total = sum(amounts.values())
            for item, amount in amounts.items():
                part = amount / abs(exact(item.balance)) * self.settled / total
                self._weigh(item, settling, part)
            return
        own = others.filtered(lambda item: customer_of(item) == customer)
        free = others.filtered(lambda item: customer_of(item) not in customers)
        rest = max(self.settled - self._sum(own), Fraction(0))
        for item in own:
            self._weigh(item, settling, min(Fraction(1), self.settled / self._sum(own)))
        # What the customers before leave of what is booked on nobody in particular is taken first.
        earlier = sum(
            (
                self._sum([item for item in like if customer_of(item) == other])
                - self._sum([item for item in others if customer_of(item) == other])
                for other in customers
                if other.id < customer.id
            ),
            Fraction(0),
        )
        for item in free or others - own:
            total = self._sum(free or others - own)
            shift = max(earlier, Fraction(0)) / total if free else Fraction(0)
            self._weigh(item, settling, rest / total, shift)

    @staticmethod
    def _sum(items):
        return sum((abs(exact(item.balance)) for item in items), Fraction(0))

    def _weigh(self, item, settling, part, shift=Fraction(0)):
        amount = abs(exact(item.balance))
        if amount * part:
            self.weights.append((item, kind_of(item, settling), amount * part, amount * shift))

    def weight(self, *kinds):
        return sum((row[2] for row in self.weights if row[1] in kinds), Fraction(0))

    @property
    def total(self):
        return self.weight(*ORDER)


def exchange_cause(line, counterpart):
    """The journal item whose reconciliation brought about this exchange difference."""
    move = counterpart.move_id
    if move.origin_payment_id or move.statement_line_id or is_document_line(counterpart):
        return None
    causing = line.env["account.partial.reconcile"].search(
        [("exchange_move_id", "=", move.id)], order="id"
    )
    own = causing.filtered(lambda partial: line in partial.debit_move_id | partial.credit_move_id)
    for partial in own or causing:
        if partial.debit_move_id == line:
            return partial.credit_move_id
        if partial.credit_move_id == line:
            return partial.debit_move_id
        return partial.credit_move_id if line.balance > 0 else partial.debit_move_id
    return None


# Pieces of claims ----------------------------------------------------------------------------


class Piece:
    """A part of what one journal item owes, from ``start`` up to ``upto`` of its balance.

    What a claim consists of when its account was changed, perhaps several times.
    """

    def __init__(self, root, line, start, upto):
        self.root, self.line, self.start, self.upto = root, line, start, upto

    def matched(self):
        """``(partial, counterpart, what of it is before the piece, amount)``."""
        before = Fraction(0)
        for partial in (self.line.matched_credit_ids | self.line.matched_debit_ids).sorted("id"):
            after = before + exact(partial.amount)
            start, upto = max(before, self.start), min(after, self.upto)
            if start < upto:
                sides = partial.debit_move_id | partial.credit_move_id
                yield partial, sides - self.line, start - before, upto - start
            before = after

    def is_moving(self, counterpart):
        """Whether the entry that took this off may only have moved it."""
        return not is_document_line(counterpart) and counterpart.move_id != self.line.move_id

    def moved(self, partial, counterpart, skipped, amount):
        """The pieces of other journal items that an amount became."""
        if not self.is_moving(counterpart) or exchange_cause(self.line, counterpart):
            return
        reading = Reading(counterpart)
        start = reading.ahead + skipped + settled_before(counterpart, partial)
        total, currency = reading.total, self.line.company_currency_id

        def owed(x):
            return cents(x * reading.weight("owed") / total, currency)

        passed = Fraction(0)
        for item, kind, weight, shift in reading.weights:
            if kind != "owed":
                continue
            first, last = cents(passed, currency), cents(passed + weight, currency)
            passed += weight
            low, high = max(owed(start), first), min(owed(start + amount), last)
            if low < high:
                room = abs(exact(item.balance)) - (last - first)
                moved_by = min(cents(shift, currency), room) - first
                yield Piece(self.root, item, low + moved_by, high + moved_by)

    def everywhere(self):
        """This piece, and what became of it on other journal items."""
        yield self
        for match in self.matched():
            for piece in self.moved(*match):
                yield from piece.everywhere()


def settled_before(counterpart, partial):
    """What a journal item had settled before this reconciliation."""
    partials = counterpart.matched_debit_ids | counterpart.matched_credit_ids
    return sum((exact(other.amount) for other in partials if other.id < partial.id), Fraction(0))


def whole(line):
    return Piece(line, line, Fraction(0), abs(exact(line.balance)))


def moved_open(line, is_known=lambda partial: True):
    """What is still owed of a claim on other journal items: ``{journal item: amount}``, positive
    for claims, negative for what is owed to the customer.

    :param is_known: whether a reconciliation counts yet.
    """
    result = {}

    def follow(piece):
        rest = piece.upto - piece.start
        for match in piece.matched():
            if is_known(match[0]):
                rest -= match[3]
                for moved in piece.moved(*match):
                    follow(moved)
        if piece.line != line and rest:
            sign = 1 if piece.line.balance > 0 else -1
            result[piece.line] = result.get(piece.line, Fraction(0)) + sign * rest

    follow(whole(line))
    return result


def is_root(line):
    """Whether something may have been moved from here that was not moved to here before."""
    if not is_trade_receivable(line.account_id) or not line.partner_id:
        return False
    if is_document_line(line):
        return True
    return line.balance > 0 and not any(
        item.balance < 0
        and is_claim_account(item.account_id)
        and not is_document_line(item)
        and (mark_of(line.account_id) == "owed" or customer_of(item) == customer_of(line))
        for item in line.move_id.line_ids
    )


def origins(lines):
    """The journal items from which something may have been moved to these, one or several steps
    before; also some from which nothing was.
    """
    seen = todo = lines
    while todo:
        entries = todo.filtered(lambda line: not is_document_line(line)).move_id
        settling = entries.line_ids.filtered(
            lambda item: is_claim_account(item.account_id) and not is_document_line(item)
        )
        debits, credits = settling.matched_debit_ids, settling.matched_credit_ids
        matched = debits.debit_move_id | credits.credit_move_id
        todo = matched - seen
        seen |= todo
    return seen


# What is open --------------------------------------------------------------------------------


def customer_items(env, company, customers=None):
    """Posted journal items on which customers owe something, or are owed, by commercial partner.

    :param customers: only these
    """
    domain = [
        ("company_id", "=", company.id),
        ("account_id.account_type", "=", "asset_receivable"),
        ("parent_state", "=", "posted"),
        ("partner_id", "!=", False),
    ]
    if customers is not None:
        domain.append(("partner_id.commercial_partner_id", "in", customers.ids))
    items = defaultdict(lambda: env["account.move.line"])
    for line in env["account.move.line"].search(domain):
        if not is_trade_receivable(line.account_id):
            continue
        if line.currency_id != line.company_currency_id and not line.amount_currency:
            # What is owed is only valued anew.
            continue
        items[customer_of(line)] |= line
    return items


def moved_by_item(lines, is_known=lambda partial: True):
    """What is owed on other journal items than the old ones, which it belongs to: what to add to
    each item, positive for the old, negative for the new ones.

    :param is_known: whether a reconciliation counts yet
    """
    moved = defaultdict(Fraction)
    for line in lines.filtered(is_root):
        for target, amount in moved_open(line, is_known).items():
            moved[line] += amount
            moved[target] -= amount
    return moved


def residual_now(line):
    """What the ledger says is open; nothing where only the rate of another currency is left."""
    if line.currency_id != line.company_currency_id and not line.amount_residual_currency:
        return Fraction(0)
    return exact(line.amount_residual)


def net(open_items):
    """Pairs of journal item and what is open, owed and credited set off within a document: the
    last due first.
    """
    by_document = defaultdict(list)
    for line, residual in open_items:
        by_document[line.move_id if is_document_line(line) else line].append((line, residual))
    netted = []
    for items in by_document.values():
        total = sum(residual for _line, residual in items)
        for line, residual in sorted(items, key=lambda item: (item_due_date(item[0]), item[0].id)):
            if residual * total > 0:
                part = min(abs(residual), abs(total))
                part = part if total > 0 else -part
                netted.append((line, part))
                total -= part
    return netted


def is_disputed(line):
    return is_document_line(line) and line.move_id.payment_state == "blocked"


# Settlements ---------------------------------------------------------------------------------


def settlements(lines):
    """Rows ``{line, kind, settled_as, amount, counterpart, cause, date, is_mirror}`` of these
    instalments.

    The amounts of one payment's losses are in cents and add up to its loss.
    """
    rows = []
    for line in lines:
        for piece in whole(line).everywhere():
            for match in piece.matched():
                rows += _matched_rows(piece, *match)
    for document in lines.move_id:
        rows += _entryless_payment_rows(document, lines)
    return rows


def _matched_rows(piece, partial, counterpart, skipped, amount):
    root, line = piece.root, piece.line
    if counterpart.move_id == line.move_id or (
        line == root and not is_trade_receivable(counterpart.account_id)
    ):
        return []
    cause = exchange_cause(line, counterpart)
    settling = cause or counterpart
    days = [root.move_id.invoice_date, settling.date, *([line.date] if line != root else [])]
    base = {
        "line": root,
        "counterpart": counterpart,
        "cause": settling,
        "date": max(days),
        "is_mirror": False,
    }
    sign = 1 if line.balance > 0 else -1
    rows = []
    for kind, settled_as, part in _parts(root, partial, counterpart, cause, skipped, amount):
        if part:
            rows.append({**base, "kind": kind, "settled_as": settled_as, "amount": sign * part})
            if kind == "credit_note":
                # A matching has two sides, and is counted once: where the claim stands.
                rows[-1]["is_mirror"] = root.balance < 0
    return rows


def _parts(root, partial, counterpart, cause, skipped, amount):
    """``(kind, settled as, amount)``: what a piece of a reconciliation settles."""
    settling = cause or counterpart
    if is_document_line(settling):
        return [("exchange" if cause else "credit_note", "credit_note", amount)]
    reading = Reading(settling)
    currency = root.company_currency_id
    discount_date = root.discount_date
    is_discount = reading.weight("payment") and discount_date and settling.date <= discount_date
    taken = reading.weight("write_off") if is_discount else Fraction(0)
    lost, discount = reading.weight("write_off") - taken, reading.weight("discount") + taken
    judged = reading.weight("payment", "write_off", "discount", "cleared")
    difference = Fraction(1) if cause else reading.weight("exchange")

    def caused(weight):
        return difference * weight / judged if judged else Fraction(0)

    cleared, paid = reading.weight("cleared"), reading.weight("payment")
    weights = [
        ("exchange", "cleared", caused(cleared) if judged else difference),
        ("exchange", "discount", caused(discount)),
        ("exchange", "write_off", caused(lost)),
        ("exchange", "payment", caused(paid)),
    ]
    start = Fraction(0)
    if not cause:
        start = reading.ahead + skipped + settled_before(counterpart, partial)
        weights = [
            ("owed", "owed", reading.weight("owed")),
            *weights,
            ("cleared", "cleared", cleared),
            ("discount", "discount", discount),
            ("write_off", "write_off", lost),
            ("payment", "payment", paid),
        ]
    total = sum(weight for _kind, _as, weight in weights)
    parts, passed = [], Fraction(0)
    for kind, settled_as, weight in weights:

        def share(x, passed=passed, weight=weight):
            upto = cents(x * (passed + weight) / total, currency)
            return upto - cents(x * passed / total, currency)

        parts.append((kind, settled_as, share(start + amount) - share(start)))
        passed += weight
    return [part for part in parts if part[0] != "owed"]


def _entryless_payment_rows(document, lines):
    """Payments without a journal entry go to the instalments in order of their due dates."""
    rows = []
    open_by_line = {
        line: abs(exact(line.amount_residual))
        for line in instalments(document).sorted(lambda line: (line.date_maturity, line.id))
    }
    is_reconciled = any(line.matched_debit_ids | line.matched_credit_ids for line in open_by_line)
    sign = -1 if document.move_type == "out_refund" else 1
    payments = document.matched_payment_ids.filtered(lambda payment: not payment.move_id)
    for payment in payments.sorted(lambda payment: (payment.date, payment.id)):
        if payment.state != "in_process" and (payment.state != "paid" or is_reconciled):
            continue
        rest = _entryless_share(payment, document)
        for line, residual in open_by_line.items():
            amount = min(rest, residual)
            if not amount:
                continue
            rest -= amount
            open_by_line[line] -= amount
            if line in lines:
                rows.append(
                    {
                        "line": line,
                        "kind": "payment",
                        "settled_as": "payment",
                        "amount": sign * amount,
                        "counterpart": line.browse(),
                        "cause": line.browse(),
                        "date": max(document.invoice_date, payment.date),
                        "is_mirror": False,
                    }
                )
    return rows


def _entryless_share(payment, document):
    """What this payment has for this document, after its documents with earlier due dates."""
    rest = exact(payment.amount)
    if not rest:
        return Fraction(0)
    rate = abs(exact(payment.amount_company_currency_signed)) / rest
    for invoice in payment.invoice_ids.sorted(lambda move: (move.invoice_date_due, move.id)):
        terms = instalments(invoice)
        residual = abs(exact(sum(terms.mapped("amount_residual"))))
        owed = abs(exact(sum(terms.mapped("amount_residual_currency"))))
        if invoice.currency_id != payment.currency_id or not owed:
            owed = residual / rate
        share = min(rest, owed)
        if invoice == document:
            if not owed:
                break
            return cents(share * residual / owed, document.company_currency_id)
        rest -= share
    return Fraction(0)
