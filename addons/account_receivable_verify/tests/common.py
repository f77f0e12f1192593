from odoo.addons.account_receivable_settlement.tests.common import ReceivableCommon


class VerifyMixin:
    """Runs a verification as the scheduled action does, and looks at some of its checks: figures of
    other addons that are there may wait to follow what a test did.
    """

    CHECKS = ("ledger", "open_items")

    def _verify(self, companies=None):
        self._flush()
        run = self.env["account.receivable.verification"]._request(
            companies or self.company, self.env.user
        )
        with self.enter_registry_test_mode():
            self.env.ref("account_receivable_verify.ir_cron_verify").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(run.sudo().state, "done")
        return run.sudo()

    def _get_checks(self, run):
        return run.check_ids.filtered(lambda row: row.name in self.CHECKS)

    def _get_found(self, run, state=None):
        found = run.difference_ids.filtered(lambda row: row.check in self.CHECKS)
        return found.filtered(lambda row: row.state == state) if state else found

    def _get_totals(self, run):
        return run.total_ids.filtered(lambda row: row.check in self.CHECKS)

    def assertCounts(self, run, differences=0, waiting=0, failed=0):
        checks = self._get_checks(run)
        self.assertEqual(
            [
                sum(checks.mapped(name))
                for name in ("difference_count", "waiting_count", "failed_count")
            ],
            [differences, waiting, failed],
        )

    def assertClean(self, run):
        """Nothing differs, and everything was looked at."""
        self.assertFalse(
            [
                (
                    row.state,
                    row.name,
                    row.value,
                    row.kept_amount or row.kept_text,
                    row.recomputed_amount or row.recomputed_text or row.failure,
                )
                for row in self._get_found(run)
            ]
        )
        self.assertCounts(run)
        self.assertFalse(self._get_totals(run).filtered("difference"))
        for check in self._get_checks(run):
            self.assertEqual((check.state, check.checked_count), ("done", check.total_count))
            self.assertTrue(check.checked_count)
        self.assertEqual(run.progress, 100)

    def _get_differences(self, run, state="difference"):
        """``{(name, value): (kept, recomputed, difference)}`` of amounts."""
        return {
            (row.name, row.value): (row.kept_amount, row.recomputed_amount, row.difference)
            for row in self._get_found(run, state)
            if row.is_amount
        }


class VerifyBooks(VerifyMixin, ReceivableCommon):
    """Two companies, two currencies, and what people do with receivables."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.expense = cls.company_data["default_account_expense"]
        cls.income = cls.company_data["default_account_revenue"]
        cls.foreign = cls.setup_other_currency(
            "EUR", rates=[("2023-01-01", 2.0), ("2024-01-20", 2.5), ("2024-02-01", 1.6)]
        )
        cls.other = cls.env["res.partner"].create({"name": "Lazy Ltd", "is_company": True})
        cls.contact = cls.env["res.partner"].create({"name": "Ann", "parent_id": cls.other.id})

    @classmethod
    def _fill_books(cls):
        """Open at the end, in company currency: Prompt & Sons 700 + 300 + 250 + 80 less 40 on
        account, Lazy Ltd 900 (of it 400 due later).
        """
        line = {"price_unit": 1000.0}
        cls.paid = cls._create_document([line])
        cls._pay(cls.paid)
        cls.part_paid = cls._create_document([line], invoice_date_due="2024-02-09")
        cls._pay(cls.part_paid, 300.0)
        # Reversed in full, and credited in part.
        cls.reversed = cls._create_document([line])
        cls._reverse(cls.reversed)
        credited = cls._create_document([{"price_unit": 500.0}], partner_id=cls.partner.id)
        note = cls._create_document([{"price_unit": 200.0}], move_type="out_refund")
        cls._reconcile(credited, note)
        # 20 written off in a payment, 250 of another currency open, after 1.5 of 2 parts.
        lost = cls._create_document([{"price_unit": 520.0}])
        cls._pay(
            lost,
            500.0,
            payment_difference_handling="reconcile",
            writeoff_account_id=cls.expense.id,
        )
        abroad = cls._create_document([line], currency_id=cls.foreign.id)
        cls._pay(abroad, 500.0, date="2024-01-20", currency_id=cls.foreign.id)
        # Paid too much and not matched; an opening entry; instalments of a contact.
        cls.env["account.payment"].create(
            {"partner_id": cls.partner.id, "amount": 40.0, "payment_type": "inbound"}
        ).action_post()
        cls._create_entry((cls.receivable, cls.partner, 80.0), (cls.income, None, -80.0))
        term = cls.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    (0, 0, {"value": "percent", "value_amount": 60, "nb_days": 30}),
                    (0, 0, {"value": "percent", "value_amount": 40, "nb_days": 90}),
                ],
            }
        )
        cls.parts = cls._create_document(
            [line], partner_id=cls.contact.id, invoice_payment_term_id=term.id
        )
        cls._pay(cls.parts, 100.0)
        # Nobody's, and of nobody's account.
        cls._create_entry((cls.receivable, None, 33.0), (cls.income, None, -33.0))

    @classmethod
    def _reverse(cls, invoice):
        wizard = (
            cls.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": "2024-01-25"})
        )
        wizard.modify_moves()

    @classmethod
    def _reconcile(cls, *moves):
        lines = cls.env["account.move"].union(*moves).line_ids
        lines.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
