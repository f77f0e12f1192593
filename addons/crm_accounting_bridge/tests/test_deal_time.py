from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
class TestDealTime(BridgeCommon):
    """What only the calendar changes, and which day it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_deal()
        cls.terms = cls.env["account.payment.term"].create(
            {
                "name": "30/70",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 40}),
                ],
            }
        )

    def _run_cron(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref(
                "crm_accounting_bridge.ir_cron_refresh_overdue"
            ).sudo().method_direct_trigger()
        self._flush()

    def test_each_instalment_becomes_overdue_on_its_own(self):
        with freeze_time("2024-01-10 12:00:00") as frozen:
            invoice = self._create_deal_invoice(
                [(1000.0, self.deal)], invoice_payment_term_id=self.terms.id
            )
            self.assertFigures(self.deal, invoiced_total=1000.0, due_total=1000.0)
            self.assertEqual(self.deal.next_due_date, self._date("2024-01-20"))
            frozen.move_to("2024-01-20 12:00:00")
            self._run_cron()
            self.assertFigures(self.deal, invoiced_total=1000.0, due_total=1000.0)
            self.assertEqual(self.deal.billing_status, "invoiced")
            frozen.move_to("2024-01-21 12:00:00")
            self._run_cron()
            self.assertFigures(
                self.deal, invoiced_total=1000.0, due_total=1000.0, overdue_total=300.0
            )
            self.assertEqual(self.deal.billing_status, "overdue")
            self._pay(invoice, 300.0, date="2024-01-21", installments_mode="full")
            self.assertFigures(self.deal, invoiced_total=1000.0, paid_total=300.0, due_total=700.0)
            self.assertEqual(self.deal.billing_status, "partially_paid")
            self.assertEqual(self.deal.next_due_date, self._date("2024-02-19"))
            frozen.move_to("2024-02-20 12:00:00")
            self._run_cron()
            self.assertFigures(
                self.deal,
                invoiced_total=1000.0,
                paid_total=300.0,
                due_total=700.0,
                overdue_total=700.0,
            )

    @freeze_time("2024-02-01 12:00:00")
    def test_negative_instalment_is_netted_within_its_invoice(self):
        """100 at once, the rest in 60 days, of an invoice of 60: no more than 60 is overdue."""
        terms = self.env["account.payment.term"].create(
            {
                "name": "100 now, rest later",
                "line_ids": [
                    Command.create({"value": "fixed", "value_amount": 100, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 60}),
                ],
            }
        )
        other = self._create_deal("Other")
        invoice = self._create_deal_invoice(
            [(40.0, self.deal), (20.0, other)], invoice_payment_term_id=terms.id
        )
        self.assertEqual(
            sorted(invoice.line_ids.filtered("date_maturity").mapped("balance")), [-40.0, 100.0]
        )
        self.assertFigures(self.deal, invoiced_total=40.0, due_total=40.0, overdue_total=40.0)
        self.assertFigures(other, invoiced_total=20.0, due_total=20.0, overdue_total=20.0)
        self.assertEqual(self.deal.next_due_date, self._date("2024-01-10"))
        self._pay(invoice, 45.0, installments_mode="full")
        self.assertFigures(
            self.deal, invoiced_total=40.0, paid_total=30.0, due_total=10.0, overdue_total=10.0
        )

    @freeze_time("2024-02-01 12:00:00")
    def test_new_due_date_of_a_posted_instalment(self):
        invoice = self._create_deal_invoice([(100.0, self.deal)])
        self._flush()
        self.assertEqual(self.deal.billing_status, "overdue")
        line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        line.date_maturity = "2024-02-15"
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0)
        self.assertRecordValues(
            self.deal,
            [{"billing_status": "invoiced", "next_due_date": self._date("2024-02-15")}],
        )
        invoice.invoice_date_due = "2024-01-31"
        self._flush()
        self.assertEqual(self.deal.next_due_date, line.date_maturity)
        self.assertEqual(
            self.deal.billing_status,
            "overdue" if line.date_maturity < self._date("2024-02-01") else "invoiced",
        )

    @freeze_time("2024-02-01 12:00:00")
    def test_disputed_is_due_but_not_overdue(self):
        invoice = self._create_deal_invoice([(100.0, self.deal)])
        self._flush()
        self.assertEqual(self.deal.billing_status, "overdue")
        invoice.action_toggle_block_payment()
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0)
        self.assertEqual(self.deal.billing_status, "invoiced")
        invoice.action_toggle_block_payment()
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0, overdue_total=100.0)

    def test_today_is_the_companys(self):
        """Around midnight the company's time zone decides, whoever looks and wherever."""
        self.env.user.tz = "UTC"
        for zone, moment, is_overdue in (
            ("Pacific/Kiritimati", "2024-02-09 11:00:00", True),
            ("Pacific/Kiritimati", "2024-02-09 09:00:00", False),
            ("Pacific/Pago_Pago", "2024-02-10 10:00:00", False),
            ("Pacific/Pago_Pago", "2024-02-10 11:30:00", True),
        ):
            with self.subTest(zone=zone, moment=moment), freeze_time(moment):
                self.company.partner_id.tz = zone
                deal = self._create_deal()
                self._create_deal_invoice([(100.0, deal)], invoice_date_due="2024-02-09")
                self._flush()
                self.assertEqual(deal.overdue_total, 100.0 if is_overdue else 0.0)

    def test_users_in_several_time_zones_store_the_same(self):
        """Without a time zone of the company it is UTC's day, whoever causes the computation."""
        self.company.partner_id.tz = False
        with freeze_time("2024-02-09 11:30:00"):
            for zone in ("Pacific/Auckland", "America/Los_Angeles"):
                self.env.user.tz = zone
                deal = self._create_deal(zone)
                self._create_deal_invoice([(100.0, deal)], invoice_date_due="2024-02-09")
                self.assertFigures(deal, invoiced_total=100.0, due_total=100.0)
                self.assertEqual(deal.billing_status, "invoiced")
                self.assertEqual(deal.billing_as_of_date, self._date("2024-02-09"))

    def test_cron_ends_for_companies_on_two_days(self):
        """A deal of no company is judged once, though it is tomorrow somewhere already."""
        east = self.setup_other_company(name="East")["company"]
        east.partner_id.tz = "Pacific/Kiritimati"
        self.env["res.company"].sudo().search(
            [("id", "!=", east.id)]
        ).partner_id.tz = "Pacific/Pago_Pago"
        deal = self._create_deal(company_id=False)
        with freeze_time("2024-01-20 10:30:00") as frozen:
            self._create_deal_invoice([(100.0, deal)], invoice_date_due="2024-01-25")
            self._flush()
            frozen.move_to("2024-02-01 10:30:00")
            refreshed = []
            refresh = type(deal)._refresh_billing

            def count(leads):
                refreshed.append(leads.ids)
                self.assertLess(len(refreshed), 10, "the action never ends")
                return refresh(leads)

            self.patch(type(deal), "_refresh_billing", count)
            self._run_cron()
        self.assertFigures(deal, invoiced_total=100.0, due_total=100.0, overdue_total=100.0)

    def test_cron_takes_archived_deals_and_many_batches(self):
        deals = self.env["crm.lead"]
        with freeze_time("2024-01-10 12:00:00") as frozen:
            for number in range(5):
                deals |= self._create_deal(f"Deal {number}")
            self._create_deal_invoice(
                [(100.0, deal) for deal in deals], invoice_date_due="2024-01-31"
            )
            self._flush()
            deals[0].active = False
            frozen.move_to("2024-02-01 12:00:00")
            self.env.flush_all()
            with self.enter_registry_test_mode(), self.registry.cursor() as cr:
                leads = self.env(cr=cr, su=True)["crm.lead"]
                leads._cron_refresh_overdue()
                cr.flush()
                leads._cron_read_changes(batch_size=2)
            self.env.invalidate_all()
            for deal in deals:
                self.assertFigures(deal, invoiced_total=100.0, due_total=100.0, overdue_total=100.0)
            self.assertEqual(
                deals.mapped("billing_as_of_date"), [fields.Date.to_date("2024-02-01")] * 5
            )
