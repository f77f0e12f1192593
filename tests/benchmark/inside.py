"""What measurements do inside Odoo: counting statements, and changing the books."""

import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from .books import write_books as _write_books

LINKS = Path(__file__).with_name("links.sql")


class Count:
    """Statements and seconds of a block of code."""

    statements = 0
    seconds = 0.0


@contextmanager
def counted(env, flush=True):
    """Count what the block and the end of its transaction do, without committing."""
    env.cr.flush()
    count = Count()
    before, start = env.cr.sql_log_count, time.perf_counter()
    yield count
    if flush:
        env.cr.flush()
    count.seconds = time.perf_counter() - start
    count.statements = env.cr.sql_log_count - before


def as_user(env, login="admin"):
    """The environment of a user who works in all their companies, first of all in their own."""
    user = env["res.users"].search([("login", "=", login)])
    companies = user.company_id | user.company_ids
    return env(user=user.id, context={"allowed_company_ids": companies.ids})


def write_books(env, invoices, today=None):
    _write_books(env, invoices, today=date.fromisoformat(today) if today else None)


def link_invoices(env):
    """Give the lines of a fifth of the invoices to won deals of their customers."""
    env.cr.execute(LINKS.read_text(encoding="utf-8"))
    env.cr.commit()


def memory(env):
    """The most memory that this process had so far, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0
