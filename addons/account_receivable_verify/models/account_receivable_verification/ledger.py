from collections import defaultdict
from fractions import Fraction

from odoo import api
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement import plain_books
from odoo.addons.account_receivable_settlement.scope import Scope

from ...check import Finding, Total


class Ledger:
    """Sums against the general ledger: the balance of each receivable account, and what is ours.

    What of the balance is not a customer's debt, or is not open any more although the ledger says
    so, has a part of its own. All parts are read plainly.
    """

    __slots__ = ()

    @api.model
    def _get_ledger_domain(self, company) -> Domain:
        """Accounts on which customers' claims stand."""
        return Domain("company_ids", "parent_of", company.ids) & (
            Domain("account_type", "=", "asset_receivable") & Domain("non_trade", "=", False)
            | Domain("receivable_reading", "=", "owed")
            | Domain("receivable_reading", "=", False) & Domain("receivable_proposal", "!=", False)
        )

    @api.model
    def _compare_ledger(self, company, accounts):
        for account in accounts:
            ledger = self._get_balance(company, account)
            parts = self._get_ledger_parts(company, account, ledger)
            ours = self._get_own_total(company, account)
            if ledger or ours or any(parts.values()):
                yield Total("instalments", ours, ledger, account.id, parts)
            expected = ledger - sum(parts.values())
            if self._is_other_amount(ours, expected, company.currency_id):
                yield Finding(
                    account.id,
                    "account.account",
                    account.id,
                    f"{account.with_company(company).code} {account.name}",
                    "instalments",
                    float(ours),
                    self._round(expected, company.currency_id),
                    company.currency_id,
                )

    @api.model
    def _get_ledger_total(self, company) -> tuple[Fraction, dict[str, Fraction]]:
        """The balances of all accounts of the company on which customers' claims stand, and the
        parts of them that are not ours: for figures that are kept by customer.
        """
        total, parts = Fraction(0), defaultdict(Fraction)
        for account in self._get_claim_accounts(company):
            balance = self._get_balance(company, account)
            total += balance
            for name, amount in self._get_ledger_parts(company, account, balance).items():
                parts[name] += amount
        return total, dict(parts)

    # Ours ------------------------------------------------------------------------------------

    @api.model
    def _get_own_total(self, company, account):
        """What our open items on this account sum up to."""
        self.env["account.receivable"]._flush()
        [(amount,)] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(item.amount), 0)
                  FROM (%s) item
                  JOIN account_move_line line ON line.id = item.line_id
                 WHERE line.account_id = %s
                """,
                self.env["account.receivable.item"]._get_item_sql(Scope(company)),
                account.id,
            )
        )
        return amount

    # Plainly ---------------------------------------------------------------------------------

    @api.model
    def _get_balance_domain(self, company, account) -> Domain:
        return (
            Domain("company_id", "=", company.id)
            & Domain("account_id", "=", account.id)
            & Domain("parent_state", "=", "posted")
        )

    @api.model
    def _get_balance(self, company, account) -> Fraction:
        """The account's balance, as the general ledger has it."""
        return self._sum(self._get_balance_domain(company, account), "balance")

    @api.model
    def _sum(self, domain, name) -> Fraction:
        [(amount,)] = self.env["account.move.line"]._read_group(domain, [], [f"{name}:sum"])
        return plain_books.exact(amount or 0)

    @api.model
    def _get_ledger_parts(self, company, account, ledger) -> dict[str, Fraction]:
        """What of the balance is not ours, each positive as a claim is."""
        if not plain_books.is_trade_receivable(account):
            # Claims were moved here; what else is booked here is nobody's instalment.
            moved = self._get_moved(plain_books.origins(self._get_open(company, account)), account)
            return {"other_amount": ledger - moved}
        domain = self._get_balance_domain(company, account)
        foreign = Domain("currency_id", "!=", company.currency_id.id) & Domain(
            "amount_residual_currency", "=", 0
        )
        return {
            "partnerless_amount": self._sum(
                domain & Domain("partner_id", "=", False), "amount_residual"
            ),
            "revaluation_amount": self._sum(
                domain & Domain("partner_id", "!=", False) & foreign, "amount_residual"
            ),
            "entryless_amount": self._get_entryless(company, account),
            "outside_amount": self._get_outside(company, account)
            - self._get_moved_in_drafts(company, account)
            + self._get_moved_from_drafts(company, account),
        }

    @api.model
    def _get_open(self, company, account):
        """Journal items on which something may be open that was moved here, also of drafts."""
        return self.env["account.move.line"].search(
            Domain("company_id", "=", company.id)
            & Domain("account_id", "=", account.id)
            & Domain("parent_state", "!=", "cancel")
            & Domain("reconciled", "=", False)
        )

    @api.model
    def _get_moved(self, lines, account, is_wanted=lambda target: True, state="posted") -> Fraction:
        """What is open on the account of claims that were moved there, from any of these items.

        :param state: of the items that claims were moved from
        """
        return sum(
            (
                amount
                for line in lines.filtered(
                    lambda line: plain_books.is_root(line) and line.parent_state == state
                )
                for target, amount in plain_books.moved_open(line).items()
                if target.account_id == account and is_wanted(target)
            ),
            Fraction(0),
        )

    @api.model
    def _get_moved_in_drafts(self, company, account) -> Fraction:
        """Claims that a draft moved to the account: ours, and not in the ledger yet."""
        drafts = self.env["account.move.line"].search(
            Domain("company_id", "=", company.id)
            & Domain("account_id", "=", account.id)
            & Domain("parent_state", "=", "draft")
            & Domain("move_id.move_type", "=", "entry")
        )
        origins = plain_books.origins(drafts)
        return self._get_moved(
            origins, account, lambda target: target in drafts and target.parent_state == "draft"
        )

    @api.model
    def _get_moved_from_drafts(self, company, account) -> Fraction:
        """Claims in the ledger that were moved to the account from what is a draft again: nobody
        owes them, as long as it is.
        """
        drafts = self.env["account.move.line"].search(
            Domain("company_id", "=", company.id)
            & Domain("parent_state", "=", "draft")
            & Domain("account_id", "in", self._get_claim_accounts(company).ids)
            & (Domain("matched_debit_ids", "!=", False) | Domain("matched_credit_ids", "!=", False))
        )
        return self._get_moved(
            drafts, account, lambda target: target.parent_state == "posted", state="draft"
        )

    @api.model
    def _get_claim_accounts(self, company):
        return self.env["account.account"].search(self._get_ledger_domain(company))

    @api.model
    def _get_entryless(self, company, account) -> Fraction:
        """What payments without journal entry settle: open in the ledger only."""
        payments = self.env["account.payment"].search(
            [("company_id", "=", company.id), ("move_id", "=", False)]
        )
        documents = payments.invoice_ids.filtered(lambda move: move.state == "posted")
        lines = documents.line_ids.filtered(
            lambda line: (
                plain_books.is_document_line(line)
                and line.partner_id
                and line.account_id == account
                and line.company_id == company
            )
        )
        rows = plain_books.settlements(lines)
        return sum((row["amount"] for row in rows if not row["counterpart"]), Fraction(0))

    @api.model
    def _get_outside(self, company, account) -> Fraction:
        """What items of the account are settled with by journal items that are not in its balance:
        of drafts, of other companies or accounts.
        """
        result = Fraction(0)
        for side, other, sign in (("debit", "credit", 1), ("credit", "debit", -1)):
            partials = self.env["account.partial.reconcile"].search(
                Domain(f"{side}_move_id.company_id", "=", company.id)
                & Domain(f"{side}_move_id.account_id", "=", account.id)
                & Domain(f"{side}_move_id.parent_state", "=", "posted")
                & (
                    Domain(f"{other}_move_id.company_id", "!=", company.id)
                    | Domain(f"{other}_move_id.account_id", "!=", account.id)
                    | Domain(f"{other}_move_id.parent_state", "!=", "posted")
                )
            )
            result += sign * sum(plain_books.exact(amount) for amount in partials.mapped("amount"))
        return result
