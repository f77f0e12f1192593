from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.account_receivable_verify.check import Check, Finding
from odoo.addons.crm_customer_collection.models.crm_customer_company_day import RECENT_DAYS

from ..plain_collection import (
    NOTHING,
    Owed,
    money_by_day,
    paid_of_promises,
    state_of_promise,
)


class AccountReceivableVerification(models.Model):
    """Flags, promises and kept days."""

    _inherit = "account.receivable.verification"

    @api.model
    def _get_checks(self):
        return {
            **super()._get_checks(),
            "flags": Check(
                self.env._("Flags of overdue customers"),
                "res.partner",
                self._get_flag_domain,
                self._compare_flags,
                self._get_waiting_customers,
                batch_size=20,
            ),
            "promises": Check(
                self.env._("Promises to pay"),
                "res.partner",
                self._get_promise_domain,
                self._compare_promises,
                self._get_waiting_customers,
                batch_size=20,
            ),
            "company_days": Check(
                self.env._("Received by day"),
                "crm.customer.company.day",
                lambda company: Domain("company_id", "=", company.id),
                self._compare_company_days,
                self._get_waiting_company_days,
                batch_size=100,
            ),
        }

    # Flags -----------------------------------------------------------------------------------

    @api.model
    def _get_open_flags(self, company, partners=None):
        return self.env["crm.customer.flag"].search(
            Domain("company_id", "=", company.id)
            & Domain("closed_on", "=", False)
            & (Domain("partner_id", "in", partners.ids) if partners else Domain.TRUE)
        )

    @api.model
    def _get_flag_domain(self, company) -> Domain:
        flagged = self._get_open_flags(company).partner_id
        return self._get_health_domain(company) | Domain("id", "in", flagged.ids)

    @api.model
    def _compare_flags(self, company, partners):
        own = [("company_id", "=", company.id)]
        policy = self.env["crm.customer.health.policy"].search(own)
        rows = self.env["crm.customer.health"].search([*own, ("partner_id", "in", partners.ids)])
        rows = {row.partner_id: row for row in rows}
        flags = self._get_open_flags(company, partners).grouped("partner_id")
        items = self._get_plain_items(company, partners)
        for partner in partners:
            open_items, __ = items.get(partner, ([], []))
            owed = Owed(open_items, company._get_today())
            needs_action = owed.needs_action(policy)
            row = rows.get(partner)
            if row and row.needs_action != needs_action:
                yield self._found_in(row, partner, "needs_action", row.needs_action, needs_action)
            for flag in flags.get(partner, ()):
                if not (owed.overdue() if flag.is_manual else needs_action):
                    labels = dict(flag._fields["state"]._description_selection(self.env))
                    yield self._found_in(flag, partner, "state", labels["open"], labels["closed"])

    @api.model
    def _found_in(self, record, partner, name, kept, recomputed, currency=None):
        return Finding(
            partner.id,
            record._name,
            record.id,
            record.display_name,
            name,
            kept,
            recomputed,
            currency,
            record.write_date,
            record.write_uid,
        )

    # Promises --------------------------------------------------------------------------------

    @api.model
    def _get_judged_promises(self, company, partners=None):
        return self.env["crm.payment.promise"].search(
            Domain("company_id", "=", company.id)
            & Domain("state", "!=", "withdrawn")
            & (
                Domain("partner_id.commercial_partner_id", "in", partners.ids)
                if partners
                else Domain.TRUE
            )
        )

    @api.model
    def _get_promise_domain(self, company) -> Domain:
        """Whoever became a contact of another customer is it."""
        promises = self._get_judged_promises(company)
        return Domain("id", "in", promises.partner_id.commercial_partner_id.ids)

    @api.model
    def _compare_promises(self, company, partners):
        today = company._get_today()
        currency = company.currency_id
        health = self.env["crm.customer.health"].search(
            [("company_id", "=", company.id), ("partner_id", "in", partners.ids)]
        )
        promises = self._get_judged_promises(company, partners).grouped(
            lambda promise: promise.partner_id.commercial_partner_id
        )
        items = self._get_plain_items(company, partners)
        for partner in partners:
            open_items, rows = items.get(partner, ([], []))
            is_cleared = partner in health.partner_id and not Owed(open_items, today).open
            own = promises.get(partner, self.env["crm.payment.promise"])
            for promise, paid in paid_of_promises(own, rows).items():
                if self._is_other_amount(promise.paid_amount, paid, currency):
                    yield self._found_in(
                        promise,
                        partner,
                        "paid_amount",
                        promise.paid_amount,
                        self._round(paid, currency),
                        currency,
                    )
                state = state_of_promise(promise, paid, is_cleared, today)
                if promise.state != state:
                    labels = dict(promise._fields["state"]._description_selection(self.env))
                    yield self._found_in(
                        promise, partner, "state", labels[promise.state], labels[state]
                    )

    # Days ------------------------------------------------------------------------------------

    @api.model
    def _get_waiting_company_days(self, company, days) -> set[int]:
        """Days are read anew every night; the newest one was kept then."""
        kept_at = max(days.mapped("create_date"))
        changed = self.env["crm.customer.health"].search_count(
            [("company_id", "=", company.id), ("refreshed_at", ">", kept_at)], limit=1
        )
        return set(days.ids) if changed or self._get_waiting_companies(company, company) else set()

    @api.model
    def _compare_company_days(self, company, days):
        """Money of the last days is read from the journals: what is kept of it is not used."""
        until = company._get_today() - timedelta(days=RECENT_DAYS)
        received = money_by_day(company, min(days.mapped("date")), until)
        currency = company.currency_id
        for day in days.filtered(lambda day: day.date <= until):
            expected = received.get(day.date, NOTHING)
            if self._is_other_amount(day.received_amount, expected, currency):
                yield Finding(
                    day.id,
                    day._name,
                    day.id,
                    day.display_name,
                    "received_amount",
                    day.received_amount,
                    self._round(expected, currency),
                    currency,
                    day.write_date,
                    day.write_uid,
                )
