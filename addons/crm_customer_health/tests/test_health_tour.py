from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .common import HealthCommon


@tagged("post_install", "-at_install")
class TestHealthTour(HealthCommon, HttpCase):
    """A salesperson looks for overdue customers, in a browser."""

    def setUp(self):
        super().setUp()
        self.seller = seller = self._create_user("tour-seller", "sales_team.group_sale_salesman")
        today = self.company._get_today()
        for name, days in (("Tour Late", -40), ("Tour Prompt", 20)):
            self._invoice(
                1000.0,
                partner_id=self._create_customer(name, user_id=seller.id).id,
                date=today - timedelta(days=60),
                invoice_date_due=today + timedelta(days=days),
            )
        self._refresh()

    def test_salesperson_opens_a_diagnosis(self):
        self.start_tour("/odoo", "crm_customer_health_tour", login=self.seller.login)
