from odoo import Command

from odoo.addons.crm_customer_health.tests.overdue_common import OverdueCommon


class FlagCommon(OverdueCommon):
    """Who is told of overdue customers.

    Figures are brought up to date and customers flagged as the scheduled actions do it:
    ``_morning`` is what happens on a day before anybody works.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_seller = cls._create_user("f-other", "sales_team.group_sale_salesman")
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
        cls.policy.write({"fallback_user_id": cls.fallback.id, "flags_per_morning": 0})
        cls.flags = cls.env["crm.customer.flag"].sudo()

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

    def _get_row(self, partner=None):
        return (partner or self.customer).sudo()._get_health_of_companies(self.company)

    def _get_activities(self, partner=None):
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "crm.customer.health"),
                    ("res_id", "=", self._get_row(partner).id),
                    ("activity_type_id", "=", self.flags._get_activity_type_id()),
                ]
            )
        )
