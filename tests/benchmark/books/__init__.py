"""Realistic books of a company with many invoices, written by set-based SQL in a few minutes.

Invoices, receipts, credit notes, instalments, payments in full, in parts, once a month for many
invoices, on account and without journal entry, write-offs inside payments, bad debts, foreign
currencies with exchange entries, disputed invoices, opening balances, contacts below companies,
two companies, two customers with thousands of instalments, opportunities, their quotations and
orders. The same parameters give the same books: chance is a hash of the row's number. Everything is
written as Odoo itself would have stored it (`consistency.py` checks).
"""

from datetime import date, timedelta
from pathlib import Path

from .companies import prepare_companies
from .indexes import without_indexes

STATEMENTS = sorted(Path(__file__).with_name("sql").glob("*.sql"))
TABLES = [
    "account_full_reconcile",
    "account_move",
    "account_move__account_payment",
    "account_move_line",
    "account_move_line_account_tax_rel",
    "account_partial_reconcile",
    "account_payment",
    "account_tax_sale_order_line_rel",
    "crm_lead",
    "res_partner",
    "sale_order",
    "sale_order_line",
    "sale_order_line_invoice_rel",
]
YEARS = 3
INVOICES_PER_CUSTOMER = 10


def write_books(env, invoices, customers=None, today=None):
    """Fill a database that has `account`, `sale_crm` and `sale_stock` installed.

    :param invoices: how many; credit notes, payments and two large customers come on top
    :param customers: a tenth of the invoices by default
    :param today: the day on which the books end; nothing is paid later
    """
    today = today or date.today()
    env.cr.execute("DROP SCHEMA IF EXISTS books CASCADE; CREATE SCHEMA books")
    env.cr.execute(
        """
        CREATE TABLE books.parameter AS
        SELECT %s AS invoices, %s AS customers, %s::date AS first_day, %s::date AS today,
               (SELECT COALESCE(MAX(id), 0) + 8 FROM account_move_line) AS first_line,
               (SELECT COALESCE(MAX(id), 0) FROM account_payment) AS first_payment
        """,
        [
            invoices,
            customers or max(invoices // INVOICES_PER_CUSTOMER, 1),
            today - timedelta(days=365 * YEARS),
            today,
        ],
    )
    prepare_companies(env, today - timedelta(days=365 * YEARS), today)
    env.cr.execute("SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'")
    with without_indexes(env.cr, TABLES):
        for file in STATEMENTS:
            env.cr.execute(file.read_text(encoding="utf-8"))
    env.cr.execute("DROP SCHEMA books CASCADE")
    env.cr.commit()
    env.invalidate_all()
    env.cr.execute("ANALYZE")
    env.cr.commit()
