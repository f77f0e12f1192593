from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .overdue_facts import OverdueFacts
from .weekly_facts import WeeklyFacts
from .weekly_rows import WeeklyRows


class CrmCustomerHealth(OverdueFacts, WeeklyFacts, WeeklyRows, models.Model):
    """What is done about a customer: flags, promises and exclusions, as the user may see them."""

    _name = "crm.customer.health"
    _inherit = ["crm.customer.health", "crm.customer.actions"]

    flag_ids = fields.One2many(
        "crm.customer.flag", compute="_compute_acting", string="Flags to Sales"
    )
    promise_ids = fields.One2many(
        "crm.payment.promise", compute="_compute_acting", string="Promises to Pay"
    )
    exclusion_ids = fields.One2many(
        "crm.customer.flag.exclusion", compute="_compute_acting", string="Exclusions From Flags"
    )
    overdue_facts = fields.Text(
        "To Talk About",
        compute="_compute_overdue_facts",
        help="The worst invoice, the last payment, the last promise that was broken.",
    )
    is_flagged = fields.Boolean(
        "Flagged",
        compute="_compute_is_flagged",
        search="_search_is_flagged",
        help="Sales was told that the customer is overdue.",
    )
    has_promised = fields.Boolean(
        "Promised",
        compute="_compute_is_flagged",
        search="_search_has_promised",
        help="A promise to pay is running.",
    )

    promise_date = fields.Date(
        "Promised By",
        compute="_compute_promise_date",
        help="The day by which the customer promised to pay, while the promise is running.",
    )

    @api.depends("company_id", "partner_id")
    @api.depends_context("uid")
    def _compute_promise_date(self):
        promises = self.env["crm.payment.promise"]
        dates = promises._get_running_dates(self.company_id, self.partner_id)
        for health in self:
            health.promise_date = dates.get((health.company_id, health.partner_id), False)

    @api.depends("company_id", "partner_id")
    @api.depends_context("uid")
    def _compute_acting(self):
        for name in ("flag_ids", "promise_ids", "exclusion_ids"):
            records = self.env[self._fields[name].comodel_name]
            found = defaultdict(lambda records=records: records)
            for record in records.search(self._get_own_domain()):
                found[record.company_id, record.partner_id] |= record
            for health in self:
                health[name] = found[health.company_id, health.partner_id]

    @api.depends("company_id", "partner_id")
    @api.depends_context("uid")
    def _compute_is_flagged(self):
        for name, model, domain in (
            ("is_flagged", "crm.customer.flag", self._get_flagged_domain()),
            ("has_promised", "crm.payment.promise", self._get_promised_domain()),
        ):
            records = self.env[model].search(domain & self._get_own_domain())
            found = {(record.company_id, record.partner_id) for record in records}
            for health in self:
                health[name] = (health.company_id, health.partner_id) in found

    def _search_is_flagged(self, operator, value):
        return self._search_acting("crm.customer.flag", self._get_flagged_domain(), operator, value)

    def _search_has_promised(self, operator, value):
        return self._search_acting(
            "crm.payment.promise", self._get_promised_domain(), operator, value
        )

    @api.model
    def _get_flagged_domain(self) -> Domain:
        return Domain("closed_on", "=", False)

    @api.model
    def _get_promised_domain(self) -> Domain:
        return Domain("state", "=", "running")

    def _get_own_domain(self) -> Domain:
        """Records of these customers in these companies; pairs are told apart afterwards."""
        return Domain("company_id", "in", self.company_id.ids) & Domain(
            "partner_id", "in", self.partner_id.ids
        )

    @api.model
    def _get_decision_notes(self, company, figures):
        """With the word that the customers gave last, while it is running or if it was broken."""
        notes = super()._get_decision_notes(company, figures)
        promises = (
            self.env["crm.payment.promise"]
            .sudo()  # the caller shows it to those who may see the customer
            .search(
                Domain("company_id", "=", company.id)
                & Domain("partner_id", "in", list(figures))
                & Domain("state", "!=", "withdrawn"),
                order="made_on, id",
            )
        )
        for partner_id, promise in {row.partner_id.id: row for row in promises}.items():
            if sentence := promise._get_reason():
                notes.setdefault(partner_id, []).append(sentence)
        return notes

    @api.model
    def _on_customers_refreshed(self, changes):
        result = super()._on_customers_refreshed(changes)
        self.env["crm.payment.promise"]._judge(changes.companies, changes.partners)
        self.env["crm.customer.flag"]._close_cured(changes.companies, changes.partners)
        return result

    @api.model
    def _on_all_receivables_changed(self, company_id, position):
        """Whatever changed of whomever: also what was paid of promises that have ended."""
        result = super()._on_all_receivables_changed(company_id, position)
        companies = self._get_existing_companies([company_id])
        if companies and result is None:
            promises = self.env["crm.payment.promise"].search(
                [("company_id", "=", company_id), ("state", "!=", "withdrawn")]
            )
            promises._judge(companies, promises.partner_id.commercial_partner_id)
        return result

    def _search_acting(self, model: str, domain: Domain, operator, value):
        """Rows of customers of whom such a record is there, one by company and customer."""
        if operator != "in":
            return NotImplemented
        # The user's own rights, also where somebody searches on with full ones.
        records = self.env[model].sudo(False)
        found = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain(
                "partner_id",
                "in",
                records._search(domain & Domain("company_id", "=", company.id)).subselect(
                    SQL.identifier(records._table, "partner_id")
                ),
            )
            for company in self.env.companies
        )
        return found if True in value else ~found
