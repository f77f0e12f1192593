from odoo import Command
from odoo.tests import tagged

# The module: its tests run where they are.
from odoo.addons.crm_sales_commission.tests import test_commission_walk

from .common import MarginMixin


@tagged("post_install", "-at_install")
class TestMarginWalk(MarginMixin, test_commission_walk.TestCommissionWalk):
    """The same walk, by plans of margins, too, while costs change and are frozen anew."""

    OPERATIONS = test_commission_walk.TestCommissionWalk.OPERATIONS | {
        "cost": 4,
        "freeze_anew": 4,
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.standard_price = 123.45
        cls._create_plan(
            cls.ann,
            measure="margin",
            rate=7.5,
            assignments=[{"user_id": cls.sam.id, "share": 65.0}],
        )
        cls._create_plan(
            measure="margin",
            rate=3.0,
            product_category_ids=[Command.set(cls.product.categ_id.ids)],
            assignments=[{"user_id": cls.lee.id, "sales_of": "team", "team_id": cls.team.id}],
        )

    def _do_cost(self):
        self.product.standard_price = self.random.choice([0.0, 12.34, 250.0, 999.99])
        return self.product.standard_price

    def _do_freeze_anew(self):
        """As when what was invoiced before is delivered."""
        document = self._choose(self._posted())
        document._collect_costs()
        return document.name

    def test_walk_1(self):
        self._walk(1)

    def test_walk_2(self):
        self._walk(2)
