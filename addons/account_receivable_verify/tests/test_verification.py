from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL

from ..check import Check, Finding
from .common import VerifyBooks


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestVerification(VerifyBooks):
    """What we say of receivables is recomputed plainly, and held against the general ledger."""

    def _get_ours(self, run, company=None):
        total = run.total_ids.filtered(
            lambda row: (
                row.company_id == (company or self.company)
                and row.value == "instalments"
                and row.account_id == self.receivable
            )
        )
        self.assertEqual(len(total), 1)
        return total

    def test_clean_books(self):
        self._fill_books()
        run = self._verify()
        self.assertClean(run)
        # 700 and 300 open, 250 abroad (500 at 2.0), 80 by hand, 900 of the other, less 40.
        total = self._get_ours(run)
        self.assertAlmostEqual(total.own_amount, 700 + 300 + 250 + 80 + 900 - 40)
        self.assertAlmostEqual(total.partnerless_amount, 33)
        self.assertAlmostEqual(total.ledger_amount, 2190 + 33)
        self.assertEqual(total.difference, 0)

    def test_two_companies(self):
        other = self.setup_other_company(name="Abroad", currency_id=self.foreign.id)
        self._fill_books()
        company = other["company"]
        invoice = self._create_document(
            [{"price_unit": 70.0}],
            journal_id=other["default_journal_sale"].id,
            company_id=company.id,
        )
        self.assertEqual(invoice.company_id, company)
        run = self._verify(self.company | company)
        self.assertClean(run)
        total = self._get_totals(run).filtered(lambda row: row.company_id == company)
        self.assertEqual(total.own_amount, 70)
        self.assertEqual(total.currency_id, self.foreign)
        self.assertEqual(len(self._get_checks(run)), 4)

    def test_claims_that_moved(self):
        """A bill and a doubtful claim: still owed, on other accounts."""
        doubtful = self.env["account.account"].create(
            {
                "name": "Doubtful",
                "code": "DOUBT1",
                "account_type": "asset_current",
                "reconcile": True,
                "receivable_reading": "owed",
            }
        )
        invoice = self._create_document([{"price_unit": 600.0}])
        entry = self._create_entry(
            (self.receivable, self.partner, -450.0), (doubtful, self.partner, 450.0)
        )
        self._settle(invoice, entry)
        self._create_entry((doubtful, None, 11.0), (self.income, None, -11.0))
        run = self._verify()
        self.assertClean(run)
        self.assertEqual(self._get_ours(run).own_amount, 150)
        moved = self._get_totals(run).filtered(lambda row: row.account_id == doubtful)
        self.assertEqual(
            (moved.ledger_amount, moved.other_amount, moved.own_amount, moved.difference),
            (461, 11, 450, 0),
        )

    def test_payment_without_entry_and_draft(self):
        """Open in the ledger, settled for us; settled by a draft, open in the ledger's balance."""
        invoice = self._create_document([{"price_unit": 500.0}])
        self._pay_without_entry(invoice, 200.0)
        other = self._create_document([{"price_unit": 300.0}])
        entry = self._create_entry(
            (self.receivable, self.partner, -120.0), (self.expense, None, 120.0)
        )
        self._settle(other, entry)
        entry.button_draft()
        run = self._verify()
        self.assertClean(run)
        total = self._get_ours(run)
        self.assertEqual(total.entryless_amount, 200)
        self.assertEqual(total.ledger_amount, 800)
        self.assertEqual(total.outside_amount, 800 - 200 - total.own_amount)

    def test_claim_moved_from_what_is_a_draft_again(self):
        """In the ledger 300 on bills less 300 of the draft, of which 120 are paid: nobody owes."""
        bills = self.receivable.copy({"name": "Bills in portfolio"})
        invoice = self._create_document([{"price_unit": 300.0}])
        slip = self._create_entry(
            (self.receivable, self.partner, -300.0), (bills, self.partner, 300.0)
        )
        self._settle(invoice, slip)
        paid = self._create_entry((bills, self.partner, -120.0), (self.income, None, 120.0))
        (slip | paid).line_ids.filtered(lambda line: line.account_id == bills).reconcile()
        for state, open_amount in (("posted", 180), ("draft", 0), ("posted", 180)):
            if state == "draft":
                invoice.button_draft()
            elif invoice.state == "draft":
                invoice.action_post()
            with self.subTest(state):
                run = self._verify()
                self.assertClean(run)
                totals = self._get_totals(run)
                self.assertEqual(sum(totals.mapped("ledger_amount")), 180 if open_amount else -120)
                self.assertEqual(sum(totals.mapped("own_amount")), open_amount)

    def test_what_the_ledger_does_not_have_is_found(self):
        """Somebody writes a residual by SQL: 7 less than the ledger's balance, exactly."""
        self._fill_books()
        line = self.part_paid.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        self._flush()
        self.env.cr.execute(
            "UPDATE account_move_line SET amount_residual = amount_residual - 7 WHERE id = %s",
            [line.id],
        )
        run = self._verify()
        self.assertEqual(self._get_ours(run).difference, -7)
        self.assertEqual(
            self._get_differences(run),
            {(self.receivable.display_name, "instalments"): (2183, 2190, -7)},
        )
        self.assertCounts(run, differences=1)

    def test_what_our_relation_has_wrong_is_found(self):
        """A relation that forgets what is not due and what came today: both amounts are listed."""
        self._fill_books()
        items = type(self.env["account.receivable.item"])
        original = items._get_item_sql

        def forgetful(model, scope):
            return SQL(
                "SELECT * FROM (%s) all_items WHERE due_date < '2024-03-15'",
                original(model, scope),
            )

        with patch.object(items, "_get_item_sql", forgetful):
            run = self._verify()
        self.assertEqual(
            self._get_differences(run),
            {
                ("Lazy Ltd", "open"): (500, 900, -400),
                ("Prompt & Sons", "credits"): (0, 40, -40),
                (self.receivable.display_name, "instalments"): (1830, 2190, -360),
            },
        )

    def test_goes_on_after_the_last_batch(self):
        """Killed in the second batch, the first is not done again."""
        partners = self.env["res.partner"].create([{"name": f"P{n}"} for n in range(5)])
        seen = []

        def compare(_company, records):
            if len(seen) == 2 and "killed" not in seen:
                seen.append("killed")
                raise KeyboardInterrupt
            seen.append(records.ids)
            return [
                Finding(
                    partner.id,
                    "res.partner",
                    partner.id,
                    partner.name,
                    "open",
                    3.0,
                    1.0,
                    self.company.currency_id,
                )
                for partner in records[:1]
            ]

        check = Check(
            "Two by two",
            "res.partner",
            lambda _company: Domain("id", "in", partners.ids),
            compare,
            batch_size=2,
        )
        model = type(self.env["account.receivable.verification"])
        self._flush()
        with patch.object(model, "_get_checks", lambda _self: {"two": check}):
            run = self.env["account.receivable.verification"]._request(self.company, self.env.user)
            run = run.sudo()
            run._start()
            self.assertEqual(run._verify_batch(), 2)
            self.assertEqual(run._verify_batch(), 2)
            with self.assertRaises(KeyboardInterrupt), self.env.cr.savepoint():
                run._verify_batch()
            self.assertEqual(run.check_ids.position, partners[3].id)
            self.assertAlmostEqual(run.progress, 80)
            run = self._verify()
        self.assertEqual(seen, [partners[:2].ids, partners[2:4].ids, "killed", partners[4:].ids])
        self.assertEqual(run.checked_count, 5)
        self.assertEqual(run.difference_count, 3)
        self.assertEqual(run.difference_ids.mapped("difference"), [2, 2, 2])

    def test_one_that_fails_holds_up_no_other(self):
        partners = self.env["res.partner"].create([{"name": f"P{n}"} for n in range(3)])

        def compare(_company, records):
            if partners[1] in records:
                raise ValueError("no rate")
            return [
                Finding(partner.id, "res.partner", partner.id, partner.name, "row", None, "x")
                for partner in records
            ]

        check = Check(
            "Three",
            "res.partner",
            lambda _company: Domain("id", "in", partners.ids),
            compare,
            lambda _company, records: {partners[2].id} & set(records.ids),
        )
        model = type(self.env["account.receivable.verification"])
        with (
            patch.object(model, "_get_checks", lambda _self: {"three": check}),
            self.assertLogs("odoo.addons.account_receivable_verify", "WARNING") as logs,
        ):
            run = self._verify()
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(
            [(row.name, row.state, row.failure) for row in run.difference_ids.sorted("name")],
            [
                ("P0", "difference", False),
                ("P1", "failed", "no rate"),
                ("P2", "waiting", False),
            ],
        )
        self.assertEqual((run.difference_count, run.failed_count, run.waiting_count), (1, 1, 1))
