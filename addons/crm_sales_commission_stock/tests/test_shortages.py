from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_sales_commission.tests.common import CommissionCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-20")
class TestShortages(CommissionCommon):
    """What one sells and runs short of, for salespeople without access to the inventory."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["stock.warehouse"].create(
            {"name": "Main", "code": "MAIN", "company_id": cls.company.id}
        )
        cls.place = cls.warehouse.lot_stock_id
        cls.shelf = cls.env["stock.location"].create({"name": "Shelf", "location_id": cls.place.id})
        cls.press, cls.paper, cls.ink = (
            cls._create_kept(name, minimum, on_hand)
            for name, minimum, on_hand in (("Press", 5, 2), ("Paper", 5, 5), ("Ink", 1, 0))
        )
        cls.leader = cls._create_user("leader-seller", "sales_team.group_sale_salesman")
        cls.manager = cls._create_user("manager-seller", "sales_team.group_sale_manager")
        team = cls.env["crm.team"].create(
            {"name": "North", "user_id": cls.leader.id, "company_id": cls.company.id}
        )
        cls.env["crm.team.member"].create({"crm_team_id": team.id, "user_id": cls.sam.id})
        for product in (cls.press, cls.paper):
            cls._sell(product)
        cls._sell(cls.ink, user=cls.ann)

    @classmethod
    def _create_kept(cls, name, minimum, on_hand):
        product = cls.env["product.product"].create({"name": name, "is_storable": True})
        cls.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "warehouse_id": cls.warehouse.id,
                "location_id": cls.place.id,
                "product_min_qty": minimum,
                "product_max_qty": 10 * minimum,
                "trigger": "manual",
            }
        )
        if on_hand:
            cls.env["stock.quant"]._update_available_quantity(product, cls.shelf, on_hand)
        return product

    @classmethod
    def _sell(cls, product, user=None, date="2024-02-01", **line):
        return cls._create_sale(
            100.0, user=user, date=date, line={"product_id": product.id, **line}
        )

    def _get_page(self, user):
        self._flush()
        action = self.env["crm.sales.target"].with_user(user).action_open_my_page()
        return self.env["crm.sales.target"].browse(action["res_id"]).with_user(user)

    def _get_list(self, page):
        action = page.action_view_shortages()
        rows = self.env[action["res_model"]].with_user(page.env.user).search(action["domain"])
        self.assertEqual(page.shortage_count, len(rows))
        return [
            (row.product_id.name, row.quantity, row.minimum_quantity, row.missing_quantity)
            for row in rows
        ]

    def test_own_products(self):
        """2 on a shelf of the rule's location, of 5; 5 of 5 are enough."""
        page = self._get_page(self.sam)
        self.assertEqual(self._get_list(page), [("Press", 2.0, 5.0, 3.0)])
        self.assertEqual(self._get_list(self._get_page(self.ann)), [("Ink", 0.0, 1.0, 1.0)])
        self.env["stock.quant"]._update_available_quantity(self.press, self.place, 3)
        self.assertEqual(self._get_list(self._get_page(self.sam)), [])

    def test_whose_sale(self):
        """Of the deal's salesperson before the invoice's; not of more than a year ago."""
        deal = self._create_deal(user_id=self.sam.id)
        self._sell(self.ink, user=self.ann, opportunity_id=deal.id)
        self.assertEqual(len(self._get_list(self._get_page(self.sam))), 2)
        old = self._create_kept("Old", 1, 0)
        self._sell(old, date="2023-02-20")
        self.assertEqual(len(self._get_list(self._get_page(self.sam))), 2)
        self._sell(old, date="2023-02-21")
        self.assertEqual(len(self._get_list(self._get_page(self.sam))), 3)

    def test_roles(self):
        self._flush()
        shortages = self.env["crm.sales.shortage"]
        for user, seen in (
            (self.sam, {"sam-seller"}),
            (self.ann, {"ann-seller"}),
            (self.leader, {"sam-seller"}),
            (self.manager, {"sam-seller", "ann-seller"}),
        ):
            with self.subTest(user.login):
                own = shortages.with_user(user)
                self.assertEqual(set(own.search([]).mapped("user_id.login")), seen)
                rows = own.search([]).web_read(
                    {
                        "product_id": {"fields": {"display_name": {}}},
                        "warehouse_name": {},
                        "uom_id": {"fields": {"display_name": {}}},
                    }
                )
                self.assertTrue(all(row["warehouse_name"] for row in rows))
        for group in ("base.group_user", "base.group_portal", "stock.group_stock_manager"):
            user = self._create_user(f"x-{group}", group)
            with self.subTest(group), self.assertRaises(AccessError):
                shortages.with_user(user).search([])
        anns = shortages.search([("user_id", "=", self.ann.id)])
        for ask in (
            lambda own: own.read(["product_id"]),
            lambda own: own.write({"quantity": 1.0}),
            lambda own: own.unlink(),
        ):
            with self.assertRaises(AccessError):
                ask(anns.with_user(self.sam))

    def test_other_company(self):
        other = self._create_company(name="Other")
        self.env["stock.warehouse.orderpoint"].search(
            [("product_id", "=", self.press.id)]
        ).active = False
        seller = self._create_user("other-seller", "sales_team.group_sale_salesman", other)
        self._flush()
        self.assertFalse(self.env["crm.sales.shortage"].with_user(seller).search([]))
        self.assertEqual(self._get_list(self._get_page(self.sam)), [])
