"""The books read plainly: record by record, through the ORM, with the rules of double entry.

Written against the rules, not against the code under test: no SQL of the addon, no rounding that
runs through cumulated sums. Shares are exact fractions; whoever compares allows for rounding where
it may be distributed differently, and not where it may not.
"""

from fractions import Fraction

SALE_TYPES = ("out_invoice", "out_refund", "out_receipt")
MONEY_TYPES = (
    "asset_cash",
    "liability_credit_card",
    "liability_payable",
    "equity",
    "equity_unaffected",
)


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


def is_document_line(line):
    return line.display_type == "payment_term"


def is_money_entry(entry, counterpart):
    """Whether the entry brings or replaces money; else it only gives up a claim."""
    if entry.origin_payment_id or entry.statement_line_id:
        return True
    for item in entry.line_ids:
        if item.account_type in MONEY_TYPES:
            return True
        if item.account_type == "asset_receivable" and item.balance * counterpart.balance < 0:
            till = entry.company_id.account_default_pos_receivable_account_id
            if item.account_id == till or item.partner_id != counterpart.partner_id:
                return True
    return bool(entry.line_ids.account_id & _get_outstanding_accounts(entry))


def _get_outstanding_accounts(entry):
    env = entry.env
    outstanding = env["account.payment.method.line"].search([]).payment_account_id
    outstanding |= env["res.company"].search([]).transfer_account_id
    outstanding |= env["account.journal"].search([]).suspense_account_id
    outstanding |= env["account.payment"].search([]).outstanding_account_id
    for direction in ("debit", "credit"):
        outstanding |= (
            env["account.chart.template"]
            .with_context(allowed_company_ids=entry.company_id.root_id.ids)
            .ref(f"account_journal_payment_{direction}_account_id", raise_if_not_found=False)
            or outstanding.browse()
        )
    return outstanding


def lost_part(counterpart):
    """Which part of what this journal item settles is no money, as a fraction."""
    entry = counterpart.move_id
    if not is_money_entry(entry, counterpart):
        return Fraction(1)
    loss = tax = settled = Fraction(0)
    for item in entry.line_ids:
        balance = exact(item.balance)
        if item.account_type.startswith(("income", "expense")):
            loss += balance
        elif item.tax_line_id:
            tax += balance
        if item.account_type == "asset_receivable" and item.balance * counterpart.balance > 0:
            settled += abs(balance)
    if loss * exact(counterpart.balance) >= 0:
        return Fraction(0)
    return min(Fraction(1), abs(loss + tax) / settled)


def cents(amount, currency):
    """Commercial rounding of a fraction to the currency."""
    unit = 10**currency.decimal_places
    scaled = abs(amount) * unit
    rounded = int(scaled + Fraction(1, 2))
    return Fraction(rounded if amount >= 0 else -rounded, unit)


def settlements(lines):
    """Rows ``{line, kind, amount, counterpart, cause, date}`` of these instalments.

    The amounts of one payment's losses are in cents and add up to its loss.
    """
    rows = []
    for line in lines:
        for partial in (line.matched_credit_ids | line.matched_debit_ids).sorted("id"):
            rows += _partial_rows(line, partial)
    for document in lines.move_id:
        rows += _entryless_payment_rows(document, lines)
    return rows


def _partial_rows(line, partial):
    is_debit = partial.debit_move_id == line
    counterpart = partial.credit_move_id if is_debit else partial.debit_move_id
    if counterpart.move_id == line.move_id:
        return []
    sign = 1 if is_debit else -1
    amount = exact(partial.amount)
    if not amount:
        # It settles something in another currency only, which is worth less than a cent.
        return []
    base = {
        "line": line,
        "counterpart": counterpart,
        "cause": counterpart,
        "date": max(line.move_id.invoice_date, counterpart.date),
        "is_mirror": False,
    }
    if is_document_line(counterpart):
        is_mirror = line.move_id.move_type == "out_refund"
        return [{**base, "kind": "credit_note", "amount": sign * amount, "is_mirror": is_mirror}]
    cause = _exchange_cause(line, counterpart)
    if cause:
        return [
            {
                **base,
                "kind": "exchange",
                "amount": sign * amount,
                "cause": cause,
                "date": max(line.move_id.invoice_date, cause.date),
            }
        ]
    lost = _lost_amounts(counterpart)[partial]
    is_discount = is_money_entry(counterpart.move_id, counterpart) and (
        line.company_id.account_journal_early_pay_discount_loss_account_id
        in counterpart.move_id.line_ids.account_id
        or (line.discount_date and counterpart.date <= line.discount_date)
    )
    rows = []
    if amount != lost:
        rows.append({**base, "kind": "payment", "amount": sign * (amount - lost)})
    if lost:
        kind = "discount" if is_discount else "write_off"
        rows.append({**base, "kind": kind, "amount": sign * lost})
    return rows


def _exchange_cause(line, counterpart):
    """The journal item whose reconciliation brought about this exchange difference."""
    move = counterpart.move_id
    if move.origin_payment_id or move.statement_line_id:
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


def _lost_amounts(counterpart):
    """The loss of one counterpart, shared over its reconciliations to the cent."""
    partials = (counterpart.matched_debit_ids | counterpart.matched_credit_ids).sorted("id")
    part = lost_part(counterpart)
    currency = counterpart.company_currency_id
    lost, settled, shared = {}, Fraction(0), Fraction(0)
    for partial in partials:
        settled += exact(partial.amount)
        lost[partial] = cents(settled * part, currency) - shared
        shared += lost[partial]
    return lost


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
