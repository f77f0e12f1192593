from dateutil.relativedelta import relativedelta

from odoo import Command, api, models

#: By customer: how many days ago it was invoiced, the untaxed amount, and after how many days it
#: paid. The term is 30 days.
HISTORY = {
    # Buys every other month and pays before the due date.
    "crm_accounting_bridge.res_partner_bakery_demo": (
        (330, 1800, 24),
        (270, 2200, 27),
        (210, 1950, 22),
        (140, 2600, 25),
    ),
    # Paid well, and later every time since the summer.
    "crm_customer_health.res_partner_garden_demo": (
        (320, 3200, 28),
        (260, 2900, 30),
        (200, 3400, 34),
        (125, 3100, 62),
        (75, 2750, None),
    ),
    # Bought every month, paid on time, and stopped buying.
    "crm_customer_health.res_partner_architects_demo": (
        (345, 1500, 29),
        (315, 1650, 28),
        (285, 1400, 30),
        (255, 1550, 27),
    ),
    # Has a subscription, and pays a day before the due date.
    "crm_customer_health.res_partner_fitness_demo": (
        *((days_ago, 420, 29) for days_ago in range(405, 30, -30)),
        (15, 420, None),
    ),
}

#: Of so many months the status changes are shown.
MONTHS = 6


class CrmCustomerHealthDemo(models.AbstractModel):
    """What the demo customers bought and paid over a year, besides the deals of the story.

    Dates are relative to the day of installation, so that the story is always fresh.
    """

    _name = "crm.customer.health.demo"
    _description = "Demo History of Customers"

    @api.model
    def _create_history(self):
        """Called once, when demo data is loaded."""
        invoices = self._create_invoices()
        invoices.action_post()
        for invoice, days in zip(invoices, self._get_days_to_pay(), strict=True):
            if days is not None:
                self._pay(invoice, invoice.invoice_date + relativedelta(days=days))
        self._create_advance_payment()
        self._send_invoices()
        policies = self.env["crm.customer.health.policy"]
        policies._get_policy(self.env.company).threshold_ids = [
            Command.create({"amount": 10000, "days": 7}),
            Command.create({"amount": 1000, "days": 30}),
        ]
        # Figures are there at once, also where no scheduler runs.
        self.env["crm.customer.health"]._refresh(policies._get_companies())
        self._create_changes()

    def _create_changes(self):
        """When these customers became what they are, as of the month ends."""
        company = self.env.company
        today = company._get_today()
        health = self.env["crm.customer.health"]
        partners = health.search([("company_id", "=", company.id)]).partner_id
        days = [today - relativedelta(months=months, day=31) for months in range(MONTHS, 0, -1)]
        known, changes = {}, []
        for day in [*days, today]:
            for (__, partner_id), row in health._get_figures(company, partners, day).items():
                status = row["health_status"]
                old_status = known.get(partner_id, status)
                known[partner_id] = status
                if status != old_status:
                    changes.append(
                        {
                            "company_id": company.id,
                            "partner_id": partner_id,
                            "date": day,
                            "old_status": old_status,
                            "new_status": status,
                            "overdue_amount": row["overdue_amount"],
                            "reasons": health.new(row).health_reasons,
                        }
                    )
        self.env["crm.customer.health.change"].create(changes)

    def _get_days_to_pay(self):
        return [days for rows in HISTORY.values() for __, __, days in rows]

    def _create_invoices(self):
        term = self.env.ref("account.account_payment_term_30days")
        today = self.env.company._get_today()
        return self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.env.ref(customer).id,
                    "invoice_user_id": self.env.ref(customer).user_id.id,
                    "invoice_date": today - relativedelta(days=days_ago),
                    "invoice_payment_term_id": term.id,
                    "invoice_line_ids": [
                        Command.create({"name": "Goods and services", "price_unit": price})
                    ],
                }
                for customer, rows in HISTORY.items()
                for days_ago, price, __ in rows
            ]
        )

    def _pay(self, invoice, date):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": date}).action_create_payments()

    def _send_invoices(self):
        """All were sent, but for one: that a hotel does not pay it has a reason."""
        invoices = self.env["account.move"].search(
            [("move_type", "=", "out_invoice"), ("state", "=", "posted")], order="invoice_date, id"
        )
        hotel = self.env.ref("crm_accounting_bridge.res_partner_hotels_demo")
        forgotten = invoices.filtered(lambda move: move.commercial_partner_id == hotel)[-1:]
        (invoices - forgotten).is_move_sent = True

    def _create_advance_payment(self):
        """Money that is not matched with an invoice yet."""
        self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.env.ref("crm_accounting_bridge.res_partner_alpine_demo").id,
                "amount": 800,
                "date": self.env.company._get_today() - relativedelta(days=4),
            }
        ).action_post()
