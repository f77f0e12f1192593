from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DeliveryHoldCommon

OFF_HOLD = "would take off hold"


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryHoldEscape(DeliveryHoldCommon):
    """Goods do not reach a customer on hold by another operation type, place, contact or payer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env.ref("stock.stock_location_customers")
        cls.stock = cls.warehouse.lot_stock_id
        cls.shelf = cls.env["stock.location"].create({"name": "Shelf", "location_id": cls.stock.id})

    def test_internal_transfer_to_customers_is_held(self):
        transfer = self._move(self.warehouse.int_type_id, self.stock, self.customers, self.late)
        self.assertTrue(transfer.is_held)
        self.assertIn(transfer, self._search_held())
        self.assertEqual(self.warehouse.int_type_id.count_picking_held, 1)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(transfer)
        transfer.action_cancel()
        self._flush()
        self.assertFalse(transfer.is_held)

    def test_moves_to_customers_are_held(self):
        transfer = self._move(self.warehouse.int_type_id, self.stock, self.shelf, self.late)
        self.assertFalse(transfer.is_held)
        transfer.move_ids.with_user(self.picker).location_dest_id = self.customers
        transfer.move_line_ids.with_user(self.picker).location_dest_id = self.customers
        self._flush()
        self.assertTrue(transfer.is_held)
        self.assertIn(transfer, self._search_held())
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(transfer)

    def test_not_from_us(self):
        suppliers = self.env.ref("stock.stock_location_suppliers")
        for source in (suppliers, self.customers):
            with self.subTest(source.usage):
                transfer = self._move(self.warehouse.out_type_id, source, self.customers, self.late)
                self.assertFalse(transfer.is_held)
                self.assertNotIn(transfer, self._search_held())
                self._validate(transfer)
                self.assertEqual(transfer.state, "done")

    def test_change_that_takes_it_off_hold(self):
        of_other = self._order(self.prompt)
        for text, values in (
            ("another order", {"sale_id": of_other.id}),
            ("no order", {"sale_id": False, "partner_id": self.prompt.id}),
            ("another source", {"location_id": self.customers.id}),
        ):
            delivery = self._deliver()
            with self.subTest(text):
                with self.assertRaises(UserError) as refusal, self.env.cr.savepoint():
                    delivery.with_user(self.picker).write(values)
                refused = str(refusal.exception)
                for part in (OFF_HOLD, delivery.name, "may be overridden by: "):
                    self.assertIn(part, refused)
                self.assertNotIn("1,000", refused)
                self._flush()
                self.assertTrue(delivery.is_held)
        delivery = self._send(self.late)
        for values in (
            {"partner_id": self.prompt.id},
            {"partner_id": False},
            {"picking_type_id": self.warehouse.int_type_id.id},
            {"location_dest_id": self.shelf.id},
        ):
            with (
                self.subTest(str(values)),
                self.assertRaisesRegex(UserError, OFF_HOLD),
                self.env.cr.savepoint(),
            ):
                delivery.with_user(self.picker).write(values)
        delivery.with_user(self.stock_manager).partner_id = self.prompt
        self._validate(delivery)
        self.assertEqual(delivery.state, "done")

    def test_moves_that_travel_to_another_transfer(self):
        """With or without their order line, to somebody else's transfer or to one of nobody."""
        delivery, other = self._deliver(), self._deliver(self.prompt)
        nobodys = self._move(self.warehouse.out_type_id, self.stock, self.customers, False)
        for text, values in (
            ("another's", {"picking_id": other.id}),
            ("nobody's, without its line", {"picking_id": nobodys.id, "sale_line_id": False}),
            ("no transfer", {"picking_id": False, "sale_line_id": False}),
        ):
            with (
                self.subTest(text),
                self.assertRaisesRegex(UserError, OFF_HOLD),
                self.env.cr.savepoint(),
            ):
                delivery.move_ids.with_user(self.picker).write(values)
        # By who may, or by the system: they are held in the other transfer, too, whichever of the
        # orders it takes for its own.
        later = self._deliver()
        for moves in (delivery.move_ids, later.move_ids):
            target = self._deliver(self.prompt) if moves in delivery.move_ids else other
            moves.picking_id = target
            self._flush()
            with self.assertRaisesRegex(UserError, "Late Ltd owes|goods of orders on hold"):
                self._validate(target)
        self._pay(self.claim, date="2024-04-10")
        self._flush()
        self._validate(other)
        self.assertEqual(other.state, "done")

    def test_everyday_work_goes_on(self):
        contact = self.env["res.partner"].create({"name": "Lara", "parent_id": self.late.id})
        delivery, other = self._send(self.late), self._send(self.prompt)
        delivery.with_user(self.picker).write({"partner_id": contact.id, "note": "Ring twice"})
        other.with_user(self.picker).partner_id = False
        delivery.with_user(self.picker).location_id = self.shelf
        self.assertTrue(delivery.is_held)
        delivery.with_user(self.picker).sudo().partner_id = self.prompt
        delivery.partner_id = self.late
        delivery.with_user(self.picker).action_cancel()
        delivery.with_user(self.picker).partner_id = self.prompt
        self.policy.delivery_hold = "warn"
        self._send(self.late).with_user(self.picker).partner_id = self.prompt

    def test_payer_of_the_order(self):
        order = self._order()
        delivery = order.picking_ids
        for values in (
            {"partner_invoice_id": self.prompt.id},
            {"partner_id": self.prompt.id},
        ):
            with self.assertRaises(UserError) as refusal, self.env.cr.savepoint():
                order.with_user(self.seller).write(values)
            self.assertIn(OFF_HOLD, str(refusal.exception))
            self.assertIn(delivery.name, str(refusal.exception))
        order.with_user(self.seller).write({"client_order_ref": "7"})
        accountant = self._create_user(
            "dh-accountant",
            "account.group_account_manager,sales_team.group_sale_salesman_all_leads",
        )
        order.with_user(accountant).partner_invoice_id = self.prompt
        self._validate(delivery)
        self.assertEqual(delivery.state, "done")
        order.with_user(self.seller).sudo().partner_invoice_id = self.late
        order.with_user(self.seller).partner_invoice_id = self.prompt

    def test_quotation_gets_another_customer(self):
        quotation = self.env["sale.order"].create(
            {
                "partner_id": self.late.id,
                "company_id": self.company.id,
                "user_id": self.seller.id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        quotation.with_user(self.seller).partner_id = self.prompt
        self.assertEqual(quotation.partner_invoice_id, self.prompt)
