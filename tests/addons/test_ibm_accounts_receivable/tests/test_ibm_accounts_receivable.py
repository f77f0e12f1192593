import base64
from unittest import skipUnless

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_accounting_import.tests.common import AccountingImportCommon
from odoo.addons.crm_revenue_forecast.tests.common import ForecastCommon

from .customers import Customers
from .data_set import FILE
from .forecast import Forecast
from .imported import Imported


@tagged("post_install", "-at_install")
@freeze_time("2014-06-15 12:00:00")
@skipUnless(FILE, "needs the IBM accounts receivable data set")
class TestIbmAccountsReceivable(
    Imported, Customers, Forecast, ForecastCommon, AccountingImportCommon
):
    """2,466 invoices of 100 customers, as an outside accounting program exports them, imported
    once for all that is said of them.
    """

    allow_inherited_tests_method = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        content = base64.b64encode(FILE.read_bytes()).decode()
        imports = cls.env["accounting.import"]
        cls.first_answer = imports.import_file("ibm.csv", content, {"create_customers": True})
        cls.imported = imports.browse(cls.first_answer["id"])
        importer = cls.imported._with_worker()
        while lines := importer._get_waiting_lines():
            importer._book_lines(lines)
            # What autovacuum does after a committed batch: a planner that takes the books for
            # empty makes these tests ten times slower.
            cls.env.cr.execute(
                "ANALYZE account_move, account_move_line, account_partial_reconcile,"
                " account_payment"
            )
        importer._finish()
