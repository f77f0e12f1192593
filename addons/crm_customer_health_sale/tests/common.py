from odoo import Command

from odoo.addons.crm_customer_hold.tests.hold_common import HoldCommon

ORDER_ON_HOLD = "crm_customer_health_sale.mail_activity_type_order_on_hold"


class OrderHoldCommon(HoldCommon):
    """Quotations of a customer that owes, and of one that does not; the policy blocks orders."""

    hold_setting = "order_hold"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.overrider = cls._create_user(
            "oh-manager", "sales_team.group_sale_manager"
        )
        cls.product = cls.env["product.product"].create(
            {"name": "Advice", "type": "service", "list_price": 50.0, "taxes_id": [Command.clear()]}
        )

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

    def _confirm(self, orders, user=None):
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
