from datetime import timedelta
from fractions import Fraction

from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.plain_books import exact
from odoo.addons.crm_accounting_bridge.tests.common import BridgeCommon

from .. import plain_health
from ..plain_health import AMOUNTS, EXPOSURE, PlainHealth

#: The health score is made of rounded scores.
NUMBERS = {**plain_health.NUMBERS, "health_score": Fraction(15, 1000)}
VALUES = (
    "overdue_count",
    "oldest_due_date",
    "days_overdue",
    "payment_count",
    "payment_risk",
    "health_status",
    "first_invoice_date",
    "last_invoice_date",
    "invoice_count",
    "expected_next_invoice_date",
    "is_lapsed",
    "rfm_recency",
    "rfm_frequency",
    "rfm_monetary",
    "rfm_segment",
)
FIGURES = (*AMOUNTS, *NUMBERS, *VALUES)


class HealthCommon(BridgeCommon):
    """Customers whose invoices and payments are made as people make them.

    ``assertRow`` compares one customer's row with numbers written in the test, and every row of
    the company with the books read plainly.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.expense = cls.company_data["default_account_expense"]
        cls.income = cls.company_data["default_account_revenue"]
        cls.bank = cls.company_data["default_journal_bank"]
        cls.bank_account = cls.bank.default_account_id

    # What people do --------------------------------------------------------------------------

    @classmethod
    def _create_customer(cls, name, **values):
        return cls.env["res.partner"].create({"name": name, "is_company": True, **values})

    @classmethod
    def _invoice(cls, amount=1000.0, **values):
        """A posted invoice of 2024-01-10, due 2024-02-09 unless said."""
        values = {"date": "2024-01-10", "invoice_date_due": "2024-02-09", **values}
        return cls._create_deal_invoice([(amount, None)], **values)

    @classmethod
    def _settled(cls, amount, days, due="2024-02-09", **values):
        """An invoice that was paid in full so many days beyond its terms."""
        due = cls._date(due)
        paid = due + timedelta(days=days)
        invoice_date = min(due, paid) - timedelta(days=10)
        invoice = cls._invoice(amount, date=invoice_date, invoice_date_due=due, **values)
        cls._pay(invoice, date=paid)
        return invoice

    @classmethod
    def _opening(cls, amount, date, due=None, partner=None):
        """An opening balance: a miscellaneous entry, a claim or (negative) money of a customer."""
        partner = partner or cls.partner
        equity = cls.env["account.account"].search(
            [("account_type", "=", "equity"), ("company_ids", "=", cls.company.id)], limit=1
        )
        entry = cls._create_entry(
            (cls.receivable, partner, amount), (equity, None, -amount), date=date
        )
        if due:
            entry.line_ids[0].date_maturity = due
        return entry

    # What we say -----------------------------------------------------------------------------

    @classmethod
    def _get_policy(cls, company=None):
        company = company or cls.company
        return cls.env["crm.customer.health.policy"]._get_policy(company)

    def _get_settings(self, company=None):
        """The company's policy as the plain recomputation wants it."""
        policy = self._get_policy(company)
        return {
            "window_months": policy.window_months,
            "weights": {
                name: exact(policy[f"{name}_weight"])
                for name in ("payment", "exposure", "trend", "purchase")
            },
            "risk_bands": (policy.low_risk_score, policy.medium_risk_score),
            "status_bands": (policy.healthy_score, policy.watch_score),
            "minimum_history": policy.minimum_items,
        }

    def _get_norm(self, company=None):
        """What the last refresh of all customers left, as the plain recomputation wants it."""
        self.env["crm.customer.health.norm"].flush_model()
        company = company or self.company
        # Through the ORM an empty cut point would be zero.
        norm = self.env.execute_query_dict(
            SQL("SELECT * FROM crm_customer_health_norm WHERE company_id = %s", company.id)
        )[0]
        cuts = {
            rank: [norm[f"{rank}_cut_{number}"] for number in range(1, 5)]
            for rank in ("recency", "frequency", "monetary")
        }
        mean = norm["mean_health_score"]
        return {
            **{
                rank: [exact(cut) for cut in values if cut is not None]
                for rank, values in cuts.items()
            },
            "mean": None if mean is None else Fraction(mean),
        }

    def _refresh(self, company=None, partners=None):
        self._flush()
        self.env["crm.customer.health"].sudo()._refresh(company or self.company, partners)
        self._flush()

    def _get_rows(self, company=None):
        """Rows by customer."""
        company = company or self.company
        rows = (
            self.env["crm.customer.health"]
            .sudo()
            .with_context(active_test=False)
            .search([("company_id", "=", company.id)])
        )
        by_partner = {row.partner_id: row for row in rows}
        self.assertEqual(len(by_partner), len(rows), "one row per customer")
        return by_partner

    def assertFigure(self, name, value, expected, text=""):
        text = f"{name} {text}: {value!r}, expected {expected!r}"
        if name in AMOUNTS:
            self.assertLessEqual(abs(Fraction(value or 0) - Fraction(expected or 0)), 0.00501, text)
        elif name in NUMBERS:
            difference = abs(Fraction(value or 0) - Fraction(expected or 0))
            self.assertLessEqual(difference, NUMBERS[name], text)
        else:
            self.assertEqual(value or False, expected or False, text)

    def assertSame(self, found, plain, text=""):
        """Figures of one customer, a row or a dictionary, are what the books say plainly."""
        for name in FIGURES:
            if name in ("health_status", "payment_risk") and (
                self._is_near_band(plain["health_score"])
                or self._is_near_band(plain["payment_score"])
            ):
                # Judged is the score that is shown, in hundredths.
                continue
            self.assertFigure(name, found[name], plain[name], text)

    @staticmethod
    def _is_near_band(score):
        return score is not None and any(abs(score - band) < 0.02 for band in (50, 80))

    def assertAllRows(self, company=None, **options):
        """Every row of the company, neither more nor less, is what the books say plainly."""
        company = company or self.company
        options.setdefault("settings", self._get_settings(company))
        plain = PlainHealth(self.env, company, **options)
        rows = self._get_rows(company)
        self.assertEqual(
            sorted(partner.id for partner in rows), sorted(plain.customers().ids), "customers"
        )
        for partner, row in rows.items():
            self.assertSame(row, plain.figures(partner), f"of {partner.name} ({partner.id})")
            self.assertEqual(row.as_of_date, plain.as_of)
            self.assertEqual(row.currency_id, company.currency_id)
            self.assertIdentity(row)
        return plain

    def assertIdentity(self, row):
        currency = row.currency_id
        for whole, parts in (
            ("open_amount", ("not_due_amount", "overdue_amount", "disputed_amount")),
            (
                "overdue_amount",
                ("overdue_1_30", "overdue_31_60", "overdue_61_90", "overdue_over_90"),
            ),
        ):
            total = sum(row[name] for name in parts)
            self.assertEqual(currency.compare_amounts(row[whole], total), 0, whole)

    def assertRow(self, partner=None, company=None, **expected):
        """One customer's figures are these numbers; exposure that is not named is zero."""
        partner, company = partner or self.partner, company or self.company
        self._refresh(company)
        self.assertAllRows(company)
        rows = self._get_rows(company)
        self.assertIn(partner, rows, "a row")
        row = rows[partner]
        for name, value in {**dict.fromkeys(EXPOSURE, 0.0), **expected}.items():
            number = self._date(value) if name.endswith("_date") else value
            self.assertFigure(name, row[name], number)
        return row

    def assertNoRow(self, partner=None, company=None):
        self._refresh(company)
        self.assertAllRows(company)
        self.assertNotIn(partner or self.partner, self._get_rows(company))
