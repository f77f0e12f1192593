from odoo import SUPERUSER_ID, Command

from odoo.addons.crm_sales_commission.tests.common import CommissionCommon

COST_READER = "account.invoice.cost"


class MarginMixin:
    """Commission that follows the costs, too."""

    @classmethod
    def _follow(cls):
        """End the transaction, and have costs and then commission follow, as the scheduler does."""
        cls._follow_accounting()
        cls._freeze_costs()
        return super()._follow()

    @classmethod
    def _freeze_costs(cls):
        changes = cls.env(user=SUPERUSER_ID, context={})["account.receivable.change"]
        while changes._work_off(COST_READER):
            pass
        cls.env.cr.flush()
        cls.env.invalidate_all()


class MarginCommon(MarginMixin, CommissionCommon):
    """A press is sold for 1,000 and costs 600. Sam earns 10 % of the margin of what is paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.press = cls.env["product.product"].create(
            {"name": "Press", "standard_price": 600.0, "taxes_id": [Command.clear()]}
        )
        # Nobody earns by what was paid here.
        cls.plan.assignment_ids.unlink()
        cls.plan = cls._create_plan(cls.sam, name="Margin", measure="margin")

    @classmethod
    def _sell_press(cls, amount=1000.0, line=None, **values):
        return cls._create_sale(amount, line={"product_id": cls.press.id, **(line or {})}, **values)

    def _get_bases(self, kind="earned"):
        self._follow()
        rows = (
            self.env["crm.commission.event"]
            .sudo()
            ._read_group([("kind", "=", kind)], ["user_id"], ["base:sum"])
        )
        return {user.login: round(base, 2) for user, base in rows if round(base, 2)}
