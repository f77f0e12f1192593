import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields
from odoo.fields import Domain

from ...check import Finding, Total

_logger = logging.getLogger(__name__)


class Work:
    """Working off a run, batch by batch, each committed with what was found in it.

    Killed in between, it goes on after the last batch that was committed.
    """

    __slots__ = ()

    @api.model
    def _cron_request(self):
        """Have all companies verified: what the scheduled action does that is off at first."""
        companies = self.env["res.company"].search([("active", "in", (True, False))])
        self._request(companies, self.env.user)

    @api.model
    def _cron_verify(self):
        """Work off the runs that are not done."""
        commit_progress = self.env["ir.cron"]._commit_progress
        # Whoever the scheduled action runs as: journal items of all companies are read, and of
        # archived customers and deals.
        runs = self.sudo().with_context(active_test=False)
        runs = runs.search([("state", "in", ("waiting", "running"))], order="id")
        for run in runs.filtered(lambda run: run.state == "waiting"):
            run._start()
        commit_progress(remaining=sum(run._count_remaining() for run in runs))
        for run in runs:
            done = 0
            while done is not None:
                if not commit_progress(done):
                    return
                done = run._verify_batch()
        if any(run.state == "running" for run in runs.exists()):
            # Somebody was at it at this moment.
            self.env.ref("account_receivable_verify.ir_cron_verify")._trigger(
                fields.Datetime.now() + timedelta(minutes=1)
            )
        # What is left is no work that could be done now.
        commit_progress(remaining=0)

    def _start(self):
        """Note what there is to do: each check for each company."""
        self.ensure_one()
        checks = self._get_checks()
        self.write({"state": "running", "started_at": fields.Datetime.now()})
        self.env["account.receivable.verification.check"].create(
            [
                {
                    "verification_id": self.id,
                    "company_id": company.id,
                    "name": name,
                    "total_count": self.env[check.model].search_count(check.get_domain(company)),
                }
                for company in self.company_ids.sorted("id")
                for name, check in checks.items()
            ]
        )

    def _count_remaining(self) -> int:
        return sum(
            max(check.total_count - check.checked_count, 1)
            for check in self.check_ids
            if check.state == "running"
        )

    def _verify_batch(self) -> int | None:
        """Recompute the next batch of records.

        :return: how many; nothing when the run is done, was cancelled or is worked off elsewhere
        """
        # A transaction reads the books of its own beginning.
        self.env.invalidate_all()
        if not self.exists().try_lock_for_update() or self.state != "running":
            return None
        row = self.check_ids.filtered(lambda row: row.state == "running")[:1]
        if not row:
            self.write({"state": "done", "finished_at": fields.Datetime.now()})
            return None
        company = row.company_id
        check = self.with_company(company)._get_checks().get(row.name)
        if not check:
            # Its addon is gone.
            row.state = "done"
            return 0
        records = self.env[check.model].search(
            check.get_domain(company) & Domain("id", ">", row.position),
            order="id",
            limit=check.batch_size,
        )
        if not records:
            row.state = "done"
            return 0
        row._add(
            self._compare(check, company, records), records, check.get_waiting(company, records)
        )
        return len(records)

    def _compare(self, check, company, records) -> list[Finding | Total]:
        """What differs of these records; one that cannot be recomputed does not hold up others."""
        try:
            with self.env.cr.savepoint():
                return list(check.compare(company, records))
        except OperationalError:
            raise
        except Exception as error:
            if len(records) > 1:
                return [
                    found for record in records for found in self._compare(check, company, record)
                ]
            _logger.warning("%s could not be verified", records, exc_info=error)
            return [
                Finding(
                    records.id,
                    records._name,
                    records.id,
                    records.display_name,
                    failure=str(error) or repr(error),
                )
            ]
