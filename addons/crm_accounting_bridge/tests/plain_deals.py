"""The deals' figures read plainly: record by record, through the ORM, with exact fractions."""

from collections import defaultdict
from fractions import Fraction

from odoo.addons.account_receivable_settlement.tests.plain_books import (
    SALE_TYPES,
    cents,
    due_date,
    exact,
    instalments,
    is_document_line,
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
