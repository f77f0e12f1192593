from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .test_cost import CostCommon


class ServiceCommon(CostCommon):
    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("sales_team.group_sale_manager")

    @classmethod
    def _create_driver(cls, kind, unit_cost=None, company=None, **rate):
        driver = cls.env["crm.service.driver"].create(
            {"name": kind, "kind": kind, "company_id": (company or cls.company).id}
        )
        if unit_cost is not None:
            rate["unit_cost"] = unit_cost
        cls.env["crm.service.rate"].create(
            {"driver_id": driver.id, "date_from": "2020-01-01", **rate}
        )
        return driver

    @classmethod
    def _create_capacity(cls):
        """A minute costs 560,000 / 700,000 = 0.80."""
        return cls.env["crm.service.capacity"].create(
            {
                "name": "Customer service",
                "company_id": cls.company.id,
                "date_from": "2024-01-01",
                "date_to": "2024-03-31",
                "cost": 560000.0,
                "practical_minutes": 700000.0,
            }
        )

    def _count(self, *drivers):
        """Rows ``(customer, month, quantity, amount)`` of these drivers."""
        services = self.env["crm.customer.service"].sudo()
        for driver in drivers:
            services._count(driver.sudo())
        rows = services.search([("driver_id", "in", [driver.id for driver in drivers])])
        return sorted(
            (row.partner_id.name, str(row.month), row.quantity, row.amount) for row in rows
        )


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestService(ServiceCommon):
    def test_documents(self):
        contact = self.env["res.partner"].create({"name": "Bob", "parent_id": self.partner.id})
        self._sell(self.flour)
        self._sell(self.flour, date="2024-01-31", partner_id=contact.id)
        self._sell(self.flour, date="2024-02-01")
        self._sell(self.flour, post=False)
        self._sell(self.flour, move_type="out_refund")
        self.assertEqual(
            self._count(self._create_driver("invoice", 12.5)),
            [
                ("Prompt & Sons", "2024-01-01", 2.0, 25.0),
                ("Prompt & Sons", "2024-02-01", 1.0, 12.5),
            ],
        )
        self.assertEqual(
            self._count(self._create_driver("credit_note", 40.0)),
            [("Prompt & Sons", "2024-01-01", 1.0, 40.0)],
        )

    def test_rate_of_the_day(self):
        driver = self._create_driver("invoice", 10.0, date_to="2024-01-10")
        self.env["crm.service.rate"].create(
            {"driver_id": driver.id, "date_from": "2024-01-11", "unit_cost": 20.0}
        )
        self._sell(self.flour, date="2024-01-10")
        self._sell(self.flour, date="2024-01-11")
        self.assertEqual(sum(row[3] for row in self._count(driver)), 30.0)
        self.assertEqual(driver.current_rate, "$\N{NO-BREAK SPACE}20.00")
        self.assertEqual(self._create_driver("late_money", 9.0).current_rate, "9.0 % a year")
        self.assertFalse(self._create_driver("meeting", 5.0, date_to="2024-03-09").current_rate)

    def test_counted_twice_is_counted_once(self):
        driver = self._create_driver("invoice", 10.0)
        old = self._sell(self.flour, date="2023-05-01")
        self._sell(self.flour, date="2024-02-01")
        first = self._count(driver)
        self.assertEqual(self._count(driver), first)
        self.assertEqual(len(first), 2)
        # The past is counted again only where rates changed.
        old.button_draft()
        self.assertEqual(len(self._count(driver)), 2)
        driver.rate_ids.unit_cost = 5.0
        self.assertEqual(self._count(driver), [("Prompt & Sons", "2024-02-01", 1.0, 5.0)])

    def test_merged_customers(self):
        """What they cost is summed up, also of months that are not counted again."""
        other, third = self.env["res.partner"].create([{"name": "Other"}, {"name": "Third"}])
        for day, partner in (
            ("2023-05-01", self.partner),
            ("2023-05-02", other),
            ("2023-05-03", other),
            ("2023-06-01", third),
            ("2024-02-01", third),
        ):
            self._sell(self.flour, date=day, partner_id=partner.id)
        driver = self._create_driver("invoice", 10.0)
        self.assertEqual(len(self._count(driver)), 4)
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (self.partner | other | third).ids, self.partner
        )
        merged = [
            ("Prompt & Sons", "2023-05-01", 3.0, 30.0),
            ("Prompt & Sons", "2023-06-01", 1.0, 10.0),
            ("Prompt & Sons", "2024-02-01", 1.0, 10.0),
        ]
        rows = self.env["crm.customer.service"].sudo().search([("driver_id", "=", driver.id)])
        self.assertEqual(
            sorted((r.partner_id.name, str(r.month), r.quantity, r.amount) for r in rows), merged
        )
        self.assertEqual(self._count(driver), merged)

    def test_financing(self):
        """10,000 late for 30 days at 9 % a year: 73.97, shared over its months."""
        invoice = self._sell(self.flour, 1, 10000.0, invoice_date_due="2024-01-20")
        self._pay(invoice, date="2024-02-19")
        rows = self._count(self._create_driver("late_money", 9.0))
        self.assertEqual(
            [row[1:3] for row in rows], [("2024-01-01", 110000), ("2024-02-01", 190000)]
        )
        self.assertAlmostEqual(sum(row[3] for row in rows), 73.97, 2)

    def test_financing_of_what_is_open(self):
        """As 10,000, of which 4,000 came after 10 days, until today."""
        invoice = self._sell(self.flour, 1, 10000.0, invoice_date_due="2024-02-29")
        self._pay(invoice, 4000.0, date="2024-03-05")
        [row] = self._count(self._create_driver("late_money", 9.0))
        self.assertEqual(row[2], 4000.0 * 5 + 6000.0 * 10)

    def test_not_late_costs_nothing(self):
        invoice = self._sell(self.flour, 1, 100.0, invoice_date_due="2024-02-10")
        self._pay(invoice, date="2024-02-10")
        self._sell(self.flour, 1, 100.0, invoice_date_due="2024-04-10")
        self.assertFalse(self._count(self._create_driver("late_money", 9.0)))

    def test_lost_opportunity(self):
        lead = self.env["crm.lead"].create(
            {"name": "Oven", "type": "opportunity", "partner_id": self.partner.id}
        )
        self.env["crm.lead"].create(
            {"name": "Mixer", "type": "opportunity", "partner_id": self.partner.id}
        )
        lead.action_set_lost()
        driver = self._create_driver("lost_opportunity", 300.0)
        self.assertEqual(self._count(driver), [("Prompt & Sons", "2024-03-01", 1.0, 300.0)])

    def test_activities_by_type(self):
        call = self.env.ref("mail.mail_activity_data_call")
        for kind in ("mail.mail_activity_data_call", "mail.mail_activity_data_todo"):
            self.partner.activity_schedule(kind, user_id=self.env.uid).action_feedback()
        self.partner.activity_schedule("mail.mail_activity_data_call", user_id=self.env.uid)
        driver = self._create_driver("activity", 7.0)
        self.assertEqual(sum(row[2] for row in self._count(driver)), 2.0)
        driver.activity_type_id = call
        self.assertEqual(self._count(driver), [("Prompt & Sons", "2024-03-01", 1.0, 7.0)])

    def test_meeting_counts_once(self):
        lead = self.env["crm.lead"].create(
            {"name": "Oven", "type": "opportunity", "partner_id": self.partner.id}
        )
        self.env["calendar.event"].create(
            {
                "name": "Talk",
                "start": "2024-03-01 09:00:00",
                "stop": "2024-03-01 10:00:00",
                "user_id": self.env.uid,
                "opportunity_id": lead.id,
                "partner_ids": (self.partner | self.env.user.partner_id).ids,
            }
        )
        driver = self._create_driver("meeting", 90.0)
        self.assertEqual(self._count(driver), [("Prompt & Sons", "2024-03-01", 1.0, 90.0)])

    def test_day_of_the_company(self):
        """On the last of January in Greenwich it is February in Auckland, and still January in
        Honolulu; a meeting of a whole day is on that day.
        """
        lead = self.env["crm.lead"].create(
            {"name": "Oven", "type": "opportunity", "partner_id": self.partner.id}
        )
        lead.action_set_lost()
        lead.date_closed = "2024-01-31 12:30:00"
        self.env["calendar.event"].create(
            [
                {
                    "name": "Talk",
                    "start": start,
                    "stop": start,
                    "allday": is_allday,
                    "user_id": self.env.uid,
                    "partner_ids": self.partner.ids,
                }
                for start, is_allday in [
                    ("2024-01-31 12:30:00", False),
                    ("2024-02-01 05:00:00", False),
                    ("2024-01-31 08:00:00", True),
                ]
            ]
        )
        for zone, meetings, lost in [
            ("UTC", {"2024-01-01": 2, "2024-02-01": 1}, "2024-01-01"),
            ("Pacific/Auckland", {"2024-01-01": 1, "2024-02-01": 2}, "2024-02-01"),
            ("Pacific/Honolulu", {"2024-01-01": 3}, "2024-01-01"),
        ]:
            with self.subTest(zone=zone):
                self.company.partner_id.sudo().tz = zone
                rows = self._count(self._create_driver("meeting", 90.0))
                self.assertEqual({row[1]: row[2] for row in rows}, meetings)
                [row] = self._count(self._create_driver("lost_opportunity", 300.0))
                self.assertEqual(row[1], lost)

    def test_time_zone_that_the_database_lacks(self):
        """Its clocks are ahead by what they are ahead by today."""
        driver = self._create_driver("meeting", 5.0)
        for zone, day in [
            ("Pacific/Auckland", "2024-02-01"),
            ("Pacific/Marquesas", "2024-01-31"),
            ("Asia/Kolkata", "2024-01-31"),
        ]:
            self.company.partner_id.sudo().tz = zone
            known = driver._get_day_sql(SQL("'2024-01-31 12:30'::timestamp"))
            unknown = SQL(
                known.code.replace("WHERE name =", "WHERE FALSE AND name ="), *known.params
            )
            for sql in (known, unknown):
                [[found]] = self.env.execute_query(SQL("SELECT %s", sql))
                self.assertEqual(str(found), day, zone)

    def test_time_driven(self):
        """Kaplan and Anderson: 560,000 for 700,000 minutes; 49,000 orders at 8 minutes, 1,400
        inquiries at 44, 2,500 credit checks at 50: 462,880 used, 97,120 unused.
        """
        capacity = self._create_capacity()
        self.assertEqual(capacity.minute_rate, 0.8)
        events = {}
        for quantity, minutes in ((49000, 8), (1400, 44), (2500, 50)):
            driver = self._create_driver("invoice", capacity_id=capacity.id, minutes=minutes)
            events[driver.id] = quantity
        self.patch(
            type(self.env["crm.service.driver"]),
            "_get_event_sql",
            lambda driver: SQL(
                "SELECT %s AS company_id, %s AS partner_id,"
                " '2024-02-02'::date AS date, %s AS quantity",
                driver.company_id.id,
                self.partner.id,
                events[driver.id],
            ),
        )
        self._count(*self.env["crm.service.driver"].browse(events))
        capacity.invalidate_recordset()
        self.assertAlmostEqual(capacity.used_amount, 462880.0, 2)
        self.assertAlmostEqual(capacity.unused_amount, 97120.0, 2)

    def test_rates_do_not_overlap(self):
        driver = self._create_driver("invoice", 10.0)
        with self.assertRaises(ValidationError):
            self.env["crm.service.rate"].create(
                {"driver_id": driver.id, "date_from": "2024-01-11", "unit_cost": 20.0}
            )

    def test_scheduled_action(self):
        driver = self._create_driver("invoice", 10.0)
        self._sell(self.flour)
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_value.ir_cron_count_service").sudo().method_direct_trigger()
        self.assertTrue(driver.is_counted)
        self.assertTrue(self.env["crm.customer.service"].search([("driver_id", "=", driver.id)]))

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_who_may(self):
        biller = self._create_user("service-biller", "account.group_account_invoice")
        for model in ("crm.customer.service", "crm.customer.profit.report", "crm.service.driver"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(biller).search([])
        administrator = self._create_user("service-admin", "account.group_account_manager")
        self.env["crm.service.driver"].with_user(administrator).search([])
