from freezegun import freeze_time

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.account_receivable_settlement.tests.common import ReceivableCommon

READER = "account.invoice.cost"


class CostCommon(ReceivableCommon):
    """Products that cost something, and invoices of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.flour = cls._create_costly("Flour", 7.0)

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("account.group_account_manager")

    @classmethod
    def _create_costly(cls, name, cost, **values):
        return cls.env["product.product"].create(
            {"name": name, "standard_price": cost, "taxes_id": [Command.clear()], **values}
        )

    @classmethod
    def _sell(cls, product, quantity=10, price=10.0, line=None, **values):
        return cls._create_document(
            [
                {
                    "product_id": product.id if product else False,
                    "quantity": quantity,
                    "price_unit": price,
                    **(line or {}),
                }
            ],
            **values,
        )

    @classmethod
    def _freeze(cls):
        """End the transaction, and have the costs follow as the scheduler does in seconds."""
        cls.env.cr.flush()
        cls.env.invalidate_all()
        changes = cls.env(user=SUPERUSER_ID, context={})["account.receivable.change"]
        while changes._work_off(READER):
            pass
        cls.env.cr.flush()
        cls.env.invalidate_all()

    def assertCost(self, move, cost, source="product", estimated=False):
        self._freeze()
        [line] = move.invoice_line_ids
        self.assertEqual(
            (round(line.cost, 2), line.cost_source, line.cost_is_estimated),
            (cost, source, estimated),
        )


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 10:00")
class TestCost(CostCommon):
    def test_posting_only_tells(self):
        invoice = self._sell(self.flour)
        self.env.cr.flush()
        self.assertFalse(invoice.invoice_line_ids.cost_source)
        self.assertCost(invoice, 70.0)

    def test_cost_stays(self):
        invoice = self._sell(self.flour)
        self._freeze()
        self.flour.standard_price = 9.0
        self._pay(invoice)
        self.assertCost(invoice, 70.0)

    def test_draft_clears_and_posting_freezes_anew(self):
        invoice = self._sell(self.flour)
        self._freeze()
        self.flour.standard_price = 9.0
        invoice.button_draft()
        self.assertCost(invoice, 0.0, False)
        invoice.action_post()
        self.assertCost(invoice, 90.0)
        self.flour.standard_price = 8.0
        invoice.button_draft()
        invoice.action_post()
        self.assertCost(invoice, 80.0)

    def test_payment_reads_nothing(self):
        invoice = self._sell(self.flour)
        self._freeze()
        self._pay(invoice)
        self.env.cr.flush()
        waiting = (
            self.env["account.receivable.change"]
            .sudo()
            .search([("reader", "=", READER), ("res_id", "!=", 0)])
        )
        self.assertFalse(waiting)

    def test_dozen_against_piece(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.assertCost(self._sell(self.flour, 2, line={"product_uom_id": dozen.id}), 168.0)

    def test_service(self):
        advice = self._create_costly("Advice", 30.0, type="service")
        self.assertCost(self._sell(advice, 2), 60.0)

    def test_receipt(self):
        self.assertCost(self._sell(self.flour, move_type="out_receipt"), 70.0)

    def test_vendor_bill_has_none(self):
        bill = self._sell(self.flour, move_type="in_invoice")
        self.assertCost(bill, 0.0, False)

    def test_unknown_is_not_zero(self):
        invoice = self._sell(self._create_costly("Gift", 0.0))
        nameless = self._sell(None)
        self.assertCost(invoice, 0.0, "none")
        self.assertCost(nameless, 0.0, "none")
        self.env.cr.execute(
            "SELECT COUNT(cost), COUNT(*) FROM account_invoice_cost WHERE line_id = ANY(%s)",
            [(invoice | nameless).invoice_line_ids.ids],
        )
        self.assertEqual(self.env.cr.fetchone(), (0, 2))
        rows = self.env["account.invoice.report"]._read_group(
            [("move_id", "=", invoice.id)],
            [],
            ["cost:sum", "cost_margin:sum", "revenue_without_cost:sum"],
        )
        self.assertEqual(rows, [(0.0, 0.0, 100.0)])

    def test_known_to_be_free(self):
        fee = self._create_costly("Fee", 0.0, type="service", is_without_cost=True)
        self.assertCost(self._sell(fee, 1, 10.0), 0.0, "product")

    def test_credit_note_by_reversal(self):
        invoice = self._sell(self.flour)
        self._freeze()
        self.flour.standard_price = 9.0
        credit_note = invoice._reverse_moves([{"invoice_date": "2024-01-20"}])
        credit_note.action_post()
        self.assertCost(credit_note, -70.0)

    def test_credit_note_of_a_part(self):
        invoice = self._sell(self.flour)
        credit_note = invoice._reverse_moves([{"invoice_date": "2024-01-20"}])
        credit_note.invoice_line_ids.quantity = 4
        credit_note.action_post()
        self.assertCost(credit_note, -28.0)
        self.assertCost(invoice, 70.0)

    def test_credit_note_by_hand(self):
        self.assertCost(self._sell(self.flour, 3, move_type="out_refund"), -21.0)

    def test_credit_note_of_price_only(self):
        credit_note = self._sell(self.flour, 0, 25.0, move_type="out_refund")
        self.assertCost(credit_note, 0.0, "product")

    def test_foreign_currency(self):
        """The cost is the company's, whatever the invoice's currency and rate."""
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 2.0)])
        invoice = self._sell(self.flour, currency_id=currency.id)
        self.assertCost(invoice, 70.0)
        [(cost, margin)] = self.env["account.invoice.report"]._read_group(
            [("move_id", "=", invoice.id)], [], ["cost:sum", "cost_margin:sum"]
        )
        self.assertEqual((cost, margin), (70.0, -20.0))

    def test_branch_without_cost_of_its_own(self):
        self.company.write({"child_ids": [Command.create({"name": "Branch"})]})
        self.cr.precommit.run()
        branch = self.company.child_ids
        self.env.user.company_ids |= branch
        invoice = self.env["account.move"].with_context(allowed_company_ids=branch.ids)
        invoice = invoice.create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2024-01-10",
                "company_id": branch.id,
                "invoice_line_ids": [
                    Command.create(
                        {"product_id": self.flour.id, "quantity": 10, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        invoice.action_post()
        self.assertCost(invoice, 70.0)
        self.flour.with_company(branch).standard_price = 5.0
        invoice.button_draft()
        invoice.action_post()
        self.assertCost(invoice, 50.0)

    def test_history_is_estimated(self):
        invoice = self._sell(self.flour)
        unknown = self._sell(None)
        self.env.cr.flush()
        changes = self.env["account.receivable.change"].sudo()
        changes.search([("reader", "=", READER)]).unlink()
        self.env(user=SUPERUSER_ID)["account.invoice.cost"]._fill_history()
        self._freeze()
        self.env["account.receivable.change"].sudo()._work_off(READER)
        self.assertCost(invoice, 70.0, estimated=True)
        self.assertCost(unknown, 0.0, "none")

    def test_batch_is_one_statement(self):
        """Freezing takes the same number of statements for one document and for ten."""
        counts = []
        for number in (1, 10):
            moves = [self._sell(self.flour) for __ in range(number)]
            self.env.flush_all()
            costs = self.env["account.invoice.cost"]
            before = self.cr.sql_log_count
            costs._freeze([move.id for move in moves])
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_who_sees_cost(self):
        invoice = self._sell(self.flour)
        self._freeze()
        biller = self._create_user("cost-biller", "account.group_account_invoice")
        administrator = self._create_user("cost-admin", "account.group_account_manager")
        with self.assertRaises(AccessError):
            invoice.invoice_line_ids.with_user(biller).read(["cost"])
        with self.assertRaises(AccessError):
            self.env["account.invoice.report"].with_user(biller)._read_group([], [], ["cost:sum"])
        line = invoice.invoice_line_ids.with_user(administrator)
        self.assertEqual(line.read(["cost"])[0]["cost"], 70.0)
