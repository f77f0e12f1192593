"""The books read plainly: record by record, through the ORM, with the rules of double entry.

Written against the rules, not against the code under test: no SQL of the addon, no rounding that
runs through cumulated sums. Shares are exact fractions; whoever compares allows for rounding where
it may be distributed differently, and not where it may not.
"""

from collections import defaultdict
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
            return cents(share * residual / owed, document.company_currency_id)
        rest -= share
    return Fraction(0)


class PlainDeals:
    """Figures of all deals, as exact fractions, from their documents."""

    def __init__(self, env):
        # Whatever company a document is in, and whoever may see it.
        self.env = env(su=True, context={**env.context, "active_test": False})
        self._documents = {}

    def figures(self, deal):
        deal = self.env["crm.lead"].browse(deal.id)
        documents = self._get_documents(deal)
        if not documents:
            return None
        currency = self._get_currency(deal, documents)
        result = defaultdict(Fraction)
        result["currency"] = currency
        # Whether the deal's share of a document is less than what is lost in rounding.
        result["is_uncertain"] = False
        dates = {"first": [], "next": [], "payment": [], "settled": []}
        for document in documents.sorted(lambda move: (move.invoice_date, move.id)):
            rate = self._get_rate(document, documents, currency)
            piece = self._get_share(document, deal)
            for name, amount in piece["amounts"].items():
                result[name] += amount * rate
            if document.move_type != "out_refund":
                dates["first"].append(document.invoice_date)
            dates["next"] += piece["next_due_dates"]
            dates["payment"] += piece["payment_dates"]
            dates["settled"] += piece["settled_dates"]
            result["is_uncertain"] |= piece["is_uncertain"]
        result["documents"] = len(documents)
        result["first_invoice_date"] = min(dates["first"], default=False)
        result["next_due_date"] = min(dates["next"], default=False)
        result["last_payment_date"] = max(dates["payment"], default=False)
        is_paid = cents(result["due"], currency) <= 0 < cents(result["paid"], currency)
        result["paid_date"] = is_paid and max(dates["settled"])
        return result

    def status(self, figures):
        """The status by the rules, from rounded figures; None where a cent decides."""
        if not figures:
            return "none"
        rounded = {
            name: cents(figures[name], figures["currency"])
            for name in ("invoiced", "credited", "paid", "due", "overdue")
        }
        for name, amount in rounded.items():
            if abs(figures[name]) > 0 and abs(amount) <= Fraction(figures["documents"], 100):
                return None
        if rounded["credited"] > 0 and rounded["invoiced"] <= 0 and rounded["paid"] <= 0:
            return "credited"
        if rounded["overdue"] > 0:
            return "overdue"
        if rounded["due"] <= 0 and rounded["paid"] > 0:
            return "paid"
        if rounded["due"] > 0 and rounded["paid"] > 0:
            return "partially_paid"
        return "invoiced"

    def _get_documents(self, deal):
        lines = self.env["account.move.line"].search([("opportunity_id", "=", deal.id)])
        return lines.move_id.filtered(
            lambda move: move.state == "posted" and move.move_type in SALE_TYPES
        )

    def _get_currency(self, deal, documents):
        if deal.company_id:
            return deal.company_id.currency_id
        currencies = documents.company_currency_id
        if len(currencies) == 1:
            return currencies
        return self.env["res.company"].search([], order="id", limit=1).currency_id

    def _get_rate(self, document, documents, currency):
        """One rate per deal and currency, so that a credit note takes off what it credits."""
        own = document.company_currency_id
        if own == currency:
            return Fraction(1)
        first = min(
            documents.filtered(lambda move: move.company_currency_id == own).mapped("invoice_date")
        )
        return Fraction(
            self.env["res.currency"]._get_conversion_rate(own, currency, document.company_id, first)
        )

    # What became of a document ---------------------------------------------------------------

    def _get_share(self, document, deal):
        """Figures of one deal in one document."""
        facts = self._read_document(document)
        weights = facts["weights"]
        amount = facts["amounts"][deal]
        rest = {lead: facts["amounts"][lead] - facts["direct"][lead] for lead in weights}
        total_rest = sum(rest.values())
        part = rest[deal] / total_rest if total_rest else Fraction(0)
        due, overdue = facts["open"] * part, facts["overdue"] * part
        discount, written_off = facts["discount"] * part, facts["write_off"] * part
        credited = facts["credited"] * part + facts["direct_exchange"][deal]
        figures = {
            "invoiced": amount - credited,
            "credited": credited + (-amount if document.move_type == "out_refund" else 0),
            "paid": amount - credited - due - discount - written_off,
            "discount": discount,
            "written_off": written_off,
            "due": due,
            "overdue": overdue,
            "untaxed": facts["untaxed"][deal]
            * (1 - (facts["credited"] * part / amount if amount else 0)),
        }
        return {
            "amounts": figures,
            "next_due_dates": facts["next_due_dates"] if due >= Fraction(1, 100) else [],
            "is_uncertain": 0 < abs(rest[deal]) < Fraction(2, 100),
            "payment_dates": facts["payment_dates"] if rest[deal] else [],
            "settled_dates": facts["settled_dates"] if rest[deal] else facts["credit_dates"],
        }

    def _read_document(self, document):
        if document not in self._documents:
            self._documents[document] = self._compute_document(document)
        return self._documents[document]

    def _get_weights(self, document):
        weights = defaultdict(Fraction)
        for line in document.line_ids.filtered(lambda line: line.display_type == "product"):
            weights[line.opportunity_id] += exact(line.price_total)
        return weights

    def _get_own_amount(self, document, lead):
        """A deal's lines with their taxes, in company currency, where the whole is zero."""
        return -sum(
            exact(line.balance) * exact(line.price_total) / exact(line.price_subtotal)
            for line in document.line_ids
            if line.display_type == "product"
            and line.opportunity_id == lead
            and line.price_subtotal
        )

    def _compute_document(self, document):
        lines = instalments(document)
        weights = self._get_weights(document)
        total = sum((exact(line.balance) for line in lines), Fraction(0))
        total_weight = sum(weights.values())
        untaxed = defaultdict(Fraction)
        for line in document.line_ids.filtered(lambda line: line.display_type == "product"):
            untaxed[line.opportunity_id] -= exact(line.balance)
        rows = settlements(lines)
        today = document.company_id._get_today()
        facts = {
            "weights": weights,
            "untaxed": untaxed,
            "amounts": {
                lead: total * weight / total_weight
                if total_weight
                else self._get_own_amount(document, lead)
                for lead, weight in weights.items()
            },
            "direct": defaultdict(Fraction),
            "direct_exchange": defaultdict(Fraction),
            "credited": Fraction(0),
            "open": Fraction(0),
            "overdue": Fraction(0),
            "next_due_dates": [],
            "payment_dates": [
                row["date"] for row in rows if row["kind"] == "payment" and row["amount"] > 0
            ],
        }
        facts["settled_dates"] = [row["date"] for row in rows]
        facts["credit_dates"] = [row["date"] for row in rows if row["kind"] == "credit_note"]
        for kind in ("discount", "write_off"):
            facts[kind] = sum((row["amount"] for row in rows if row["kind"] == kind), Fraction(0))
        for line in lines:
            residual = exact(line.amount_residual) - sum(
                (row["amount"] for row in rows if row["line"] == line and not row["counterpart"]),
                Fraction(0),
            )
            facts["open"] += residual
            if residual > 0:
                facts["next_due_dates"].append(due_date(line))
                if due_date(line) < today and document.payment_state != "blocked":
                    facts["overdue"] += residual
        if facts["open"]:
            # Balanced by another document, not by a settlement of its own.
            facts["settled_dates"].append(document.invoice_date)
        for row in rows:
            if is_document_line(row["cause"]):
                self._credit(document, facts, row)
        return facts

    def _credit(self, document, facts, row):
        """What a matching of invoice and credit note takes off which deal."""
        other = row["cause"].move_id
        is_refund = document.move_type == "out_refund"
        refund = document if is_refund else other
        refund_weights = self._get_weights(refund)
        other_weights = self._get_weights(other if is_refund else document)
        total = sum(refund_weights.values())
        for lead, weight in refund_weights.items():
            amount = row["amount"] * weight / total if total else Fraction(0)
            if lead in other_weights if lead else is_refund:
                facts["direct"][lead] += amount
                if row["kind"] == "exchange":
                    facts["direct_exchange"][lead] += amount
            elif not lead:
                facts["credited"] += amount
