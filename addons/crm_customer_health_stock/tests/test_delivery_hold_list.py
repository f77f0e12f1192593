from freezegun import freeze_time
from lxml import etree

from odoo.tests import new_test_user, tagged

from .common import DeliveryHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryHoldList(DeliveryHoldCommon):
    """Lists cost the same number of statements however long they are, and can be filtered."""

    def _count_queries(self, function):
        self._flush()
        before = self.cr.sql_log_count
        function()
        return self.cr.sql_log_count - before

    def _create_deliveries(self, count):
        customers = [self._create_customer(f"Customer {number}") for number in range(count // 2)]
        for customer in customers[::2]:
            self._invoice(1000.0, partner_id=customer.id)
        self._refresh()
        return self.env["stock.picking"].concat(
            *(self._deliver(customer, 1) for customer in customers * 2)
        )

    def test_cost_does_not_grow(self):
        deliveries = self._create_deliveries(30)
        for number in (4, 5):  # nothing holds the second one
            deliveries[number].with_user(self.stock_manager)._override_hold("Good customer")
        specification = {name: {} for name in ("name", "partner_id", "hold_status", "is_held")}

        def read(records):
            return lambda: records.with_user(self.picker).web_read(specification)

        for __ in range(2):
            self._count_queries(read(deliveries))  # warm the caches
        few = self._count_queries(read(deliveries[:3]))
        self.assertEqual(self._count_queries(read(deliveries)), few)
        self.assertEqual(len(deliveries), 30)
        statuses = deliveries.with_user(self.picker).mapped("hold_status")
        self.assertEqual(
            [statuses.count(status) for status in ("held", "overridden", False)], [15, 1, 14]
        )

    def test_filter_agrees_with_the_badge(self):
        deliveries = self._deliver() | self._deliver(self.prompt) | self._deliver()
        deliveries |= self._deliver()
        self._override(deliveries[2])
        for user in (self.seller, self.picker, self.stock_manager):
            model = self.env["stock.picking"].with_user(user)
            held = model.search([("is_held", "=", True), ("id", "in", deliveries.ids)])
            self.assertEqual(set(held.ids), {deliveries[0].id, deliveries[3].id})
            others = model.search([("is_held", "=", False), ("id", "in", deliveries.ids)])
            self.assertEqual(set((others | held).ids), set(deliveries.ids))
            self.assertFalse(others & held)
            self.assertEqual(model.browse(deliveries.ids).filtered("is_held"), held.sorted("id"))

    def test_overview_counts(self):
        held = self._deliver() | self._deliver()
        self._deliver(self.prompt)
        types = self.env["stock.picking.type"].search([("company_id", "=", self.company.id)])
        out_type = self.warehouse.out_type_id.with_user(self.picker)
        counts = {
            picking_type: picking_type.count_picking_held
            for picking_type in types.with_user(self.picker)
        }
        self.assertEqual(counts.pop(out_type), 2)
        self.assertEqual(set(counts.values()), {0})
        action = out_type.get_action_picking_tree_held()
        self.assertEqual(action["context"]["search_default_is_held"], 1)
        found = self.env["stock.picking"].search([*action["domain"], ("is_held", "=", True)])
        self.assertEqual(found, held.sorted("id") & found)
        self.assertEqual(set(found.ids), set(held.ids))

        def read():
            types.with_user(self.picker).web_read({"count_picking_held": {}})

        for __ in range(2):
            self._count_queries(read)  # warm the caches
        few = self._count_queries(read)
        self._create_deliveries(12)
        for __ in range(2):
            self._count_queries(read)
        self.assertEqual(self._count_queries(read), few)

    def test_views(self):
        model = self.env["stock.picking"].with_user(self.picker)
        views = model.get_views([(False, "form"), (False, "list"), (False, "kanban")])["views"]
        form = etree.fromstring(views["form"]["arch"])
        self.assertEqual(len(form.xpath("//button[@name='action_override_hold']")), 1)
        self.assertEqual(len(form.xpath("//field[@name='hold_override_note']")), 1)
        for view_type in ("list", "kanban"):
            arch = etree.fromstring(views[view_type]["arch"])
            self.assertTrue(arch.xpath("//field[@name='hold_status']"), view_type)
        search = model.get_view(self.env.ref("stock.view_picking_internal_search").id)["arch"]
        self.assertIn('name="is_held"', search)
        overview = self.env["stock.picking.type"].with_user(self.picker).get_view(False, "kanban")
        self.assertIn('name="get_action_picking_tree_held"', overview["arch"])

    def test_policy_is_found_from_the_settings_of_inventory(self):
        admin = new_test_user(
            self.env, "settings_admin", "base.group_system,stock.group_stock_manager"
        )
        view = self.env["res.config.settings"].with_user(admin).get_view(view_type="form")
        buttons = etree.fromstring(view["arch"]).xpath(
            "//app[@name='stock']//setting[@id='customer_health_policy_stock']//button"
        )
        self.assertEqual(len(buttons), 1)
