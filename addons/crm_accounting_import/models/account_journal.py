from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class AccountJournal(models.Model):
    _inherit = "account.journal"

    is_accounting_import = fields.Boolean(
        "For Imports",
        help="Invoices or payments imported from another accounting program go here. Invoices keep"
        " the number that they have there, whatever its form.",
    )

    @api.model
    def _get_import_journal(self):
        """The current company's journal of imported invoices, made on first use."""
        return self._find_import_journal(["sale"]) or self._create_import_journal()

    @api.model
    def _get_import_payment_journal(self):
        """The current company's journal of imported payments, made on first use."""
        return self._find_import_journal(["bank", "cash"]) or self._create_import_payment_journal()

    def _find_import_journal(self, types):
        return self.search(
            [
                ("is_accounting_import", "=", True),
                ("type", "in", types),
                ("company_id", "=", self.env.company.id),
            ],
            limit=1,
        )

    def _create_import_journal(self):
        """Hook: change the values for other accounts."""
        company = self.env.company
        native = self.search(
            [
                ("type", "=", "sale"),
                ("company_id", "parent_of", company.id),
                ("default_account_id", "!=", False),
            ],
            limit=1,
        )
        account = native.default_account_id or company.income_account_id
        if not account:
            raise UserError(
                self.env._(
                    "%(company)s has no sales journal with an income account. Install a chart of"
                    " accounts in the settings of Invoicing first.",
                    company=company.name,
                )
            )
        # Who may import need not be allowed to configure journals.
        journal_sudo = self.sudo().create(
            {
                "name": self.env._("Imported Invoices"),
                "code": self._get_free_code("IMP"),
                "type": "sale",
                "company_id": company.id,
                "default_account_id": account.id,
                "is_accounting_import": True,
                # Never the journal that Odoo suggests for a new invoice.
                "sequence": 100,
                "show_on_dashboard": False,
            }
        )
        # Nobody mails invoices of another program. Without a name from the beginning all companies
        # would get the same one: "false-imp".
        journal_sudo.alias_name = False
        return journal_sudo.sudo(False)

    def _create_import_payment_journal(self):
        """Its payments are booked on an account of their own, not on a bank or cash account.

        The money was booked on a bank account where the invoice comes from. Clearing that account
        against opening balances is a matter of the company's accountant.
        """
        company = self.env.company
        # Who may import need not be allowed to configure journals and accounts.
        Account_sudo = self.env["account.account"].sudo()
        account_sudo = Account_sudo.create(
            {
                "name": self.env._("Imported Payments (Clearing)"),
                "code": Account_sudo._search_new_account_code(
                    f"{company.transfer_account_code_prefix or '1'}000"
                ),
                "account_type": "asset_current",
                "company_ids": [Command.link(company.root_id.id)],
            }
        )
        journal_sudo = self.sudo().create(
            {
                "name": self.env._("Imported Payments"),
                "code": self._get_free_code("IMPP"),
                "type": "bank",
                "company_id": company.id,
                "default_account_id": account_sudo.id,
                "is_accounting_import": True,
                "sequence": 100,
                "show_on_dashboard": False,
            }
        )
        (
            journal_sudo.inbound_payment_method_line_ids
            | journal_sudo.outbound_payment_method_line_ids
        ).payment_account_id = account_sudo
        return journal_sudo.sudo(False)

    def _get_free_code(self, prefix: str) -> str:
        """A journal code of the current company; codes of archived journals count, too."""
        codes = set(
            self.sudo()
            .with_context(active_test=False)
            .search([("company_id", "=", self.env.company.id)])
            .mapped("code")
        )
        number = ""
        while f"{prefix}{number}" in codes:
            number = int(number or 1) + 1
        return f"{prefix}{number}"
