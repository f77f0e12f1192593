"""The customers of a company read plainly: record by record, through the ORM.

Written against the definitions, apart from the relations that figures are made of: no SQL of the
addon, exact fractions throughout. Simple and slow. Tests compare figures with it, and so does an
accountant who verifies them. Amounts are in the company's currency, days are whole days.
"""

from calendar import monthrange
from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from dateutil.relativedelta import relativedelta

from odoo.addons.account_receivable_settlement.plain_books import (
    SALE_TYPES,
    cents,
    customer_items,
    exact,
    instalments,
    is_disputed,
    is_document_line,
    item_due_date,
    moved_by_item,
    net,
    origins,
    residual_now,
    settlements,
)

#: Figures of what is open, in company currency.
EXPOSURE = (
    "open_amount",
    "not_due_amount",
    "overdue_amount",
    "overdue_1_30",
    "overdue_31_60",
    "overdue_61_90",
    "overdue_over_90",
    "unapplied_credit_amount",
    "disputed_amount",
)
#: Figures that are exact to the cent.
AMOUNTS = (
    *EXPOSURE,
    "net_overdue_amount",
    "paid_amount",
    "written_off_amount",
    "revenue_12m",
    "revenue_prev_12m",
    "average_invoice_amount",
)
#: How far a number may be from the exact one: it is kept with two or four decimals.
NUMBERS = {
    "days_to_pay": Fraction(501, 100000),
    "median_days_to_pay": Fraction(501, 100000),
    "days_beyond_terms": Fraction(501, 100000),
    "days_beyond_terms_late": Fraction(501, 100000),
    "median_days_beyond_terms": Fraction(501, 100000),
    "purchase_interval_days": Fraction(501, 100000),
    "dso_countback": Fraction(501, 100000),
    "on_time_rate": Fraction(51, 1000000),
    "payment_score": Fraction(501, 100000),
    "payment_trend": Fraction(1001, 100000),
}

#: Days beyond terms and the score that they are worth; straight lines between, flat outside.
CURVE = (
    (-30, 100),
    (-20, 90),
    (0, 80),
    (15, 70),
    (22, 60),
    (30, 50),
    (60, 40),
    (90, 30),
    (120, 20),
    (180, 1),
)
WORST = Fraction(1)
#: What an administrator may change, with the design's defaults.
SETTINGS = {
    "window_months": 12,
    "weights": {"payment": 40, "exposure": 20, "trend": 10, "purchase": 20},
    "risk_bands": (80, 50),
    "status_bands": (80, 50),
    "minimum_history": 5,
}
BUCKETS = (("overdue_1_30", 30), ("overdue_31_60", 60), ("overdue_61_90", 90))
#: Recency by frequency, both 1 to 5.
SEGMENTS = {
    "hibernating": ("11", "12", "21", "22"),
    "at_risk": ("13", "14", "23", "24"),
    "cant_lose": ("15", "25"),
    "about_to_sleep": ("31", "32"),
    "need_attention": ("33",),
    "loyal": ("34", "35", "44", "45"),
    "promising": ("41",),
    "new": ("51",),
    "potential_loyalist": ("42", "43", "52", "53"),
    "champions": ("54", "55"),
}
SEGMENT_BY_CELL = {cell: name for name, cells in SEGMENTS.items() for cell in cells}


def curve(days):
    """The score of a settlement so many days beyond terms, an exact fraction."""
    days = Fraction(days)
    if days <= CURVE[0][0]:
        return Fraction(CURVE[0][1])
    for (left, high), (right, low) in pairwise(CURVE):
        if days <= right:
            return high + (low - high) * (days - left) / (right - left)
    return Fraction(CURVE[-1][1])


def percentile(values, share):
    """The value at this share of the sorted values, on a straight line between neighbours."""
    values = sorted(values)
    if not values:
        return None
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def median(values):
    return percentile([Fraction(value) for value in values], Fraction(1, 2))


def mean(pairs):
    """The weighted mean of ``(weight, value)``, None without weight."""
    pairs = list(pairs)
    weight = sum(weight for weight, _value in pairs)
    return sum(weight * value for weight, value in pairs) / weight if weight else None


def months_before(day, months):
    return day - relativedelta(months=months)


def customer_figures(env, company, partner, as_of=None, **options):
    """All figures of one customer, None without a row. See :class:`PlainHealth`."""
    return PlainHealth(env, company, as_of, **options).figures(partner)


def company_norm(env, company, as_of=None, **options):
    """What all customers of a company are measured by. See :class:`PlainHealth`."""
    return PlainHealth(env, company, as_of, **options).norm()


class PlainHealth:
    """The customers of one company on a day, None: today, whatever the ledger says.

    :param settings: what differs from the default ``SETTINGS``
    :param norm: cut points and mean to measure by, instead of those of the day
    :param partners: only these customers are read; then no norm can be computed
    """

    def __init__(self, env, company, as_of=None, settings=None, norm=None, partners=None):
        # Whoever may see it, archived or not.
        companies = env["res.company"].sudo().search([("active", "in", (True, False))])
        allowed = companies.filtered("active").ids
        self.env = env(
            su=True,
            context={**env.context, "active_test": False, "allowed_company_ids": allowed},
        )
        self.company = self.env["res.company"].browse(company.id)
        self.is_live = as_of is None
        self.as_of = as_of or self.company._get_today()
        self.settings = {**SETTINGS, **(settings or {})}
        self._norm = norm
        self._partners = partners and self.env["res.partner"].browse(partners.ids)
        self._items = self._read_items()
        self._moved = self._read_moved()
        self._documents = self._read_documents()
        self._facts = {}

    # The books -------------------------------------------------------------------------------

    def _read_items(self):
        """Posted trade receivables by the customer of today."""
        return defaultdict(
            lambda: self.env["account.move.line"],
            {
                customer: known
                for customer, lines in customer_items(
                    self.env, self.company, self._partners
                ).items()
                if (known := lines.filtered(lambda line: self.is_live or line.date <= self.as_of))
            },
        )

    def _read_moved(self):
        """What is owed on other journal items than the old ones: it belongs to the old ones."""

        def is_known(partial):
            return self.is_live or self._get_settled_on(partial) <= self.as_of

        lines = self.env["account.move.line"].union(*self._items.values())
        # Also what others owed, of whom nothing is read here, and what was moved from a document
        # that is a draft again.
        return moved_by_item(origins(lines), is_known)

    def _read_documents(self):
        """Posted invoices, receipts and credit notes, by the customer of today.

        Of a past day those that were booked by then; today also those dated ahead.
        """
        documents = defaultdict(lambda: self.env["account.move"])
        domain = [("company_id", "=", self.company.id), ("move_type", "in", SALE_TYPES)]
        if self._partners is not None:
            lines = self.env["account.move.line"].search(
                [
                    ("display_type", "=", "payment_term"),
                    ("partner_id.commercial_partner_id", "in", self._partners.ids),
                ]
            )
            domain.append(("id", "in", lines.move_id.ids))
        moves = self.env["account.move"].search(domain)
        for move in moves:
            if move.state == "posted" and (self.is_live or move.date <= self.as_of):
                instalments = move.line_ids.filtered(is_document_line)
                documents[instalments.partner_id.commercial_partner_id] |= move
        return documents

    def customers(self):
        """Who has a row: an open item, a posted document, or a settlement in the window."""
        known = self.env["res.partner"].union(*self._items, *self._documents)
        return known.filtered(self._get_facts)

    def _get_settled_on(self, partial):
        """When a reconciliation came about: an exchange difference with what caused it."""
        Partial = self.env["account.partial.reconcile"]
        sides = partial.debit_move_id | partial.credit_move_id
        for side in sides:
            causing = Partial.search([("exchange_move_id", "=", side.move_id.id)], order="id")
            own = [
                cause
                for cause in causing
                if (sides - side) & (cause.debit_move_id | cause.credit_move_id)
            ]
            for cause in (*own, *causing):
                return max(cause.debit_move_id.date, cause.credit_move_id.date)
        return max(sides.mapped("date"))

    def _get_residual(self, line, rows):
        """What was open of a journal item: positive owed, negative owed to the customer.

        :param rows: settlements of the customer by payments without journal entry
        """
        residual = residual_now(line)
        if not self.is_live:
            residual = exact(line.amount_residual)
            for partial in line.matched_debit_ids | line.matched_credit_ids:
                if self._get_settled_on(partial) > self.as_of:
                    sign = 1 if partial.debit_move_id == line else -1
                    residual += sign * exact(partial.amount)
        for row in rows:
            if row["line"] == line and (self.is_live or row["date"] <= self.as_of):
                residual -= row["amount"]
        return residual + self._moved[line]

    def _get_facts(self, partner):
        """Everything but what compares a customer with others."""
        partner = self.env["res.partner"].browse(partner.id)
        if partner not in self._facts:
            items = self._items.get(partner, self.env["account.move.line"])
            self._facts[partner] = self._compute_facts(partner, items)
        return self._facts[partner]

    def _compute_facts(self, partner, items):
        documents = items.filtered(is_document_line)
        rows = settlements(
            self.env["account.move.line"].union(*map(instalments, documents.move_id)) & documents
        )
        start = months_before(self.as_of, self.settings["window_months"])
        in_window = [
            row for row in rows if start < row["date"] <= self.as_of and not row["is_mirror"]
        ]
        for row in in_window:
            row["late"] = (row["date"] - item_due_date(row["line"])).days
            row["to_pay"] = (row["date"] - row["line"].move_id.invoice_date).days
        entryless = [row for row in rows if not row["counterpart"]]
        open_items = net([(line, self._get_residual(line, entryless)) for line in items])
        facts = {"as_of_date": self.as_of, "currency_id": self.company.currency_id}
        facts |= self._get_exposure(open_items)
        facts |= self._get_behaviour(in_window)
        facts |= self._get_judgement(*self._settle_with_house(open_items, in_window, start))
        facts["is_unscored"] = partner.is_unscored
        if partner.is_unscored:
            facts |= {"payment_score": None, "payment_trend": None, "payment_risk": "unknown"}
        facts |= self._get_business(self._documents.get(partner, ()))
        settled = any(
            row["settled_as"] in ("payment", "discount", "write_off") for row in in_window
        )
        if not settled and partner not in self._documents:
            if not any(residual for _line, residual in open_items):
                return None
        facts["dso_countback"] = self._get_countback(partner, facts)
        return facts

    # Exposure --------------------------------------------------------------------------------

    def _get_age(self, line):
        """Days since the due date, zero or less when it is not overdue."""
        return (self.as_of - item_due_date(line)).days

    def _settle_with_house(self, open_items, rows, start):
        """The settlements and debts that there would be if what is in the house were matched today
        with the oldest overdue debts: money makes settlements on its own day, credit notes only
        take off.

        :param rows: settlements of the window, which begins after ``start``
        :return: settlements, and ``(line, residual)`` of what stays overdue
        """
        debts = [
            [line, residual]
            for line, residual in open_items
            if residual > 0 and not is_disputed(line) and self._get_age(line) > 0
        ]
        debts.sort(key=lambda debt: (item_due_date(debt[0]), debt[0].id))
        credits = [(line, -residual) for line, residual in open_items if residual < 0]
        money = [credit for credit in credits if self._is_money(credit[0])]
        notes = [credit for credit in credits if not self._is_money(credit[0])]
        settled = list(rows)
        for line, amount in [
            *sorted(money, key=lambda credit: (credit[0].date, credit[0].id)),
            *notes,
        ]:
            left = amount
            for debt in debts:
                part = min(left, debt[1])
                left -= part
                debt[1] -= part
                if not part or not self._is_money(line) or not is_document_line(debt[0]):
                    continue
                day = max(line.date, debt[0].move_id.invoice_date)
                if start < day <= self.as_of:
                    settled.append(
                        {
                            "line": debt[0],
                            "kind": "payment",
                            "settled_as": "payment",
                            "amount": part,
                            "date": day,
                            "late": (day - item_due_date(debt[0])).days,
                        }
                    )
        return settled, [(line, residual) for line, residual in debts if residual]

    @staticmethod
    def _is_money(line):
        return bool(line.payment_id or line.statement_line_id)

    def _get_exposure(self, open_items):
        amounts = dict.fromkeys(
            (
                "open_amount",
                "not_due_amount",
                "overdue_amount",
                "disputed_amount",
                "unapplied_credit_amount",
                "overdue_over_90",
                *(name for name, _days in BUCKETS),
            ),
            Fraction(0),
        )
        due_dates = []
        for line, residual in open_items:
            if residual <= 0:
                amounts["unapplied_credit_amount"] -= residual
                continue
            amounts["open_amount"] += residual
            age = self._get_age(line)
            if is_disputed(line):
                amounts["disputed_amount"] += residual
            elif age <= 0:
                amounts["not_due_amount"] += residual
            else:
                due_dates.append(item_due_date(line))
                amounts["overdue_amount"] += residual
                bucket = next((name for name, upto in BUCKETS if age <= upto), "overdue_over_90")
                amounts[bucket] += residual
        oldest = min(due_dates, default=None)
        return {
            **amounts,
            "overdue_count": len(due_dates),
            "oldest_due_date": oldest,
            "days_overdue": (self.as_of - oldest).days if oldest else 0,
        }

    # Behaviour -------------------------------------------------------------------------------

    def _get_behaviour(self, rows):
        settled = [
            row
            for row in rows
            if row["settled_as"] in ("payment", "discount") and row["amount"] > 0
        ]
        payments = [row for row in settled if row["kind"] == "payment"]
        on_time = sum(row["amount"] for row in settled if row["late"] <= 0)
        weight = sum(row["amount"] for row in settled)
        return {
            "paid_amount": self._sum(rows, "payment"),
            "payment_count": len(payments),
            "last_payment_date": max((row["date"] for row in payments), default=None),
            "written_off_amount": self._sum(rows, "write_off"),
            "days_to_pay": mean((row["amount"], row["to_pay"]) for row in settled),
            "median_days_to_pay": median(row["to_pay"] for row in payments),
            "days_beyond_terms": mean((row["amount"], row["late"]) for row in settled),
            "days_beyond_terms_late": mean((row["amount"], max(row["late"], 0)) for row in settled),
            "median_days_beyond_terms": median(row["late"] for row in payments),
            "on_time_rate": Fraction(on_time) / weight if weight else None,
        }

    @staticmethod
    def _sum(rows, kind):
        return sum((row["amount"] for row in rows if row["settled_as"] == kind), Fraction(0))

    # Judgement -------------------------------------------------------------------------------

    def _get_judgement(self, rows, debts):
        overdue = [
            (residual, self._get_age(line)) for line, residual in debts if is_document_line(line)
        ]
        scored = [
            (
                row["amount"],
                WORST if row["settled_as"] == "write_off" else curve(row["late"]),
                row["date"],
            )
            for row in rows
            if row["settled_as"] in ("payment", "discount", "write_off") and row["amount"] > 0
        ]
        due = [(amount, curve(days)) for amount, days in overdue]
        score = mean([*((weight, value) for weight, value, _day in scored), *due])
        trend = None
        if self.settings["window_months"] > 3:
            border = months_before(self.as_of, 3)
            recent = mean([*((w, value) for w, value, day in scored if day > border), *due])
            before = mean((w, value) for w, value, day in scored if day <= border)
            if recent is not None and before is not None:
                trend = recent - before
        low, medium = self.settings["risk_bands"]
        if score is None:
            risk = "unknown"
        else:
            risk = "low" if score >= low else "medium" if score >= medium else "high"
        return {
            "payment_score": score,
            "payment_trend": trend,
            "payment_risk": risk,
            "net_overdue_amount": sum((residual for _line, residual in debts), Fraction(0)),
            "received": self._sum(rows, "payment"),
            # Instalments; an exchange difference is no settlement by itself.
            "scored_items": len(
                {
                    row["line"]
                    for row in rows
                    if row["settled_as"] in ("payment", "discount", "write_off")
                    and row["amount"] > 0
                    and row["kind"] != "exchange"
                }
                | {line for line, _residual in debts if is_document_line(line)}
            ),
        }

    # Business --------------------------------------------------------------------------------

    def _get_business(self, documents):
        invoices = [move for move in documents if move.move_type != "out_refund"]
        dates = sorted({move.invoice_date for move in invoices})
        gaps = [(later - earlier).days for earlier, later in pairwise(dates)]
        interval = median(gaps) if len(invoices) >= 3 else None
        year, two_years = (months_before(self.as_of, months) for months in (12, 24))
        untaxed = [exact(move.amount_untaxed_signed) for move in invoices]
        business = {
            "invoice_count": len(invoices),
            "first_invoice_date": dates[0] if dates else None,
            "last_invoice_date": dates[-1] if dates else None,
            "revenue_12m": self._get_revenue(documents, year, self.as_of),
            "revenue_prev_12m": self._get_revenue(documents, two_years, year),
            "average_invoice_amount": sum(untaxed) / len(untaxed) if untaxed else None,
            "purchase_interval_days": interval,
            "expected_next_invoice_date": None,
            "is_lapsed": False,
            "frequency": sum(year < move.invoice_date <= self.as_of for move in invoices),
            "recency": (self.as_of - dates[-1]).days if dates else None,
        }
        if interval is not None:
            days = int(interval + Fraction(1, 2))
            business["expected_next_invoice_date"] = dates[-1] + timedelta(days=days)
            business["is_lapsed"] = business["recency"] > 2 * interval
        return business

    def _get_revenue(self, documents, after, upto):
        return sum(
            (
                self._get_amounts(move)["untaxed"]
                for move in documents
                if after < move.invoice_date <= upto
            ),
            Fraction(0),
        )

    def _get_amounts(self, move):
        """Untaxed and with taxes; what a credit note takes off an invoice at the invoice's rate.

        What the two rates make of it, exchange entries settle on one of them.
        """
        untaxed, total = exact(move.amount_untaxed_signed), exact(move.amount_total_signed)
        if move.move_type != "out_refund":
            return {"untaxed": untaxed, "total": total}
        own = instalments(move)
        matched = own.matched_debit_ids.debit_move_id.filtered(is_document_line)
        rows = [
            row
            for row in settlements(own | matched)
            if row["kind"] == "exchange"
            and is_document_line(row["cause"])
            and move in row["cause"].move_id | row["line"].move_id
            and (self.is_live or max(row["cause"].date, row["line"].date) <= self.as_of)
        ]
        exchange = -sum((row["amount"] for row in rows), Fraction(0))
        part = cents(exchange * untaxed / total, move.company_currency_id) if total else 0
        return {"untaxed": untaxed + part, "total": total + exchange}

    def _get_countback(self, partner, facts):
        """Days of the newest sales that make up what is open."""
        first = facts["first_invoice_date"]
        if not first or first > self.as_of:  # or there are no sales yet
            return None
        sales = defaultdict(Fraction)
        for move in self._documents[partner]:
            if move.invoice_date > self.as_of:
                continue
            sales[move.invoice_date.replace(day=1)] += self._get_amounts(move)["total"]
        rest, days = facts["open_amount"], Fraction(0)
        month, length = self.as_of.replace(day=1), self.as_of.day
        while rest > 0 and month >= first.replace(day=1):
            if sales[month] <= 0:
                days += length
            else:
                days += length * min(Fraction(1), rest / sales[month])
                rest -= min(rest, sales[month])
            month = (month - timedelta(days=1)).replace(day=1)
            length = monthrange(month.year, month.month)[1]
        return days

    # Compared with the others ----------------------------------------------------------------

    def norm(self):
        """Cut points (4 each, 20 to 80 %) and means over all customers of the company."""
        if self._norm is None:
            self._norm = self._compute_norm()
        return self._norm

    def _compute_norm(self):
        facts = [self._get_facts(partner) for partner in self.customers()]
        buyers = [fact for fact in facts if fact["invoice_count"] and not fact["is_unscored"]]
        norm = {
            name: [
                percentile([Fraction(fact[value]) for fact in buyers], Fraction(share, 5))
                for share in range(1, 5)
            ]
            if buyers
            else []
            for name, value in (
                ("recency", "recency"),
                ("frequency", "frequency"),
                ("monetary", "revenue_12m"),
            )
        }
        scores = [self._get_plain_score(fact, self._get_rfm(fact, norm)) for fact in facts]
        scores = [score for score in scores if score is not None]
        norm["mean"] = sum(scores) / len(scores) if scores else None
        norm["scored"] = len(scores)
        return norm

    def _get_rfm(self, facts, norm):
        if not facts["invoice_count"] or facts["is_unscored"]:
            return {"rfm_recency": 0, "rfm_frequency": 0, "rfm_monetary": 0, "rfm_segment": None}
        below = {
            name: sum(point < facts[value] for point in norm[name])
            for name, value in (
                ("recency", "recency"),
                ("frequency", "frequency"),
                ("monetary", "revenue_12m"),
            )
        }
        recency, frequency = 5 - below["recency"], 1 + below["frequency"]
        return {
            "rfm_recency": recency,
            "rfm_frequency": frequency,
            "rfm_monetary": 1 + below["monetary"],
            "rfm_segment": SEGMENT_BY_CELL[f"{recency}{frequency}"],
        }

    def _get_measures(self, facts, rfm):
        measures = {"payment": facts["payment_score"]}
        overdue, received = facts["net_overdue_amount"], max(facts["received"], 0)
        if overdue + received:
            measures["exposure"] = 100 * (1 - overdue / (overdue + received))
        if facts["payment_trend"] is not None:
            measures["trend"] = max(Fraction(0), min(Fraction(100), 50 + facts["payment_trend"]))
        if facts["invoice_count"]:
            points = rfm["rfm_recency"] - 1 + rfm["rfm_frequency"] - 1
            measures["purchase"] = Fraction(100 * points, 8)
        return measures

    def _get_plain_score(self, facts, rfm):
        """The health score before thin history counts."""
        if facts["payment_score"] is None:
            return None
        weights = self.settings["weights"]
        return mean(
            (Fraction(weights[name]), value)
            for name, value in self._get_measures(facts, rfm).items()
        )

    def facts(self, partner):
        """Figures that compare a customer with nobody, None without a row."""
        return self._get_facts(partner)

    def figures(self, partner):
        facts = self._get_facts(partner)
        if not facts:
            return None
        norm = self.norm()
        rfm = self._get_rfm(facts, norm)
        score = self._get_plain_score(facts, rfm)
        enough, known = self.settings["minimum_history"], facts["scored_items"]
        if score is not None and known < enough and norm["mean"] is not None:
            score = (known * score + (enough - known) * norm["mean"]) / enough
        return {
            **facts,
            **rfm,
            "health_score": score,
            "health_status": self._get_status(score, facts["payment_risk"]),
        }

    def _get_status(self, score, risk):
        if score is None:
            return "unknown"
        healthy, watch = self.settings["status_bands"]
        if score >= healthy:
            return "watch" if risk == "high" else "healthy"
        return "watch" if score >= watch else "at_risk"
