"""Commission read plainly: document by document, from journal items, with exact fractions.

Written against the rules, apart from the relations that events are made of: no SQL of ours. How an
entry settles an instalment is read by ``plain_books``, what a document's lines are with taxes by
``plain_deals``; what a person earns of it is said here. Simple and slow. Tests compare events with
it, and so does an accountant who verifies them. Amounts are in the company's currency.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from odoo.addons.account_receivable_settlement.plain_books import (
    SALE_TYPES,
    cents,
    exact,
    instalments,
    is_document_line,
    settlements,
)
from odoo.addons.crm_accounting_bridge.plain_deals import PlainDeals

KINDS = ("earned", "lost", "open")
CENT = Fraction(1, 100)
NOTHING = Fraction(0)


@dataclass
class Sale:
    """A deal's share of a document, and what became of it.

    :ivar untaxed: its lines, in company currency, negative for credit notes
    :ivar amount: the same with taxes
    :ivar became: parts of 1 by kind; what a credit note without a deal takes off is in none
    :ivar exactness: what a cent of a settlement may come to, as a part of 1
    """

    untaxed: Fraction
    amount: Fraction
    became: dict = field(default_factory=lambda: defaultdict(Fraction))
    exactness: Fraction = NOTHING
    is_whole: bool = True


class Notes:
    """What credit notes take off a document.

    :ivar matched: by deal, its own credit notes, which say what that is without taxes
    :ivar loose: by deal, what only takes off, as exchange differences of those
    :ivar shared: by kind, what comes off all deals
    """

    def __init__(self):
        self.matched = defaultdict(Fraction)
        self.matched_untaxed = defaultdict(Fraction)
        self.loose = defaultdict(Fraction)
        self.shared = defaultdict(Fraction)

    def match(self, deal, amount, untaxed):
        self.matched[deal] += amount
        self.matched_untaxed[deal] += untaxed


class Commission:
    """What a person is entitled to by a plan on a document: base and amount by kind."""

    def __init__(self):
        self.base = defaultdict(Fraction)
        self.amount = defaultdict(Fraction)
        self.tolerance = NOTHING  # of bases; amounts are rounded once more
        self.whole_base = NOTHING
        self.whole_amount = NOTHING
        self.is_whole = True


class PlainCommission:
    def __init__(self, env):
        self.env = env(su=True)
        self.deals = PlainDeals(self.env)
        self.plans = self.env["crm.commission.plan"].search([("state", "=", "approved")])

    def entitled(self, document):
        """``{(plan, user): Commission}`` of a posted document."""
        result = defaultdict(Commission)
        if document.state != "posted" or document.move_type not in SALE_TYPES:
            return result
        for deal, sale in self.sales(document).items():
            seller = self.get_seller(document, deal)
            for plan in self.plans.filtered(lambda plan: self.is_counted(plan, document)):
                own = self.get_own_base(plan, document, deal)
                for user, share in self.get_shares(plan, document, deal, seller).items():
                    self._add(result[plan, user], plan, sale, own * share)
        return result

    def _add(self, commission, plan, sale, base):
        rate = exact(plan.rate) / 100 if plan.rate_kind == "flat" else NOTHING
        became = {"earned": Fraction(1)} if plan.measure == "invoiced" else sale.became
        for kind, part in became.items():
            commission.base[kind] += base * part
            commission.amount[kind] += base * part * rate
        if plan.measure != "invoiced":
            commission.tolerance += abs(base) * sale.exactness
            commission.is_whole &= sale.is_whole
        commission.tolerance += CENT
        commission.whole_base += cents(base, plan.currency_id)
        commission.whole_amount += cents(base * rate, plan.currency_id)

    # Whose sale, and which part of it counts ---------------------------------------------------

    def get_seller(self, document, deal):
        return (
            deal.user_id or document.reversed_entry_id.invoice_user_id or document.invoice_user_id
        )

    def is_counted(self, plan, document):
        return (
            plan.company_id == document.company_id
            and plan.date_from <= document.invoice_date
            and (not plan.date_to or document.invoice_date <= plan.date_to)
            and self.is_counted_customer(plan, instalments(document).partner_id)
        )

    def is_counted_customer(self, plan, partner):
        if not plan.partner_ids and not plan.partner_category_ids:
            return True
        customer = partner.commercial_partner_id
        return bool(
            customer & plan.partner_ids.commercial_partner_id
            or customer.category_id & plan.partner_category_ids
        )

    def get_own_base(self, plan, document, deal):
        lines = document.line_ids.filtered(
            lambda line: line.display_type == "product" and line.opportunity_id == deal
        )
        if plan.product_ids or plan.product_category_ids:
            lines = lines.filtered(
                lambda line: (
                    line.product_id in plan.product_ids
                    or any(
                        f"/{category.id}/" in f"/{line.product_id.categ_id.parent_path or ''}"
                        for category in plan.product_category_ids
                    )
                )
            )
        return sum((self.get_line_amount(plan, line) for line in lines), NOTHING)

    def get_line_amount(self, plan, line):
        """What a plan counts of a line: of its margin, nothing where nobody knows the cost."""
        if plan.measure != "margin":
            return -exact(line.balance)
        cost = line.cost_ids.filtered(lambda row: row.source != "none")
        return -exact(line.balance) - exact(cost.cost) if cost else NOTHING

    def get_shares(self, plan, document, deal, seller):
        """Each person's share; what is agreed for the deal is instead of what holds in general."""
        rows = plan.assignment_ids.filtered(
            lambda row: (
                (not row.date_from or row.date_from <= document.invoice_date)
                and (not row.date_to or document.invoice_date <= row.date_to)
            )
        )
        agreed = rows.filtered(lambda row: deal and row.sales_of == "deal" and row.lead_id == deal)
        result = defaultdict(Fraction)
        for row in rows:
            if row.sales_of == "team":
                is_his = row.team_id and row.team_id == (deal.team_id or seller.sale_team_id)
            elif row.sales_of == "deal":
                is_his = row in agreed
            else:
                earns_on = row.user_id if row.sales_of == "own" else row.salesperson_id
                is_his = not agreed and earns_on == seller
            if is_his:
                result[row.user_id] += exact(row.share) / 100
        return result

    # What became of it -------------------------------------------------------------------------

    def sales(self, document):
        """``{deal: Sale}``: what was settled is shared among deals by what credit notes of their
        own leave of them; without taxes it is the same part of what those leave.
        """
        amounts, untaxed = self.deals.get_amounts(document)
        rows = settlements(instalments(document))
        notes = self._get_notes(document, rows)
        shared = notes.shared
        for row in rows:
            if not is_document_line(row["cause"]):
                shared[self._get_kind(document, row)] += row["amount"]
        rest = {deal: amounts[deal] - notes.matched[deal] - notes.loose[deal] for deal in amounts}
        total = sum(rest.values())
        sales = {}
        for deal in amounts:
            settled = defaultdict(Fraction, {None: notes.loose[deal]})
            if total:
                for kind, amount in shared.items():
                    settled[kind] += amount * rest[deal] / total
            else:
                # Of nothing in all, the deals pay each other.
                settled["earned"] += rest[deal]
            sales[deal] = Sale(untaxed[deal], amounts[deal])
            self._conclude(
                sales[deal],
                {
                    "earned" if deal or not self._is_note(document) else None: (
                        notes.matched_untaxed[deal]
                    )
                },
                settled,
                amounts[deal] - notes.matched[deal],
                untaxed[deal] - notes.matched_untaxed[deal],
                len(rows) * min(len(amounts), 2),
            )
        return sales

    def _get_notes(self, document, rows):
        """What being matched with credit notes, or with invoices, takes off."""
        notes = Notes()
        for (other, is_exchange), amount in self._get_matched(rows).items():
            for deal, part, part_untaxed, is_own in self._get_noted(document, other, amount):
                if not deal and self._is_note(document):
                    # What a credit note without a deal uses up of itself.
                    notes.match(deal, part, part_untaxed)
                elif not is_own:
                    # Other deals' credit notes are like money; one of no deal is nobody's.
                    notes.shared["earned" if deal else None] += part
                elif is_exchange or other.state != "posted":
                    notes.loose[deal] += part
                else:
                    notes.match(deal, part, part_untaxed)
        return notes

    def _conclude(self, sale, own, settled, left, left_untaxed, count):
        """Parts of 1 from amounts: what is not settled is open, or paid if nothing is.

        :param own: by kind, without taxes, what the deal's own credit notes take off
        :param settled: by kind, with taxes, everything else
        :param left: what those leave, with taxes and without
        :param count: how many amounts were rounded to cents
        """
        sale.is_whole = not own.get(None) and not settled.get(None)
        if not sale.amount:
            sale.became = {"earned": Fraction(1)}
            return
        if sale.untaxed:
            whole, factor = sale.untaxed, left_untaxed / left if left else NOTHING
        else:
            whole, factor = sale.amount, Fraction(1)
        became = defaultdict(Fraction)
        for kind, amount in own.items():
            became[kind] += amount / whole
        for kind, amount in settled.items():
            became[kind] += amount * factor / whole
        open_amount = left - sum(settled.values())
        became["open" if open_amount else "earned"] += 1 - sum(became.values())
        became.pop(None, None)
        sale.became = became
        sale.exactness = CENT * (count + 1) * max(abs(factor), Fraction(1)) / abs(whole)

    def _get_kind(self, document, row):
        """What money and entries that settle earn."""
        company = document.company_id
        if row["settled_as"] == "write_off":
            return "lost"
        if row["settled_as"] == "discount" and not company.commission_counts_discount:
            return "lost"
        if company.commission_waits_for_bank:
            payment = row["cause"].payment_id
            if not row["cause"] or (payment and not payment.is_matched):
                return "open"
        return "earned"

    def _get_matched(self, rows):
        """What was matched with which document: ``{(document, is exchange difference): …}``."""
        result = defaultdict(Fraction)
        for row in rows:
            if is_document_line(row["cause"]):
                result[row["cause"].move_id, row["kind"] == "exchange"] += row["amount"]
        return result

    def _is_note(self, document):
        """Whether it takes off: also an invoice of less than nothing does."""
        return sum(instalments(document).mapped("balance")) < 0

    def _get_noted(self, document, other, amount):
        """``(deal, with taxes, without, whether the invoice is the deal's, too)``: what a credit
        note takes off, in proportion to its lines. What that is without taxes its lines say; and
        those of the invoice where it takes off the whole share of it.
        """
        note, invoice = (document, other) if self._is_note(document) else (other, document)
        amounts, untaxed = self.deals.get_amounts(note)
        invoiced, invoiced_untaxed = self.deals.get_amounts(invoice)
        total = sum(amounts.values())
        for deal, share in amounts.items():
            part = amount * share / total if total else NOTHING
            part_untaxed = part * untaxed[deal] / share if share else NOTHING
            if deal in invoiced and invoiced[deal] and abs(part) == abs(invoiced[deal]):
                part_untaxed = part * invoiced_untaxed[deal] / invoiced[deal]
            yield deal, part, part_untaxed, bool(deal) and deal in invoiced
