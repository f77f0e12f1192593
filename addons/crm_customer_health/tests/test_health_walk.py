import logging
import traceback
from datetime import date
from fractions import Fraction

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.crm_accounting_bridge.tests import test_random_walk
from odoo.addons.crm_accounting_bridge.tests.walk import NothingToDoError, Walk

from ..plain_health import PlainHealth
from .common import FIGURES, HealthCommon

_logger = logging.getLogger(__name__)

#: Where the users are: whatever day it is for them, figures are judged in the company's time zone.
TIME_ZONES = ("Pacific/Auckland", "Europe/Vienna", "America/Los_Angeles")


class HealthWalk(Walk):
    """Bookkeeping of several customers, who also move, merge and vanish; several operations in a
    transaction, by users around the world.
    """

    OPERATIONS = {
        "draft_invoice": 10,
        "draft_credit_note": 2,
        "post": 10,
        "pay_part": 10,
        "pay_without_entry": 2,
        "pay_several_with_write_off": 4,
        "unreconcile": 5,
        "credit_in_full": 3,
        "credit_in_part": 3,
        "match_credit_note": 4,
        "match_money": 4,
        "write_off_by_entry": 3,
        "bank_entry": 2,
        "opening_balance": 3,
        "money_on_account": 3,
        "statement_line": 4,
        "statement_line_on_account": 5,
        "statement_line_undone": 3,
        "statement_line_deleted": 2,
        "withdraw_and_delete": 3,
        "delete_payment": 2,
        "payment_to_draft": 3,
        "payment_redated": 2,
        "payment_repost": 3,
        "payment_cancel": 2,
        "to_draft": 4,
        "cancel": 2,
        "delete_draft": 2,
        "change_partner": 3,
        "change_due_date": 4,
        "back_date": 3,
        "dispute": 3,
        "contact_moves": 3,
        "customer_becomes_contact": 1,
        "merge_customers": 2,
        "archive_customer": 1,
        "time_passes": 4,
    }

    def __init__(self, test, seed, frozen):
        super().__init__(test, seed, frozen)
        self.partners = test.env["res.partner"].with_context(active_test=False)
        for _number in range(5):
            self._new_customer()
        self.statement_lines = test.env["account.bank.statement.line"]
        self.has_time_passed = False

    def _new_customer(self):
        customer = self.test._create_customer(f"Customer {len(self.partners)}")
        contact = self.test.env["res.partner"].create(
            {"name": f"Contact of {customer.name}", "parent_id": customer.id}
        )
        self.partners |= customer | contact

    def step(self):
        """One transaction: as in real life, if Odoo refuses one operation nothing is done."""
        user = self.random.choice(self.test.users)
        self._act_as(user)
        done = len(self.history)
        while True:
            try:
                with self.test.env.cr.savepoint():
                    for __ in range(self.random.choice([1, 1, 2, 3, 4])):
                        self._operate()
            except NothingToDoError:
                del self.history[done:]
                continue
            except UserError as error:
                self._note(f"refused: {error}")
            break
        self._note(f"as of {user.tz}, committed")
        self.test._commit()
        if self.has_time_passed:
            self.test._refresh(self.test.companies)
            self.has_time_passed = False
        for name in ("deals", "documents", "partners", "statement_lines"):
            setattr(self, name, getattr(self, name).exists())

    def _act_as(self, user):
        result = super()._act_as(user)
        self.test.env = self.test.env(user=user, context={**self.test.env.context, "tz": user.tz})
        for name in ("deals", "documents", "partners", "statement_lines"):
            setattr(self, name, getattr(self, name).with_env(self.test.env))
        self.partners = self.partners.with_context(active_test=False)
        return result

    def _operate(self):
        for name in ("documents", "partners", "statement_lines"):
            setattr(self, name, getattr(self, name).exists())
        # The inherited operations are done for the test's partner: it is this one's turn.
        self.test.partner = self.random.choice(self.partners.sorted("id"))
        name = self.random.choices(list(self.OPERATIONS), list(self.OPERATIONS.values()))[0]
        self.history.append(name)
        getattr(self, name)()

    def _open_invoices(self):
        """Of one customer: a payment is one customer's."""
        customer = self.test.partner.commercial_partner_id
        return (
            super()
            ._open_invoices()
            .filtered(lambda move: move.partner_id.commercial_partner_id == customer)
        )

    def _customers(self):
        return self.partners.filtered(lambda partner: partner == partner.commercial_partner_id)

    # Money -----------------------------------------------------------------------------------

    def pay_without_entry(self):
        move = self._choose(self._open_invoices())
        self.test._pay_without_entry(
            move.with_company(move.company_id),
            move.currency_id.round(move.amount_residual * self.random.choice([0.5, 1])),
            date=self._some_date(),
        )

    def opening_balance(self):
        self._unmatched("default_account_revenue", self.random.choice([1, 1, -1]))

    def money_on_account(self):
        self._unmatched("bank", -1)

    def _unmatched(self, account_name, sign):
        company = self.random.choice([self.test.company] * 3 + [self.test.company_2])
        data = self.test.accounts_by_company[company]
        account = (
            data["default_journal_bank"].default_account_id
            if account_name == "bank"
            else data[account_name]
        )
        amount = sign * self._amount()
        date = self._some_date()
        due = self.random.choice([False, fields.Date.add(date, days=20)])
        self._note(f"{self.test.partner.name}: {amount} on {date}, due {due}")
        move = (
            self.test.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "date": date,
                    "journal_id": data["default_journal_misc"].id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": data["default_account_receivable"].id,
                                "partner_id": self.test.partner.id,
                                "balance": amount,
                                "date_maturity": due,
                            }
                        ),
                        Command.create({"account_id": account.id, "balance": -amount}),
                    ],
                }
            )
        )
        move.action_post()

    # Bank statements -------------------------------------------------------------------------

    def statement_line(self):
        company = self.random.choice([self.test.company] * 3 + [self.test.company_2])
        self.statement_lines |= (
            self.test.env["account.bank.statement.line"]
            .with_company(company)
            .create(
                {
                    "journal_id": self.test.accounts_by_company[company]["default_journal_bank"].id,
                    "partner_id": self.test.partner.id,
                    "payment_ref": "Transfer",
                    "amount": self.random.choice([1, 1, -1]) * self._amount(),
                    "date": self._some_date(),
                }
            )
        )

    def statement_line_on_account(self):
        """Money on account, or at once for an invoice."""
        statement_line = self._choose(
            self.statement_lines.filtered(lambda line: line._seek_for_lines()[1])
        )
        suspense_line = statement_line._seek_for_lines()[1]
        data = self.test.accounts_by_company[statement_line.company_id]
        account = data["default_account_receivable"]
        statement_line.with_context(force_delete=True, skip_readonly_check=True).write(
            {
                "line_ids": [
                    Command.delete(suspense_line.id),
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": statement_line.partner_id.commercial_partner_id.id,
                            "balance": suspense_line.balance,
                        }
                    ),
                ]
            }
        )
        item = statement_line.line_ids.filtered(lambda line: line.account_id == account)
        claims = self._open_invoices().line_ids.filtered(
            lambda line: (
                line.account_id == account
                and line.company_id == item.company_id
                and line.balance * item.balance < 0
                and not line.reconciled
            )
        )
        if claims and self.random.random() < 0.6:
            (self._choose(claims) | item).reconcile()

    def statement_line_undone(self):
        self._choose(
            self.statement_lines.filtered(lambda line: not line._seek_for_lines()[1])
        ).action_undo_reconciliation()

    def statement_line_deleted(self):
        self._choose(self.statement_lines).unlink()

    # Matching and withdrawing ----------------------------------------------------------------

    def withdraw_and_delete(self):
        move = self._choose(self._posted())
        move.button_draft()
        move.unlink()

    def delete_payment(self):
        payment = self._choose(self._payments("posted"))
        payment.action_draft()
        payment.unlink()

    def match_money(self):
        """An invoice with whatever money or claim the customer has unmatched."""
        move = self._choose(self._open_invoices())
        line = move.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        )[:1]
        others = self.test.env["account.move.line"].search(
            [
                ("account_id", "=", line.account_id.id),
                ("company_id", "=", move.company_id.id),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("balance", "<", 0),
                ("partner_id", "child_of", line.partner_id.ids),
            ]
        )
        (line | self._choose(others)).reconcile()

    # Documents -------------------------------------------------------------------------------

    def change_partner(self):
        move = self._choose(self.documents.filtered(lambda move: move.state == "draft"))
        move.partner_id = self.test.partner
        self._note(f"to {self.test.partner.name}")
        if not (move.line_ids.matched_debit_ids | move.line_ids.matched_credit_ids):
            move.action_post()

    def back_date(self):
        move = self._choose(self._posted())
        date = fields.Date.subtract(fields.Date.today(), days=self.random.randint(0, 400))
        self._note(f"to {date}")
        move.button_draft()
        move.write({"invoice_date": date, "date": date})
        move.action_post()

    # Customers -------------------------------------------------------------------------------

    def contact_moves(self):
        contact = self._choose(self.partners - self._customers())
        contact.parent_id = self._choose(self._customers() - contact.parent_id)

    def customer_becomes_contact(self):
        customer = self._choose(self._customers())
        customer.write(
            {"is_company": False, "parent_id": self._choose(self._customers() - customer).id}
        )
        self._new_customer()

    def merge_customers(self):
        source = self._choose(self._customers())
        target = self._choose(self._customers() - source)
        self.test.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (source | target).ids, target
        )
        self.partners = self.partners.exists()
        self._new_customer()

    def archive_customer(self):
        partner = self._choose(self._customers())
        partner.active = not partner.active

    def time_passes(self):
        self.frozen.tick(60 * 60 * self.random.randint(1, 480))
        self.has_time_passed = True


@tagged("post_install", "-at_install")
class TestHealthWalk(HealthCommon, test_random_walk.TestRandomWalk):
    """Whatever is done in accounting, the customers' rows equal the books read plainly."""

    #: Transactions.
    STEPS = 24
    #: Hook: what may happen.
    WALK = HealthWalk

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.companies = cls.company | cls.company_2
        cls.users = [cls.env.user.copy({"login": zone, "tz": zone}) for zone in TIME_ZONES]

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("base.group_partner_manager")

    def test_walk_1(self):
        self._walk(1)

    def test_walk_2(self):
        self._walk(2)

    def test_walk_3(self):
        self._walk(3)

    def test_walk_of_the_day(self):
        """Every day another one."""
        seed = date.today().toordinal()
        _logger.info("Random walk of the day: seed %s", seed)
        self._walk(seed)

    def _walk(self, seed):
        with freeze_time("2024-06-01 12:00:00") as frozen:
            walk = self.WALK(self, seed, frozen)
            self._refresh(self.companies)
            for number in range(self.STEPS):
                if number % 20 == 0:
                    # What autovacuum does for committed rows.
                    self.env.flush_all()
                    self.env.cr.execute(
                        "ANALYZE account_move, account_move_line, account_partial_reconcile,"
                        " account_payment"
                    )
                try:
                    walk.step()
                    self._work_off()
                    self._check_stored()
                    if number % 12 == 11:
                        self._check_all_anew()
                except Exception:
                    history = "\n".join(f"{i}: {line}" for i, line in enumerate(walk.history))
                    self.fail(f"seed {seed}, step {number}\n{traceback.format_exc()}\n{history}")
            refused = sum("refused" in line for line in walk.history)
            self.assertLess(refused, self.STEPS / 2, "most transactions must go through")

    def _commit(self):
        """As far as our code can see."""
        self._flush()
        self.env.cr.postcommit.data.clear()

    def _work_off(self):
        """What the scheduled action does after each transaction."""
        while self.env["account.receivable.change"].sudo()._work_off("crm.customer.health"):
            pass
        self._flush()

    def _check_stored(self):
        """After the queue: customers that changed, compared with the norm of the last refresh."""
        for company in self.companies:
            self.assertAllRows(company, norm=self._get_norm(company))

    def _check_all_anew(self):
        """All customers at once, one by one, and of a past day."""
        health = self.env["crm.customer.health"].sudo()
        self._refresh(self.companies)
        for company in self.companies:
            plain = self.assertAllRows(company)
            self._check_norm(company, plain.norm())
        everybody = health._get_figures(self.companies, None)
        for (company_id, partner_id), figures in everybody.items():
            partner = self.env["res.partner"].browse(partner_id)
            alone = health._get_figures(self.companies, partner)[company_id, partner_id]
            for name in FIGURES:
                self.assertEqual(alone[name], figures[name], f"{name} of {partner.name} alone")
        day = fields.Date.subtract(fields.Date.today(), days=20)
        past = health._get_figures(self.companies, None, day)
        for company in self.companies:
            plain = PlainHealth(self.env, company, day, self._get_settings(company))
            self.assertEqual(
                {partner_id for company_id, partner_id in past if company_id == company.id},
                set(plain.customers().ids),
            )
            for partner in plain.customers():
                self.assertSame(
                    past[company.id, partner.id], plain.figures(partner), f"{partner.name}, {day}"
                )

    def _check_norm(self, company, plain):
        norm = self._get_norm(company)
        for name in ("recency", "frequency", "monetary"):
            for cut, expected in zip(norm[name], plain[name], strict=False):
                self.assertLess(abs(cut - expected), Fraction(1, 10**6), name)
        self.assertLess(abs((norm["mean"] or 0) - (plain["mean"] or 0)), Fraction(2, 100))
