"""What the books stand on, made with Odoo's own methods: companies, rates, people, products."""

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

SALESPEOPLE = 8
PRODUCTS = 40
# Kinds of payment terms in the SQL: 0 to 3 at once in some days, 4 in three instalments.
TERM_DAYS = [0, 15, 30, 60]
COMPANY_COLUMNS = """
    position int, company_id int, currency_id int, foreign_currency_id int, sale_journal_id int,
    bank_journal_id int, general_journal_id int, exchange_journal_id int,
    receivable_account_id int, income_account_id int, expense_account_id int,
    equity_account_id int, outstanding_account_id int, tax_account_id int,
    exchange_gain_account_id int, exchange_loss_account_id int, tax_id int, tax_group_id int,
    tax_line_id int, refund_tax_line_id int, percent numeric, method_line_id int, method_id int
"""


def prepare_companies(env, first_day, today):
    """Make what is missing, and write its ids to the tables that the SQL reads."""
    main = env.ref("base.main_company")
    euro = env.ref("base.EUR")
    pound = env.ref("base.GBP")
    (euro | pound).active = True
    other = env["res.company"].create({"name": "Overseas Branch", "currency_id": euro.id})
    for company in (main, other):
        if not company.chart_template:
            env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
    other.currency_id = euro
    # Odoo makes one for the first company only.
    env["stock.warehouse"].create({"name": "Overseas", "code": "OV", "company_id": other.id})
    env.ref("base.user_admin").company_ids |= other
    _write_table(
        env.cr,
        "company",
        COMPANY_COLUMNS,
        [
            _get_company_row(env, 1, main, euro),
            _get_company_row(env, 2, other, pound),
        ],
    )
    _write_rates(env, [(1, main, euro), (2, other, pound)], first_day, today)
    _write_pricelists(env, [(1, main, euro), (2, other, pound)])
    _write_people(env, main | other)
    _write_terms(env)
    _write_products(env)
    env.flush_all()


def _write_table(cr, name, columns, rows):
    table = SQL.identifier("books", name)
    cr.execute(SQL("CREATE TABLE %s (%s)", table, SQL(columns)))
    cr.execute(SQL("INSERT INTO %s VALUES %s", table, SQL(", ").join(map(tuple, rows))))


def _get_company_row(env, position, company, foreign_currency):
    env = env(context={"allowed_company_ids": company.ids})
    company = company.with_env(env)

    def find(model, *conditions):
        return env[model].search(list(conditions), order="id", limit=1)

    def account(account_type):
        return find("account.account", ("account_type", "=", account_type))

    def journal(journal_type):
        return find("account.journal", ("type", "=", journal_type), ("company_id", "=", company.id))

    bank = journal("bank")
    method_line = bank.inbound_payment_method_line_ids[:1]
    outstanding = env["account.chart.template"].ref("account_journal_payment_debit_account_id")
    method_line.payment_account_id = outstanding
    receivable = company.partner_id.property_account_receivable_id
    tax = company.account_sale_tax_id
    tax_lines = [
        lines.filtered(lambda line: line.repartition_type == "tax")
        for lines in (tax.invoice_repartition_line_ids, tax.refund_repartition_line_ids)
    ]
    return [
        position,
        company.id,
        company.currency_id.id,
        foreign_currency.id,
        journal("sale").id,
        bank.id,
        journal("general").id,
        company.currency_exchange_journal_id.id,
        receivable.id,
        account("income").id,
        # Not that of early discounts: what is booked there is no loss.
        find(
            "account.account",
            ("account_type", "=", "expense"),
            ("id", "!=", company.account_journal_early_pay_discount_loss_account_id.id),
        ).id,
        account("equity").id,
        outstanding.id,
        tax_lines[0].account_id.id,
        company.income_currency_exchange_account_id.id,
        company.expense_currency_exchange_account_id.id,
        tax.id,
        tax.tax_group_id.id,
        tax_lines[0].id,
        tax_lines[1].id,
        tax.amount,
        method_line.id,
        method_line.payment_method_id.id,
    ]


def _write_rates(env, currencies, first_day, today):
    """A rate at the beginning of each month, up and down by some per cent."""
    rows = []
    for position, company, currency in currencies:
        month = first_day.replace(day=1) - relativedelta(months=1)
        number = 0
        while month <= today:
            rows.append(
                (position, company, currency, month, 0.9 + 0.02 * (number * 7 % 11 - 5) / 5)
            )
            month += relativedelta(months=1)
            number += 1
    env["res.currency.rate"].create(
        [
            {"currency_id": currency.id, "company_id": company.id, "name": month, "rate": rate}
            for _position, company, currency, month, rate in rows
        ]
    )
    _write_table(
        env.cr,
        "rate",
        "position int, month timestamp, rate numeric",
        [(position, month, rate) for position, _company, _currency, month, rate in rows],
    )


def _write_pricelists(env, currencies):
    """Orders are in the currency of their pricelist."""
    rows = []
    for position, company, foreign_currency in currencies:
        for currency in (company.currency_id, foreign_currency):
            pricelist = env["product.pricelist"].create(
                {
                    "name": f"{company.name}, {currency.name}",
                    "company_id": company.id,
                    "currency_id": currency.id,
                }
            )
            rows.append((position, currency.id, pricelist.id))
    _write_table(env.cr, "pricelist", "position int, currency_id int, id int", rows)


def _write_people(env, companies):
    teams = env["crm.team"].create([{"name": f"Team {n}", "company_id": False} for n in (1, 2)])
    users = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": f"Salesperson {n}",
                    "login": f"salesperson{n}",
                    "company_ids": companies.ids,
                    "group_ids": [env.ref("sales_team.group_sale_salesman").id],
                }
                for n in range(1, SALESPEOPLE + 1)
            ]
        )
    )
    _write_table(
        env.cr,
        "salesperson",
        "n int, user_id int, team_id int",
        [(n, user.id, teams[n % 2].id) for n, user in enumerate(users, start=1)],
    )
    stages = env["crm.stage"].search([("team_ids", "=", False)])
    _write_table(
        env.cr,
        "stage",
        "is_won bool, n int, stage_id int",
        [
            (is_won, n, stage.id)
            for is_won in (True, False)
            for n, stage in enumerate(
                stages.filtered(lambda stage, is_won=is_won: stage.is_won == is_won), start=1
            )
        ],
    )


def _write_terms(env):
    def create(name, lines):
        return env["account.payment.term"].create(
            {
                "name": name,
                "line_ids": [
                    (0, 0, {"value": "percent", "value_amount": percent, "nb_days": days})
                    for percent, days in lines
                ],
            }
        )

    terms = [
        (kind, create(f"In {days} days", [(100, days)]).id, days)
        for kind, days in enumerate(TERM_DAYS)
    ]
    parts = create("In three parts", [(30, 0), (30, 30), (40, 60)])
    terms.append((len(TERM_DAYS), parts.id, 0))
    _write_table(env.cr, "term", "kind int, term_id int, days int", terms)


def _write_products(env):
    category = env["product.category"].create({"name": "Benchmark"})
    products = env["product.product"].create(
        [
            {"name": f"Product {n}", "list_price": 15 * n, "categ_id": category.id}
            for n in range(1, PRODUCTS + 1)
        ]
    )
    _write_table(
        env.cr,
        "product",
        "n int, id int, uom_id int, name text, price float8",
        [
            (n, product.id, product.uom_id.id, product.name, product.list_price)
            for n, product in enumerate(products, start=1)
        ],
    )
