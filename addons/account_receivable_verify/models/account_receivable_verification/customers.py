from collections import defaultdict
from fractions import Fraction

from odoo import api
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement import plain_books
from odoo.addons.account_receivable_settlement.scope import Scope

from ...check import Finding


class Customers:
    """What each customer owes and has settled: our instalments against the journals."""

    __slots__ = ()

    @api.model
    def _get_customer_domain(self, _company) -> Domain:
        """Who may owe something: partners that are no contacts of a customer."""
        return Domain("parent_id", "=", False) | Domain("is_company", "=", True)

    @api.model
    def _compare_customers(self, company, partners):
        ours = self._get_own_customers(company, partners)
        plain = self._get_plain_customers(company, partners)
        currency = company.currency_id
        for partner in partners:
            for name in sorted(ours[partner.id].keys() | plain[partner.id].keys()):
                kept = ours[partner.id].get(name, 0)
                recomputed = plain[partner.id].get(name, Fraction(0))
                if self._is_other_amount(kept, recomputed, currency):
                    yield Finding(
                        partner.id,
                        "res.partner",
                        partner.id,
                        partner.display_name,
                        name,
                        float(kept),
                        self._round(recomputed, currency),
                        currency,
                    )

    @api.model
    def _is_other_amount(self, kept, recomputed, currency, tolerance=Fraction(0)) -> bool:
        """Whether an amount is another one than an exact fraction, rounded to this currency.

        :param tolerance: how far it may be off because it was rounded on the way
        """
        # Half a unit: either neighbour is the fraction, rounded.
        half = Fraction(501, 1000) / 10**currency.decimal_places
        return abs(plain_books.exact(kept) - Fraction(recomputed)) > tolerance + half

    @api.model
    def _round(self, amount, currency) -> float:
        return float(plain_books.cents(Fraction(amount), currency))

    # Ours ------------------------------------------------------------------------------------

    @api.model
    def _get_own_customers(self, company, partners) -> dict[int, dict]:
        """What our relations say: open, overdue, credits, and settlements by kind."""
        result = defaultdict(dict)
        receivable = self.env["account.receivable"]
        receivable._flush()
        for partner_id, *amounts in self.env.execute_query(
            SQL(
                """
                SELECT partner_id,
                       COALESCE(SUM(amount) FILTER (WHERE amount > 0), 0),
                       COALESCE(SUM(amount) FILTER (WHERE %(is_overdue)s), 0),
                       COALESCE(SUM(-amount) FILTER (WHERE amount < 0), 0)
                  FROM (%(item)s) item
                 GROUP BY partner_id
                """,
                is_overdue=receivable._get_is_overdue_sql(
                    "item", SQL("%s::date", company._get_today())
                ),
                item=self.env["account.receivable.item"]._get_item_sql(Scope(company, partners)),
            )
        ):
            result[partner_id] = dict(zip(("open", "overdue", "credits"), amounts, strict=True))
        for partner, kind, amount in self.env["account.receivable.settlement"]._read_group(
            [("company_id", "=", company.id), ("partner_id", "in", partners.ids)],
            ["partner_id", "kind"],
            ["amount:sum"],
        ):
            result[partner.id][f"settled_{kind}"] = amount
        return result

    # Plainly ---------------------------------------------------------------------------------

    @api.model
    def _get_plain_items(self, company, partners) -> dict:
        """What is open now of these customers' journal items, netted within documents.

        :return: by customer ``(pairs of journal item and open amount, settlements)``
        """
        items = plain_books.customer_items(self.env, company, partners)
        lines = self.env["account.move.line"].union(*items.values())
        moved = plain_books.moved_by_item(plain_books.origins(lines))
        result = {}
        for customer, own in items.items():
            documents = own.filtered(plain_books.is_document_line)
            settlements = plain_books.settlements(documents)
            entryless = defaultdict(Fraction)
            for row in settlements:
                if not row["counterpart"]:
                    entryless[row["line"]] += row["amount"]
            open_items = plain_books.net(
                [
                    (line, plain_books.residual_now(line) - entryless[line] + moved[line])
                    for line in own
                ]
            )
            result[customer] = open_items, settlements
        return result

    @api.model
    def _get_plain_customers(self, company, partners) -> dict[int, dict]:
        today = company._get_today()
        result = defaultdict(dict)
        for customer, (open_items, settlements) in self._get_plain_items(company, partners).items():
            amounts = result[customer.id] = defaultdict(Fraction)
            for line, residual in open_items:
                amounts["open" if residual > 0 else "credits"] += abs(residual)
                if residual > 0 and not plain_books.is_disputed(line):
                    if plain_books.item_due_date(line) < today:
                        amounts["overdue"] += residual
            for row in settlements:
                if not row["is_mirror"]:
                    amounts[f"settled_{row['kind']}"] += row["amount"]
        return result
