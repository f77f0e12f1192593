from freezegun import freeze_time

from odoo.tests import tagged

from .common import DeliveryHoldCommon

RELEASED = "The customer is no longer on hold"


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryRelease(DeliveryHoldCommon):
    """When the customer pays, the hold goes by itself and who waits is told, once."""

    def _get_notes(self, delivery):
        return delivery.message_ids.filtered(
            lambda message: message.message_type == "notification" and RELEASED in message.body
        )

    def _get_messages(self, user):
        """What this person was told."""
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("message_type", "=", "user_notification"),
                    ("notified_partner_ids", "in", user.partner_id.ids),
                    ("body", "like", RELEASED),
                ]
            )
        )

    def _pay_and_work_off(self, amount=None):
        self._work_off_queue()
        self._pay(self.claim, amount, date="2024-04-10")
        self._work_off_queue()

    def test_payment_tells_who_waits(self):
        deliveries = self._deliver() | self._deliver()
        deliveries[0].user_id = self.picker
        other = self._deliver(self.prompt)
        receipt = self._move(
            self.warehouse.in_type_id,
            self.env.ref("stock.stock_location_suppliers"),
            self.warehouse.lot_stock_id,
            self.late,
        )
        self._pay_and_work_off()
        for delivery in deliveries:
            self.assertEqual(len(self._get_notes(delivery)), 1)
            self.assertNotIn("1,000", self._get_notes(delivery).body)
            self.assertFalse(delivery.is_held)
        for picking in (other, receipt):
            self.assertFalse(self._get_notes(picking))
        to_seller, to_picker = self._get_messages(self.seller), self._get_messages(self.picker)
        self.assertEqual(len(to_seller), 1, "one message for all deliveries")
        self.assertEqual(len(to_picker), 1)
        for delivery in deliveries:
            self.assertIn(delivery.name, to_seller.body)
        self.assertIn(deliveries[0].name, to_picker.body)
        self.assertNotIn(deliveries[1].name, to_picker.body)
        self.assertEqual((to_picker.model, to_picker.res_id), ("stock.picking", deliveries[0].id))
        self.assertNotIn("1,000", to_seller.body + to_picker.body)
        self._validate(deliveries)
        self.assertEqual(set(deliveries.mapped("state")), {"done"})

    def test_told_once(self):
        delivery = self._deliver()
        self._pay_and_work_off()
        self._refresh()
        self._refresh(partners=self.late)
        self._flush()
        self.assertEqual(len(self._get_notes(delivery)), 1)
        self.assertEqual(len(self._get_messages(self.seller)), 1)

    def test_night_tells_too(self):
        delivery = self._deliver()
        self._pay(self.claim, date="2024-04-10")
        self._refresh()
        self.assertEqual(len(self._get_notes(delivery)), 1)

    def test_paid_in_part_is_still_held(self):
        delivery = self._deliver()
        self._pay_and_work_off(850.0)
        self.assertTrue(delivery.is_held)
        self.assertFalse(self._get_notes(delivery))
        self._pay_and_work_off()
        self.assertEqual(len(self._get_notes(delivery)), 1)

    def test_payer_of_another_pays(self):
        delivery = self._deliver(self.prompt, partner_invoice_id=self.late.id)
        not_his = self._deliver(self.late, partner_invoice_id=self.prompt.id)
        self._pay_and_work_off()
        self.assertEqual(len(self._get_notes(delivery)), 1)
        self.assertFalse(self._get_notes(not_his))

    def test_without_order_the_customers_salesperson_is_told(self):
        delivery = self._send(self.late)
        delivery.user_id = False
        self._pay_and_work_off()
        self.assertEqual(self._get_messages(self.seller).res_id, delivery.id)

    def test_nobody_is_told(self):
        """Where nothing held the delivery, or something still does."""
        delivery = self._deliver()
        done = self._deliver()
        self._override(done)
        self._validate(done)
        for text, write in (
            ("always", lambda: setattr(self.late, "hold_policy", "always")),
            ("off", lambda: setattr(self.policy, "delivery_hold", "off")),
            ("warn", lambda: setattr(self.policy, "delivery_hold", "warn")),
        ):
            with self.subTest(text):
                write()
                self._flush()
                self.late.sudo()._release(self.company)
                self.assertFalse(self._get_notes(delivery))
                self.late.hold_policy = "automatic"
                self.policy.delivery_hold = "block"
        overridden = self._deliver()
        self._override(overridden)
        self._pay_and_work_off()
        self.assertEqual(len(self._get_notes(delivery)), 1)
        self.assertFalse(self._get_notes(done))
        self.assertFalse(self._get_notes(overridden), "it was not on hold any more")

    def test_told_of_a_decision_for_the_customer(self):
        delivery = self._deliver()
        self._work_off_queue()
        manager = self._create_user("dh-manager", "sales_team.group_sale_manager")
        self.late.with_user(manager).hold_policy = "never"
        self.assertEqual(len(self._get_notes(delivery)), 1)
        self.assertEqual(len(self._get_messages(self.seller)), 1)
        self.assertFalse(delivery.is_held)
        self._pay_and_work_off()
        self.assertEqual(len(self._get_notes(delivery)), 1, "nothing held it any more")

    def test_warehouse_is_told_of_what_nobody_is_responsible_for(self):
        foreman = self._create_user("dh-foreman", "stock.group_stock_user")
        self.policy.delivery_user_id = foreman
        deliveries = self._deliver() | self._deliver() | self._deliver()
        deliveries.user_id = False
        deliveries[0].user_id = self.picker
        gone = self._create_user("dh-gone", "stock.group_stock_user")
        deliveries[1].user_id = gone
        gone.active = False
        self._pay_and_work_off()
        message = self._get_messages(foreman)
        self.assertEqual(len(message), 1)
        self.assertNotIn(deliveries[0].name, message.body)
        for delivery in deliveries[1:]:
            self.assertIn(delivery.name, message.body)
        self.assertEqual(self._get_messages(self.picker).res_id, deliveries[0].id)
        self.assertEqual(len(self._get_messages(self.seller)), 1)

    def test_warehouse_of_another_company_is_not_told(self):
        other = self._create_company(name="Second")
        stranger = self._create_user("dh-stranger", "stock.group_stock_user", company=other)
        self.policy.delivery_user_id = stranger
        self._deliver().user_id = False
        self._pay_and_work_off()
        self.assertFalse(self._get_messages(stranger))

    def test_who_left_is_not_told(self):
        delivery = self._deliver()
        delivery.user_id = self.picker
        self.picker.active = False
        self._pay_and_work_off()
        self.assertTrue(self._get_messages(self.seller))
        self.assertFalse(self._get_messages(self.picker))

    def test_cost_does_not_grow(self):
        """The nightly run may release thousands of customers: nothing is asked for each."""

        def count_queries(customers):
            self._flush()
            before = self.cr.sql_log_count
            customers.sudo()._on_released(self.company)
            self._flush()
            return self.cr.sql_log_count - before

        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}", "user_id": self.seller.id} for number in range(60)]
        )
        without = customers[:30]
        for __ in range(2):
            count_queries(without)  # warm the caches
        self.assertEqual(count_queries(without), count_queries(without[:3]), "no deliveries")
        for customer in customers[30:]:
            self._deliver(customer, 1)
        for __ in range(2):
            count_queries(customers[30:])
        few, many = count_queries(customers[30:33]), count_queries(customers[30:])
        self.assertEqual(many, few, "as many statements for 30 deliveries as for 3")
        self.assertEqual(len(self._get_messages(self.seller)), 4, "one for each run")
