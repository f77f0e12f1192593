from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import HealthCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestCustomerSheet(HealthCommon):
    """The diagnosis on paper: the same figures, for whom the diagnosis is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("s-seller", "sales_team.group_sale_salesman")
        cls.rival = cls._create_user("s-rival", "sales_team.group_sale_salesman")
        cls.partner.user_id = cls.seller
        cls.stranger = cls._create_user("s-stranger", "base.group_user")

    def _print(self, user):
        row = self._get_rows()[self.partner].with_user(user)
        return (
            row.env["ir.actions.report"]
            ._render_qweb_html("crm_customer_health.report_customer_sheet", row.ids)[0]
            .decode()
        )

    def test_what_it_tells(self):
        self._invoice(300.0, date="2024-01-10", invoice_date_due="2024-05-01")
        self._invoice(100.0, date="2024-01-10", invoice_date_due="2024-04-01")
        self._refresh()
        sheet = self.env["report.crm_customer_health.report_customer_sheet"]._get_sheet(
            self._get_rows()[self.partner].with_env(self.env)
        )
        self.assertEqual([band["share"] for band in sheet["bands"]], [75, 25])
        self.assertEqual([band["label"] for band in sheet["bands"]], ["Not Due", "Overdue 1-30"])
        self.assertIn("300.00", sheet["bands"][0]["amount"])
        told = dict(sheet["strip"])
        self.assertIn("400.00", told["Open"])
        self.assertIn("100.00", told["Overdue"])
        html = self._print(self.seller)
        self.assertIn("Prompt &amp; Sons", html)
        self.assertIn("400.00", html)

    def test_who_prints_it(self):
        self._invoice(100.0, date="2024-01-10")
        self._refresh()
        self.assertIn("100.00", self._print(self.seller))
        for user in (self.rival, self.stranger):
            with self.assertRaises(AccessError):
                self._print(user)
