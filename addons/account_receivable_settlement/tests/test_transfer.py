from datetime import date

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import SQL

from .. import plain_books
from ..scope import Scope
from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestTransfer(ReceivableCommon):
    """A claim that only changes its account is still owed: by its old due date, until what it
    became is settled.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.expense = cls.company_data["default_account_expense"]
        cls.bank_account = cls.company_data["default_journal_bank"].default_account_id
        cls.portfolio = cls.receivable.copy({"name": "Bills in portfolio"})
        cls.doubtful = cls.receivable.copy({"name": "Doubtful claims"})
        cls.other = cls.env["res.partner"].create({"name": "Somebody Else"})

    def _create_invoice(self, amount=1000.0, **values):
        values = {"invoice_date_due": "2024-02-09", **values}
        return self._create_document([{"price_unit": amount}], **values)

    def _match(self, account, *moves, partner=None):
        """Reconcile what is open on an account of these entries."""
        lines = self.env["account.move.line"]
        for move in moves:
            lines |= move.line_ids.filtered(
                lambda line: (
                    line.account_id == account
                    and not line.reconciled
                    and (not partner or line.partner_id == partner)
                )
            )
        lines.reconcile()

    def _move(self, invoice, account, amount=1000.0, **values):
        entry = self._create_entry(
            (account, self.partner, amount), (self.receivable, self.partner, -amount), **values
        )
        self._match(self.receivable, invoice, entry)
        return entry

    def _get_items(self, as_of=None, partner=None):
        """``(amount, due date, document, account)`` of what is open, and the same by customer."""
        self._flush()
        item = self.env["account.receivable.item"]
        found = []
        for partners in (None, partner or self.partner):
            rows = self.env.execute_query_dict(
                SQL(
                    "SELECT * FROM (%s) item WHERE partner_id = %s",
                    item._get_item_sql(Scope(self.company, partners, as_of)),
                    (partner or self.partner).id,
                )
            )
            found.append(
                sorted(
                    (
                        float(row["amount"]),
                        str(row["due_date"]),
                        self.env["account.move"].browse(row["root_move_id"]),
                        self.env["account.move.line"].browse(row["line_id"]).account_id,
                    )
                    for row in rows
                )
            )
        self.assertEqual(*found)
        return found[0]

    def _get_settlements(self, moves):
        rows = super()._get_settlements(moves)
        # The same, read by each way to ask for them.
        settlement = self.env["account.receivable.settlement"]
        everything = settlement.search([]).filtered(lambda row: row.invoice_id in moves)
        self.assertEqual(everything, settlement.search([("invoice_id", "in", moves.ids)]))
        since = settlement.search([("settlement_date", ">=", "2024-01-01")])
        self.assertEqual(everything, since & everything)
        everything.invalidate_recordset()
        for row in everything:
            self.assertIn(row.invoice_id, moves)
        # What is still owed elsewhere, as a plain reading says.
        plain = {}
        for line in plain_books.instalments(moves):
            for target, amount in plain_books.moved_open(line).items():
                plain[line, target] = float(amount)
        transfer = self.env["account.receivable.transfer"]
        moved = transfer.search([("invoice_id", "in", moves.ids), ("amount_open", "!=", 0)])
        open_amounts = {}
        for row in moved:
            key = row.root_line_id, row.line_id
            open_amounts[key] = open_amounts.get(key, 0.0) + row.amount_open
        self.assertEqual(open_amounts, plain)
        return rows

    # The life of a bill --------------------------------------------------------------------------

    def test_bill_accepted_is_owed_then_paid_when_honoured(self):
        invoice = self._create_invoice()
        slip = self._move(invoice, self.portfolio)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, self.portfolio)])
        honoured = self._create_entry(
            (self.bank_account, None, 1000.0),
            (self.portfolio, self.partner, -1000.0),
            date="2024-02-20",
        )
        self._match(self.portfolio, slip, honoured)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-02-20", 41, 11)]
        )
        self.assertEqual(self._get_items(), [])

    def test_as_it_was_known_on_a_day(self):
        invoice = self._create_invoice()
        slip = self._move(invoice, self.portfolio, date="2024-01-20")
        honoured = self._create_entry(
            (self.bank_account, None, 1000.0),
            (self.portfolio, self.partner, -1000.0),
            date="2024-02-20",
        )
        self._match(self.portfolio, slip, honoured)
        for day, account in (
            (date(2024, 1, 15), self.receivable),
            (date(2024, 1, 20), self.portfolio),
            (date(2024, 2, 19), self.portfolio),
        ):
            self.assertEqual(self._get_items(day), [(1000.0, "2024-02-09", invoice, account)])
        self.assertEqual(self._get_items(date(2024, 2, 20)), [])

    def test_bill_returned_unpaid_is_owed_again_by_the_old_due_date(self):
        invoice = self._create_invoice()
        slip = self._move(invoice, self.portfolio)
        returned = self._create_entry(
            (self.receivable, self.partner, 1000.0),
            (self.portfolio, self.partner, -1000.0),
            date="2024-02-12",
        )
        self._match(self.portfolio, slip, returned)
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, self.receivable)])
        money = self._create_entry(
            (self.bank_account, None, 1000.0),
            (self.receivable, self.partner, -1000.0),
            date="2024-03-01",
        )
        self._match(self.receivable, returned, money)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-03-01", 51, 21)]
        )
        self.assertEqual(self._get_items(), [])

    def test_given_up_after_it_became_doubtful(self):
        """Two steps, then 300 come and the rest is lost."""
        invoice = self._create_invoice()
        slip = self._move(invoice, self.portfolio)
        doubtful = self._create_entry(
            (self.doubtful, self.partner, 1000.0),
            (self.portfolio, self.partner, -1000.0),
            date="2024-02-15",
        )
        self._match(self.portfolio, slip, doubtful)
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, self.doubtful)])
        end = self._create_entry(
            (self.bank_account, None, 300.0),
            (self.expense, None, 700.0),
            (self.doubtful, self.partner, -1000.0),
            date="2024-03-10",
        )
        self._match(self.doubtful, doubtful, end)
        self.assertEqual(
            self._get_settlements(invoice),
            [("payment", 300.0, "2024-03-10", 60, 30), ("write_off", 700.0, "2024-03-10", 60, 30)],
        )
        steps = self.env["account.receivable.transfer"].search([("invoice_id", "=", invoice.id)])
        self.assertEqual(
            sorted((row.account_id.name, row.amount, row.amount_open) for row in steps),
            [(self.portfolio.name, 1000.0, 0.0), (self.doubtful.name, 1000.0, 0.0)],
        )

    def test_settled_before_it_was_moved(self):
        """The money was there before the bill: it settles the claim when the bill is booked."""
        invoice = self._create_invoice()
        money = self._create_entry(
            (self.bank_account, None, 1000.0),
            (self.portfolio, self.partner, -1000.0),
            date="2024-01-15",
        )
        slip = self._move(invoice, self.portfolio, date="2024-01-25")
        self._match(self.portfolio, slip, money)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-01-25", 15, -15)]
        )

    def test_undone(self):
        invoice = self._create_invoice()
        slip = self._move(invoice, self.portfolio)
        slip.line_ids.remove_move_reconcile()
        self.assertEqual(
            self._get_items(),
            [
                (-1000.0, "2024-01-20", slip, self.receivable),
                (1000.0, "2024-01-20", slip, self.portfolio),
                (1000.0, "2024-02-09", invoice, self.receivable),
            ],
        )
        self._match(self.receivable, invoice, slip)
        slip.button_draft()
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, self.portfolio)])

    # Parts ---------------------------------------------------------------------------------------

    def test_a_part_is_moved(self):
        invoice = self._create_invoice()
        slip = self._move(invoice, self.portfolio, 400.0)
        self.assertEqual(
            self._get_items(),
            [
                (400.0, "2024-02-09", invoice, self.portfolio),
                (600.0, "2024-02-09", invoice, self.receivable),
            ],
        )
        payment = self._pay(invoice, date="2024-02-05")
        self.assertEqual(payment.amount, 600.0)
        honoured = self._create_entry(
            (self.bank_account, None, 150.0),
            (self.portfolio, self.partner, -150.0),
            date="2024-02-19",
        )
        self._match(self.portfolio, slip, honoured)
        self.assertEqual(
            self._get_settlements(invoice),
            [("payment", 150.0, "2024-02-19", 40, 10), ("payment", 600.0, "2024-02-05", 26, -4)],
        )
        self.assertEqual(self._get_items(), [(250.0, "2024-02-09", invoice, self.portfolio)])

    def test_a_fee_is_kept_when_it_is_moved(self):
        """980 on the bill, 20 lost."""
        invoice = self._create_invoice()
        entry = self._create_entry(
            (self.portfolio, self.partner, 980.0),
            (self.expense, None, 20.0),
            (self.receivable, self.partner, -1000.0),
        )
        self._match(self.receivable, invoice, entry)
        self.assertEqual(
            self._get_settlements(invoice), [("write_off", 20.0, "2024-01-20", 10, -20)]
        )
        self.assertEqual(self._get_items(), [(980.0, "2024-02-09", invoice, self.portfolio)])

    def test_invoices_put_together_are_settled_in_their_order(self):
        """Two invoices on one bill of 1,500, of which 1,100 comes, to the cent."""
        invoices = self._create_invoice() | self._create_invoice(
            500.0, invoice_date_due="2024-03-31"
        )
        slip = self._create_entry(
            (self.portfolio, self.partner, 1500.0), (self.receivable, self.partner, -1500.0)
        )
        self._match(self.receivable, invoices[0], slip)
        self._match(self.receivable, invoices[1], slip)
        honoured = self._create_entry(
            (self.bank_account, None, 1100.01),
            (self.portfolio, self.partner, -1100.01),
            date="2024-03-01",
        )
        self._match(self.portfolio, slip, honoured)
        self.assertEqual(
            self._get_settlements(invoices[0]), [("payment", 1000.0, "2024-03-01", 51, 21)]
        )
        self.assertEqual(
            self._get_settlements(invoices[1]), [("payment", 100.01, "2024-03-01", 51, -30)]
        )
        self.assertEqual(self._get_items(), [(399.99, "2024-03-31", invoices[1], self.portfolio)])

    def test_bills_of_several_due_dates_follow_the_instalments(self):
        """One invoice on three bills: each is settled when its bill is."""
        invoice = self._create_invoice(900.0)
        slip = self._create_entry(
            *[(self.portfolio, self.partner, 300.0)] * 3,
            (self.receivable, self.partner, -900.0),
        )
        self._match(self.receivable, invoice, slip)
        bills = slip.line_ids.filtered(lambda line: line.account_id == self.portfolio)
        for bill, day in zip(bills[:2], ("2024-02-09", "2024-03-09"), strict=True):
            honoured = self._create_entry(
                (self.bank_account, None, 300.0),
                (self.portfolio, self.partner, -300.0),
                date=day,
            )
            (bill | honoured.line_ids[1]).reconcile()
        self.assertEqual(
            self._get_settlements(invoice),
            [("payment", 300.0, "2024-02-09", 30, 0), ("payment", 300.0, "2024-03-09", 59, 29)],
        )
        self.assertEqual(self._get_items(), [(300.0, "2024-02-09", invoice, self.portfolio)])

    def test_slip_of_several_customers(self):
        """One entry for all, as banks are sent them: each customer's bills are its own."""
        mine = self._create_invoice()
        others = self._create_invoice(500.0, partner_id=self.other.id)
        slip = self._create_entry(
            (self.portfolio, self.partner, 1000.0),
            (self.portfolio, self.other, 490.0),
            (self.expense, None, 10.0),
            (self.receivable, self.partner, -1000.0),
            (self.receivable, self.other, -500.0),
        )
        self._match(self.receivable, mine, slip, partner=self.partner)
        self._match(self.receivable, others, slip, partner=self.other)
        self.assertEqual(self._get_settlements(mine), [])
        self.assertEqual(
            self._get_settlements(others), [("write_off", 10.0, "2024-01-20", 10, -20)]
        )
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", mine, self.portfolio)])
        self.assertEqual(
            self._get_items(partner=self.other), [(490.0, "2024-02-09", others, self.portfolio)]
        )

    def test_slip_on_one_line_for_several_customers(self):
        """On an account that is marked nobody has to be named: the order of customers counts."""
        bills = self._create_bill_account()
        mine = self._create_invoice(100.01)
        others = self._create_invoice(200.02, partner_id=self.other.id)
        slip = self._create_entry(
            (bills, None, 300.03),
            (self.receivable, self.partner, -100.01),
            (self.receivable, self.other, -200.02),
        )
        self._match(self.receivable, mine, slip, partner=self.partner)
        self._match(self.receivable, others, slip, partner=self.other)
        honoured = self._create_entry(
            (self.bank_account, None, 150.0), (bills, None, -150.0), date="2024-02-19"
        )
        self._match(bills, slip, honoured)
        self.assertEqual(self._get_settlements(mine), [("payment", 100.01, "2024-02-19", 40, 10)])
        self.assertEqual(self._get_settlements(others), [("payment", 49.99, "2024-02-19", 40, 10)])
        self.assertEqual(self._get_items(), [])
        self.assertEqual(
            self._get_items(partner=self.other), [(150.03, "2024-02-09", others, bills)]
        )

    # Accounts that are no receivables ------------------------------------------------------------

    def _create_bill_account(self, reconcile=True, **values):
        return self.env["account.account"].create(
            {
                "name": "Bills",
                "code": "BILLS",
                "account_type": "asset_current",
                "reconcile": reconcile,
                "receivable_reading": "owed",
                **values,
            }
        )

    def test_marked_account(self):
        bills = self._create_bill_account()
        invoice = self._create_invoice()
        slip = self._move(invoice, bills)
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, bills)])
        honoured = self._create_entry(
            (self.bank_account, None, 1000.0), (bills, self.partner, -1000.0), date="2024-02-19"
        )
        self._match(bills, slip, honoured)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-02-19", 40, 10)]
        )
        self.assertEqual(self._get_items(), [])

    def test_marked_account_that_cannot_be_reconciled(self):
        """What was moved stays owed, until somebody marks the account otherwise."""
        bills = self._create_bill_account(reconcile=False)
        invoice = self._create_invoice()
        self._move(invoice, bills)
        self._create_entry(
            (self.bank_account, None, 1000.0), (bills, self.partner, -1000.0), date="2024-02-19"
        )
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, bills)])
        bills.receivable_reading = "money"
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-01-20", 10, -20)]
        )
        self.assertEqual(self._get_items(), [])

    def test_what_is_only_proposed_is_still_owed(self):
        bills = self._create_bill_account(receivable_reading=False, receivable_proposal="loss")
        invoice = self._create_invoice()
        self._move(invoice, bills)
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, bills)])
        bills.receivable_reading = "loss"
        self.assertEqual(
            self._get_settlements(invoice), [("write_off", 1000.0, "2024-01-20", 10, -20)]
        )

    def test_moved_by_a_payment(self):
        """A payment method whose account is that of bills: owed until the bank has paid."""
        bills = self._create_bill_account()
        self.company_data[
            "default_journal_bank"
        ].inbound_payment_method_line_ids.payment_account_id = bills
        invoice = self._create_invoice()
        payment = self._pay(invoice)
        self.assertEqual(payment.outstanding_account_id, bills)
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, bills)])
        honoured = self._create_entry(
            (self.bank_account, None, 1000.0), (bills, self.partner, -1000.0), date="2024-02-19"
        )
        self._match(bills, payment.move_id, honoured)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-02-19", 40, 10)]
        )

    def test_moved_by_a_payment_to_a_receivable_account(self):
        self.company_data[
            "default_journal_bank"
        ].inbound_payment_method_line_ids.payment_account_id = self.portfolio
        invoice = self._create_invoice()
        self._pay(invoice)
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(self._get_items(), [(1000.0, "2024-02-09", invoice, self.portfolio)])

    # Other claims, credits -----------------------------------------------------------------------

    def test_opening_balance_moved(self):
        """It ages as before, and says nothing of how the customer pays."""
        opening = self._create_entry(
            (self.receivable, self.partner, 1000.0),
            (self.expense, None, -1000.0),
            date="2024-01-01",
        )
        slip = self._create_entry(
            (self.doubtful, self.partner, 1000.0), (self.receivable, self.partner, -1000.0)
        )
        self._match(self.receivable, opening, slip)
        self.assertEqual(self._get_items(), [(1000.0, "2024-01-01", opening, self.doubtful)])
        self.assertFalse(
            self.env["account.receivable.settlement"].search([("partner_id", "=", self.partner.id)])
        )

    def test_credit_note_taken_off_a_bill(self):
        invoice = self._create_invoice()
        slip = self._move(invoice, self.portfolio)
        refund = self._create_document(
            [{"price_unit": 200.0}], move_type="out_refund", date="2024-02-01"
        )
        moved = self._create_entry(
            (self.receivable, self.partner, 200.0),
            (self.portfolio, self.partner, -200.0),
            date="2024-02-02",
        )
        self._match(self.receivable, refund, moved)
        self._match(self.portfolio, slip, moved)
        self.assertEqual(
            self._get_settlements(invoice | refund),
            [("credit_note", 200.0, "2024-02-02", 23, -7)],
        )
        self.assertEqual(self._get_items(), [(800.0, "2024-02-09", invoice, self.portfolio)])

    def test_entries_that_move_to_each_other(self):
        """Odd books end somewhere."""
        invoice = self._create_invoice()
        first = self._create_entry(
            (self.portfolio, self.partner, 1000.0), (self.doubtful, self.partner, -1000.0)
        )
        second = self._create_entry(
            (self.doubtful, self.partner, 1000.0), (self.portfolio, self.partner, -1000.0)
        )
        self._match(self.portfolio, first, second)
        self._match(self.doubtful, first, second)
        slip = self._move(invoice, self.portfolio)
        back = slip
        for number in range(25):
            source, target = (
                (self.portfolio, self.doubtful)
                if number % 2 == 0
                else (self.doubtful, self.portfolio)
            )
            following = self._create_entry(
                (target, self.partner, 1000.0), (source, self.partner, -1000.0)
            )
            self._match(source, back, following)
            back = following
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertEqual(sum(row[0] for row in self._get_items()), 1000.0)

    def test_disputed_and_of_another_company(self):
        invoice = self._create_invoice()
        self._move(invoice, self.portfolio, 400.0)
        invoice.action_toggle_block_payment()
        self._flush()
        rows = self.env.execute_query_dict(
            self.env["account.receivable.item"]._get_item_sql(Scope(partners=self.partner))
        )
        self.assertEqual(
            sorted((float(row["amount"]), row["is_disputed"]) for row in rows),
            [(400.0, True), (600.0, True)],
        )
