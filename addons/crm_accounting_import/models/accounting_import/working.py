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
#: So often it is told how far reading a file has come.
REPORT_SECONDS = 3.0
#: A file that could not be read so often is not tried again: somebody ended the process each time,
#: most likely because it took too long. Odoo lets an action wait that was ended three times.
MOST_ATTEMPTS = 2


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


#: The states in which the scheduled action has something to do.
_WORKED_ON = ["reading", *STEPS]
_UNSTORED = [("is_unstored", "=", True)]


class Working:
    """Working off rows: at once, or by the scheduled action in batches."""

    __slots__ = ()

    def _schedule(self):
        self.sudo().batch_count = 0
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
        if self.row_count > DIRECT_ROWS or self.is_unstored:
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
        on; one that another transaction is working on is left to it. They take turns, and who had
        fewer batches is next: nobody waits for the end of a large one. A batch is as large as can
        be done in some seconds on a machine that may be busy: a process is killed after two
        minutes.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=self._count_waiting())
        left_for_later = self.browse()
        has_time, size = True, min(FIRST_BATCH, LARGEST_BATCH)
        while has_time:
            domain = [("state", "in", _WORKED_ON), ("id", "not in", left_for_later.ids)]
            record = self.search(domain, order="batch_count, id", limit=1)
            if not record:
                break
            begin = time.monotonic()
            remaining = record._take_turn(size)
            if remaining is None:
                left_for_later |= record
            else:
                has_time = remaining
            self.env.invalidate_all()
            if time.monotonic() - begin > SECONDS:
                size = max(size // 2, 1)
            else:
                size = min(size * 2, LARGEST_BATCH)

    def _take_turn(self, size: int) -> float | None:
        """Do what is next for this import, and commit it.

        :return: the seconds that are left to the scheduled action; ``None`` if somebody else is
            working on the import, and it is left for later.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        if not self.try_lock_for_update(allow_referencing=True):
            return None
        must_read = self._must_read()
        try:
            self.sudo().batch_count = self.batch_count + 1
            if not must_read:
                return commit_progress(self._process_batch(size))
            self._process_file()
            # Its rows wait from now on.
            return commit_progress(1, remaining=self._count_waiting())
        except (InterruptedError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            # Odoo repeats a request, but no scheduled action.
            self.env.cr.rollback()
            return None
        except Exception as error:
            if isinstance(error, OperationalError) and not error.pgcode:
                # Not the import is at fault: the database server is gone.
                raise
            self.env.cr.rollback()
            if not (must_read and isinstance(error, UserError)):
                # What is wrong with a file is told to who sent it.
                _logger.exception("Import %s stopped", self.id)
            if not self.try_lock_for_update(allow_referencing=True):
                return None
            rows = self._fail(self._get_error_reason(error))
            return commit_progress(max(rows, 1), remaining=self._count_waiting())

    @api.model
    def _count_waiting(self) -> int:
        """The rows that wait, and the files that are still to be read."""
        files = self.search_count(
            ["|", ("state", "=", "reading"), "&", ("state", "in", list(STEPS)), *_UNSTORED]
        )
        return files + sum(
            self.env["accounting.import.line"].search_count(
                [("import_id.state", "=", state), ("state", "in", step.waiting)]
            )
            for state, step in STEPS.items()
        )

    def _must_read(self) -> bool:
        """Whether the file is to be read next."""
        return self.state == "reading" or self.is_unstored

    def _process_file(self):
        """Read a large file in the name and with the rights of whoever asked for it: what its
        columns are, or, once that was said, its rows.
        """
        if refusal := self._get_refusal():
            self._fail(refusal)
            return
        if self.attempts >= MOST_ATTEMPTS:
            self._fail(
                self._with_language().env._(
                    "Reading the file takes longer than this server allows. Split it, or save it as"
                    " CSV."
                )
            )
            return
        record = self._with_worker()
        state = record.state
        record.sudo().attempts += 1
        record._report_reading(state, None)
        told = time.monotonic()

        def report(count: int):
            nonlocal told
            if time.monotonic() - told > REPORT_SECONDS:
                record._report_reading(state, count)
                told = time.monotonic()

        if state == "reading":
            record._read_file(report)
            record.sudo().attempts = 0
            record._fulfil_request()
        else:
            record._store_rows(report)
            record.sudo().write({"is_unstored": False, "attempts": 0})
        if record.state == "ready":
            record._notify_worker()

    def _report_reading(self, state: str, count: int | None):
        """Let everybody see how far it is; keep what was stored so far.

        :raise InterruptedError: somebody chose another file meanwhile.
        """
        if count is not None and state == "reading":
            self.sudo().read_count = count
        elif count is not None:
            # It goes on from there, if it is ended now.
            self.sudo().attempts = 0
        self.env["ir.cron"]._commit_progress()
        self.env.invalidate_all()
        record = self.sudo()
        if not record.try_lock_for_update(allow_referencing=True) or record.state != state:
            raise InterruptedError

    def _get_progress_text(self) -> str:
        """What is being done, and how much of it is done."""
        if self.state == "reading":
            return self.env._(
                "Reading the file: %(done)s rows", done=self._format_count(self.read_count)
            )
        if self.state not in STEPS:
            return ""
        if self.is_unstored:
            done, total, text = self._get_stored()[0], self.row_count, self.env._("Reading rows")
        elif self.state == "undoing":
            done = self.undone_count + self.kept_count
            total = done + self.created_count + self.updated_count
            text = self.env._("Taking back")
        else:
            done, total = self.row_count - self.pending_count, self.row_count
            if self.state == "checking":
                done = self.row_count - self.line_ids.search_count(self._get_waiting_domain())
                text = self.env._("Checking rows")
            else:
                text = self.env._("Booking rows")
        return self.env._(
            "%(what)s, %(done)s of %(total)s",
            what=text,
            done=self._format_count(done),
            total=self._format_count(total),
        )

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
        waiting = 0
        if self.state in STEPS:
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
        elif record.state == "ready":
            title = self.env._("The file was read")
            message = self.env._("%(name)s: check its columns.", name=record.name)
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
