from collections import defaultdict
from datetime import date

from odoo.addons.crm_customer_health.plain_health import curve, mean, median

from .data_set import read_rows

YEAR_END = date(2013, 12, 31)


def figures_of(rows, as_of):
    """Figures of one customer on a day, from the file alone."""
    known = [row for row in rows if row.issued <= as_of]
    settled = [row for row in known if row.settled <= as_of]
    due = [row for row in known if row.settled > as_of]
    overdue = [row for row in due if row.due < as_of]
    paid = sum(row.amount for row in settled)
    late = sum(row.amount for row in settled if row.settled > row.due)
    return {
        "days_to_pay": mean((row.amount, (row.settled - row.issued).days) for row in settled),
        "median_days_to_pay": median((row.settled - row.issued).days for row in settled),
        "days_beyond_terms": mean((row.amount, (row.settled - row.due).days) for row in settled),
        "days_beyond_terms_late": mean(
            (row.amount, max(0, (row.settled - row.due).days)) for row in settled
        ),
        "median_days_beyond_terms": median((row.settled - row.due).days for row in settled),
        "on_time_rate": 1 - late / paid,
        "paid_amount": paid,
        "payment_count": len(settled),
        "payment_score": mean(
            [
                *((row.amount, curve((row.settled - row.due).days)) for row in settled),
                *((row.amount, curve((as_of - row.due).days)) for row in overdue),
            ]
        ),
        "open_amount": sum(row.amount for row in due),
        "overdue_amount": sum(row.amount for row in overdue),
        "overdue_count": len(overdue),
        "invoice_count": len(known),
        "last_invoice_date": max(row.issued for row in known),
    }


class Customers:
    """What customers' health says on two days, from what was paid by then."""

    def test_all_customers(self):
        rows_by_customer = defaultdict(list)
        for row in read_rows():
            rows_by_customer[row.customer].append(row)
        self.assertEqual(len(rows_by_customer), 100)
        self._flush()
        self._get_policy().window_months = 60
        health = self.env["crm.customer.health"].sudo()
        self._refresh()
        partners = self.env["res.partner"].union(*self._get_rows())
        self.assertEqual(len(partners), 100)
        self.assertEqual(set(partners.mapped("ref")), set(rows_by_customer))
        at_year_end = health._get_figures(self.company, None, YEAR_END)
        today = {partner.id: row for partner, row in self._get_rows().items()}
        some_overdue = 0
        for partner in partners:
            expected = figures_of(rows_by_customer[partner.ref], YEAR_END)
            some_overdue += expected["overdue_count"]
            for name, value in expected.items():
                found = at_year_end[self.company.id, partner.id][name]
                self.assertFigure(name, found, value, f"of {partner.ref} at the year's end")
            expected = figures_of(rows_by_customer[partner.ref], date(2014, 6, 15))
            self.assertEqual(expected["open_amount"], 0)
            for name, value in expected.items():
                self.assertFigure(name, today[partner.id][name], value, f"of {partner.ref}")
        self.assertGreater(some_overdue, 0, "something was overdue at the year's end")
