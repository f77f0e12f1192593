import random
import traceback
from fractions import Fraction

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.account_receivable_settlement.tests.plain_books import cents

from .common import BridgeCommon
from .plain_deals import PlainDeals

FIGURES = {
    "invoiced_total": "invoiced",
    "credited_total": "credited",
    "paid_total": "paid",
    "discount_total": "discount",
    "written_off_total": "written_off",
    "due_total": "due",
    "overdue_total": "overdue",
    "invoiced_untaxed": "untaxed",
}
DATES = ("first_invoice_date", "next_due_date", "last_payment_date", "paid_date")


class NothingToDoError(Exception):
    """There is no record yet that the operation could be done with."""


class Walk:
    """A company's bookkeeping gone wild: random but repeatable operations on a few documents."""

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
        "payment_to_draft": 3,
        "payment_redated": 2,
        "payment_repost": 4,
        "payment_cancel": 1,
        "to_draft": 4,
        "cancel": 2,
        "delete_draft": 2,
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
        self.deals = test.env["crm.lead"]
        self.documents = test.env["account.move"]
        for _number in range(4):
            self._new_deal(test.company)
        for company in (test.company_2, test.env["res.company"], test.env["res.company"]):
            self._new_deal(company)

    # The walk --------------------------------------------------------------------------------

    def step(self):
        """One operation; Odoo may refuse it, but there must be something to do it with."""
        while True:
            name = self.random.choices(list(self.OPERATIONS), list(self.OPERATIONS.values()))[0]
            self.history.append(name)
            try:
                with self.test.env.cr.savepoint():
                    getattr(self, name)()
                    self.test._flush()
            except NothingToDoError:
                self.history.pop()
                continue
            except UserError as error:
                self._note(f"refused: {error}")
            break
        self.deals = self.deals.exists()
        self.documents = self.documents.exists()
        self.test._flush()

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
        return record

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
            self.test.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": move_type,
                    "partner_id": self.test.partner.id,
                    "invoice_date": date,
                    "date": date,
                    "currency_id": currency.id,
                    "invoice_payment_term_id": (
                        self.random.random() < 0.3 and self.test.instalment_terms.id
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
        self._choose(self.documents.filtered(lambda move: move.state == "draft")).action_post()

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
            self.test.env["account.payment.register"]
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
            self.test.env["account.move"]
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
        entry.action_post()
        (line | entry.line_ids.filtered("credit")).reconcile()

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
            self.test.env["account.payment"]
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
            same.sorted("id")[:2].merge_opportunity(auto_unlink=True)
            self._new_deal(deal.company_id)

    def delete_deal(self):
        deal = self._choose(self.deals)
        self._new_deal(deal.company_id)
        deal.unlink()

    def time_passes(self):
        self.frozen.tick(60 * 60 * 24 * self.random.randint(1, 20))
        with self.test.enter_registry_test_mode():
            self.test.env.ref(
                "crm_accounting_bridge.ir_cron_refresh_overdue"
            ).sudo().method_direct_trigger()
        self.test.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestRandomWalk(BridgeCommon):
    """Whatever is done in accounting, the deals' figures equal the books read plainly."""

    STEPS = 105

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.currency.rate"].sudo().search([]).unlink()
        cls.other_currency = cls.setup_other_currency("EUR", rates=[])
        cls.foreign_currency = cls.setup_other_currency("GBP", rates=[])
        for currency, rates in (
            (cls.other_currency, (("2000-01-01", 0.9), ("2024-05-15", 0.8), ("2024-06-20", 0.95))),
            (
                cls.foreign_currency,
                (("2000-01-01", 0.7), ("2024-05-10", 0.77), ("2024-07-01", 0.5)),
            ),
        ):
            for date, rate in rates:
                cls.env["res.currency.rate"].create(
                    {"currency_id": currency.id, "name": date, "rate": rate, "company_id": False}
                )
        data_2 = cls.setup_other_company(name="Second Company", currency_id=cls.other_currency.id)
        cls.company_2 = data_2["company"]
        cls.accounts_by_company = {cls.company: cls.company_data, cls.company_2: data_2}
        cls.tax_by_company = {
            company: cls.env["account.tax"]
            .with_company(company)
            .create({"name": "Seven", "amount": 7.7, "company_id": company.id})
            for company in (cls.company, cls.company_2)
        }
        cls.instalment_terms = cls.env["account.payment.term"].create(
            {
                "name": "30/70",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 45}),
                ],
            }
        )

    def test_walk_1(self):
        self._walk(1)

    def test_walk_2(self):
        self._walk(2)

    def test_walk_3(self):
        self._walk(3)

    def test_walk_4(self):
        self._walk(4)

    def test_walk_5(self):
        self._walk(5)

    def _walk(self, seed):
        with freeze_time("2024-06-01 12:00:00") as frozen:
            walk = Walk(self, seed, frozen)
            for number in range(self.STEPS):
                if number % 20 == 0:
                    # What autovacuum does for committed rows: the planner takes the books for
                    # empty otherwise, and each step takes longer.
                    self.env.flush_all()
                    self.env.cr.execute(
                        "ANALYZE account_move, account_move_line, account_partial_reconcile,"
                        " account_payment"
                    )
                try:
                    walk.step()
                    self._check(walk)
                except Exception:
                    history = "\n".join(f"{i}: {line}" for i, line in enumerate(walk.history))
                    self.fail(f"seed {seed}, step {number}\n{traceback.format_exc()}\n{history}")
            refused = sum("refused" in line for line in walk.history)
            self.assertLess(refused, self.STEPS / 3, "most operations must go through")

    def _check(self, walk):
        plain = PlainDeals(self.env)
        fresh = walk.deals._get_billing_figures()
        for deal in walk.deals:
            self._check_deal(deal, plain, fresh.get(deal.id, {}))
        self._check_sums(walk, plain)

    def _check_deal(self, deal, plain, fresh):
        expected = plain.figures(deal)
        currency = deal.billing_currency_id
        for name in FIGURES:
            self.assertEqual(
                currency.compare_amounts(deal[name], fresh.get(name, 0.0)),
                0,
                f"{name} of {deal}: stored {deal[name]}, now {fresh.get(name)}",
            )
        self.assertEqual(
            currency.compare_amounts(
                deal.invoiced_total,
                deal.paid_total + deal.discount_total + deal.written_off_total + deal.due_total,
            ),
            0,
            f"identity of {deal}",
        )
        if not expected:
            self.assertFalse(any(deal[name] for name in FIGURES), f"{deal} without document")
            return
        self.assertEqual(currency, expected["currency"])
        # Each boundary between two deals or components is rounded: paid, the rest, has two.
        tolerance = Fraction(2 * expected["documents"], 100)
        for name, plain_name in FIGURES.items():
            self.assertLessEqual(
                abs(Fraction(deal[name]) - expected[plain_name]),
                tolerance,
                f"{name} of {deal}: {deal[name]}, plainly {float(expected[plain_name])}",
            )
        if status := not expected["is_uncertain"] and plain.status(expected):
            self.assertEqual(deal.billing_status, status, f"status of {deal}")
            for name in DATES:
                self.assertEqual(deal[name], expected[name], f"{name} of {deal}")

    def _check_sums(self, walk, plain):
        """Deals that share documents with each other only add up to the documents exactly."""
        left = set(walk.deals.ids)
        while left:
            group, documents = self._get_group(walk.deals.browse(left.pop()), walk)
            left -= set(group.ids)
            if len(group.billing_currency_id) != 1 or any(
                line.display_type == "product" and not line.opportunity_id
                for line in documents.line_ids
            ):
                continue
            if documents and documents.company_currency_id != group.billing_currency_id:
                continue
            figures = [plain.figures(deal) or {} for deal in group]
            for name, plain_name in FIGURES.items():
                expected = sum(figure.get(plain_name, 0) for figure in figures)
                if name == "invoiced_untaxed":
                    continue
                self.assertEqual(
                    cents(Fraction(sum(group.mapped(name))), group.billing_currency_id),
                    cents(expected, group.billing_currency_id),
                    f"sum of {name} of {group}",
                )

    def _get_group(self, deals, walk):
        while True:
            documents = deals.sudo().billing_line_ids.move_id.filtered(
                lambda move: move.state == "posted"
            )
            more = documents.line_ids.opportunity_id
            if more <= deals:
                return deals, documents
            deals |= more
