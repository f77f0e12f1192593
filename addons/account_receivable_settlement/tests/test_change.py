from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import SQL

from .common import ReceivableCommon

READER = "account.receivable"


@tagged("post_install", "-at_install")
class TestChange(ReceivableCommon):
    """Whatever changes a receivable tells the readers whose it is, once a transaction."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.changes = cls.env["account.receivable.change"].sudo()
        cls.done = []

        def read(reader, keys):
            cls.done += keys

        reader = cls.env.registry[READER]
        for model, name, method in (
            (cls.env.registry["account.receivable.change"], "_get_readers", lambda __: [READER]),
            (
                reader,
                "_get_receivable_keys_sql",
                lambda __, changed: SQL(
                    "SELECT company_id, partner_id AS res_id FROM %s WHERE partner_id IS NOT NULL",
                    changed,
                ),
            ),
            (reader, "_on_receivables_changed", read),
            (
                reader,
                "_get_change_cron_xmlid",
                lambda __: "account_receivable_settlement.ir_cron_dispatch_changes",
            ),
        ):
            cls.startClassPatcher(patch.object(model, name, method, create=True))

    def _get_changed(self):
        """The partners with rows at the end of the transaction; it begins anew."""
        self._flush()
        rows = self.changes.search([("reader", "=", READER)])
        partners = self.env["res.partner"].browse(rows.mapped("res_id"))
        self.env.cr.execute("DELETE FROM account_receivable_change")
        self.changes.invalidate_model()
        return partners

    def test_posting_and_paying(self):
        invoice = self._create_document([{"price_unit": 100}], post=False)
        self.assertFalse(self._get_changed())
        invoice.action_post()
        self.assertEqual(self._get_changed(), self.partner)
        self._pay(invoice)
        self.assertEqual(self._get_changed(), self.partner)
        invoice.button_draft()
        self.assertEqual(self._get_changed(), self.partner)

    def test_drafted_given_to_another_and_posted(self):
        invoice = self._create_document([{"price_unit": 100}])
        other = self.env["res.partner"].create({"name": "Other"})
        self._get_changed()
        invoice.button_draft()
        invoice.partner_id = other
        invoice.action_post()
        self.assertEqual(self._get_changed(), self.partner | other)

    def test_working_off(self):
        self._create_document([{"price_unit": 100}])
        self._flush()
        key = (self.company.id, self.partner.id)
        self.assertEqual(self.changes._get_waiting(READER, [key]), {key})
        self.assertEqual(self.changes._work_off(READER), 1)
        self.assertEqual(self.done, [key])
        self.assertFalse(self.changes._get_waiting(READER, [key]))
