import random
import traceback
from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .. import plain_books
from ..scope import Scope
from .common import ReceivableCommon

OPERATIONS = {
    "invoice": 6,
    "credit_note": 2,
    "pay": 3,
    "settle": 9,
    "move": 7,
    "settle_moved": 7,
    "move_on": 4,
    "set_off": 2,
    "unreconcile": 3,
    "draft": 1,
    "mark": 2,
    "time_passes": 3,
}


@tagged("post_install", "-at_install")
class TestReadingWalk(ReceivableCommon):
    """Whatever entries settle, move and take back: read plainly, it is the same."""

    STEPS = 60

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.foreign = cls.setup_other_currency(
            "EUR", rates=[("2024-01-01", 2.0), ("2024-06-10", 2.5), ("2024-07-05", 1.6)]
        )
        cls.partners = cls.partner | cls.env["res.partner"].create(
            [{"name": "Other"}, {"name": "Third"}]
        )
        accounts = cls.env["account.account"]
        cls.marked = accounts.create(
            {
                "name": "Bills",
                "code": "WALKB",
                "account_type": "asset_current",
                "reconcile": True,
                "receivable_reading": "owed",
            }
        )
        cls.unreconciled = accounts.create(
            {
                "name": "Bills sent",
                "code": "WALKN",
                "account_type": "asset_current",
                "receivable_proposal": "owed",
            }
        )
        cls.clearing = accounts.create(
            {"name": "Cards", "code": "WALKC", "account_type": "asset_current"}
        )
        cls.equity = accounts.create({"name": "Own", "code": "WALKE", "account_type": "equity"})
        cls.claims = (
            cls.receivable.copy({"name": "Portfolio"})
            | cls.receivable.copy({"name": "Doubtful"})
            | cls.marked
        )
        cls.others = (
            cls.company_data["default_journal_bank"].default_account_id
            | cls.company_data["default_account_expense"]
            | cls.company_data["default_account_payable"]
            | cls.company.expense_currency_exchange_account_id
            | cls.company.account_journal_early_pay_discount_loss_account_id
            | cls.clearing
            | cls.equity
        )

    def test_walk_1(self):
        self._walk(1)

    def test_walk_2(self):
        self._walk(2)

    def test_walk_3(self):
        self._walk(3)

    def _walk(self, seed):
        self.random = random.Random(seed)
        self.history = []
        self.documents = self.env["account.move"]
        self.plain_count = 0
        with freeze_time("2024-06-01 12:00:00") as self.frozen:
            for number in range(self.STEPS):
                name = self.random.choices(list(OPERATIONS), list(OPERATIONS.values()))[0]
                self.history.append(name)
                try:
                    try:
                        with self.env.cr.savepoint():
                            getattr(self, f"_do_{name}")()
                            self.env.flush_all()
                    except UserError as error:
                        self.history[-1] += f" | refused: {error}"
                    if number % 20 == 0:
                        self.env.cr.execute(
                            "ANALYZE account_move, account_move_line, account_partial_reconcile"
                        )
                    self._check()
                except Exception:
                    history = "\n".join(f"{i}: {line}" for i, line in enumerate(self.history))
                    self.fail(f"seed {seed}\n{traceback.format_exc()}\n{history}")
            self._check_past_days()
        self.assertGreater(self.plain_count, self.STEPS / 10, "some instalments must be plain")

    # Operations ----------------------------------------------------------------------------------

    def _note(self, text):
        self.history[-1] += f" | {text}"

    def _some_date(self):
        return fields.Date.today() - timedelta(days=self.random.randint(0, 40))

    def _amount(self):
        return self.random.choice([100.0, 33.33, 0.05, 250.0, 19.99, 1234.56, 66.67])

    def _open_lines(self, accounts, sign=1):
        """Journal items that can be settled, of posted entries."""
        lines = self.env["account.move.line"].search(
            [("account_id", "in", accounts.ids), ("parent_state", "=", "posted")]
        )
        return lines.filtered(
            lambda line: not line.reconciled and line.amount_residual * sign > 0
        ).sorted("id")

    def _choose(self, records):
        return self.random.choice(records) if records else records

    def _do_invoice(self, move_type="out_invoice"):
        terms = self.env["account.payment.term"].create(
            {
                "name": "30/70",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 45}),
                ],
            }
        )
        currency = self.random.choice([self.company.currency_id] * 3 + [self.foreign])
        move = self._create_document(
            [{"price_unit": self._amount()}, {"price_unit": self._amount()}],
            date=str(self._some_date()),
            move_type=move_type,
            partner_id=self._choose(self.partners).id,
            currency_id=currency.id,
            invoice_payment_term_id=self.random.random() < 0.3 and terms.id,
        )
        self._note(f"{move.id} {move.partner_id.name} {move.amount_total} {currency.name}")
        self.documents |= move

    def _do_credit_note(self):
        self._do_invoice("out_refund")

    def _do_pay(self):
        line = self._choose(self._open_lines(self.receivable))
        if line.move_id in self.documents:
            amount = line.move_id.currency_id.round(
                line.move_id.amount_residual * self.random.choice([0.4, 0.98, 1])
            )
            self._note(f"{line.move_id.id} {amount}")
            self._pay(
                line.move_id,
                amount or line.move_id.amount_residual,
                date=self._some_date(),
                payment_difference_handling=self.random.choice(["open", "reconcile"]),
                writeoff_account_id=self.company_data["default_account_expense"].id,
            )

    def _split(self, total, count):
        """An amount in parts of at least a cent."""
        parts = []
        for _number in range(count - 1):
            part = round(total * self.random.choice([0.1, 0.5, 0.333]), 2)
            if 0 < part < total:
                parts.append(part)
                total = round(total - part, 2)
        return [*parts, total]

    def _do_settle(self, accounts=None, source=None):
        """Settle open claims of one or more customers by one entry, on other accounts."""
        source = source or self.receivable
        lines = self._open_lines(source)
        chosen = self.env["account.move.line"].browse(
            self.random.sample(lines.ids, min(len(lines), self.random.choice([1, 1, 2, 3])))
        )
        if not chosen:
            return
        credits, debits = [], []
        for line in chosen:
            amount = round(line.amount_residual * self.random.choice([0.4, 1, 1]), 2)
            amount = amount or line.amount_residual
            credits.append((line, amount))
            if self.random.random() < 0.6:
                for part in self._split(amount, self.random.choice([1, 1, 2])):
                    debits.append((self._choose(accounts or self.others), line.partner_id, part))
        rest = round(
            sum(amount for _line, amount in credits) - sum(part for *_key, part in debits), 2
        )
        if rest > 0:
            for part in self._split(rest, self.random.choice([1, 2, 3])):
                partner = self._choose(self.partners) if self.random.random() < 0.3 else None
                debits.append((self._choose(accounts or self.others), partner, part))
        if self.random.random() < 0.1:
            credits.append((None, 5.0))
            debits.append((self.clearing, None, 5.0))
        entry = self._create_entry(
            *[
                (
                    line.account_id if line else self.company_data["default_account_revenue"],
                    line.partner_id if line else None,
                    -amount,
                )
                for line, amount in credits
            ],
            *debits,
            date=self._some_date(),
        )
        self._note(
            f"{entry.id}: {[(line and line.id, amount) for line, amount in credits]} by"
            f" {[(a.name, p and p.name, part) for a, p, part in debits]}"
        )
        for (line, _amount), item in zip(credits, entry.line_ids, strict=False):
            if line and self.random.random() < 0.9:
                (line | item).reconcile()

    def _do_move(self):
        """Book claims anew, with the rest on whatever account."""
        accounts = self.claims | self.unreconciled | self.receivable
        if self.random.random() < 0.3:
            accounts |= self.others
        self._do_settle(accounts)

    def _do_settle_moved(self):
        self._do_settle(source=self.claims)

    def _do_move_on(self):
        self._do_settle(self.claims | self.receivable, self.claims)

    def _do_set_off(self):
        """Claims with what is owed to the same customer: payments, credit notes, moved credits."""
        line = self._choose(self._open_lines(self.receivable | self.claims))
        credits = self._open_lines(line.account_id, -1).filtered(
            lambda credit: credit.partner_id == line.partner_id
        )
        if credits:
            (line | self._choose(credits)).reconcile()

    def _do_unreconcile(self):
        partials = self.env["account.partial.reconcile"].search([], order="id")
        partial = self._choose(partials)
        self._note(partial.id)
        (partial.debit_move_id | partial.credit_move_id).remove_move_reconcile()

    def _do_draft(self):
        entries = (
            self.env["account.move"]
            .search([("move_type", "=", "entry"), ("state", "in", ("posted", "draft"))], order="id")
            .filtered(
                lambda move: not move.origin_payment_id and move.line_ids.account_id & self.claims
            )
        )
        entry = self._choose(entries)
        self._note(entry.id)
        if entry.state == "posted":
            entry.button_draft()
        elif entry:
            entry.action_post()

    def _do_mark(self):
        account = self._choose(self.others | self.claims[:2] | self.unreconciled)
        account.receivable_reading = self.random.choice(
            [False, "money", "loss", "cost", "owed", "not_judged"]
        )
        self._note(f"{account.name} {account.receivable_reading}")

    def _do_time_passes(self):
        self.frozen.tick(60 * 60 * 24 * self.random.randint(1, 20))

    # Checks --------------------------------------------------------------------------------------

    def _check(self):
        self._flush()
        self.env["account.receivable"]._flush()
        documents = self.documents.filtered(lambda move: move.state == "posted")
        self._get_settlements(documents)
        settlement = self.env["account.receivable.settlement"]
        look_up = self.env["account.receivable"]._look_up
        everything = self._read(settlement._get_settlement_sql(Scope()))
        for partner in self.partners:
            own = self._read(settlement._get_settlement_sql(look_up(Scope(partners=partner))))
            self.assertCountEqual(
                own, [row for row in everything if row["partner_id"] == partner.id]
            )
        for line in plain_books.instalments(documents):
            rows = [row for row in everything if row["line_id"] == line.id]
            self.assertEqual(len({row["id"] for row in rows}), len(rows), "ids are unique")
            if len(self.history) % 10 == 0:
                scope = look_up(Scope(line_ids=SQL("%s::int[]", line.ids)))
                self.plain_count += len(scope.without) == 3
                self.assertCountEqual(self._read(settlement._get_settlement_sql(scope)), rows)
        self._check_items()

    def _read(self, sql):
        return self.env.execute_query_dict(sql)

    def _check_items(self, as_of=None):
        """Open items of all, and of each customer, against a plain reading of its journal items."""
        item = self.env["account.receivable.item"]
        everything = self._read(item._get_item_sql(Scope(self.company, as_of=as_of)))
        plain = self._get_plain_items(as_of)
        self.assertEqual(self._sum_items(everything), plain)
        for partner in self.partners:
            scope = self.env["account.receivable"]._look_up(Scope(self.company, partner, as_of))
            own = self._read(item._get_item_sql(scope))
            self.assertEqual(
                self._sum_items(own),
                {key: amount for key, amount in plain.items() if key[0] == partner.id},
            )

    def _sum_items(self, rows):
        items = {}
        for row in rows:
            key = row["partner_id"], row["root_line_id"], row["line_id"], row["due_date"]
            items[key] = items.get(key, 0) + plain_books.exact(row["amount"])
        return items

    def _get_plain_items(self, as_of):
        def is_known(partial):
            return not as_of or self._get_known_since(partial) <= as_of

        items = {}
        lines = self.env["account.move.line"].search([("partner_id", "in", self.partners.ids)])
        for line in lines.filtered(lambda line: self._has_item(line, as_of)):
            # What values a foreign balance anew is nobody's debt.
            if line.currency_id == line.company_currency_id or line.amount_currency:
                self._add_item(items, line, line, self._get_residual(line, is_known))
            if plain_books.is_root(line):
                for target, amount in plain_books.moved_open(line, is_known).items():
                    self._add_item(items, line, target, amount)
                    if self._has_item(target, as_of):
                        self._add_item(items, target, target, -amount)
        return {key: amount for key, amount in items.items() if amount}

    def _get_residual(self, line, is_known):
        residual = plain_books.exact(line.amount_residual)
        for partial in line.matched_debit_ids | line.matched_credit_ids:
            if not is_known(partial):
                sign = 1 if partial.debit_move_id == line else -1
                residual += sign * plain_books.exact(partial.amount)
        return residual

    def _get_known_since(self, partial):
        moves = (partial.debit_move_id | partial.credit_move_id).move_id
        causing = partial.search([("exchange_move_id", "in", moves.ids)])
        return min([partial.max_date, *causing.mapped("max_date")])

    def _has_item(self, line, as_of):
        return (
            plain_books.is_trade_receivable(line.account_id)
            and line.parent_state == "posted"
            and line.partner_id in self.partners
            and not (as_of and line.date > as_of)
        )

    def _add_item(self, items, root, line, amount):
        due = root.date_maturity or root.date
        key = (
            root.partner_id.commercial_partner_id.id,
            root.id,
            line.id,
            max(due, root.invoice_date or due),
        )
        items[key] = items.get(key, 0) + amount

    def _check_past_days(self):
        for days in (5, 15, 30, 45):
            self._check_items(fields.Date.today() - timedelta(days=days))
