from fractions import Fraction

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.account_receivable_settlement.plain_books import is_document_line
from odoo.addons.account_receivable_verify.check import Check, Finding
from odoo.addons.crm_accounting_bridge.plain_deals import PlainDeals

#: Figures of a deal, and their names in the plain recomputation.
AMOUNTS = {
    "invoiced_untaxed": "untaxed",
    "invoiced_total": "invoiced",
    "credited_total": "credited",
    "paid_total": "paid",
    "discount_total": "discount",
    "written_off_total": "written_off",
    "due_total": "due",
    "overdue_total": "overdue",
}
DATES = ("first_invoice_date", "next_due_date", "last_payment_date", "paid_date")


class AccountReceivableVerification(models.Model):
    """Deals' figures: what was invoiced, credited, paid, is due and overdue."""

    _inherit = "account.receivable.verification"

    @api.model
    def _get_checks(self):
        return {
            **super()._get_checks(),
            "deals": Check(
                self.env._("Figures of opportunities"),
                "crm.lead",
                self._get_deal_domain,
                self._compare_deals,
                self._get_waiting_deals,
            ),
        }

    @api.model
    def _get_deal_domain(self, company) -> Domain:
        """Deals that have figures or documents; where figures are set by hand, the journals say
        nothing.
        """
        return (
            Domain("company_id", "in", (company.id, False))
            & Domain("billing_source", "!=", "manual")
            & Domain.OR(
                [
                    Domain("billing_line_ids", "!=", False),
                    Domain("billing_status", "!=", "none"),
                    *(Domain(name, "not in", (0, False)) for name in AMOUNTS),
                ]
            )
        )

    @api.model
    def _get_waiting_deals(self, _company, leads) -> set[int]:
        """Those that are being updated, or have something that became overdue since."""
        judged = leads.filtered_domain(leads._get_judge_domain())
        return set((leads.filtered("is_billing_waiting") | judged).ids)

    @api.model
    def _compare_deals(self, company, leads):
        plain = PlainDeals(self.env)
        for lead in leads:
            figures = plain.figures(lead)
            currency = figures["currency"] if figures else lead.billing_currency_id
            currency = currency or company.currency_id

            def found(name, kept, recomputed, currency=None, lead=lead):
                return Finding(
                    lead.id,
                    "crm.lead",
                    lead.id,
                    lead.display_name,
                    name,
                    kept,
                    recomputed,
                    currency,
                    lead.figures_as_of or None,
                    lead.write_uid,
                )

            if figures and lead.billing_currency_id != currency:
                yield found("billing_currency_id", lead.billing_currency_id.name, currency.name)
                continue
            tolerance = self._get_deal_tolerance(lead, figures)
            for name, plain_name in AMOUNTS.items():
                expected = figures[plain_name] if figures else Fraction(0)
                if self._is_other_amount(lead[name], expected, currency, tolerance):
                    yield found(name, lead[name], self._round(expected, currency), currency)
            if figures and (figures["is_uncertain"] or not plain.status(figures)):
                # Who paid last depends on a cent.
                continue
            for name in DATES:
                expected = figures[name] if figures else False
                if lead[name] != expected:
                    yield found(name, lead[name], expected)

    @api.model
    def _get_deal_tolerance(self, lead, figures) -> Fraction:
        """How far figures may be off: a document of several deals is shared in whole cents, each
        settlement of it, and the last one takes what is left over.
        """
        if not figures:
            return Fraction(0)
        documents = self.env["account.move.line"].search([("opportunity_id", "=", lead.id)]).move_id
        terms = documents.line_ids.filtered(is_document_line)
        matched = terms.matched_debit_ids.debit_move_id | terms.matched_credit_ids.credit_move_id
        documents |= matched.filtered(is_document_line).move_id
        is_shared = any(
            len(
                {
                    line.opportunity_id
                    for line in document.line_ids
                    if line.display_type == "product"
                }
            )
            > 1
            for document in documents
        )
        is_converted = documents.company_currency_id - figures["currency"]
        if not is_shared and not is_converted:
            return Fraction(0)
        return Fraction(figures["rounded_count"], 100)
