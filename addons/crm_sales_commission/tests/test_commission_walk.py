import os
import random
import traceback
from collections import defaultdict
from fractions import Fraction
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.account_receivable_settlement.plain_books import exact

from ..models import crm_commission_event, crm_sales_credit
from ..plain_commission import CENT, KINDS, NOTHING, PlainCommission
from .common import CommissionCommon


class NothingToDoError(Exception):
    """There is no record yet that the operation could be done with."""


@tagged("post_install", "-at_install")
class TestCommissionWalk(CommissionCommon):
    """In any order, the sum of events is what the journal items say, read plainly."""

    STEPS = 60

    #: How often which operation is chosen.
    OPERATIONS = {
        "invoice": 14,
        "pay": 12,
        "pay_early": 5,
        "pay_with_write_off": 3,
        "pay_by_bank_line": 2,
        "match_bank": 4,
        "bad_debt": 2,
        "unreconcile": 6,
        "reverse": 5,
        "reverse_without_deals": 3,
        "credit_note": 5,
        "match_credit_note": 3,
        "to_draft": 3,
        "post_again": 6,
        "delete": 1,
        "line_to_other_deal": 3,
        "salesperson": 3,
        "deal_salesperson": 3,
        "team": 2,
        "split": 3,
        "setting": 2,
        "rerun": 1,
        "statements": 3,
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.currency.rate"].sudo().search([]).unlink()
        cls.foreign_currency = cls.setup_other_currency(
            "EUR",
            rates=[
                ("2000-01-01", 0.9),
                ("2024-02-05", 0.8),
                ("2024-03-10", 1.13),
                ("2024-04-20", 0.77),
                ("2024-05-15", 1.5),
            ],
        )
        cls.expense = cls.company_data["default_account_expense"]
        cls.bank_journal = cls.company_data["default_journal_bank"]
        cls.outstanding = cls.company_data["default_account_assets"].copy({"reconcile": True})
        lines = cls.bank_journal.inbound_payment_method_line_ids
        lines |= cls.bank_journal.outbound_payment_method_line_ids
        lines.payment_account_id = cls.outstanding
        cls.taxes = cls.env["account.tax"].create(
            [
                {"name": "22 % on top", "amount": 22.0},
                {"name": "7.7 %", "amount": 7.7, "price_include_override": "tax_included"},
            ]
        )
        cls.terms = cls.env["account.payment.term"].create(
            [
                *(
                    {
                        "name": f"2 % in 10 days, {computation}",
                        "early_discount": True,
                        "discount_days": 10,
                        "discount_percentage": 2,
                        "early_pay_discount_computation": computation,
                        "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
                    }
                    for computation in ("included", "excluded", "mixed")
                ),
                {
                    "name": "30/70",
                    "line_ids": [
                        Command.create({"value": "percent", "value_amount": part, "nb_days": days})
                        for part, days in ((30, 0), (70, 45))
                    ],
                },
            ]
        )
        cls.product = cls.env["product.product"].create(
            {
                "name": "Press",
                "taxes_id": False,
                "categ_id": cls.env["product.category"].create({"name": "Machines"}).id,
            }
        )
        cls.lee = cls._create_user("lee-leader", "sales_team.group_sale_salesman")
        cls.team = cls.env["crm.team"].create({"name": "North", "company_id": cls.company.id})
        cls.plan.assignment_ids.copy({"user_id": cls.ann.id})
        cls._create_plan(
            measure="invoiced",
            rate=2.5,
            product_category_ids=[Command.set(cls.product.categ_id.ids)],
            assignments=[{"user_id": cls.sam.id, "share": 60.0}],
        )
        cls._create_plan(
            rate=1.0,
            product_ids=[Command.set(cls.product.ids)],
            assignments=[{"user_id": cls.lee.id, "sales_of": "team", "team_id": cls.team.id}],
        )
        cls.levels = cls._create_plan(
            cls.ann,
            rate_kind="levels",
            level_ids=[
                Command.create({"start": start, "rate": rate})
                for start, rate in ((0.0, 5.0), (500.0, 8.0))
            ],
        )
        cls.deals = cls._create_deal("A", user_id=cls.sam.id)
        cls.deals |= cls._create_deal("B", user_id=cls.ann.id)
        cls.deals |= cls._create_deal("C", user_id=False, team_id=cls.team.id)

    def test_walk_1(self):
        self._walk(1)

    def test_walk_2(self):
        self._walk(2)

    def test_walk_of_choice(self):
        """``COMMISSION_WALK_SEEDS`` repeats walks: seeds with commas between."""
        for seed in filter(None, os.environ.get("COMMISSION_WALK_SEEDS", "").split(",")):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._walk(int(seed))
                savepoint.rollback()
            self.env.invalidate_all()

    # The walk ----------------------------------------------------------------------------------

    def _walk(self, seed):
        self.random = random.Random(seed)
        self.history = []
        self.documents = self.env["account.move"]
        names, weights = list(self.OPERATIONS), list(self.OPERATIONS.values())
        with freeze_time("2024-06-15"):
            for step in range(self.STEPS):
                self._do_something(names, weights)
                if step % 20 == 10:
                    # What autovacuum does for committed rows: the planner takes the books for
                    # empty otherwise.
                    self.env.flush_all()
                    self.env.cr.execute(
                        "ANALYZE account_move, account_move_line, account_partial_reconcile,"
                        " account_payment, crm_commission_event"
                    )
                if step % 3 == 2:
                    self._check_with_history(seed)
            self._check_rerun()
        refused = sum("refused" in line for line in self.history)
        self.assertLess(refused, len(self.history) / 3, "most operations must go through")

    def _do_something(self, names, weights):
        """One operation that there is something to do with; Odoo may refuse it."""
        while True:
            name = self.random.choices(names, weights)[0]
            documents = self.documents
            try:
                with self.env.cr.savepoint():
                    done = getattr(self, f"_do_{name}")()
                    self.env.flush_all()
            except NothingToDoError:
                continue
            except UserError as error:
                done = f"refused: {error}"
                self.documents = documents
            self.documents = self.documents.exists()
            self.history.append(f"{name} {done}")
            return

    def _check_with_history(self, seed):
        try:
            self._follow()
            self._check()
        except Exception:
            history = "\n".join(f"{i}: {line}" for i, line in enumerate(self.history))
            self.fail(f"seed {seed}\n{traceback.format_exc()}\n{history}")

    def _check_rerun(self):
        """It books nothing: neither in small parts nor all at once, from the books as a whole."""
        events = self.env["crm.commission.event"]
        self._follow()
        count = events.search_count([])
        events._collect_everything(self.company)
        self._follow()
        self.assertEqual(events.search_count([]), count)
        events._collect_everything(self.company)
        with (
            patch.object(crm_commission_event, "_SMALL_PART_SIZE", 1),
            patch.object(crm_sales_credit, "_MANY", 1),
        ):
            self._follow()
        self.assertEqual(events.search_count([]), count)

    # Checks ------------------------------------------------------------------------------------

    def _check(self):
        plain = PlainCommission(self.env)
        rows = self.env["crm.commission.event"]._read_group(
            [("company_id", "=", self.company.id)],
            ["move_key", "plan_id", "user_id", "kind"],
            ["base:sum", "amount:sum"],
        )
        booked = defaultdict(lambda: (NOTHING, NOTHING))
        for move_key, plan, user, kind, base, amount in rows:
            booked[move_key, plan, user, kind] = exact(base), exact(amount)
        gone = set(booked)
        for document in self.documents:
            for (plan, user), commission in plain.entitled(document).items():
                keys = [(document.id, plan, user, kind) for kind in KINDS]
                gone.difference_update(keys)
                self._check_commission(document, commission, plan, [booked[key] for key in keys])
        for key in gone:
            self.assertFalse(booked[key][0], f"base of {key}, which is entitled to nothing")
            self.assertFalse(booked[key][1], f"commission of {key}, which is entitled to nothing")
        self._check_statements()

    def _check_commission(self, document, commission, plan, booked):
        where = f"{document.name} ({document.id}), {plan.id} {plan.measure}"
        for kind, (base, amount) in zip(KINDS, booked, strict=True):
            self._assert_near(
                base, commission.base[kind], commission.tolerance, f"{kind} sales of {where}"
            )
            if plan.rate_kind == "flat":
                tolerance = CENT + commission.tolerance * exact(plan.rate) / 100
                self._assert_near(
                    amount, commission.amount[kind], tolerance, f"{kind} commission of {where}"
                )
        if commission.is_whole:
            # Earned, open and lost are all that there is, to the cent.
            bases, amounts = zip(*booked, strict=True)
            self.assertEqual(sum(bases), commission.whole_base, f"all sales of {where}")
            if plan.rate_kind == "flat":
                self.assertEqual(sum(amounts), commission.whole_amount, f"commission of {where}")

    def _assert_near(self, booked, expected, tolerance, what):
        self.assertLessEqual(
            abs(booked - expected),
            tolerance,
            f"{what}: {float(booked)}, plainly {float(expected):.4f}",
        )

    def _check_statements(self):
        """What is confirmed stays, and drafts show what is not confirmed yet."""
        statements = self.env["crm.commission.statement"].search(
            [("company_id", "=", self.company.id)]
        )
        for statement in statements:
            amounts = statement.line_ids.filtered("is_priced").mapped("amount")
            if statement.state != "draft":
                self.assertAlmostEqual(statement.earned_amount, sum(amounts), 2)
            self.assertAlmostEqual(
                statement.payable_amount + statement.carried_amount,
                statement.opening_amount + statement.earned_amount,
                2,
            )

    # What operations choose from ---------------------------------------------------------------

    def _choose(self, records):
        if not records:
            raise NothingToDoError
        return self.random.choice(list(records))

    def _posted(self, *types):
        return self.documents.filtered(
            lambda move: move.state == "posted" and (not types or move.move_type in types)
        )

    def _open(self, *types):
        return self._posted(*types).filtered("amount_residual")

    def _amount(self):
        return self.random.choice([100.0, 333.33, 1000.0, 77.77, 250.5, 0.99])

    def _some_date(self):
        return fields.Date.add(fields.Date.to_date("2023-12-25"), days=self.random.randint(0, 160))

    def _some_deal(self):
        return self.random.choice([self.env["crm.lead"], *self.deals])

    def _terms(self, document):
        return document.line_ids.filtered(lambda line: line.display_type == "payment_term")

    # Documents ---------------------------------------------------------------------------------

    def _draft(self, move_type, deals, amounts=None, currency=None):
        taxes = self.random.choice(
            [self.taxes.browse(), self.taxes[0], self.taxes[1], None]  # None: another on each
        )
        lines = []
        for deal in deals:
            tax = taxes
            if tax is None:
                tax = self.random.choice([self.taxes.browse(), *self.taxes])
            lines.append(
                {
                    "price_unit": self._amount(),
                    "quantity": self.random.choice([1, 1, 3]),
                    "discount": self.random.choice([0, 0, 10, 33.3]),
                    "product_id": self.random.choice([False, self.product.id]),
                    "opportunity_id": deal.id,
                    "tax_ids": [Command.set(tax.ids)],
                }
            )
        if len(lines) > 1 and self.random.random() < 0.25:
            # A down payment is taken off again: of a half, or of all but a part of the taxes.
            down = self.random.choice([0.5, 1.0])
            lines.append(
                {**lines[0], "price_unit": -lines[0]["price_unit"] * down, "product_id": False}
            )
        document = self._create_document(
            lines,
            move_type=move_type,
            date=self._some_date(),
            post=False,
            currency_id=(
                currency
                or self.random.choice([self.company.currency_id] * 2 + [self.foreign_currency])
            ).id,
            invoice_user_id=self.random.choice(self.sam | self.ann).id,
        )
        if move_type == "out_invoice" and self.random.random() < 0.6:
            document.invoice_payment_term_id = self.random.choice(self.terms)
        document.action_post()
        self.documents |= document
        return document

    def _do_invoice(self):
        deals = self.random.sample(
            [self.env["crm.lead"], *self.deals], self.random.choice([1, 1, 2, 3])
        )
        move_type = self.random.choice(["out_invoice"] * 5 + ["out_receipt"])
        document = self._draft(move_type, deals)
        return (
            f"{document.name} ({document.id}) {document.amount_total} {document.currency_id.name}"
            f" {document.invoice_payment_term_id.name} {deals}"
        )

    def _do_reverse(self):
        return self._reverse(with_deals=True)

    def _do_reverse_without_deals(self):
        return self._reverse(with_deals=False)

    def _reverse(self, with_deals):
        invoice = self._choose(self._posted("out_invoice", "out_receipt"))
        note = invoice._reverse_moves([{"invoice_date": self._some_date()}])
        self.documents |= note
        lines = note.invoice_line_ids
        if not with_deals:
            lines.opportunity_id = False
        if self.random.random() < 0.6:
            lines[0].price_unit /= 2
        if self.random.random() < 0.2:
            lines[0].tax_ids = False
        note.action_post()
        if self.random.random() < 0.7 and note.amount_residual and invoice.amount_residual:
            self._settle(invoice, note)
        return f"{invoice.name} by {note.name} ({note.id}) of {note.amount_total}"

    def _do_credit_note(self):
        """Of other deals and taxes than the invoice that it is matched with."""
        deals = [self._some_deal() for __ in range(self.random.choice([1, 1, 2]))]
        note = self._draft("out_refund", deals)
        return f"{note.name} ({note.id}) {note.amount_total} {note.currency_id.name} {deals}"

    def _do_match_credit_note(self):
        note = self._choose(self._open("out_refund"))
        invoice = self._choose(self._open("out_invoice", "out_receipt"))
        self._settle(invoice, note)
        return f"{invoice.name} by {note.name}"

    def _do_to_draft(self):
        document = self._choose(self._posted())
        document.button_draft()
        return document.name

    def _do_post_again(self):
        document = self._choose(self.documents.filtered(lambda move: move.state == "draft"))
        document.action_post()
        return document.name

    def _do_delete(self):
        document = self._choose(self.documents)
        name = document.name
        document.button_draft()
        document.with_context(force_delete=True).unlink()
        return name

    # Settling ----------------------------------------------------------------------------------

    def _do_pay(self):
        document = self._choose(self._open())
        part = self.random.choice([0.3, 0.5, 1, 1, 1.2])
        currency = self.random.choice([document.currency_id] * 2 + [self.company.currency_id])
        amount = document.currency_id.round(document.amount_residual * part)
        self._pay(document, amount, date=self._some_date(), currency_id=currency.id)
        return f"{document.name} {amount} {currency.name}"

    def _do_pay_early(self):
        document = self._choose(
            self._open("out_invoice").filtered(
                lambda move: (
                    move.invoice_payment_term_id.early_discount
                    and move.amount_residual == move.amount_total
                )
            )
        )
        date = fields.Date.add(document.invoice_date, days=self.random.randint(0, 12))
        payment = self._pay(document, date=date)
        return f"{document.name} {payment.amount} {date}"

    def _do_pay_with_write_off(self):
        document = self._choose(self._open())
        part = self.random.choice([0.9, 0.5])
        self._pay(
            document,
            document.currency_id.round(document.amount_residual * part),
            date=self._some_date(),
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        return f"{document.name} {part}"

    def _bank_line(self, amount, account):
        """A line of the bank statement, booked on an account of the customer."""
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank_journal.id,
                "date": self._some_date(),
                "amount": amount,
                "payment_ref": "x",
                "partner_id": self.partner.id,
            }
        )
        suspense = statement_line._seek_for_lines()[1]
        suspense.account_id = account
        return suspense

    def _do_pay_by_bank_line(self):
        document = self._choose(self._open("out_invoice"))
        line = self._terms(document).filtered(lambda line: not line.reconciled)[:1]
        amount = self.company.currency_id.round(line.amount_residual * self.random.choice([0.4, 1]))
        (line | self._bank_line(amount, line.account_id)).reconcile()
        return f"{document.name} {amount}"

    def _do_match_bank(self):
        """A registered payment is seen in the bank."""
        line = self._choose(
            self.env["account.move.line"].search(
                [
                    ("account_id", "=", self.outstanding.id),
                    ("payment_id", "!=", False),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                ],
                order="id",
            )
        )
        (line | self._bank_line(line.amount_residual, self.outstanding)).reconcile()
        return f"{line.move_id.name} {line.payment_id.is_matched}"

    def _do_bad_debt(self):
        document = self._choose(self._open())
        line = self._terms(document).filtered(lambda line: not line.reconciled)[:1]
        amount = self.company.currency_id.round(line.amount_residual / 2)
        entry = self._create_entry(
            (self.expense, self.partner, amount), (line.account_id, self.partner, -amount)
        )
        self._settle(document, entry)
        return f"{document.name} {amount}"

    def _do_unreconcile(self):
        """Of an invoice, or of a payment in the bank."""
        lines = self._terms(self._choose(self.documents))
        if self.random.random() < 0.2:
            lines = self.env["account.move.line"].search(
                [("account_id", "=", self.outstanding.id)], order="id"
            )
        partial = self._choose((lines.matched_credit_ids | lines.matched_debit_ids).sorted("id"))
        done = f"{partial.debit_move_id.move_id.name} {partial.credit_move_id.move_id.name}"
        partial.unlink()
        return done

    # Whose it is -------------------------------------------------------------------------------

    def _do_line_to_other_deal(self):
        document = self._choose(self.documents)
        line = self._choose(document.invoice_line_ids)
        line.opportunity_id = self._some_deal()
        return f"{document.name} {line.opportunity_id.name}"

    def _do_salesperson(self):
        document = self._choose(self.documents)
        document.invoice_user_id = self.random.choice(self.sam | self.ann)
        return f"{document.name} {document.invoice_user_id.login}"

    def _do_deal_salesperson(self):
        deal = self._choose(self.deals)
        deal.user_id = self.random.choice([self.sam, self.ann, self.env["res.users"]])
        return f"{deal.name} {deal.user_id.login}"

    def _do_team(self):
        """Sam comes or goes."""
        if members := self.team.crm_team_member_ids:
            members.unlink()
            return "none"
        self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": self.sam.id})
        return "Sam"

    def _do_split(self):
        deal = self._choose(self.deals)
        self.plan.assignment_ids.filtered(lambda row: row.lead_id == deal).unlink()
        share = self.random.choice([0, 25, 50])
        if share:
            self.env["crm.commission.assignment"].create(
                [
                    {
                        "plan_id": self.plan.id,
                        "user_id": user.id,
                        "sales_of": "deal",
                        "lead_id": deal.id,
                        "share": part,
                    }
                    for user, part in ((self.sam, share), (self.ann, 100 - share))
                ]
            )
        return f"{deal.name} {share}"

    def _do_setting(self):
        name = self.random.choice(["commission_counts_discount", "commission_waits_for_bank"])
        self.company[name] = not self.company[name]
        return f"{name} {self.company[name]}"

    def _do_rerun(self):
        self.env["crm.commission.event"]._collect_everything(self.company)

    def _do_statements(self):
        """Those of May are confirmed, each plan with levels by the sum of its sales."""
        self._follow()
        statements = self.env["crm.commission.statement"]
        statements.action_create_drafts()
        drafts = statements.search([("state", "=", "draft"), ("date_to", "<", "2024-06-01")])
        new = {draft: draft.line_ids.filtered(lambda line: not line.is_priced) for draft in drafts}
        known = {
            draft: sum((draft.line_ids - new[draft]).mapped("amount"), 0.0) for draft in drafts
        }
        drafts.action_confirm()
        for draft in drafts:
            sales = sum((exact(base) for base in new[draft].mapped("base")), NOTHING)
            lower = min(sales, Fraction(500))
            earned = lower * 5 / 100 + max(sales - 500, NOTHING) * 8 / 100
            self.assertAlmostEqual(draft.earned_amount - known[draft], float(earned), delta=0.01)
        return len(drafts)
