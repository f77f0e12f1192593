import base64
import csv
import io

from odoo.addons.crm_accounting_bridge.tests.common import BridgeCommon

HEADER = ("Customer", "Invoice Number", "Invoice Date", "Due Date", "Amount")


class AccountingImportCommon(BridgeCommon):
    """Files of another accounting program, imported as people and programs do it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.acme = cls.env["res.partner"].create(
            {"name": "Acme Imports", "ref": "C-77", "is_company": True}
        )

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("base.group_partner_manager")

    def _csv(self, rows, header=HEADER, separator=",", encoding="utf-8"):
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=separator)
        writer.writerows([header, *rows])
        return buffer.getvalue().encode(encoding)

    def _import(self, content, user=None, **options):
        """Import bytes through the external entry; returns the record and the result."""
        Import = self.env["accounting.import"]
        if user:
            Import = Import.with_user(user)
        result = Import.import_file("export.csv", base64.b64encode(content).decode(), options)
        record = Import.browse(result["id"])
        return record, result

    def _import_rows(self, rows, header=HEADER, **options):
        return self._import(self._csv(rows, header), **options)

    def _refuse_acme(self):
        """Posting for Acme is refused by accounting itself: its account is archived."""
        account = self.company_data["default_account_receivable"].copy({"name": "Old debtors"})
        self.acme.property_account_receivable_id = account
        account.active = False

    def _get_move(self, number):
        return self.env["account.move"].search(
            [
                ("name", "=", number),
                ("journal_id.is_accounting_import", "=", True),
                ("company_id", "=", self.env.company.id),
            ]
        )

    def assertCounts(self, result, **expected):
        counts = dict.fromkeys(("created", "updated", "unchanged", "error_count"), 0)
        self.assertEqual({name: result[name] for name in counts}, counts | expected, result)

    def assertRowError(self, row, reason, header=HEADER, column=None, **options):
        """One bad row is refused for this reason, and the good row beside it is imported."""
        good = dict(
            zip(HEADER, ("C-77", "GOOD-1", "2024-01-05", "2024-02-05", "10.00"), strict=True)
        )
        rows = [[good.get(name, "") for name in header], row]
        record, result = self._import_rows(rows, header, **options)
        self.assertCounts(result, created=1, error_count=1)
        error = result["errors"][0]
        self.assertEqual(error["row"], 3)
        self.assertIn(reason, error["reason"])
        if column:
            self.assertEqual(error["column"], column)
            names = column.split(", ")
            cells = dict(zip(header, row, strict=True))
            self.assertEqual(error["value"], ", ".join(cells[name] for name in names))
        self.assertEqual(len(self._get_move("GOOD-1")), 1)
        return record
