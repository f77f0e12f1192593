from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import HEADER, AccountingImportCommon

PAID_HEADER = (*HEADER, "Settled On", "Settled Amount", "Disputed", "Opportunity")


@tagged("post_install", "-at_install")
@freeze_time("2024-06-15 12:00:00")
class TestAccountingImport(AccountingImportCommon):
    """What a file becomes in Odoo, at the first import and at later ones."""

    def _row(self, number="E-1", amount="100.00", settled="", paid="", disputed="", deal=""):
        due = "2024-02-05"
        return ["C-77", number, "2024-01-05", due, amount, settled, paid, disputed, deal]

    def test_invoice_is_like_a_native_one(self):
        self._import_rows([self._row(settled="2024-01-20")], PAID_HEADER)
        imported = self._get_move("E-1")
        native = self._create_deal_invoice(
            [(100.0, None)], date="2024-01-05", post=False, partner_id=self.acme.id
        )
        native.invoice_date_due = "2024-02-05"
        native.action_post()
        payment = self._pay(native, date="2024-01-20")
        for name in (
            "move_type",
            "state",
            "payment_state",
            "date",
            "invoice_date",
            "invoice_date_due",
            "amount_total",
            "amount_untaxed",
            "amount_residual",
            "amount_total_signed",
            "currency_id",
            "invoice_currency_rate",
            "partner_id",
            "commercial_partner_id",
            "company_id",
        ):
            self.assertEqual(imported[name], native[name], name)
        fields = (
            "display_type",
            "balance",
            "amount_currency",
            "amount_residual",
            "price_total",
            "price_subtotal",
            "quantity",
            "date_maturity",
            "reconciled",
            "partner_id",
            "parent_state",
            "invoice_date",
        )
        for line, other in zip(imported.line_ids, native.line_ids, strict=True):
            for name in fields:
                self.assertEqual(line[name], other[name], f"{line.display_type} {name}")
        self.assertEqual(imported.line_ids[1].account_id, native.line_ids[1].account_id)
        imported_payment = imported.matched_payment_ids
        for name in ("amount", "date", "payment_type", "partner_type", "partner_id", "currency_id"):
            self.assertEqual(imported_payment[name], payment[name], name)
        self.assertEqual(imported_payment.state, "paid")
        self.assertEqual(imported_payment.move_id.origin_payment_id, imported_payment)
        self.assertEqual(imported_payment.move_id.line_ids.payment_id, imported_payment)
        self.assertEqual(imported.reconciled_payment_ids, imported_payment)
        self.assertFalse(imported.made_sequence_gap)

    def test_journals_of_their_own(self):
        banks = self.env["account.journal"].search(
            [("type", "in", ("bank", "cash")), ("company_id", "=", self.company.id)]
        )
        accounts = banks.default_account_id | banks.inbound_payment_method_line_ids.mapped(
            "payment_account_id"
        )
        before = accounts.mapped("current_balance")
        self._import_rows([self._row(settled="2024-01-20")], PAID_HEADER)
        self._import_rows([self._row("E-2", settled="2024-01-20")], PAID_HEADER)
        journals = self.env["account.journal"].search([("is_accounting_import", "=", True)])
        self.assertEqual(sorted(journals.mapped("type")), ["bank", "sale"])
        accounts.invalidate_recordset()
        self.assertEqual(accounts.mapped("current_balance"), before)
        clearing = journals.filtered(lambda journal: journal.type == "bank").default_account_id
        self.assertEqual(clearing.account_type, "asset_current")
        self.assertEqual(clearing.current_balance, 200.0)
        # Odoo goes on suggesting its own journals.
        move = self.env["account.move"].new({"move_type": "out_invoice"})
        self.assertFalse(move.journal_id.is_accounting_import)

    def test_any_number_is_kept(self):
        numbers = ["0000611365", "9990243864", "2019-12/77", "INV/2023/00001", "Ω-1", "7"]
        _record, result = self._import_rows([self._row(number) for number in numbers], PAID_HEADER)
        self.assertCounts(result, created=6)
        moves = self.env["account.move"].search([("journal_id.is_accounting_import", "=", True)])
        self.assertEqual(set(moves.mapped("name")), set(numbers))
        self.assertEqual(set(moves.mapped("payment_reference")), set(numbers))

    def test_credit_note(self):
        self._import_rows(
            [self._row("CN-1", "-50.00"), self._row("CN-2", "-30.00", "2024-01-30", "-10.00")],
            PAID_HEADER,
        )
        open_note, paid_note = self._get_move("CN-1"), self._get_move("CN-2")
        self.assertEqual(open_note.move_type, "out_refund")
        self.assertEqual(open_note.amount_total_signed, -50.0)
        self.assertEqual(paid_note.amount_residual, 20.0)
        self.assertEqual(paid_note.matched_payment_ids.payment_type, "outbound")

    def test_credit_note_without_due_date(self):
        row = ["C-77", "CN-3", "2024-01-05", "", "-5.00"]
        self.assertCounts(self._import_rows([row])[1], created=1)
        self.assertEqual(str(self._get_move("CN-3").invoice_date_due), "2024-01-05")

    def test_zero_invoice(self):
        _record, result = self._import_rows([self._row(amount="0")], PAID_HEADER)
        self.assertCounts(result, created=1)
        self.assertEqual(self._get_move("E-1").payment_state, "paid")

    def test_partial_payment(self):
        self._import_rows([self._row(settled="2024-01-20", paid="40.00")], PAID_HEADER)
        move = self._get_move("E-1")
        self.assertEqual(move.amount_residual, 60.0)
        self.assertEqual(move.payment_state, "partial")

    def test_settlements(self):
        self._import_rows([self._row(settled="2024-02-10")], PAID_HEADER)
        settlement = self.env["account.receivable.settlement"].search(
            [("invoice_id", "=", self._get_move("E-1").id)]
        )
        self.assertRecordValues(
            settlement,
            [{"kind": "payment", "amount": 100.0, "days_to_pay": 36, "days_beyond_terms": 5}],
        )

    def test_deal_figures(self):
        deal = self._create_deal("Import deal")
        rows = [
            self._row("E-1", settled="2024-01-20", deal=str(deal.id)),
            self._row("E-2", amount="50.00", deal="Import deal"),
        ]
        _record, result = self._import_rows(rows, PAID_HEADER)
        self.assertCounts(result, created=2)
        self.assertFigures(
            deal, invoiced_total=150.0, paid_total=100.0, due_total=50.0, overdue_total=50.0
        )
        self.assertEqual(deal.billing_status, "overdue")
        self.assertEqual(deal.stage_id, self.stage_invoiced)

    def test_deal_by_external_id(self):
        deal = self._create_deal("Known elsewhere")
        self.env["ir.model.data"].create(
            {"module": "__old__", "name": "deal_1", "model": "crm.lead", "res_id": deal.id}
        )
        self._import_rows([self._row(deal="__old__.deal_1")], PAID_HEADER)
        self.assertEqual(self._get_move("E-1").opportunity_id, deal)

    def test_salesperson_is_the_customers(self):
        seller = new_test_user(self.env, "import_seller", "sales_team.group_sale_salesman")
        self.acme.user_id = seller
        self._import_rows([self._row()], PAID_HEADER)
        self.assertEqual(self._get_move("E-1").invoice_user_id, seller)
        self.acme.user_id = False
        self._import_rows([self._row("E-2")], PAID_HEADER)
        self.assertFalse(self._get_move("E-2").invoice_user_id)

    def test_disputed(self):
        rows = [
            self._row("E-1", disputed="Yes"),
            self._row("E-2", settled="2024-01-20", disputed="Yes"),
            self._row("E-3", settled="2024-01-20", paid="40.00", disputed="Yes"),
            self._row("E-4", disputed="No"),
        ]
        self._import_rows(rows, PAID_HEADER)
        self.assertEqual(
            [self._get_move(f"E-{number}").payment_state for number in range(1, 5)],
            ["blocked", "paid", "blocked", "not_paid"],
        )
        self.assertEqual(self._get_move("E-3").amount_residual, 60.0)

    def test_foreign_currency(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2023-01-01", 0.9), ("2024-02-15", 1.2)]
        )
        header = (*HEADER, "Currency", "Settled On")
        row = ["C-77", "F-1", "2024-01-05", "2024-02-05", "90.00"]
        self._import_rows([[*row, currency.name.lower(), "2024-03-01"]], header)
        move = self._get_move("F-1")
        self.assertEqual(move.currency_id, currency)
        self.assertEqual(move.amount_total, 90.0)
        self.assertEqual(move.amount_total_signed, 100.0)
        self.assertEqual(move.payment_state, "paid")
        # Received 75.00 for what was worth 100.00: the loss is an exchange difference.
        self.assertEqual(
            self.env["account.receivable.settlement"]
            .search([("invoice_id", "=", move.id)])
            .mapped(lambda settlement: (settlement.kind, settlement.amount)),
            [("exchange", 25.0), ("payment", 75.0)],
        )

    def test_same_file_twice_changes_nothing(self):
        deal = self._create_deal("Twice")
        rows = [
            self._row("E-1", settled="2024-01-20", deal="Twice"),
            self._row("E-2", settled="2024-01-20", paid="40.00", disputed="yes"),
            self._row("E-3", "-20.00"),
        ]
        self._import_rows(rows, PAID_HEADER)
        self._flush()
        models = ("account.move", "account.payment", "account.partial.reconcile", "res.partner")
        counts = {model: self.env[model].search_count([]) for model in models}
        dates = self._get_move("E-2").write_date
        _record, result = self._import_rows(rows, PAID_HEADER)
        self.assertCounts(result, unchanged=3)
        self.assertEqual({model: self.env[model].search_count([]) for model in models}, counts)
        self.assertEqual(self._get_move("E-2").write_date, dates)
        self.assertFigures(deal, invoiced_total=100.0, paid_total=100.0)

    def test_later_file_brings_up_to_date(self):
        self._import_rows([self._row(settled="2024-01-20", paid="40.00")], PAID_HEADER)
        deal = self._create_deal("Found later")
        row = self._row(settled="2024-03-01", paid="75.00", disputed="yes", deal="Found later")
        row[3] = "2024-02-20"
        record, result = self._import_rows([row], PAID_HEADER)
        self.assertCounts(result, updated=1)
        move = self._get_move("E-1")
        self.assertEqual(move.amount_residual, 25.0)
        self.assertEqual(move.payment_state, "blocked")
        self.assertRecordValues(
            move.matched_payment_ids.sorted("date"),
            [
                {"amount": 40.0, "date": self._date("2024-01-20")},
                {"amount": 35.0, "date": self._date("2024-03-01")},
            ],
        )
        self.assertEqual(str(move.invoice_date_due), "2024-02-20")
        self.assertEqual(str(move.line_ids[1].date_maturity), "2024-02-20")
        self.assertEqual(move.opportunity_id, deal)
        for change in ("35.00", "Disputed", "02/05/2024 → 02/20/2024", "Found later"):
            self.assertIn(change, record.line_ids.reason)
        self.assertFigures(deal, invoiced_total=100.0, paid_total=75.0, due_total=25.0)
        # Paid in full: no dispute any more.
        _record, result = self._import_rows(
            [[*row[:5], "2024-04-01", "", "yes", "Found later"]], PAID_HEADER
        )
        self.assertCounts(result, updated=1)
        self.assertEqual(move.payment_state, "paid")
        self.assertFigures(deal, invoiced_total=100.0, paid_total=100.0)

    def test_dispute_ends(self):
        self._import_rows([self._row(disputed="yes")], PAID_HEADER)
        self.assertCounts(self._import_rows([self._row(disputed="no")], PAID_HEADER)[1], updated=1)
        self.assertEqual(self._get_move("E-1").payment_state, "not_paid")

    def test_file_without_dispute_leaves_it(self):
        self._import_rows([self._row(disputed="yes")], PAID_HEADER)
        header = PAID_HEADER[:7]
        row = self._row(settled="2024-01-20", paid="10.00")[:7]
        self.assertCounts(self._import_rows([row], header)[1], updated=1)
        move = self._get_move("E-1")
        self.assertEqual((move.payment_state, move.amount_residual), ("blocked", 90.0))

    def test_payment_registered_by_hand_is_not_doubled(self):
        self._import_rows([self._row()], PAID_HEADER)
        move = self._get_move("E-1")
        self._pay(move, 60.0, date="2024-01-20")
        self._import_rows([self._row(settled="2024-01-20", paid="60.00")], PAID_HEADER)
        self.assertEqual(move.amount_residual, 40.0)
        _record, result = self._import_rows([self._row()], PAID_HEADER)
        self.assertCounts(result, unchanged=1)

    def test_credit_note_in_odoo_is_no_payment(self):
        self._import_rows([self._row()], PAID_HEADER)
        move = self._get_move("E-1")
        credit = self._create_deal_invoice(
            [(30.0, None)], date="2024-01-15", move_type="out_refund", partner_id=self.acme.id
        )
        (move.line_ids | credit.line_ids).filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self._import_rows([self._row(settled="2024-01-20", paid="70.00")], PAID_HEADER)
        self.assertEqual(move.matched_payment_ids.amount, 70.0)
        self.assertEqual(move.amount_residual, 0.0)

    def test_link_made_by_finance_stays(self):
        self._create_deal("From the file")
        other = self._create_deal("By hand")
        self._import_rows([self._row(deal="From the file")], PAID_HEADER)
        move = self._get_move("E-1")
        move.opportunity_id = other
        _record, result = self._import_rows([self._row(deal="From the file")], PAID_HEADER)
        self.assertCounts(result, unchanged=1)
        self.assertEqual(move.opportunity_id, other)

    def test_log_and_buttons(self):
        record, _result = self._import_rows([self._row()], PAID_HEADER)
        self.assertEqual(record.user_id, self.env.user)
        self.assertEqual(record.progress, 100.0)
        action = record.action_view_invoices()
        self.assertEqual(self.env["account.move"].search(action["domain"]), self._get_move("E-1"))
        self.assertEqual(
            self.env["accounting.import.line"].search(record.action_view_lines()["domain"]).move_id,
            self._get_move("E-1"),
        )
