from freezegun import freeze_time

from odoo import SUPERUSER_ID, Command
from odoo.tests import tagged

from odoo.addons.crm_customer_value.tests.test_service import ServiceCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestDeliveryDriver(ServiceCommon):
    """Transfers that were done to customers and from them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._create_company(name="Second")
        cls.env.user.company_ids |= cls.second
        cls.root = cls.env(
            user=SUPERUSER_ID,
            context={"allowed_company_ids": (cls.company | cls.second).ids},
        )
        cls.customers = cls.root.ref("stock.stock_location_customers")
        cls.suppliers = cls.root.ref("stock.stock_location_suppliers")
        cls.receiver = cls.env["res.partner"].create({"name": "Receiver"})

    def _get_warehouse(self, company):
        return self.root["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)

    def _transfer(self, moment, source, destination, partner=None, company=None, is_done=True):
        """A transfer of three pieces, done at a moment in UTC."""
        company = company or self.company
        picking = self.root["stock.picking"].create(
            {
                # Batches of deliveries are not what is tested here.
                "picking_type_id": self._get_warehouse(company).int_type_id.id,
                "partner_id": (partner or self.partner).id,
                "location_id": source.id,
                "location_dest_id": destination.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.flour.id,
                            "product_uom_qty": 3,
                            "location_id": source.id,
                            "location_dest_id": destination.id,
                            "company_id": company.id,
                        }
                    )
                ],
            }
        )
        picking.action_confirm()
        if is_done:
            self._finish(picking, moment)
        return picking

    def _finish(self, picking, moment):
        picking.move_ids.quantity = 3
        picking.move_ids.picked = True
        picking._action_done()
        picking.date_done = moment

    def test_deliveries_and_returns(self):
        """10 minutes at 0.80 are 8.00 a delivery, 25 are 20.00 a return."""
        contact = self.env["res.partner"].create({"name": "Bob", "parent_id": self.partner.id})
        stock = self._get_warehouse(self.company).lot_stock_id
        packing = self.root["stock.location"].create(
            {"name": "Packing", "usage": "internal", "location_id": stock.location_id.id}
        )
        self._transfer("2024-01-31 12:30:00", stock, self.customers)
        self._transfer("2024-01-31 09:00:00", stock, self.customers, contact)
        self._transfer("2024-02-05 09:00:00", stock, self.customers)
        self._transfer("2024-02-08 09:00:00", self.customers, stock)
        # None of these: not done, within the house, a receipt, and what the supplier sends.
        self._transfer("2024-02-05 09:00:00", stock, self.customers, is_done=False)
        self._transfer("2024-02-05 09:00:00", stock, packing)
        self._transfer("2024-02-05 09:00:00", self.suppliers, stock)
        self._transfer("2024-02-05 09:00:00", self.suppliers, self.customers)
        capacity = self._create_capacity()
        for zone, deliveries in [
            ("UTC", [("2024-01-01", 2.0, 16.0), ("2024-02-01", 1.0, 8.0)]),
            ("Pacific/Auckland", [("2024-01-01", 1.0, 8.0), ("2024-02-01", 2.0, 16.0)]),
        ]:
            self.company.partner_id.sudo().tz = zone
            driver = self._create_driver("delivery", capacity_id=capacity.id, minutes=10)
            self.assertEqual(
                self._count(driver), [("Prompt & Sons", *row) for row in deliveries], zone
            )
        driver = self._create_driver("return", capacity_id=capacity.id, minutes=25)
        self.assertEqual(self._count(driver), [("Prompt & Sons", "2024-02-01", 1.0, 20.0)])
        capacity.invalidate_recordset()
        # Both countings of the deliveries, and the return.
        self.assertAlmostEqual(capacity.used_amount, 24.0 + 24.0 + 20.0, 2)

    def test_who_pays_the_order(self):
        """Not who receives the goods. A delivery in two parts counts twice."""
        order = self.root["sale.order"].create(
            {
                "partner_id": self.receiver.id,
                "partner_invoice_id": self.partner.id,
                "company_id": self.company.id,
                "warehouse_id": self._get_warehouse(self.company).id,
                "order_line": [Command.create({"product_id": self.flour.id, "product_uom_qty": 6})],
            }
        )
        order.action_confirm()
        picking = order.picking_ids
        self.assertEqual(picking.partner_id, self.receiver.with_env(picking.env))
        self._finish(picking, "2024-02-01 09:00:00")
        self._finish(order.picking_ids - picking, "2024-02-02 09:00:00")
        self.assertEqual(
            self._count(self._create_driver("delivery", 8.0)),
            [("Prompt & Sons", "2024-02-01", 2.0, 16.0)],
        )

    def test_two_companies(self):
        for company, day in [(self.company, "01"), (self.second, "02")]:
            stock = self._get_warehouse(company).lot_stock_id
            self._transfer(f"2024-02-{day} 09:00:00", stock, self.customers, self.receiver, company)
        for company, cost in [(self.company, 10.0), (self.second, 20.0)]:
            self.assertEqual(
                self._count(self._create_driver("delivery", cost, company)),
                [("Receiver", "2024-02-01", 1.0, cost)],
            )
