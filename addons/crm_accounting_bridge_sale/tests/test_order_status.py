from freezegun import freeze_time

from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import BridgeSaleCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestOrderStatus(BridgeSaleCommon):
    """What quotations and orders say about a deal before, between and after its invoices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stage_quoted, cls.stage_ordered = cls.env["crm.stage"].create(
            [
                {"name": "Test Proposition", "sequence": -9, "billing_status": "quoted"},
                {
                    "name": "Test Ordered",
                    "sequence": cls.stage_won.sequence + 1,
                    "is_won": True,
                    "billing_status": "ordered",
                },
            ]
        )
        (cls.stage_invoiced | cls.stage_paid).sequence = cls.stage_won.sequence + 5
        cls.stage_paid.sequence += 1

    def test_quotation_sent(self):
        deal = self._create_deal()
        order = self._create_order(deal, confirm=False)
        self._assert_status(deal, "none", self.stage_new)
        order.action_quotation_sent()
        self._assert_status(deal, "quoted", self.stage_quoted)
        self.assertEqual(deal.won_status, "pending")
        self.assertEqual(order.opportunity_billing_status, "quoted")
        other = self._create_order(deal, confirm=False)
        order._action_cancel()
        self._assert_status(deal, "none")
        other.action_quotation_sent()
        self._assert_status(deal, "quoted")
        other.action_draft()
        self._assert_status(deal, "none")
        other.unlink()
        self._assert_status(deal, "none")

    def test_quotation_sent_by_mail(self):
        deal = self._create_deal()
        order = self._create_order(deal, confirm=False)
        order.with_context(mark_so_as_sent=True).message_post(body="Here it is")
        self._assert_status(deal, "quoted", self.stage_quoted)

    def test_quotation_does_not_take_back(self):
        stage_late = self.env["crm.stage"].create({"name": "Test Late", "sequence": -8})
        deal = self._create_deal(stage_id=stage_late.id)
        self._create_order(deal, confirm=False).action_quotation_sent()
        self._assert_status(deal, "quoted", stage_late)

    def test_quotation_of_lost_deal(self):
        deal = self._create_deal()
        deal.action_set_lost()
        stage = deal.stage_id
        self._create_order(deal, confirm=False).action_quotation_sent()
        self._assert_status(deal, "quoted", stage)
        self.assertFalse(deal.active)

    def test_order_wins_and_goes_on(self):
        deal = self._create_deal()
        order = self._create_order(deal, confirm=False)
        order.action_quotation_sent()
        order.action_confirm()
        self._assert_status(deal, "ordered", self.stage_ordered)
        self.assertEqual(deal.won_status, "won")
        invoice = self._invoice(order)
        self._assert_status(deal, "invoiced", self.stage_invoiced)
        self._pay(invoice)
        self._assert_status(deal, "paid", self.stage_paid)
        invoice.button_draft()
        self._assert_status(deal, "ordered", self.stage_ordered)

    def test_order_without_stage_for_orders(self):
        self.stage_ordered.billing_status = False
        deal = self._create_deal(stage_id=self.stage_quoted.id)
        self._create_order(deal)
        self._assert_status(deal, "ordered", self.stage_quoted)

    def test_quotation_beside_order(self):
        deal = self._create_deal()
        order = self._create_order(deal)
        self._create_order(deal, confirm=False).action_quotation_sent()
        self._assert_status(deal, "ordered")
        order._action_cancel()
        self._assert_status(deal, "quoted")

    def test_draft_invoice_has_invoiced_nothing(self):
        deal = self._create_deal()
        order = self._create_order(deal)
        draft = self._invoice(order, post=False)
        self._assert_status(deal, "ordered")
        draft.action_post()
        self._assert_status(deal, "invoiced")

    def test_part_delivered(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.product_delivered)])
        order.order_line.qty_delivered = 4
        invoice = self._invoice(order)
        self.assertFigures(deal, invoiced_total=400.0, due_total=400.0)
        self._assert_status(deal, "partially_invoiced", self.stage_invoiced)
        self._pay(invoice)
        # What is not delivered yet will be invoiced: neither Paid, nor forgotten.
        self._assert_status(deal, "partially_invoiced", self.stage_invoiced)
        order.order_line.qty_delivered = 10
        self._assert_status(deal, "partially_invoiced")
        final = self._invoice(order, post=False)
        self.assertEqual(final.amount_untaxed, 600.0)
        self.assertEqual(order.invoice_status, "invoiced")
        # For Odoo a draft will do, for the customer not.
        self._assert_status(deal, "partially_invoiced")
        final.action_post()
        self._assert_status(deal, "partially_paid")
        self._pay(final)
        self._assert_status(deal, "paid", self.stage_paid)
        order.order_line.qty_delivered = 12
        self._assert_status(deal, "partially_invoiced")

    def test_rest_is_given_up(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.product_delivered)])
        order.order_line.qty_delivered = 4
        self._pay(self._invoice(order))
        self._assert_status(deal, "partially_invoiced")
        order.action_lock()
        self._assert_status(deal, "partially_invoiced")
        order.action_unlock()
        order.order_line.product_uom_qty = 4
        self._assert_status(deal, "paid")

    def test_rest_was_closed_short(self):
        """Inventory says a line is invoiced when its deliveries ended with less than ordered."""
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.product_delivered)])
        order.order_line.qty_delivered = 4
        draft = self._invoice(order, post=False)
        order.order_line.invoice_status = "invoiced"
        self._assert_status(deal, "ordered")
        draft.action_post()
        order.order_line.invoice_status = "invoiced"
        self._assert_status(deal, "invoiced")

    def test_delivered_without_being_ordered(self):
        """As costs are charged on: nothing ordered, but delivered."""
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0), (0, 50.0, self.product_delivered)])
        self._invoice(order)
        self._assert_status(deal, "invoiced")
        order.order_line[1].qty_delivered = 2
        self._assert_status(deal, "partially_invoiced")
        self._invoice(order)
        self._assert_status(deal, "invoiced")

    def test_part_of_ordered_quantity(self):
        deal = self._create_deal()
        order = self._create_order(deal)
        draft = self._invoice(order, post=False)
        draft.invoice_line_ids.quantity = 7
        draft.action_post()
        self._assert_status(deal, "partially_invoiced")
        self._pay(self._invoice(order) | draft, group_payment=True)
        self._assert_status(deal, "paid")

    def test_other_unit_of_measure(self):
        unit, dozen = self.env.ref("uom.product_uom_unit"), self.env.ref("uom.product_uom_dozen")
        self.product_ordered.uom_id = unit
        deal = self._create_deal()
        order = self._create_order(deal, [(24, 10.0)])
        draft = self._invoice(order, post=False)
        draft.invoice_line_ids.write({"product_uom_id": dozen.id, "quantity": 1, "price_unit": 120})
        draft.action_post()
        self._assert_status(deal, "partially_invoiced")
        draft.button_draft()
        draft.invoice_line_ids.write({"quantity": 2, "price_unit": 120})
        draft.action_post()
        self._assert_status(deal, "invoiced")

    def test_upselling_and_free_lines(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0), (1, 0.0, self.product_delivered), (0, 50.0)])
        order.order_line[0].qty_delivered = 12
        self._invoice(order)
        self.assertEqual(order.order_line[0].invoice_status, "upselling")
        self._assert_status(deal, "invoiced")
        order.order_line[2].product_uom_qty = 1
        self._assert_status(deal, "partially_invoiced")
        order.order_line[2].discount = 100
        self._assert_status(deal, "invoiced")

    def test_reduction_to_be_granted_is_no_rest(self):
        deal = self._create_deal()
        order = self._create_order(deal)
        self._invoice(order)
        order.order_line = [Command.create(self._prepare_order_line(1, -50.0))]
        self._assert_status(deal, "invoiced")
        order.order_line = [Command.create(self._prepare_order_line(-1, 30.0))]
        self._assert_status(deal, "invoiced")
        order.order_line = [Command.create(self._prepare_order_line(1, 81.0))]
        self._assert_status(deal, "partially_invoiced")

    def test_direct_invoice_beside_order(self):
        deal = self._create_deal()
        order = self._create_order(deal)
        self._pay(self._create_deal_invoice([(70.0, deal)], invoice_date_due="2024-03-01"))
        self._assert_status(deal, "partially_invoiced")
        order._action_cancel()
        self._assert_status(deal, "paid")

    def test_cancelled_after_invoice(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.product_delivered)])
        order.order_line.qty_delivered = 4
        invoice = self._invoice(order)
        self._assert_status(deal, "partially_invoiced")
        order._action_cancel()
        self.assertFigures(deal, invoiced_total=400.0, due_total=400.0)
        self._assert_status(deal, "invoiced")
        self._pay(invoice)
        self._assert_status(deal, "paid")

    def test_overdue_goes_first(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.product_delivered)])
        order.order_line.qty_delivered = 4
        draft = self._invoice(order, post=False)
        draft.invoice_date_due = "2024-01-31"
        draft.action_post()
        self._assert_status(deal, "overdue")

    def test_down_payments(self):
        """30 % down, then the rest: net by sign, taxes shared to the cent over two deals."""
        deal, other = self._create_deal(), self._create_deal("Other")
        order = self._create_order(
            deal, [(3, 33.33, None, self.tax), (1, 0.07, None, self.tax), (1, 11.11)]
        )
        down = self._invoice(order, "percentage", amount=30)
        self.assertEqual(
            set(down.invoice_line_ids.filtered("is_downpayment").mapped("opportunity_id")),
            set(deal),
        )
        self.assertFigures(deal, invoiced_total=down.amount_total, due_total=down.amount_total)
        self._assert_status(deal, "partially_invoiced", self.stage_invoiced)
        self._pay(down)
        self._assert_status(deal, "partially_invoiced")
        second = self._create_order(other, [(1, 19.99, None, self.tax)])
        final = self._invoice(order | second, consolidated_billing=True)
        self.assertEqual(len(final), 1)
        self.assertFalse(final.opportunity_id)
        self.assertEqual(final.opportunity_ids, deal | other)
        self._flush()
        # 99.99 + 0.07 at 22 %, 11.11 without; 19.99 at 22 %.
        self.assertAlmostEqual(deal.invoiced_total + other.invoiced_total, 133.18 + 24.39, 2)
        self.assertAlmostEqual(other.invoiced_total, 24.39, delta=0.011)
        self.assertFigures(
            deal,
            invoiced_total=down.amount_total + final.amount_total - other.invoiced_total,
            paid_total=down.amount_total,
            due_total=final.amount_total - other.invoiced_total,
        )
        self._assert_status(deal, "partially_paid")
        self._assert_status(other, "invoiced")
        self._pay(final)
        self._assert_status(deal, "paid", self.stage_paid)
        self._assert_status(other, "paid", self.stage_paid)
        self.assertFigures(deal, invoiced_total=deal.invoiced_total, paid_total=deal.invoiced_total)

    def test_down_payment_of_everything(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(1, 80.0, self.product_delivered, self.tax), (3, 9.99)])
        down = self._invoice(order, "percentage", amount=100)
        self.assertEqual(down.amount_untaxed, order.amount_untaxed)
        self._assert_status(deal, "invoiced")
        self._pay(down)
        self._assert_status(deal, "paid")
        order.order_line.filtered(lambda line: line.price_unit == 9.99).product_uom_qty = 4
        self._assert_status(deal, "partially_invoiced")

    def test_partial_credit_note_opens_no_order(self):
        deal = self._create_deal()
        order = self._create_order(deal)
        invoice = self._invoice(order)
        credit_note = self._credit(invoice, quantity=2)
        self.assertEqual(credit_note.invoice_line_ids.opportunity_id, deal)
        (invoice | credit_note).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(order.order_line.invoice_status, "to invoice")
        self.assertFigures(deal, invoiced_total=800.0, credited_total=200.0, due_total=800.0)
        self._assert_status(deal, "invoiced")
        self._pay(invoice)
        self._assert_status(deal, "paid")

    def test_reversed_and_invoiced_anew(self):
        deal = self._create_deal()
        order = self._create_order(deal)
        self._assert_status(deal, "ordered", self.stage_ordered)
        invoice = self._invoice(order)
        self._assert_status(deal, "invoiced", self.stage_invoiced)
        self._credit(invoice)
        self._assert_status(deal, "credited", self.stage_ordered)
        self.assertEqual(order.order_line.qty_to_invoice, 10)
        draft = self._invoice(order, post=False)
        draft.invoice_line_ids.quantity = 4
        draft.action_post()
        self.assertFigures(deal, invoiced_total=400.0, credited_total=1000.0, due_total=400.0)
        self._assert_status(deal, "partially_invoiced")
        self._invoice(order)
        self._assert_status(deal, "invoiced")

    def test_web_order(self):
        """As the web shop makes it: no salesperson, by the public user with full rights."""
        deal = self._create_deal()
        public = self.env.ref("base.public_user")
        env = self.env(user=public, su=True)
        values = {"user_id": False, "team_id": False}
        order = self._create_order(deal, env=env, **values)
        self._assert_status(deal, "ordered")
        self._invoice(order.with_env(self.env))
        self._assert_status(deal, "invoiced")
        loose = self._create_order(False, env=env, **values)
        invoice = self._invoice(loose.with_env(self.env))
        self.assertFalse(invoice.invoice_line_ids.opportunity_id)
        self.assertFalse(invoice.opportunity_ids)
        self.assertFalse(loose.opportunity_billing_status)

    def test_salesperson_with_own_documents_only(self):
        """A colleague's order counts for the deal, though the salesperson never sees it."""
        user = new_test_user(self.env, "test_own", groups="sales_team.group_sale_salesman")
        boss = new_test_user(
            self.env, "test_all", groups="sales_team.group_sale_salesman_all_leads"
        )
        user.company_ids = boss.company_ids = user.company_id = boss.company_id = self.company
        deal = self._create_deal(user_id=user.id)
        theirs = self._create_order(deal, user_id=boss.id)
        invoice = self._invoice(theirs)
        self._flush()
        deal_as_user = deal.with_user(user)
        self.assertFalse(self.env["sale.order"].with_user(user).search([("id", "=", theirs.id)]))
        self.assertEqual(deal_as_user.billing_status, "invoiced")
        mine = self._create_order(
            deal_as_user, env=self.env(user=user), user_id=user.id, confirm=False
        )
        mine.action_confirm()
        self._flush()
        self.assertEqual(deal_as_user.billing_status, "partially_invoiced")
        self.assertEqual(mine.opportunity_billing_status, "partially_invoiced")
        wizard = self.env(user=user)["sale.advance.payment.inv"].create(
            {"advance_payment_method": "delivered", "sale_order_ids": mine.ids}
        )
        wizard.create_invoices()
        draft = mine.sudo().invoice_ids
        self.assertEqual(draft.invoice_line_ids.opportunity_id, deal)
        draft.sudo(False).with_env(self.env).invoice_date_due = "2024-03-01"
        draft.with_env(self.env).action_post()
        self._assert_status(deal, "invoiced")
        self.assertEqual(deal.invoiced_total, 2000.0)
        # Setting another deal moves lines that the user may neither read nor write.
        other = self._create_deal("Other", user_id=user.id)
        mine.opportunity_id = other.with_user(user)
        self.assertFigures(other, invoiced_total=1000.0, due_total=1000.0)
        self.assertFigures(deal, invoiced_total=1000.0, due_total=1000.0)
        self.assertEqual(invoice.opportunity_id, deal)

    def test_statements_do_not_grow(self):
        deals = self.env["crm.lead"].concat(*(self._create_deal(str(n)) for n in range(50)))
        for deal in deals:
            order = self._create_order(deal, confirm=False)
            order.action_confirm()
            self._invoice(order)
        self._flush()

        def count(function, records):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            function(records)
            return self.cr.sql_log_count - before

        def refresh(records):
            records._refresh_billing()
            records.flush_recordset()

        self.assertEqual(set(deals._get_order_status().values()), {("ordered", False)})
        self.assertEqual(count(type(deals)._get_order_status, deals[0]), 1)
        self.assertEqual(count(type(deals)._get_order_status, deals), 1)
        refresh(deals)  # warms the caches
        self.assertEqual(count(refresh, deals[0]), count(refresh, deals))
