from freezegun import freeze_time

from odoo import SUPERUSER_ID, Command
from odoo.tests import tagged

from odoo.addons.crm_customer_value.tests.test_cost import CostCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 10:00")
class TestDeliveryCost(CostCommon):
    """Goods that are bought at two prices, delivered, and invoiced."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env["product.category"].create(
            {
                "name": "Goods",
                "property_cost_method": "fifo",
                "property_valuation": "periodic",
            }
        )
        cls.goods = cls._create_costly(
            "Mill", 0.0, is_storable=True, categ_id=cls.category.id, invoice_policy="delivery"
        )
        cls.root = cls.env(user=SUPERUSER_ID, context={"allowed_company_ids": cls.company.ids})
        cls.warehouse = cls.root["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls._receive(10, 5.0)
        cls._receive(10, 8.0)

    @classmethod
    def _receive(cls, quantity, price, product=None):
        product = product or cls.goods
        move = cls.root["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": quantity,
                "value_manual": quantity * price,
                "location_id": cls.root.ref("stock.stock_location_suppliers").id,
                "location_dest_id": cls.warehouse.lot_stock_id.id,
                "company_id": cls.company.id,
            }
        )
        cls._finish(move, quantity)
        return move

    @classmethod
    def _finish(cls, move, quantity):
        move._action_confirm()
        move.quantity = quantity
        move.picked = True
        move._action_done()

    @classmethod
    def _order(cls, quantity, product=None, **values):
        product = product or cls.goods
        order = cls.root["sale.order"].create(
            {
                "partner_id": cls.partner.id,
                "company_id": cls.company.id,
                "warehouse_id": cls.warehouse.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "price_unit": 20.0,
                            "tax_ids": [Command.clear()],
                            **values,
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        return order

    @classmethod
    def _deliver(cls, order, quantity):
        """In the unit of the product."""
        move = order.order_line.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        move.quantity = quantity
        move.picked = True
        move.with_context(cancel_backorder=False)._action_done()

    @classmethod
    def _bill(cls, order):
        invoice = order._create_invoices()
        invoice.invoice_date = "2024-01-31"
        invoice.action_post()
        return invoice.with_env(cls.env)

    def test_value_of_delivery(self):
        order = self._order(10)
        self._deliver(order, 10)
        invoice = self._bill(order)
        self.assertCost(invoice, 50.0, "delivery")

    def test_one_invoice_of_two_deliveries(self):
        order = self._order(15)
        self._deliver(order, 10)
        self._deliver(order, 5)
        self.assertCost(self._bill(order), 90.0, "delivery")

    def test_an_invoice_of_each_delivery(self):
        """Each has the cost of its own delivery, and together all of it."""
        order = self._order(15)
        self._deliver(order, 10)
        first = self._bill(order)
        self.assertCost(first, 50.0, "delivery")
        self._deliver(order, 5)
        self.assertCost(self._bill(order), 40.0, "delivery")
        self.assertCost(first, 50.0, "delivery")

    def test_two_invoices_of_one_delivery(self):
        order = self._order(15)
        self._deliver(order, 15)
        invoice = order._create_invoices()
        invoice.invoice_line_ids.quantity = 6
        invoice.invoice_date = "2024-01-31"
        invoice.action_post()
        self.assertCost(invoice.with_env(self.env), 36.0, "delivery")
        self.assertCost(self._bill(order), 54.0, "delivery")

    def test_dozen(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._order(1, product_uom_id=dozen.id)
        self._deliver(order, 12)
        self.assertCost(self._bill(order), 66.0, "delivery")

    def test_invoiced_before_delivered(self):
        goods = self._create_costly(
            "Sieve", 3.0, is_storable=True, categ_id=self.category.id, invoice_policy="order"
        )
        self._receive(10, 4.0, goods)
        goods.with_user(SUPERUSER_ID).standard_price = 3.0
        order = self._order(10, goods)
        invoice = self._bill(order)
        self._freeze()
        self.assertTrue(invoice.invoice_line_ids.cost_is_estimated)
        self._deliver(order, 10)
        value = sum(order.order_line.move_ids.mapped("value"))
        self.assertCost(invoice, round(value, 2), "delivery")

    def test_return_after_invoice(self):
        """The credit note of what came back takes off what it had cost."""
        order = self._order(10)
        self._deliver(order, 10)
        invoice = self._bill(order)
        self._freeze()
        credit_note = invoice._reverse_moves([{"invoice_date": "2024-01-31"}])
        credit_note.invoice_line_ids.quantity = 2
        credit_note.action_post()
        self.assertCost(credit_note, -10.0, "delivery")

    def _give_back(self, delivery, quantity):
        """Goods of a delivery come back to the stock."""
        back = delivery.copy(
            {
                "location_id": delivery.location_dest_id.id,
                "location_dest_id": delivery.location_id.id,
                "origin_returned_move_id": delivery.id,
                "product_uom_qty": quantity,
                "picking_id": False,
                "to_refund": True,
            }
        )
        self._finish(back, quantity)

    def test_goods_that_came_back_are_credited_by_the_order(self):
        """A credit note that reverses no invoice takes off what the order's invoices cost; what is
        sent again costs what it is sent at.
        """
        order = self._order(10)
        self._deliver(order, 10)
        self.assertCost(self._bill(order), 50.0, "delivery")
        self._give_back(order.order_line.move_ids, 4)
        self.assertEqual(order.order_line.qty_delivered, 6)
        credit_note = order._create_invoices(final=True)
        credit_note.invoice_date = "2024-01-31"
        credit_note.action_post()
        self.assertEqual(credit_note.move_type, "out_refund")
        self.assertCost(credit_note.with_env(self.env), -20.0, "delivery")

    def test_goods_that_came_back_before_the_invoice(self):
        """Fifteen were sent for 90, five of them came back for 30: ten are invoiced for 60."""
        order = self._order(15)
        self._deliver(order, 15)
        self._give_back(order.order_line.move_ids, 5)
        invoice = self._bill(order)
        self.assertEqual(invoice.invoice_line_ids.quantity, 10)
        self.assertCost(invoice, 60.0, "delivery")

    def test_all_came_back(self):
        order = self._order(10)
        self._deliver(order, 10)
        self._bill(order)
        self._freeze()
        self._give_back(order.order_line.move_ids, 10)
        self.goods.with_user(SUPERUSER_ID).standard_price = 99.0
        credit_note = order._create_invoices(final=True)
        credit_note.invoice_date = "2024-01-31"
        credit_note.action_post()
        self.assertCost(credit_note.with_env(self.env), -50.0, "delivery")

    def test_kit(self):
        """Its components are delivered: two kits of one mill and three sieves each."""
        sieve = self._create_costly("Sieve", 0.0, is_storable=True, categ_id=self.category.id)
        self._receive(6, 2.0, sieve)
        kit = self._create_costly("Milling Kit", 500.0, invoice_policy="delivery", type="service")
        order = self._order(2, kit)
        order.order_line.qty_delivered = 2
        for product, quantity in [(self.goods, 2), (sieve, 6)]:
            move = self.root["stock.move"].create(
                {
                    "product_id": product.id,
                    "product_uom_qty": quantity,
                    "location_id": self.warehouse.lot_stock_id.id,
                    "location_dest_id": self.root.ref("stock.stock_location_customers").id,
                    "company_id": self.company.id,
                    "sale_line_id": order.order_line.id,
                }
            )
            self._finish(move, quantity)
        self.assertEqual(order.order_line.qty_delivered, 2)
        invoice = order._create_invoices()
        invoice.invoice_line_ids.quantity = 1
        invoice.invoice_date = "2024-01-31"
        invoice.action_post()
        # Half of 2 x 5 and 6 x 2.
        self.assertCost(invoice.with_env(self.env), 11.0, "delivery")
        self.assertCost(self._bill(order), 11.0, "delivery")

    def test_kit_of_a_bill_of_materials(self):
        """Manufacturing explodes the kit: two kits of two mills and three sieves each, delivered
        one after the other, the second one with dearer mills.
        """
        if "mrp.bom" not in self.env or "bom_line_id" not in self.env["stock.move"]._fields:
            self.skipTest("kits have bills of materials in sale_mrp")
        sieve = self._create_costly("Sieve", 0.0, is_storable=True, categ_id=self.category.id)
        self._receive(6, 2.0, sieve)
        # Eight mills at 5 go before, so that two at 5 are left before those at 8.
        earlier = self._order(8)
        self._deliver(earlier, 8)
        kit = self._create_costly(
            "Milling Kit",
            0.0,
            is_storable=True,
            categ_id=self.category.id,
            invoice_policy="delivery",
        )
        self.root["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "product_qty": 1,
                "type": "phantom",
                "company_id": self.company.id,
                "bom_line_ids": [
                    Command.create({"product_id": product.id, "product_qty": quantity})
                    for product, quantity in [(self.goods, 2), (sieve, 3)]
                ],
            }
        )
        order = self._order(2, kit)
        moves = order.order_line.move_ids
        self.assertEqual(
            {move.product_id.name: move.product_uom_qty for move in moves}, {"Mill": 4, "Sieve": 6}
        )
        for cost in (2 * 5.0 + 3 * 2.0, 2 * 8.0 + 3 * 2.0):
            moves = order.order_line.move_ids.filtered(lambda move: move.state != "done")
            for move in moves:
                move.quantity = 2 if move.product_id.name == "Mill" else 3
            moves.picked = True
            moves.with_context(cancel_backorder=False)._action_done()
            invoice = self._bill(order)
            self.assertEqual(invoice.invoice_line_ids.quantity, 1)
            self.assertCost(invoice, cost, "delivery")

    def test_drop_shipped(self):
        """What was never in stock costs what its purchase says, in the company's currency."""
        if "purchase_line_id" not in self.env["stock.move"]._fields:
            self.skipTest("goods are bought in purchase_stock")
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 2.0)])
        goods = self._create_costly(
            "Oven", 1.0, is_storable=True, categ_id=self.category.id, invoice_policy="order"
        )
        order = self._order(3, goods)
        purchase = self.root["purchase.order"].create(
            {
                "partner_id": self.partner.id,
                "company_id": self.company.id,
                "currency_id": currency.id,
                "date_order": "2024-01-20",
                "order_line": [
                    Command.create(
                        {
                            "product_id": goods.id,
                            "product_qty": 3,
                            "price_unit": 30.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        order.order_line.move_ids._action_cancel()
        move = self.root["stock.move"].create(
            {
                "product_id": goods.id,
                "product_uom_qty": 3,
                "location_id": self.root.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.root.ref("stock.stock_location_customers").id,
                "company_id": self.company.id,
                "sale_line_id": order.order_line.id,
                "purchase_line_id": purchase.order_line.id,
            }
        )
        self._finish(move, 3)
        self.assertCost(self._bill(order), 45.0, "delivery")

    def test_goods_that_cost_nothing(self):
        """Goods of cost 0 are of unknown cost, unless their product says so."""
        free = self._create_costly("Sample", 0.0, categ_id=self.category.id)
        for is_without_cost, source in [(False, "none"), (True, "product")]:
            free.sudo().is_without_cost = is_without_cost
            order = self._order(2, free)
            self._deliver(order, 2)
            self.assertCost(self._bill(order), 0.0, source)

    def test_the_ledger_wins(self):
        """Perpetual valuation: what was booked as cost of goods sold counts."""
        stock_account = self.env["account.account"].create(
            {"name": "Stock", "code": "STOCKVAL", "account_type": "asset_current"}
        )
        category = self.env["product.category"].create(
            {
                "name": "Perpetual",
                "property_cost_method": "standard",
                "property_valuation": "real_time",
                "property_stock_valuation_account_id": stock_account.id,
                "property_account_expense_categ_id": self.company_data[
                    "default_account_expense"
                ].id,
            }
        )
        goods = self._create_costly("Sack", 6.0, is_storable=True, categ_id=category.id)
        invoice = self._sell(goods, 5)
        booked = invoice.line_ids.filtered(lambda line: line.display_type == "cogs")
        self.assertTrue(booked)
        # What the product costs now is not asked.
        goods.standard_price = 100.0
        self.assertCost(invoice, 30.0, "cogs")
        credit_note = invoice._reverse_moves([{"invoice_date": "2024-01-31"}])
        credit_note.action_post()
        self.assertCost(credit_note, -30.0, "cogs")

    def test_consumable(self):
        goods = self._create_costly("Bag", 2.0, invoice_policy="delivery")
        order = self._order(5, goods)
        self._deliver(order, 5)
        self._freeze()
        invoice = self._bill(order)
        self._freeze()
        self.assertEqual(invoice.invoice_line_ids.cost, 10.0)

    def test_down_payment_and_final_invoice(self):
        order = self._order(10)
        wizard = self.root["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": order.ids,
                "advance_payment_method": "percentage",
                "amount": 50,
            }
        )
        down_payment = wizard._create_invoices(order)
        down_payment.invoice_date = "2024-01-31"
        down_payment.action_post()
        self._freeze()
        self.assertEqual(sum(down_payment.invoice_line_ids.mapped("cost")), 0.0)
        self.assertNotIn("none", down_payment.invoice_line_ids.mapped("cost_source"))
        self._deliver(order, 10)
        final = order._create_invoices(final=True)
        final.invoice_date = "2024-01-31"
        final.action_post()
        self._freeze()
        self.assertEqual(sum(final.invoice_line_ids.mapped("cost")), 50.0)
        self.assertNotIn("none", final.invoice_line_ids.mapped("cost_source"))
