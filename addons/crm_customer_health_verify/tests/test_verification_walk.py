from odoo.tests import tagged

from odoo.addons.crm_customer_health.tests import test_health_walk


@tagged("post_install", "-at_install")
class TestVerificationWalk(test_health_walk.TestHealthWalk):
    """Whatever is done in accounting, a verification finds nothing."""

    STEPS = 16

    def test_walk_4(self):
        self._walk(4)

    def _check_stored(self):
        run = self.env["account.receivable.verification"].sudo()
        run = run.with_context(active_test=False).create({"company_ids": self.companies.ids})
        run._start()
        while run._verify_batch() is not None:
            pass
        self.assertEqual(run.state, "done")
        self.assertGreater(run.checked_count, 0)
        self.assertFalse(
            [
                (row.company_id.name, row.check, row.name, row.value, row.failure)
                for row in run.difference_ids
                if row.state != "waiting"
            ]
        )
        self.assertFalse(
            [
                (row.company_id.name, row.value, row.account_id.name, row.difference)
                for row in run.total_ids
                if row.difference and row.check not in ("forecast_total",)
            ]
        )

    def _check_all_anew(self):
        """Elsewhere."""
