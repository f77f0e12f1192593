from freezegun import freeze_time

from odoo.tests import tagged

from .common import HEADER, AccountingImportCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-06-15 12:00:00")
class TestAccountingImportMatch(AccountingImportCommon):
    """Which customer a row means."""

    def _row(self, customer, number="M-1"):
        return [customer, number, "2024-01-05", "2024-02-05", "10.00"]

    def _get_partner(self, customer, **options):
        _record, result = self._import_rows([self._row(customer)], **options)
        self.assertCounts(result, created=1)
        return self._get_move("M-1").partner_id

    def test_reference(self):
        self.assertEqual(self._get_partner("c-77"), self.acme)

    def test_tax_id_without_punctuation(self):
        self.acme.vat = "BE0477472701"
        self.assertEqual(self._get_partner("be 0477.472.701"), self.acme)

    def test_name(self):
        self.assertEqual(self._get_partner("ACME imports"), self.acme)

    def test_name_with_other_spaces(self):
        self.acme.name = "Acme  Imports\u00a0Ltd"
        self.assertEqual(self._get_partner("acme imports ltd"), self.acme)

    def test_tax_id_as_a_spreadsheet_leaves_it(self):
        self.acme.vat = "IT01234567897"
        for number, text in enumerate(("IT 0123 4567 897", "01234567897", "1234567897")):
            self._import_rows([self._row(text, f"V-{number}")])
            self.assertEqual(self._get_move(f"V-{number}").partner_id, self.acme, text)

    def test_columns_that_lead_to_two_customers(self):
        other = self.env["res.partner"].create({"name": "Other Ltd", "ref": "C-78"})
        header = ("Customer Name", "Customer ID", *HEADER[1:])
        for name, ref, reason in (
            (self.acme.name, other.ref, "leads to another customer"),
            (self.acme.name, "C-99", "has another reference: C-77"),
        ):
            row = [name, ref, *self._row("")[1:]]
            _record, result = self._import_rows([row], header, create_customers=True)
            self.assertCounts(result, error_count=1)
            self.assertIn(reason, result["errors"][0]["reason"])

    def test_email(self):
        self.acme.email = "Billing <billing@acme.example.com>"
        self.assertEqual(self._get_partner("billing@ACME.example.com"), self.acme)

    def test_order(self):
        """A reference goes before another customer's name."""
        self.env["res.partner"].create({"name": "C-77"})
        self.assertEqual(self._get_partner("C-77"), self.acme)

    def test_company_and_contact_are_one(self):
        self.acme.vat = "BE0477472701"
        self.env["res.partner"].create({"name": "Anna", "parent_id": self.acme.id})
        self.assertEqual(self._get_partner("BE0477472701"), self.acme)

    def test_contact(self):
        anna = self.env["res.partner"].create({"name": "Anna Acme", "parent_id": self.acme.id})
        self.assertEqual(self._get_partner("Anna Acme"), anna)
        self.assertEqual(self._get_move("M-1").commercial_partner_id, self.acme)

    def test_archived(self):
        self.acme.active = False
        self.assertEqual(self._get_partner("C-77", create_customers=True), self.acme)

    def test_active_before_archived(self):
        self.env["res.partner"].create({"name": "Acme imports", "active": False})
        self.assertEqual(self._get_partner("Acme Imports"), self.acme)

    def test_other_companys_customer(self):
        other = self._create_company(name="Elsewhere")
        self.acme.company_id = other
        _record, result = self._import_rows([self._row("C-77")])
        self.assertCounts(result, error_count=1)

    def test_own_columns(self):
        header = ("Customer ID", "Customer", "VAT", "E-Mail", *HEADER[1:])
        rows = [
            ["N-1", "New One", "", "new@one.example.com", *self._row("", "M-1")[1:]],
            ["N-1", "New One", "", "", *self._row("", "M-2")[1:]],
            ["", "New Two", "", "", *self._row("", "M-3")[1:]],
        ]
        _record, result = self._import_rows(rows, header, create_customers=True)
        self.assertCounts(result, created=3)
        partner = self._get_move("M-1").partner_id
        self.assertRecordValues(
            partner,
            [{"name": "New One", "ref": "N-1", "email": "new@one.example.com", "vat": False}],
        )
        self.assertEqual(self._get_move("M-2").partner_id, partner)
        self.assertEqual(self._get_move("M-3").partner_id.name, "New Two")
        _record, result = self._import_rows(rows, header, create_customers=True)
        self.assertCounts(result, unchanged=3)

    def test_nobody_is_created_for_a_bad_row(self):
        row = self._row("Never seen")
        row[4] = "x"
        _record, result = self._import_rows([row], create_customers=True)
        self.assertCounts(result, error_count=1)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Never seen")]))

    def test_created_once_though_a_row_is_refused(self):
        """Booking row by row after a refusal finds the customer that another row created."""
        self._refuse_acme()
        rows = [
            self._row("Brand New", "M-1"),
            self._row("C-77", "M-2"),
            self._row("Brand New", "M-3"),
        ]
        _record, result = self._import_rows(rows, create_customers=True)
        self.assertCounts(result, created=2, error_count=1)
        partner = self._get_move("M-1").partner_id
        self.assertEqual(self._get_move("M-3").partner_id, partner)
        self.assertEqual(self.env["res.partner"].search([("name", "=", "Brand New")]), partner)
