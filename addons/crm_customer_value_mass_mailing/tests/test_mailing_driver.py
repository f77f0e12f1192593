from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_customer_value.tests.test_service import ServiceCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestMailingDriver(ServiceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create(
            {"name": "Bob", "parent_id": cls.partner.id, "email": "Bob <Bob@Example.com>"}
        )
        cls.mailing = cls._create_mailing()

    @classmethod
    def _create_mailing(cls, user=None):
        return (
            cls.env["mailing.mailing"]
            .sudo()
            .create(
                {
                    "subject": "Spring",
                    "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                    "user_id": (user or cls.env.user).id,
                }
            )
        )

    def _send(self, record, moment="2024-02-10 09:00:00", status="sent", mailing=None, **values):
        return (
            self.env["mailing.trace"]
            .sudo()
            .create(
                {
                    "model": record._name,
                    "res_id": record.id,
                    "mass_mailing_id": (mailing or self.mailing).id,
                    "trace_status": status,
                    "sent_datetime": moment,
                    **values,
                }
            )
        )

    def test_each_message_counts(self):
        """5 minutes at 0.80 are 4.00, on the day of the company."""
        self._send(self.partner, "2024-01-31 12:30:00")
        self._send(self.contact, "2024-01-31 09:00:00", status="open")
        self._send(self.contact, "2024-02-10 09:00:00", status="bounce")
        capacity = self._create_capacity()
        for zone, expected in [
            ("UTC", [("2024-01-01", 2.0, 8.0), ("2024-02-01", 1.0, 4.0)]),
            ("Pacific/Auckland", [("2024-01-01", 1.0, 4.0), ("2024-02-01", 2.0, 8.0)]),
        ]:
            self.company.partner_id.sudo().tz = zone
            driver = self._create_driver("mailing", capacity_id=capacity.id, minutes=5)
            self.assertEqual([row[1:] for row in self._count(driver)], expected, zone)
            self.assertEqual([row[1:] for row in self._count(driver)], expected, "counted again")

    def test_what_was_not_sent(self):
        for status in ("outgoing", "process", "error", "cancel"):
            self._send(self.partner, status=status)
        self._send(self.partner, is_test_trace=True)
        self._send(self.env["res.partner"].browse(2**30))
        self.assertFalse(self._count(self._create_driver("mailing", 1.0)))

    def test_to_whom(self):
        """An opportunity's customer, and whose address a mailing contact has; each counts once."""
        lead, nobodys = self.env["crm.lead"].create(
            [
                {"name": "Deal", "partner_id": self.contact.id},
                {"name": "Lead", "email_from": "bob@example.com"},
            ]
        )
        self.env["res.partner"].create({"name": "Bob's twin", "email": "bob@example.com"})
        bob, stranger = (
            self.env["mailing.contact"]
            .sudo()
            .create([{"email": "bob@example.com"}, {"email": "ann@example.com"}])
        )
        for record in (lead, nobodys):
            self._send(record)
        for record in (bob, stranger):
            self._send(record, email=record.email_normalized)
        self.assertEqual(
            self._count(self._create_driver("mailing", 1.5)),
            [("Prompt & Sons", "2024-02-01", 2.0, 3.0)],
        )

    def test_two_companies(self):
        second = self._create_company(name="Second")
        colleague = self._create_user(
            "mailing_colleague", "mass_mailing.group_mass_mailing_user", second
        )
        self.env.user.company_ids |= second
        self._send(self.partner)
        for __ in range(2):
            self._send(self.partner, mailing=self._create_mailing(colleague))
        for company, count, cost in [(self.company, 1.0, 10.0), (second, 2.0, 40.0)]:
            driver = self._create_driver("mailing", cost / count, company)
            self.assertEqual(self._count(driver), [("Prompt & Sons", "2024-02-01", count, cost)])
