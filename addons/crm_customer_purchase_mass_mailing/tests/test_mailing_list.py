from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_customer_purchase.tests.test_list_effect import EffectCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-06-30 12:00:00")
class TestMailingList(EffectCommon):
    """A selection becomes a mailing list."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = cls._create_user(
            "mailing_marketer",
            "sales_team.group_sale_salesman_all_leads,mass_mailing.group_mass_mailing_user",
        )
        for number, shop in enumerate(cls.shops):
            shop.email = f"Shop {number} <Shop{number}@Example.com>"
        cls.lists = cls.purchases.env["mailing.list"]
        cls.known_lists = cls.lists.search([])

    def _get_lists(self):
        return self.lists.search([("id", "not in", self.known_lists.ids)])

    def _add(self, partners, product=None):
        return self._get_rows(partners, product, self.marketer).action_add_to_mailing_list()

    def test_who_is_left_out(self):
        """Of 35, five are left out: two without e-mail, one blacklisted, two opted out."""
        shops = self.shops[:35]
        shops[0].email = False
        shops[1].email = "no address"
        self.lists.env["mail.blacklist"].create({"email": "shop2@example.com"})
        newsletter = self.lists.create({"name": "Newsletter"})
        self.known_lists |= newsletter
        self.lists.env["mailing.contact"].create(
            {
                "email": "SHOP3@example.com",
                "subscription_ids": [(0, 0, {"list_id": newsletter.id, "opt_out": True})],
            }
        )
        shops[4].is_left_out_of_lists = True
        answer = self._add(shops)
        self.assertEqual(
            answer["params"]["message"],
            "On the mailing list: 30. Left out: 2 without e-mail, 1 blacklisted, 2 opted out.",
        )
        mailing_list = self._get_lists()
        self.assertEqual(mailing_list.name, "Stopped Buying, 06/30/2024")
        self.assertEqual(
            set(mailing_list.contact_ids.mapped("email_normalized")),
            {f"shop{number}@example.com" for number in range(5, 35)},
        )
        effect = self._get_effect()
        self.assertEqual((effect.action, effect.kind), ("mailing", "lapsed"))
        self.assertEqual((effect.targeted_count, effect.rest_count), (30, 35))

    def test_contacts_are_taken_again(self):
        first = self.lists.env["mailing.contact"].create(
            {"email": "shop0@example.com", "name": "Old"}
        )
        self.shops[2].email = self.shops[1].email
        count = self.lists.env["mailing.contact"].search_count([])
        for __ in range(2):
            answer = self._add(self.shops[:3])
            self.assertEqual(answer["params"]["message"], "On the mailing list: 3.")
        mailing_list = self._get_lists()
        self.assertEqual(len(mailing_list.subscription_ids), 2, "one address of two customers")
        self.assertIn(first, mailing_list.contact_ids)
        self.assertEqual(self.lists.env["mailing.contact"].search_count([]), count + 1)
        self.assertEqual(self._get_effect().targeted_count, 3)
        with freeze_time("2024-07-01 12:00:00"):
            self._add(self.shops[:3])
        self.assertEqual(len(self._get_lists()), 2, "a list of each day")

    def test_nobody_is_left(self):
        self.shops[:2].email = False
        self._add(self.shops[:2])
        self.assertFalse(self._get_lists() or self._get_effect())

    def test_suggested(self):
        self.purchases.env["crm.customer.suggestion"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.shops[0].id,
                "product_id": self.yeast.id,
            }
        )
        self.env["crm.customer.suggestion"].with_user(self.marketer).search(
            [("company_id", "=", self.company.id)]
        ).action_add_to_mailing_list()
        self.assertEqual(self._get_lists().name, "Suggested, 06/30/2024")

    def test_who_may_not_use_mailings(self):
        rows = self._get_rows(self.shops[:2])
        with self.assertRaises(AccessError):
            rows.action_add_to_mailing_list()
        for model in ("crm.customer.purchase", "crm.customer.suggestion"):
            for user, is_seen in ((self.seller, False), (self.marketer, True)):
                arch = self.env[model].with_user(user).get_view(view_type="list")["arch"]
                self.assertEqual("action_add_to_mailing_list" in arch, is_seen, user.login)

    def test_context_says_nothing(self):
        other = self.lists.create({"name": "Other"})
        self.known_lists |= other
        rows = self._get_rows(self.shops[:2], user=self.marketer).with_context(
            default_list_ids=[other.id], default_opt_out=True, default_active=False
        )
        rows.action_add_to_mailing_list()
        self.assertFalse(other.contact_ids)
        self.assertFalse(any(self._get_lists().subscription_ids.mapped("opt_out")))

    def test_constant_searches(self):
        """Whose address it is, who is blacklisted, who opted out: asked once for all."""

        def count(partners):
            rows = self._get_rows(partners, user=self.marketer)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            reasons = rows._get_reasons_against_mailing()
            self.assertFalse(reasons)
            return self.env.cr.sql_log_count - before

        count(self.shops)
        self.assertEqual(count(self.shops[:2]), count(self.shops))
