from functools import partial

from freezegun import freeze_time

from odoo import SUPERUSER_ID, Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import PurchaseCommon


class EffectCommon(PurchaseCommon):
    """70 shops that stopped buying flour; in June something is done for 30 of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user(
            "effect_seller", "sales_team.group_sale_salesman,base.group_partner_manager"
        )
        cls.colleague = cls._create_user("effect_colleague", "sales_team.group_sale_salesman")
        cls.leader = cls._create_user("effect_leader", "sales_team.group_sale_salesman_all_leads")
        cls.shops = cls.env["res.partner"].create(
            [{"name": f"Shop {n}", "user_id": cls.seller.id} for n in range(70)]
        )
        cls.targeted, cls.rest = cls.shops[:30], cls.shops[30:]
        cls.env.flush_all()
        cls._list(cls.shops, cls.flour)
        cls.effects = cls.env(user=SUPERUSER_ID)["crm.customer.list.effect"]
        cls.known = cls.effects.search([])

    @classmethod
    def _list(cls, partners, product, state="lapsed", company=None, **values):
        """Rows as the refresh writes them."""
        return cls.purchases.create(
            [
                {
                    "company_id": (company or cls.company).id,
                    "partner_id": partner.id,
                    "product_id": product.id,
                    "state": state,
                    **values,
                }
                for partner in partners
            ]
        )

    @classmethod
    def _sell_to(cls, partners, product, date, price, company=None, **values):
        """A posted invoice of one line for each of the partners."""
        company = company or cls.company
        journal = cls.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", company.id)], limit=1
        )
        moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "company_id": company.id,
                    "journal_id": journal.id,
                    "partner_id": partner.id,
                    "invoice_date": date,
                    "invoice_date_due": date,
                    "invoice_line_ids": [
                        Command.create(
                            {"product_id": product.id, "price_unit": price, "tax_ids": False}
                        )
                    ],
                    **values,
                }
                for partner in partners
            ]
        )
        moves.action_post()
        return moves

    def _get_rows(self, partners, product=None, user=None):
        return (
            self.env["crm.customer.purchase"]
            .with_user(user or self.seller)
            .search(
                [
                    ("partner_id", "in", partners.ids),
                    ("product_id", "=", (product or self.flour).id),
                ]
            )
        )

    def _get_effect(self, **values):
        """What was kept since the test began."""
        return self.effects.search(
            [
                ("id", "not in", self.known.ids),
                *((name, "=", value) for name, value in values.items()),
            ]
        )

    def _compute(self, day):
        self.env.flush_all()
        with self.enter_registry_test_mode(), freeze_time(f"{day} 12:00:00"):
            self.env.ref("crm_customer_purchase.ir_cron_list_effect").method_direct_trigger()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
@freeze_time("2024-06-30 12:00:00")
class TestListEffect(EffectCommon):
    """What came of what was done for a selection of a list."""

    def test_numbers_on_paper(self):
        """Flour brings 100 before with each. The 30 buy for 160 after, and salt for 40: 60 and 100
        more; the 40 for 110: 10 more. So 50 more a product, and 90 a customer.
        """
        self._sell_to(self.shops, self.flour, "2024-03-30", 5000)  # before the three months
        self._sell_to(self.shops, self.flour, "2024-03-31", 60)
        self._sell_to(self.shops, self.flour, "2024-06-30", 40)  # the day belongs to before
        self._get_rows(self.targeted).action_tag_customers()
        effect = self._get_effect()
        self.assertRecordValues(
            effect,
            [
                {
                    "company_id": self.company.id,
                    "kind": "lapsed",
                    "action": "tag",
                    "done_by_id": self.seller.id,
                    "date": fields.Date.to_date("2024-06-30"),
                    "until_date": fields.Date.to_date("2024-09-30"),
                    "targeted_count": 30,
                    "rest_count": 40,
                    "state": "running",
                    "result": "Not computed yet",
                }
            ],
        )
        with freeze_time("2024-10-01 08:00:00"):
            self._sell_to(self.targeted, self.flour, "2024-07-01", 160)
            self._sell_to(self.targeted, self.salt, "2024-09-30", 40)
            self._sell_to(self.rest, self.flour, "2024-08-15", 110)
            self._sell_to(self.shops, self.flour, "2024-10-01", 7000)  # after the three months
        self._compute("2024-09-30")
        self.assertEqual(effect.state, "running", "the last day is not over")
        self._compute("2024-10-01")
        self.assertRecordValues(
            effect,
            [
                {
                    "state": "done",
                    "is_telling": True,
                    "as_of_date": fields.Date.to_date("2024-10-01"),
                    "targeted_before": 3000,
                    "targeted_after": 4800,
                    "targeted_change": 60,
                    "rest_before": 4000,
                    "rest_after": 4400,
                    "rest_change": 10,
                    "targeted_customer_before": 3000,
                    "targeted_customer_after": 6000,
                    "targeted_customer_change": 100,
                    "rest_customer_before": 4000,
                    "rest_customer_after": 4400,
                    "rest_customer_change": 10,
                    "effect_amount": 50,
                    "customer_effect_amount": 90,
                    "result": "$\N{NO-BREAK SPACE}50.00 a product more than the rest",
                }
            ],
        )
        # What is done with is computed no more.
        self._sell_to(self.rest[:1], self.flour, "2024-07-01", 40000)
        self._compute("2024-11-01")
        self.assertEqual(effect.customer_effect_amount, 90)

    def test_so_far_and_returns(self):
        """Half of the time has passed; the first two sent everything back: 30 x 50 less 100."""
        self._get_rows(self.targeted).action_create_opportunities()
        with freeze_time("2024-08-01 08:00:00"):
            invoices = self._sell_to(self.targeted, self.flour, "2024-07-15", 50)
            refunds = self._sell_to(
                self.targeted[:2], self.flour, "2024-07-20", 50, move_type="out_refund"
            )
            self._sell_to(self.targeted, self.flour, "2024-08-20", 900)  # not yet
        self.assertTrue(invoices and refunds)
        self._compute("2024-08-01")
        effect = self._get_effect(action="opportunity")
        self.assertEqual(effect.state, "running")
        self.assertEqual(effect.targeted_after, 1400)
        self.assertAlmostEqual(effect.customer_effect_amount, 1400 / 30, 2)
        self.assertEqual(
            effect.result, "So far $\N{NO-BREAK SPACE}46.67 a product more than the rest"
        )

    def test_several_products_of_a_customer(self):
        """A customer's revenue counts once, whatever the number of its products in the list."""
        self._list(self.targeted, self.yeast)
        self._get_rows(self.targeted).action_tag_customers()
        self._get_rows(self.targeted, self.yeast)[:10].action_tag_customers()
        effect = self._get_effect()
        with freeze_time("2024-08-01 08:00:00"):
            self._sell_to(self.targeted[:10], self.yeast, "2024-07-01", 30)
        self._compute("2024-08-01")
        self.assertEqual(len(effect), 1, "the same day, list, action and person")
        self.assertEqual((effect.targeted_count, effect.rest_count), (30, 40))
        self.assertEqual(effect.targeted_customer_after, 300)
        self.assertEqual(effect.targeted_after, 300, "40 rows, ten of them yeast")
        self.assertEqual(effect.targeted_change, 7.5)
        rows = self.env["crm.customer.list.effect.row"].search(
            [("effect_id", "=", effect.id), ("side", "=", "elsewhere")]
        )
        self.assertEqual((len(rows), rows.product_id), (30, self.yeast), "as they were at first")

    def test_too_few(self):
        self._get_rows(self.targeted[:12]).action_tag_customers()
        effect = self._get_effect()
        self.assertEqual(effect.result, "Too few to say: 12 of 30")
        self.assertEqual(effect.rest_count, 58)
        with freeze_time("2024-10-01 08:00:00"):
            self._sell_to(self.targeted[:12], self.flour, "2024-07-01", 160)
        self._compute("2024-10-01")
        self.assertEqual(effect.result, "Too few to say: 12 of 30")
        self.assertFalse(effect.is_told or effect.is_telling)
        self.assertFalse(effect.effect_amount or effect.customer_effect_amount)
        self.assertEqual(effect.targeted_after, 1920)
        self.assertFalse(effect.rest_count, "of no use any more")

    def test_too_few_to_compare_with(self):
        self._get_rows(self.shops[:50]).action_tag_customers()
        self._compute("2024-10-01")
        effect = self._get_effect()
        self.assertEqual(effect.result, "Too few to compare with: 20 of 30")
        self.assertFalse(effect.customer_effect_amount)

    def test_29_and_30(self):
        self._get_rows(self.shops[:29]).action_tag_customers()
        self._compute("2024-07-01")
        effect = self._get_effect()
        self.assertFalse(effect.is_told)
        self._get_rows(self.shops[29:30]).action_tag_customers()
        self.assertEqual(effect.targeted_count, 30)
        self._compute("2024-07-01")
        effect.invalidate_recordset()
        self.assertTrue(effect.is_told, "what was added is computed though the day is the same")
        self.assertEqual(effect.result, "So far no difference from the rest")
        self.assertEqual(effect.rest_count, 40)

    def test_who_was_targeted_otherwise_is_no_rest(self):
        self._get_rows(self.targeted).action_tag_customers()
        with freeze_time("2024-09-30 08:00:00"):
            self._get_rows(self.rest[:5]).action_create_opportunities()
        with freeze_time("2024-10-01 08:00:00"):
            self._get_rows(self.rest[5:7]).action_create_opportunities()
        self._compute("2024-10-01")
        tagged = self._get_effect(action="tag")
        self.assertEqual((tagged.targeted_count, tagged.rest_count), (30, 35))
        # Three months before that nothing was done for them; for the 30 it was.
        later = self._get_effect(date="2024-09-30")
        self.assertEqual((later.targeted_count, later.rest_count), (5, 33))

    def test_which_list(self):
        """What is falling and due stands in two lists; the one that has the selection is meant."""
        self._get_rows(self.shops).with_user(SUPERUSER_ID).write({"state": "falling"})
        due = self._list(self.shops[:3], self.salt, "regular", expected_date="2024-06-01")
        both = self._get_rows(self.shops[:1])
        both.with_user(SUPERUSER_ID).expected_date = "2024-06-01"
        (both | self._get_rows(self.shops[:3], self.salt)).action_tag_customers()
        self.assertEqual(self._get_effect().mapped("kind"), ["due"])
        both.action_create_opportunities()
        self.assertEqual(self._get_effect(action="opportunity").kind, "falling")
        # What is in no list is no selection of one.
        due.write({"expected_date": False})
        self._get_rows(self.shops[:3], self.salt).action_schedule_activity()
        self.assertFalse(self._get_effect(action="activity"))

    def test_who_is_left_alone_is_no_rest(self):
        self.rest[:4].is_left_out_of_lists = True
        self.targeted[:1].is_left_out_of_lists = True
        self._get_rows(self.targeted).action_tag_customers()
        effect = self._get_effect()
        self.assertEqual((effect.targeted_count, effect.rest_count), (30, 36), "asked for")

    def test_activity_that_is_there_already(self):
        self._sell_to(self.targeted, self.flour, "2024-06-01", 1)
        self.env.flush_all()
        self.purchases.env["crm.customer.health"]._refresh(self.company)
        self._get_rows(self.targeted[:10]).action_schedule_activity()
        with freeze_time("2024-07-01 08:00:00"):
            self._get_rows(self.targeted).action_schedule_activity()
        first, second = self._get_effect(action="activity").sorted("date")
        self.assertEqual((first.targeted_count, second.targeted_count), (10, 20))
        self.assertEqual(second.rest_count, 40, "who had one already is none of the rest")

    def test_suggested(self):
        self.purchases.env["crm.customer.suggestion"].create(
            [
                {
                    "company_id": self.company.id,
                    "partner_id": partner.id,
                    "product_id": self.yeast.id,
                    "because_product_id": self.flour.id,
                }
                for partner in self.shops
            ]
        )
        suggestions = self.env["crm.customer.suggestion"].with_user(self.seller)
        suggestions.search([("partner_id", "in", self.targeted.ids)]).action_tag_customers()
        with freeze_time("2024-08-01 08:00:00"):
            self._sell_to(self.targeted, self.yeast, "2024-07-15", 20)
            self._refresh(partners=self.targeted)
        self._compute("2024-08-01")
        effect = self._get_effect(kind="suggested")
        self.assertEqual((effect.targeted_count, effect.rest_count), (30, 40))
        self.assertEqual((effect.effect_amount, effect.customer_effect_amount), (20, 20))

    def test_suggested_category(self):
        """What was sold of any product of the category counts."""
        grain = self.env["product.category"].create({"name": "Grain"})
        (self.yeast | self.salt).categ_id = grain
        self.purchases.env["crm.customer.suggestion"].create(
            [
                {
                    "company_id": self.company.id,
                    "partner_id": partner.id,
                    "suggested_categ_id": grain.id,
                }
                for partner in self.shops
            ]
        )
        suggestions = self.env["crm.customer.suggestion"].with_user(self.seller)
        for __ in range(2):
            suggestions.search([("partner_id", "in", self.targeted.ids)]).action_tag_customers()
        with freeze_time("2024-08-01 08:00:00"):
            for product, price in ((self.yeast, 20), (self.salt, 5), (self.flour, 100)):
                self._sell_to(self.targeted, product, "2024-07-15", price)
        self._compute("2024-08-01")
        effect = self._get_effect(kind="suggested")
        self.assertEqual((effect.targeted_count, effect.rest_count), (30, 40))
        self.assertEqual((effect.effect_amount, effect.customer_effect_amount), (25, 125))
        rows = self.env["crm.customer.list.effect.row"].search([("effect_id", "=", effect.id)])
        self.assertEqual(len(rows), 70, "once each")
        self.assertIn("Grain", rows[0].display_name)

    def test_two_companies_and_currencies(self):
        """In each company its own list, in its currency, at the documents' rate of two to one."""
        other = self._create_company(
            name="Second", currency_id=self.env.ref("base.CHF").id, country_id=False
        )
        (self.seller | self.env.user).company_ids |= other
        euro = self.setup_other_currency("EUR", rates=[("2024-01-01", 2)])
        self._list(self.shops, self.flour, company=other)
        self._get_rows(self.targeted).with_context(
            allowed_company_ids=[self.company.id, other.id]
        ).action_tag_customers()
        with freeze_time("2024-08-01 08:00:00"):
            self._sell_to(self.targeted[:3], self.flour, "2024-07-15", 200, currency_id=euro.id)
            self._sell_to(self.targeted[:1], self.flour, "2024-07-15", 7, company=other)
        self._compute("2024-08-01")
        own, second = (self._get_effect(company_id=company.id) for company in (self.company, other))
        self.assertEqual((own.targeted_after, own.currency_id.name), (300, "USD"))
        self.assertEqual((second.targeted_after, second.currency_id.name), (7, "CHF"))
        self.assertEqual(second.rest_count, 40)
        self.assertIn("CHF", second.result)

    def test_merged_customers(self):
        """Two of the targeted become one, and one of the rest joins one of them."""
        self._get_rows(self.targeted).action_tag_customers()
        with freeze_time("2024-08-01 08:00:00"):
            self._sell_to(self.shops[:2] | self.rest[:1], self.flour, "2024-07-15", 50)
        self._compute("2024-08-01")
        effect = self._get_effect()
        for source, kept in ((self.shops[0], self.shops[1]), (self.rest[0], self.shops[2])):
            self.env["base.partner.merge.automatic.wizard"]._merge((source | kept).ids, kept)
        self._compute("2024-08-02")
        effect.invalidate_recordset()
        self.assertEqual((effect.targeted_count, effect.rest_count), (29, 39))
        self.assertEqual(effect.targeted_after, 150)
        self.assertEqual(effect.targeted_customer_after, 150)

    def test_erased_with_the_customer(self):
        self._get_rows(self.targeted).action_tag_customers()
        self.env.flush_all()
        self.targeted[0].unlink()
        self.assertEqual(self._get_effect().targeted_count, 29)

    def test_merging_what_is_done(self):
        """The sums of what is done with stay."""
        self._get_rows(self.targeted).action_tag_customers()
        with freeze_time("2024-10-01 08:00:00"):
            self._sell_to(self.targeted, self.flour, "2024-07-15", 50)
        self._compute("2024-10-01")
        self.env["base.partner.merge.automatic.wizard"]._merge(self.shops[:2].ids, self.shops[0])
        effect = self._get_effect()
        self.assertEqual((effect.targeted_after, effect.targeted_customer_after), (1500, 1500))


@tagged("post_install", "-at_install")
@freeze_time("2024-06-30 12:00:00")
class TestListEffectRights(EffectCommon):
    """Who sees what came of a list, and that nobody makes it up."""

    def _do(self, user=None, partners=None):
        self._get_rows(partners or self.targeted, user=user).action_create_opportunities()
        return self._get_effect(done_by_id=(user or self.seller).id)

    def test_who_sees_it(self):
        effect = self._do()
        self.assertEqual(effect.with_user(self.seller).targeted_count, 30)
        self.assertEqual(effect.with_user(self.leader).targeted_count, 30)
        seen = self.env["crm.customer.list.effect"].with_user(self.colleague).search([])
        self.assertFalse(seen)
        with self.assertRaises(AccessError):
            effect.with_user(self.colleague).read(["date"])
        for groups in ("base.group_user", "base.group_portal"):
            stranger = self._create_user(f"effect_{groups}", groups)
            for record in (effect, self.env["crm.customer.list.effect.row"]):
                with self.assertRaises(AccessError):
                    record.with_user(stranger).search([])

    def test_amounts_of_customers_that_are_no_more_ones_own(self):
        """They are in no sum: nothing is found out by taking the others off."""
        effect = self._do()
        with freeze_time("2024-08-01 08:00:00"):
            self._sell_to(self.targeted, self.flour, "2024-07-15", 50)
        self._compute("2024-08-01")
        self.assertEqual(effect.with_user(self.seller).targeted_after, 1500)
        self.targeted[0].user_id = self.leader
        self.env["crm.lead"].search([("partner_id", "=", self.targeted[0].id)]).unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        of_seller = effect.with_user(self.seller)
        self.assertEqual((of_seller.targeted_after, of_seller.targeted_count), (1450, 29))
        self.assertEqual(of_seller.result, "Too few to say: 29 of 30")
        self.assertEqual(effect.with_user(self.leader).targeted_after, 1500)
        rows = self.env["crm.customer.list.effect.row"]
        [[seen]] = rows.with_user(self.seller)._read_group([], [], ["customer_amount_after:sum"])
        self.assertEqual(seen, 1450)

    def test_rest_is_what_the_user_sees(self):
        self.rest[:7].user_id = self.leader
        self.assertEqual(self._do().rest_count, 33)

    def test_nobody_makes_it_up(self):
        effect = self._do()
        row = self.env["crm.customer.list.effect.row"].search(
            [("effect_id", "=", effect.id)], limit=1
        )
        manager = self._create_user(
            "effect_manager", "sales_team.group_sale_manager,account.group_account_manager"
        )
        for user in (self.seller, self.leader, manager):
            for record, values in ((effect, {"is_telling": True}), (row, {"amount_after": 9e9})):
                own = record.with_user(user)
                for act in (partial(own.write, values), own.unlink, own.copy):
                    with self.assertRaises(AccessError):
                        act()
        with self.assertRaises(AccessError):
            self.env["crm.customer.list.effect"].with_user(manager).create(
                {"kind": "due", "action": "tag", "date": "2024-01-01"}
            )
        effect.with_user(self._create_user("effect_admin", "base.group_system")).unlink()
        self.assertFalse(self._get_effect())

    def test_context_says_nothing(self):
        """Day, person, list, company, customers: none comes from who calls."""
        rows = self._get_rows(self.targeted).with_context(
            default_date="2020-01-01",
            default_done_by_id=self.leader.id,
            default_kind="due",
            default_side="rest",
            active_ids=self.rest.ids,
            kind="due",
            tz="Pacific/Kiritimati",
        )
        rows.action_tag_customers()
        effect = self._get_effect()
        self.assertEqual(
            (effect.kind, effect.done_by_id, str(effect.date), effect.targeted_count),
            ("lapsed", self.seller, "2024-06-30", 30),
        )

    def test_others_customers_are_not_targeted(self):
        rows = self._get_rows(self.targeted)
        self.targeted[0].user_id = self.leader
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            rows.action_tag_customers()
        self.assertFalse(self._get_effect())

    def test_constant_statements(self):
        """Keeping and computing, whatever the length of the list; also for a salesperson."""

        def count(act):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            act()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few, many = self._get_rows(self.shops[:2]), self._get_rows(self.shops)
        counts = []
        for rows in (few, few, many):
            counts.append(count(lambda rows=rows: rows._keep_effect("tag", rows)))
            self._get_effect().unlink()
        self.assertEqual(counts[1], counts[2])
        self._do(partners=self.shops[:2])
        counts = [count(lambda: self.effects._refresh(self.company))]
        self._do(partners=self.shops[2:])
        self._do(self.leader, self.shops)
        counts.append(count(lambda: self.effects._refresh(self.company)))
        self.assertEqual(counts[0], counts[1])
        effects = self.env["crm.customer.list.effect"].with_user(self.leader)
        specification = {name: {} for name in ("result", "targeted_after", "effect_amount")}
        counts = [
            count(lambda limit=limit: effects.web_search_read([], specification, limit=limit))
            for limit in (1, 1, 2)
        ]
        self.assertEqual(counts[1], counts[2])
