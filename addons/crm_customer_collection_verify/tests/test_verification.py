from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.account_receivable_verify.tests.common import VerifyMixin
from odoo.addons.crm_customer_collection.tests.flag_common import FlagCommon


@tagged("post_install", "-at_install")
class TestCollectionVerification(VerifyMixin, FlagCommon):
    """Flags, promises and kept days are what the journals say plainly."""

    CHECKS = ("flags", "promises", "company_days")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.setup_other_currency("EUR", rates=[("2023-01-01", 2.0)])

    def _promise(self, amount=1000.0, day="2024-03-10", **values):
        return self.env["crm.payment.promise"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.customer.id,
                "amount": amount,
                "date": day,
                **values,
            }
        )

    def _fill_books(self):
        """Slow & Sons owes 2,000, of it 500 abroad, and is flagged; another one owes 20, is flagged
        by hand, and promised 600 of 650, of which 400 came in two parts.
        """
        self.invoice = self._overdue(1500.0)
        self._overdue(1000.0, currency_id=self.foreign.id)
        self.other = self._create_customer("Small & Sons", user_id=self.seller.id)
        self._overdue(20.0, self.other)
        promised = self._create_customer("Promised", user_id=self.seller.id)
        invoice = self._overdue(650.0, promised)
        self.promise = self._promise(600.0, partner_id=promised.id)
        self.later = self._promise(50.0, "2024-03-20", partner_id=promised.id)
        self._pay(invoice, 150.0, date="2024-03-01")
        self._pay(invoice, 250.0, date="2024-03-01")
        self._follow()
        self._run()
        self.other.with_user(self.seller).action_flag_to_sales()
        self.flag, self.by_hand = self._get_flag(), self._get_flag(self.other)

    def _follow(self, company=None):
        """A day begins, and what the scheduled action does after each transaction."""
        self._refresh(company)
        self._work_off()

    def _work_off(self):
        while self.env["account.receivable.change"].sudo()._work_off("crm.customer.health"):
            pass
        self._flush()

    def _spoil(self, row, **values):
        """Somebody writes a row by SQL, behind everybody's back."""
        self.env.flush_all()
        for name, value in values.items():
            self.env.cr.execute(
                f"UPDATE {row._table} SET {name} = %s WHERE id = %s", [value, row.id]
            )
        self.env.invalidate_all()

    def _get_texts(self, run, state="difference"):
        return {
            (row.name, row.value): (row.kept_text, row.recomputed_text)
            for row in self._get_found(run, state)
            if not row.is_amount
        }

    def _keep_days(self):
        days = self.env["crm.customer.company.day"].sudo()
        with (
            patch.object(type(days), "_get_companies", return_value=self.company),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=1000.0),
        ):
            days._cron_keep()
        return days.search([("company_id", "=", self.company.id)])

    def test_clean_books(self):
        self._fill_books()
        self.assertTrue(self.flag and self.by_hand)
        self.assertEqual((self.promise.state, self.promise.paid_amount), ("running", 400.0))
        run = self._verify()
        self.assertFalse(self._get_found(run))
        counts = {row.name: row.checked_count for row in self._get_checks(run)}
        self.assertEqual((counts["promises"], counts["company_days"]), (1, 0))
        self._at("2024-03-11 08:00:00")
        self._follow()
        self.assertEqual(self.promise.state, "broken")
        self.assertFalse(self._get_found(self._verify()))

    def test_two_companies(self):
        data = self.setup_other_company(name="Abroad", currency_id=self.foreign.id)
        company = data["company"]
        self._fill_books()
        invoice = self._create_document(
            [{"price_unit": 70.0}],
            partner_id=self.customer.id,
            company_id=company.id,
            journal_id=data["default_journal_sale"].id,
        )
        promise = self._promise(60.0, company_id=company.id)
        self._pay(invoice, 25.0, date="2024-03-01")
        self._follow(company)
        self.assertEqual(promise.paid_amount, 25.0)
        self.assertFalse(self._get_found(self._verify(self.company | company)))
        self._spoil(promise, paid_amount=24)
        run = self._verify(self.company | company)
        self.assertEqual(
            self._get_differences(run), {(promise.display_name, "paid_amount"): (24, 25, -1)}
        )
        self.assertEqual(self._get_found(run).currency_id, self.foreign)

    def test_flags_that_were_spoilt_are_found(self):
        self._fill_books()
        row = self._get_row(self.other)
        self._spoil(row, needs_action=True)
        paid = self._overdue(900.0, partner := self._create_customer("Paid"))
        self._pay(paid, date="2024-03-01")
        self._follow()
        self._spoil(row, needs_action=True)
        self._spoil(self.by_hand, is_manual=False)
        self._spoil(self.flag, partner_id=partner.id)
        run = self._verify()
        self.assertEqual(
            self._get_texts(run),
            {
                (row.display_name, "needs_action"): ("True", False),
                (self.by_hand.display_name, "state"): ("Open", "Closed"),
                (self.flag.display_name, "state"): ("Open", "Closed"),
            },
        )

    def test_promises_that_were_spoilt_are_found(self):
        self._fill_books()
        self._spoil(self.promise, state="broken", paid_amount=399.5)
        self._spoil(self.later, state="kept", paid_amount=50)
        run = self._verify()
        self.assertEqual(
            self._get_differences(run),
            {
                (self.promise.display_name, "paid_amount"): (399.5, 400, -0.5),
                # Each payment counts for one promise.
                (self.later.display_name, "paid_amount"): (50, 0, 50),
            },
        )
        self.assertEqual(
            self._get_texts(run),
            {
                (self.promise.display_name, "state"): ("Broken", "Running"),
                (self.later.display_name, "state"): ("Kept", "Running"),
            },
        )
        found = self._get_found(run)[0]
        self.assertEqual((found.res_model, found.res_id), (self.promise._name, self.promise.id))

    def test_nothing_left_to_pay(self):
        """What was credited, or withdrawn, is no word that was kept or broken."""
        invoice = self._overdue(1000.0)
        promise = self._promise()
        self._promise(100.0).action_withdraw()
        note = self._invoice(1000.0, partner_id=self.customer.id, move_type="out_refund")
        self._settle(invoice, note)
        self._follow()
        self.assertEqual(promise.state, "settled")
        self.assertFalse(self._get_found(self._verify()))

    def test_who_is_being_updated_is_no_difference(self):
        self._fill_books()
        # What a transaction leaves behind until the scheduled action has read it.
        self._pay(self.invoice, date="2024-03-01")
        invoice = self.env["account.move"].search([("partner_id", "=", self.promise.partner_id.id)])
        self._pay(invoice, 200.0, date="2024-03-01")
        self.env.cr.flush()
        run = self._verify()
        self.assertFalse(self._get_found(run, "difference"))
        self.assertEqual(
            self._get_differences(run, "waiting"),
            {(self.promise.display_name, "paid_amount"): (400, 600, -200)},
        )
        self.assertEqual(
            self._get_texts(run, "waiting")[self.promise.display_name, "state"],
            ("Running", "Kept"),
        )
        self._work_off()
        self.assertFalse(self._get_found(self._verify()))

    def test_kept_days(self):
        invoice = self._overdue(1000.0)
        self._pay(invoice, 300.0, date="2024-02-10")
        payment = self._pay(invoice, 200.0, date="2024-02-10")
        self._pay(invoice, 50.0, date="2024-02-28")
        self._follow()
        days = self._keep_days()
        self.assertEqual(len(days), 62)
        self.assertFalse(self._get_found(self._verify()))
        day = days.filtered(lambda day: str(day.date) == "2024-02-10")
        self._spoil(day, received_amount=501)
        # Of the last days nothing is read.
        self._spoil(days[0], received_amount=7)
        run = self._verify()
        self.assertEqual(
            self._get_differences(run), {(day.display_name, "received_amount"): (501, 500, 1)}
        )
        # What is undone since changes the day on the next night.
        self._spoil(day, received_amount=500)
        self._at("2024-03-01 09:00:00")
        payment.move_id.line_ids.remove_move_reconcile()
        self._flush()
        self._work_off()
        run = self._verify()
        self.assertFalse(self._get_found(run, "difference"))
        self.assertEqual(
            self._get_differences(run, "waiting"),
            {(day.display_name, "received_amount"): (500, 300, 200)},
        )
