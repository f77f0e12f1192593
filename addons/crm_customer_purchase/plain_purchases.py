"""What customers of a company buy, read plainly: line by line, through the ORM.

Written against the definitions, apart from the relations that rows are made of: no SQL of the
addon, exact fractions throughout. Simple and slow. Tests compare rows with it, and so does an
accountant who verifies them. Amounts are untaxed, in the company's currency; quantities in the
product's own unit; documents of one day are one purchase.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor
from statistics import median

from dateutil.relativedelta import relativedelta

from odoo.addons.account_receivable_settlement.plain_books import SALE_TYPES, exact

#: Figures that are exact to the cent.
AMOUNTS = ("amount_12m", "amount_prev_12m")
#: How far a number may be from the exact one: it is kept with two, four or six decimals.
NUMBERS = {
    "quantity_12m": Fraction(1, 10000),
    "quantity_prev_12m": Fraction(1, 10000),
    "share": Fraction(51, 10**8),
    "trend": Fraction(51, 10**6),
    "interval_days": Fraction(501, 10**5),
}
#: Counts, dates and words.
VALUES = ("purchase_count", "first_date", "last_date", "expected_date", "state")
#: What a customer's purchases are as a whole, on its health: within what, zero where it is exact.
CUSTOMER_FIGURES = {
    "product_count": Fraction(0),
    "category_count": Fraction(0),
    "product_concentration": Fraction(51, 10**6),
}
#: Parts of what was usual below which a product falls, and from which it grows, in percent.
PERCENTS = (50, 150)


@dataclass
class Bought:
    """What a document's line says was bought, or returned: negative."""

    day: date
    quantity: Fraction
    amount: Fraction
    is_purchase: bool


class PlainPurchases:
    """What was invoiced to customers of a company up to a day.

    :param today: the day; later documents do not count yet
    :param percents: below and from which a product falls and grows, of what was usual
    :param partners: only these customers are read
    """

    def __init__(self, env, company, today, percents=PERCENTS, partners=None):
        self.env = env(su=True, context={**env.context, "active_test": False})
        self.company = self.env["res.company"].browse(company.id)
        self.percents = percents
        self.today = today
        self.recent = today - relativedelta(months=3)
        self.year = today - relativedelta(months=12)
        self.before = today - relativedelta(months=24)
        self.bought = self._read(partners)

    def _read(self, partners):
        """What was bought, by customer of today and product."""
        domain = [
            ("company_id", "=", self.company.id),
            ("parent_state", "=", "posted"),
            ("move_id.move_type", "in", SALE_TYPES),
            ("display_type", "=", "product"),
            ("product_id", "!=", False),
            ("partner_id", "!=", False),
        ]
        if partners is not None:
            domain.append(("partner_id.commercial_partner_id", "in", partners.ids))
        bought = defaultdict(list)
        is_in_mix = self.env["crm.customer.purchase.line"]._is_in_mix
        for line in self.env["account.move.line"].search(domain):
            day = line.move_id.invoice_date
            if day > self.today or not is_in_mix(line):
                continue
            sign = -1 if line.move_id.move_type == "out_refund" else 1
            bought[line.partner_id.commercial_partner_id, line.product_id].append(
                Bought(
                    day,
                    sign * self._get_quantity(line),
                    exact(line.credit) - exact(line.debit),
                    sign > 0 and line.quantity > 0,
                )
            )
        return bought

    def _get_quantity(self, line):
        """In the product's own unit."""
        quantity = line.quantity
        if line.product_uom_id:
            quantity = line.product_uom_id._compute_quantity(
                quantity, line.product_id.uom_id, round=False
            )
        return Fraction(quantity)

    # Products --------------------------------------------------------------------------------

    def rows(self):
        """``{(customer, product): figures}``."""
        rows = {key: self._get_row(lines) for key, lines in self.bought.items()}
        totals = defaultdict(Fraction)
        for (customer, __), row in rows.items():
            totals[customer] += max(row["amount_12m"], 0)
        for (customer, __), row in rows.items():
            total = totals[customer]
            row["share"] = max(row["amount_12m"], 0) / total if total else Fraction(0)
        return rows

    def _get_row(self, lines):
        def total(name, start, end):
            return sum(
                (getattr(line, name) for line in lines if start < line.day <= end), Fraction(0)
            )

        days = sorted({line.day for line in lines if line.is_purchase})
        gaps = [Fraction((later - earlier).days) for earlier, later in pairwise(days)]
        interval = median(gaps) if len(days) >= 3 else None
        recent = total("amount", self.recent, self.today)
        earlier = total("amount", self.year, self.recent)
        return {
            "quantity_12m": total("quantity", self.year, self.today),
            "quantity_prev_12m": total("quantity", self.before, self.year),
            "amount_12m": total("amount", self.year, self.today),
            "amount_prev_12m": total("amount", self.before, self.year),
            "purchase_count": len(days),
            "first_date": days[0] if days else False,
            "last_date": days[-1] if days else False,
            "interval_days": interval or Fraction(0),
            "expected_date": (
                False
                if interval is None
                else days[-1] + timedelta(floor(interval + Fraction(1, 2)))
            ),
            "trend": 3 * recent / earlier - 1 if earlier > 0 else Fraction(0),
            "state": self._get_state(days, interval, recent, earlier),
        }

    def _get_state(self, days, interval, recent, earlier):
        """How it goes on; nothing of what was only returned."""
        if not days:
            return False
        if interval is None:
            is_lapsed = len(days) > 1 and days[-1] <= self.year
        else:
            is_lapsed = (self.today - days[-1]).days > 2 * interval
        if is_lapsed:
            return "lapsed"
        if days[0] > self.recent:
            return "new"
        if len(days) == 1:
            return "single"
        if len([day for day in days if self.year < day <= self.recent]) >= 3 and earlier > 0:
            falling, growing = (Fraction(percent, 100) for percent in self.percents)
            if 3 * recent < falling * earlier:
                return "falling"
            if 3 * recent >= growing * earlier:
                return "growing"
        return "regular"

    # Customers -------------------------------------------------------------------------------

    def customers(self):
        """``{customer: figures}`` of a year, and of what was bought in it: a product of which more
        was returned does not count.
        """
        products = defaultdict(dict)
        for (customer, product), lines in self.bought.items():
            amount = sum((line.amount for line in lines if line.day > self.year), Fraction(0))
            if amount > 0:
                products[customer][product] = amount
        return {customer: self._get_customer(own) for customer, own in products.items()}

    def _get_customer(self, amounts):
        categories = defaultdict(Fraction)
        for product, amount in amounts.items():
            if product.categ_id:
                categories[product.categ_id] += amount
        return {
            "product_count": len(amounts),
            "category_count": len(categories),
            "product_concentration": sum(amount**2 for amount in amounts.values())
            / sum(amounts.values()) ** 2,
            "main_category_id": min(
                categories, key=lambda category: (-categories[category], category.id), default=None
            ),
        }
