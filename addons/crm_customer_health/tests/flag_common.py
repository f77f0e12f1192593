from freezegun import freeze_time

from odoo import Command

from .common import HealthCommon


class FlagCommon(HealthCommon):
    """Customers that are overdue on 2024-03-01, and a policy that asks to act.

    Figures are brought up to date and customers flagged as the scheduled actions do it:
    ``_morning`` is what happens on a day before anybody works.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sales = "sales_team.group_sale_salesman"
        cls.seller = cls._create_user("f-seller", sales)
        cls.other_seller = cls._create_user("f-other", sales)
        cls.leader = cls._create_user("f-leader", "sales_team.group_sale_salesman_all_leads")
        cls.fallback = cls._create_user("f-fallback", "account.group_account_invoice")
        cls.team = cls.env["crm.team"].create(
            {
                "name": "North",
                "user_id": cls.leader.id,
                "company_id": cls.company.id,
                "member_ids": [Command.set([cls.seller.id, cls.other_seller.id])],
            }
        )
        cls.policy = cls._get_policy()
        cls.policy.write(
            {
                "threshold_ids": [
                    Command.create({"amount": 10000, "days": 7}),
                    Command.create({"amount": 500, "days": 20}),
                ],
                "fallback_user_id": cls.fallback.id,
            }
        )
        cls.flags = cls.env["crm.customer.flag"].sudo()
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

    def _run(self):
        """Flag the company's customers, whatever the hour; the run."""
        run = self.env["crm.customer.flag.run"].sudo()._start(self.company)
        while not run.finished_at:
            run._do_batch()
        self._flush()
        return run

    def _morning(self, moment=None):
        if moment:
            self._at(moment)
        self._refresh()
        return self._run()

    def _get_flag(self, partner=None):
        return self.flags.search(
            [("partner_id", "=", (partner or self.customer).id), ("closed_on", "=", False)]
        )

    def _get_activities(self, partner=None):
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "res.partner"),
                    ("res_id", "=", (partner or self.customer).id),
                    ("activity_type_id", "=", self.flags._get_activity_type_id()),
                ]
            )
        )
