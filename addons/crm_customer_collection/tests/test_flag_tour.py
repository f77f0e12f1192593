from datetime import timedelta

from odoo import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.crm_customer_health.tests.common import HealthCommon


@tagged("post_install", "-at_install")
class TestFlagTour(HealthCommon, HttpCase):
    """A salesperson is told of an overdue customer, in a browser."""

    def test_salesperson_finds_a_flag_and_records_a_promise(self):
        seller = self._create_user("tour-seller", "sales_team.group_sale_salesman")
        today = self.company._get_today()
        self._invoice(
            1000.0,
            partner_id=self._create_customer("Tour Late", user_id=seller.id).id,
            date=today - timedelta(days=60),
            invoice_date_due=today - timedelta(days=40),
        )
        self._get_policy().threshold_ids = [Command.create({"amount": 500, "days": 7})]
        self._refresh()
        run = self.env["crm.customer.flag.run"].sudo()._start(self.company)
        run._do_batch()
        self.assertEqual(run.flagged_count, 1)
        self.start_tour("/odoo", "crm_customer_flag_tour", login=seller.login)
        promise = self.env["crm.payment.promise"].search([("recorded_by_id", "=", seller.id)])
        self.assertEqual((promise.amount, promise.state), (600.0, "running"))
