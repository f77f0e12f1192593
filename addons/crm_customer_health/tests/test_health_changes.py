import itertools
import logging
from contextlib import ExitStack
from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.account_receivable_settlement.models import account_receivable_change

from .common import HealthCommon


@tagged("post_install", "-at_install")
class TestHealthChanges(HealthCommon):
    """Rows are brought up to date soon after accounting changed them, and by the calendar."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.changes = cls.env["account.receivable.change"].sudo()
        cls.health = cls.env["crm.customer.health"]
        cls.env.cr.flush()
        with freeze_time("2024-03-01"):
            cls.health._refresh(cls.company)
        cls.changes.search([("id", "!=", False)]).unlink()

    def setUp(self):
        super().setUp()
        self.startPatcher(freeze_time("2024-03-01"))

    def _get_row(self, partner=None):
        return self.health.search(
            [
                ("partner_id", "=", (partner or self.partner).id),
                ("company_id", "=", self.company.id),
            ]
        )

    def _get_waiting(self):
        """Customers that wait to be computed, after the transaction so to say."""
        self._flush()
        return self.env["res.partner"].browse(
            {row.res_id for row in self._get_rows_waiting() if row.company_id == self.company.id}
        )

    def _get_rows_waiting(self):
        return self.changes.search([("reader", "=", "crm.customer.health")])

    def _work_off(self):
        self._flush()
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_health.ir_cron_queue").method_direct_trigger()
        self.env.invalidate_all()

    def _clear(self):
        self._flush()
        self.changes.search([("id", "!=", False)]).unlink()

    def test_a_transaction_appends_each_customer_once(self):
        other = self._create_customer("Other")
        dispatch = self.env.ref("account_receivable_settlement.ir_cron_dispatch_changes")
        # A transaction of its own begins: what this one did asked for a start already.
        self._flush()
        self.env.cr.postcommit.data.clear()
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", dispatch.id)])
        invoices = self.env["account.move"]
        for _number in range(3):
            invoices |= self._invoice(100, post=False)
            invoices |= self._invoice(100, partner_id=other.id, post=False)
        self._clear()
        invoices[:4].action_post()
        self.assertEqual(self._get_waiting(), self.partner | other)
        self.assertEqual(len(self._get_rows_waiting()), 2)
        invoices[4:].action_post()
        self._flush()
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", dispatch.id)]),
            triggers + 1,
            "The scheduled action is asked once to start at once",
        )

    def test_each_operation_appends_the_customer(self):
        invoice = self._invoice(100)
        term = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        moved = self._create_customer("Moved")

        def pay():
            self.payment = self._pay(invoice, 40, date="2024-02-01")

        def unreconcile():
            term.remove_move_reconcile()

        def redate():
            term.date_maturity = "2024-02-20"

        def dispute():
            invoice.action_toggle_block_payment()

        def become_contact():
            self.partner.parent_id = moved

        for operation in (
            pay,
            unreconcile,
            redate,
            dispute,
            dispute,
            invoice.button_draft,
            invoice.action_post,
            invoice.button_draft,
            invoice.button_cancel,
            become_contact,
        ):
            self._clear()
            operation()
            self.assertIn(self.partner, self._get_waiting(), operation.__name__)

    def test_payment_without_entry_appends_the_customer(self):
        invoice = self._invoice(100)
        self._clear()
        self._pay_without_entry(invoice, 40)
        self.assertEqual(self._get_waiting(), self.partner)
        self._work_off()
        self.assertEqual(self._get_row().open_amount, 60)

    def test_vendor_bill_appends_nobody(self):
        self._clear()
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2024-01-10",
                "date": "2024-01-10",
                "invoice_line_ids": [(0, 0, {"name": "Line", "price_unit": 100})],
            }
        )
        bill.action_post()
        self.assertFalse(self._get_waiting())

    def test_the_scheduled_action_brings_the_row_up_to_date(self):
        invoice = self._invoice(100)
        self._work_off()
        self.assertEqual(self._get_row().overdue_amount, 100)
        self.assertFalse(self._get_waiting())
        self._pay(invoice, date="2024-02-20")
        self._flush()
        self.assertEqual(self._get_row().overdue_amount, 100, "The stored row is of before")
        self._work_off()
        row = self._get_row()
        self.assertEqual((row.open_amount, row.payment_count), (0, 1))
        self.assertEqual(row.computed_at, datetime(2024, 3, 1))

    def test_one_record_is_shown_as_of_this_moment(self):
        invoice = self._invoice(100)
        self._work_off()
        row = self._get_row()
        self._pay(invoice, 60, date="2024-02-20")
        self._flush()
        other = self._create_customer("Other")
        self._invoice(10, partner_id=other.id)
        self.health._refresh(self.company, other)
        specification = {"overdue_amount": {}}
        self.assertEqual(row.web_read(specification)[0]["overdue_amount"], 40)
        self.assertEqual(row.overdue_amount, 100, "The row itself stays as it is stored")
        self.assertEqual(self.partner.overdue_amount, 100, "Elsewhere the stored row is shown")
        rows = {
            values["id"]: values["overdue_amount"]
            for values in (row | self._get_row(other)).web_read(specification)
        }
        self.assertEqual(rows[row.id], 100, "A list shows what is stored")
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(row.overdue_amount, 100, "Looking writes nothing")

    def test_who_has_nothing_left_is_shown_with_nothing(self):
        """The only invoice was withdrawn, and the row is of before."""
        invoice = self._invoice(400)
        self._work_off()
        row = self._get_row()
        self.assertEqual((row.overdue_amount, row.health_status), (400, "at_risk"))
        invoice.button_draft()
        self._flush()
        specification = {
            name: {}
            for name in (
                "open_amount",
                "overdue_amount",
                "days_overdue",
                "oldest_due_date",
                "invoice_count",
                "last_invoice_date",
                "health_status",
                "health_score",
                "payment_risk",
                "needs_action",
                "rfm_segment",
                "is_being_updated",
                "ageing_graph",
                "health_reasons",
                "partner_id",
            )
        }
        [shown] = row.web_read(specification)
        self.assertIn('"value": 0.0', shown["ageing_graph"])
        self.assertNotIn("400", shown.pop("ageing_graph"))
        self.assertNotIn("400", shown.pop("health_reasons"))
        self.assertEqual(
            shown,
            {
                "id": row.id,
                "open_amount": 0,
                "overdue_amount": 0,
                "days_overdue": 0,
                "oldest_due_date": False,
                "invoice_count": 0,
                "last_invoice_date": False,
                "health_status": "unknown",
                "health_score": 0,
                "payment_risk": "unknown",
                "needs_action": False,
                "rfm_segment": False,
                "is_being_updated": True,
                "partner_id": self.partner.id,
            },
        )
        self.assertEqual(row.read(["overdue_amount"])[0]["overdue_amount"], 400)
        self._work_off()
        self.assertFalse(row.exists())
        self.assertFalse(row.web_read(specification), "Whoever has it open gets nothing")

    def test_the_form_says_that_it_is_being_updated(self):
        self._invoice(100)
        self._work_off()
        row = self._get_row()

        def is_being_updated():
            self.env.invalidate_all()
            return row.web_read({"is_being_updated": {}})[0]["is_being_updated"]

        self.assertFalse(is_being_updated())
        self._invoice(100)
        self._flush()
        self.assertTrue(is_being_updated())
        self._work_off()
        self.assertFalse(is_being_updated())
        with freeze_time("2024-03-02"):
            self.assertTrue(is_being_updated(), "A new day has begun")
            self.assertEqual(row.web_read({"days_overdue": {}})[0]["days_overdue"], 22)

    def test_a_customer_that_cannot_be_computed(self):
        """It is marked with the reason; the others are computed, and its form shows what is so."""
        other = self._create_customer("Other")
        self._invoice(100)
        self._invoice(100, partner_id=other.id)
        write_result = self.health._write_result

        def fail_for_one(health, with_sql, companies, partners):
            if partners and self.partner in partners:
                raise ValueError("No luck")
            return write_result(with_sql, companies, partners)

        with (
            patch.object(self.env.registry["crm.customer.health"], "_write_result", fail_for_one),
            self.assertLogs(account_receivable_change.__name__, logging.INFO) as log,
        ):
            self._work_off()
        self.assertIn("No luck", log.output[0])
        self.assertEqual(self._get_row(other).open_amount, 100)
        self.assertFalse(self._get_row())
        self.assertEqual(self._get_rows_waiting().mapped("failure"), ["No luck"])
        self.assertEqual(self._get_rows_waiting().record_name, self.partner.name)
        self._get_rows_waiting().action_try_again()
        self._work_off()
        self.assertEqual(self._get_row().open_amount, 100)
        self.assertFalse(self._get_rows_waiting())

    def test_everything_is_computed_company_by_company(self):
        self._invoice(100)
        self._clear()
        self.changes._collect_all()
        self._work_off()
        self.assertEqual(self._get_row().open_amount, 100)
        self.assertFalse(self._get_rows_waiting())

    def test_killed_while_working_off(self):
        invoice = self._invoice(100)
        self._work_off()
        self._pay(invoice, date="2024-02-20")
        self._flush()
        with (
            self.assertRaises(KeyboardInterrupt),
            patch.object(
                self.env.registry["crm.customer.health.change"],
                "_log",
                side_effect=KeyboardInterrupt,
            ),
            self.env.cr.savepoint(),
        ):
            self.changes._work_off("crm.customer.health")
        self.env.invalidate_all()
        self.assertEqual(self._get_row().open_amount, 100)
        self.assertEqual(self._get_waiting(), self.partner)
        self._work_off()
        self.assertEqual(self._get_row().open_amount, 0)

    def test_batches(self):
        customers = self.env["res.partner"]
        for number in range(5):
            customers |= self._create_customer(f"Customer {number}")
        for customer in customers:
            self._invoice(100, partner_id=customer.id)
        self._flush()
        self.assertEqual(
            [self.changes._work_off("crm.customer.health", 2) for _round in range(4)], [2, 2, 1, 0]
        )
        self.assertEqual(
            self.health.search([("partner_id", "in", customers.ids)]).mapped("open_amount"),
            [100.0] * 5,
        )

    def test_customers_of_a_company_that_is_being_written_stay(self):
        self._invoice(100)
        self._flush()
        with patch.object(
            self.env.registry["crm.customer.health"],
            "_lock_norms",
            lambda health, companies: health.env["crm.customer.health.norm"],
        ):
            self.assertEqual(self.changes._work_off("crm.customer.health"), 0)
        self.assertEqual(self._get_waiting(), self.partner)

    def test_a_change_of_status_is_logged_once(self):
        for number in range(6):
            self._settled(1000, 0, due=f"2024-02-{10 + number}")
        self._work_off()
        row = self._get_row()
        messages = self.partner.message_ids | row.message_ids
        changes = row.change_ids
        before = row.health_status
        self.assertNotEqual(before, "at_risk")
        self._invoice(90000, date="2023-05-01", invoice_date_due="2023-05-31")
        self._work_off()
        self.assertEqual(self._get_row().health_status, "at_risk")
        row.invalidate_recordset()
        change = row.change_ids - changes
        self.assertRecordValues(
            change,
            [
                {
                    "old_status": before,
                    "new_status": "at_risk",
                    "overdue_amount": 90000.0,
                    "reasons": row.health_reasons,
                }
            ],
        )
        self.assertIn("05/31/2023", change.reasons)
        self.health._refresh(self.company)
        self.health._refresh(self.company, self.partner)
        row.invalidate_recordset()
        self.assertEqual(row.change_ids, changes | change)
        self.assertEqual(
            self.partner.message_ids | row.message_ids, messages, "a log of its own, no messages"
        )

    def test_the_calendar_alone_changes_figures(self):
        self._invoice(100, invoice_date_due="2024-03-01")
        self._work_off()
        self.assertEqual(self._get_row().overdue_amount, 0)
        cron = self.env.ref("crm_customer_health.ir_cron_refresh")
        with freeze_time("2024-03-02"), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        row = self._get_row()
        self.assertEqual((row.overdue_amount, row.days_overdue), (100, 1))
        self.assertEqual(str(row.as_of_date), "2024-03-02")

    def test_each_company_has_its_own_morning(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        norm = self.env["crm.customer.health.norm"].search([("company_id", "=", self.company.id)])
        with freeze_time("2024-03-05 12:00:00"):  # the 6th in Auckland
            self.health._refresh(self.company)
        self.assertEqual(str(norm.as_of_date), "2024-03-06")

    def test_only_changed_rows_are_written_for_all(self):
        still = self._create_customer("Still")
        policy = self.env["crm.customer.health.policy"]._get_policy(self.company)
        policy.minimum_items = 0  # whose score does not lean on the others
        self._settled(100, 0, due="2024-02-05", partner_id=still.id)
        self._invoice(100)
        self.health._refresh(self.company)
        with freeze_time("2024-03-02"):
            self.health._refresh(self.company)
        # One is a day later overdue; of the other nothing changed, yet it is as of today.
        self.assertEqual(self._get_row().refreshed_at, datetime(2024, 3, 2))
        self.assertEqual(self._get_row(still).refreshed_at, datetime(2024, 3, 1))
        self.assertEqual(str(self._get_row(still).as_of_date), "2024-03-02")

    def test_a_customer_without_facts_has_no_row(self):
        invoice = self._invoice(100)
        self._work_off()
        self.assertTrue(self._get_row())
        invoice.button_draft()
        self._work_off()
        self.assertFalse(self._get_row())

    def test_posting_and_paying_cost_few_statements(self):
        """However many documents, with and without deals, and for all readers together: at most
        four more than without.
        """

        def count(operation):
            self._flush()
            self.env.cr.postcommit.data.clear()
            before = self.cr.sql_log_count
            operation()
            self.env.cr.flush()
            return self.cr.sql_log_count - before

        def post_and_pay(number, has_deals, has_readers):
            invoices = self.env["account.move"]
            for __ in range(number):
                deal = self._create_deal() if has_deals else None
                invoices |= self._create_deal_invoice([(100, deal)], post=False)
            with ExitStack() as stack:
                if not has_readers:
                    model = self.env.registry["account.receivable.change"]
                    stack.enter_context(patch.object(model, "_get_readers", lambda __: []))
                return count(invoices.action_post), count(lambda: self._pay(invoices))

        def least(*args):
            """Odoo's own count differs by some statements from time to time."""
            return [
                min(counts) for counts in zip(post_and_pay(*args), post_and_pay(*args), strict=True)
            ]

        post_and_pay(2, True, True)  # warm the caches
        for number, has_deals in itertools.product((1, 5), (False, True)):
            posting, paying = least(number, has_deals, True)
            posting_without, paying_without = least(number, has_deals, False)
            with self.subTest(number=number, has_deals=has_deals):
                self.assertLessEqual(posting - posting_without, 4)
                self.assertLessEqual(paying - paying_without, 4)
