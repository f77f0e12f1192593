"""Bookkeeping: the walks of deals, customers and the forecast, with products on the documents."""

from odoo import Command, fields

from odoo.addons.crm_accounting_bridge.tests.walk import Walk
from odoo.addons.crm_revenue_forecast.tests.test_forecast_walk import ForecastWalk


class Books(ForecastWalk):
    OPERATIONS = {
        **Walk.OPERATIONS,
        **ForecastWalk.OPERATIONS,
        "draft_invoice": 22,
        "post": 18,
        "pay_part": 20,
        "pay_early": 6,
        "promise": 4,
        "seen_in_the_bank": 5,
        "salesperson_of_invoice": 3,
        "cost_changes": 1,
        # Time passes between transactions.
        "time_passes": 0,
    }

    def _draft(self, move_type):
        company = self.random.choice([self.test.company] * 3 + [self.test.company_2])
        currency = self.random.choice([company.currency_id] * 3 + [self.test.foreign_currency])
        date = self._some_date()
        taxes = self.test.tax_by_company[company]
        lines = [
            {
                "product_id": self.random.choice([False, *self.test.products.ids]),
                "name": "Line",
                "price_unit": self._amount(),
                "quantity": self.random.choice([1, 1, 2, 5]),
                "discount": self.random.choice([0, 0, 0, 10, 33.3]),
                "tax_ids": [Command.set(self.random.choice([taxes.ids, []]))],
                "opportunity_id": self._choose_deal(company).id,
            }
            for _number in range(self.random.choice([1, 1, 2, 3]))
        ]
        if move_type == "out_invoice" and len(lines) > 1 and self.random.random() < 0.2:
            # A down payment is taken off again.
            lines.append(
                {**lines[0], "price_unit": -lines[0]["price_unit"] / 2, "product_id": False}
            )
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": move_type,
                    "partner_id": self.test.partner.id,
                    "invoice_date": date,
                    "date": date,
                    "currency_id": currency.id,
                    "invoice_user_id": self.random.choice(self.test.sellers).id,
                    "invoice_payment_term_id": self.random.choice(
                        [False] * 4 + self.test.terms.ids
                    ),
                    "invoice_date_due": fields.Date.add(date, days=self.random.randint(-5, 60)),
                    "invoice_line_ids": [Command.create(line) for line in lines],
                }
            )
        )
        self.documents |= move
        self._note(f"{move_type}({move.id}) {company.name} {currency.name} {date} {lines}")
        if self.random.random() < 0.7:
            move.action_post()

    def pay_early(self):
        """With the discount, as the wizard proposes it."""
        move = self._choose(
            self._open_invoices().filtered(
                lambda move: (
                    move.invoice_payment_term_id.early_discount
                    and move.amount_residual == move.amount_total
                )
            )
        )
        date = fields.Date.add(move.invoice_date, days=self.random.randint(0, 12))
        self._register(move, payment_date=date)

    def seen_in_the_bank(self):
        """A registered payment, as a line of the bank statement."""
        lines = self.env["account.move.line"].search(
            [
                ("account_id.name", "=", "Outstanding"),
                ("payment_id", "!=", False),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        line = self._choose(lines)
        data = self.test.accounts_by_company[line.company_id]
        statement_line = (
            self.env["account.bank.statement.line"]
            .with_company(line.company_id)
            .create(
                {
                    "journal_id": data["default_journal_bank"].id,
                    "date": max(self._some_date(), line.date),
                    "amount": line.amount_residual,
                    "payment_ref": "Seen",
                    "partner_id": line.partner_id.id,
                }
            )
        )
        self.statement_lines |= statement_line
        suspense = statement_line._seek_for_lines()[1]
        suspense.account_id = line.account_id
        (line | suspense).reconcile()

    def salesperson_of_invoice(self):
        self._choose(self.documents).invoice_user_id = self.random.choice(self.test.sellers)

    def cost_changes(self):
        product = self._choose(self.test.products)
        company = self.random.choice(self.test.companies)
        product.with_company(company).standard_price = self.random.choice([0, 10, 55.55])
