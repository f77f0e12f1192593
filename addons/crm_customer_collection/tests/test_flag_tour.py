from datetime import timedelta

from odoo import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.crm_customer_health.tests.common import HealthCommon


@tagged("post_install", "-at_install")
class TestFlagTour(HealthCommon, HttpCase):
    """A salesperson is told of an overdue customer, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("tour-seller", "sales_team.group_sale_salesman")
        cls.biller = cls._create_user("tour-biller", "account.group_account_invoice")
        today = cls.company._get_today()
        cls._invoice(
            1000.0,
            partner_id=cls._create_customer(
                "Tour Late", user_id=cls.seller.id, phone="+1 555 0100"
            ).id,
            date=today - timedelta(days=60),
            invoice_date_due=today - timedelta(days=40),
        )
        cls._get_policy().threshold_ids = [Command.create({"amount": 500, "days": 7})]

    def setUp(self):
        super().setUp()
        self._refresh()
        run = self.env["crm.customer.flag.run"].sudo()._start(self.company)
        run._do_batch()
        self.assertEqual(run.flagged_count, 1)

    def test_salesperson_finds_a_flag_and_records_a_promise(self):
        self.start_tour("/odoo", "crm_customer_flag_tour", login=self.seller.login)
        promise = self.env["crm.payment.promise"].search([("recorded_by_id", "=", self.seller.id)])
        self.assertEqual((promise.amount, promise.state), (600.0, "running"))

    def test_salesperson_calls_who_is_to_be_called(self):
        self.start_tour("/odoo", "crm_customer_calling_tour", login=self.seller.login)
        flag = self.env["crm.customer.flag"].sudo().search([("assigned_id", "=", self.seller.id)])
        self.assertTrue(flag.is_done)
        self.assertEqual(flag.done_note, "The invoice goes out with the next run.")

    def test_accountant_finds_an_open_item(self):
        self.start_tour("/odoo/open-items", "crm_customer_open_items_tour", login=self.biller.login)
