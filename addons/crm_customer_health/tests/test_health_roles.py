from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import HealthCommon

AMOUNTS = ["open_amount", "overdue_amount", "paid_amount", "days_beyond_terms", "payment_score"]
PARTNER_FIELDS = [
    "health_id",
    "health_status",
    "health_reasons",
    "health_score",
    "payment_score",
    "overdue_amount",
    "days_beyond_terms",
]
LEAD_FIELDS = ["health_id", "health_status", "health_score", "health_overdue_amount"]


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestHealthRoles(HealthCommon):
    """Who may see what, by read, search, grouping, export and chatter: as by the external API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sales, export = "sales_team.group_sale_salesman", "base.group_allow_export"
        cls.internal = cls._create_user("h-internal", f"base.group_user,{export}")
        cls.portal = cls._create_user("h-portal", "base.group_portal")
        cls.public = cls._create_user("h-public", "base.group_public")
        cls.seller = cls._create_user("h-seller", f"{sales},{export}")
        cls.other_seller = cls._create_user("h-other", sales)
        cls.leader = cls._create_user("h-leader", "sales_team.group_sale_salesman_all_leads")
        cls.manager = cls._create_user("h-manager", "sales_team.group_sale_manager")
        cls.biller = cls._create_user("h-biller", "account.group_account_invoice")
        cls.accountant = cls._create_user("h-accountant", "account.group_account_manager")
        cls.auditor = cls._create_user("h-auditor", "account.group_account_readonly")
        cls.blind = (cls.internal, cls.portal, cls.public)
        cls.seeing_all = (cls.leader, cls.manager, cls.biller, cls.accountant, cls.auditor)

        cls.own = cls._create_customer("Own", user_id=cls.seller.id)
        cls.nobodys = cls._create_customer("Nobody's")
        cls.others = cls._create_customer("Other's", user_id=cls.other_seller.id)
        cls.courted = cls._create_customer("Courted", user_id=cls.other_seller.id)
        cls.deal = cls._create_deal(partner_id=cls.courted.id, user_id=cls.seller.id)
        cls.customers = cls.own | cls.nobodys | cls.others | cls.courted
        for number, customer in enumerate(cls.customers, 1):
            cls._invoice(1000.0 * number, partner_id=customer.id)
            cls._settled(100.0, 5, partner_id=customer.id)
        cls.env.cr.flush()
        cls.health_model = cls.env["crm.customer.health"]
        cls.health_model.sudo()._refresh(cls.company)
        rows = cls.health_model.sudo().search([("company_id", "=", cls.company.id)])
        cls.row = {row.partner_id: row.with_env(cls.env) for row in rows}
        cls.rows = rows.filtered(lambda row: row.partner_id in cls.customers).with_env(cls.env)

    def _find(self, user, domain, model="crm.customer.health"):
        records = self.env[model].with_user(user).search(domain)
        return {record.sudo().display_name for record in records}

    def _scope(self, user, name="partner_id"):
        return [(name, "in", self.customers.ids)]

    # Rows ------------------------------------------------------------------------------------

    def test_blind_roles_see_no_row(self):
        row = self.row[self.nobodys]
        model = "crm.customer.health"
        for user in self.blind:
            records = self.env[model].with_user(user)
            with self.subTest(user.login):
                for attempt in (
                    lambda row=row, user=user: row.with_user(user).read(["overdue_amount"]),
                    lambda records=records: records.search([]),
                    lambda records=records: records.search([("overdue_amount", ">", 1)]),
                    lambda records=records: records._read_group([], [], ["overdue_amount:sum"]),
                    lambda records=records: records.formatted_read_group(
                        [], ["health_status"], ["overdue_amount:sum"]
                    ),
                    lambda row=row, user=user: row.with_user(user).web_read({"open_amount": {}}),
                    lambda row=row, user=user: row.with_user(user).action_recompute(),
                    lambda row=row, user=user: row.with_user(user)._get_live(),
                ):
                    with self.assertRaises(AccessError):
                        attempt()
                # Portal and public users may not export at all.
                with self.assertRaises(UserError):
                    row.with_user(user).export_data(["open_amount"])

    def test_salesperson_sees_own_customers_and_those_of_nobody_or_of_own_deals(self):
        expected = {"Own", "Nobody's", "Courted"}
        self.assertEqual(self._find(self.seller, self._scope(self.seller)), expected)
        groups = (
            self.env["crm.customer.health"]
            .with_user(self.seller)
            ._read_group(self._scope(self.seller), [], ["open_amount:sum", "__count"])
        )
        self.assertEqual(groups, [(1000.0 + 2000.0 + 4000.0, 3)])
        self.row[self.own].with_user(self.seller).read(AMOUNTS)
        hidden = self.row[self.others].with_user(self.seller)
        for attempt in (
            lambda: hidden.read(["health_status"]),
            lambda: hidden.web_read({"open_amount": {}}),
            lambda: hidden.export_data(["open_amount"]),
            hidden.action_recompute,
            hidden.action_view_invoices,
            lambda: hidden.payment_method_ids.read(["amount"]),
            hidden._get_live,
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_a_lost_deal_shows_its_customer_no_more(self):
        self.deal.action_set_lost()
        self._flush()
        self.assertNotIn("Courted", self._find(self.seller, self._scope(self.seller)))

    def test_other_roles_see_all(self):
        for user in self.seeing_all:
            with self.subTest(user.login):
                self.assertEqual(
                    self._find(user, self._scope(user)), set(self.customers.mapped("name"))
                )
                self.rows.with_user(user).read(AMOUNTS)

    def test_nobody_writes_figures(self):
        norm = self.env["crm.customer.health.norm"].sudo().search([], limit=1)
        change = (
            self.env["account.receivable.change"]
            .sudo()
            .create({"reader": "crm.customer.health", "company_id": 1, "res_id": self.own.id})
        )
        admin = self._create_user("h-admin", "base.group_system,sales_team.group_sale_manager")
        for user in (*self.blind, self.seller, *self.seeing_all, admin):
            for record in (
                self.row[self.own].with_user(user),
                norm.with_user(user),
                change.with_user(user),
            ):
                with self.subTest(f"{user.login} {record._name}"):
                    with self.assertRaises(AccessError):
                        record.write({"company_id": self.company.id})
                    with self.assertRaises(AccessError):
                        record.unlink()
                    with self.assertRaises(AccessError):
                        record.create({"company_id": self.company.id})

    def test_recomputing_is_for_who_may_read(self):
        row = self.row[self.own]
        self.env.cr.execute(
            "UPDATE crm_customer_health SET open_amount = 1 WHERE id = %s", [row.id]
        )
        self.env.invalidate_all()
        action = row.with_user(self.seller).action_recompute()
        self.assertEqual(action["tag"], "soft_reload")
        self.assertEqual(row.with_user(self.seller).read(["open_amount"])[0]["open_amount"], 1000.0)

    def test_menus(self):
        prefix = "crm_customer_health.crm_customer_health"
        for user, expected in (
            (self.internal, set()),
            (self.seller, {"menu_crm", "menu_crm_report"}),
            (self.manager, {"menu_crm", "menu_crm_report", "policy_menu_crm"}),
            (self.biller, {"menu_account", "menu_account_report"}),
            (self.auditor, {"menu_account", "menu_account_report"}),
            (self.accountant, {"menu_account", "menu_account_report", "policy_menu_account"}),
        ):
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            names = {
                name
                for kind in ("crm", "account")
                for name in (f"menu_{kind}", f"menu_{kind}_report", f"policy_menu_{kind}")
                if self.env.ref(f"{prefix}_{name}").id in visible
            }
            self.assertEqual(names, expected, user.login)

    # Contacts, opportunities, invoices -------------------------------------------------------

    def test_blind_roles_learn_nothing_from_contacts(self):
        for user in self.blind:
            partner = self.nobodys.with_user(user)
            model = self.env["res.partner"].with_user(user)
            with self.subTest(user.login):
                self.assertFalse(set(model.fields_get()) & set(PARTNER_FIELDS))
                for name in PARTNER_FIELDS:
                    with self.assertRaises(AccessError):
                        partner.read([name])
                    with self.assertRaises(UserError):
                        partner.export_data([name])
                    value = "at_risk" if name == "health_status" else 1
                    if name != "health_reasons":
                        with self.assertRaises(AccessError):
                            model.search([(name, "=", value)])
                        with self.assertRaises(AccessError):
                            model.formatted_read_group([], [name], ["__count"])
                        with self.assertRaises(AccessError):
                            model.search([], order=name)
                for domain in (
                    [("health_id.overdue_amount", ">", 1)],
                    [("child_ids.overdue_amount", ">", 1)],
                    [("parent_id.health_status", "=", "at_risk")],
                    [("user_ids.partner_id.health_status", "=", "at_risk")],
                ):
                    with self.assertRaises(AccessError):
                        model.search(domain)
                with self.assertRaises(AccessError):
                    self.env["res.users"].with_user(user).search([("overdue_amount", ">", 1)])

    def test_salesperson_cannot_guess_from_contacts(self):
        model = self.env["res.partner"].with_user(self.seller)
        scope = self._scope(self.seller, "id")
        for domain in (
            [("overdue_amount", ">", 1)],
            [("health_id", "!=", False)],
            [("health_id.open_amount", ">", 1)],
            [("health_status", "!=", False)],
            [("payment_score", ">", 1)],
        ):
            with self.subTest(domain):
                found = model.search([*scope, *domain])
                self.assertEqual(set(found.mapped("name")), {"Own", "Nobody's", "Courted"})
        # Who is not shown is as somebody without figures, in every respect.
        self.assertEqual(model.search([*scope, ("health_status", "=", False)]), self.others)
        values = self.others.with_user(self.seller).read(PARTNER_FIELDS)[0]
        self.assertFalse([name for name in PARTNER_FIELDS if values[name]])
        exported = self.others.with_user(self.seller).export_data(PARTNER_FIELDS[1:])["datas"]
        self.assertFalse([cell for cell in exported[0] if cell])
        groups = dict(model._read_group(scope, ["health_status"], ["overdue_amount:sum"]))
        self.assertEqual(sum(amount or 0 for amount in groups.values()), 7000.0)
        ordered = model.search(scope, order="overdue_amount desc").mapped("name")
        self.assertEqual(
            [name for name in ordered if name != "Other's"], ["Courted", "Nobody's", "Own"]
        )

    def test_contacts_show_their_company(self):
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.own.id})
        for partner in self.own | contact:
            values = partner.with_user(self.seller).read(PARTNER_FIELDS)[0]
            self.assertEqual(values["overdue_amount"], 1000.0)
            self.assertEqual(values["health_id"][0], self.row[self.own].id)

    def test_opportunities_follow_the_users_rights(self):
        hidden = self._create_deal("Shared", partner_id=self.others.id, user_id=False)
        self._flush()
        values = hidden.with_user(self.seller).read(LEAD_FIELDS)[0]
        self.assertFalse([name for name in LEAD_FIELDS if values[name]])
        self.assertTrue(hidden.with_user(self.leader).health_status)
        model = self.env["crm.lead"].with_user(self.seller)
        scope = [("id", "in", (hidden + self.deal).ids)]
        self.assertEqual(model.search([*scope, ("health_overdue_amount", ">", 1)]), self.deal)
        self.assertEqual(model.search([*scope, ("health_status", "=", False)]), hidden)
        groups = dict(model._read_group(scope, ["health_status"], ["__count"]))
        self.assertEqual(groups, {self.row[self.courted].health_status: 1, False: 1})
        for user in self.blind:
            with self.assertRaises(AccessError):
                self.env["crm.lead"].with_user(user).search([("health_status", "=", "at_risk")])

    def test_invoices_show_the_health_in_their_company(self):
        invoice = self.env["account.move"].search(
            [("partner_id", "=", self.own.id), ("move_type", "=", "out_invoice")], limit=1
        )
        self.assertEqual(invoice.with_user(self.biller).health_id.id, self.row[self.own].id)
        with self.assertRaises(AccessError):
            invoice.with_user(self.internal).read(["health_status"])
        bill = self.env["account.move"].new(
            {"move_type": "in_invoice", "partner_id": self.own.id, "company_id": self.company.id}
        )
        self.assertFalse(bill.health_id)

    # Documents -------------------------------------------------------------------------------

    def test_documents_are_for_who_may_open_them(self):
        """No button to what one may not open, and no error either."""
        row = self.row[self.own]
        seller = row.with_user(self.seller)
        arch = self.env["crm.customer.health"].with_user(self.seller).get_view(view_type="form")
        self.assertNotIn("action_view_open_items", arch["arch"])
        self.assertNotIn("action_view_settlements", arch["arch"])
        self.assertEqual(seller.opportunity_count, 0)
        self.assertEqual(self.row[self.courted].with_user(self.seller).opportunity_count, 1)
        if not self.env["account.move"].with_user(self.seller).has_access("read"):
            self.assertEqual(seller.visible_invoice_count, 0)
        with self.assertRaises(AccessError):
            self.env["account.move.line"].with_user(self.internal).search([]).read(
                ["expected_payment_date"]
            )
        arch = self.env["crm.customer.health"].with_user(self.biller).get_view(view_type="form")
        self.assertIn("action_view_open_items", arch["arch"])
        for user in (self.biller, self.accountant, self.auditor):
            with self.subTest(user.login):
                self.assertEqual(row.with_user(user).visible_invoice_count, 2)
                action = row.with_user(user).action_view_open_items()
                items = self.env["account.move.line"].with_user(user).search(action["domain"])
                self.assertEqual(sum(items.mapped("amount_residual")), row.open_amount)
                self.assertFalse(items.expected_payment_date, "no one ever paid so late")

    def test_payment_methods_follow_the_rows(self):
        model = self.env["crm.customer.payment.method"]
        for user in self.blind:
            with self.assertRaises(AccessError):
                model.with_user(user).search([])
        found = model.with_user(self.seller).search([("health_id", "in", self.rows.ids)])
        self.assertEqual(
            set(found.health_id.partner_id.mapped("name")), {"Own", "Nobody's", "Courted"}
        )
        for user in self.seeing_all:
            found = model.with_user(user).search([("health_id", "in", self.rows.ids)])
            self.assertEqual(found.health_id.partner_id, self.customers)

    # Chatter ---------------------------------------------------------------------------------

    def test_changes_of_status_follow_the_rows(self):
        rows = self.row[self.others].sudo()
        change = self.env["crm.customer.health.change"].sudo()
        change._log({rows: "healthy" if rows.health_status != "healthy" else "watch"})
        change = change.search([("partner_id", "=", self.others.id)], limit=1)
        for user, is_seen in (
            (self.internal, False),
            (self.seller, False),
            (self.other_seller, True),
            (self.leader, True),
            (self.biller, True),
        ):
            model = change.with_user(user)
            with self.subTest(user.login):
                if is_seen:
                    self.assertTrue(model.reasons)
                    self.assertIn(change, rows.with_user(user).change_ids)
                else:
                    with self.assertRaises(AccessError):
                        model.read(["reasons"])
                self.assertEqual(
                    bool(
                        model.has_access("read")
                        and model.search([("reasons", "ilike", change.reasons[:20])])
                    ),
                    is_seen,
                )


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestHealthRolesCompanies(HealthCommon):
    """Every company sees its own rows only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.setup_other_company()["company"]
        cls.customer = cls._create_customer("Of both")
        cls._invoice(1000.0, partner_id=cls.customer.id)
        cls.env["account.move"].with_company(cls.other_company).create(
            {
                "move_type": "out_invoice",
                "company_id": cls.other_company.id,
                "partner_id": cls.customer.id,
                "invoice_date": "2024-01-10",
                "invoice_date_due": "2024-01-20",
                "invoice_line_ids": [
                    (0, 0, {"name": "x", "price_unit": 70.0, "tax_ids": [(6, 0, [])]})
                ],
            }
        ).action_post()
        cls.env.cr.flush()
        companies = cls.company | cls.other_company
        cls.env["crm.customer.health"].sudo()._refresh(companies)
        cls.rows = (
            cls.env["crm.customer.health"]
            .sudo()
            .search([("partner_id", "=", cls.customer.id), ("company_id", "in", companies.ids)])
        )
        cls.row = cls.rows.filtered(lambda row: row.company_id == cls.company)
        cls.other_row = cls.rows - cls.row

    def test_rows_of_own_companies_only(self):
        for groups in (
            "sales_team.group_sale_manager",
            "account.group_account_manager",
            "account.group_account_readonly",
        ):
            user = self._create_user(f"h2-{groups}", groups)
            model = self.env["crm.customer.health"].with_user(user)
            with self.subTest(groups):
                self.assertEqual(model.search([("partner_id", "=", self.customer.id)]), self.row)
                with self.assertRaises(AccessError):
                    self.other_row.with_user(user).read(["overdue_amount"])
                partner = self.customer.with_user(user)
                self.assertEqual(partner.overdue_amount, 1000.0)
                methods = self.env["crm.customer.payment.method"].with_user(user)
                self.assertFalse(methods.search([("health_id", "=", self.other_row.id)]))

    def test_contacts_show_the_current_company(self):
        user = self._create_user("h2-both", "account.group_account_manager")
        user.company_ids |= self.other_company
        partner = self.customer.with_user(user)
        self.assertEqual(partner.with_company(self.company).overdue_amount, 1000.0)
        self.assertEqual(partner.with_company(self.other_company).overdue_amount, 70.0)
        invoices = (
            self.env["account.move"]
            .with_user(user)
            .with_context(allowed_company_ids=user.company_ids.ids)
            .search([("partner_id", "=", self.customer.id)])
        )
        self.assertEqual(
            {(move.company_id, move.health_overdue_amount) for move in invoices},
            {(self.company, 1000.0), (self.other_company, 70.0)},
        )

    def test_opportunities_show_the_health_in_their_company(self):
        """One without company shows it in the current one; so do filters, groups and order."""
        user = self._create_user("h2-deals", "account.group_account_manager")
        user.group_ids += self.env.ref("sales_team.group_sale_manager")
        user.company_ids |= self.other_company
        nobody, no_company = self.env["res.partner"], self.env["res.company"]
        here, there, anywhere, nobodys = leads = self.env["crm.lead"].create(
            [
                {"name": "Deal", "partner_id": partner.id, "company_id": company.id}
                for company, partner in (
                    (self.company, self.customer),
                    (self.other_company, self.customer),
                    (no_company, self.customer),
                    (self.other_company, nobody),
                )
            ]
        )
        self.env.flush_all()
        scope = [("id", "in", leads.ids)]
        overdue = {self.row: 1000.0, self.other_row: 70.0, self.row.browse(): 0.0}
        for row, companies in (
            (self.row, self.company + self.other_company),
            (self.other_row, self.other_company + self.company),
        ):
            shown = {here: self.row, there: self.other_row, anywhere: row, nobodys: row.browse()}
            model = self.env["crm.lead"].with_user(user)
            model = model.with_context(allowed_company_ids=companies.ids)
            with self.subTest(companies[0].name):
                for lead, lead_row in shown.items():
                    values = lead.with_env(model.env).read(["health_id", "health_overdue_amount"])[
                        0
                    ]
                    self.assertEqual((values["health_id"] or [False])[0], lead_row.id)
                    self.assertEqual(values["health_overdue_amount"], overdue[lead_row])
                large = model.search([*scope, ("health_overdue_amount", ">", 100)])
                self.assertEqual(
                    set(large.ids), {lead.id for lead in leads if shown[lead] == self.row}
                )
                empty = model.search([*scope, ("health_overdue_amount", "<", 1)])
                self.assertEqual(empty.ids, nobodys.ids)
                amounts = model.search(
                    [*scope, ("partner_id", "!=", False)], order="health_overdue_amount"
                ).mapped("health_overdue_amount")
                self.assertEqual(amounts, sorted(amounts))
                self.assertEqual(len(amounts), 3)
                groups = model._read_group(scope, ["health_id"], ["id:recordset"])
                self.assertEqual(
                    {group.id: set(records.ids) for group, records in groups},
                    {
                        each.id: {lead.id for lead in leads if shown[lead] == each}
                        for each in overdue
                    },
                )
        alone = self.env["crm.lead"].with_user(user)
        alone = alone.with_context(allowed_company_ids=self.company.ids)
        found = alone.search([*scope, ("health_overdue_amount", ">", 1)])
        self.assertEqual(set(found.ids), {here.id, anywhere.id})

    def test_vendor_bills_show_no_health(self):
        user = self._create_user("h2-bills", "account.group_account_manager")
        bill = self.init_invoice("in_invoice", partner=self.customer, amounts=[10.0])
        invoices = self.env["account.move"].search(
            [("partner_id", "=", self.customer.id), ("move_type", "=", "out_invoice")]
        )
        self.assertTrue(invoices)
        model = self.env["account.move"].with_user(user)
        self.assertFalse(bill.with_user(user).health_id)
        scope = [("id", "in", (bill + invoices).ids), ("company_id", "=", self.company.id)]
        self.assertEqual(
            model.search([*scope, ("health_overdue_amount", ">", 1)]).ids,
            invoices.filtered(lambda move: move.company_id == self.company).ids,
        )
        self.assertEqual(model.search([*scope, ("health_overdue_amount", "=", 0)]).ids, bill.ids)

    def test_changes_of_status_are_of_own_companies(self):
        user = self._create_user("h2-changes", "account.group_account_manager")
        changes = self.env["crm.customer.health.change"]
        changes.sudo()._log({self.row: "healthy", self.other_row: "healthy"})
        found = changes.with_user(user).search([("partner_id", "=", self.customer.id)])
        self.assertEqual(found.company_id, self.company)
