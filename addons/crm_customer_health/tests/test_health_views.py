from freezegun import freeze_time

from odoo.tests import tagged

from .common import HealthCommon

PARTNERS = {
    "name": {},
    "health_id": {},
    "health_status": {},
    "health_score": {},
    "overdue_amount": {},
    "days_beyond_terms": {},
}


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestHealthViews(HealthCommon):
    """Lists cost the same for few and for many; buttons lead to what they count."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("v-seller", "sales_team.group_sale_salesman")
        cls.accountant = cls._create_user("v-accountant", "account.group_account_manager")

    @classmethod
    def _create_many(cls, count):
        """Customers with a row each: written as the refresh would, to be quick."""
        customers = cls.env["res.partner"].create(
            [
                {"name": f"Customer {number}", "is_company": True, "user_id": cls.seller.id}
                for number in range(count)
            ]
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            """
            INSERT INTO crm_customer_health (
                company_id, partner_id, health_status, payment_risk, health_score, open_amount,
                overdue_amount, refreshed_at, refreshed_for)
            SELECT %s, id, 'watch', 'medium', 60, 100, 10, now(), now()
              FROM unnest(%s) id
            """,
            [cls.company.id, customers.ids],
        )
        return customers

    def _count_queries(self, function):
        self.env.invalidate_all()
        count = self.env.cr.sql_log_count
        function()
        return self.env.cr.sql_log_count - count

    def assertConstant(self, function, few, many, most=None):
        """The same number of statements for few and many records, and a bound for it."""
        for records in (few, many, few):  # warm what is kept in memory
            self._count_queries(lambda records=records: function(records))
        count = self._count_queries(lambda: function(few))
        self.assertEqual(count, self._count_queries(lambda: function(many)))
        if most:
            self.assertLessEqual(count, most)

    def _get_list_spec(self, model, view_type="list"):
        """What the view reads, as the web client asks for it."""
        arch = self.env[model].with_user(self.accountant).get_views([(False, view_type)])
        fields = arch["models"][model]["fields"]
        names = [
            name
            for name in arch["views"][view_type]["arch"].split('name="')[1:]
            for name in [name.split('"')[0]]
            if name in fields
        ]
        return {
            name: {"fields": {"display_name": {}}} if fields[name]["type"] == "many2one" else {}
            for name in names
            if fields[name]["type"] not in ("one2many", "many2many")
        }

    def test_lists_cost_the_same_for_10_and_100(self):
        customers = self._create_many(100)
        rows = self.env["crm.customer.health"].search([("partner_id", "in", customers.ids)])
        deals = self.env["crm.lead"].create(
            [
                {"name": customer.name, "partner_id": customer.id, "user_id": self.seller.id}
                for customer in customers
            ]
        )
        moves = self.env["account.move"].create(
            [{"move_type": "out_invoice", "partner_id": customer.id} for customer in customers]
        )
        self.env.flush_all()
        health_spec = self._get_list_spec("crm.customer.health")
        kanban_spec = self._get_list_spec("crm.customer.health", "kanban")
        lead_spec = {"name": {}, "health_status": {}, "health_overdue_amount": {}}
        move_spec = {"name": {}, "health_status": {}, "health_overdue_amount": {}}
        for user in (self.seller, self.accountant):
            for records, spec in (
                (rows, health_spec),
                (rows, kanban_spec),
                (customers, PARTNERS),
                (deals, lead_spec),
                (moves, move_spec),
            ):
                some = records.with_user(user)
                if not some.has_access("read"):
                    continue
                with self.subTest(f"{some._name} {user.login}"):
                    self.assertConstant(
                        lambda some, spec=spec: some.web_read(spec),
                        some.browse(some.ids[:10]),
                        some,
                    )

    def test_searching_and_grouping_cost_the_same_for_10_and_100(self):
        customers = self._create_many(100)
        for model, key, domain, groups, measure in (
            (
                "crm.customer.health",
                "partner_id",
                [("is_mine", "=", True), ("overdue_amount", ">", 1)],
                ["health_status", "payment_risk", "user_id", "team_id", "country_id"],
                "overdue_amount:sum",
            ),
            (
                "res.partner",
                "id",
                [("overdue_amount", ">", 1), ("health_id.is_mine", "=", True)],
                ["health_status"],
                "overdue_amount:sum",
            ),
        ):
            records = self.env[model].with_user(self.seller)

            def search(some, records=records, domain=domain, key=key):
                found = records.search([(key, "in", some.ids), *domain])
                self.assertEqual(len(found), len(some))

            self.assertConstant(search, customers[:10], customers, most=12)
            for group in groups:

                def group_by(some, records=records, group=group, key=key, measure=measure):
                    result = records.formatted_read_group(
                        [(key, "in", some.ids)], [group], ["__count", measure]
                    )
                    self.assertEqual(sum(row["__count"] for row in result), len(some))
                    self.assertEqual(sum(row[measure] for row in result), 10.0 * len(some))

                with self.subTest(f"{model} by {group}"):
                    self.assertConstant(group_by, customers[:10], customers, most=8)

    def test_opening_one_customer(self):
        """Figures of this moment, in few statements whatever the history."""
        self._invoice(1000.0)
        self._settled(500.0, 3)
        self._refresh()
        row = self._get_rows()[self.partner].with_env(self.env)
        self.env.cr.execute(
            "UPDATE crm_customer_health SET open_amount = 1, health_score = 1 WHERE id = %s",
            [row.id],
        )
        self.env["account.receivable.change"]._collect_keys(
            "crm.customer.health", [(self.company.id, self.partner.id)]
        )
        self.env.cr.flush()
        names = [name for name, field in row._fields.items() if field.store and field.readonly]
        spec = {name: {} for name in (*names, "health_reasons", "ageing_graph")}

        def read():
            return row.with_user(self.accountant).web_read(spec)[0]

        read()
        self.assertLessEqual(self._count_queries(read), 10)
        self.assertEqual(read()["open_amount"], 1000.0)

    def test_ageing_graph(self):
        for amount, due in ((100, "2024-05-01"), (200, "2024-04-01"), (300, "2024-02-01")):
            self._invoice(float(amount), date="2024-01-10", invoice_date_due=due)
        self._refresh()
        row = self._get_rows()[self.partner]
        self.assertIn('"value": 100.0', row.ageing_graph)
        self.assertIn('"label": "61-90 days", "value": 300.0', row.ageing_graph)

    # Buttons ---------------------------------------------------------------------------------

    def test_labels_of_a_status_are_translated_wherever_it_is_shown(self):
        self.env["res.lang"]._activate_lang("it_IT")
        label = self.env.ref(
            "crm_customer_health.selection__crm_customer_health__health_status__watch"
        )
        label.with_context(lang="it_IT").name = "Da monitorare"
        statuses = [
            value for value, __ in self.env["crm.customer.health"]._get_selection("health_status")
        ]
        shown_by = set()
        for model in self.env.registry:
            records = self.env[model].with_context(lang="it_IT")
            if records._abstract:
                continue
            for name, field in records._fields.items():
                if field.type == "selection" and field.get_values(self.env) == statuses:
                    selection = dict(records.fields_get([name])[name]["selection"])
                    self.assertEqual(selection["watch"], "Da monitorare", field)
                    shown_by.add(model)
        self.assertLessEqual({"res.partner", "crm.lead", "account.move"}, shown_by)

    def _open(self, action):
        return self.env[action["res_model"]].with_user(self.accountant).search(action["domain"])

    def test_buttons_lead_to_what_they_count(self):
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.partner.id})
        first = self._invoice(1000.0)
        second = self._settled(300.0, 4, partner_id=contact.id)
        self._invoice(5.0, post=False)
        stranger = self._create_customer("Stranger")
        self._invoice(77.0, partner_id=stranger.id)
        self._create_deal("Won", partner_id=contact.id)
        self._create_deal("Stranger's", partner_id=stranger.id)
        lost = self._create_deal("Lost")
        lost.action_set_lost()
        self._refresh()
        contact.active = False
        row = self._get_rows()[self.partner].with_env(self.env).with_user(self.accountant)
        self.assertEqual(self._open(row.action_view_invoices()), first | second)
        self.assertEqual(row.visible_invoice_count, 2)
        items = self._open(row.action_view_open_items())
        self.assertEqual(items.move_id, first)
        settlements = self._open(row.action_view_settlements())
        self.assertEqual(settlements.invoice_id, second)
        self.assertEqual(row.payment_count, len(settlements))
        leads = row.with_env(self.env).action_view_opportunities()
        found = self.env["crm.lead"].search(leads["domain"])
        self.assertEqual(set(found.mapped("name")), {"Won", "Lost"})
        self.assertEqual(row.with_env(self.env).opportunity_count, 2)
        deal = self._create_deal("Shown")
        self.assertEqual(deal.action_view_health()["res_id"], row.id)
        self.assertEqual(first.action_view_health()["res_id"], row.id)
        self.assertEqual(contact.action_view_health()["res_id"], row.id)

    # Expected payment ------------------------------------------------------------------------

    def _get_instalment(self, invoice):
        return invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")

    def test_nothing_is_expected_of_what_is_not_open(self):
        paid = self._settled(100.0, 0)
        draft = self._invoice(5.0, post=False)
        credit = self._invoice(100.0, move_type="out_refund")
        self._refresh()
        for move in (paid, draft, credit):
            self.assertFalse(any(line.expected_payment_date for line in move.line_ids))

    def test_expected_payment_costs_the_same_for_few_and_many(self):
        for number in range(8):
            customer = self._create_customer(f"Customer {number}")
            self._invoice(100.0, partner_id=customer.id)
        self._refresh()
        lines = self.env["account.move.line"].search(
            [("display_type", "=", "payment_term"), ("company_id", "=", self.company.id)]
        )
        lines = lines.with_user(self.accountant)
        self.assertConstant(
            lambda some: some.mapped("expected_payment_date"), lines[:2], lines, most=12
        )

    # Payment methods -------------------------------------------------------------------------

    def test_payment_methods(self):
        invoice = self._invoice(1000.0)
        self._pay(invoice, 600.0, date="2024-02-01")
        self._pay(invoice, 100.0, date="2024-02-02")
        cash = self.company_data["default_journal_cash"]
        self._pay(invoice, 100.0, date="2024-02-03", journal_id=cash.id)
        statement = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "date": "2024-02-04",
                "payment_ref": "transfer",
                "partner_id": self.partner.id,
                "amount": 200.0,
            }
        )
        suspense = statement.line_ids.filtered(
            lambda line: line.account_id == self.bank.suspense_account_id
        )
        suspense.account_id = self._get_instalment(invoice).account_id
        self._settle(invoice, statement.move_id)
        old = self._invoice(40.0, date="2022-01-10", invoice_date_due="2022-01-20")
        self._pay(old, date="2022-01-20")
        self._refresh()
        row = self._get_rows()[self.partner].with_env(self.env).with_user(self.accountant)
        methods = row.payment_method_ids
        self.assertEqual(
            [
                (method.source, method.journal_id, method.amount, method.share)
                for method in methods.sorted(lambda method: (-method.amount, method.source))
            ],
            [
                ("payment", self.bank, 700.0, 70.0),
                ("statement", self.bank, 200.0, 20.0),
                ("payment", cash, 100.0, 10.0),
            ],
        )
        self.assertEqual(sum(methods.mapped("amount")), row.paid_amount)
        self.assertEqual(sum(methods.mapped("payment_count")), row.payment_count)
        names = methods.mapped("name")
        self.assertTrue(any("Bank statement" in name for name in names), names)

    def test_payment_without_journal_entry(self):
        self._pay_without_entry(self._invoice(1000.0), 400.0, date="2024-02-01")
        self._refresh()
        row = self._get_rows()[self.partner].with_env(self.env).with_user(self.seller)
        self.partner.user_id = self.seller
        self.assertEqual(row.payment_method_ids.mapped("source"), ["awaited"])
        self.assertEqual(row.payment_method_ids.share, 100.0)
        self.assertTrue(row.payment_method_ids.name)
