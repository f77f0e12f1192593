"""The deals' figures read plainly: record by record, through the ORM, with exact fractions."""

from collections import defaultdict
from fractions import Fraction

from odoo.addons.account_receivable_settlement.plain_books import (
    SALE_TYPES,
    cents,
    due_date,
    exact,
    instalments,
    is_document_line,
    moved_open,
    settlements,
)


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
            result["rounded_count"] += 2 + piece["settlement_count"]
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
            if abs(figures[name]) > 0 and abs(amount) <= Fraction(figures["rounded_count"], 200):
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
        companies = self.env["res.company"].search([("active", "in", (True, False))], order="id")
        return companies[0].currency_id

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
        amounts, direct = facts["amounts"], facts["direct"]
        amount, untaxed = amounts[deal], facts["untaxed"][deal]
        rest = {lead: amounts[lead] - direct[lead] for lead in amounts}
        total_rest = sum(rest.values())
        part = rest[deal] / total_rest if total_rest else Fraction(0)
        due, overdue = facts["open"] * part, facts["overdue"] * part
        discount, written_off = facts["discount"] * part, facts["write_off"] * part
        credited = facts["credited"] * part + facts["direct_credited"][deal]
        # Credit notes of the deal say themselves what they are without taxes.
        matched = direct[deal] - facts["direct_credited"][deal]
        left, left_untaxed = amount - matched, untaxed - facts["matched_untaxed"][deal]
        figures = {
            "invoiced": amount - credited,
            "credited": credited + (-amount if document.move_type == "out_refund" else 0),
            "paid": amount - credited - due - discount - written_off,
            "discount": discount,
            "written_off": written_off,
            "due": due,
            "overdue": overdue,
            "untaxed": untaxed - (credited * left_untaxed / left if left else 0),
        }
        return {
            "amounts": figures,
            "next_due_dates": facts["next_due_dates"] if due >= Fraction(1, 100) else [],
            "is_uncertain": 0 < abs(rest[deal]) < Fraction(2, 100),
            "payment_dates": facts["payment_dates"] if rest[deal] else [],
            "settled_dates": facts["settled_dates"] if rest[deal] else facts["credit_dates"],
            "settlement_count": facts["settlement_count"],
        }

    def get_part(self, document, deal):
        """A deal's part of what settles a document, but for credit notes."""
        facts = self._read_document(document)
        rest = {lead: facts["amounts"][lead] - facts["direct"][lead] for lead in facts["amounts"]}
        total = sum(rest.values())
        return rest[deal] / total if total else Fraction(0)

    def _read_document(self, document):
        if document not in self._documents:
            self._documents[document] = self._compute_document(document)
        return self._documents[document]

    def get_amounts(self, document):
        """Each deal's share of a document, and its share without taxes.

        Its lines with their taxes, which an early discount may have reduced. What the document's
        total differs from that belongs to who has taxes, or where it is more than all taxes, to
        all.
        """
        sign = -1 if document.move_type == "out_refund" else 1
        rate = exact(document.invoice_currency_rate) or 1
        terms = document.invoice_payment_term_id
        is_reduced = terms.early_discount and terms.early_pay_discount_computation == "mixed"
        reduced = 1 - exact(terms.discount_percentage) / 100 if is_reduced else 1
        untaxed, taxes = defaultdict(Fraction), defaultdict(Fraction)
        for line in document.line_ids.filtered(lambda line: line.display_type == "product"):
            untaxed[line.opportunity_id] -= exact(line.balance)
            tax = exact(line.price_total) - exact(line.price_subtotal)
            taxes[line.opportunity_id] += sign * tax / rate * reduced
        amounts = {lead: untaxed[lead] + taxes[lead] for lead in untaxed}
        total = sum((exact(line.balance) for line in instalments(document)), Fraction(0))
        difference = total - sum(amounts.values())
        weights = {lead: abs(tax) for lead, tax in taxes.items()}
        if abs(difference) > sum(weights.values()):
            weights = {lead: abs(amount) for lead, amount in amounts.items()}
        if difference:
            for lead in amounts:
                amounts[lead] += difference * weights[lead] / sum(weights.values())
        return amounts, untaxed

    def _compute_document(self, document):
        lines = instalments(document)
        amounts, untaxed = self.get_amounts(document)
        rows = settlements(lines)
        today = document.company_id._get_today()
        facts = {
            "untaxed": untaxed,
            "amounts": amounts,
            "direct": defaultdict(Fraction),
            "direct_credited": defaultdict(Fraction),
            "matched_untaxed": defaultdict(Fraction),
            "credited": Fraction(0),
            "discount": Fraction(0),
            "write_off": Fraction(0),
            "open": Fraction(0),
            "overdue": Fraction(0),
            "next_due_dates": [],
            "payment_dates": [
                row["date"] for row in rows if row["kind"] == "payment" and row["amount"] > 0
            ],
        }
        facts["settlement_count"] = len(rows)
        facts["settled_dates"] = [row["date"] for row in rows]
        facts["credit_dates"] = [row["date"] for row in rows if row["kind"] == "credit_note"]
        for line, residual in self._get_open(lines, rows).items():
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
            elif row["settled_as"] in ("discount", "write_off"):
                facts[row["settled_as"]] += row["amount"]
        return facts

    def _get_open(self, lines, rows):
        """What is open of each instalment: what some have too much is taken off the last ones."""
        residuals = {
            line: exact(line.amount_residual)
            - sum(
                (row["amount"] for row in rows if row["line"] == line and not row["counterpart"]),
                Fraction(0),
            )
            + sum(moved_open(line).values(), Fraction(0))
            for line in lines
        }
        total = sum(residuals.values())
        sign = 1 if total > 0 else -1
        surplus = sum(-sign * amount for amount in residuals.values() if sign * amount < 0)
        result = {}
        for line in lines.sorted(lambda line: (due_date(line), line.id), reverse=True):
            amount = max(sign * residuals[line], Fraction(0))
            result[line] = sign * max(amount - surplus, Fraction(0))
            surplus = max(surplus - amount, Fraction(0))
        return result

    def _credit(self, document, facts, row):
        """What a matching of invoice and credit note takes off which deal."""
        other = row["cause"].move_id
        is_refund = row["line"].balance < 0
        refund, invoice = (document, other) if is_refund else (other, document)
        refund_amounts, refund_untaxed = self.get_amounts(refund)
        invoice_amounts, _untaxed = self.get_amounts(invoice)
        total = sum(refund_amounts.values())
        for lead, share in refund_amounts.items():
            amount = row["amount"] * share / total if total else Fraction(0)
            if lead in invoice_amounts if lead else is_refund:
                facts["direct"][lead] += amount
                if lead and (row["kind"] == "exchange" or other.state != "posted"):
                    facts["direct_credited"][lead] += amount
                elif share:
                    facts["matched_untaxed"][lead] += amount * refund_untaxed[lead] / share
            elif not lead:
                facts["credited"] += amount
