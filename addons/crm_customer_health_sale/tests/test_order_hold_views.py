from freezegun import freeze_time
from lxml import etree

from odoo.tests import new_test_user, tagged

from .common import OrderHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderHoldViews(OrderHoldCommon):
    """Lists cost the same number of statements however long they are, and can be filtered."""

    def _count_queries(self, orders, names):
        self._flush()
        before = self.cr.sql_log_count
        orders.with_user(self.seller).web_read({name: {} for name in names})
        return self.cr.sql_log_count - before

    def test_cost_does_not_grow(self):
        names = ["name", "partner_id", "hold_status"]
        customers = [
            self._create_customer(f"Customer {number}", user_id=self.seller.id)
            for number in range(15)
        ]
        for customer in customers[::2]:
            self._invoice(1000.0, partner_id=customer.id)
        self._refresh()
        orders = self.env["sale.order"].concat(
            *(self._quote(customer) for customer in customers * 2)
        )
        orders[5].with_user(self.manager)._override_hold("Not held: nothing to override")
        orders[4].with_user(self.manager)._override_hold("Good customer")
        for __ in range(2):
            self._count_queries(orders, names)  # warm the caches
        few = self._count_queries(orders[:3], names)
        self.assertEqual(self._count_queries(orders, names), few)
        self.assertEqual(len(orders), 30)
        statuses = orders.with_user(self.seller).mapped("hold_status")
        self.assertEqual(
            [statuses.count(status) for status in ("held", "overridden", False)], [15, 1, 14]
        )

    def test_filter_agrees_with_the_badge(self):
        orders = self._quote() | self._quote(self.prompt) | self._quote() | self._quote()
        orders[2].with_user(self.manager)._override_hold("Good customer")
        self._flush()
        for user in (self.seller, self.manager):
            model = self.env["sale.order"].with_user(user)
            held = model.search([("is_held", "=", True), ("id", "in", orders.ids)])
            self.assertEqual(held, model.browse([orders[0].id, orders[3].id]).sorted())
            others = model.search([("is_held", "=", False), ("id", "in", orders.ids)])
            self.assertEqual(others | held, model.browse(orders.ids).sorted())
            self.assertEqual(held, others.browse(orders.ids).sorted().filtered("is_held"))

    def test_views(self):
        model = self.env["sale.order"].with_user(self.seller)
        views = model.get_views([(False, "form"), (False, "list"), (False, "kanban")])["views"]
        form = etree.fromstring(views["form"]["arch"])
        self.assertEqual(len(form.xpath("//field[@name='partner_credit_warning']")), 1)
        self.assertEqual(len(form.xpath("//button[@name='action_override_hold']")), 1)
        for view_type in ("list", "kanban"):
            arch = etree.fromstring(views[view_type]["arch"])
            self.assertTrue(arch.xpath("//field[@name='hold_status']"), view_type)
        for xmlid in (
            "sale.sale_order_view_search_inherit_quotation",
            "sale.sale_order_view_search_inherit_sale",
        ):
            search = model.get_view(self.env.ref(xmlid).id)["arch"]
            self.assertIn('name="is_held"', search)

    def test_policy_is_found_from_the_settings_of_sales(self):
        admin = new_test_user(
            self.env, "settings_admin", "base.group_system,sales_team.group_sale_manager"
        )
        view = self.env["res.config.settings"].with_user(admin).get_view(view_type="form")
        [button] = etree.fromstring(view["arch"]).xpath(
            "//app[@name='sale_management']"
            "//setting[@id='customer_health_policy_sale_management']//button"
        )
        action = self.env.ref("crm_customer_health.crm_customer_health_policy_action")
        self.assertEqual(int(button.get("name")), action.id)
