import logging
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

#: What a transaction collected, in the cursor's ``precommit.data``.
_COLLECTED = "account_receivable_settlement.changes"
#: The trigger that a transaction inserted, in the cursor's ``postcommit.data``.
_TRIGGER = "account_receivable_settlement.trigger_id"

#: So many waiting rows of a reader are dearer than computing everything.
MANY_ROWS = 50_000


def _describe(error: Exception) -> str:
    return str(error) or repr(error)


class AccountReceivableChange(models.Model):
    """The outbox: whose receivables changed and who has not read it yet.

    Accounting only ever inserts here, once before the commit and for all readers: no transaction
    of an accountant waits for a reader, or fails with one. A reader's scheduled action deletes
    the rows that it works off, in one transaction with what it makes of them: killed in between,
    both are as before, and what is done twice yields the same.

    A reader is a model. Its addon names it in :meth:`_get_readers`, and it implements:

    - ``_get_receivable_keys_sql(changed)``: ``SELECT company_id, res_id`` of its keys, from the
      relation ``changed`` (see :meth:`_get_changed_sql`);
    - ``_on_receivables_changed(keys)``: compute and write these keys, pairs ``(company_id,
      res_id)``. It may return those that it leaves for later, since somebody else writes them. It
      may raise: then its keys are tried one by one, and the row that fails says why.
    - ``_on_all_receivables_changed(company_id, position)``: compute everything of a company (0:
      of all), beginning after ``position``, which is 0 at first. It returns the position that it
      reached in some seconds, ``None`` when it is through, the same one for "not now".
      A part, and a batch of keys, takes less than 10 seconds.
    - ``_get_change_cron_xmlid()``: its scheduled action, which calls :meth:`_work_off_all`.
    """

    _name = "account.receivable.change"
    _description = "Change of Receivables"
    _log_access = False
    _order = "id"

    reader = fields.Char(readonly=True, required=True, help="The model that has to compute anew.")
    # Plain numbers: with a foreign key, deleting a record would delete the news of it.
    company_id = fields.Integer(
        "Company ID", readonly=True, required=True, help="0: of all companies."
    )
    res_id = fields.Integer(
        "Record ID", readonly=True, required=True, help="What is computed anew; 0: everything."
    )
    position = fields.Integer(
        readonly=True, help="How far the reader is, when everything is computed anew."
    )
    failure = fields.Text(readonly=True, help="Why the reader could not work it off.")
    failed_at = fields.Datetime(readonly=True)

    _key_idx = models.Index("(reader, company_id, res_id)")

    reader_name = fields.Char("What Follows", compute="_compute_names")
    company_name = fields.Char("Company", compute="_compute_names")
    record_name = fields.Char("Whose", compute="_compute_names")

    @api.depends("reader", "company_id", "res_id")
    def _compute_names(self):
        """What the numbers stand for; empty where it is gone."""
        companies = self.env["res.company"].sudo().browse(self.mapped("company_id")).exists()
        company_names = {company.id: company.name for company in companies}
        for reader, rows in self.grouped("reader").items():
            names = {}
            if reader in self.env:
                # Only administrators come here, and they see no more than names.
                keys = self.env[self._get_key_model(reader)].sudo().browse(rows.mapped("res_id"))
                names = {record.id: record.display_name for record in keys.exists()}
            for row in rows:
                row.reader_name = self.env["ir.model"]._get(reader).sudo().name or reader
                row.company_name = company_names.get(row.company_id)
                row.record_name = names.get(row.res_id) if row.res_id else self.env._("Everything")

    def action_try_again(self):
        """Have what failed worked off again now, instead of the next day."""
        self.check_access("read")
        failed = self.filtered("failure")
        failed.sudo().write({"failure": False, "failed_at": False})
        self.sudo()._trigger_dispatch()

    # Collecting ------------------------------------------------------------------------------

    @api.model
    def _get_readers(self) -> list[str]:
        """Hook: the models that want to know of changes."""
        return []

    @api.model
    def _get_key_model(self, reader: str) -> str:
        """Hook: the model whose ids are the keys of a reader; mostly its own."""
        return reader

    @api.model
    def _collect(self, moves=None, lines=None, partners=None):
        """These entries, journal items, or all items of these partners changed.

        Whose they are is asked at the end of the transaction: what they are then counts, together
        with what :meth:`_collect_before` noted.
        """
        if collected := self._get_collected():
            collected["moves"].update(moves.ids if moves else ())
            collected["lines"].update(lines.ids if lines else ())
            collected["partners"].update(partners.ids if partners else ())

    @api.model
    def _collect_before(self, moves=None, lines=None, partners=None):
        """These are about to be withdrawn, deleted, or to become somebody else's: note whose they
        are now. Call it before the event.

        What the transaction did before is not flushed: it noted its own events, and what is asked
        for is what was committed.
        """
        if not (collected := self._get_collected()):
            return
        # Only the first time: in between the transaction may have changed them already.
        move_ids = set(moves.ids if moves else ()) - collected["before"]
        collected["before"] |= move_ids
        sources = self._get_source_sql(
            move_ids, lines.ids if lines else (), partners.ids if partners else ()
        )
        if sources:
            collected["keys"].update(
                self.env.execute_query(self._get_keys_sql(self._get_items_sql(sources)))
            )

    @api.model
    def _collect_keys(self, reader: str, keys: Iterable[tuple[int, int]]):
        """These keys of a reader, pairs of company and record, have to be computed anew."""
        if (collected := self._get_collected()) and reader in self._get_readers():
            collected["keys"].update((reader, *key) for key in keys)

    @api.model
    def _collect_all(self, companies=None):
        """Something changed that tells how entries are read: all readers compute all."""
        if collected := self._get_collected():
            collected["keys"].update(
                (reader, company_id, 0)
                for reader in self._get_readers()
                for company_id in (companies.ids if companies is not None else (0,))
            )

    @contextmanager
    def _watch_settings(self, records, vals, companies=None):
        """While accounts or companies are written: compute all if it changes how entries are read.

        :param companies: only these are concerned; all without it.
        """
        names = [
            name
            for name in self.env["account.receivable"]._get_sources().get(records._name, ())
            if name in vals
        ]
        before = [[record[name] for name in names] for record in records]
        yield
        if before != [[record[name] for name in names] for record in records]:
            self._collect_all(companies)

    def _get_collected(self) -> dict[str, set] | None:
        """What this transaction collected and did not insert yet; nothing without readers.

        The cursor's hooks run at each savepoint that flushes, not only before the commit: what
        was collected is inserted then, and collecting begins anew.
        """
        if not self._get_readers():
            return None
        precommit = self.env.cr.precommit
        if _COLLECTED not in precommit.data:
            precommit.data[_COLLECTED] = {
                "moves": set(),
                "lines": set(),
                "partners": set(),
                "keys": set(),
                "before": set(),
            }
            # Who posts an invoice may neither write here nor read scheduled actions.
            precommit.add(self.sudo()._insert_collected)
        return precommit.data[_COLLECTED]

    def _insert_collected(self):
        collected = self.env.cr.precommit.data.pop(_COLLECTED)
        parts = []
        sources = self._get_source_sql(
            *(sorted(collected[kind]) for kind in ("moves", "lines", "partners"))
        )
        if sources:
            self.env.flush_all()
            parts.append(SQL("(%s)", self._get_keys_sql(self._get_changed_sql(sources))))
        if collected["keys"]:
            parts.append(
                SQL("VALUES %s", SQL(", ").join(SQL("%s", key) for key in collected["keys"]))
            )
        if parts and self.env.execute_query(
            SQL(
                """
                INSERT INTO account_receivable_change (reader, company_id, res_id)
                SELECT key.* FROM (%s) key (reader, company_id, res_id)
                RETURNING id
                """,
                SQL(" UNION ").join(parts),
            )
        ):
            self._trigger_dispatch()

    def _trigger_dispatch(self):
        """Have the changes worked off at once: one trigger a transaction."""
        data = self.env.cr.postcommit.data
        if _TRIGGER in data and (
            # A savepoint that was rolled back may have taken it away.
            self.env["ir.cron.trigger"].browse(data[_TRIGGER]).exists()
        ):
            return
        # Without `env.ref`: posting an invoice is not to ask whether the action exists.
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "account_receivable_settlement.ir_cron_dispatch_changes"
        )
        if cron_id:
            data[_TRIGGER] = self.env["ir.cron"].browse(cron_id)._trigger().id

    # What changed ----------------------------------------------------------------------------

    def _get_source_sql(self, move_ids, line_ids, partner_ids) -> SQL | None:
        """``SELECT move_id`` of the entries that changed."""
        parts = []
        if move_ids:
            parts.append(SQL("SELECT UNNEST(%s) AS move_id", list(move_ids)))
        if line_ids:
            parts.append(
                SQL("SELECT move_id FROM account_move_line WHERE id = ANY(%s)", list(line_ids))
            )
        if partner_ids:
            parts.append(
                SQL(
                    """
                    SELECT line.move_id
                      FROM account_move_line line
                      JOIN account_account account ON account.id = line.account_id
                     WHERE line.partner_id = ANY(%s)
                       AND (account.account_type = 'asset_receivable'
                            OR line.display_type = 'payment_term')
                    """,
                    list(partner_ids),
                )
            )
        return SQL(" UNION ").join(parts) if parts else None

    def _get_changed_sql(self, sources: SQL) -> SQL:
        """The relation ``changed``: entries that changed and those that are read differently now.

        Columns: ``move_id``, ``line_id``, ``company_id``, ``partner_id``: a row for each
        receivable journal item of these entries; an entry without one has a row without item and
        partner.

        An invoice is read together with what settles it: the changed entry reaches what it is
        reconciled with, and through an entry that only moves a claim (to another account, on
        to a factor) what that settled. Invoices paid by the same payment without journal entry
        share its amount.

        ``OFFSET 0`` keeps PostgreSQL from joining whole tables to a few rows, and comparing with 1
        tells it that there are few: what it takes for dear it compiles first, for longer than it
        runs.

        :param sources: ``SELECT move_id``.
        """
        return self._get_items_sql(
            SQL(
                """
                WITH RECURSIVE reached AS (
                    SELECT source.move_id, TRUE AS goes_on FROM (%(sources)s) source
                     UNION
                    SELECT step.move_id, step.goes_on
                      FROM reached
                     CROSS JOIN LATERAL (
                        SELECT entry.id AS move_id,
                               entry.move_type = 'entry'
                                   AND (entry.origin_payment_id IS NULL
                                        AND entry.statement_line_id IS NULL
                                        OR %(is_moving)s) AS goes_on
                          FROM account_move_line line
                         CROSS JOIN LATERAL (
                            SELECT credit_move_id AS line_id FROM account_partial_reconcile
                             WHERE debit_move_id = line.id
                             UNION ALL
                            SELECT debit_move_id FROM account_partial_reconcile
                             WHERE credit_move_id = line.id
                               ) side
                          JOIN account_move_line other ON other.id = side.line_id
                          JOIN account_move entry ON entry.id = other.move_id
                         WHERE line.move_id = reached.move_id
                           AND line.matching_number IS NOT NULL
                        OFFSET 0
                           ) step
                     WHERE CASE WHEN reached.goes_on THEN 1 END = 1
                )
                SELECT move_id FROM reached
                 UNION
                SELECT shared.invoice_id
                  FROM reached
                 CROSS JOIN LATERAL (
                    SELECT other.invoice_id
                      FROM account_move__account_payment link
                     CROSS JOIN LATERAL (
                        SELECT FROM account_payment
                         WHERE id = link.payment_id AND move_id IS NULL
                        OFFSET 0
                           ) payment
                      JOIN account_move__account_payment other
                        ON other.payment_id = link.payment_id
                     WHERE link.invoice_id = reached.move_id
                    OFFSET 0
                       ) shared
                """,
                sources=sources,
                is_moving=self._get_is_moving_sql(),
            )
        )

    def _get_is_moving_sql(self) -> SQL:
        """Whether the entry of a payment or a bank statement may move a claim: it books one."""
        return SQL(
            """
            EXISTS (SELECT FROM account_move_line claim
                     WHERE claim.move_id = entry.id
                       AND claim.balance > 0
                       AND claim.account_id = ANY(ARRAY(%s)))
            """,
            self.env["account.receivable"]._get_claim_account_sql(),
        )

    def _get_items_sql(self, move_ids: SQL) -> SQL:
        """The columns of :meth:`_get_changed_sql` for just these entries."""
        return SQL(
            """
            SELECT entry.move_id, move.company_id, item.line_id, item.partner_id
              FROM (%s) entry
             CROSS JOIN LATERAL (
                SELECT company_id, move_type FROM account_move WHERE id = entry.move_id OFFSET 0
                   ) move
              LEFT JOIN LATERAL (
                SELECT line.id AS line_id, line.partner_id
                  FROM account_move_line line
                  JOIN account_account account ON account.id = line.account_id
                 WHERE line.move_id = entry.move_id
                   AND (account.account_type = 'asset_receivable'
                        OR (line.display_type = 'payment_term'
                            AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')))
                OFFSET 0
                   ) item ON TRUE
            """,
            move_ids,
        )

    def _get_keys_sql(self, changed: SQL) -> SQL:
        """``SELECT reader, company_id, res_id``: the keys of all readers in one statement."""
        return SQL(
            "WITH changed AS MATERIALIZED (%s) %s",
            changed,
            SQL(" UNION ALL ").join(
                SQL(
                    """
                    SELECT DISTINCT %s AS reader, company_id, res_id FROM (%s) key
                     WHERE company_id IS NOT NULL AND res_id IS NOT NULL
                    """,
                    reader,
                    self.env[reader]._get_receivable_keys_sql(SQL("changed")),
                )
                for reader in self._get_readers()
            ),
        )

    # Working off -----------------------------------------------------------------------------

    @api.model
    def _get_waiting(self, reader: str, keys: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        """Those of the keys for which a change waits: what is stored of them is of before."""
        keys = set(keys)
        if not keys:
            return set()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT company_id, res_id
                  FROM account_receivable_change
                 WHERE reader = %s
                   AND (res_id = 0 OR (company_id, res_id) IN (%s))
                """,
                reader,
                SQL(", ").join(SQL("%s", key) for key in keys),
            )
        )
        waiting = set(rows)
        marked = {company_id for company_id, res_id in rows if not res_id}
        return {
            key
            for key in keys
            # A key that is of no company may be concerned by any.
            if key in waiting or marked & {0, key[0]} or (marked and not key[0])
        }

    @api.model
    def _cron_dispatch(self):
        """Start the readers that have something to read, once a day also what failed; forget what
        was for a reader whose addon is gone.
        """
        readers = self._get_readers()
        self.env.cr.execute(
            SQL("DELETE FROM account_receivable_change WHERE reader != ALL(%s)", readers)
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_receivable_change
                   SET failure = NULL, failed_at = NULL
                 WHERE id IN (
                     SELECT id FROM account_receivable_change
                      WHERE failed_at < %s
                        FOR UPDATE SKIP LOCKED)
                """,
                fields.Datetime.now() - timedelta(days=1),
            )
        )
        for (reader,) in self.env.execute_query(
            SQL("SELECT DISTINCT reader FROM account_receivable_change WHERE failure IS NULL")
        ):
            self._trigger_reader(reader)

    def _trigger_reader(self, reader: str, at: datetime | None = None):
        """Have a reader's scheduled action started, if it is there; nobody else waits for it."""
        cron = self.env.ref(self.env[reader]._get_change_cron_xmlid(), raise_if_not_found=False)
        if cron:
            cron._trigger(at)

    @api.model
    def _work_off_all(self, reader: str, batch_size: int = 200):
        """What a reader's scheduled action does: batch by batch, each committed.

        What somebody else is writing, and what the database refuses since it does, is left for
        later: that is no failure.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        self._replace_many(reader)
        commit_progress(remaining=self._count_waiting(reader))
        try:
            if not self._work_off_in_time(reader, batch_size):
                return
        except OperationalError as error:
            if not error.pgcode:
                # The server is gone.
                raise
            self.env.cr.rollback()
            _logger.info("Changes of receivables are left for later by %s: %s", reader, error)
        if self._count_waiting(reader):
            self._trigger_reader(reader, fields.Datetime.now() + timedelta(minutes=1))
        # What is left is no work that could be done now.
        commit_progress(remaining=0)

    def _work_off_in_time(self, reader: str, batch_size: int) -> bool:
        """:return: whether all was tried before the job's time was over."""
        commit_progress = self.env["ir.cron"]._commit_progress
        row_id = mark_id = 0
        while True:
            done, last_id = self._work_off_batch(reader, batch_size, row_id)
            row_id = last_id or row_id
            if not last_id:
                done, mark_id = self._work_off_mark(reader, mark_id)
                if mark_id is None:
                    return True
            if not commit_progress(done):
                return False

    @api.model
    def _work_off(self, reader: str, batch_size: int = 200) -> int:
        """Work off so many rows of a reader, in the current transaction.

        :return: how many rows are gone or failed.
        """
        done, last_id = self._work_off_batch(reader, batch_size, 0)
        return done if last_id else self._work_off_mark(reader, 0)[0]

    def _work_off_batch(self, reader: str, batch_size: int, after_id: int) -> tuple[int, int]:
        """:return: how many rows are gone or failed, and the last that was read, 0 for none."""
        rows = self._lock_waiting(SQL("res_id != 0"), reader, batch_size, after_id)
        if not rows:
            return 0, 0
        keys = dict.fromkeys((company_id, res_id) for __, company_id, res_id, __ in rows)
        newest_id = self._get_newest_id()
        done, failed, __ = self._try_keys(reader, list(keys))
        deleted = self._delete_keys(reader, done, newest_id)
        return deleted + self._mark_failed(reader, failed), rows[-1][0]

    def _work_off_mark(self, reader: str, after_id: int) -> tuple[int, int | None]:
        """Go on computing everything.

        :return: 1 if the reader is through or failed, and after which mark to look for the next;
            nothing if there is none.
        """
        rows = self._lock_waiting(SQL("res_id = 0"), reader, 1, after_id)
        if not rows:
            return 0, None
        [(mark_id, company_id, res_id, position)] = rows
        try:
            with self.env.cr.savepoint():
                reached = self.env[reader]._on_all_receivables_changed(company_id, position)
        except OperationalError:
            raise
        except Exception as error:
            self._log_failure(reader, error)
            return self._mark_failed(reader, {(company_id, res_id): _describe(error)}), mark_id
        if reached is None:
            self.env.cr.execute(SQL("DELETE FROM account_receivable_change WHERE id = %s", mark_id))
            return 1, mark_id
        if reached == position:
            return 0, mark_id
        self.env.cr.execute(
            SQL(
                "UPDATE account_receivable_change SET position = %s WHERE id = %s", reached, mark_id
            )
        )
        return 0, mark_id - 1

    def _lock_waiting(self, condition: SQL, reader: str, limit: int, after_id: int) -> list[tuple]:
        return self.env.execute_query(
            SQL(
                """
                SELECT id, company_id, res_id, COALESCE(position, 0)
                  FROM account_receivable_change
                 WHERE reader = %s AND failure IS NULL AND id > %s AND %s
                 ORDER BY id
                 LIMIT %s
                   FOR UPDATE SKIP LOCKED
                """,
                reader,
                after_id,
                condition,
                limit,
            )
        )

    def _count_waiting(self, reader: str) -> int:
        return self.search_count([("reader", "=", reader), ("failure", "=", False)])

    def _replace_many(self, reader: str):
        """Too many changes, where nobody read them for long: computing everything is quicker."""
        if self._count_waiting(reader) > MANY_ROWS:
            self.env.cr.execute(
                SQL(
                    """
                    WITH replaced AS (
                        DELETE FROM account_receivable_change WHERE reader = %(reader)s
                    )
                    INSERT INTO account_receivable_change (reader, company_id, res_id)
                    VALUES (%(reader)s, 0, 0)
                    """,
                    reader=reader,
                )
            )

    @api.autovacuum
    def _gc_changes(self):
        """In a copy of the database without scheduled actions nobody reads: keep it small."""
        for reader in self._get_readers():
            self._replace_many(reader)

    # Failing ---------------------------------------------------------------------------------

    @api.model
    def _compute_keys(self, reader: str, keys: list[tuple[int, int]]):
        """For a reader that computes everything: compute these keys; those that fail or are left
        for later get rows.
        """
        newest_id = self._get_newest_id()
        done, failed, left = self._try_keys(reader, keys)
        self._delete_keys(reader, [*done, *failed, *left], newest_id)
        rows = [
            (reader, *key, failed.get(key), fields.Datetime.now() if key in failed else None)
            for key in (*failed, *left)
        ]
        if rows:
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO account_receivable_change (
                        reader, company_id, res_id, failure, failed_at)
                    VALUES %s
                    """,
                    SQL(", ").join(SQL("%s", row) for row in rows),
                )
            )

    def _try_keys(self, reader: str, keys: list[tuple[int, int]]):
        """Have a reader compute keys: together, or one by one if that fails, for the others must
        not suffer for the one that does.

        :return: the keys that are done, those that failed with the reason, and those left.
        """
        try:
            with self.env.cr.savepoint():
                left = set(self.env[reader]._on_receivables_changed(keys) or ())
        except OperationalError:
            raise
        except Exception as error:
            if len(keys) == 1:
                self._log_failure(reader, error)
                return [], {keys[0]: _describe(error)}, set()
        else:
            return [key for key in keys if key not in left], {}, left
        done, failed, left = [], {}, set()
        for key in keys:
            done_one, failed_one, left_one = self._try_keys(reader, [key])
            done += done_one
            failed |= failed_one
            left |= left_one
        return done, failed, left

    def _log_failure(self, reader: str, error: Exception):
        _logger.info("%s could not read a change of receivables", reader, exc_info=error)

    def _mark_failed(self, reader: str, failed: dict[tuple[int, int], str]) -> int:
        count = 0
        for key, reason in failed.items():
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE account_receivable_change
                       SET failure = %s, failed_at = %s
                     WHERE reader = %s AND (company_id, res_id) = %s AND failure IS NULL
                    """,
                    reason,
                    fields.Datetime.now(),
                    reader,
                    key,
                )
            )
            count += self.env.cr.rowcount
        return count

    def _get_newest_id(self) -> int:
        """The newest row that this transaction sees before a reader computes."""
        [(newest_id,)] = self.env.execute_query(
            SQL("SELECT COALESCE(MAX(id), 0) FROM account_receivable_change")
        )
        return newest_id

    def _delete_keys(self, reader: str, keys: list[tuple[int, int]], newest_id: int) -> int:
        """Delete what was there of these keys when the reader began, also what failed before.

        What the reader itself changed in accounting, by somebody's automation rule for instance, is
        newer, and is read next.
        """
        if not keys:
            return 0
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM account_receivable_change
                 WHERE reader = %s AND (company_id, res_id) IN (%s) AND id <= %s
                """,
                reader,
                SQL(", ").join(SQL("%s", key) for key in keys),
                newest_id,
            )
        )
        return self.env.cr.rowcount
