from collections import defaultdict
from fractions import Fraction

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.account_receivable_settlement.plain_books import (
    exact,
    is_disputed,
    item_due_date,
)
from odoo.addons.account_receivable_verify.check import Check, Finding
from odoo.addons.crm_revenue_forecast.models.crm_revenue_forecast.crm_revenue_forecast import (
    LEDGER_LAYERS,
)


class AccountReceivableVerification(models.Model):
    """What the forecast takes as owed: by customer and layer, and its sum against the ledger."""

    _inherit = "account.receivable.verification"

    @api.model
    def _get_checks(self):
        return {
            **super()._get_checks(),
            "forecast_total": Check(
                self.env._("Receivables per ledger, per forecast"),
                "res.company",
                lambda company: Domain("id", "=", company.id),
                self._compare_forecast_total,
                self._get_waiting_forecasts,
                batch_size=1,
            ),
            "forecast": Check(
                self.env._("What the forecast takes as owed"),
                "res.partner",
                self._get_customer_domain,
                self._compare_forecast,
                self._get_waiting_forecast_customers,
            ),
        }

    @api.model
    def _get_value_labels(self):
        layers = self.env["crm.revenue.forecast"]._fields["layer"]
        return {
            **super()._get_value_labels(),
            "forecast": self.env._("Forecast"),
            **{
                f"layer_{layer}": self.env._("Forecast: %s", label)
                for layer, label in layers._description_selection(self.env)
                if layer in LEDGER_LAYERS
            },
        }

    @api.model
    def _is_forecast_of_today(self, company) -> bool:
        state = self.env["crm.revenue.forecast.state"].search([("company_id", "=", company.id)])
        return state.forecast_date == company._get_today()

    @api.model
    def _get_waiting_forecasts(self, company, companies) -> set[int]:
        if not self._is_forecast_of_today(company):
            return set(companies.ids)
        return self._get_waiting_companies(company, companies)

    @api.model
    def _get_waiting_forecast_customers(self, company, partners) -> set[int]:
        if not self._is_forecast_of_today(company):
            return set(partners.ids)
        return self._get_waiting_customers(company, partners)

    @api.model
    def _get_owed_domain(self, company) -> Domain:
        return Domain("company_id", "=", company.id) & Domain("layer", "in", LEDGER_LAYERS)

    @api.model
    def _compare_forecast_total(self, company, _companies):
        [(amount,)] = self.env["crm.revenue.forecast"]._read_group(
            self._get_owed_domain(company), [], ["amount:sum"]
        )
        yield from self._compare_total(company, "forecast", exact(amount or 0))

    @api.model
    def _compare_forecast(self, company, partners):
        kept = defaultdict(lambda: dict.fromkeys(LEDGER_LAYERS, 0.0))
        for partner, layer, amount in self.env["crm.revenue.forecast"]._read_group(
            self._get_owed_domain(company) & Domain("partner_id", "in", partners.ids),
            ["partner_id", "layer"],
            ["amount:sum"],
        ):
            kept[partner.id][layer] = amount
        today = company._get_today()
        plain = defaultdict(lambda: dict.fromkeys(LEDGER_LAYERS, Fraction(0)))
        for customer, (open_items, __) in self._get_plain_items(company, partners).items():
            for line, amount in open_items:
                if amount < 0:
                    layer = "unmatched"
                elif is_disputed(line):
                    layer = "disputed"
                else:
                    layer = "overdue" if item_due_date(line) < today else "open"
                plain[customer.id][layer] += amount
        for partner in partners:
            for layer in LEDGER_LAYERS:
                found, expected = kept[partner.id][layer], plain[partner.id][layer]
                if self._is_other_amount(found, expected, company.currency_id):
                    yield Finding(
                        partner.id,
                        "res.partner",
                        partner.id,
                        partner.display_name,
                        f"layer_{layer}",
                        found,
                        self._round(expected, company.currency_id),
                        company.currency_id,
                    )
