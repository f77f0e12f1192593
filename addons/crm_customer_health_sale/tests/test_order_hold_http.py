from datetime import timedelta

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

    def assertHeldBack(self, order=None):
        order = order or self.order
        self.env.invalidate_all()
        self.assertEqual(order.state, "draft")
        self.assertEqual(self._get_activities(order).user_id, self.seller)

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

    @mute_logger("odoo.addons.rpc.controllers.xmlrpc")  # to be removed in Odoo 20
    def test_xmlrpc(self):
        result = self.xmlrpc_object.execute_kw(
            self.env.cr.dbname,
            self.seller.id,
            self.password,
            "sale.order",
            "action_confirm",
            [(self.order | self.free).ids],
        )
        self.assertIs(result, True)
        self.assertHeldBack()
        self.assertEqual(self.free.state, "sale")

    @mute_logger("odoo.addons.rpc.controllers.jsonrpc")  # to be removed in Odoo 20
    def test_jsonrpc(self):
        result = self.make_jsonrpc_request(
            "/jsonrpc",
            {
                "service": "object",
                "method": "execute_kw",
                "args": [
                    self.env.cr.dbname,
                    self.seller.id,
                    self.password,
                    "sale.order",
                    "action_confirm",
                    [self.order.ids],
                ],
            },
        )
        self.assertIs(result, True)
        self.assertHeldBack()

    def test_json2(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.seller)
            .sudo()
            ._generate("rpc", "Shop", fields.Datetime.now() + timedelta(days=1))
        )
        response = self.url_open(
            "/json/2/sale.order/action_confirm",
            json={"ids": self.order.ids},
            headers={"Authorization": f"bearer {key}"},
        )
        self.assertEqual(response.status_code, 200, response.text)
        self.assertIs(response.json(), True)
        self.assertHeldBack()

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
