from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import BridgeSaleCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestOrderLink(BridgeSaleCommon):
    """Which deal an order's invoice lines belong to, now and after people changed their minds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal, cls.other, cls.third = (
            cls._create_deal(name) for name in ("Deal", "Other", "Third")
        )

    def test_invoice_of_several_orders(self):
        first = self._create_order(self.deal, [(1, 33.33, None, self.tax), (2, 5.55)])
        second = self._create_order(self.other, [(7, 14.29, None, self.tax)])
        loose = self._create_order(False, [(1, 10.0)])
        invoice = self._invoice(first | second | loose, consolidated_billing=True)
        self.assertEqual(len(invoice), 1)
        self.assertEqual(
            [
                (line.price_unit, line.opportunity_id)
                for line in invoice.invoice_line_ids.filtered(
                    lambda line: line.display_type == "product"
                )
            ],
            [
                (33.33, self.deal),
                (5.55, self.deal),
                (14.29, self.other),
                (10.0, self.env["crm.lead"]),
            ],
        )
        self.assertFalse(invoice.opportunity_id)
        self.assertEqual(invoice.opportunity_ids, self.deal | self.other)
        self._flush()
        self.assertAlmostEqual(
            self.deal.invoiced_total + self.other.invoiced_total + 10.0, invoice.amount_total, 2
        )
        self.assertAlmostEqual(self.deal.invoiced_total, 33.33 * 1.22 + 11.10, delta=0.011)
        self._pay(invoice, 50.0)
        self._flush()
        self.assertAlmostEqual(self.deal.paid_total, 50.0 * 51.76 / 183.80, delta=0.011)

    def test_list_of_a_deals_orders_has_a_default(self):
        """Invoicing from there gives the deal to the lines of its own orders only."""
        first = self._create_order(self.deal, [(1, 50.0, None, self.tax)])
        second = self._create_order(self.other, [(1, 70.0, None, self.tax)])
        for orders, method in ((first | second, "delivered"), (first, "percentage")):
            wizard = (
                self.env["sale.advance.payment.inv"]
                .with_context(default_opportunity_id=self.deal.id)
                .create(
                    {
                        "advance_payment_method": method,
                        "sale_order_ids": orders.ids,
                        "amount": 10,
                    }
                )
            )
            wizard.create_invoices()
        self.assertEqual(second.order_line.invoice_lines.opportunity_id, self.other)
        self.assertEqual(first.order_line.invoice_lines.opportunity_id, self.deal)
        self.assertFalse(
            (first | second).invoice_ids.line_ids.filtered(
                lambda line: line.display_type != "product" and line.opportunity_id
            )
        )

    def test_line_added_by_hand(self):
        invoice = self._invoice(self._create_order(self.deal), post=False)
        invoice.invoice_line_ids = [(0, 0, {"name": "Parcel", "price_unit": 5.0, "tax_ids": []})]
        self.assertEqual(invoice.invoice_line_ids.opportunity_id, self.deal)
        self.assertEqual(invoice.opportunity_id, self.deal)

    def test_orders_deal_changes(self):
        order = self._create_order(self.deal, [(1, 100.0), (1, 60.0), (1, 1.0)])
        invoice = self._invoice(order)
        self._pay(invoice, 161.0)
        self.assertFigures(self.deal, invoiced_total=161.0, paid_total=161.0)
        corrected, taken_off = invoice.invoice_line_ids[1:3]
        corrected.opportunity_id = self.third
        taken_off.opportunity_id = False
        self.assertFigures(self.third, invoiced_total=60.0, paid_total=60.0)
        # Saying the same again changes nothing.
        order.write({"opportunity_id": self.deal.id})
        self.assertFigures(self.third, invoiced_total=60.0, paid_total=60.0)
        order.opportunity_id = self.other
        self.assertFigures(self.deal)
        self._assert_status(self.deal, "none")
        self.assertFigures(self.other, invoiced_total=100.0, paid_total=100.0)
        self._assert_status(self.other, "paid", self.stage_paid)
        self.assertFigures(self.third, invoiced_total=60.0, paid_total=60.0)
        self.assertFalse(taken_off.opportunity_id)
        order.opportunity_id = False
        self.assertFigures(self.other)
        self._assert_status(self.other, "none")
        self.assertEqual(invoice.opportunity_id, self.third)

    def test_deal_set_after_invoicing(self):
        order = self._create_order(False)
        invoice = self._invoice(order)
        credit_note = self._credit(invoice, quantity=1)
        self.assertFalse(invoice.opportunity_ids)
        order.opportunity_id = self.deal
        self.assertEqual((invoice | credit_note).invoice_line_ids.opportunity_id, self.deal)
        self.assertEqual((invoice | credit_note).opportunity_id, self.deal)
        self._flush()
        self.assertEqual(self.deal.invoiced_total, 900.0)
        self.assertEqual(self.deal.credited_total, 100.0)

    def test_orders_are_moved_together(self):
        first, second = self._create_order(self.deal), self._create_order(False)
        invoice = self._invoice(first | second, consolidated_billing=True)
        (first | second).opportunity_id = self.other
        self.assertEqual(invoice.opportunity_id, self.other)
        self.assertFigures(self.other, invoiced_total=2000.0, due_total=2000.0)

    def test_finance_moves_the_whole_invoice(self):
        invoice = self._invoice(self._create_order(self.deal))
        invoice.opportunity_id = self.other
        self.assertEqual(invoice.invoice_line_ids.opportunity_id, self.other)
        self.assertFigures(self.deal)
        self.assertFigures(self.other, invoiced_total=1000.0, due_total=1000.0)
        self._assert_status(self.deal, "ordered")

    def test_credit_note_keeps_correction(self):
        invoice = self._invoice(self._create_order(self.deal))
        invoice.opportunity_id = self.other
        credit_note = self._credit(invoice)
        self.assertEqual(credit_note.opportunity_id, self.other)

    def test_deal_deleted(self):
        order = self._create_order(self.deal)
        invoice = self._invoice(order)
        self._flush()
        self.deal.unlink()
        self._flush()
        self.assertFalse(order.opportunity_id)
        self.assertFalse(invoice.invoice_line_ids.opportunity_id)
        order.opportunity_id = self.other
        self.assertFigures(self.other, invoiced_total=1000.0, due_total=1000.0)

    def test_merge(self):
        """Orders and lines follow, once; those that the salesperson does not see, too."""
        user = new_test_user(self.env, "test_merge", groups="sales_team.group_sale_salesman")
        user.company_ids = user.company_id = self.company
        (self.deal | self.other).user_id = user
        orders = [
            self._create_order(self.deal, user_id=user.id),
            self._create_order(self.other, [(1, 100.0), (1, 60.0)], user_id=self.env.user.id),
            self._create_order(self.other, [(1, 7.0)], user_id=user.id),
        ]
        invoices = [self._invoice(order) for order in orders]
        invoices[1].invoice_line_ids[1].opportunity_id = self.third
        self._pay(invoices[0])
        self._flush()
        merged = (self.deal | self.other).with_user(user).merge_opportunity().with_env(self.env)
        self.assertIn(merged, self.deal | self.other)
        self.assertFalse(((self.deal | self.other) - merged).exists())
        self.assertEqual(merged.order_ids.sorted("id").ids, [order.id for order in orders])
        self.assertFigures(merged, invoiced_total=1107.0, paid_total=1000.0, due_total=107.0)
        self.assertFigures(self.third, invoiced_total=60.0, due_total=60.0)
        self._assert_status(merged, "partially_paid")
        self.assertEqual(
            self.env["account.move.line"].search_count([("opportunity_id", "=", merged.id)]), 3
        )

    def test_salesperson_without_accounting_confirms(self):
        user = new_test_user(self.env, "test_sales", groups="sales_team.group_sale_salesman")
        user.company_ids = user.company_id = self.company
        self.deal.user_id = user
        order = self._create_order(
            self.deal.with_user(user), env=self.env(user=user), user_id=user.id, confirm=False
        )
        order.action_quotation_sent()
        order.action_confirm()
        self._assert_status(self.deal, "ordered")
        order.opportunity_id = False
        self._assert_status(self.deal, "none")

    def test_vendor_bill_of_reinvoiced_cost(self):
        """Costs are no revenue of the deal: only documents to customers belong to it."""
        order = self._create_order(self.deal)
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2024-01-10",
                "invoice_line_ids": [
                    (0, 0, {"name": "Cost", "price_unit": 9.0, "tax_ids": []}),
                ],
            }
        )
        bill.invoice_line_ids.write({"sale_line_ids": [(4, order.order_line.id)]})
        self.assertFalse(bill.invoice_line_ids.opportunity_id)
        order.opportunity_id = self.other
        self.assertFalse(bill.invoice_line_ids.opportunity_id)
