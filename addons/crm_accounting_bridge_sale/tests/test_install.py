from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..hooks import post_init_hook, uninstall_hook
from .common import BridgeSaleCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestInstall(BridgeSaleCommon):
    """The hooks, on orders and invoices that were there before, as if nothing had been linked."""

    def _forget(self, deals):
        """Bring the database back to what it was without the addon."""
        self._flush()
        self.cr.execute(
            "UPDATE account_move_line SET opportunity_id = NULL WHERE opportunity_id = ANY(%s)",
            [deals.ids],
        )
        self.cr.execute(
            "UPDATE account_move SET opportunity_id = NULL WHERE opportunity_id = ANY(%s)",
            [deals.ids],
        )
        self.cr.execute(
            """
            UPDATE crm_lead
               SET billing_status = 'none', followed_billing_status = 'none',
                   invoiced_total = 0, paid_total = 0, due_total = 0, first_invoice_date = NULL
             WHERE id = ANY(%s)
            """,
            [deals.ids],
        )
        self.env.invalidate_all(flush=False)

    @mute_logger("odoo.models.unlink")
    def test_install_on_orders(self):
        won, open_deal, lost, quoted, corrected = deals = self.env["crm.lead"].concat(
            *(self._create_deal(name) for name in ("Won", "Open", "Lost", "Quoted", "Corrected"))
        )
        invoices = {}
        for deal in (won, open_deal, lost):
            first, second = self._create_order(deal), self._create_order(deal, [(1, 5.0)])
            invoices[deal] = self._invoice(first | second, consolidated_billing=True)
        shared = self._invoice(
            self._create_order(won, [(1, 1.0)]) | self._create_order(open_deal, [(1, 2.0)]),
            consolidated_billing=True,
        )
        self._pay(invoices[won] | shared, group_payment=True)
        self._create_order(quoted, confirm=False).action_quotation_sent()
        self._forget(deals)
        won.stage_id = self.stage_won
        won.date_closed = datetime(2023, 12, 24)
        (open_deal | lost | quoted).stage_id = self.stage_new
        (open_deal | lost | quoted).sudo().followed_billing_status = "none"
        lost.action_set_lost()
        # By hand before the addon came: it stays, and the order's other lines follow the order.
        invoices[lost].invoice_line_ids.filtered(
            lambda line: line.price_unit == 5.0
        ).opportunity_id = corrected
        self._flush()
        messages = {deal: len(deal.message_ids) for deal in deals}

        post_init_hook(self.env)

        self.assertFigures(won, invoiced_total=1006.0, paid_total=1006.0)
        self.assertFigures(open_deal, invoiced_total=1007.0, paid_total=2.0, due_total=1005.0)
        self.assertFigures(lost, invoiced_total=1000.0, due_total=1000.0)
        self.assertFigures(corrected, invoiced_total=5.0, due_total=5.0)
        self.assertRecordValues(
            deals,
            [
                {
                    "billing_status": "paid",
                    "stage_id": self.stage_paid.id,
                    "date_closed": datetime(2023, 12, 24),
                    "active": True,
                },
                {
                    "billing_status": "partially_paid",
                    "stage_id": self.stage_invoiced.id,
                    "date_closed": datetime(2024, 1, 10, 12),
                    "active": True,
                },
                {
                    "billing_status": "invoiced",
                    "stage_id": self.stage_new.id,
                    "date_closed": lost.date_closed,
                    "active": False,
                },
                {
                    "billing_status": "quoted",
                    "stage_id": self.stage_new.id,
                    "date_closed": False,
                    "active": True,
                },
                {
                    "billing_status": "invoiced",
                    "stage_id": self.stage_invoiced.id,
                    "date_closed": corrected.date_closed,
                    "active": True,
                },
            ],
        )
        self.assertEqual(invoices[won].opportunity_id, won)
        self.assertFalse(invoices[lost].opportunity_id)
        self.assertEqual(
            invoices[lost].invoice_line_ids.opportunity_id.with_context(active_test=False),
            lost | corrected,
        )
        self.assertFalse(shared.opportunity_id)
        self.assertEqual(messages, {deal: len(deal.message_ids) for deal in deals})

        # A second time finds nothing to do.
        before = deals.read(["billing_status", "stage_id", "invoiced_total", "date_closed"])
        post_init_hook(self.env)
        self.assertEqual(
            before, deals.read(["billing_status", "stage_id", "invoiced_total", "date_closed"])
        )

    def test_uninstall(self):
        quoted, ordered, part, paid = deals = self.env["crm.lead"].concat(
            *(self._create_deal(name) for name in ("Quoted", "Ordered", "Part", "Paid"))
        )
        self._create_order(quoted, confirm=False).action_quotation_sent()
        self._create_order(ordered)
        self._create_order(part, [(10, 100.0, self.product_delivered)]).order_line.qty_delivered = 4
        invoice = self._invoice(part.order_ids) | self._invoice(self._create_order(paid))
        self._pay(invoice, group_payment=True)
        self._flush()
        self.assertEqual(
            deals.mapped("billing_status"), ["quoted", "ordered", "partially_invoiced", "paid"]
        )
        uninstall_hook(self.env)
        self._flush()
        self.assertEqual(deals.mapped("billing_status"), ["none", "none", "paid", "paid"])
        self.assertEqual(part.stage_id, self.stage_paid)
        self.assertEqual(invoice.opportunity_ids, part | paid)
