"""Two companies with all that a walk needs: what tests of the addons call their test case."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command

ZONES = ("Pacific/Auckland", "Europe/Vienna", "America/Los_Angeles")
#: What people at work may do: everything, so that what is refused is refused for a reason.
GROUPS = (
    "account.group_account_manager",
    "account.group_account_user",
    "base.group_partner_manager",
    "base.group_system",
    "crm_customer_value.crm_customer_value_group_cost",
    "sales_team.group_sale_manager",
    "stock.group_stock_manager",
)
RATES = {
    "EUR": (("2000-01-01", 0.9), ("2024-03-01", 0.8), ("2024-08-20", 0.95), ("2025-05-01", 0.87)),
    "GBP": (("2000-01-01", 0.7), ("2024-02-10", 0.77), ("2024-09-01", 0.5), ("2025-03-01", 0.8)),
}
#: A fixed part that is more than the invoice leaves an instalment of less than nothing. Such are in
#: the walks of deals and customers; the plain readings of commission, and of a single account of
#: the ledger, do not follow them to other invoices and accounts.
TERMS = (
    ("30/70", {}, (("percent", 30, 10), ("percent", 70, 45))),
    *(
        (
            f"2 % in 10 days, taxes {computation}",
            {
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": computation,
            },
            (("percent", 100, 30),),
        )
        for computation in ("included", "excluded", "mixed")
    ),
)


class World:
    """Companies, people and things to sell. Made by the system, in the time that is frozen.

    Walks of single addons know a test case that has these attributes; here it is no test case, and
    what is committed stays.
    """

    def __init__(self, env):
        self.env = env
        self._create_companies()
        self._create_people()
        self._create_terms()
        self._create_products()
        self._set_policies()
        self._create_plans()
        self._create_costs()
        self.partner = self._create_customer("Prompt & Sons")

    # Made once ---------------------------------------------------------------------------------

    def _create_companies(self):
        env = self.env
        currencies = env["res.currency"].with_context(active_test=False)
        names = ("USD", "EUR", "GBP")
        dollar, euro, pound = (currencies.search([("name", "=", name)]) for name in names)
        (dollar | euro | pound).active = True
        self.foreign_currency = pound
        env["res.currency.rate"].search([("currency_id", "in", (euro | pound).ids)]).unlink()
        env["res.currency.rate"].create(
            [
                {"currency_id": currency.id, "name": day, "rate": rate, "company_id": False}
                for currency in (euro, pound)
                for day, rate in RATES[currency.name]
            ]
        )
        self.companies = env["res.company"].create(
            [
                {"name": name, "currency_id": currency.id, "country_id": env.ref("base.us").id}
                for name, currency in (("Walk", dollar), ("Walk Abroad", euro))
            ]
        )
        self.company, self.company_2 = self.companies
        # It is morning in both when it is three in the afternoon in Greenwich.
        self.company.partner_id.tz = "America/New_York"
        self.company_2.partner_id.tz = "Europe/Vienna"
        env.user.company_ids |= self.companies
        self.env = env(context={"allowed_company_ids": self.companies.ids})
        self.accounts_by_company = {}
        self.portfolio_by_company = {}
        self.tax_by_company = {}
        # Their charts of accounts come with the end of the transaction.
        env.cr.commit()
        for company in self.companies.with_env(self.env):
            assert company.chart_template
            self._create_accounts(company)

    def _create_accounts(self, company):
        env = self.env(context={**self.env.context, "allowed_company_ids": company.ids})

        def find(account_type):
            return env["account.account"].search(
                [("company_ids", "=", company.id), ("account_type", "=", account_type)], limit=1
            )

        def journal(kind):
            return env["account.journal"].search(
                [("company_id", "=", company.id), ("type", "=", kind)], limit=1
            )

        receivable = env["res.partner"].create({"name": "X"}).property_account_receivable_id
        self.accounts_by_company[company] = {
            "default_account_receivable": receivable,
            "default_account_revenue": find("income"),
            "default_account_expense": find("expense"),
            "default_journal_bank": journal("bank"),
            "default_journal_misc": journal("general"),
        }
        self.portfolio_by_company[company] = receivable.copy({"name": "Bills in portfolio"})
        self.tax_by_company[company] = env["account.tax"].create(
            {"name": "Seven", "amount": 7.7, "company_id": company.id}
        )
        outstanding = find("asset_current").copy({"name": "Outstanding", "reconcile": True})
        # Payments with an entry, as long as nobody pays without.
        bank = journal("bank")
        lines = bank.inbound_payment_method_line_ids | bank.outbound_payment_method_line_ids
        lines.payment_account_id = outstanding

    def _create_people(self):
        users = self.env["res.users"].with_context(no_reset_password=True)
        common = {
            "company_id": self.company.id,
            "company_ids": [Command.set(self.companies.ids)],
            "notification_type": "inbox",
        }
        groups = [self.env.ref(name).id for name in GROUPS]
        self.users = [
            users.create(
                {
                    **common,
                    "name": f"In {zone}",
                    "login": f"walk {zone}",
                    "tz": zone,
                    "group_ids": [Command.set(groups)],
                }
            )
            for zone in ZONES
        ]
        seller = self.env.ref("sales_team.group_sale_salesman").id
        self.sellers = users.create(
            [
                {
                    **common,
                    "name": name,
                    "login": f"walk {name}",
                    "tz": "Europe/Vienna",
                    "group_ids": [Command.set([seller])],
                }
                for name in ("Ann", "Lee", "Sam")
            ]
        )
        self.team = self.env["crm.team"].create(
            {"name": "North", "user_id": self.sellers[1].id, "company_id": False}
        )

    def _create_terms(self):
        self.terms = self.env["account.payment.term"].create(
            [
                {
                    "name": name,
                    "line_ids": [
                        Command.create({"value": value, "value_amount": amount, "nb_days": days})
                        for value, amount, days in parts
                    ],
                    **values,
                }
                for name, values, parts in TERMS
            ]
        )

    def _create_products(self):
        categories = self.env["product.category"].create(
            [{"name": "Machines"}, {"name": "Services"}]
        )
        goods = {"type": "consu", "is_storable": True, "categ_id": categories[0].id}
        service = {"type": "service", "categ_id": categories[1].id}
        self.products = self.env["product.product"].create(
            [
                {
                    "name": name,
                    "taxes_id": [Command.clear()],
                    "list_price": price,
                    "standard_price": cost,
                    "invoice_policy": policy,
                    **kind,
                }
                for name, price, cost, policy, kind in (
                    ("Press", 250.0, 100.0, "delivery", goods),
                    ("Pump", 80.0, 60.0, "delivery", goods),
                    ("Valve", 19.99, 0.0, "order", goods),
                    ("Advice", 100.0, 40.0, "order", service),
                    ("Repair", 66.67, 30.0, "delivery", service),
                )
            ]
        )
        for company in self.companies:
            self.products.with_company(company).standard_price = 42.0
            warehouses = self.env["stock.warehouse"]
            warehouse = warehouses.search([("company_id", "=", company.id)], limit=1)
            warehouse = warehouse or warehouses.create(
                {"name": company.name, "code": f"W{company.id}", "company_id": company.id}
            )
            for product in self.products.filtered("is_storable"):
                self.env["stock.quant"]._update_available_quantity(
                    product, warehouse.lot_stock_id, 1000000
                )
        self.pricelists = self.env["product.pricelist"].create(
            [
                {
                    "name": f"In {currency.name}",
                    "currency_id": currency.id,
                    "company_id": False,
                }
                for currency in (*self.companies.currency_id, self.foreign_currency)
            ]
        )

    def _set_policies(self):
        self.policies = self.env["crm.customer.health.policy"]._get_policy(self.companies)
        self.policies.write(
            {
                "threshold_ids": [Command.clear(), Command.create({"amount": 100, "days": 10})],
                "fallback_user_id": self.users[1].id,
                "flags_per_morning": 0,
                "suggestion_min_customers": 3,
                "suggestion_min_buyers": 2,
            }
        )
        self.policies.action_confirm_thresholds()
        # There is nothing to be replayed from before the companies were there.
        states = self.companies._get_forecast_states(is_made=True)
        today = self.company._get_today()
        states.replayed_to = today - timedelta(days=today.weekday())

    def _create_plans(self):
        ann, lee, sam = self.sellers
        self.plans = self.env["crm.commission.plan"]
        goods, services = self.products[:3].categ_id, self.products[3:].categ_id
        for company in self.companies:
            self.plans |= self.env["crm.commission.plan"].create(
                [
                    {
                        "company_id": company.id,
                        "date_from": "2020-01-01",
                        "assignment_ids": [Command.create(row) for row in rows],
                        **values,
                    }
                    for values, rows in (
                        (
                            {"name": "Ten per cent", "rate": 10.0},
                            [{"user_id": ann.id}, {"user_id": sam.id}],
                        ),
                        (
                            {
                                "name": "Of machines invoiced",
                                "rate": 2.5,
                                "measure": "invoiced",
                                "product_category_ids": [Command.set(goods.ids)],
                            },
                            [{"user_id": sam.id, "share": 60.0}],
                        ),
                        (
                            {
                                "name": "Of the team's services",
                                "rate": 1.0,
                                "product_category_ids": [Command.set(services.ids)],
                            },
                            [{"user_id": lee.id, "sales_of": "team", "team_id": self.team.id}],
                        ),
                    )
                ]
            )
        self.plans.action_approve()

    def _create_costs(self):
        """Each driver of the cost to serve that there is."""
        kinds = self.env["crm.service.driver"]._fields["kind"].get_values(self.env)
        drivers = self.env["crm.service.driver"].create(
            [
                {"name": kind, "kind": kind, "company_id": company.id}
                for company in self.companies
                for kind in kinds
            ]
        )
        self.env["crm.service.rate"].create(
            [
                {"driver_id": driver.id, "date_from": "2020-01-01", "unit_cost": 3.5}
                for driver in drivers
            ]
        )

    # What walks of the addons ask for ----------------------------------------------------------

    def _create_deal(self, name, **values):
        """In no company if none is named."""
        return self.env["crm.lead"].create(
            {
                "name": name,
                "type": "opportunity",
                "partner_id": False,
                "company_id": False,
                "user_id": self.sellers[0].id,
                "expected_revenue": 1000.0,
                **values,
            }
        )

    def _create_customer(self, name, **values):
        return self.env["res.partner"].create({"name": name, "is_company": True, **values})

    def _pay_without_entry(self, invoice, amount, date):
        """As with an accounting app installed, where payments may await the bank statement."""
        methods = self.env["account.payment.method.line"].search(
            [("journal_id.company_id", "=", invoice.company_id.id)]
        )
        accounts = {method: method.payment_account_id for method in methods}
        methods.payment_account_id = False
        with patch.object(
            type(self.env["account.move"]),
            "_get_invoice_in_payment_state",
            lambda move: "in_payment",
        ):
            wizard = self.env["account.payment.register"].with_company(invoice.company_id)
            wizard.with_context(active_model="account.move", active_ids=invoice.ids).create(
                {"payment_date": date, "amount": amount}
            )._create_payments()
        for method, account in accounts.items():
            method.payment_account_id = account
