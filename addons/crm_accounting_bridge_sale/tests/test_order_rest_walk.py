import random
from collections import Counter

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import BridgeSaleCommon

SEEDS = (3, 14, 15, 92, 65)
STEPS = 30


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestOrderRestWalk(BridgeSaleCommon):
    """Whatever happens to orders, in any order: their rest is what posted documents say."""

    def test_walk(self):
        seen = Counter()
        for seed in SEEDS:
            self._start(seed)
            for number in range(STEPS):
                verb = self.random.choice(self.verbs)
                verb()
                expected = {
                    deal.id: ("ordered", any(self._has_rest(order) for order in deal.order_ids))
                    for deal in self.deals
                }
                self._flush()
                seen.update(has_rest for __, has_rest in expected.values())
                self.assertEqual(
                    self.deals._get_order_status(),
                    expected,
                    f"seed {seed}, step {number}: {verb.__name__}",
                )
        # The walk is worth something: a good part of what it saw was invoiced.
        self.assertGreater(seen[False], sum(seen.values()) / 5)

    def _start(self, seed):
        """Two deals of one order each, and one of two."""
        self.random = random.Random(seed)
        self.deals = self.env["crm.lead"].concat(
            *(self._create_deal(f"Walk {seed} {number}") for number in range(3))
        )
        for deal in (*self.deals, self.deals[-1]):
            discount = [(1, -50.0)] if self.random.random() < 0.4 else []
            goods = (self.random.randint(1, 6), 100.0, self.product_delivered)
            self._create_order(deal, [goods, (self.random.randint(1, 6), 30.0), *discount])
        #: Credit notes that lowered a price: the walk knows what it did, nothing has to be guessed.
        self.price_reductions = self.env["account.move"]
        self.verbs = (
            *(self._pay_down, self._reverse, self._draft_again, self._post, self._bill_in_draft),
            *(self._credit_goods, self._lower_price, self._change_order),
            *(self._deliver, self._deliver, self._bill, self._complete, self._complete),
        )

    # What people do; nothing where it is not possible

    def _choose_order(self):
        return self.random.choice(self.deals.order_ids.sorted("id"))

    def _choose_line(self):
        return self._choose_order().order_line.sorted("id")[self.random.randint(0, 1)]

    def _choose_document(self, state, move_type=None):
        documents = self.deals.order_ids.invoice_ids.filtered(
            lambda move: move.state == state and (not move_type or move.move_type == move_type)
        )
        return self.random.choice(documents.sorted("id")) if documents else documents

    def _change_order(self):
        line = self._choose_line()
        line.product_uom_qty = max(line.product_uom_qty + self.random.choice((-1, 1)), 1)

    def _deliver(self):
        """Some more, or some come back."""
        line = self._choose_line()
        line.qty_delivered = self.random.randint(0, int(line.product_uom_qty) + 1)

    def _complete(self):
        """All is delivered, and drafts are cancelled; then the rest is invoiced."""
        order = self._choose_order()
        for line in order.order_line.sorted("id")[:2]:
            line.qty_delivered = line.product_uom_qty
        for draft in order.invoice_ids.filtered(lambda move: move.state == "draft"):
            draft.button_cancel()
        self._bill(order)

    def _bill(self, order=None, post=True):
        order = order or self._choose_order()
        if any(order._get_invoiceable_lines(final=True).mapped("product_id")):
            self._invoice(order, post=post)

    def _bill_in_draft(self):
        self._bill(post=False)

    def _pay_down(self):
        order = self._choose_order()
        if len(order.order_line.filtered("is_downpayment")) < 2:
            amount = self.random.choice((20.0, 100.0, order.amount_untaxed))
            self._invoice(order, "fixed", fixed_amount=amount)

    def _post(self):
        draft = self._choose_document("draft")
        if draft and draft.amount_total >= 0:
            draft.action_post()

    def _draft_again(self):
        self._choose_document("posted").button_draft()

    def _reverse(self):
        invoice = self._choose_document("posted", "out_invoice")
        if invoice and not invoice.reversal_move_ids and not invoice.reversed_entry_id:
            self._credit(invoice)

    def _credit_item(self, share, price=1.0):
        """A credit note of a share of one item of an invoice, at a share of its price."""
        invoice = self._choose_document("posted", "out_invoice")
        if not invoice or invoice.reversed_entry_id or invoice.reversal_move_ids:
            return None
        credit_note = self._credit(invoice, post=False)
        items = credit_note.invoice_line_ids.filtered(
            lambda item: item.quantity > 0 and item.price_unit > 0 and not item.is_downpayment
        )
        if not items:
            credit_note.unlink()
            return None
        item = self.random.choice(items.sorted("id"))
        others = credit_note.invoice_line_ids - item
        credit_note.invoice_line_ids = [Command.delete(other.id) for other in others]
        item.write({"quantity": item.quantity * share, "price_unit": item.price_unit * price})
        credit_note.action_post()
        return credit_note

    def _credit_goods(self):
        self._credit_item(self.random.choice((0.5, 1.0)))

    def _lower_price(self):
        credit_note = self._credit_item(1.0, 0.1)
        if credit_note:
            self.price_reductions |= credit_note

    # What is right, from the documents, one by one

    def _has_rest(self, order):
        rest = 0.0
        for line in order.order_line.filtered(lambda line: not line.display_type):
            invoiced = credited = amount = 0.0
            for item in line.invoice_lines:
                document = item.move_id
                if document.state != "posted" or self._never_was(document):
                    continue
                sign = 1 if document.move_type == "out_invoice" else -1
                amount += sign * item.price_subtotal
                if sign * item.quantity > 0:
                    invoiced += sign * item.quantity
                elif document not in self.price_reductions:
                    credited -= sign * item.quantity
            if line.is_downpayment:
                rest -= amount
                continue
            delivered = line.qty_delivered
            if line.product_id.invoice_policy == "order":
                delivered = min(delivered, line.product_uom_qty)
            quantity = max(line.product_uom_qty - invoiced, delivered - (invoiced - credited), 0.0)
            rest += quantity * line.price_unit
        return round(rest, 2) > 0

    @staticmethod
    def _never_was(document):
        """Reversed as a whole, or what reversed it."""
        invoice = document
        if document.move_type == "out_refund":
            invoice = document.reversed_entry_id or document
        credited = sum(
            move.amount_total for move in invoice.reversal_move_ids if move.state == "posted"
        )
        return (
            invoice.move_type == "out_invoice"
            and invoice.state == "posted"
            and bool(invoice.reversal_move_ids)
            and round(credited - invoice.amount_total, 2) >= 0
        )
