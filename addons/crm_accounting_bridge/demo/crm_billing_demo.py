from dateutil.relativedelta import relativedelta

from odoo import Command, api, models


class CrmBillingDemo(models.AbstractModel):
    """The documents of the demo story, posted and paid as an accountant does it.

    Prompt and late payers, instalments, a credit note, a dispute, a write-off, an invoice of two
    deals. Dates are relative to the day of installation, so that the story is always fresh.
    """

    _name = "crm.billing.demo"
    _description = "Demo Invoices of Opportunities"

    @api.model
    def _create_documents(self):
        """Called once, when demo data is loaded."""
        # Prompt payer: paid after 12 days; the next invoice is not due yet.
        ovens = self._invoice(
            "bakery", 68, [("Deck oven", 3600, "ovens"), ("Deck oven, 2nd shop", 3600, "ovens")]
        )
        self._pay(ovens, days_ago=56)
        self._invoice("bakery", 5, [("Van lettering", 2400, "vans")])
        # Late payer: one invoice long overdue, another paid in part, late.
        self._invoice(
            "hotels", 80, [("Sofas and tables", 9500, "lobby"), ("Installation", 1500, "lobby")]
        )
        conference = self._invoice("hotels", 64, [("Projectors", 8000, "conference")])
        self._pay(conference, days_ago=12, ratio=0.4)
        # Instalments: the first is paid, the second is due in three weeks.
        racking = self._invoice(
            "harbor",
            40,
            [("Pallet racking", 18000, "racking"), ("Assembly", 2000, "racking")],
            payment_term=self.env.ref(
                "crm_accounting_bridge.account_payment_term_instalments_demo"
            ),
        )
        self._pay(racking, days_ago=38, ratio=0.3)
        # Credit notes: one takes off a part, the rest is paid; one cancels the whole deal.
        terminals = self._invoice("alpine", 50, [("Rental terminals", 5000, "terminals")])
        self._credit(terminals, days_ago=30, price=500)
        self._pay(terminals, days_ago=18)
        signage = self._invoice("alpine", 31, [("Illuminated sign", 1500, "signage")])
        self._credit(signage, days_ago=10)
        # Disputed: owed, but not overdue.
        self._invoice(
            "clinic", 56, [("Reception desk", 6000, "reception")]
        ).action_toggle_block_payment()
        # A customer who paid well, but has bought nothing for a year; and a loss.
        catalogue = self._invoice("press", 402, [("Catalogue", 4000, "catalogue")])
        self._pay(catalogue, days_ago=377)
        booth = self._invoice("press", 98, [("Trade fair booth", 2000, "booth")])
        self._pay(booth, days_ago=60, ratio=0.95, write_off=True)
        # One invoice for two deals, half paid.
        fit_out = self._invoice(
            "organics", 20, [("Spring fit-out", 6000, "spring"), ("Autumn fit-out", 3000, "autumn")]
        )
        self._pay(fit_out, days_ago=9, ratio=0.5)

    def _invoice(self, customer, days_ago, lines, payment_term=None):
        """A posted invoice with ``lines`` of name, price without taxes and deal."""
        term = payment_term or self.env.ref("account.account_payment_term_30days")
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.env.ref(f"crm_accounting_bridge.res_partner_{customer}_demo").id,
                "invoice_user_id": self.env.ref(
                    "crm_accounting_bridge.res_users_salesperson_demo"
                ).id,
                "invoice_date": self._days_ago(days_ago),
                "invoice_payment_term_id": term.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": name,
                            "price_unit": price,
                            "opportunity_id": self.env.ref(
                                f"crm_accounting_bridge.crm_lead_{deal}_demo"
                            ).id,
                        }
                    )
                    for name, price, deal in lines
                ],
            }
        )
        invoice.action_post()
        return invoice

    def _pay(self, invoice, days_ago, ratio=1.0, write_off=False):
        """Register a payment of a part of the invoice, or of all that is open."""
        values = {"payment_date": self._days_ago(days_ago)}
        if ratio < 1:
            values["amount"] = invoice.currency_id.round(invoice.amount_total * ratio)
        if write_off:
            company = invoice.company_id
            values |= {
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.env["account.account"]
                .search(
                    [
                        ("account_type", "=", "expense"),
                        ("id", "!=", company.account_journal_early_pay_discount_loss_account_id.id),
                        ("company_ids", "in", company.ids),
                    ],
                    limit=1,
                )
                .id,
            }
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard.create(values).action_create_payments()

    def _credit(self, invoice, days_ago, price=None):
        """A credit note for all of the invoice, or over ``price`` without taxes.

        Posting it reconciles it with the invoice.
        """
        credit_note = invoice._reverse_moves([{"invoice_date": self._days_ago(days_ago)}])
        if price:
            credit_note.invoice_line_ids.price_unit = price
        credit_note.action_post()

    def _days_ago(self, days):
        return self.env.company._get_today() - relativedelta(days=days)
