from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.account_receivable_verify.tests.common import VerifyMixin
from odoo.addons.crm_accounting_bridge.tests.common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestDealVerification(VerifyMixin, BridgeCommon):
    """Deals' kept figures are what the journals say plainly."""

    CHECKS = ("deals",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_deal("Lift")
        cls.other = cls._create_deal("Crane", company_id=False)
        cls.foreign = cls.setup_other_currency("EUR", rates=[("2023-01-01", 2.0)])

    def _fill_books(self):
        """Lift: 1,000 invoiced in 1,200, 200 credited, 300 paid. Crane: 100 of 333.33, shared with
        Lift's 233.33, paid in part.
        """
        invoice = self._create_deal_invoice([(1200.0, self.deal)], invoice_date_due="2024-02-09")
        note = self._create_deal_invoice([(200.0, self.deal)], move_type="out_refund")
        self._settle(invoice, note)
        self._pay(invoice, 300.0)
        self.shared = self._create_deal_invoice([(100.0, self.other), (233.33, self.deal)])
        self._pay(self.shared, 111.11)
        self._create_deal_invoice([(50.0, self.other)], currency_id=self.foreign.id)
        self._flush()

    def _spoil(self, deal, **values):
        """Somebody writes a deal by SQL, behind everybody's back."""
        for name, value in values.items():
            self.env.cr.execute(
                f"UPDATE crm_lead SET {name} = %s WHERE id = %s",
                [value, deal.id],
            )
        self.env.invalidate_all()

    def test_clean_books(self):
        self._fill_books()
        run = self._verify()
        self.assertClean(run)
        self.assertEqual(self._get_checks(run).checked_count, 2)

    def test_what_was_spoilt_is_found(self):
        self._fill_books()
        alone = self._create_deal("Alone")
        self._create_deal_invoice([(80.0, alone)])
        self._flush()
        self._spoil(alone, due_total=79.99, next_due_date="2024-01-11")
        self._spoil(self.other, paid_total=50.0)
        run = self._verify()
        self.assertEqual(
            self._get_differences(run),
            {
                ("Alone", "due_total"): (79.99, 80.0, -0.01),
                # A third of 111.11, rounded on the way.
                ("Crane", "paid_total"): (50.0, 33.33, 16.67),
            },
        )
        [found] = self._get_found(run).filtered(lambda row: not row.is_amount)
        self.assertEqual(
            (found.value, found.kept_text, found.recomputed_text, found.kept_at),
            ("next_due_date", "2024-01-11", "2024-01-10", alone.figures_as_of),
        )

    def test_figures_without_documents_are_found(self):
        self._spoil(self.deal, invoiced_total=10.0)
        run = self._verify()
        self.assertEqual(self._get_differences(run), {("Lift", "invoiced_total"): (10, 0, 10)})

    def test_who_is_being_updated_is_no_difference(self):
        self._fill_books()
        # What a transaction leaves behind until the scheduled action has read it.
        self._create_deal_invoice([(70.0, self.deal)])
        self.env.cr.flush()
        run = self.env["account.receivable.verification"].sudo()
        run = run.with_context(active_test=False).create({"company_ids": self.company.ids})
        run._start()
        while run._verify_batch() is not None:
            pass
        self.assertCounts(run, waiting=1)
        self.assertEqual(
            self._get_differences(run, "waiting")["Lift", "invoiced_total"],
            (1233.33, 1303.33, -70),
        )

    def test_what_becomes_overdue_overnight_is_no_difference(self):
        self._create_deal_invoice([(80.0, self.deal)], invoice_date_due="2024-03-20")
        self._flush()
        with freeze_time("2024-03-21 12:00:00"):
            run = self._verify()
            self.assertCounts(run, waiting=1)
            self.env["crm.lead"].sudo()._cron_refresh_overdue()
            self.assertClean(self._verify())

    def test_a_status_set_by_hand_is_left_alone(self):
        self._fill_books()
        self._spoil(self.deal, billing_source="manual", due_total=1.0)
        run = self._verify()
        self.assertEqual(self._get_checks(run).checked_count, 1)
        self.assertCounts(run)
