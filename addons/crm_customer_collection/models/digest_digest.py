from datetime import date, datetime, timedelta

from odoo import fields, models
from odoo.exceptions import AccessError

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import (
    ACCOUNTING_GROUPS,
    ALL_CUSTOMERS_GROUP,
)

#: Where a transaction keeps the sums of the digests that it is sending.
SUMS = "crm_customer_collection.digest_sums"


class DigestDigest(models.Model):
    """Customers in Odoo's digest, for who may see the figures of all customers."""

    _inherit = "digest.digest"

    kpi_overdue_customers = fields.Boolean("Overdue from Customers")
    kpi_overdue_customers_value = fields.Monetary(compute="_compute_kpi_overdue_customers_value")
    kpi_newly_at_risk = fields.Boolean("Customers Newly at Risk")
    kpi_newly_at_risk_value = fields.Integer(compute="_compute_kpi_newly_at_risk_value")
    kpi_cured_customers = fields.Boolean("Customers No Longer at Risk")
    kpi_cured_customers_value = fields.Integer(compute="_compute_kpi_cured_customers_value")
    kpi_cash_received = fields.Boolean("Cash Received from Customers")
    kpi_cash_received_value = fields.Monetary(compute="_compute_kpi_cash_received_value")

    def _compute_kpi_overdue_customers_value(self):
        """What is overdue at the end of the period."""
        __, end, companies = self._get_customer_kpi_parameters()
        days = self.env["crm.customer.company.day"]
        self._set_customer_kpi(
            "kpi_overdue_customers_value",
            {
                company: self._get_sum(
                    days._get_overdue_total, company, self._get_company_day(company, end)
                )
                for company in companies
            },
        )

    def _compute_kpi_newly_at_risk_value(self):
        self._set_customer_kpi("kpi_newly_at_risk_value", self._count_status_changes("new_status"))

    def _compute_kpi_cured_customers_value(self):
        self._set_customer_kpi(
            "kpi_cured_customers_value", self._count_status_changes("old_status")
        )

    def _compute_kpi_cash_received_value(self):
        """Of whole days, up to the one before that of the digest: what is booked later on that day
        is in the next one.
        """
        start, end, companies = self._get_customer_kpi_parameters()
        days = self.env["crm.customer.company.day"]
        one_day = timedelta(days=1)
        self._set_customer_kpi(
            "kpi_cash_received_value",
            {
                company: self._get_sum(
                    days._get_cash_received,
                    company,
                    self._get_company_day(company, start) - one_day,
                    self._get_company_day(company, end) - one_day,
                )
                for company in companies
            },
        )

    def _count_status_changes(self, at_risk_field: str) -> dict:
        """How many customers' status changed to, or from, At Risk in the period, by company."""
        start, end, companies = self._get_customer_kpi_parameters()
        return dict(
            self.env["crm.customer.health.change"]
            .sudo()  # the user's groups and companies were checked
            ._read_group(
                [
                    ("company_id", "in", companies.ids),
                    ("create_date", ">=", start),
                    ("create_date", "<", end),
                    (at_risk_field, "=", "at_risk"),
                ],
                ["company_id"],
                ["partner_id:count_distinct"],
            )
        )

    def _get_customer_kpi_parameters(self):
        """Begin, end and companies; the digest leaves out what the user may not see."""
        user = self.env.user
        start, end, companies = self._get_kpi_compute_parameters()
        if companies - user.company_ids or not user.has_group(ALL_CUSTOMERS_GROUP):
            raise AccessError(self.env._("You may not see the figures of all customers."))
        return fields.Datetime.to_datetime(start), fields.Datetime.to_datetime(end), companies

    def _get_company_day(self, company, moment: datetime) -> date:
        """As many days before the company's today as the moment is before now."""
        return company._get_today() - (fields.Datetime.now() - moment)

    def _set_customer_kpi(self, field_name: str, value_by_company: dict):
        for digest in self:
            company = digest.company_id or self.env.company
            digest[field_name] = value_by_company.get(company, 0)

    def _action_send(self, update_periodicity=True):
        """What is the same for all recipients is computed once."""
        cache = self.env.cr.cache
        cache[SUMS] = {}
        try:
            return super()._action_send(update_periodicity=update_periodicity)
        finally:
            cache.pop(SUMS, None)

    def _get_sum(self, compute, company, *days: date) -> float:
        """A sum over all customers of the company; computed once while digests are being sent."""
        sums = self.env.cr.cache.get(SUMS, {})
        key = (compute.__name__, company.id, *days)
        if key not in sums:
            sums[key] = compute(company, *days)
        return sums[key]

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        sells = user.has_group("sales_team.group_sale_salesman")
        menu = self.env.ref("crm.crm_menu_root" if sells else "account.menu_finance")
        customers = f"crm_customer_health.crm_customer_health_action?menu_id={menu.id}"
        changes = f"crm_customer_health.crm_customer_health_change_action?menu_id={menu.id}"
        actions.update(
            kpi_overdue_customers=customers,
            kpi_newly_at_risk=changes,
            kpi_cured_customers=changes,
            kpi_cash_received=customers,
        )
        if user.has_groups(ACCOUNTING_GROUPS):
            menu = self.env.ref("account.menu_finance")
            actions["kpi_cash_received"] = (
                f"account_receivable_settlement.account_receivable_settlement_action?menu_id={menu.id}"
            )
        return actions
