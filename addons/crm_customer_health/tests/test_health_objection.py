from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import HealthCommon

JUDGED = (
    "health_score",
    "payment_score",
    "payment_trend",
    "payment_measure",
    "exposure_measure",
    "trend_measure",
    "purchase_measure",
    "rfm_recency",
    "rfm_frequency",
    "rfm_monetary",
    "rfm_segment",
)


@tagged("post_install", "-at_install")
@freeze_time("2024-06-20 10:00")
class TestHealthObjection(HealthCommon):
    """Who objects is judged no more, and ranks nobody; what is owed is owed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("o-manager", "sales_team.group_sale_manager")
        cls.seller = cls._create_user("o-seller", "sales_team.group_sale_salesman_all_leads")
        cls.other = cls._create_customer("Other")
        for partner, days in ((cls.partner, 40), (cls.other, -5)):
            for amount in (1000.0, 600.0):
                cls._settled(amount, days, partner_id=partner.id)
        cls._invoice(500.0, date="2024-04-10", invoice_date_due="2024-05-10")

    def _object(self, partner=None):
        (partner or self.partner).with_user(self.manager).is_unscored = True
        self.env.flush_all()

    def test_nothing_is_judged(self):
        self._refresh()
        row = self._get_rows()[self.partner]
        self.assertTrue(all(row[name] for name in ("health_score", "payment_score", "rfm_segment")))
        self._object()
        row = self.assertRow(
            open_amount=500.0,
            overdue_amount=500.0,
            overdue_31_60=500.0,
            net_overdue_amount=500.0,
            days_to_pay=50.0,
            days_beyond_terms=40.0,
        )
        self.assertEqual({name: row[name] for name in JUDGED if row[name]}, {})
        self.assertEqual((row.health_status, row.payment_risk), ("unknown", "unknown"))
        self.assertIn("objected", row.health_reasons)

    def test_others_are_not_measured_by_it(self):
        """Its score is in no mean and its purchases are in no cut point."""
        self._object()
        self._refresh()
        alone = self._get_norm()
        for move in self._get_posted(self.partner):
            move.button_draft()
        self._refresh()
        self.assertEqual(self._get_norm(), alone)

    def _get_posted(self, partner):
        return self.env["account.move"].search(
            [
                ("partner_id", "=", partner.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ]
        )

    def test_it_follows_by_itself(self):
        """In every company that knows the customer, and back."""
        self._refresh()
        before = self._get_rows()[self.partner].health_score
        for is_unscored in (True, False):
            self.partner.with_user(self.manager).is_unscored = is_unscored
            self._flush()
            with self.enter_registry_test_mode():
                self.env.ref("crm_customer_health.ir_cron_queue").method_direct_trigger()
            self.env.invalidate_all()
            self.assertEqual(not self._get_rows()[self.partner].health_score, is_unscored)
        self._refresh()
        self.assertEqual(self._get_rows()[self.partner].health_score, before)

    def test_a_single_customer_is_as_all_are(self):
        self._refresh()
        self._object()
        self._flush()
        figures = self.env["crm.customer.health"]._get_figures(self.company, self.partner)
        row = figures[self.company.id, self.partner.id]
        self.assertEqual({name: row[name] for name in JUDGED if row[name] is not None}, {})

    def test_who_may_note_it(self):
        with self.assertRaises(AccessError):
            self.partner.with_user(self.seller).is_unscored = True
        with self.assertRaises(AccessError):
            self.partner.with_user(self.seller).read(["is_unscored"])
        self._refresh()
        self._object()
        self._refresh()
        row = self._get_rows()[self.partner].with_user(self.seller)
        self.assertIn("objected", row.health_reasons)
