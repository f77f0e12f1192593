from odoo import Command

from odoo.addons.crm_accounting_bridge.tests.common import BridgeCommon


class BridgeSaleCommon(BridgeCommon):
    """Orders of deals, invoiced as people do it: in the wizard of the order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product_ordered, cls.product_delivered = cls.env["product.product"].create(
            [
                {
                    "name": f"Advice, invoiced by {policy}",
                    "type": "service",
                    "invoice_policy": policy,
                    "list_price": 100.0,
                    "taxes_id": [Command.clear()],
                }
                for policy in ("order", "delivery")
            ]
        )
        cls.tax = cls.env["account.tax"].create({"name": "Test 22%", "amount": 22.0})

    @classmethod
    def _create_order(cls, deal, lines=((10, 100.0),), confirm=True, env=None, **values):
        """An order from ``[(quantity, price[, product[, tax]]), ...]``."""
        order = (env or cls.env)["sale.order"].create(
            {
                "partner_id": cls.partner.id,
                "company_id": cls.company.id,
                "opportunity_id": deal.id if deal else False,
                "payment_term_id": False,
                "order_line": [Command.create(cls._prepare_order_line(*line)) for line in lines],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def _prepare_order_line(cls, quantity, price, product=None, tax=None):
        return {
            "product_id": (product or cls.product_ordered).id,
            "product_uom_qty": quantity,
            "price_unit": price,
            "tax_ids": [Command.set(tax.ids if tax else [])],
        }

    @classmethod
    def _invoice(cls, orders, method="delivered", post=True, date="2024-01-10", **values):
        """Invoice the orders in the wizard; the new invoices, due in the future."""
        before = orders.invoice_ids
        wizard = cls.env["sale.advance.payment.inv"].create(
            {"advance_payment_method": method, "sale_order_ids": orders.ids, **values}
        )
        wizard.create_invoices()
        orders.invalidate_recordset(["invoice_ids"])
        invoices = orders.invoice_ids - before
        invoices.write(
            {
                "invoice_date": date,
                "invoice_payment_term_id": False,
                "invoice_date_due": "2024-03-01",
            }
        )
        if post:
            invoices.action_post()
        return invoices

    @classmethod
    def _credit(cls, invoice, date="2024-01-15", post=True, **changes):
        """A credit note as an accountant makes it; ``changes``: values of its first line."""
        wizard = (
            cls.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"date": date, "journal_id": invoice.journal_id.id})
        )
        credit_note = cls.env["account.move"].browse(wizard.reverse_moves()["res_id"])
        if changes:
            credit_note.invoice_line_ids[0].write(changes)
        if post:
            credit_note.action_post()
        return credit_note

    def _assert_status(self, deal, status, stage=None):
        self._flush()
        self.assertEqual(deal.billing_status, status)
        if stage is not None:
            self.assertEqual(deal.stage_id, stage)
