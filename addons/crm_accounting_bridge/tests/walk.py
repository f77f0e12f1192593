import random

from odoo import Command, fields
from odoo.exceptions import UserError


class NothingToDoError(Exception):
    """There is no record yet that the operation could be done with."""


class Walk:
    """Companies' bookkeeping gone wild: random but repeatable operations on a few documents, by
    people in several time zones.
    """

    #: How often which operation is chosen.
    OPERATIONS = {
        "draft_invoice": 9,
        "draft_credit_note": 2,
        "post": 12,
        "pay_part": 9,
        "pay_several_with_write_off": 4,
        "unreconcile": 5,
        "credit_in_full": 3,
        "credit_in_part": 3,
        "match_credit_note": 5,
        "write_off_by_entry": 3,
        "bank_entry": 2,
        "entry_deleted": 2,
        "claims_moved": 5,
        "moved_claim_settled": 5,
        "bank_line": 5,
        "bank_line_matched": 6,
        "bank_line_undone": 3,
        "bank_line_deleted": 2,
        "pay_without_entry": 2,
        "payment_to_draft": 3,
        "payment_redated": 2,
        "payment_repost": 4,
        "payment_cancel": 1,
        "payment_deleted": 2,
        "to_draft": 4,
        "cancel": 2,
        "delete_draft": 2,
        "delete_posted": 2,
        "back_date": 2,
        "line_to_other_deal": 6,
        "document_to_other_deal": 2,
        "merge_deals": 1,
        "delete_deal": 1,
        "change_due_date": 3,
        "dispute": 2,
        "time_passes": 4,
    }

    def __init__(self, test, seed, frozen):
        self.test = test
        self.random = random.Random(seed)
        self.frozen = frozen
        self.seed = seed
        self.history = []
        self.user = test.env.user
        self.deals = test.env["crm.lead"]
        self.documents = test.env["account.move"]
        self.entries = test.env["account.move"]
        self.bank_lines = test.env["account.bank.statement.line"]
        for _number in range(4):
            self._new_deal(test.company)
        for company in (test.company_2, test.env["res.company"], test.env["res.company"]):
            self._new_deal(company)

    # The walk --------------------------------------------------------------------------------

    def transaction(self):
        """Some operations and the end of the transaction, which may refuse them all."""
        before, number = self._records(), len(self.history)
        self._act_as(self.random.choice(self.test.users))
        try:
            with self.test.env.cr.savepoint():
                for _number in range(self.random.choice([1, 1, 2, 3, 4])):
                    self._operate()
                self.test._flush()
        except UserError as error:
            self._remember(before)
            self.history[number:] = [f"{line} | refused: {error}" for line in self.history[number:]]
        self.test._flush()

    def step(self):
        """One operation in a transaction of its own."""
        self._act_as(self.random.choice(self.test.users))
        self._operate(self.test._flush)
        self.test._flush()

    def _act_as(self, user):
        self.user = user

    def _operate(self, end=None):
        """One operation; Odoo may refuse it, but there must be something to do it with."""
        while True:
            name = self.random.choices(list(self.OPERATIONS), list(self.OPERATIONS.values()))[0]
            self.history.append(name)
            try:
                with self.test.env.cr.savepoint():
                    getattr(self, name)()
                    if end:
                        end()
            except NothingToDoError:
                self.history.pop()
                continue
            except UserError as error:
                self._note(f"refused: {error}")
            self._remember(self._records())
            break

    def _records(self):
        return self.deals, self.documents, self.entries, self.bank_lines

    def _remember(self, records):
        """What there is to work with; what was deleted, or not made in the end, is not."""
        self.deals, self.documents, self.entries, self.bank_lines = (
            record.exists() for record in records
        )

    @property
    def env(self):
        """The environment of whoever is at work."""
        return self.test.env(user=self.user.id)

    def _note(self, text):
        self.history[-1] += f" | {text}"

    def _new_deal(self, company):
        self.deals |= self.test._create_deal(
            f"Deal {len(self.deals) + 1}", company_id=company.id
        ).with_context(active_test=False)

    def _choose(self, records):
        """One of the records, or end of this operation."""
        if not records:
            raise NothingToDoError
        record = self.random.choice(records.sorted("id"))
        self._note(f"{record._name}({record.id})")
        return record.with_user(self.user)

    def _posted(self, *types):
        return self.documents.filtered(
            lambda move: move.state == "posted" and (not types or move.move_type in types)
        )

    def _open_invoices(self):
        return self._posted("out_invoice", "out_receipt").filtered(
            lambda move: move.amount_residual > 0 and move.payment_state != "blocked"
        )

    def _choose_deal(self, company):
        deals = self.deals.filtered(lambda deal: deal.company_id in (company, company.browse()))
        return self.random.choice([*deals.sorted("id"), deals.browse()])

    def _amount(self):
        return self.random.choice([100.0, 33.33, 0.05, 250.0, 19.99, 1234.56, 66.67])

    def _some_date(self):
        return fields.Date.subtract(fields.Date.today(), days=self.random.randint(0, 60))

    # Documents -------------------------------------------------------------------------------

    def draft_invoice(self):
        self._draft(self.random.choice(["out_invoice"] * 4 + ["out_receipt"]))

    def draft_credit_note(self):
        self._draft("out_refund")

    def _draft(self, move_type):
        company = self.random.choice([self.test.company] * 3 + [self.test.company_2])
        currency = self.random.choice([company.currency_id] * 3 + [self.test.foreign_currency])
        date = self._some_date()
        lines = [
            (self._amount(), self._choose_deal(company))
            for _number in range(self.random.randint(1, 4))
        ]
        if move_type == "out_invoice" and len(lines) > 2 and self.random.random() < 0.2:
            # A down payment is taken off again.
            lines.append((-lines[0][0] / 2, lines[0][1]))
        taxes = self.test.tax_by_company[company] if self.random.random() < 0.5 else False
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": move_type,
                    "partner_id": self.test.partner.id,
                    "invoice_date": date,
                    "date": date,
                    "currency_id": currency.id,
                    "invoice_payment_term_id": self.random.choice(
                        [False] * 5 + self.test.terms.sorted("id").ids
                    ),
                    "invoice_date_due": fields.Date.add(date, days=self.random.randint(-5, 60)),
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Line",
                                "price_unit": amount,
                                "tax_ids": [Command.set(taxes.ids if taxes else [])],
                                "opportunity_id": deal.id,
                            }
                        )
                        for amount, deal in lines
                    ],
                }
            )
        )
        self.documents |= move
        self._note(
            f"{move_type}({move.id}) {company.name} {currency.name} {date}"
            f" {[(amount, deal.id) for amount, deal in lines]} taxes={bool(taxes)}"
        )
        if self.random.random() < 0.7:
            move.action_post()

    def post(self):
        drafts = self.documents.filtered(lambda move: move.state == "draft")
        self._choose(drafts).action_post()

    def to_draft(self):
        self._choose(self._posted()).button_draft()

    def cancel(self):
        move = self._choose(self._posted())
        move.button_draft()
        move.button_cancel()

    def delete_draft(self):
        self._choose(
            self.documents.filtered(lambda move: move.state == "draft" and not move.posted_before)
        ).unlink()

    def delete_posted(self):
        move = self._choose(self._posted())
        move.button_draft()
        move.unlink()

    def back_date(self):
        move = self._choose(self._posted())
        date = self._some_date()
        self._note(f"to {date}")
        move.button_draft()
        move.write({"invoice_date": date, "date": date})
        move.action_post()

    def change_due_date(self):
        move = self._choose(self._posted())
        line = self._choose(
            move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        )
        line.date_maturity = fields.Date.add(fields.Date.today(), days=self.random.randint(-40, 40))

    def dispute(self):
        self._choose(self._posted()).action_toggle_block_payment()

    # Settling --------------------------------------------------------------------------------

    def _register(self, moves, **values):
        wizard = (
            self.env["account.payment.register"]
            .with_company(moves.company_id)
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"payment_date": self._some_date(), **values})
        )
        return wizard._create_payments()

    def pay_part(self):
        move = self._choose(self._open_invoices())
        part = self.random.choice([0.3, 0.5, 1, 1, 1.1])
        amount = move.currency_id.round(move.amount_residual * part) or move.amount_residual
        currency = self.random.choice([move.currency_id] * 3 + [move.company_currency_id])
        self._note(f"{amount} of {move.currency_id.name} in {currency.name}")
        self._register(move, amount=amount, currency_id=currency.id)

    def pay_several_with_write_off(self):
        move = self._choose(self._open_invoices())
        moves = self._open_invoices().filtered(
            lambda other: (
                other.company_id == move.company_id
                and other.currency_id == move.currency_id
                and (other.move_type == "out_receipt") == (move.move_type == "out_receipt")
            )
        )[:3]
        total = sum(moves.mapped("amount_residual"))
        amount = move.currency_id.round(total * self.random.choice([0.98, 0.9, 1.05]))
        account = self.test.accounts_by_company[move.company_id]["default_account_expense"]
        self._note(f"{moves.ids}: {amount} of {total}")
        self._register(
            moves,
            group_payment=True,
            amount=amount,
            payment_difference_handling="reconcile",
            writeoff_account_id=account.id,
        )

    def unreconcile(self):
        lines = self._posted().line_ids.filtered(
            lambda line: line.matched_credit_ids or line.matched_debit_ids
        )
        line = self._choose(lines)
        partial = self._choose(line.matched_credit_ids | line.matched_debit_ids)
        partial.unlink()

    def write_off_by_entry(self):
        self._entry("default_account_expense")

    def bank_entry(self):
        self._entry("bank")

    def _entry(self, account_name):
        move = self._choose(self._open_invoices())
        data = self.test.accounts_by_company[move.company_id]
        if account_name == "bank":
            account = data["default_journal_bank"].default_account_id
        else:
            account = data[account_name]
        line = move.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        )[:1]
        amount = move.company_currency_id.round(
            line.amount_residual * self.random.choice([0.4, 1, 1])
        )
        entry = (
            self.env["account.move"]
            .with_company(move.company_id)
            .create(
                {
                    "move_type": "entry",
                    "date": self._some_date(),
                    "journal_id": data["default_journal_misc"].id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": line.account_id.id,
                                "partner_id": line.partner_id.id,
                                "credit": amount,
                            }
                        ),
                        Command.create({"account_id": account.id, "debit": amount}),
                    ],
                }
            )
        )
        self.entries |= entry
        entry.action_post()
        (line | entry.line_ids.filtered("credit")).reconcile()

    def claims_moved(self):
        """A slip of bills: claims of some invoices go to another account, in full or in part."""
        move = self._choose(self._open_invoices())
        moves = self._open_invoices().filtered(lambda other: other.company_id == move.company_id)
        lines = (move | moves[: self.random.randint(0, 2)]).line_ids.filtered(
            lambda line: line.display_type == "payment_term" and line.amount_residual > 0
        )
        part = self.random.choice([1, 1, 0.5])
        amounts = {
            line: move.company_currency_id.round(line.amount_residual * part) for line in lines
        }
        data = self.test.accounts_by_company[move.company_id]
        self._note(f"{lines.move_id.ids}: {sum(amounts.values())}")
        slip = (
            self.env["account.move"]
            .with_company(move.company_id)
            .create(
                {
                    "move_type": "entry",
                    "date": self._some_date(),
                    "journal_id": data["default_journal_misc"].id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": self.test.portfolio_by_company[move.company_id].id,
                                "partner_id": move.partner_id.id,
                                "debit": sum(amounts.values()),
                            }
                        ),
                        *(
                            Command.create(
                                {
                                    "account_id": line.account_id.id,
                                    "partner_id": line.partner_id.id,
                                    "credit": amount,
                                    "name": str(line.id),
                                }
                            )
                            for line, amount in amounts.items()
                        ),
                    ],
                }
            )
        )
        self.entries |= slip
        slip.action_post()
        for item in slip.line_ids.filtered("credit"):
            (item | lines.filtered(lambda line, item=item: str(line.id) == item.name)).reconcile()

    def moved_claim_settled(self):
        """By the bank, or given up."""
        line = self._choose(
            self.entries.line_ids.filtered(
                lambda line: (
                    line.account_id in self.test.portfolio_by_company.values()
                    and line.parent_state == "posted"
                    and line.amount_residual > 0
                )
            )
        )
        data = self.test.accounts_by_company[line.company_id]
        account = self.random.choice(
            [data["default_journal_bank"].default_account_id] * 3
            + [data["default_account_expense"]]
        )
        amount = line.company_currency_id.round(
            line.amount_residual * self.random.choice([0.4, 1, 1])
        )
        entry = (
            self.env["account.move"]
            .with_company(line.company_id)
            .create(
                {
                    "move_type": "entry",
                    "date": self._some_date(),
                    "journal_id": data["default_journal_misc"].id,
                    "line_ids": [
                        Command.create({"account_id": account.id, "debit": amount}),
                        Command.create(
                            {
                                "account_id": line.account_id.id,
                                "partner_id": line.partner_id.id,
                                "credit": amount,
                            }
                        ),
                    ],
                }
            )
        )
        self.entries |= entry
        entry.action_post()
        (line | entry.line_ids.filtered("credit")).reconcile()

    def entry_deleted(self):
        entry = self._choose(self.entries)
        entry.button_draft()
        entry.unlink()

    # The bank --------------------------------------------------------------------------------

    def bank_line(self):
        """Money that arrives (or leaves) without anybody knowing what for."""
        company = self.random.choice([self.test.company] * 3 + [self.test.company_2])
        owed = self._open_invoices().filtered(lambda move: move.company_id == company)
        amounts = [*owed.sorted("id").mapped("amount_residual_signed"), self._amount()]
        amount = self.random.choice(amounts)
        data = self.test.accounts_by_company[company]
        self._note(f"{amount} to {company.name}")
        self.bank_lines |= (
            self.env["account.bank.statement.line"]
            .with_company(company)
            .create(
                {
                    "journal_id": data["default_journal_bank"].id,
                    "partner_id": self.test.partner.id,
                    "payment_ref": "Transfer",
                    "amount": self.random.choice([amount, amount, -amount]),
                    "date": self._some_date(),
                }
            )
        )

    def bank_line_matched(self):
        """Put on the customer's account, maybe with a fee, and mostly matched with an invoice."""
        line = self._choose(self.bank_lines)
        _liquidity, suspense, _other = line._seek_for_lines()
        if not suspense:
            raise NothingToDoError
        data = self.test.accounts_by_company[line.company_id]
        is_received = suspense.balance < 0  # it will be gone
        fee = self.random.choice(
            [0.0, 0.0, line.company_currency_id.round(suspense.balance * 0.05)]
        )
        parts = [
            (data["default_account_receivable"], suspense.balance + fee, self.test.partner.id),
            (data["default_account_expense"], -fee, False),
        ]
        line.with_context(force_delete=True, skip_readonly_check=True).write(
            {
                "line_ids": [Command.delete(suspense.id)]
                + [
                    Command.create(
                        {"account_id": account.id, "partner_id": partner_id, "balance": balance}
                    )
                    for account, balance, partner_id in parts
                    if balance
                ]
            }
        )
        owed = self._open_invoices().filtered(lambda move: move.company_id == line.company_id)
        if owed and is_received and self.random.random() < 0.8:
            invoice = self._choose(owed)
            (line.line_ids | invoice.line_ids).filtered(
                lambda item: (
                    item.account_id == data["default_account_receivable"] and not item.reconciled
                )
            ).reconcile()

    def bank_line_undone(self):
        self._choose(self.bank_lines).action_undo_reconciliation()

    def bank_line_deleted(self):
        self._choose(self.bank_lines).unlink()

    # Credit notes ----------------------------------------------------------------------------

    def credit_in_full(self):
        move = self._choose(self._posted("out_invoice"))
        self.documents |= move._reverse_moves([{"invoice_date": self._some_date()}], cancel=True)

    def credit_in_part(self):
        move = self._choose(self._posted("out_invoice"))
        refund = move._reverse_moves([{"invoice_date": self._some_date()}])
        self.documents |= refund
        lines = refund.invoice_line_ids
        if len(lines) > 1:
            self._choose(lines).unlink()
        refund.invoice_line_ids[0].quantity = self.random.choice([0.25, 1, 1])
        if refund.amount_total <= 0:
            raise NothingToDoError
        refund.action_post()

    def match_credit_note(self):
        refund = self._choose(
            self._posted("out_refund").filtered(lambda move: move.amount_residual > 0)
        )
        move = self._choose(
            self._posted("out_invoice", "out_receipt").filtered(
                lambda move: move.amount_residual > 0 and move.company_id == refund.company_id
            )
        )
        (refund | move).line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        ).reconcile()

    # Payments --------------------------------------------------------------------------------

    def _payments(self, state):
        return (
            self.env["account.payment"]
            .search([("partner_id", "=", self.test.partner.id)])
            .filtered(lambda payment: payment.move_id.state == state)
        )

    def payment_to_draft(self):
        self._choose(self._payments("posted")).action_draft()

    def payment_redated(self):
        self._choose(self._payments("draft")).date = self._some_date()

    def payment_repost(self):
        self._choose(self._payments("draft")).action_post()

    def payment_cancel(self):
        self._choose(self._payments("draft")).action_cancel()

    def payment_deleted(self):
        payment = self._choose(self._payments("posted"))
        payment.action_draft()
        payment.unlink()

    def pay_without_entry(self):
        """As with an accounting app installed, where payments may await the bank statement."""
        move = self._choose(self._open_invoices())
        methods = self.env["account.payment.method.line"].search([])
        accounts = {method: method.payment_account_id for method in methods}
        self.test._pay_without_entry(
            move.with_company(move.company_id),
            move.currency_id.round(move.amount_residual * self.random.choice([0.5, 1])),
            date=self._some_date(),
        )
        for method, account in accounts.items():
            method.payment_account_id = account

    # Deals -----------------------------------------------------------------------------------

    def line_to_other_deal(self):
        move = self._choose(self.documents)
        line = self._choose(move.invoice_line_ids)
        line.opportunity_id = self._choose_deal(move.company_id)
        self._note(f"to {line.opportunity_id}")

    def document_to_other_deal(self):
        move = self._choose(self.documents)
        move.opportunity_id = self._choose_deal(move.company_id)
        self._note(f"to {move.opportunity_id}")

    def merge_deals(self):
        deal = self._choose(self.deals)
        same = self.deals.filtered(lambda other: other.company_id == deal.company_id)
        if len(same) > 1:
            same.sorted("id")[:2].with_user(self.user).merge_opportunity(auto_unlink=True)
            self._new_deal(deal.company_id)

    def delete_deal(self):
        deal = self._choose(self.deals)
        self._new_deal(deal.company_id)
        deal.unlink()

    def time_passes(self):
        self.test._flush()
        self.frozen.tick(60 * 60 * self.random.choice([3, 7, 24, 100, 240, 480]))
        with self.test.enter_registry_test_mode():
            self.test.env.ref(
                "crm_accounting_bridge.ir_cron_refresh_overdue"
            ).sudo().method_direct_trigger()
        self.test.env.invalidate_all()
