from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import OrderHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderWaiting(OrderHoldCommon):
    """What was sent or signed and is held waits in one list, for who decides."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = cls._create_user("ow-biller", "account.group_account_invoice")
        cls.accountant = cls._create_user("ow-accountant", "account.group_account_manager")

    def _get_waiting(self, user=None, **values):
        waiting = self.env["crm.customer.hold.waiting"].with_user(user or self.manager)
        return waiting.search([("res_model", "=", "sale.order")], **values)

    def _quote_sent(self, customer=None):
        order = self._quote(customer)
        order.action_quotation_sent()
        self._flush()
        return order

    def test_what_waits(self):
        self._quote()
        self._quote_sent(self.prompt)
        sent = self._quote_sent()
        signed = self._quote()
        signed.signed_on = "2024-04-08 09:00:00"
        self._flush()
        rows = self._get_waiting()
        self.assertRecordValues(
            rows,
            [
                {
                    "res_id": signed.id,
                    "document_name": signed.name,
                    "partner_id": self.late.id,
                    "responsible_id": self.seller.id,
                    "since": fields.Date.to_date("2024-04-08"),
                    "overdue_amount": 1000.0,
                    "is_rejected": False,
                    "can_decide": True,
                },
                {
                    "res_id": sent.id,
                    "document_name": sent.name,
                    "partner_id": self.late.id,
                    "responsible_id": self.seller.id,
                    "since": fields.Date.to_date("2024-04-10"),
                    "overdue_amount": 1000.0,
                    "is_rejected": False,
                    "can_decide": True,
                },
            ],
        )
        self.assertIn("1,000.00", rows[0].hold_reason)
        self.policy.order_hold = "warn"
        self.assertFalse(self._get_waiting(), "a warning is no obstacle")

    def test_approve(self):
        sent, signed = self._quote_sent(), self._quote()
        signed.sudo()._validate_order()
        signed.signed_on = "2024-04-08 09:00:00"
        self._flush()
        rows = self._get_waiting()
        self._call(self.manager, rows, "action_approve")
        self._flush()
        self.assertEqual(sent.state, "sent", "it may be confirmed, and was not to be yet")
        self.assertEqual(signed.state, "sale", "it was to be confirmed")
        self.assertFalse(self._get_waiting())
        self.assertEqual(sent.sudo().hold_override_id.overridden_by_id, self.manager)
        sent.action_confirm()
        self.assertEqual(sent.state, "sale")

    def test_approved_before_enough_is_paid(self):
        """As without hold: a signature confirms nothing that has to be paid first."""
        signed = self._quote(require_payment=True, prepayment_percent=0.5)
        signed.signed_on = "2024-04-08 09:00:00"
        self._flush()
        self._call(self.manager, self._get_waiting(), "action_approve")
        self._flush()
        self.assertEqual(signed.state, "draft")
        self.assertFalse(self._get_waiting(), "the hold is out of the way")

    def test_reject(self):
        order = self._quote_sent()
        told = order.message_ids
        self._call(self.accountant, self._get_waiting(self.accountant), "action_reject")
        self._flush()
        [row] = self._get_waiting()
        self.assertTrue(row.is_rejected)
        self.assertFalse(
            self.env["crm.customer.hold.waiting"].search([("is_rejected", "=", False)])
        )
        self.assertIn("Not approved", str((order.message_ids - told).mapped("body")))
        mails = self.env["mail.message"].sudo()
        notice = mails.search([("model", "=", "sale.order"), ("res_id", "=", order.id)], limit=2)
        self.assertIn(self.seller.partner_id, notice.notified_partner_ids)
        log = self.env["crm.accounting.log"].sudo().search([("res_id", "=", order.id)], limit=1)
        self.assertEqual((log.res_model, log.user_id), ("sale.order", self.accountant))
        self._pay(self.claim, date="2024-04-10")
        self.env["crm.customer.health"].sudo()._refresh(self.company)
        self.assertFalse(order.is_hold_rejected, "released: another time is decided anew")
        self.assertFalse(self._get_waiting())

    def test_who_sees_and_who_decides(self):
        self._quote_sent()
        for user, decides in ((self.manager, True), (self.accountant, True), (self.biller, False)):
            with self.subTest(user.login):
                [row] = self._get_waiting(user)
                self.assertEqual(row.can_decide, decides)
                self.assertIn("1,000.00", row.hold_reason)
                if not decides:
                    for method in ("action_approve", "action_reject"):
                        with self.assertRaises(AccessError):
                            self._call(user, row, method)
        for groups in ("base.group_user", "sales_team.group_sale_salesman_all_leads"):
            user = self._create_user(f"ow-{groups}", groups)
            with self.assertRaises(AccessError):
                self._get_waiting(user)

    def test_own_companies(self):
        other = self._create_company(name="Elsewhere")
        stranger = self._create_user("ow-stranger", "sales_team.group_sale_manager")
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self._quote_sent()
        self.assertFalse(self._get_waiting(stranger))

    def test_cost_does_not_grow(self):
        def count():
            self._flush()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get_waiting().read(["document_name", "hold_reason", "partner_id"])
            return self.env.cr.sql_log_count - before

        self._quote_sent()
        count()
        few = count()
        for _number in range(10):
            self._quote_sent()
        self.assertLessEqual(count(), few + 1)
