"""What measurements do inside Odoo: counting statements, writing books, running what waits."""

import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from .books import write_books as _write_books

#: Scheduled actions run for ten seconds or more before they let others go first.
MOST_RUNS = 1000


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


def work_off(env, addons):
    """Run the scheduled actions of these addons that are triggered until none is, as the scheduler
    does it.
    """
    start, runs = time.perf_counter(), 0
    while cron_ids := _triggered(env, addons):
        for cron in env["ir.cron"].browse(cron_ids):
            if (result := cron.method_direct_trigger()) is not True:
                raise AssertionError(f"{cron.name}: {result['params']}")
            env.cr.commit()
            runs += 1
        if runs > MOST_RUNS:
            raise AssertionError(f"{cron.name} never ends.")
    env.cr.execute("SELECT COUNT(*) FROM account_receivable_change WHERE reader = 'crm.lead'")
    [waiting] = env.cr.fetchone()
    return {"seconds": time.perf_counter() - start, "runs": runs, "waiting": waiting}


def _triggered(env, addons):
    env.cr.execute(
        """
        SELECT DISTINCT trigger.cron_id
          FROM ir_cron_trigger trigger
          JOIN ir_cron cron ON cron.id = trigger.cron_id AND cron.active
          JOIN ir_model_data data ON data.model = 'ir.cron' AND data.res_id = cron.id
         WHERE data.module = ANY(%s) AND trigger.call_at <= now() AT TIME ZONE 'UTC'
         ORDER BY trigger.cron_id
        """,
        [addons],
    )
    return [row[0] for row in env.cr.fetchall()]


def memory(env):
    """The most memory that this process had so far, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0
