from freezegun import freeze_time

from odoo import Command

from .common import HealthCommon


class OverdueCommon(HealthCommon):
    """A customer that may be overdue on 2024-03-01, and a policy that asks to act."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("f-seller", "sales_team.group_sale_salesman")
        cls.policy = cls._get_policy()
        cls.policy.threshold_ids = [
            Command.create({"amount": 10000, "days": 7}),
            Command.create({"amount": 500, "days": 20}),
        ]
        cls.customer = cls._create_customer("Slow & Sons", user_id=cls.seller.id)

    def setUp(self):
        super().setUp()
        self.clock = self.startPatcher(freeze_time("2024-03-01 08:00:00"))

    def _at(self, moment):
        """Go on to another day or hour."""
        self.clock.move_to(moment)

    def _overdue(self, amount=1000.0, partner=None, **values):
        """A posted invoice, 21 days overdue on 2024-03-01 unless said."""
        return self._invoice(amount, partner_id=(partner or self.customer).id, **values)
