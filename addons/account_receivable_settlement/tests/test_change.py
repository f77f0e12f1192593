import logging
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.account_receivable_settlement.models import account_receivable_change

from .common import ReceivableCommon

READER = "account.receivable"
DISPATCH = "account_receivable_settlement.ir_cron_dispatch_changes"


class Reader:
    """A reader made for the test. It notes what it was told, and fails or waits where told to."""

    def __init__(self):
        self.done = []
        self.failing = set()
        self.busy = set()
        self.error = ValueError("No luck")
        #: Where computing everything is interrupted; "not now" without any.
        self.positions = [None]

    def compute(self, keys):
        if self.failing & set(keys):
            raise self.error
        self.done += [key for key in keys if key not in self.busy]
        return self.busy & set(keys)

    def compute_all(self, company_id, position):
        if not self.positions:
            return position
        self.done.append((company_id, position))
        return self.positions.pop(0)


@tagged("post_install", "-at_install")
class TestChange(ReceivableCommon):
    """What changed is noted once a transaction, and worked off by each reader for itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.changes = cls.env["account.receivable.change"].sudo()

    def setUp(self):
        super().setUp()
        self.reader = reader = Reader()
        model = self.env.registry[READER]
        for where, name, method in (
            (self.env.registry["account.receivable.change"], "_get_readers", lambda __: [READER]),
            (
                model,
                "_get_receivable_keys_sql",
                lambda __, changed: SQL("SELECT company_id, partner_id AS res_id FROM %s", changed),
            ),
            (model, "_on_receivables_changed", lambda __, keys: reader.compute(keys)),
            (model, "_on_all_receivables_changed", lambda __, *args: reader.compute_all(*args)),
            (model, "_get_change_cron_xmlid", lambda __: DISPATCH),
        ):
            self.startPatcher(patch.object(where, name, method, create=True))
        self._begin()

    def _begin(self):
        """A transaction of its own, so to say, and nothing waits."""
        self._flush()
        self.env.cr.postcommit.data.clear()
        self.env.cr.execute("DELETE FROM account_receivable_change")
        self.changes.invalidate_model()

    def _get_changed(self):
        """The partners with rows at the end of the transaction; the next one begins."""
        self._flush()
        rows = self.changes.search([("reader", "=", READER)])
        self.assertEqual(set(rows.mapped("company_id")) - {self.company.id}, set())
        partners = self.env["res.partner"].browse(rows.mapped("res_id"))
        self._begin()
        return partners

    def _add(self, *res_ids, company_id=1, **values):
        return self.changes.create(
            [
                {"reader": READER, "company_id": company_id, "res_id": res_id, **values}
                for res_id in res_ids
            ]
        )

    def _work_off_all(self, batch_size=2):
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            changes = self.changes.with_env(self.changes.env(cr=cr))
            changes._work_off_all(READER, batch_size)
        self.env.invalidate_all()

    def _get_keys(self):
        return [(row.company_id, row.res_id) for row in self.changes.search([])]

    def _get_triggers(self):
        return self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref(DISPATCH).id)], order="id desc"
        )

    # Collecting ------------------------------------------------------------------------------

    def test_posting_paying_and_drafting(self):
        invoice = self._create_document([{"price_unit": 100}], post=False)
        self.assertFalse(self._get_changed(), "A draft is nobody's debt")
        invoice.action_post()
        self.assertEqual(self._get_changed(), self.partner)
        self._pay(invoice)
        self.assertEqual(self._get_changed(), self.partner)
        invoice.button_draft()
        self.assertEqual(self._get_changed(), self.partner)

    def test_drafted_given_to_another_and_posted(self):
        invoice = self._create_document([{"price_unit": 100}])
        other = self.env["res.partner"].create({"name": "Other"})
        self._begin()
        invoice.button_draft()
        invoice.partner_id = other
        invoice.action_post()
        self.assertEqual(self._get_changed(), self.partner | other)

    def test_bill_of_a_vendor(self):
        self._create_document([{"price_unit": 100}], move_type="in_invoice")
        self.assertFalse(self._get_changed())

    def test_what_settles_reaches_what_it_settles(self):
        """A loss in the entry of a payment is shared: the other invoice is read anew."""
        first = self._create_document([{"price_unit": 100}])
        other = self.env["res.partner"].create({"name": "Other"})
        second = self._create_document([{"price_unit": 100}], partner_id=other.id)
        receivable = self.company_data["default_account_receivable"]
        entry = self._create_entry(
            (receivable, self.partner, -100),
            (receivable, other, -100),
            (self.company_data["default_account_expense"], None, 200),
        )
        self._settle(first, entry)
        self._settle(second, entry)
        self._begin()
        first.line_ids.remove_move_reconcile()
        self.assertEqual(self._get_changed(), self.partner | other)

    def test_a_moved_claim_reaches_the_invoice(self):
        """What settles the new claim settles the old one, one step or several on."""
        invoice = self._create_document([{"price_unit": 100}])
        receivable = self.company_data["default_account_receivable"]
        bank = self.company_data["default_journal_bank"].default_account_id
        factor, bill, portfolio = self.env["res.partner"].create(
            [{"name": "Factor"}, {"name": "Bill"}, {"name": "Portfolio"}]
        )
        steps = self._create_entry((receivable, self.partner, -100), (receivable, factor, 100))
        self._settle(invoice, steps)
        for holder, taker in ((factor, bill), (bill, portfolio)):
            entry = self._create_entry((receivable, holder, -100), (receivable, taker, 100))
            (steps | entry).line_ids.filtered(
                lambda line, holder=holder: line.partner_id == holder
            ).reconcile()
            steps = entry
        self._begin()
        money = self._create_entry((receivable, portfolio, -100), (bank, None, 100))
        (steps | money).line_ids.filtered(lambda line: line.partner_id == portfolio).reconcile()
        self.assertEqual(self._get_changed(), self.partner | factor | bill | portfolio)

    def test_savepoints(self):
        """What was rolled back is not noted; what was inserted before it needs no other trigger."""
        other = self.env["res.partner"].create({"name": "Other"})
        self._begin()
        triggers = len(self._get_triggers())
        with self.env.cr.savepoint():
            self._create_document([{"price_unit": 100}])
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self._create_document([{"price_unit": 100}], partner_id=other.id)
            raise ZeroDivisionError
        with self.env.cr.savepoint():
            self._create_document([{"price_unit": 100}])
        self._flush()
        self.assertEqual(len(self._get_triggers()), triggers + 1)
        self.assertEqual(self._get_changed(), self.partner)

    def test_trigger_that_was_rolled_back(self):
        triggers = len(self._get_triggers())
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            with self.env.cr.savepoint():
                self._create_document([{"price_unit": 100}])
            raise ZeroDivisionError
        self.assertEqual(len(self._get_triggers()), triggers)
        self._create_document([{"price_unit": 100}])
        self._flush()
        self.assertEqual(len(self._get_triggers()), triggers + 1)

    def test_posting_is_cheap(self):
        """For all readers, and however many documents: one statement, and two for the trigger."""
        invoices = self._create_document([{"price_unit": 100}], post=False)
        for __ in range(9):
            invoices |= self._create_document([{"price_unit": 100}], post=False)
        self._begin()

        def count(moves):
            self._begin()
            self.changes._collect(moves=moves)
            before = self.cr.sql_log_count
            self.env.cr.precommit.run()
            return self.cr.sql_log_count - before

        count(invoices)
        self.assertEqual(count(invoices[0]), 3)
        self.assertEqual(count(invoices), 3)

    def test_without_readers_nothing_is_asked(self):
        with patch.object(self.env.registry["account.receivable.change"], "_get_readers", list):
            self._create_document([{"price_unit": 100}])
            self._flush()
        self.assertFalse(self.changes.search([]))

    # Waiting ---------------------------------------------------------------------------------

    def test_waiting(self):
        keys = [(1, 5), (1, 6), (2, 5), (0, 6)]
        self._add(5)
        self.assertEqual(self.changes._get_waiting(READER, keys), {(1, 5)})
        self._add(0)
        self.assertEqual(self.changes._get_waiting(READER, keys), {(1, 5), (1, 6), (0, 6)})
        self._add(0, company_id=0)
        self.assertEqual(self.changes._get_waiting(READER, keys), set(keys))
        self.assertEqual(self.changes._get_waiting("res.partner", keys), set())

    # Working off -----------------------------------------------------------------------------

    def test_batches(self):
        self._add(1, 2, 3, 2, 4, 5)
        self._work_off_all()
        self.assertEqual(self.reader.done, [(1, key) for key in range(1, 6)])
        self.assertFalse(self._get_keys())

    def test_one_that_fails_holds_up_nobody(self):
        self._add(1, 2, 3, 4, 5)
        self.reader.failing = {(1, 3)}
        with self.assertLogs(account_receivable_change.__name__, logging.INFO) as log:
            self._work_off_all()
        self.assertIn("No luck", log.output[-1])
        self.assertIn("Traceback", log.output[-1])
        self.assertEqual({record.levelname for record in log.records}, {"INFO"})
        self.assertCountEqual(self.reader.done, [(1, 1), (1, 2), (1, 4), (1, 5)])
        row = self.changes.search([])
        self.assertEqual((row.res_id, row.failure), (3, "No luck"))
        self.assertEqual(self.changes._get_waiting(READER, [(1, 3)]), {(1, 3)})
        self.reader.failing = set()
        self._work_off_all()
        self.assertEqual(self.changes.search([]), row, "It is not tried again and again")
        self._add(3)
        self._work_off_all()
        self.assertFalse(self._get_keys(), "What is computed at last has failed no more")

    def test_failed_rows_are_tried_again_the_next_day(self):
        with freeze_time("2024-03-01 10:00"):
            row = self._add(1, failure="No luck", failed_at=fields.Datetime.now())
        with freeze_time("2024-03-02 09:00"):
            self.changes._cron_dispatch()
        self.changes.invalidate_model()
        self.assertTrue(row.failure)
        with freeze_time("2024-03-02 11:00"):
            self.changes._cron_dispatch()
            self.assertEqual(
                self._get_triggers()[:1].call_at, fields.Datetime.to_datetime("2024-03-02 11:00")
            )
        self.changes.invalidate_model()
        self.assertFalse(row.failure)

    def test_failed_rows_are_tried_again_by_hand(self):
        row = self._add(1, failure="No luck", failed_at=fields.Datetime.now())
        admin = self._create_user("outbox-admin", "base.group_system")
        row.with_user(admin).action_try_again()
        self.assertFalse(row.failure)

    def test_what_somebody_else_writes_is_left_for_later(self):
        self._add(1, 2, 3, 4, 5)
        self.reader.busy = {(1, 2), (1, 3)}
        with freeze_time("2024-03-01 10:00"), self.assertNoLogs("odoo", "WARNING"):
            self._work_off_all()
            self.assertEqual(
                self._get_triggers()[:1].call_at, fields.Datetime.to_datetime("2024-03-01 10:01")
            )
        self.assertEqual(self.reader.done, [(1, 1), (1, 4), (1, 5)])
        self.assertEqual(self._get_keys(), [(1, 2), (1, 3)])
        self.assertFalse(any(self.changes.search([]).mapped("failure")))

    def test_a_conflict_is_no_failure(self):
        class Conflict(SerializationFailure):
            pgcode = "40001"

        self._add(1, 2, 3)
        self.reader.failing = {(1, 3)}
        self.reader.error = Conflict("Somebody was quicker")
        with self.assertNoLogs("odoo", "WARNING"):
            self._work_off_all()
        self.assertEqual(self._get_keys(), [(1, 3)])
        self.assertFalse(self.changes.search([]).failure)

    def test_everything_is_computed_in_parts(self):
        self._add(0, company_id=7)
        self._add(1)
        self.reader.positions = [100, 200, None]
        self._work_off_all()
        self.assertEqual(self.reader.done, [(1, 1), (7, 0), (7, 100), (7, 200)])
        self.assertFalse(self._get_keys())

    def test_everything_is_computed_where_nothing_was_noted_before(self):
        """After the installation the mark is the first row of the table."""
        self.env.cr.execute(
            "INSERT INTO account_receivable_change (id, reader, company_id, res_id)"
            " VALUES (1, %s, 7, 0)",
            [READER],
        )
        self.reader.positions = [100, 200, None]
        self._work_off_all()
        self.assertEqual(self.reader.done, [(7, 0), (7, 100), (7, 200)])
        self.assertFalse(self._get_keys())

    def test_everything_cannot_be_computed_now(self):
        self._add(0, 1)
        self.reader.positions = []
        self._work_off_all()
        self.assertEqual(self.reader.done, [(1, 1)])
        self.assertEqual(self._get_keys(), [(1, 0)])

    def test_many_rows_become_a_mark(self):
        with patch.object(account_receivable_change, "MANY_ROWS", 3):
            self._add(1, 2, 3)
            self.changes._gc_changes()
            self.assertEqual(len(self._get_keys()), 3)
            self._add(4)
            self.changes._gc_changes()
            self.assertEqual(self._get_keys(), [(0, 0)])
            self._add(1, 2, 3, 4)
            self._work_off_all()
        self.assertEqual(self.reader.done, [(0, 0)])

    def test_rows_of_a_reader_that_is_gone(self):
        self.changes.create({"reader": "gone", "company_id": 1, "res_id": 1})
        self._add(1)
        self.changes._cron_dispatch()
        self.assertEqual(self._get_keys(), [(1, 1)])

    @mute_logger(account_receivable_change.__name__)
    def test_a_reader_that_computes_everything_goes_on_where_one_fails(self):
        self.reader.failing = {(1, 2)}
        self.reader.busy = {(1, 3)}
        self._add(1)
        self.changes._compute_keys(READER, [(1, 1), (1, 2), (1, 3)])
        self.changes.invalidate_model()
        self.assertEqual(
            [(row.res_id, row.failure) for row in self.changes.search([])],
            [(2, "No luck"), (3, False)],
        )

    def test_the_scheduled_action_ends_well(self):
        """Also where all is left for later, Odoo has nothing to warn of."""
        cron = self.env.ref(DISPATCH)
        cron.code = f"model._work_off_all({READER!r}, 1)"
        self._add(1, 2)
        self.reader.busy = {(1, 1), (1, 2)}
        self._flush()
        with self.enter_registry_test_mode(), self.assertNoLogs("odoo", "WARNING"):
            cron.method_direct_trigger()
        self.assertEqual(len(self._get_keys()), 2)
        self.reader.busy = {(1, 1)}
        with self.enter_registry_test_mode(), self.assertNoLogs("odoo", "WARNING"):
            cron.method_direct_trigger()
        self.assertEqual(self._get_keys(), [(1, 1)])
        self.assertGreater(
            self._get_triggers()[:1].call_at, fields.Datetime.now() + timedelta(seconds=30)
        )

    # Who may see it --------------------------------------------------------------------------

    def test_administrators_see_whose_it_is(self):
        row = self._add(self.partner.id, company_id=self.company.id, failure="No luck")
        everything = self._add(0)
        admin = self._create_user("outbox-admin", "base.group_system")
        with patch.object(
            self.env.registry["account.receivable.change"],
            "_get_key_model",
            lambda *args: "res.partner",
        ):
            self.assertEqual(
                (row.with_user(admin).company_name, row.with_user(admin).record_name),
                (self.company.name, self.partner.name),
            )
            self.assertEqual(everything.with_user(admin).record_name, "Everything")
        accountant = self._create_user("outbox-accountant", "account.group_account_manager")
        for attempt in ("action_try_again", "unlink"):
            with self.assertRaises(AccessError):
                getattr(row.with_user(accountant), attempt)()
