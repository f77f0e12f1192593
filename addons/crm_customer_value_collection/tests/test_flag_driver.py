from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.tests import tagged

from odoo.addons.crm_customer_value.tests.test_service import ServiceCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestFlagDriver(ServiceCommon):
    def _flag(self, date, company=None, **values):
        return self.env(user=SUPERUSER_ID)["crm.customer.flag"].create(
            {
                "company_id": (company or self.company).id,
                "partner_id": self.partner.id,
                "flagged_on": date,
                **values,
            }
        )

    def test_each_flag_counts_once(self):
        """44 minutes at 0.80 are 35.20 a flag."""
        capacity = self._create_capacity()
        self._flag("2024-01-31", closed_on="2024-03-05")
        self._flag("2024-02-01", closed_on="2024-02-02")
        self._flag("2024-02-28")
        driver = self._create_driver("flag", capacity_id=capacity.id, minutes=44)
        expected = [
            ("Prompt & Sons", "2024-01-01", 1.0, 35.2),
            ("Prompt & Sons", "2024-02-01", 2.0, 70.4),
        ]
        self.assertEqual(self._count(driver), expected)
        self.assertEqual(self._count(driver), expected, "counted again")
        capacity.invalidate_recordset()
        self.assertAlmostEqual(capacity.used_amount, 105.6, 2)

    def test_two_companies(self):
        second = self._create_company(name="Second")
        self.env.user.company_ids |= second
        self._flag("2024-02-01")
        self._flag("2024-02-02", second)
        for company, cost in [(self.company, 10.0), (second, 20.0)]:
            self.assertEqual(
                self._count(self._create_driver("flag", cost, company)),
                [("Prompt & Sons", "2024-02-01", 1.0, cost)],
            )

    def test_flag_of_the_morning(self):
        """As the scheduled action flags: on the day of the company."""
        self.company.partner_id.sudo().tz = "Pacific/Auckland"
        policies = self.env["crm.customer.health.policy"].sudo()
        policies._get_policy(self.company).threshold_ids = [(5,), (0, 0, {"amount": 1, "days": 1})]
        self._sell(self.flour, date="2024-01-10")
        with freeze_time("2024-01-31 20:00"):
            self._flush()
            env = self.env(user=SUPERUSER_ID, context={})
            env["crm.customer.health"]._refresh(self.company)
            run = env["crm.customer.flag.run"]._start(self.company)
            while not run.finished_at:
                run._do_batch()
        [row] = self._count(self._create_driver("flag", 5.0))
        self.assertEqual(row[1:], ("2024-02-01", 1.0, 5.0))
