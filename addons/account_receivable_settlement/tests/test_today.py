from freezegun import freeze_time

from odoo.tests import tagged

from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-09 22:30:00")
class TestToday(ReceivableCommon):
    """The day of a company is the same for whoever asks."""

    def test_whoever_asks(self):
        for zone, day in (
            ("Pacific/Auckland", "2024-02-10"),
            ("America/Los_Angeles", "2024-02-09"),
            ("Europe/Zagreb", "2024-02-09"),
            ("Asia/Shanghai", "2024-02-10"),
            (False, "2024-02-09"),
        ):
            self.company.partner_id.tz = zone
            for user_zone in ("Pacific/Auckland", "America/Los_Angeles", False):
                self.env.user.tz = user_zone
                company = self.company.with_context(tz=user_zone)
                self.assertEqual(str(company._get_today()), day, (zone, user_zone))

    def test_time_zone_that_only_odoo_knows(self):
        """Old names come with copied databases; newer systems do without them."""
        self.env.cr.execute(
            "UPDATE res_partner SET tz = 'Türkiye' WHERE id = %s", [self.company.partner_id.id]
        )
        self.env.invalidate_all()
        self.assertEqual(str(self.company._get_today()), "2024-02-10")

    def test_setting(self):
        settings = self.env["res.config.settings"].sudo().create({})
        settings.company_tz = "Asia/Shanghai"
        settings.execute()
        self.assertEqual(self.company.partner_id.tz, "Asia/Shanghai")
        self.assertEqual(str(self.company._get_today()), "2024-02-10")
