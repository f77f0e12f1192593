from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-31 12:00:00")
class TestPurchaseRights(PurchaseCommon):
    """Purchases and suggestions are seen by whom the customer's amounts are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("purchase_seller", "sales_team.group_sale_salesman")
        cls.leader = cls._create_user("purchase_leader", "sales_team.group_sale_salesman_all_leads")
        cls.internal = cls._create_user("purchase_internal", "base.group_user")
        cls.portal = cls._create_user("purchase_portal", "base.group_portal")
        cls.own, cls.foreign = cls.env["res.partner"].create(
            [{"name": "Own", "user_id": cls.seller.id}, {"name": "Else", "user_id": cls.leader.id}]
        )
        for partner in cls.own | cls.foreign:
            cls._sell(cls.flour, "2024-12-01", partner_id=partner.id)
        cls.env.flush_all()
        cls.purchases._refresh(cls.company)
        cls.purchases.env["crm.customer.suggestion"].create(
            [
                {
                    "company_id": cls.company.id,
                    "partner_id": partner.id,
                    "product_id": cls.yeast.id,
                    "because_product_id": cls.flour.id,
                }
                for partner in cls.own | cls.foreign
            ]
        )

    def test_own_customers(self):
        for model in ("crm.customer.purchase", "crm.customer.suggestion"):
            rows = self.env[model].with_user(self.seller)
            domain = [("company_id", "=", self.company.id)]
            self.assertEqual(rows.search(domain).partner_id, self.own)
            self.assertEqual(
                rows.with_user(self.leader).search(domain).partner_id, self.own | self.foreign
            )
            for user in (self.internal, self.portal):
                with self.assertRaises(AccessError):
                    rows.with_user(user).search(domain)

    def test_nobody_writes(self):
        row = self._get_row(self.flour, self.own).with_user(self.leader)
        with self.assertRaises(AccessError):
            row.amount_12m = 5
        with self.assertRaises(AccessError):
            row.unlink()
        with self.assertRaises(AccessError):
            row.with_user(self.internal).action_open_list("lapsed")
        with self.assertRaises(AccessError):
            self._get_row(self.flour, self.foreign).with_user(
                self.seller
            ).action_create_opportunities()

    def test_other_company(self):
        other = self._create_company(name="Second")
        self._create_document(
            [{"product_id": self.salt.id, "price_unit": 5}],
            date="2024-12-01",
            company_id=other.id,
            journal_id=self.env["account.journal"]
            .search([("type", "=", "sale"), ("company_id", "=", other.id)], limit=1)
            .id,
            partner_id=self.own.id,
        )
        self._refresh(other)
        self.assertEqual(self._get_row(self.salt, self.own, other).amount_12m, 5)
        self.assertNotIn(
            self.salt,
            self.env["crm.customer.purchase"].with_user(self.leader).search([]).product_id,
        )

    def test_constant_statements(self):
        rows = self.env["crm.customer.purchase"].with_user(self.seller)
        many = self.env["res.partner"].create(
            [{"name": f"C {n}", "user_id": self.seller.id} for n in range(20)]
        )
        for partner in many:
            self.purchases.create(
                {
                    "company_id": self.company.id,
                    "partner_id": partner.id,
                    "product_id": self.salt.id,
                }
            )
        specification = {
            name: {} for name in ("share", "state", "trend", "is_left_alone", "amount_12m")
        } | {"partner_id": {"fields": {"display_name": {}}}}

        def count(limit):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows.web_search_read([], specification, limit=limit)
            return self.env.cr.sql_log_count - before

        count(20)
        self.assertEqual(count(2), count(20))
