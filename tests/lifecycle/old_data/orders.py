"""Deals whose invoices come from orders; orders and deliveries of customers on hold."""

from odoo import Command


def fill(env, books):
    customer = books.customer("Orders Ltd")
    product = env["product.product"].create(
        {"name": "Advice", "type": "service", "invoice_policy": "order", "taxes_id": False}
    )

    def order(name):
        return env["sale.order"].create(
            {
                "partner_id": customer.id,
                "company_id": books.company.id,
                "opportunity_id": books.deal(name, customer).id,
                "order_line": [
                    Command.create({"product_id": product.id, "price_unit": amount})
                    for amount in (300, 100)
                ],
            }
        )

    quoted, ordered, in_part, in_full = map(
        order, ("Quoted", "Ordered", "Invoiced in part", "Invoiced by its order")
    )
    quoted.action_quotation_sent()
    for sale in (ordered, in_part, in_full):
        sale.action_confirm()
    invoice = in_part._create_invoices()
    invoice.invoice_line_ids[1].unlink()
    invoice.action_post()
    invoice = in_full._create_invoices()
    invoice.action_post()
    env.cr.flush()
    statuses = [sale.opportunity_id.billing_status for sale in (quoted, ordered, in_part, in_full)]
    assert statuses == ["quoted", "ordered", "partially_invoiced", "invoiced"], statuses


def let_pass(env, books, customer):
    """An order and a delivery of a customer on hold, which somebody lets pass."""
    product = env["product.product"].create({"name": "Bricks", "type": "consu", "taxes_id": False})
    sale = env["sale.order"].create(
        {
            "partner_id": customer.id,
            "company_id": books.company.id,
            "order_line": [Command.create({"product_id": product.id, "price_unit": 10})],
        }
    )
    sale.action_confirm()
    assert sale.state == "draft", "the order waits"
    sale._override_hold("The bank called.")
    sale.action_confirm()
    assert sale.state == "sale"
    sale.picking_ids._override_hold("They come for it themselves.")
    assert sale.hold_override_id
    assert sale.picking_ids.hold_override_id
    # Another one goes on waiting.
    sale.copy().action_confirm()
