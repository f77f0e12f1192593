import logging
import time
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

#: Files with at most this many rows are worked on at once; larger ones by the scheduled action.
DIRECT_ROWS = 500

#: Rows of one transaction: the first, and at most.
FIRST_BATCH = 50
LARGEST_BATCH = 250
#: A transaction that took longer is followed by a smaller one.
SECONDS = 10.0


class Step(NamedTuple):
    """What is done with the rows of an import in one of its states."""

    method: str
    waiting: tuple[str, ...]
    then: str


#: The states in which rows are worked off, the states of rows that wait for it, and what follows.
STEPS = {
    "checking": Step("_check_lines", ("pending",), "checked"),
    "running": Step("_book_lines", ("pending", "checked"), "done"),
    "undoing": Step("_undo_lines", ("created", "updated"), "undone"),
}


class Working:
    """Working off rows: at once, or by the scheduled action in batches."""

    __slots__ = ()

    def _schedule(self):
        # A trigger of a scheduled action is a system record.
        self.env.ref("crm_accounting_import.ir_cron_accounting_import").sudo()._trigger()

    def _get_waiting_domain(self) -> list:
        return [("import_id", "=", self.id), ("state", "in", STEPS[self.state].waiting)]

    def _get_waiting_lines(self, limit: int | None = None):
        """The next rows that the present step has to work on."""
        return (
            self.env["accounting.import.line"]
            .sudo()  # rows are written by the import only
            .search(self._get_waiting_domain(), order="row", limit=limit or LARGEST_BATCH)
        )

    def _work(self):
        """Work off all waiting rows: few in this transaction, many by the scheduled action."""
        if self.row_count > DIRECT_ROWS:
            self._schedule()
            return
        record = self._with_worker()
        while lines := record._get_waiting_lines():
            record._work_on(lines)
        record._finish()

    def _work_on(self, lines):
        getattr(self, STEPS[self.state].method)(lines)

    def _finish(self):
        values = {"state": STEPS[self.state].then}
        if self.state == "running":
            values["finished_at"] = fields.Datetime.now()
        self.sudo().write(values)

    @api.model
    def _cron_process(self):
        """Work off large files: each batch is committed with its results.

        Each import goes by itself. One that fails is marked with the reason, and those behind it go
        on; one that another transaction is working on is left to it. A batch is as large as can be
        done in some seconds on a machine that may be busy: a process is killed after two minutes.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(
            remaining=sum(
                self.env["accounting.import.line"].search_count(
                    [("import_id.state", "=", state), ("state", "in", step.waiting)]
                )
                for state, step in STEPS.items()
            )
        )
        left_for_later = self.browse()
        has_time, size = True, min(FIRST_BATCH, LARGEST_BATCH)
        while has_time:
            domain = [("state", "in", list(STEPS)), ("id", "not in", left_for_later.ids)]
            record = self.search(domain, order="id", limit=1)
            if not record:
                break
            if not record.try_lock_for_update(allow_referencing=True):
                left_for_later |= record
                continue
            begin = time.monotonic()
            try:
                has_time = commit_progress(record._process_batch(size))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Odoo repeats a request, but no scheduled action.
                self.env.cr.rollback()
                left_for_later |= record
            except Exception as error:
                if isinstance(error, OperationalError) and not error.pgcode:
                    # Not the import is at fault: the database server is gone.
                    raise
                self.env.cr.rollback()
                _logger.exception("Import %s stopped", record.id)
                if record.try_lock_for_update(allow_referencing=True):
                    has_time = commit_progress(record._fail(record._get_error_reason(error)))
                else:
                    left_for_later |= record
            self.env.invalidate_all()
            if time.monotonic() - begin > SECONDS:
                size = max(size // 2, 1)
            else:
                size = min(size * 2, LARGEST_BATCH)

    def _process_batch(self, size: int | None = None) -> int:
        """Work on the next rows in the name and with the rights of whoever asked for it.

        :return: so many rows do not wait any more.
        """
        if refusal := self._get_refusal():
            return self._fail(refusal)
        record = self._with_worker()
        lines = record._get_waiting_lines(size)
        if lines:
            record._work_on(lines)
        if not record._get_waiting_lines(1):
            # At once: with nothing remaining the scheduler does not call again.
            record._finish()
            record._notify_worker()
        return len(lines)

    def _get_refusal(self) -> str:
        """Why this import may not go on in the name of whoever started it; empty if it may.

        Without this it would go on with the rights of the scheduled action, which may do anything.
        What the system itself started (a scheduled action of somebody's) it may finish.
        """
        record = self._with_language()
        user = record._get_worker()
        if not user:
            return record.env._("The user who started this import does not exist any more.")
        if user.id == SUPERUSER_ID:
            return ""
        names = {"user": user.name, "company": record.company_id.name}
        if not user.active:
            return record.env._("%(user)s, who started this import, is archived.", **names)
        if record.company_id.id not in user._get_company_ids():
            return record.env._(
                "%(user)s, who started this import, may not work in %(company)s any more.", **names
            )
        if not record._with_worker().has_access("write"):
            return record.env._(
                "%(user)s, who started this import, may not import invoices any more.", **names
            )
        return ""

    def _get_error_reason(self, error: Exception) -> str:
        record = self._with_language()
        if isinstance(error, UserError):
            return str(error)
        return record.env._("Something unexpected happened: %(error)s", error=error)

    def _fail(self, reason: str) -> int:
        """Stop with a reason.

        :return: the number of rows that were not booked. They are kept, to be tried again.
        """
        waiting = self.line_ids.search_count(self._get_waiting_domain())
        self.sudo().write({"state": "failed", "failed_step": self.state, "failure_reason": reason})
        self._with_language()._notify_worker()
        return waiting

    def _with_language(self):
        """This import in the language of whoever started it."""
        lang = self._get_worker().lang or self.company_id.partner_id.lang
        return self.with_context(lang=lang)

    def _get_worker(self):
        """Who asked for what is being done: in this user's name and with these rights it is."""
        is_undoing = "undoing" in (self.state, self.state == "failed" and self.failed_step)
        return self.undone_by_id if is_undoing else self.user_id

    def _with_worker(self):
        """This import in the name of whoever asked for what is done, in its company only."""
        # With nobody, `with_user` would leave the scheduled action all its rights.
        user = self._get_worker().ensure_one()
        return (
            self.with_user(user)
            .with_company(self.company_id)
            .with_context(allowed_company_ids=self.company_id.ids, lang=user.lang)
        )

    def _notify_worker(self):
        record = self.sudo()  # whoever lost the right meanwhile is told, too
        user = record._get_worker()
        if not user:
            return
        if record.state == "failed":
            title = self.env._("Import stopped")
            message = f"{record.name}: {record.failure_reason}"
        elif record.state == "checked":
            title = self.env._("Import is ready to be checked")
            message = f"{record.name}: {record.booking_label}"
        elif record.state == "undone":
            title = self.env._("Import taken back")
            message = self.env._(
                "%(name)s: %(undone)s rows taken back, %(kept)s kept.",
                name=record.name,
                undone=record.undone_count,
                kept=record.kept_count,
            )
        else:
            title = self.env._("Import finished")
            message = self.env._(
                "%(name)s: %(created)s created, %(updated)s updated, %(unchanged)s unchanged,"
                " %(error)s errors.",
                name=record.name,
                created=record.created_count,
                updated=record.updated_count,
                unchanged=record.unchanged_count,
                error=record.error_count,
            )
        has_problem = record.error_count or record.kept_count or record.state == "failed"
        user._bus_send(
            "simple_notification",
            {
                "title": title,
                "message": message,
                "type": "warning" if has_problem else "success",
                "sticky": True,
            },
        )
