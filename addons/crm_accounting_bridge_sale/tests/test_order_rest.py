from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.fields import Domain
from odoo.tests import tagged

from .common import BridgeSaleCommon

OPEN, DONE = True, False

#: What happens to an order of 10 at 100 each, untaxed, and whether it has something to invoice
#: afterwards. ``deliver``: how many the customer has now; ``invoice``: in the wizard of the order,
#: with down payments deducted; ``credit``: quantity and, if not as invoiced, price.
INVOICED_AS_DELIVERED = {
    "returned, credited, and delivered again": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("deliver", 8, DONE),  # the customer is to get 200, we are to get nothing
        ("credit", 2, DONE),
        ("deliver", 10, OPEN),
        ("invoice", DONE),
    ),
    "replaced without a credit note": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("deliver", 8, DONE),
        ("deliver", 10, DONE),
    ),
    "credited in a draft only": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("deliver", 8, DONE),
        ("credit_draft", 2, DONE),
        ("deliver", 10, DONE),
        ("post", OPEN),
    ),
    "delivered in two parts": (
        ("deliver", 8, OPEN),
        ("invoice", OPEN),
        ("deliver", 10, OPEN),
        ("invoice_draft", OPEN),
        ("post", DONE),
    ),
    "returned before the second part came": (
        ("deliver", 6, OPEN),
        ("invoice", OPEN),
        ("deliver", 4, OPEN),
        ("credit", 2, OPEN),  # 4 were never invoiced
        ("deliver", 8, OPEN),
        ("invoice", DONE),  # the 2 that came back are not wanted any more
        ("deliver", 10, OPEN),  # or are they
    ),
    "more than ordered": (
        ("deliver", 12, OPEN),
        ("invoice", DONE),
        ("credit", 2, OPEN),
        ("deliver", 10, DONE),
    ),
    "cheaper by 10 %, as a lower price of all": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("credit", 10, 10.0, DONE),
    ),
    "credited in words only": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("credit", 0, 100.0, DONE),
    ),
    "returned for a fee, delivered again": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("deliver", 8, DONE),
        ("credit", 2, 90.0, DONE),
        ("deliver", 10, OPEN),
    ),
    "credited before it came back": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("credit", 2, OPEN),  # as for Odoo: the customer has 10, and 8 are invoiced
        ("deliver", 8, DONE),
    ),
    "all came back, credited by the order": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("deliver", 0, DONE),
        ("invoice", DONE),  # a credit note of 1,000
        ("deliver", 3, OPEN),
        ("invoice", DONE),
    ),
    "reversed as a whole": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("reverse", OPEN),
        ("invoice", DONE),
    ),
    "reversed, and the credit note reversed": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("reverse", OPEN),
        ("reverse", DONE),
    ),
    "credited by mistake, and that reversed": (
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("credit", 2, OPEN),
        ("reverse", DONE),
    ),
    "down payment larger than the first part": (
        ("down", 500, OPEN),
        ("deliver", 1, OPEN),
        ("invoice", OPEN),  # a credit note of 400
        ("deliver", 10, OPEN),
        ("invoice", DONE),
    ),
    "down payment as large as the first part": (
        ("down", 500, OPEN),
        ("deliver", 5, OPEN),
        ("invoice", OPEN),
        ("deliver", 10, OPEN),
        ("invoice", DONE),
    ),
    "down payment not deducted from the first part": (
        ("down", 500, OPEN),
        ("deliver", 1, OPEN),
        ("invoice_gross", OPEN),
        ("deliver", 5, OPEN),
        ("invoice_gross", DONE),  # 500 to come, 500 to be deducted
        ("deliver", 10, DONE),
        ("invoice", DONE),
    ),
    "down payment given back": (
        ("down", 500, OPEN),
        ("reverse", OPEN),
        ("deliver", 5, OPEN),
        ("invoice", OPEN),
        ("deliver", 10, OPEN),
        ("invoice", DONE),
    ),
    "down payment of everything, reversed": (
        ("down", 1000, DONE),
        ("deliver", 10, DONE),
        ("reverse", OPEN),
        ("invoice", DONE),
    ),
    "down payment, then returned and delivered again": (
        ("down", 500, OPEN),
        ("deliver", 10, OPEN),
        ("invoice", DONE),
        ("deliver", 8, DONE),
        ("credit", 2, DONE),
        ("deliver", 10, OPEN),
    ),
}
INVOICED_AS_ORDERED = {
    "credited, delivered or not": (
        ("invoice", DONE),
        ("credit", 2, DONE),
        ("deliver", 8, DONE),
    ),
    "returned, credited, and delivered again": (
        ("invoice", DONE),
        ("deliver", 10, DONE),
        ("deliver", 8, DONE),
        ("credit", 2, DONE),
        ("deliver", 10, OPEN),
        ("invoice", DONE),
    ),
    "more delivered than ordered": (
        ("deliver", 12, OPEN),
        ("invoice", DONE),
        ("credit", 2, OPEN),  # 8 are invoiced, and 10 of the 12 are to be
        ("deliver", 8, DONE),
    ),
    "invoiced beyond the order": (
        ("invoice_draft", OPEN),
        ("change", 12, OPEN),
        ("post", DONE),
        ("credit", 2, DONE),
    ),
    "invoiced in parts": (
        ("invoice_draft", OPEN),
        ("change", 7, OPEN),
        ("post", OPEN),
        ("credit", 2, OPEN),
        ("invoice", DONE),
    ),
    "reversed as a whole": (
        ("invoice", DONE),
        ("reverse", OPEN),
        ("invoice", DONE),
    ),
}


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestOrderRest(BridgeSaleCommon):
    """Whether an order has something left to invoice, by hand."""

    def _do(self, order, verb, *arguments):
        """One step of the tables; on the newest document where it is about one."""
        line = order.order_line[0]
        document = order.invoice_ids.sorted("id")[-1:]
        if verb == "deliver":
            line.qty_delivered = arguments[0]
        elif verb in ("invoice", "invoice_draft"):
            self._invoice(order, post=verb == "invoice")
        elif verb == "invoice_gross":
            self._invoice(order, deduct_down_payments=False)
        elif verb == "change":
            document.invoice_line_ids.quantity = arguments[0]
        elif verb == "post":
            document.action_post()
        elif verb == "down":
            self._invoice(order, "fixed", fixed_amount=arguments[0])
        elif verb in ("credit", "credit_draft"):
            names = ("quantity", "price_unit")[: len(arguments)]
            changes = dict(zip(names, arguments, strict=True))
            self._credit_line(line, post=verb == "credit", **changes)
        elif verb == "reverse":
            self._credit(document)

    def _credit_line(self, order_line, post=True, **changes):
        """A credit note for this line only, made from the first invoice with it."""
        item = order_line.invoice_lines.filtered(
            lambda item: item.move_id.move_type == "out_invoice" and item.parent_state == "posted"
        ).sorted("id")[0]
        credit_note = self._credit(item.move_id, post=False)
        others = credit_note.invoice_line_ids.filtered(
            lambda item: item.sale_line_ids != order_line
        )
        credit_note.invoice_line_ids = [Command.delete(other.id) for other in others]
        credit_note.invoice_line_ids.write(changes)
        if post:
            credit_note.action_post()
        return credit_note

    def _has_rest(self, deal):
        self._flush()
        return deal._get_order_status()[deal.id][1]

    def _assert_steps(self, cases, product):
        for name, steps in cases.items():
            deal = self._create_deal(name)
            order = self._create_order(deal, [(10, 100.0, product)])
            for number, (*step, expected) in enumerate(steps):
                self._do(order, *step)
                with self.subTest(case=name, number=number, step=step):
                    self.assertEqual(self._has_rest(deal), expected)

    def test_invoiced_as_delivered(self):
        self._assert_steps(INVOICED_AS_DELIVERED, self.product_delivered)

    def test_invoiced_as_ordered(self):
        self._assert_steps(INVOICED_AS_ORDERED, self.product_ordered)

    def test_odoo_without_inventory(self):
        with patch.object(self.env.registry["crm.lead"], "_has_inventory", lambda leads: False):
            self._assert_steps(INVOICED_AS_ORDERED, self.product_ordered)

    def test_down_payment_above_first_part_becomes_paid(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.product_delivered)])
        self._pay(self._invoice(order, "fixed", fixed_amount=500))
        order.order_line[0].qty_delivered = 1
        credit_note = self._invoice(order)
        self.assertEqual(credit_note.move_type, "out_refund")
        self.assertEqual(credit_note.amount_total, 400.0)
        self._pay(credit_note)
        self._assert_status(deal, "partially_invoiced")
        order.order_line[0].qty_delivered = 10
        final = self._invoice(order)
        self.assertEqual(final.amount_total, 900.0)
        self._pay(final)
        self.assertFigures(deal, invoiced_total=1000.0, credited_total=400.0, paid_total=1000.0)
        self._assert_status(deal, "paid", self.stage_paid)

    def test_delivered_again_is_not_paid(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.product_delivered)])
        order.order_line.qty_delivered = 10
        invoice = self._invoice(order)
        self._pay(invoice)
        order.order_line.qty_delivered = 8
        self._pay(self._credit(invoice, quantity=2))
        self._assert_status(deal, "paid", self.stage_paid)
        order.order_line.qty_delivered = 10
        self._assert_status(deal, "partially_invoiced")
        again = self._invoice(order)
        self.assertEqual(again.amount_total, 200.0)
        self._pay(again)
        self._assert_status(deal, "paid", self.stage_paid)

    def test_invoice_of_new_goods_less_returned_ones(self):
        deal = self._create_deal()
        order = self._create_order(
            deal, [(10, 100.0, self.product_delivered), (3, 100.0, self.product_delivered)]
        )
        first, second = order.order_line
        first.qty_delivered = 10
        self._invoice(order)
        first.qty_delivered, second.qty_delivered = 8, 3
        both = self._invoice(order)
        self.assertEqual(both.move_type, "out_invoice")
        self.assertEqual(both.invoice_line_ids.mapped("quantity"), [-2.0, 3.0])
        self.assertFalse(self._has_rest(deal))
        first.qty_delivered = 10
        self.assertTrue(self._has_rest(deal))

    def test_discount_line(self):
        """10 % off the order, deducted from its first invoice."""
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.product_delivered), (1, -100.0)])
        goods = order.order_line[0]
        goods.qty_delivered = 5
        self.assertEqual(self._invoice(order).amount_total, 400.0)
        self.assertTrue(self._has_rest(deal))
        goods.qty_delivered = 10
        self._invoice(order)
        self.assertFalse(self._has_rest(deal))
        goods.qty_delivered = 8
        self._credit_line(goods, quantity=2)
        self.assertFalse(self._has_rest(deal))
        goods.qty_delivered = 10
        self.assertTrue(self._has_rest(deal))

    def test_goods_taken_back_by_the_order(self):
        """An old machine taken back in part exchange, and given back to the customer after all."""
        deal = self._create_deal()
        order = self._create_order(
            deal, [(1, 100.0, self.product_delivered), (-2, 40.0, self.product_delivered)]
        )
        new, old = order.order_line
        new.qty_delivered = 1
        self.assertTrue(self._has_rest(deal))
        self._invoice(order)
        # 80 are to be granted yet: nothing to invoice.
        self.assertFalse(self._has_rest(deal))
        old.qty_delivered = -2
        self._invoice(order)
        self.assertFalse(self._has_rest(deal))
        order.order_line = [Command.create(self._prepare_order_line(1, 1.0))]
        self.assertTrue(self._has_rest(deal))

    def test_unit_of_measure(self):
        """A dozen on the order, invoiced and credited by the piece.

        A hundredth of a piece is no dozen that Odoo would invoice, whatever it costs.
        """
        unit, dozen = self.env.ref("uom.product_uom_unit"), self.env.ref("uom.product_uom_dozen")
        self.product_delivered.uom_id = unit
        deal = self._create_deal()
        order = self._create_order(deal, [(1, 12000.0, self.product_delivered)])
        line = order.order_line
        line.write({"product_uom_id": dozen.id, "price_unit": 12000.0, "qty_delivered": 1})
        first = self._invoice(order, post=False)
        second, third = first.copy(), first.copy()
        for draft, quantity in ((first, 5), (second, 6), (third, 0.99)):
            self.assertTrue(self._has_rest(deal))
            values = {"product_uom_id": unit.id, "quantity": quantity, "price_unit": 1000.0}
            draft.invoice_line_ids.write({**values, "sale_line_ids": [Command.set(line.ids)]})
            draft.invoice_date = "2024-01-10"
            draft.action_post()
        self.assertFalse(self._has_rest(deal))
        self._credit_line(line, quantity=3)
        self.assertTrue(self._has_rest(deal))
        line.qty_delivered = 0.75
        self.assertFalse(self._has_rest(deal))

    def test_down_payment_in_another_currency(self):
        """An order in foreign currency whose down payment was invoiced in the company's."""
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 4.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        deal = self._create_deal()
        order = self._create_order(
            deal, [(10, 100.0, self.product_delivered)], pricelist_id=pricelist.id
        )
        draft = self._invoice(order, "percentage", amount=100, post=False)
        draft.currency_id = self.company.currency_id
        draft.invoice_line_ids.price_unit = 249.0
        draft.action_post()
        self.assertEqual(draft.amount_total, 249.0)  # 996 of the order's 1,000
        self.assertTrue(self._has_rest(deal))
        draft.button_draft()
        draft.invoice_line_ids.price_unit = 250.0
        draft.action_post()
        self.assertFalse(self._has_rest(deal))

    def test_each_order_by_itself(self):
        """What was paid down on one order covers no rest of another."""
        deal = self._create_deal()
        covered = self._create_order(deal, [(10, 100.0, self.product_delivered)])
        other = self._create_order(deal, [(1, 50.0, self.product_delivered)])
        self._invoice(covered, "percentage", amount=100)
        self.assertTrue(self._has_rest(deal))
        other.order_line.qty_delivered = 1
        self._invoice(other)
        self.assertFalse(self._has_rest(deal))

    def test_rest_below_the_smallest_coin(self):
        currency = self.setup_other_currency("CHF", rates=[("2024-01-01", 1.0)], rounding=0.05)
        pricelist = self.env["product.pricelist"].create(
            {"name": "Coins of 5", "currency_id": currency.id}
        )
        for quantity, has_rest in ((0.98, True), (0.99, False)):  # 0.04 and 0.02 are left of 2.00
            deal = self._create_deal()
            order = self._create_order(deal, [(1, 2.0)], pricelist_id=pricelist.id)
            draft = self._invoice(order, post=False)
            draft.invoice_line_ids.quantity = quantity
            draft.action_post()
            self.assertEqual(self._has_rest(deal), has_rest, quantity)

    def test_which_orders_count(self):
        """Another addon keeps some orders out of a deal's: they are none for us, either."""
        Lead = self.env.registry["crm.lead"]
        deal = self._create_deal()
        rental = self._create_order(deal, client_order_ref="rental")
        quotation = self._create_order(deal, confirm=False, client_order_ref="rental")
        quotation.action_quotation_sent()
        no_rental = Domain("client_order_ref", "!=", "rental")
        core_orders, core_quotations = (
            Lead._get_lead_sale_order_domain,
            Lead._get_lead_quotation_domain,
        )
        with (
            patch.object(
                Lead,
                "_get_lead_sale_order_domain",
                lambda leads: Domain(core_orders(leads)) & no_rental,
            ),
            patch.object(
                Lead,
                "_get_lead_quotation_domain",
                lambda leads: Domain(core_quotations(leads)) & no_rental,
            ),
        ):
            self._flush()
            self.assertEqual(deal._get_order_status(), {})
            self.assertEqual(deal.ordered_total, 0.0)
            self.assertEqual(deal.sale_order_count, 0)
            self.assertEqual(self._get_phases(deal), [])
            quotation.client_order_ref = "sale"
            self._flush()
            self.assertEqual(deal._get_order_status(), {deal.id: ("quoted", False)})
            self.assertEqual(self._get_phases(deal), ["quoted"])
            rental.client_order_ref = "sale"
            self._flush()
            self.assertEqual(deal._get_order_status(), {deal.id: ("ordered", True)})
            self.assertEqual(deal.ordered_total, 1000.0)
            self.assertEqual(self._get_phases(deal), ["quoted", "ordered"])
            rental.client_order_ref = "rental"
        self._flush()
        self.assertEqual(deal._get_order_status(), {deal.id: ("ordered", True)})

    def _get_phases(self, deal):
        self._flush()
        return (
            self.env["crm.billing.funnel.report"]
            .search(
                [
                    ("lead_id", "=", deal.id),
                    ("phase", "in", ("quoted", "ordered")),
                    ("is_reached", "=", True),
                ]
            )
            .sorted("id")
            .mapped("phase")
        )
