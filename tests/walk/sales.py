"""Orders, their invoices, deliveries and returns."""

from odoo import Command

from odoo.addons.crm_accounting_bridge.tests.walk import NothingToDoError


class Sales:
    OPERATIONS = {
        "quotation": 14,
        "confirm_order": 14,
        "change_order": 4,
        "serve": 4,
        "invoice_order": 12,
        "down_payment": 4,
        "cancel_order": 2,
        "order_to_other_deal": 2,
        "deliver": 14,
        "return_goods": 4,
        "cancel_delivery": 1,
    }

    def quotation(self):
        company = self.random.choice([self.test.company] * 3 + [self.test.company_2])
        taxes = self.test.tax_by_company[company]
        order = (
            self.env["sale.order"]
            .with_company(company)
            .create(
                {
                    "partner_id": self.test.partner.id,
                    "company_id": company.id,
                    "pricelist_id": self.random.choice(self._get_pricelists(company)).id,
                    "user_id": self.random.choice(self.test.sellers).id,
                    "team_id": self.test.team.id,
                    "opportunity_id": self._choose_deal(company).id,
                    "payment_term_id": self.random.choice([False] * 3 + self.test.terms.ids),
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.random.choice(self.test.products).id,
                                "product_uom_qty": self.random.randint(1, 6),
                                "price_unit": self._amount(),
                                "discount": self.random.choice([0, 0, 0, 10]),
                                "tax_ids": [Command.set(self.random.choice([taxes.ids, []]))],
                            }
                        )
                        for _number in range(self.random.choice([1, 2, 3]))
                    ],
                }
            )
        )
        self.orders |= order
        self._note(f"{order.name} ({order.id}) of {company.name} in {order.currency_id.name}")

    def _get_pricelists(self, company):
        own = self.test.pricelists.filtered(lambda one: one.currency_id == company.currency_id)
        return [own] * 3 + [self.test.pricelists[-1]]

    def confirm_order(self):
        orders = self.orders.filtered(lambda order: order.state in ("draft", "sent"))
        order = self._choose(orders)
        if order._get_blocked():
            # Refused it would be, in a transaction where that is not the point.
            self._note("held")
            order._override_hold("They will pay.")
        order.action_confirm()

    def _confirmed(self):
        return self.orders.filtered(lambda order: order.state == "sale")

    def _choose_order_line(self):
        order = self._choose(self._confirmed())
        lines = order.order_line.filtered(
            lambda line: not line.display_type and not line.is_downpayment
        )
        return self._choose(lines)

    def change_order(self):
        """Never below what was delivered: Odoo refuses that."""
        line = self._choose_order_line()
        quantity = line.product_uom_qty + self.random.choice((-1, 1, 2))
        line.product_uom_qty = max(quantity, line.qty_delivered, 1)

    def serve(self):
        line = self._choose_order_line()
        if line.product_id.type != "service":
            raise NothingToDoError
        line.qty_delivered = self.random.randint(0, int(line.product_uom_qty) + 1)

    def invoice_order(self):
        orders = self._confirmed().filtered(
            lambda order: any(order._get_invoiceable_lines(final=True).mapped("product_id"))
        )
        self._invoice_order(self._choose(orders), "delivered")

    def down_payment(self):
        orders = self._confirmed().filtered(lambda order: order.amount_total > 1)
        order = self._choose(orders)
        if len(order.order_line.filtered("is_downpayment")) > 2:
            raise NothingToDoError
        self._invoice_order(order, "percentage", amount=self.random.choice((10, 30, 50)))

    def _invoice_order(self, order, method, **values):
        before = order.invoice_ids
        self.env["sale.advance.payment.inv"].with_company(order.company_id).create(
            {"advance_payment_method": method, "sale_order_ids": order.ids, **values}
        ).create_invoices()
        order.invalidate_recordset(["invoice_ids"])
        invoices = order.invoice_ids - before
        invoices.invoice_date = self._some_date()
        self.documents |= invoices
        self._note(f"{invoices.ids}")
        if self.random.random() < 0.7:
            invoices.action_post()

    def cancel_order(self):
        self._choose(self.orders.filtered(lambda order: order.state != "cancel"))._action_cancel()

    def order_to_other_deal(self):
        order = self._choose(self.orders)
        order.opportunity_id = self._choose_deal(order.company_id)

    # Deliveries --------------------------------------------------------------------------------

    def _choose_delivery(self):
        pickings = self.orders.picking_ids.filtered(
            lambda picking: picking.state in ("confirmed", "assigned", "waiting")
        )
        picking = self._choose(pickings)
        if picking._get_blocked():
            self._note("held")
            picking._override_hold("Let it go.")
        return picking

    def deliver(self):
        """All, or a part; the rest is a delivery of its own."""
        picking = self._choose_delivery()
        picking.action_assign()
        for move in picking.move_ids:
            part = self.random.choice((1, 1, 1, 0.5))
            move.quantity = max(int(move.product_uom_qty * part), 1)
        picking.move_ids.picked = True
        picking.with_context(skip_backorder=True).button_validate()

    def return_goods(self):
        pickings = self.orders.picking_ids.filtered(
            lambda picking: picking.state == "done" and picking.picking_type_code == "outgoing"
        )
        picking = self._choose(pickings)
        wizard = (
            self.env["stock.return.picking"]
            .with_company(picking.company_id)
            .with_context(active_id=picking.id, active_model="stock.picking")
            .create({"picking_id": picking.id})
        )
        for line in wizard.product_return_moves:
            line.quantity = 1
        returned = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        if self.random.random() < 0.8:
            for move in returned.move_ids:
                move.quantity = move.product_uom_qty
            returned.move_ids.picked = True
            returned.button_validate()

    def cancel_delivery(self):
        pickings = self.orders.picking_ids.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        self._choose(pickings).action_cancel()
