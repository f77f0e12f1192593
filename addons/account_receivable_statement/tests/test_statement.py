from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from odoo.addons.account_receivable_settlement.tests.common import ReceivableCommon


class StatementCommon(ReceivableCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.terms = cls.env["account.payment.term"].create(
            {
                "name": "30/70",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 60}),
                ],
            }
        )

    @classmethod
    def _invoice(cls, amount=1000.0, date="2024-01-10", **values):
        return cls._create_document([{"price_unit": amount}], date=date, **values)

    def _get_statements(self, partner=None, companies=None):
        self._flush()
        return self.env["account.receivable.statement"]._get_statements(
            partner or self.partner, companies or self.company
        )

    def _get_section(self, **values):
        [statement] = self._get_statements(**values)
        [section] = statement.sections
        return section

    def assertItems(self, section, *items):
        self.assertEqual(
            [
                (item.move, str(item.due_date), item.amount, item.open_amount, item.is_overdue)
                for item in section.items
            ],
            list(items),
        )


@tagged("post_install", "-at_install")
@freeze_time("2024-02-20 12:00")
class TestStatement(StatementCommon):
    def test_by_instalment_not_by_header(self):
        """The header is due in March; a third of the first instalment is overdue."""
        invoice = self._invoice(invoice_payment_term_id=self.terms.id)
        self._pay(invoice, 200.0, date="2024-02-01")
        section = self._get_section()
        self.assertItems(
            section,
            (invoice, "2024-01-20", 300.0, 100.0, True),
            (invoice, "2024-03-10", 700.0, 700.0, False),
        )
        self.assertEqual(section.items[0].days, 31)
        self.assertEqual((section.open_amount, section.overdue_amount), (800.0, 100.0))
        self.assertEqual(
            section.bands,
            {
                "not_due_amount": 700.0,
                "overdue_1_30": 0.0,
                "overdue_31_60": 100.0,
                "overdue_61_90": 0.0,
                "overdue_over_90": 0.0,
            },
        )
        [payment] = section.payments
        self.assertEqual(
            (str(payment.date), payment.amount, payment.unmatched_amount),
            ("2024-02-01", 200.0, 0.0),
        )

    def test_credits_and_disputes(self):
        invoice = self._invoice(500.0)
        disputed = self._invoice(90.0)
        disputed.payment_state = "blocked"
        refund = self._invoice(120.0, move_type="out_refund")
        paid = self._invoice(300.0, date="2023-10-01")
        self._pay(paid, date="2023-10-02")
        section = self._get_section()
        self.assertItems(
            section,
            (invoice, "2024-01-10", 500.0, 500.0, True),
            (disputed, "2024-01-10", 90.0, 90.0, False),
            (refund, "2024-01-10", -120.0, -120.0, False),
        )
        self.assertEqual((section.disputed_amount, section.credit_amount), (90.0, 120.0))
        self.assertEqual((section.open_amount, section.overdue_amount), (470.0, 500.0))
        self.assertEqual(section.payments, [], "paid before the last three months")

    def test_money_that_nobody_matched(self):
        self._invoice(500.0)
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.partner.id,
                "amount": 200.0,
                "date": "2024-02-10",
                "payment_type": "inbound",
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        section = self._get_section()
        self.assertEqual((section.open_amount, section.credit_amount), (300.0, 200.0))
        self.assertEqual([row.unmatched_amount for row in section.payments], [200.0])

    def test_paid_without_entry(self):
        invoice = self._invoice(500.0)
        self._pay_without_entry(invoice, 200.0, date="2024-02-10")
        section = self._get_section()
        self.assertItems(section, (invoice, "2024-01-10", 500.0, 300.0, True))
        self.assertEqual([row.amount for row in section.payments], [200.0])

    def test_bill_is_owed_by_the_old_due_date(self):
        portfolio = self.receivable.copy({"name": "Portfolio"})
        invoice = self._invoice(500.0)
        slip = self._create_entry(
            (self.receivable, self.partner, -500.0), (portfolio, self.partner, 500.0)
        )
        self._settle(invoice, slip)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertItems(self._get_section(), (invoice, "2024-01-10", 500.0, 500.0, True))

    def test_each_currency_apart(self):
        """Open in the document's currency, to the cent, whatever the rate did."""
        foreign = self.setup_other_currency("EUR", rates=[("2024-01-01", 3.0), ("2024-02-01", 4.0)])
        self._invoice(500.0)
        invoice = self._invoice(100.0, currency_id=foreign.id)
        self._pay(invoice, 33.33, date="2024-02-10", currency_id=foreign.id)
        [statement] = self._get_statements()
        sections = {section.currency: section for section in statement.sections}
        self.assertEqual(sections[self.company.currency_id].open_amount, 500.0)
        self.assertEqual(sections[foreign].open_amount, 66.67)
        self.assertEqual([row.amount for row in sections[foreign].payments], [33.33])

    def test_sum_is_the_ledger(self):
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.partner.id, "type": "invoice"}
        )
        self._invoice(500.0, partner_id=contact.id)
        self._pay(self._invoice(300.0), 70.0)
        self._invoice(20.0, move_type="out_refund")
        section = self._get_section(partner=contact)
        ledger = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.receivable.id),
                ("parent_state", "=", "posted"),
                ("partner_id", "child_of", self.partner.id),
            ]
        )
        self.assertEqual(section.open_amount, sum(ledger.mapped("amount_residual")))
        self.assertEqual(section.open_amount, 710.0)

    def test_companies_apart(self):
        other = self.setup_other_company(name="Second")["company"]
        self._invoice(500.0)
        statements = self._get_statements(companies=self.company | other)
        self.assertEqual([statement.company for statement in statements], [self.company])

    def test_constant_statements(self):
        self._invoice(500.0)
        self._get_statements()
        others = self.env["res.partner"].create([{"name": f"Other {n}"} for n in range(5)])
        for partner in others:
            self._invoice(100.0, partner_id=partner.id)
        self._flush()
        statements = self.env["account.receivable.statement"]
        with self.assertQueryCount(12):
            self.assertEqual(
                len(statements._get_statements(others | self.partner, self.company)), 6
            )

    def test_nothing(self):
        self.assertEqual(self._get_statements(), [])

    def test_who_may_read(self):
        self._invoice()
        biller = self._create_user("statement-biller", "account.group_account_invoice")
        nobody = self._create_user("statement-nobody", "base.group_user")
        self.assertEqual(len(self._read_as(biller)), 1)
        with self.assertRaises(AccessError):
            self._read_as(nobody)
        with self.assertRaises(AccessError):
            self.partner.with_user(nobody).action_print_statement()
        with self.assertRaises(AccessError):
            self.partner.with_user(nobody).action_send_statement()
        with self.assertRaises(AccessError):
            self._render(self.partner.with_user(nobody))

    def _read_as(self, user):
        self._flush()
        statements = self.env["account.receivable.statement"].with_user(user)
        return statements._get_statements(self.partner.with_user(user), self.company)

    def _render(self, partner):
        self._flush()
        return (
            partner.env["ir.actions.report"]
            ._render_qweb_html("account_receivable_statement.report_statement", partner.ids)[0]
            .decode()
        )

    def test_on_paper(self):
        invoice = self._invoice(invoice_payment_term_id=self.terms.id)
        self._pay(invoice, 200.0, date="2024-02-01")
        html = self._render(self.partner)
        for text in (
            invoice.name,
            "Customer Statement",
            "800.00",
            "03/10/2024",
            "Prompt &amp; Sons",
        ):
            self.assertIn(text, html)

    def test_on_paper_without_anything(self):
        self.assertIn("Nothing is open", self._render(self.partner))

    def test_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("it_IT")
        self.env["ir.module.module"]._load_module_terms(
            ["account_receivable_statement"], ["it_IT"], overwrite=True
        )
        self.partner.lang = "it_IT"
        self._invoice()
        html = self._render(self.partner)
        self.assertIn("Estratto conto", html)
        self.assertIn("10/01/2024", html)

    def test_sent_with_the_statement_attached(self):
        self._invoice()
        self.partner.email = "accounts@prompt.example.com"
        action = self.partner.action_send_statement()
        composer = Form(self.env[action["res_model"]].with_context(**action["context"])).save()
        self.assertIn("your statement", composer.subject)
        self.assertEqual(
            composer.template_id.report_template_ids,
            self.env.ref("account_receivable_statement.action_report_statement"),
        )
        self.assertEqual(composer.partner_ids, self.partner)
