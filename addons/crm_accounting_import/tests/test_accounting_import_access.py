import base64
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import OperationalError

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.accounting_import import working
from .common import AccountingImportCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-06-15 12:00:00")
class TestAccountingImportAccess(AccountingImportCommon):
    """Who may import, where it goes, and what is left when a process is killed."""

    def _rows(self, count, start=0):
        return [
            ["C-77", f"A-{number}", "2024-01-05", "2024-02-05", "10.00"]
            for number in range(start, start + count)
        ]

    def _start_large(self, count=5):
        """An import that is left to the scheduled action."""
        with patch.object(working, "DIRECT_ROWS", 0):
            record, result = self._import_rows(self._rows(count))
        self.assertEqual(result["state"], "running")
        return record

    def test_invoicing_user(self):
        user = new_test_user(self.env, "import_clerk", "account.group_account_invoice")
        record, result = self._import(self._csv(self._rows(1)), user=user)
        self.assertCounts(result, created=1)
        self.assertEqual(record.user_id, user)
        self.assertEqual(self._get_move("A-0").create_uid, user)
        with self.assertRaisesRegex(UserError, "may not create contacts"):
            self._import(self._csv(self._rows(1)), user=user, create_customers=True)
        with self.assertRaisesRegex(UserError, "accounting administrator"):
            record.unlink()
        record.with_user(self.env.user).unlink()

    def test_others(self):
        record, _result = self._import_rows(self._rows(1))
        for login, groups in (
            ("import_seller", "sales_team.group_sale_manager"),
            ("import_internal", "base.group_user"),
            ("import_portal", "base.group_portal"),
        ):
            user = new_test_user(self.env, login, groups)
            with self.subTest(login):
                with self.assertRaises(AccessError):
                    self._import(self._csv(self._rows(1)), user=user)
                for call in ("read_result", "action_import", "action_read_file"):
                    with self.assertRaises(AccessError):
                        getattr(record.with_user(user), call)()
                with self.assertRaises(AccessError):
                    self.env["accounting.import.line"].with_user(user).search([])

    def test_nobody_imports_in_anothers_name(self):
        user = new_test_user(self.env, "import_clerk", "account.group_account_invoice")
        values = {"name": "a.csv", "file": base64.b64encode(self._csv(self._rows(1)))}
        imports = self.env["accounting.import"].with_user(user)
        record = imports.create(values)
        for name, value in (("user_id", self.env.user.id), ("state", "running")):
            with self.assertRaises(AccessError):
                record.write({name: value})
            with self.assertRaises(AccessError):
                imports.create({**values, name: value})
        line = self._import_rows(self._rows(1))[0].line_ids
        with self.assertRaises(AccessError):
            line.with_user(user).write({"state": "pending"})

    def test_companies(self):
        other = self._create_company(name="Second Company")
        self.env.user.company_ids |= other
        self._import_rows(self._rows(1))
        mine = self._get_move("A-0")
        second = self.env(context=dict(self.env.context, allowed_company_ids=other.ids))
        result = second["accounting.import"].import_file(
            "b.csv", base64.b64encode(self._csv(self._rows(1))).decode()
        )
        self.assertCounts(result, created=1)
        theirs = (
            self.env["accounting.import.line"].search([("import_id", "=", result["id"])]).move_id
        )
        self.assertEqual(theirs.company_id, other)
        self.assertEqual(theirs.journal_id.company_id, other)
        self.assertNotEqual(theirs.journal_id, mine.journal_id)
        user = new_test_user(
            self.env,
            "import_clerk",
            "account.group_account_invoice",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        imports = self.env["accounting.import"].with_user(user)
        self.assertNotIn(result["id"], imports.search([]).ids)
        with self.assertRaises(AccessError):
            imports.browse(result["id"]).read_result()
        with self.assertRaises(AccessError):
            self._import(self._csv(self._rows(1, 5)), user=user, company_id=other.id)

    def test_scheduled_action(self):
        record = self._start_large()
        self.assertEqual(record.progress, 0.0)
        with (
            self.enter_registry_test_mode(),
            patch.object(working, "LARGEST_BATCH", 2),
        ):
            self.env.ref("crm_accounting_import.ir_cron_accounting_import").method_direct_trigger()
        record.invalidate_recordset()
        self.assertCounts(record.read_result(), created=5)
        self.assertEqual(record.state, "done")
        self.assertEqual(self._get_move("A-0").create_uid, self.env.user)

    def test_first_import_of_a_second_company(self):
        """Its journals are made beside those of the first, and nobody mails to them."""
        row = ["C-77", "C-1", "2024-01-05", "2024-02-05", "10.00"]
        self._import(self._csv([row]))
        second = self.setup_other_company(name="Second Company")["company"]
        self.env.user.company_ids |= second
        Import = self.env["accounting.import"].with_context(allowed_company_ids=second.ids)
        result = Import.import_file("two.csv", base64.b64encode(self._csv([row])).decode())
        self.assertCounts(result, created=1)
        record = self.env["accounting.import"].browse(result["id"])
        self.assertEqual(record.company_id, second)
        journals = record.journal_id | self._get_move("C-1").journal_id
        self.assertEqual(len(journals), 2)
        self.assertEqual(journals.mapped("alias_name"), [False, False])

    def test_time_is_up_with_the_last_rows(self):
        """With nothing remaining the scheduler does not call again: the import must be done."""
        record = self._start_large()
        cron_class = type(self.env["ir.cron"])
        with patch.object(cron_class, "_commit_progress", lambda self, *args, **kwargs: 0.0):
            self.env["accounting.import"]._cron_process()
        self.assertCounts(record.read_result(), created=5)
        self.assertEqual(record.state, "done")
        self.assertTrue(record.finished_at)

    def test_killed_in_the_middle(self):
        """Each batch is all there or not at all; the next run goes on where the last one ended."""
        record = self._start_large()
        original = type(record)._set_results
        batches = []

        def killed(self, rows, state):
            original(self, rows, state)
            if rows:
                batches.append(len(rows))
            if len(batches) > 1:
                raise OperationalError("server closed the connection unexpectedly")

        cron = self.env.ref("crm_accounting_import.ir_cron_accounting_import")
        with (
            self.enter_registry_test_mode(),
            patch.object(working, "LARGEST_BATCH", 2),
            patch.object(type(record), "_set_results", killed),
            mute_logger("odoo.addons.base.models.ir_cron"),
        ):
            cron.method_direct_trigger()
        self.assertGreater(len(batches), 1)
        self.env.invalidate_all()
        moves = self.env["account.move"].search([("name", "=like", "A-%")])
        self.assertEqual(sorted(moves.mapped("name")), ["A-0", "A-1"])
        self.assertEqual(record.line_ids.move_id, moves)
        self.assertEqual(record.progress, 40.0)
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertCounts(record.read_result(), created=5)
        moves = self.env["account.move"].search([("name", "=like", "A-%")])
        self.assertEqual(sorted(moves.mapped("name")), [f"A-{number}" for number in range(5)])

    def test_row_that_breaks_does_not_stop_the_others(self):
        record = self._start_large()
        original = type(record)._prepare_invoice

        def broken(self, row):
            if row.number == "A-3":
                raise ZeroDivisionError("unexpected")
            return original(self, row)

        with (
            self.enter_registry_test_mode(),
            patch.object(type(record), "_prepare_invoice", broken),
            mute_logger("odoo.addons.crm_accounting_import.models.accounting_import.booking"),
        ):
            self.env.ref("crm_accounting_import.ir_cron_accounting_import").method_direct_trigger()
        self.env.invalidate_all()
        result = record.read_result()
        self.assertCounts(result, created=4, error_count=1)
        self.assertIn("unexpected", result["errors"][0]["reason"])
