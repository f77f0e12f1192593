from odoo import SUPERUSER_ID, Command

from odoo.addons.crm_accounting_bridge.tests.common import BridgeCommon


class CommissionCommon(BridgeCommon):
    """Plans of 10 % of what was paid, for Sam's sales."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sam = cls._create_user(
            "sam-seller", "sales_team.group_sale_salesman,base.group_allow_export"
        )
        cls.ann = cls._create_user("ann-seller", "sales_team.group_sale_salesman")
        cls.plan = cls._create_plan(cls.sam)

    @classmethod
    def _create_plan(cls, *users, approve=True, assignments=(), **values):
        """An approved plan of 10 % of what was paid on the users' own sales."""
        plan = cls.env["crm.commission.plan"].create(
            {
                "name": "Ten Per Cent",
                "company_id": cls.company.id,
                "rate": 10.0,
                "date_from": "2024-01-01",
                "assignment_ids": [
                    *(Command.create({"user_id": user.id}) for user in users),
                    *(Command.create(assignment) for assignment in assignments),
                ],
                **values,
            }
        )
        if approve:
            plan.action_approve()
        return plan

    @classmethod
    def _create_sale(cls, amount=1000.0, user=None, **values):
        """An invoice without a deal, of a salesperson (Sam)."""
        return cls._create_document(
            [{"price_unit": amount, **values.pop("line", {})}],
            invoice_user_id=(user or cls.sam).id,
            **values,
        )

    @classmethod
    def _follow(cls):
        """End the transaction, and have commission follow as the scheduler does."""
        cls._follow_accounting()
        changes = cls.env(user=SUPERUSER_ID, context={})["account.receivable.change"]
        reader = "crm.commission.event"
        marks = [("reader", "=", reader), ("res_id", "=", 0), ("failure", "=", False)]
        while changes._work_off(reader) or changes.search_count(marks):
            pass
        failed = changes.search([("reader", "=", reader), ("failure", "!=", False)])
        if failed:
            raise AssertionError(failed.mapped("failure"))
        cls.env.cr.flush()
        cls.env.invalidate_all()

    def _get_sums(self, kind="earned", **filters):
        """The commission of events by login, in cents that add up."""
        self._follow()
        rows = (
            self.env["crm.commission.event"]
            .sudo()
            ._read_group(
                [("kind", "=", kind), *((name, "=", value) for name, value in filters.items())],
                ["user_id"],
                ["amount:sum"],
            )
        )
        return {user.login: round(amount, 2) for user, amount in rows if round(amount, 2)}

    def assertEarned(self, **expected):
        """What people earned in all, by the first part of their logins; nobody else anything."""
        self.assertEqual(
            self._get_sums(), {f"{name}-seller": amount for name, amount in expected.items()}
        )
