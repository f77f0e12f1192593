from odoo import Command

from odoo.addons.crm_customer_health.tests.common import HealthCommon


class DeliveryHoldCommon(HealthCommon):
    """A customer that owes 1,000 since long, one that owes nothing, and their deliveries.

    The company's policy asks to act from 100 on after a day, and blocks deliveries.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._get_policy()
        cls.policy.write(
            {
                "threshold_ids": [Command.clear(), Command.create({"amount": 100, "days": 1})],
                "delivery_hold": "block",
            }
        )
        cls.seller = cls._create_user("dh-seller", "sales_team.group_sale_salesman")
        cls.picker = cls._create_user("dh-picker", "stock.group_stock_user")
        cls.stock_manager = cls._create_user("dh-stock-manager", "stock.group_stock_manager")
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.product = cls.env["product.product"].create(
            {
                "name": "Sprinkler",
                "type": "consu",
                "is_storable": True,
                "list_price": 50.0,
                "taxes_id": [Command.clear()],
            }
        )
        cls._stock_up(1000)
        cls.late = cls._create_customer("Late Ltd", user_id=cls.seller.id)
        cls.prompt = cls._create_customer("Prompt Ltd", user_id=cls.seller.id)
        cls.claim = cls._invoice(1000.0, partner_id=cls.late.id)
        cls.env.cr.flush()
        cls.env["crm.customer.health"].sudo()._refresh(cls.company)

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("stock.group_stock_manager")

    @classmethod
    def _stock_up(cls, quantity, warehouse=None):
        cls.env["stock.quant"]._update_available_quantity(
            cls.product, (warehouse or cls.warehouse).lot_stock_id, quantity
        )

    @classmethod
    def _order(cls, customer=None, quantity=10, **values):
        """A confirmed order."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": (customer or cls.late).id,
                "company_id": cls.company.id,
                "user_id": cls.seller.id,
                "order_line": [
                    Command.create({"product_id": cls.product.id, "product_uom_qty": quantity})
                ],
                **values,
            }
        )
        order.action_confirm()
        return order

    @classmethod
    def _deliver(cls, customer=None, quantity=10, **values):
        """The delivery of a confirmed order, ready to go."""
        delivery = cls._order(customer, quantity, **values).picking_ids
        delivery.action_assign()
        return delivery

    @classmethod
    def _move(cls, picking_type, source, destination, partner=None, confirm=True):
        """A transfer without order."""
        company = picking_type.company_id
        locations = {"location_id": source.id, "location_dest_id": destination.id}
        picking = cls.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "partner_id": partner.id if partner else False,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_uom_qty": 1,
                            "company_id": company.id,
                            **locations,
                        }
                    )
                ],
                **locations,
            }
        )
        if confirm:
            picking.action_confirm()
            picking.action_assign()
        return picking

    @classmethod
    def _send(cls, partner=None, warehouse=None, **options):
        """A delivery without order."""
        warehouse = warehouse or cls.warehouse
        out_type = warehouse.out_type_id
        return cls._move(
            out_type,
            warehouse.lot_stock_id,
            out_type.default_location_dest_id,
            partner,
            **options,
        )

    def _validate(self, pickings, user=None):
        return pickings.with_user(user or self.picker).button_validate()

    def _override(self, pickings, user=None, reason="The bank confirmed the transfer."):
        """As the button and the dialog do it."""
        user = user or self.stock_manager
        action = pickings.with_user(user).action_override_hold()
        wizard = (
            self.env[action["res_model"]]
            .with_user(user)
            .with_context(**action["context"])
            .create({"reason": reason})
        )
        self.assertIn("owes", wizard.hold_reason)
        wizard.action_override()
        self._flush()

    def _search_held(self, user=None):
        return (
            self.env["stock.picking"]
            .with_user(user or self.env.user)
            .search([("is_held", "=", True)])
        )

    def _work_off_queue(self):
        """What the scheduled action does some seconds after a payment."""
        self._flush()
        self.env["crm.customer.health.queue"].sudo()._work_off(1000)
        self._flush()
