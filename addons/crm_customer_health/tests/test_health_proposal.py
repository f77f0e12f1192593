from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import HealthCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00:00")
class TestHealthProposal(HealthCommon):
    """Who installs has thresholds at once, from the own books, and sees what they mean."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._get_policy()
        cls.manager = cls._create_user("p-manager", "sales_team.group_sale_manager")

    def _invoice_all(self, count):
        """Invoices of 100 to 100 times their number; the usual one of 20 is 1,000."""
        for number in range(1, count + 1):
            self._invoice(100.0 * number, invoice_date_due="2024-04-30")

    def _cron(self):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=1000.0):
            self.env["crm.customer.health"].sudo()._cron_refresh()

    def _get_thresholds(self):
        return sorted((line.amount, line.days) for line in self.policy.threshold_ids)

    def test_from_the_own_books(self):
        self._invoice_all(20)
        self._cron()
        # One of ten is larger than 1,800: in one figure 2,000.
        self.assertEqual(self._get_thresholds(), [(1000.0, 30), (2000.0, 7)])
        self.assertEqual(str(self.policy.thresholds_proposed_on), "2024-04-10")
        self.assertTrue(self._get_rows(), "the customers are computed with them")

    def test_proposed_until_somebody_confirms_or_changes_them(self):
        self._invoice_all(20)
        self._cron()
        self.assertTrue(self.policy.are_thresholds_proposed)
        seller = self._create_user("p-seller", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self.policy.with_user(seller).action_confirm_thresholds()
        with self.assertRaises(AccessError):
            self.policy.with_user(self.manager).are_thresholds_proposed = False
        self.policy.with_user(self.manager).action_confirm_thresholds()
        self.assertFalse(self.policy.are_thresholds_proposed)
        self.assertEqual(self._get_thresholds(), [(1000.0, 30), (2000.0, 7)])
        self.policy.sudo().are_thresholds_proposed = True
        self.policy.with_user(self.manager).threshold_ids[0].amount = 1900
        self.assertFalse(self.policy.are_thresholds_proposed)

    def test_what_is_usual_is_not_large(self):
        for __ in range(25):
            self._invoice(480.0, invoice_date_due="2024-04-30")
        self._cron()
        self.assertEqual(self._get_thresholds(), [(500.0, 30), (1000.0, 7)])

    def test_few_invoices_say_nothing(self):
        self._invoice_all(19)
        self._cron()
        self.assertFalse(self.policy.threshold_ids)
        self.assertFalse(self.policy.thresholds_proposed_on)
        self._invoice(5.0)
        self._cron()
        self.assertTrue(self.policy.threshold_ids, "as soon as there are enough")

    def test_own_ones_stay(self):
        self.policy.threshold_ids = [Command.create({"amount": 5, "days": 5})]
        self._invoice_all(20)
        self._cron()
        self.assertEqual(self._get_thresholds(), [(5.0, 5)])

    def test_once_only(self):
        self._invoice_all(20)
        self._cron()
        self.policy.threshold_ids.unlink()
        self._cron()
        self.assertFalse(self.policy.threshold_ids, "somebody does not want any")
        with self.assertRaises(AccessError):
            self.policy.with_user(self.manager).thresholds_proposed_on = False

    def test_how_many_need_action_before_it_is_saved(self):
        for number, amount in enumerate((100.0, 300.0, 900.0)):
            partner = self._create_customer(f"Customer {number}")
            self._invoice(amount, partner_id=partner.id, invoice_date_due="2024-03-01")
        disputed = self._invoice(5000.0, invoice_date_due="2024-03-01")
        disputed.payment_state = "blocked"
        self._refresh()
        with Form(self.policy.with_user(self.manager)) as form:
            self.assertEqual(form.needing_action_count, 0)
            with form.threshold_ids.new() as line:
                line.amount = 300
                line.days = 30
            self.assertEqual(form.needing_action_count, 2)
            with form.threshold_ids.edit(0) as line:
                line.days = 41
            self.assertEqual(form.needing_action_count, 0)
            with form.threshold_ids.edit(0) as line:
                line.amount = 900
                line.days = 40
            self.assertEqual(form.needing_action_count, 1)
        self._refresh()
        rows = self._get_rows().values()
        self.assertEqual(sum(row.needs_action for row in rows), self.policy.needing_action_count)
