from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestSettlementEntries(ReceivableCommon):
    """An entry is judged by what it books, line by line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.expense = cls.company_data["default_account_expense"]
        cls.income = cls.company_data["default_account_revenue"]
        cls.bank = cls.company_data["default_journal_bank"]
        cls.bank_account = cls.bank.default_account_id
        cls.current_asset = cls._create_account("Clearing", "asset_current")
        cls.other = cls.env["res.partner"].create({"name": "Somebody Else"})

    @classmethod
    def _create_account(cls, name, account_type, **values):
        return cls.env["account.account"].create(
            {
                "name": name,
                "code": f"T{len(name)}{name[:4].upper()}".replace(" ", "X"),
                "account_type": account_type,
                **values,
            }
        )

    def _create_invoice(self, amount=1000.0, **values):
        values = {"invoice_date_due": "2024-02-09", **values}
        return self._create_document([{"price_unit": amount}], **values)

    def _read_entry(self, *lines, amount=1000.0, **values):
        """Kinds and amounts of an invoice that is settled by an entry with these other lines."""
        invoice = self._create_invoice(amount)
        entry = self._create_entry(*lines, (self.receivable, self.partner, -amount), **values)
        self._settle(invoice, entry)
        self.assertEqual(invoice.payment_state, "paid")
        return [row[:2] for row in self._get_settlements(invoice)]

    # Money ---------------------------------------------------------------------------------------

    def test_clearing_accounts_are_money(self):
        """Card provider, cheques in hand, a parent's current account, an advance applied."""
        for name, account_type in (
            ("Card clearing", "asset_current"),
            ("Cheques", "asset_current"),
            ("Current account of the parent", "liability_current"),
            ("Advances", "liability_current"),
            ("Prepaid by us", "asset_prepayments"),
            ("Long term", "liability_non_current"),
            ("Fixed asset taken in payment", "asset_fixed"),
            ("Credit card", "liability_credit_card"),
        ):
            with self.subTest(account=name):
                account = self._create_account(name, account_type)
                self.assertEqual(
                    self._read_entry((account, self.partner, 1000.0)), [("payment", 1000.0)]
                )

    def test_set_off_against_a_bill_is_money(self):
        payable = self.company_data["default_account_payable"]
        self.assertEqual(self._read_entry((payable, self.partner, 1000.0)), [("payment", 1000.0)])

    def test_tax_withheld_is_money(self):
        """1,000 of which the customer withholds 200: 800 came, 200 is a claim on the state."""
        self.assertEqual(
            self._read_entry((self.current_asset, None, 200.0), (self.bank_account, None, 800.0)),
            [("payment", 1000.0)],
        )

    def test_somebody_else_who_takes_over_the_debt_has_paid(self):
        parent = self.receivable.copy({"name": "Claims on the parent"})
        self.assertEqual(self._read_entry((parent, self.other, 1000.0)), [("payment", 1000.0)])
        self.assertEqual(
            self._read_entry((self.receivable, self.other, 1000.0)), [("payment", 1000.0)]
        )

    def test_point_of_sale_account_is_money(self):
        till = self.receivable.copy({"name": "Point of sale"})
        self.company.account_default_pos_receivable_account_id = till
        self.assertEqual(self._read_entry((till, self.partner, 1000.0)), [("payment", 1000.0)])

    def test_claims_that_are_no_trade_are_money(self):
        tax_office = self.receivable.copy({"name": "Tax to come back", "non_trade": True})
        self.assertEqual(
            self._read_entry((tax_office, self.partner, 1000.0)), [("payment", 1000.0)]
        )

    # Losses --------------------------------------------------------------------------------------

    def test_bad_debt_on_an_expense_account_is_a_loss(self):
        self.assertEqual(self._read_entry((self.expense, None, 1000.0)), [("write_off", 1000.0)])
        self.assertEqual(self._read_entry((self.income, None, 1000.0)), [("write_off", 1000.0)])

    def test_loss_in_proportion(self):
        """980 and 20, of an entry that books 20 more on both sides: 20 of 1,020 are a loss."""
        self.assertEqual(
            self._read_entry((self.bank_account, None, 980.0), (self.expense, None, 20.0)),
            [("payment", 980.0), ("write_off", 20.0)],
        )
        self.assertEqual(
            self._read_entry(
                (self.bank_account, None, 1000.0),
                (self.expense, None, 20.0),
                (self.income, None, -20.0),
            ),
            [("payment", 980.39), ("write_off", 19.61)],
        )

    def _create_tax(self, name, amount):
        account = self._create_account(name, "liability_current")
        repartition = [
            Command.create({"repartition_type": "base"}),
            Command.create({"repartition_type": "tax", "account_id": account.id}),
        ]
        return self.env["account.tax"].create(
            {
                "name": name,
                "amount": amount,
                "invoice_repartition_line_ids": repartition,
                "refund_repartition_line_ids": repartition,
            }
        )

    def _create_taxed_entry(self, amount, *lines):
        """Lines ``(account, balance, taxes of the line, tax that the line is)``."""
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": "2024-01-20",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "balance": balance,
                            "tax_ids": [Command.set(taxes.ids if taxes else [])],
                            "tax_repartition_line_id": tax.invoice_repartition_line_ids.filtered(
                                lambda line: line.repartition_type == "tax"
                            ).id
                            if tax
                            else False,
                        }
                    )
                    for account, balance, taxes, tax in lines
                ]
                + [
                    Command.create(
                        {
                            "account_id": self.receivable.id,
                            "partner_id": self.partner.id,
                            "balance": -amount,
                        }
                    )
                ],
            }
        )
        entry.action_post()
        invoice = self._create_invoice(amount)
        self._settle(invoice, entry)
        return [row[:2] for row in self._get_settlements(invoice)]

    def test_bad_debt_with_its_tax(self):
        """The tax of a loss is lost with it."""
        tax = self._create_tax("Tax 15", 15.0)
        account = tax.invoice_repartition_line_ids.account_id
        self.assertEqual(
            self._create_taxed_entry(
                1150.0, (self.expense, 1000.0, tax, None), (account, 150.0, None, tax)
            ),
            [("write_off", 1150.0)],
        )

    def test_fee_and_tax_withheld_in_one_entry(self):
        """A fee of 20 and 200 withheld: 20 is lost, not 220."""
        tax = self._create_tax("Withheld", 20.0)
        account = tax.invoice_repartition_line_ids.account_id
        self.assertEqual(
            self._create_taxed_entry(
                1000.0,
                (self.bank_account, 780.0, None, None),
                (self.expense, 20.0, None, None),
                (account, 200.0, None, tax),
            ),
            [("payment", 980.0), ("write_off", 20.0)],
        )

    # Not judged ----------------------------------------------------------------------------------

    def test_equity_clears_without_a_judgement(self):
        for account_type in ("equity", "off_balance"):
            account = self._create_account(f"Own {account_type}", account_type)
            if account_type == "off_balance":
                continue  # Odoo keeps such entries apart from others.
            self.assertEqual(
                self._read_entry((account, self.partner, 1000.0)), [("cleared", 1000.0)]
            )

    # Marks ---------------------------------------------------------------------------------------

    def test_the_accounts_own_mark_goes_first(self):
        expected = {
            "money": "payment",
            "cost": "payment",
            "loss": "write_off",
            "not_judged": "cleared",
        }
        for account in (
            self.current_asset,
            self.expense,
            self._create_account("Own equity", "equity"),
            self.receivable.copy({"name": "Doubtful"}),
            self.company.expense_currency_exchange_account_id,
        ):
            for reading, kind in expected.items():
                with self.subTest(account=account.name, reading=reading):
                    account.receivable_reading = reading
                    self.assertEqual(
                        self._read_entry((account, self.partner, 1000.0)), [(kind, 1000.0)]
                    )

    def test_cost_of_being_paid_is_no_loss(self):
        """Card fees of 15: the customer has paid 1,000."""
        self.expense.receivable_reading = "cost"
        self.assertEqual(
            self._read_entry((self.bank_account, None, 985.0), (self.expense, None, 15.0)),
            [("payment", 1000.0)],
        )

    def test_a_mark_counts_in_payments_and_statements_too(self):
        invoice = self._create_invoice()
        payment = self._pay(
            invoice,
            985.0,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        self.assertEqual(
            [row[:2] for row in self._get_settlements(invoice)],
            [("payment", 985.0), ("write_off", 15.0)],
        )
        self.expense.receivable_reading = "cost"
        self.assertEqual([row[:2] for row in self._get_settlements(invoice)], [("payment", 1000.0)])
        self.expense.receivable_reading = "not_judged"
        self.assertEqual(
            [row[:2] for row in self._get_settlements(invoice)],
            [("cleared", 15.0), ("payment", 985.0)],
        )
        outstanding = payment.outstanding_account_id
        outstanding.receivable_reading = "loss"
        self.assertEqual(
            [row[:2] for row in self._get_settlements(invoice)],
            [("cleared", 15.0), ("write_off", 985.0)],
        )

    # Exchange and discount -----------------------------------------------------------------------

    def test_exchange_accounts_belong_to_what_else_settles(self):
        exchange = self.company.expense_currency_exchange_account_id
        invoice = self._create_invoice()
        entry = self._create_entry(
            (self.bank_account, None, 780.0),
            (exchange, None, 200.0),
            (self.expense, None, 20.0),
            (self.receivable, self.partner, -1000.0),
        )
        self._settle(invoice, entry)
        self._get_settlements(invoice)
        rows = self.env["account.receivable.settlement"].search([("invoice_id", "=", invoice.id)])
        # 200 of difference by 780 of money and 20 of loss.
        self.assertEqual(
            sorted((row.kind, row.settled_as, row.amount) for row in rows),
            [
                ("exchange", "payment", 195.0),
                ("exchange", "write_off", 5.0),
                ("payment", "payment", 780.0),
                ("write_off", "write_off", 20.0),
            ],
        )

    def test_exchange_by_itself_is_nobodys_money(self):
        exchange = self.company.expense_currency_exchange_account_id
        self.assertEqual(self._read_entry((exchange, None, 1000.0)), [("exchange", 1000.0)])
        settlement = self.env["account.receivable.settlement"].search(
            [("partner_id", "=", self.partner.id)]
        )
        self.assertEqual(settlement.settled_as, "cleared")

    def test_early_discount_account(self):
        discount = self.company.account_journal_early_pay_discount_loss_account_id
        self.assertEqual(
            self._read_entry((self.bank_account, None, 980.0), (discount, None, 20.0)),
            [("discount", 20.0), ("payment", 980.0)],
        )

    # Several invoices, several customers ---------------------------------------------------------

    def test_shares_add_up_over_all_invoices_of_an_entry(self):
        """A loss of 0.01 in one entry over three invoices is lost once."""
        invoices = self.env["account.move"]
        for _number in range(3):
            invoices |= self._create_invoice(33.33)
        entry = self._create_entry(
            (self.bank_account, None, 99.98),
            (self.expense, None, 0.01),
            *[(self.receivable, self.partner, -33.33)] * 3,
        )
        lines = entry.line_ids.filtered(lambda line: line.account_id == self.receivable)
        for invoice, line in zip(invoices, lines, strict=True):
            (
                invoice.line_ids.filtered(lambda item: item.account_id == self.receivable) | line
            ).reconcile()
        self.assertEqual(
            [row[:2] for row in self._get_settlements(invoices)],
            [("payment", 33.32), ("payment", 33.33), ("payment", 33.33), ("write_off", 0.01)],
        )

    def test_an_entry_of_several_customers_is_read_by_customer(self):
        """One has paid, the other's claim was given up."""
        invoices = self._create_invoice() | self._create_invoice(500.0, partner_id=self.other.id)
        entry = self._create_entry(
            (self.bank_account, self.partner, 1000.0),
            (self.expense, self.other, 500.0),
            (self.receivable, self.partner, -1000.0),
            (self.receivable, self.other, -500.0),
        )
        for partner in (self.partner, self.other):
            (
                (invoices | entry).line_ids.filtered(
                    lambda line, partner=partner: (
                        line.account_id == self.receivable and line.partner_id == partner
                    )
                )
            ).reconcile()
        self.assertEqual(
            [row[:2] for row in self._get_settlements(invoices[0])], [("payment", 1000.0)]
        )
        self.assertEqual(
            [row[:2] for row in self._get_settlements(invoices[1])], [("write_off", 500.0)]
        )
