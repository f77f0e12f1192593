from odoo.tests import tagged

from odoo.addons.crm_sales_commission.tests import test_commission_walk


@tagged("post_install", "-at_install")
class TestCommissionVerificationWalk(test_commission_walk.TestCommissionWalk):
    """In any order, a verification finds nothing of commission."""

    STEPS = 30

    def test_walk_3(self):
        self._walk(3)

    def _check(self):
        run = self.env["account.receivable.verification"].sudo()
        run = run.with_context(active_test=False).create({"company_ids": self.company.ids})
        run._start()
        names = ("commission", "commission_gone", "commission_statements")
        run.check_ids.filtered(lambda row: row.name not in names).state = "done"
        while run._verify_batch() is not None:
            pass
        self.assertGreater(run.checked_count, 0)
        self.assertFalse(
            [
                (row.state, row.check, row.name, row.value, row.difference, row.failure)
                for row in run.difference_ids
            ]
        )
