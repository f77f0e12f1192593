from fractions import Fraction

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.account_receivable_settlement.plain_books import exact
from odoo.addons.account_receivable_verify.check import Check, Finding, Total
from odoo.addons.crm_customer_health.plain_health import AMOUNTS, NUMBERS, PlainHealth

#: Figures in company currency.
MONEY = (*AMOUNTS, "net_amount")
#: Counts and dates.
VALUES = {
    "overdue_count": "overdue_count",
    "days_overdue": "days_overdue",
    "oldest_due_date": "oldest_due_date",
    "payment_count": "payment_count",
    "last_payment_date": "last_payment_date",
    "scored_count": "scored_items",
    "invoice_count": "invoice_count",
    "invoice_count_12m": "frequency",
    "first_invoice_date": "first_invoice_date",
    "last_invoice_date": "last_invoice_date",
    "expected_next_invoice_date": "expected_next_invoice_date",
    "is_lapsed": "is_lapsed",
}
#: Comparing with nobody: no cut points, no mean.
NO_NORM = {"recency": [], "frequency": [], "monetary": [], "mean": None}


class AccountReceivableVerification(models.Model):
    """Customers' figures: each kept one, and their sum against the general ledger."""

    _inherit = "account.receivable.verification"

    @api.model
    def _get_checks(self):
        return {
            **super()._get_checks(),
            "customer_health_total": Check(
                self.env._("Receivables per ledger, per customer health"),
                "res.company",
                lambda company: Domain("id", "=", company.id),
                self._compare_health_total,
                self._get_waiting_companies,
                batch_size=1,
            ),
            "customer_health": Check(
                self.env._("Figures of customers"),
                "res.partner",
                self._get_health_domain,
                self._compare_health,
                self._get_waiting_customers,
                batch_size=20,
            ),
        }

    @api.model
    def _get_value_labels(self):
        return {
            **super()._get_value_labels(),
            # A customer's without row.
            **self._get_field_labels("crm.customer.health", MONEY),
            "customer_health": self.env._("Customer health"),
        }

    # Who is being updated --------------------------------------------------------------------

    @api.model
    def _is_computed_today(self, company) -> bool:
        """Whether all customers of the company were computed for the day that it has."""
        norm = self.env["crm.customer.health.norm"].search([("company_id", "=", company.id)])
        return norm.as_of_date == company._get_today()

    @api.model
    def _get_waiting_customers(self, company, partners) -> set[int]:
        if not self._is_computed_today(company):
            return set(partners.ids)
        waiting = self.env["account.receivable.change"]._get_waiting(
            "crm.customer.health", [(company.id, partner_id) for partner_id in partners.ids]
        )
        return {partner_id for _company_id, partner_id in waiting}

    @api.model
    def _get_waiting_companies(self, company, _companies) -> set[int]:
        """The company, as long as one of its customers waits."""
        waiting = self.env["account.receivable.change"].search_count(
            Domain("reader", "=", "crm.customer.health")
            & Domain("company_id", "in", (0, company.id)),
            limit=1,
        )
        return {company.id} if waiting or not self._is_computed_today(company) else set()

    # Sums ------------------------------------------------------------------------------------

    @api.model
    def _compare_health_total(self, company, _companies):
        [(open_amount, credit)] = self.env["crm.customer.health"]._read_group(
            [("company_id", "=", company.id)],
            [],
            ["open_amount:sum", "unapplied_credit_amount:sum"],
        )
        ours = exact(open_amount or 0) - exact(credit or 0)
        yield from self._compare_total(company, "customer_health", ours)

    @api.model
    def _compare_total(self, company, name, ours):
        """A sum that is kept of all claims of a company, against the ledger."""
        ledger, parts = self._get_ledger_total(company)
        yield Total(name, ours, ledger, parts=parts)
        expected = ledger - sum(parts.values())
        if self._is_other_amount(ours, expected, company.currency_id):
            yield Finding(
                company.id,
                "res.company",
                company.id,
                company.display_name,
                name,
                float(ours),
                self._round(expected, company.currency_id),
                company.currency_id,
            )

    # Customers -------------------------------------------------------------------------------

    @api.model
    def _get_health_domain(self, company) -> Domain:
        """Customers, and who has a row although it became a contact of another one."""
        rows = self.env["crm.customer.health"]._read_group(
            Domain("company_id", "=", company.id)
            & Domain("partner_id.is_company", "=", False)
            & Domain("partner_id.parent_id", "!=", False),
            ["partner_id"],
        )
        return self._get_customer_domain(company) | Domain(
            "id", "in", [partner.id for (partner,) in rows]
        )

    @api.model
    def _get_plain_settings(self, company) -> dict:
        """What of the company's policy the facts depend on."""
        policy = self.env["crm.customer.health.policy"].search([("company_id", "=", company.id)])
        return {
            "window_months": policy.window_months,
            "risk_bands": (policy.low_risk_score, policy.medium_risk_score),
        }

    @api.model
    def _compare_health(self, company, partners):
        plain = PlainHealth(
            self.env,
            company,
            settings=self._get_plain_settings(company),
            norm=NO_NORM,
            partners=partners,
        )
        rows = {
            row.partner_id.id: row
            for row in self.env["crm.customer.health"].search(
                [("company_id", "=", company.id), ("partner_id", "in", partners.ids)]
            )
        }
        for partner in partners:
            row = rows.get(partner.id, self.env["crm.customer.health"])
            facts = plain.facts(partner) or {}
            if row or facts:
                yield from self._compare_health_row(company, partner, row, facts)

    @api.model
    def _compare_health_row(self, company, partner, row, facts):
        """A row that is kept of who has nothing left is empty, and so is what is kept of who has
        no row.
        """
        where = row or partner
        currency = company.currency_id

        def found(name, kept, recomputed, currency=None):
            return Finding(
                partner.id,
                where._name,
                where.id,
                partner.display_name,
                name,
                kept,
                recomputed,
                currency,
                row.refreshed_at or None,
                row.write_uid,
            )

        net = facts.get("open_amount", 0) - facts.get("unapplied_credit_amount", 0)
        for name in MONEY:
            expected = net if name == "net_amount" else facts.get(name) or Fraction(0)
            if self._is_other_amount(row[name] or 0, expected, currency):
                yield found(name, row[name] or 0.0, self._round(expected, currency), currency)
        if not row:
            return
        for name, tolerance in NUMBERS.items():
            expected = facts.get(name) or Fraction(0)
            if abs(exact(row[name] or 0) - expected) > tolerance:
                yield found(name, row[name], round(float(expected), 4))
        for name, plain_name in VALUES.items():
            expected = facts.get(plain_name) or False
            if (row[name] or False) != expected:
                yield found(name, row[name], expected)
