from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.crm_customer_health.tests.test_health_walk import HealthWalk
from odoo.addons.crm_customer_health_verify.tests import test_verification_walk


class CollectionWalk(HealthWalk):
    """People promise to pay, and customers are flagged by hand and by the policy."""

    OPERATIONS = {**HealthWalk.OPERATIONS, "promise": 12, "flag": 8}

    def promise(self):
        company = self.random.choice(list(self.test.companies))
        today = company._get_today()
        self.test.env["crm.payment.promise"].sudo().create(
            {
                "company_id": company.id,
                "partner_id": self.test.partner.commercial_partner_id.id,
                "amount": self.random.choice([10.0, 100.0, 333.33]),
                "made_on": today - timedelta(self.random.randrange(20)),
                "date": today + timedelta(self.random.randrange(10)),
            }
        )

    def flag(self):
        company = self.random.choice(list(self.test.companies))
        run = self.test.env["crm.customer.flag.run"].sudo()._start(company)
        while not run.finished_at:
            run._do_batch()


@tagged("post_install", "-at_install")
class TestCollectionVerificationWalk(test_verification_walk.TestVerificationWalk):
    """Whatever is done in accounting, a verification finds nothing of flags and promises."""

    STEPS = 20
    WALK = CollectionWalk

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for company in cls.companies:
            policy = cls.env["crm.customer.health.policy"].sudo()._get_policy(company)
            policy.threshold_ids = [(5,), (0, 0, {"amount": 50.0, "days": 10})]
            policy.flags_per_morning = 0

    def test_walk_6(self):
        self._walk(6)
