from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from .. import plain_books


class ReceivableCommon(AccountTestInvoicingCommon):
    """Invoices, payments and entries, made as people make them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.partner = cls.env["res.partner"].create({"name": "Prompt & Sons"})

    @classmethod
    def _create_document(
        cls, lines, date="2024-01-10", move_type="out_invoice", post=True, **values
    ):
        """An invoice with a line of these values for each of ``[{...}, ...]``; without taxes
        unless ``taxes`` are given.
        """
        taxes = values.pop("taxes", cls.env["account.tax"])
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": cls.partner.id,
                "invoice_date": date,
                "date": date,
                "invoice_payment_term_id": False,
                "invoice_date_due": date,
                "invoice_line_ids": [
                    Command.create(
                        {"name": f"Line {number}", "tax_ids": [Command.set(taxes.ids)], **line}
                    )
                    for number, line in enumerate(lines)
                ],
                **values,
            }
        )
        if post:
            move.action_post()
        return move

    @classmethod
    def _pay(cls, moves, amount=None, date="2024-01-20", **values):
        """Register a payment as an accountant does: in the wizard."""
        if amount is not None:
            values["amount"] = amount
        wizard = (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"payment_date": date, **values})
        )
        return wizard._create_payments()

    @classmethod
    def _pay_without_entry(cls, invoices, amount, **values):
        """As with an accounting app installed, where payments may await the bank statement."""
        cls.env["account.payment.method.line"].search([]).payment_account_id = False
        with patch.object(
            type(cls.env["account.move"]),
            "_get_invoice_in_payment_state",
            lambda move: "in_payment",
        ):
            return cls._pay(invoices, amount, **values)

    @classmethod
    def _create_user(cls, login, groups, company=None):
        """A user with these groups only, in one company."""
        company = company or cls.company
        return new_test_user(cls.env, login, groups, company_id=company.id, company_ids=company.ids)

    def _flush(self):
        """End the transaction as far as our code can see."""
        self.env.cr.flush()
        self.env.invalidate_all()

    @classmethod
    def _date(cls, value):
        return fields.Date.to_date(value)

    @classmethod
    def _create_entry(cls, *lines, date="2024-01-20", post=True, **values):
        """A journal entry from ``(account, partner or None, debit less credit)``."""
        entry = cls.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date,
                "journal_id": cls.company_data["default_journal_misc"].id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": partner and partner.id,
                            "balance": balance,
                        }
                    )
                    for account, partner, balance in lines
                ],
                **values,
            }
        )
        if post:
            entry.action_post()
        return entry

    def _settle(self, move, *counterparts):
        """Reconcile what is open on the receivable account of these entries."""
        account = move.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).account_id
        lines = move.line_ids
        for counterpart in counterparts:
            lines |= counterpart.line_ids
        lines.filtered(lambda line: line.account_id in account and not line.reconciled).reconcile()

    def _get_settlements(self, moves):
        """Rows ``(kind, amount, settlement date, days to pay, days beyond terms)``, in order.

        They are also what a plain recomputation from the journal items says.
        """
        self._flush()
        rows = self.env["account.receivable.settlement"].search([("invoice_id", "in", moves.ids)])
        plain = [
            (
                row["line"].id,
                row["line"].move_id.id,
                row["line"].partner_id.commercial_partner_id.id,
                row["line"].company_id.id,
                row["counterpart"].id,
                row["kind"],
                row["settled_as"],
                float(row["amount"]),
                row["line"].move_id.invoice_date,
                plain_books.due_date(row["line"]),
                row["date"],
            )
            for document in moves.sudo()
            for row in plain_books.settlements(plain_books.instalments(document))
            if not row["is_mirror"] and document.state == "posted"
        ]
        self.assertCountEqual(
            [
                (
                    row.invoice_line_id.id,
                    row.invoice_id.id,
                    row.partner_id.id,
                    row.company_id.id,
                    row.counterpart_line_id.id,
                    row.kind,
                    row.settled_as,
                    row.amount,
                    row.invoice_date,
                    row.due_date,
                    row.settlement_date,
                )
                for row in rows.sudo()
            ],
            plain,
        )
        return sorted(
            (
                row.kind,
                row.amount,
                fields.Date.to_string(row.settlement_date),
                row.days_to_pay,
                row.days_beyond_terms,
            )
            for row in rows
        )
