"""Customers, deals, invoices and payments, made as people make them."""

from dateutil.relativedelta import relativedelta

from odoo import Command


class Books:
    """The books of the main company."""

    def __init__(self, env):
        self.env = env
        self.company = env.ref("base.main_company")
        self.today = self.company._get_today()

    def days(self, number):
        """So many days from today; negative: ago."""
        return self.today + relativedelta(days=number)

    def customer(self, name, **values):
        return self.env["res.partner"].create({"name": name, "is_company": True, **values})

    def deal(self, name, customer, **values):
        return self.env["crm.lead"].create(
            {
                "name": name,
                "type": "opportunity",
                "partner_id": customer.id,
                "company_id": self.company.id,
                "user_id": self.env.uid,
                **values,
            }
        )

    def invoice(self, customer, days_ago, *lines, terms=30):
        """A posted invoice.

        :param lines: pairs of amount and deal, which may be None.
        :param terms: days until it is due.
        """
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_user_id": self.env.uid,
                "invoice_date": self.days(-days_ago),
                "invoice_payment_term_id": False,
                "invoice_date_due": self.days(terms - days_ago),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": deal.name if deal else "Goods",
                            "price_unit": amount,
                            "tax_ids": False,
                            "opportunity_id": deal.id if deal else False,
                        }
                    )
                    for amount, deal in lines
                ],
            }
        )
        invoice.action_post()
        return invoice

    def pay(self, invoice, days_ago, amount=None):
        """Register a payment of the invoice, of all of it or of a part."""
        values = {"payment_date": self.days(-days_ago)} | ({"amount": amount} if amount else {})
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard.create(values)._create_payments()

    def credit(self, invoice, days_ago):
        """Credit all of the invoice."""
        invoice._reverse_moves([{"invoice_date": self.days(-days_ago)}], cancel=True)
