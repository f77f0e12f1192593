from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command

from odoo.addons.crm_customer_health.tests.common import HealthCommon

ORDER_ON_HOLD = "crm_customer_health_sale.mail_activity_type_order_on_hold"


class OrderHoldCommon(HealthCommon):
    """A customer that owes 1,000 since long, one that owes nothing, and their quotations.

    The company's policy asks to act from 100 on after a day, and blocks orders.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._get_policy()
        cls.policy.write(
            {
                "threshold_ids": [Command.clear(), Command.create({"amount": 100, "days": 1})],
                "order_hold": "block",
                "fallback_user_id": False,
            }
        )
        cls.seller = cls._create_user("oh-seller", "sales_team.group_sale_salesman")
        cls.manager = cls._create_user("oh-manager", "sales_team.group_sale_manager")
        cls.product = cls.env["product.product"].create(
            {"name": "Advice", "type": "service", "list_price": 50.0, "taxes_id": [Command.clear()]}
        )
        cls.late = cls._create_customer("Late Ltd", user_id=cls.seller.id)
        cls.prompt = cls._create_customer("Prompt Ltd", user_id=cls.seller.id)
        cls.claim = cls._invoice(1000.0, partner_id=cls.late.id)
        cls.env.cr.flush()
        cls.env["crm.customer.health"].sudo()._refresh(cls.company)

    @classmethod
    def _quote(cls, customer=None, **values):
        return cls.env["sale.order"].create(
            {
                "partner_id": (customer or cls.late).id,
                "company_id": cls.company.id,
                "user_id": cls.seller.id,
                "order_line": [Command.create({"product_id": cls.product.id})],
                **values,
            }
        )

    @contextmanager
    def _at_the_screen(self):
        """What follows is done by somebody at the web client."""
        with patch.object(
            type(self.env["sale.order"]), "_is_confirmed_by_person", lambda self: True
        ):
            yield

    def _confirm(self, orders, user=None):
        with self._at_the_screen():
            return orders.with_user(user or self.env.user).action_confirm()

    def _get_activities(self, orders):
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "sale.order"),
                    ("res_id", "in", orders.ids),
                    ("activity_type_id", "=", self.env.ref(ORDER_ON_HOLD).id),
                ]
            )
        )
