"""What customers were worth, read plainly: line by line, through the ORM.

Written against the definitions, apart from the statements that values are made of: no SQL of the
addon. Exact fractions, but for interest. Simple and slow. Amounts are in the company's currency.
"""

from collections import defaultdict
from fractions import Fraction
from math import floor

from dateutil.relativedelta import relativedelta

from odoo.addons.account_receivable_settlement.plain_books import (
    SALE_TYPES,
    customer_items,
    exact,
    is_document_line,
    settlements,
)

#: Figures that are exact to the cent.
AMOUNTS = (
    "revenue",
    "costed_revenue",
    "margin",
    "mean_spend",
    "invoiced_total",
    "paid_total",
    "margin_total",
)
#: The same where the cost to serve is part of it.
SERVED = ("service_amount", "profit", "past_value")
#: Counts, dates and whether it is under contract.
VALUES = ("purchase_count", "last_week", "age_weeks", "first_invoice_date", "is_contract")
#: Money with interest: how far floating point may be off, as a part of what was added up.
INTEREST_ERROR = 1e-9
NOTHING = Fraction(0)


def nearest(fraction):
    """The nearest whole number, of two the one farther from zero."""
    return floor(fraction + Fraction(1, 2)) if fraction >= 0 else -floor(Fraction(1, 2) - fraction)


class PlainValue:
    """Customers of a company on a day.

    :param partners: only these customers are read
    """

    def __init__(self, env, company, today, partners):
        self.env = env(su=True, context={**env.context, "active_test": False})
        self.company = self.env["res.company"].browse(company.id)
        self.policy = self.env["crm.customer.health.policy"].search(
            [("company_id", "=", company.id)]
        )
        self.today = today
        self.year = today - relativedelta(months=12)
        self.partners = self.env["res.partner"].browse(partners.ids)
        self._documents = self._read_documents()
        self._lines = self._read_lines()
        self._served = self._read_served()
        self._items = customer_items(self.env, self.company, self.partners)

    def _read_documents(self):
        documents = defaultdict(lambda: self.env["account.move"])
        for move in self.env["account.move"].search(
            [
                ("company_id", "=", self.company.id),
                ("state", "=", "posted"),
                ("move_type", "in", SALE_TYPES),
                # The customer of today: a document keeps the one that it was posted for.
                ("commercial_partner_id.commercial_partner_id", "in", self.partners.ids),
                ("invoice_date", "<=", self.today),
            ]
        ):
            documents[move.commercial_partner_id.commercial_partner_id] |= move
        return documents

    def _read_lines(self):
        """Lines of documents by customer, with what they cost, nothing where it is unknown."""
        lines = defaultdict(list)
        for line in self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("parent_state", "=", "posted"),
                ("move_id.move_type", "in", SALE_TYPES),
                ("display_type", "=", "product"),
                ("partner_id.commercial_partner_id", "in", self.partners.ids),
                ("invoice_date", "<=", self.today),
            ]
        ):
            cost = line.cost_ids.filtered(lambda cost: cost.source != "none")
            lines[line.partner_id.commercial_partner_id].append(
                (line.invoice_date, -exact(line.balance), exact(cost.cost) if cost else None)
            )
        return lines

    def _read_served(self):
        """Months and amounts of the cost to serve, by customer."""
        served = defaultdict(list)
        for row in self.env["crm.customer.service"].search(
            [("company_id", "=", self.company.id), ("partner_id", "in", self.partners.ids)]
        ):
            served[row.partner_id].append((row.month, exact(row.amount)))
        return served

    def values(self):
        """``{customer: figures}`` of who ever bought something."""
        return {
            customer: figures
            for customer in self.partners
            if (figures := self._get_figures(customer))
        }

    def _get_figures(self, customer):
        documents = self._documents[customer]
        purchases = documents.filtered(lambda move: move.move_type != "out_refund")
        if not purchases:
            return None
        days = sorted(set(purchases.mapped("invoice_date")))
        spent = sum((exact(move.amount_untaxed_signed) for move in documents), NOTHING)
        lines, served, paid = self._lines[customer], self._served[customer], self._paid(customer)
        recent = [line for line in lines if line[0] > self.year]
        figures = {
            "revenue": sum((amount for _day, amount, _cost in recent), NOTHING),
            "costed_revenue": sum(
                (amount for _day, amount, cost in recent if cost is not None), NOTHING
            ),
            "margin": self._get_margin(recent),
            "service_amount": sum(
                (amount for month, amount in served if month > self.year), NOTHING
            ),
            "purchase_count": len(days),
            "last_week": nearest(Fraction((days[-1] - days[0]).days, 7)),
            "age_weeks": max(1, nearest(Fraction((self.today - days[0]).days, 7))),
            "mean_spend": max(spent, NOTHING) / len(days),
            "first_invoice_date": days[0],
            "invoiced_total": sum((amount for _day, amount, _cost in lines), NOTHING),
            "paid_total": sum((amount for _day, amount in paid), NOTHING),
            "margin_total": self._get_margin(lines),
            "is_contract": bool(customer.category_id & self.policy.contract_category_ids),
        }
        figures["profit"] = figures["margin"] - figures["service_amount"]
        figures["margin_rate"] = (
            figures["margin"] / figures["costed_revenue"] if figures["costed_revenue"] else NOTHING
        )
        flows = [
            *paid,
            *((day, -cost) for day, _amount, cost in lines if cost is not None),
            *((month, -amount) for month, amount in served),
        ]
        figures["past_value"] = Fraction(sum(self._with_interest(*flow) for flow in flows))
        figures["interest_error"] = Fraction(
            sum(abs(self._with_interest(*flow)) for flow in flows) * INTEREST_ERROR
        )
        return figures

    def _paid(self, customer):
        """Days and amounts of money received, negative where it was paid back."""
        documents = self._items[customer].filtered(is_document_line)
        return [
            (row["date"], row["amount"])
            for row in settlements(documents)
            if row["kind"] == "payment" and row["date"] <= self.today
        ]

    def _get_margin(self, lines):
        return sum((amount - cost for _day, amount, cost in lines if cost is not None), NOTHING)

    def _with_interest(self, day, amount):
        """What an amount of a day is worth today."""
        yearly = 1 + self.policy.value_discount_rate / 100
        return float(amount) * yearly ** ((self.today - day).days / 365)
