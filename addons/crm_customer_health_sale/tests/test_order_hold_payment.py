from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.mail.tests.common import MailCase

from .common import OrderHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderHoldPayment(OrderHoldCommon, AccountPaymentCommon, MailCase):
    """What customers pay online is kept; their order waits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late.email = "late@example.com"
        cls.prompt.email = "prompt@example.com"

    def _pay_online(self, order, state="done", share=1.0):
        transaction = self._create_transaction(
            flow="redirect",
            amount=order.amount_total * share,
            currency_id=order.currency_id.id,
            partner_id=order.partner_invoice_id.id,
            reference=f"{order.name}-{state}",
            sale_order_ids=order.ids,
            state=state,
        )
        with self.mock_mail_gateway():
            transaction._post_process()
        return self._new_mails.filtered(lambda mail: mail.model == "sale.order")

    def test_paid_order_of_held_customer(self):
        self.provider.support_manual_capture = "full_only"
        for state in ("done", "authorized"):
            with self.subTest(state):
                order = self._quote()
                mails = self._pay_online(order, state)
                self.assertEqual(order.state, "draft")
                self.assertEqual(len(self._get_activities(order)), 1)
                to_customer = mails.filtered(lambda mail: self.late in mail.recipient_ids)
                self.assertEqual(len(to_customer), 1, "the customer hears of the payment")
                self.assertIn("A payment with reference", to_customer.body_html)
                order.with_user(self.manager)._override_hold("Has paid this one")
                self._confirm(order, self.seller)
                self.assertEqual(order.state, "sale")

    def test_paid_order_of_another(self):
        order = self._quote(self.prompt)
        mails = self._pay_online(order)
        self.assertEqual(order.state, "sale")
        self.assertIn(self.prompt, mails.recipient_ids)
        self.assertFalse(self._get_activities(order))

    def test_part_of_the_amount(self):
        """It would not have been confirmed anyhow: nobody has to be told of the hold."""
        order = self._quote(require_payment=True, prepayment_percent=0.5)
        self._pay_online(order, share=0.1)
        self.assertEqual(order.state, "draft")
        self.assertFalse(self._get_activities(order))

    def test_invoices_follow_orders_only(self):
        self.env["ir.config_parameter"].sudo().set_param("sale.automatic_invoice", "True")
        order = self._quote()
        self._pay_online(order)
        self.assertEqual(order.state, "draft")
        self.assertFalse(order.invoice_ids)

    def test_two_payments_at_once(self):
        """One for an order on hold, one for another: neither is in the other's way."""
        held, free = self._quote(), self._quote(self.prompt)
        transactions = self.env["payment.transaction"].concat(
            *(
                self._create_transaction(
                    flow="redirect",
                    amount=order.amount_total,
                    currency_id=order.currency_id.id,
                    partner_id=order.partner_invoice_id.id,
                    reference=order.name,
                    sale_order_ids=order.ids,
                    state="done",
                )
                for order in (held, free)
            )
        )
        with self.mock_mail_gateway():
            self.assertEqual(transactions._check_amount_and_confirm_order(), free)
        self.assertEqual((held.state, free.state), ("draft", "sale"))

    def test_accountant_processes_a_payment(self):
        """A payment is not refused because its order is on hold, wherever it is registered."""
        order = self._quote()
        self._pay_online(order)
        self.assertEqual(order.state, "draft")
        self.assertEqual(len(self._get_activities(order)), 1)
