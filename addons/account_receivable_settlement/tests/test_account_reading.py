import csv

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL, file_open

from ..proposals import PROPOSALS
from .common import ReceivableCommon

#: The files of Odoo's chart templates in which the proposed accounts are.
CHART_FILES = {
    "it": ("l10n_it", "it"),
    "fr": ("l10n_fr_account", "fr"),
    "de_skr03": ("l10n_de", "de_skr03"),
    "de_skr04": ("l10n_de", "de_skr04"),
    "be": ("l10n_be", "be"),
    "es": ("l10n_es", "es_common", "es_common_mainland"),
    "cn": ("l10n_cn", "cn_common", "cn_large_bis"),
    "mx": ("l10n_mx", "mx"),
}


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestAccountReading(ReceivableCommon):
    """Accountants see how claims are settled, and say what their accounts mean."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.expense = cls.company_data["default_account_expense"]
        cls.bank_account = cls.company_data["default_journal_bank"].default_account_id
        cls.clearing = cls.env["account.account"].create(
            {"name": "Clearing", "code": "CLEAR", "account_type": "asset_current"}
        )
        cls.accountant = cls._create_user("reading_accountant", "account.group_account_user")
        cls.administrator = cls._create_user(
            "reading_administrator", "account.group_account_manager"
        )
        cls.clerk = cls._create_user("reading_clerk", "account.group_account_invoice")
        cls.auditor = cls._create_user("reading_auditor", "account.group_account_readonly")

    def _settle_by(self, *lines):
        amount = sum(balance for _account, _partner, balance in lines)
        invoice = self._create_document([{"price_unit": amount}])
        entry = self._create_entry(*lines, (self.receivable, self.partner, -amount))
        self._settle(invoice, entry)
        self._flush()
        return invoice

    def _get_rows(self, user=None):
        """``{account: (kind, source, settlements, amount)}``, rows of one account in a list."""
        rows = self.env["account.receivable.account"].with_user(user or self.env.user).search([])
        found = {}
        for row in rows:
            values = (row.kind, row.source, row.settlement_count, row.amount)
            found.setdefault(row.account_id, []).append(values)
        return {account: sorted(values) for account, values in found.items()}

    def test_each_account_with_what_was_settled_on_it(self):
        parent = self.env["res.partner"].create({"name": "Parent"})
        doubtful = self.receivable.copy({"name": "Doubtful"})
        self._settle_by((self.bank_account, None, 980.0), (self.expense, None, 20.0))
        self._settle_by((self.clearing, None, 500.0))
        self._settle_by((doubtful, self.partner, 300.0))
        self._settle_by((doubtful, parent, 200.0))
        payment = self._pay(self._create_document([{"price_unit": 70.0}]))
        self._flush()
        self.assertEqual(
            self._get_rows(),
            {
                self.bank_account: [("payment", "rule", 1, 980.0)],
                self.expense: [("write_off", "rule", 1, 20.0)],
                self.clearing: [("payment", "rule", 1, 500.0)],
                doubtful: [("owed", "rule", 1, 300.0), ("payment", "rule", 1, 200.0)],
                payment.outstanding_account_id: [("payment", "rule", 1, 70.0)],
            },
        )

    def test_several_settlements_of_one_entry(self):
        """30 of 1,000 in fees, over two invoices."""
        invoices = self._create_document([{"price_unit": 600.0}]) | self._create_document(
            [{"price_unit": 400.0}]
        )
        self._pay(
            invoices,
            970.0,
            group_payment=True,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        self._flush()
        self.assertEqual(self._get_rows()[self.expense], [("write_off", "rule", 2, 30.0)])

    def test_what_settles_a_moved_claim_is_listed(self):
        bills = self.receivable.copy({"name": "Bills"})
        invoice = self._settle_by((bills, self.partner, 300.0))
        slip = self.env["account.move.line"].search([("account_id", "=", bills.id)]).move_id
        honoured = self._create_entry((self.clearing, None, 300.0), (bills, self.partner, -300.0))
        (slip | honoured).line_ids.filtered(lambda line: line.account_id == bills).reconcile()
        self.assertEqual([row[:2] for row in self._get_settlements(invoice)], [("payment", 300.0)])
        self.assertEqual(
            self._get_rows(),
            {
                bills: [("owed", "rule", 1, 300.0)],
                self.clearing: [("payment", "rule", 1, 300.0)],
            },
        )

    def test_accountants_change_the_reading_and_figures_follow(self):
        invoice = self._settle_by((self.clearing, None, 500.0))
        for user in (self.accountant, self.administrator):
            for reading, kind in (("loss", "write_off"), ("money", "payment")):
                row = self.env["account.receivable.account"].with_user(user).search([])
                row.write({"reading": reading})
                self.assertEqual(self.clearing.receivable_reading, reading)
                self.assertEqual(self._get_rows(user), {self.clearing: [(kind, "mark", 1, 500.0)]})
                self.assertEqual(
                    [row[:2] for row in self._get_settlements(invoice)], [(kind, 500.0)]
                )

    def test_changes_of_the_reading_are_in_the_log_of_the_account(self):
        self._settle_by((self.clearing, None, 500.0))
        rows = self.env["account.receivable.account"].with_user(self.accountant)
        for context, old, new in (
            ({}, "", "Loss"),
            ({"tracking_disable": True, "mail_notrack": True}, "Loss", "Money"),
        ):
            rows.with_context(**context).search([]).write({"reading": new.lower()})
            self._flush()
            change = self.clearing.message_ids.tracking_value_ids.sorted("id")[-1]
            self.assertEqual(change.mail_message_id.author_id, self.accountant.partner_id)
            self.assertEqual((change.old_value_char or "", change.new_value_char), (old, new))

    def test_nobody_else_changes_it_and_nothing_else_is_changed(self):
        self._settle_by((self.clearing, None, 500.0))
        rows = self.env["account.receivable.account"]
        for user in (self.clerk, self.auditor):
            row = rows.with_user(user).search([])
            self.assertEqual(row.amount, 500.0)
            with self.assertRaises(AccessError):
                row.write({"reading": "loss"})
        with self.assertRaises(AccessError):
            rows.with_user(self.accountant).search([]).write({"amount": 1.0})
        seller = self._create_user("reading_nobody", "base.group_user")
        with self.assertRaises(AccessError):
            rows.with_user(seller).search([])

    def test_own_companies_only(self):
        self._settle_by((self.clearing, None, 500.0))
        other = self.setup_other_company(name="Elsewhere")["company"]
        stranger = self._create_user("reading_stranger", "account.group_account_manager", other)
        self.assertEqual(self._get_rows(stranger), {})

    def test_proposals_are_accepted_with_one_click(self):
        self.clearing.receivable_proposal = "owed"
        allowance = self.clearing.copy({"name": "Allowance", "receivable_proposal": "loss"})
        self._settle_by((self.clearing, self.partner, 500.0))
        invoice = self._settle_by((allowance, self.partner, 300.0))
        self.assertEqual(
            self._get_rows(),
            {
                self.clearing: [("owed", "proposal", 1, 500.0)],
                allowance: [("owed", "proposal", 1, 300.0)],
            },
        )
        self.assertEqual(self._get_settlements(invoice), [])
        self.env["account.receivable.account"].with_user(self.accountant).search(
            []
        ).action_accept_proposal()
        self.assertEqual(
            self._get_rows(),
            {
                self.clearing: [("owed", "mark", 1, 500.0)],
                allowance: [("write_off", "mark", 1, 300.0)],
            },
        )
        self.assertEqual(
            [row[:2] for row in self._get_settlements(invoice)], [("write_off", 300.0)]
        )

    def test_journal_items_behind_a_row(self):
        self._settle_by((self.clearing, None, 500.0))
        self._create_entry((self.clearing, None, 7.0), (self.bank_account, None, -7.0))
        row = self.env["account.receivable.account"].search([])
        action = row.action_open_items()
        items = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(items.mapped("balance"), [500.0])

    # Proposals -----------------------------------------------------------------------------------

    def _set_chart(self, chart, **accounts):
        """Have the company's accounts come from another chart."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE res_company SET chart_template = %s WHERE id = %s", chart, self.company.id)
        )
        self.env.invalidate_all()
        for template_id, account in accounts.items():
            self.env["ir.model.data"].create(
                {
                    "module": "account",
                    "name": f"{self.company.id}_{template_id.removeprefix('x')}",
                    "model": "account.account",
                    "res_id": account.id,
                }
            )

    def test_accounts_of_a_known_chart_are_proposed_once(self):
        allowance = self.clearing.copy({"name": "Allowance"})
        marked = self.clearing.copy({"name": "Marked", "receivable_reading": "money"})
        self._set_chart("it", x1505=self.clearing, x1540=allowance, x1510=marked)
        self.env["account.account"]._propose_receivable_readings(self.company)
        self.assertEqual(self.clearing.receivable_proposal, "owed")
        self.assertEqual(allowance.receivable_proposal, "loss")
        self.assertFalse(marked.receivable_proposal, "somebody has answered")

    def test_the_same_name_in_another_chart_means_nothing(self):
        self._set_chart("generic_coa", x1505=self.clearing)
        self.env["account.account"]._propose_receivable_readings()
        self.assertFalse(self.clearing.receivable_proposal)

    def test_charts_of_a_family_share_their_accounts(self):
        self._set_chart("es_pymes", account_common_4312=self.clearing)
        self.env["account.account"]._propose_receivable_readings()
        self.assertEqual(self.clearing.receivable_proposal, "owed")

    def test_proposed_accounts_are_those_of_odoos_charts(self):
        """By name, and none of them is a receivable, which would need no proposal."""
        self.assertEqual(CHART_FILES.keys(), PROPOSALS.keys())
        for chart, (module, *files) in CHART_FILES.items():
            types = {}
            for name in files:
                path = f"{module}/data/template/account.account-{name}.csv"
                with file_open(path, env=None) as file:
                    types |= {row["id"]: row["account_type"] for row in csv.DictReader(file)}
            for template_id in (name for names in PROPOSALS[chart].values() for name in names):
                self.assertIn(template_id, types, chart)
                self.assertIn(
                    types[template_id],
                    ("asset_current", "asset_non_current", "liability_current"),
                    template_id,
                )

    def test_changed_reading_has_everything_computed_anew(self):
        sources = self.env["account.receivable"]._get_sources()["account.account"]
        self.assertLessEqual({"receivable_reading", "receivable_proposal"}, set(sources))
