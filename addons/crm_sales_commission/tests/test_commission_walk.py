import logging
import os
import random
from collections import defaultdict
from fractions import Fraction

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CommissionCommon

_logger = logging.getLogger(__name__)

RATE = Fraction(1, 10)
CENT = Fraction(1, 100)


def exact(amount):
    return Fraction(str(round(amount, 2)))


class PlainCommission:
    """Commission of each document recomputed plainly, record by record."""

    def __init__(self, test):
        self.env = test.env(su=True)
        self.plan = test.plan

    def earned(self, document):
        """Per person, of 10 % of what was paid."""
        result = defaultdict(Fraction)
        for deal, base in self.paid(document).items():
            seller = self.get_seller(document, deal)
            for user, share in self.shares(deal, seller).items():
                result[user] += base * share * RATE
        return result

    def get_seller(self, document, deal):
        return (
            deal.user_id or document.reversed_entry_id.invoice_user_id or document.invoice_user_id
        )

    def credited(self, document):
        """What credit notes take off, on both documents, without being earned on either."""
        if document.state != "posted":
            return Fraction(0)
        return sum(
            piece
            for kind, amount, other in self.settlements(document)
            if kind == "note"
            for deal, piece, is_own in self.noted(document, amount, other)
            if not deal or (is_own and other.state != "posted")
        )

    def shares(self, deal, seller):
        rows = self.plan.assignment_ids
        agreed = rows.filtered(lambda row: row.sales_of == "deal" and row.lead_id == deal)
        chosen = agreed if deal and agreed else rows.filtered(lambda row: row.sales_of == "own")
        result = defaultdict(Fraction)
        for row in chosen:
            if row.sales_of == "deal" or row.user_id == seller:
                result[row.user_id] += exact(row.share) / 100
        return result

    def deals(self, document):
        """The document's amounts by deal; credit notes are negative."""
        result = defaultdict(Fraction)
        for line in document.invoice_line_ids:
            result[line.opportunity_id] -= exact(line.balance)
        return result

    def paid(self, document):
        """By deal: what was paid, and taken off by credit notes of the deal itself."""
        if document.state != "posted":
            return {}
        rest, paid = self.deals(document), defaultdict(Fraction)
        shared = Fraction(0)
        for kind, amount, other in self.settlements(document):
            if kind == "money":
                shared += amount
            elif kind == "note":
                for deal, piece, is_own in self.noted(document, amount, other):
                    if deal and not is_own:
                        # Other deals' credit notes are like money.
                        shared += piece
                    elif is_own:
                        rest[deal] -= piece
                    if deal and is_own and other.state == "posted":
                        paid[deal] += piece
        self.distribute(shared, rest, paid)
        return paid

    def distribute(self, shared, rest, paid):
        """Money pays what credit notes leave; of nothing in all, deals pay each other."""
        total = sum(rest.values())
        for deal, amount in rest.items():
            if total:
                paid[deal] += shared * amount / total
            elif deal:
                paid[deal] += amount

    def noted(self, document, amount, other):
        """What a credit note takes off by deal, and whether that concerns this deal only."""
        is_note = document.move_type == "out_refund"
        note, invoice = (document, other) if is_note else (other, document)
        amounts, invoiced = self.deals(note), self.deals(invoice)
        total = sum(amounts.values())
        for deal, part in amounts.items():
            yield deal, amount * part / total, deal in invoiced if deal else is_note

    def settlements(self, document):
        """Kind, amount in the document's own sign, and the other document."""
        sign = -1 if document.move_type == "out_refund" else 1
        lines = document.line_ids.filtered(lambda line: line.display_type == "payment_term")
        for line in lines:
            for partial in line.matched_credit_ids | line.matched_debit_ids:
                other = (partial.debit_move_id | partial.credit_move_id) - line
                amount = sign * exact(partial.amount)
                if other.display_type == "payment_term":
                    yield "note", amount, other.move_id
                elif other.payment_id:
                    loss = sum(
                        exact(item.balance)
                        for item in other.move_id.line_ids
                        if item.account_id.account_type == "expense"
                    )
                    whole = -exact(other.balance)
                    yield "money", amount * (whole - loss) / whole, other.move_id
                else:
                    yield "loss", amount, other.move_id


@tagged("post_install", "-at_install")
class TestCommissionWalk(CommissionCommon):
    """In any order, the sum of events is what a plain recomputation says."""

    STEPS = 50

    OPERATIONS = {
        "invoice": 10,
        "pay": 12,
        "pay_with_write_off": 3,
        "unreconcile": 6,
        "credit_note": 4,
        "credit_note_without_deal": 3,
        "bad_debt": 2,
        "to_draft": 3,
        "post_again": 5,
        "other_salesperson": 4,
        "other_deal_salesperson": 4,
        "split": 3,
        "rerun": 1,
        "statements": 4,
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.assignment_ids.copy({"user_id": cls.ann.id})
        cls.deals = cls._create_deal("A", user_id=cls.sam.id)
        cls.deals |= cls._create_deal("B", user_id=cls.ann.id)
        cls.deals |= cls._create_deal("C", user_id=False)
        cls.documents = cls.env["account.move"]
        cls.expense = cls.company_data["default_account_expense"]

    def test_walk(self):
        seeds = os.environ.get("COMMISSION_WALK_SEEDS", "1,2").split(",")
        for seed in seeds:
            with self.subTest(seed=seed), freeze_time("2024-06-15"):
                self._walk(int(seed))

    def _walk(self, seed):
        self.random = random.Random(seed)
        self.history = []
        names, weights = list(self.OPERATIONS), list(self.OPERATIONS.values())
        for step in range(self.STEPS):
            name = self.random.choices(names, weights)[0]
            try:
                with self.env.cr.savepoint():
                    done = getattr(self, f"_do_{name}")()
            except UserError as error:
                done = f"refused: {error}"
            self.history.append(f"{name} {done}")
            if step % 3 == 2:
                self._follow()
                self._check()

    def _check(self):
        plain = PlainCommission(self)
        rows = self.env["crm.commission.event"]._read_group(
            [("plan_id", "=", self.plan.id), ("kind", "=", "earned")],
            ["move_key", "user_id"],
            ["amount:sum"],
        )
        booked = {(key, user): exact(amount) for key, user, amount in rows}
        wanted = {}
        for document in self.documents.exists():
            for user, amount in plain.earned(document).items():
                wanted[document.id, user] = amount
        for key in booked.keys() | wanted.keys():
            difference = booked.get(key, Fraction(0)) - wanted.get(key, Fraction(0))
            # Each deal of a document is rounded by itself, as its shares are.
            if abs(difference) > 2 * CENT:
                _logger.info("\n".join(self.history))
                move = self.env["account.move"].browse(key[0])
                self.fail(f"{move.name} {key}: {float(difference)} too much")
        self._check_identity(plain)
        statements = self.env["crm.commission.statement"].search([("state", "!=", "draft")])
        for statement in statements:
            self.assertAlmostEqual(
                statement.earned_amount, sum(statement.event_ids.mapped("amount")), 2
            )

    def _check_identity(self, plain):
        """Base net of credits = earned + open + lost, and so is the commission on it."""
        sellers = {self.sam, self.ann}
        rows = self.env["crm.commission.event"]._read_group(
            [("plan_id", "=", self.plan.id)], ["move_key"], ["base:sum", "amount:sum"]
        )
        booked = {key: (exact(base), exact(amount)) for key, base, amount in rows}
        for document in self.documents.exists():
            deals = plain.deals(document)
            if {plain.get_seller(document, deal) for deal in deals} - sellers:
                continue
            net = sum(deals.values()) - plain.credited(document)
            if document.state != "posted":
                net = Fraction(0)
            base, amount = booked.get(document.id, (Fraction(0), Fraction(0)))
            # One cent for each deal and person.
            self.assertLessEqual(abs(base - net), 6 * CENT, document.name)
            self.assertLessEqual(abs(amount - net * RATE), 6 * CENT, document.name)

    # Operations --------------------------------------------------------------------------------

    def _choose(self, records):
        return records and self.random.choice(records)

    def _amount(self):
        return self.random.choice([100.0, 333.33, 1000.0, 77.77, 250.5])

    def _get_open(self):
        return self.documents.exists().filtered(
            lambda move: (
                move.state == "posted" and move.move_type == "out_invoice" and move.amount_residual
            )
        )

    def _date(self, value=None):
        if value:
            return super()._date(value)
        return f"2024-0{self.random.randint(1, 5)}-1{self.random.randint(0, 9)}"

    def _do_invoice(self):
        deals = self.random.sample([None, *self.deals], self.random.choice([1, 1, 2, 3]))
        invoice = self._create_deal_invoice(
            [(self._amount(), deal) for deal in deals],
            date=self._date(),
            invoice_user_id=self.random.choice(self.sam | self.ann).id,
        )
        type(self).documents |= invoice
        return invoice.name

    def _do_pay(self):
        if invoice := self._choose(self._get_open()):
            amount = round(invoice.amount_residual * self.random.choice([0.3, 0.5, 1, 1]), 2)
            self._pay(invoice, amount, date=self._date())
            return f"{invoice.name} {amount}"
        return None

    def _do_pay_with_write_off(self):
        if invoice := self._choose(self._get_open()):
            self._pay(
                invoice,
                round(invoice.amount_residual * 0.9, 2),
                date=self._date(),
                payment_difference_handling="reconcile",
                writeoff_account_id=self.expense.id,
            )
            return invoice.name
        return None

    def _do_bad_debt(self):
        if invoice := self._choose(self._get_open()):
            receivable = invoice.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            ).account_id
            entry = self._create_entry(
                (self.expense, self.partner, 50.0), (receivable, self.partner, -50.0)
            )
            self._settle(invoice, entry)
            return invoice.name
        return None

    def _do_unreconcile(self):
        if document := self._choose(self.documents.exists()):
            lines = document.line_ids.filtered(lambda line: line.display_type == "payment_term")
            if partial := self._choose(lines.matched_credit_ids | lines.matched_debit_ids):
                partial.unlink()
            return document.name
        return None

    def _do_credit_note(self):
        invoices = self.documents.exists().filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice"
        )
        if invoice := self._choose(invoices):
            note = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
            if self.random.random() < 0.6:
                note.invoice_line_ids[0].price_unit /= 2
            note.action_post()
            type(self).documents |= note
            return f"{invoice.name} by {note.name}"
        return None

    def _do_credit_note_without_deal(self):
        if invoice := self._choose(self._get_open()):
            note = self._create_document(
                [{"price_unit": self._amount()}],
                move_type="out_refund",
                date="2024-05-20",
                invoice_user_id=self.env.uid,
            )
            self._settle(invoice, note)
            type(self).documents |= note
            return f"{invoice.name} by {note.name}"
        return None

    def _do_to_draft(self):
        posted = self.documents.exists().filtered(lambda move: move.state == "posted")
        if document := self._choose(posted):
            document.button_draft()
            return document.display_name
        return None

    def _do_post_again(self):
        drafts = self.documents.exists().filtered(lambda move: move.state == "draft")
        if document := self._choose(drafts):
            document.action_post()
            return document.name
        return None

    def _do_other_salesperson(self):
        if document := self._choose(self.documents.exists()):
            document.invoice_user_id = self.random.choice(self.sam | self.ann)
            return document.display_name
        return None

    def _do_other_deal_salesperson(self):
        deal = self._choose(self.deals)
        deal.user_id = self.random.choice([self.sam, self.ann, self.env["res.users"]])
        return f"{deal.name} {deal.user_id.login}"

    def _do_split(self):
        deal = self._choose(self.deals)
        self.plan.assignment_ids.filtered(lambda row: row.lead_id == deal).unlink()
        share = self.random.choice([0, 25, 50])
        if share:
            self.plan.write(
                {
                    "assignment_ids": [
                        Command.create(
                            {
                                "user_id": user.id,
                                "sales_of": "deal",
                                "lead_id": deal.id,
                                "share": part,
                            }
                        )
                        for user, part in ((self.sam, share), (self.ann, 100 - share))
                    ]
                }
            )
        return f"{deal.name} {share}"

    def _do_rerun(self):
        self.env["crm.commission.event"]._collect_everything(self.company)

    def _do_statements(self):
        self._follow()
        statements = self.env["crm.commission.statement"]
        statements.action_create_drafts()
        drafts = statements.search([("state", "=", "draft"), ("date_to", "<", "2024-06-01")])
        drafts.action_confirm()
        return len(drafts)
