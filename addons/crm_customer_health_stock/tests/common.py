from odoo import Command

from odoo.addons.crm_customer_hold.tests.hold_common import HoldCommon


class DeliveryHoldCommon(HoldCommon):
    """Deliveries to a customer that owes, and to one that does not; the policy blocks them."""

    hold_setting = "delivery_hold"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.picker = cls._create_user("dh-picker", "stock.group_stock_user")
        cls.stock_manager = cls._create_user("dh-stock-manager", "stock.group_stock_manager")
        cls.overrider = cls.stock_manager
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

    def _search_held(self, user=None):
        return (
            self.env["stock.picking"]
            .with_user(user or self.env.user)
            .search([("is_held", "=", True)])
        )

    def _work_off_queue(self):
        """What the scheduled action does some seconds after a payment."""
        self._flush()
        self.env["account.receivable.change"].sudo()._work_off("crm.customer.health")
        self._flush()
