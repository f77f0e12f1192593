from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.tests import tagged

from odoo.addons.crm_customer_value.tests.test_service import ServiceCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestOverrideDriver(ServiceCommon):
    def _override(self, moment, company=None):
        """An entry of the log, written at a moment in UTC."""
        override = self.env(user=SUPERUSER_ID)["crm.customer.hold.override"].create(
            {
                "company_id": (company or self.company).id,
                "partner_id": self.partner.id,
                "res_model": "res.partner",
                "res_id": self.partner.id,
                "document_name": "S0001",
                "overridden_by_id": self.env.uid,
                "reason": "They will pay",
            }
        )
        self.env.cr.execute(
            "UPDATE crm_customer_hold_override SET create_date = %s WHERE id = %s",
            [moment, override.id],
        )
        return override

    def test_each_override_counts(self):
        """50 minutes at 0.80 are 40.00, on the day of the company."""
        self._override("2024-01-31 12:30:00")
        self._override("2024-01-31 09:00:00")
        self._override("2024-02-10 09:00:00")
        capacity = self._create_capacity()
        for zone, expected in [
            ("UTC", [("2024-01-01", 2.0, 80.0), ("2024-02-01", 1.0, 40.0)]),
            ("Pacific/Auckland", [("2024-01-01", 1.0, 40.0), ("2024-02-01", 2.0, 80.0)]),
        ]:
            self.company.partner_id.sudo().tz = zone
            driver = self._create_driver("hold_override", capacity_id=capacity.id, minutes=50)
            self.assertEqual([row[1:] for row in self._count(driver)], expected, zone)

    def test_two_companies(self):
        second = self._create_company(name="Second")
        self.env.user.company_ids |= second
        self._override("2024-02-01 09:00:00")
        self._override("2024-02-02 09:00:00", second)
        for company, cost in [(self.company, 10.0), (second, 20.0)]:
            self.assertEqual(
                self._count(self._create_driver("hold_override", cost, company)),
                [("Prompt & Sons", "2024-02-01", 1.0, cost)],
            )
