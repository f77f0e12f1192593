from dateutil.relativedelta import relativedelta

from odoo import api, models

#: By customer: how many days ago the promise was made, for how many days, and the amount.
PROMISES = {
    # Paid as promised.
    "crm_accounting_bridge.res_partner_bakery_demo": (125, 12, 2000),
    # Nothing came.
    "crm_customer_health.res_partner_garden_demo": (24, 10, 2750),
    # Still has time.
    "crm_accounting_bridge.res_partner_harbor_demo": (3, 18, 6000),
}


class CrmCustomerCollectionDemo(models.AbstractModel):
    """Promises of the demo customers, and the flags of this morning.

    Dates are relative to the day of installation, so that the story is always fresh.
    """

    _name = "crm.customer.collection.demo"
    _description = "Demo of Flags and Promises"

    @api.model
    def _create_story(self):
        """Called once, when demo data is loaded."""
        company = self.env.company
        today = company._get_today()
        self.env["crm.customer.health.policy"]._get_policy(company).fallback_user_id = self.env.ref(
            "base.user_admin"
        )
        self.env["crm.payment.promise"].create(
            [
                {
                    "company_id": company.id,
                    "partner_id": self.env.ref(customer).id,
                    "made_on": today - relativedelta(days=made),
                    "date": today - relativedelta(days=made - days),
                    "amount": amount,
                }
                for customer, (made, days, amount) in PROMISES.items()
            ]
        )
        run = self.env["crm.customer.flag.run"]._start(company)
        while not run.finished_at:
            run._do_batch()
