from datetime import timedelta
from xmlrpc.client import Fault

from odoo import fields
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import OrderHoldCommon

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Erk"
    "Jggg=="
)


@tagged("post_install", "-at_install")
class TestOrderHoldHttp(OrderHoldCommon, HttpCase):
    """The ways in which orders come from outside, over HTTP."""

    def setUp(self):
        super().setUp()
        self.order = self._quote()
        self.free = self._quote(self.prompt)
        # As the other side sees it.
        self.env.cr.flush()
        self.password = self.seller.login

    def _click(self, orders):
        return self.make_jsonrpc_request(
            "/web/dataset/call_button/sale.order/action_confirm",
            {
                "model": "sale.order",
                "method": "action_confirm",
                "args": [orders.ids],
                "kwargs": {},
            },
        )

    @mute_logger("odoo.http")
    def test_web_client(self):
        self.authenticate(self.seller.login, self.password)
        with self.assertRaises(JsonRpcException) as refusal:
            self._click(self.order)
        self.assertIn("odoo.exceptions.UserError", str(refusal.exception))
        with self.assertRaises(JsonRpcException):
            self._click(self.order | self.free)
        self.env.invalidate_all()
        self.assertEqual((self.order | self.free).mapped("state"), ["draft", "draft"])
        self.assertFalse(self._get_activities(self.order))
        self._click(self.free)
        self.env.invalidate_all()
        self.assertEqual(self.free.state, "sale")

    def assertRefused(self):
        self.env.invalidate_all()
        self.assertEqual((self.order | self.free).mapped("state"), ["draft", "draft"])

    @mute_logger("odoo.addons.rpc.controllers.xmlrpc", "odoo.http")  # to be removed in Odoo 20
    def test_xmlrpc(self):
        with self.assertRaisesRegex(Fault, "Late Ltd owes"):
            self.xmlrpc_object.execute_kw(
                self.env.cr.dbname,
                self.seller.id,
                self.password,
                "sale.order",
                "action_confirm",
                [(self.order | self.free).ids],
            )
        self.assertRefused()

    @mute_logger("odoo.http")
    def test_json2(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.seller)
            .sudo()
            ._generate("rpc", "Shop", fields.Datetime.now() + timedelta(days=1))
        )
        for method, body in (
            ("action_confirm", {"ids": self.order.ids}),
            ("write", {"ids": self.order.ids, "vals": {"state": "sale"}}),
            ("create", {"vals_list": [{"partner_id": self.late.id, "state": "sale"}]}),
        ):
            with self.subTest(method):
                response = self.url_open(
                    f"/json/2/sale.order/{method}",
                    json=body,
                    headers={"Authorization": f"bearer {key}"},
                )
                self.assertEqual(response.status_code, 422, response.text)
                self.assertIn("Late Ltd owes", response.json()["message"])
                self.assertRefused()

    def test_signature_at_the_portal(self):
        self.order.write({"state": "sent", "require_signature": True, "require_payment": False})
        signed = self.free
        signed.write({"state": "sent", "require_signature": True, "require_payment": False})
        for order in (self.order, signed):
            result = self.make_jsonrpc_request(
                f"/my/orders/{order.id}/accept",
                {
                    "access_token": order._portal_ensure_token(),
                    "name": "Lara Late",
                    "signature": PIXEL,
                },
            )
            self.assertNotIn("error", result)
        self.env.invalidate_all()
        self.assertEqual(signed.state, "sale")
        self.assertEqual(self.order.state, "sent")
        self.assertEqual(self.order.signed_by, "Lara Late", "the signature is kept")
        self.assertEqual(self._get_activities(self.order).user_id, self.seller)
        page = self.url_open(self.order.get_portal_url(query_string="&message=sign_ok"))
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("on hold", page.text)
        self.assertNotIn("overdue", page.text)
