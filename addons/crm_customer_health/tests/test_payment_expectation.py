from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

from .common import HealthCommon

#: Due so long before today, an observation weighs a half.
HALF = "2024-01-11"


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00:00")
class TestPaymentExpectation(HealthCommon):
    """Small distributions, whose values are computed on paper."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer("Other")

    def _open(self, days_ago, amount=10.0, **values):
        """The instalment of an invoice that was due so many days ago."""
        due = self._date("2024-04-10") - timedelta(days=days_ago)
        invoice = self._invoice(
            amount, date=due - timedelta(days=30), invoice_date_due=due, **values
        )
        return invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")

    def _observe(self):
        self._flush()
        self.env["crm.payment.lateness"]._refresh(self.company)

    def _get_rows(self, name, scope=None):
        expectation = self.env["crm.payment.expectation"]
        expectation._flush_sources()
        relations = expectation._get_relations(scope or Scope(self.company))
        return self.env.execute_query_dict(
            SQL("%s SELECT * FROM %s", expectation._get_with_sql(relations), SQL.identifier(name))
        )

    def assertPoints(self, line, low, likely, high):
        """Days beyond terms at 10, 50 and 90 %; the same for one customer as for all."""
        self._observe()
        for rows in (
            self._get_rows("expect_result"),
            self.env["crm.payment.expectation"]._get_expected(
                self.company, line.partner_id.commercial_partner_id
            ),
        ):
            [row] = [row for row in rows if row["line_id"] == line.id]
            self.assertEqual(
                [
                    day and (day - row["due_date"]).days
                    for day in (row["low_date"], row["likely_date"], row["high_date"])
                ],
                [low, likely, high],
            )
        self.env.invalidate_all()
        self.assertEqual(
            line.expected_payment_date,
            likely is not None and row["due_date"] + timedelta(days=likely),
        )

    def test_company_weighs_like_one_payment(self):
        self._settled(100.0, 10, due=HALF)
        self._settled(100.0, 20, due=HALF)
        self._settled(500.0, 40, due=HALF, partner_id=self.other.id)
        # Own weight 1/2 + 1/2, the company's 1: 10 and 20 have 1/4 + 1/6 = 5/12, 40 has 1/6.
        self.assertPoints(self._open(-20), 10, 20, 40)
        # Own weight 1/2 of 3/2: 10 and 20 have 2/9 each, 40 has 1/3 + 2/9 = 5/9.
        self.assertPoints(self._open(-20, partner_id=self.other.id), 10, 40, 40)
        # Nothing of its own: a third each.
        new = self._create_customer("New")
        self.assertPoints(self._open(-20, partner_id=new.id), 10, 20, 40)

    def test_newer_observations_weigh_more(self):
        self._settled(100.0, 9, due=HALF)
        self._settled(100.0, 27, due="2023-10-13")
        self._settled(100.0, -40, due="2024-05-01")  # due ahead: new, not newer than new
        weights = {row["days"]: row["paid"] for row in self._get_rows("expect_day")}
        self.assertEqual(weights, {9: 0.5, 27: 0.25, -40: 1.0})

    def test_what_is_known_of_the_item(self):
        """15 days past due it is no longer 10 days late, and says so of all items."""
        self._settled(100.0, 10, due=HALF)
        self._settled(100.0, 20, due=HALF)
        self._settled(100.0, 40, due=HALF, partner_id=self.other.id)
        line = self._open(15)
        # Of the customer is left: 20, weight 0.5; of the company 20 and 40, of a total of
        # 1.5 + 0.5 ^ (15 / 90) = 2.3909: 0.4182. So 20 has 0.5445 + 0.4555 / 2 = 0.7723.
        self.assertPoints(line, 20, 20, 40)
        later = {row["days"]: row["later"] for row in self._get_rows("expect_day") if row["later"]}
        self.assertEqual(list(later), [14])
        self.assertAlmostEqual(later[14], 0.5 ** (15 / 90), 9)

    def test_what_may_be_paid_today(self):
        self._settled(100.0, 20, due=HALF)
        self.assertPoints(self._open(20), 20, 20, 20)
        self.assertPoints(self._open(21), None, None, None)

    def test_not_predictable(self):
        """Nothing was ever paid so late: no date is made up."""
        self._settled(100.0, 10, due=HALF)
        self.assertPoints(self._open(50), None, None, None)
        # 10 has 0.5 of 0.5 + 0.5 ^ (50 / 90) = 1.1804, which is 0.4236; the rest is later.
        self.assertPoints(self._open(-5), 10, None, None)

    def test_nothing_is_known(self):
        self.assertPoints(self._open(-5), None, None, None)

    def test_open_items_are_later(self):
        """Who has not paid for a month is not as quick as the others."""
        self._settled(100.0, 5, due=HALF, partner_id=self.other.id)
        self._settled(100.0, 40, due=HALF, partner_id=self.other.id)
        slow, new = (self._create_customer(name) for name in ("Slow", "New"))
        self._open(30, partner_id=slow.id)
        # The company: 5 with 0.5 of 1.7937, the rest is later: 5 has 0.2788, 40 has 0.7212. The
        # customer: later than 29 with 0.7937, and from there on as the company: 40.
        # 0.7937 / 1.7937 + 0.7212 / 1.7937 = 0.8446 for 40.
        self.assertPoints(self._open(-20, partner_id=slow.id), 5, 40, 40)
        self.assertPoints(self._open(-20, partner_id=new.id), 5, 40, 40)
        # Three more who pay at once, in the same invoice size: the company is at 5 again.
        for _number in range(3):
            self._settled(100.0, 5, due=HALF, partner_id=self.other.id)
        # 5 has 2 / 3.2937 = 0.6072; of the slow customer 0.6072 / 1.7937 = 0.3385.
        self.assertPoints(self._open(-20, partner_id=new.id), 5, 5, 40)
        self.assertPoints(self._open(-20, partner_id=slow.id), 5, 40, 40)

    def test_parts_of_an_instalment(self):
        """Paid in parts is one observation, its days weighted by amounts; so is what is open."""
        invoice = self._invoice(100.0, date="2024-01-01", invoice_date_due=HALF)
        self._pay(invoice, 30.0, date="2024-01-16")  # 5 days
        self._pay(invoice, 30.0, date="2024-01-26")  # 15 days
        self._flush()
        rows = self._get_rows("expect_day")
        self.assertEqual(
            sorted((row["days"], row["paid"], row["later"]) for row in rows),
            [(10, 0.3, 0.0), (89, 0.0, 0.2)],
        )
        # Of the customer 0.3 + 0.2; of the company the same, weighing 1.
        self.assertPoints(self._open(-5), 10, 10, None)

    def test_lost_is_later(self):
        invoice = self._invoice(100.0, date="2024-01-01", invoice_date_due=HALF)
        loss = self._create_entry(
            (self.expense, None, 100.0), (self.receivable, self.partner, -100.0), date="2024-01-31"
        )
        self._settle(invoice, loss)
        self._flush()
        [row] = self._get_rows("expect_day")
        self.assertEqual((row["days"], row["paid"], row["later"]), (20, 0.0, 0.5))

    def test_credited_says_nothing(self):
        invoice = self._invoice(100.0, date="2024-01-01", invoice_date_due=HALF)
        credit = self._invoice(100.0, move_type="out_refund", date="2024-01-31")
        self._settle(invoice, credit)
        self._flush()
        self.assertFalse(self._get_rows("expect_day"))

    def test_two_years(self):
        self._settled(100.0, 0, due="2022-04-10")
        self.assertFalse(self._get_rows("expect_day"))
        self._settled(100.0, 1, due="2022-04-10")
        self.assertEqual([row["days"] for row in self._get_rows("expect_day")], [1])

    def test_disputed_is_a_class_of_its_own(self):
        self._settled(100.0, 10, due=HALF)
        line = self._open(5)
        line.move_id.action_toggle_block_payment()
        self.assertEqual(line.move_id.payment_state, "blocked")
        self.assertPoints(line, None, None, None)
        # It does not make the others later.
        self.assertPoints(self._open(-5), 10, 10, 10)
        kinds = {(row["is_disputed"], row["days"]) for row in self._get_rows("expect_day")}
        self.assertEqual(kinds, {(False, 10), (True, 4)})

    def test_what_was_known_then_only(self):
        """Later invoices and payments change nothing of what was expected on a past Monday."""
        self._settled(100.0, 10, due=HALF)
        self._settled(100.0, 25, due=HALF, partner_id=self.other.id)
        late, new = (
            self._invoice(amount, date="2024-01-15", invoice_date_due=due)
            for amount, due in ((70.0, "2024-01-20"), (80.0, "2024-02-20"))
        )
        scope = Scope(self.company, as_of=self._date("2024-02-04"))
        self._flush()
        names = ("expect_day", "expect_company", "expect_result")
        before = [self._get_rows(name, scope) for name in names]
        for row in before[2]:
            row.pop("number")
        open_then = {row["move_id"] for row in before[2]}
        self.assertEqual(open_then & {late.id, new.id}, {late.id, new.id})
        self._pay(late, date="2024-02-05")
        self._pay(new, date="2024-03-05")
        self._settled(1000.0, 3, due="2024-02-25")
        self._open(-30)
        self._flush()
        after = [self._get_rows(name, scope) for name in names]
        for row in after[2]:
            row.pop("number")
        for rows_before, rows_after in zip(before, after, strict=True):
            key = lambda row: str(sorted(row.items(), key=str))  # noqa: E731
            self.assertEqual(sorted(rows_before, key=key), sorted(rows_after, key=key))
        [row] = [row for row in before[2] if row["move_id"] == late.id]
        self.assertEqual(row["today"], self._date("2024-02-05"))

    def test_companies_by_themselves(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self._settled(100.0, 10, due=HALF)
        self._observe()
        self.env["crm.payment.lateness"]._refresh(other)
        rows = self.env["crm.payment.lateness"].search([])
        self.assertEqual(rows.filtered(lambda row: row.company_id == self.company).days, 10)
        self.assertFalse(rows.filtered(lambda row: row.company_id == other))
