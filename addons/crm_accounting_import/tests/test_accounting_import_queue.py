from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.accounting_import import working
from .common import HEADER, AccountingImportCommon

LOGGER = "odoo.addons.crm_accounting_import.models.accounting_import.working"


@tagged("post_install", "-at_install")
@freeze_time("2024-06-15 12:00:00")
class TestAccountingImportQueue(AccountingImportCommon):
    """Large imports wait for the scheduled action: each by itself, each with its user's rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_clerk("import_clerk")

    @classmethod
    def _create_clerk(cls, login, companies=None):
        companies = companies or cls.company
        return new_test_user(
            cls.env,
            login,
            "account.group_account_invoice",
            name=login.title(),
            company_id=companies[0].id,
            company_ids=companies.ids,
        )

    def _start_large(self, prefix, user=None, count=5, **options):
        """An import of invoices ``<prefix>-0`` … that is left to the scheduled action."""
        rows = [
            ["C-77", f"{prefix}-{number}", "2024-01-05", "2024-02-05", "10.00"]
            for number in range(count)
        ]
        with patch.object(working, "DIRECT_ROWS", 0):
            record, result = self._import(self._csv(rows), user=user or self.clerk, **options)
        self.assertEqual(result["state"], "running")
        return record.with_user(self.env.user)

    def _run(self, batch_rows=250):
        with (
            self.enter_registry_test_mode(),
            patch.object(working, "LARGEST_BATCH", batch_rows),
        ):
            self.env.ref("crm_accounting_import.ir_cron_accounting_import").method_direct_trigger()
        self.env.invalidate_all()

    def _run_with(self, method, function, **options):
        """Run with another method: it gets the original one, the record and its arguments."""
        original = getattr(self.env.registry["accounting.import"], method)

        def replacement(record, *arguments):
            return function(original, record, *arguments)

        with patch.object(self.env.registry["accounting.import"], method, replacement):
            self._run(**options)

    def _get_numbers(self, prefix):
        moves = self.env["account.move"].search([("name", "=like", f"{prefix}-%")])
        self.assertEqual(set(moves.mapped("state")), {"posted"} if moves else set())
        return sorted(moves.mapped("name"))

    def assertDone(self, record, count=5):
        self.assertEqual(record.state, "done")
        self.assertFalse(record.failure_reason)
        self.assertCounts(record.read_result(), created=count)

    def assertFailed(self, record, reason, booked=0, waiting=5):
        self.assertEqual(record.state, "failed")
        self.assertIn(reason, record.failure_reason)
        self.assertEqual(record.read_result()["state"], "failed")
        self.assertEqual(record.read_result()["failure_reason"], record.failure_reason)
        self.assertRecordValues(
            record, [{"created_count": booked, "pending_count": waiting, "error_count": 0}]
        )

    # -- one import that fails ---------------------------------------------

    def test_failure_is_marked_and_blocks_nobody(self):
        bad, good = self._start_large("B"), self._start_large("G")

        def broken(original, record, rows):
            if record == bad:
                raise ZeroDivisionError("the customers are broken")
            return original(record, rows)

        with self.assertLogs(LOGGER, "ERROR") as log:
            self._run_with("_match_customers", broken)
        self.assertEqual(len(log.output), 1)
        self.assertIn(f"Import {bad.id} stopped", log.output[0])
        self.assertIn("Traceback", log.output[0])
        self.assertIn("ZeroDivisionError", log.output[0])
        self.assertFailed(bad, "the customers are broken")
        self.assertEqual(self._get_numbers("B"), [])
        self.assertDone(good)
        # It is not tried by itself again, and not logged again.
        with self.assertNoLogs(LOGGER, "WARNING"):
            self._run()
        self.assertFailed(bad, "the customers are broken")

    def test_failure_in_sql(self):
        """A transaction that PostgreSQL has given up can note nothing any more."""
        bad, good = self._start_large("B"), self._start_large("G")

        def broken(original, record, rows):
            if record == bad:
                record.env.cr.execute("SELECT 1 / 0")
            return original(record, rows)

        with self.assertLogs(LOGGER, "ERROR"), self.assertLogs("odoo.sql_db", "ERROR"):
            self._run_with("_match_opportunities", broken)
        self.assertFailed(bad, "division by zero")
        self.assertDone(good)

    def test_failure_at_the_commit(self):
        """What others do before the commit (stages that follow, for one) fails the same import."""
        bad, good = self._start_large("B"), self._start_large("G")

        def refuse():
            raise UserError(self.env._("Not before the audit is over."))

        def broken(original, record, *arguments):
            if record == bad:
                record.env.cr.precommit.add(refuse)
            return original(record, *arguments)

        with self.assertLogs(LOGGER, "ERROR"):
            self._run_with("_finish", broken)
        self.assertFailed(bad, "Not before the audit is over.")
        self.assertEqual(self._get_numbers("B"), [])
        self.assertDone(good)

    def test_failure_in_the_middle_and_try_again(self):
        """What was booked stays; trying again books the rest, in the name of who tries."""
        bad, good = self._start_large("B"), self._start_large("G")

        def broken(original, record, lines):
            if record == bad and lines[0].row > 2:
                raise ZeroDivisionError("only now")
            return original(record, lines)

        with self.assertLogs(LOGGER, "ERROR"):
            self._run_with("_book_lines", broken, batch_rows=2)
        self.assertFailed(bad, "only now", booked=2, waiting=3)
        self.assertEqual(self._get_numbers("B"), ["B-0", "B-1"])
        self.assertDone(good)
        other = self._create_clerk("other_clerk")
        bad.with_user(other).action_retry()
        self.assertEqual(bad.state, "running")
        self.assertEqual(bad.user_id, other)
        self._run()
        self.assertDone(bad)
        self.assertEqual(self._get_numbers("B"), [f"B-{number}" for number in range(5)])
        self.assertEqual(
            [self._get_move(f"B-{number}").create_uid for number in range(5)],
            [self.clerk] * 2 + [other] * 3,
        )

    def test_conflict_is_no_failure(self):
        first, second = self._start_large("B"), self._start_large("G")

        def conflict(original, record, lines):
            if record == first:
                raise SerializationFailure("could not serialize access due to concurrent update")
            return original(record, lines)

        with self.assertNoLogs(LOGGER, "WARNING"):
            self._run_with("_book_lines", conflict)
        self.assertEqual(first.state, "running")
        self.assertEqual(first.pending_count, 5)
        self.assertDone(second)
        self._run()
        self.assertDone(first)

    def test_failed_import_is_kept_as_it_is(self):
        record = self._start_large("B")
        self.clerk.active = False
        self._run()
        other = self._create_clerk("other_clerk")
        for values in ({"file": "eA=="}, {"company_id": self.company.id}):
            with self.assertRaisesRegex(UserError, "imported already"):
                record.with_user(other).write(values)
        with self.assertRaises(AccessError):
            record.with_user(other).failure_reason = "All is well."
        with self.assertRaisesRegex(UserError, "accounting administrator"):
            record.with_user(other).unlink()

    def test_who_may_try_again(self):
        record = self._start_large("B")
        with self.assertRaisesRegex(UserError, "failed"):
            record.with_user(self.clerk).action_retry()
        self.clerk.active = False
        self._run()
        seller = new_test_user(self.env, "import_seller", "sales_team.group_sale_manager")
        with self.assertRaises(AccessError):
            record.with_user(seller).action_retry()
        elsewhere = self._create_clerk("elsewhere", self._create_company(name="Elsewhere"))
        with self.assertRaises(AccessError):
            record.with_user(elsewhere).action_retry()
        self.assertEqual(record.state, "failed")

    # -- two at once ---------------------------------------------------------

    def test_same_file_by_two_at_once(self):
        """The second does not see yet what the first has booked: it is repeated, and then sees."""
        row = ["C-77", "T-1", "2024-01-05", "2024-02-05", "10.00"]
        self._import(self._csv([row]))
        cls = self.env.registry["accounting.import"]

        def nothing_yet(record, rows):
            for row in rows:
                row.move = record.env["account.move"]

        with (
            patch.object(cls, "_match_invoices", nothing_yet),
            patch.object(cls, "_check_same_documents", lambda record, rows: None),
            mute_logger("odoo.sql_db"),
            self.assertRaises(SerializationFailure),
            self.cr.savepoint(),
        ):
            self._import(self._csv([row]))
        self.assertEqual(len(self._get_move("T-1")), 1)
        self.assertCounts(self._import(self._csv([row]))[1], unchanged=1)

    def test_payments_by_two_at_once(self):
        """Money on account has no number that could be doubled: the imports meet elsewhere."""
        header = (*HEADER, "Kind")
        row = ["C-77", "P-1", "2024-01-05", "", "10.00", "Advance"]
        statements = []
        execute = type(self.cr).execute

        def listen(cursor, query, *arguments, **options):
            statements.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *arguments, **options)

        term = self.env.ref("account.account_payment_term_immediate").id
        for expected, counts in ((True, {"created": 1}), (False, {"unchanged": 1})):
            statements.clear()
            with patch.object(type(self.cr), "execute", listen):
                _record, result = self._import(self._csv([row], header), payment_term_id=term)
            self.assertCounts(result, **counts)
            self.assertEqual(
                any("SET batch_count = batch_count" in text for text in statements), expected
            )

    # -- a user who is gone --------------------------------------------------

    def assertRefused(self, record, reason):
        """Refused with this sentence, nothing was booked, and the import behind it is done."""
        other = self._create_clerk("other_clerk")
        behind = self._start_large("G", user=other)
        sent = []

        def send(users, notification_type, message):
            sent.append((users, message["message"]))

        with (
            self.assertNoLogs(LOGGER, "WARNING"),
            patch.object(self.env.registry["res.users"], "_bus_send", send),
        ):
            self._run()
        self.assertFailed(record, reason)
        self.assertEqual(record.failure_reason, reason)
        self.assertEqual(self._get_numbers("R"), [])
        self.assertDone(behind)
        self.assertEqual(
            sent,
            [(user, f"export.csv: {reason}") for user in record.user_id]
            + [(other, "export.csv: 5 created, 0 updated, 0 unchanged, 0 errors.")],
        )

    def test_user_archived(self):
        record = self._start_large("R")
        self.clerk.active = False
        self.assertRefused(record, "Import_Clerk, who started this import, is archived.")

    def test_user_deleted(self):
        record = self._start_large("R")
        self.clerk.unlink()
        self.assertRefused(record, "The user who started this import does not exist any more.")

    def test_user_lost_the_right(self):
        record = self._start_large("R")
        self.clerk.group_ids = self.env.ref("base.group_user")
        self.assertRefused(
            record, "Import_Clerk, who started this import, may not import invoices any more."
        )

    def test_user_lost_the_company(self):
        second = self._create_company(name="Second Company")
        self.env.user.company_ids |= second
        self.clerk.company_ids |= second
        record = self._start_large("R")
        self.clerk.write({"company_id": second.id, "company_ids": [Command.set(second.ids)]})
        self.assertRefused(
            record,
            f"Import_Clerk, who started this import, may not work in {self.company.name} any more.",
        )

    def test_user_archived_between_two_batches(self):
        record = self._start_large("R")

        def archive(original, importer, lines):
            original(importer, lines)
            importer.with_user(SUPERUSER_ID).user_id.active = False

        self._run_with("_book_lines", archive, batch_rows=2)
        self.assertFailed(record, "is archived", booked=2, waiting=3)
        self.assertEqual(self._get_numbers("R"), ["R-0", "R-1"])

    def test_sentence_is_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("it_IT")
        self.clerk.lang = "it_IT"
        record = self._start_large("R")
        self.clerk.active = False
        languages = []

        def notify(original, record):
            languages.append(record.env.lang)
            return original(record)

        self._run_with("_notify_worker", notify)
        self.assertFailed(record, "Import_Clerk")
        self.assertEqual(languages, ["it_IT"])

    def test_nobody_is_never_everybody(self):
        """The importer's environment is nobody's, not one with all rights."""
        record = self._start_large("R")
        self.clerk.unlink()
        with self.assertRaises(ValueError):
            record.sudo()._with_worker()

    def test_system_finishes_what_it_started(self):
        system = self.env["res.users"].browse(SUPERUSER_ID)
        system.write(
            {"company_id": self.company.id, "company_ids": [Command.link(self.company.id)]}
        )
        self.assertFalse(system.active)
        record = self._start_large("S", user=system)
        self._run()
        self.assertDone(record)
