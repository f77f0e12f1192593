from freezegun import freeze_time

from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestDealFigures(BridgeCommon):
    """What a salesperson reads on the deal, from invoice to payment."""

    def test_paid_in_two_parts(self):
        deal = self._create_deal()
        self.assertEqual(deal.billing_status, "none")
        invoice = self._create_deal_invoice(
            [(100.0, deal), (50.0, deal)], invoice_date_due="2024-03-01"
        )
        self.assertFigures(deal, invoiced_total=150.0, due_total=150.0)
        self.assertEqual(deal.billing_status, "invoiced")
        self.assertEqual(deal.stage_id, self.stage_invoiced)
        self._pay(invoice, 60.0)
        self.assertFigures(deal, invoiced_total=150.0, paid_total=60.0, due_total=90.0)
        self.assertEqual(deal.billing_status, "partially_paid")
        self.assertEqual(deal.stage_id, self.stage_invoiced)
        self._pay(invoice, date="2024-01-25")
        self.assertFigures(deal, invoiced_total=150.0, paid_total=150.0)
        self.assertRecordValues(
            deal,
            [
                {
                    "billing_status": "paid",
                    "stage_id": self.stage_paid.id,
                    "first_invoice_date": self._date("2024-01-10"),
                    "last_payment_date": self._date("2024-01-25"),
                    "paid_date": self._date("2024-01-25"),
                    "next_due_date": False,
                }
            ],
        )
