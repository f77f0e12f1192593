from collections import defaultdict
from datetime import date

from odoo import api
from odoo.fields import Domain
from odoo.tools import format_amount
from odoo.tools.urls import urljoin


class WeeklyRows:
    """What changed with a salesperson's own customers in a week."""

    __slots__ = ()

    @api.model
    def _get_weekly_rows(self, start: date, end: date, changes: Domain) -> list[dict]:
        """The user's own customers with something to tell of in these days, most urgent first.

        Read with the user's own rights, in the current company, in a fixed number of statements.

        :param changes: which status changes are to be told.
        :return: see :meth:`_prepare_weekly_row`; without customers of whom nothing is to be told.
        """
        if not self.has_access("read"):
            return []
        company = self.env.company
        customers = self.search_fetch(
            [("company_id", "=", company.id), ("partner_id.user_id", "=", self.env.uid)],
            ["partner_id", "health_status", "overdue_amount", "days_overdue", "needs_action"],
        )
        if not customers:
            return []
        facts = customers._get_weekly_facts(start, end, changes)
        return [
            customer._prepare_weekly_row(facts)
            for customer in customers.sorted(
                lambda row: (not row.needs_action, -row.overdue_amount, row.id)
            )
            if customer._is_told_weekly(facts)
        ]

    def _get_weekly_facts(self, start: date, end: date, changes: Domain) -> dict[str, dict]:
        """What happened to these customers: a dictionary by partner id for each kind of fact.

        ``statuses``: the status before these changes and after them, where they differ;
        ``paid``: money received; ``before``: what was overdue when the week began, of who is
        overdue now; ``notes``: see :meth:`_get_weekly_notes`.
        """
        company = self.env.company
        partners = self.partner_id
        overdue = self.filtered("overdue_amount").partner_id
        health = self.sudo()  # figures of customers that the user may see
        one_day_before = date.fromordinal(start.toordinal() - 1)
        return {
            "statuses": self._get_weekly_statuses(changes),
            "paid": health._get_cash_by_customer(company, partners, one_day_before, end),
            # The day of the last e-mail: who became overdue on it was in that one.
            "before": health._get_exposures(company, overdue, start) if overdue else {},
            "notes": self._get_weekly_notes(start, end),
        }

    def _get_weekly_statuses(self, changes: Domain) -> dict[int, tuple[str, str]]:
        found = self.env["crm.customer.health.change"].search_fetch(
            changes
            & Domain("company_id", "=", self.env.company.id)
            & Domain("partner_id", "in", self.partner_id.ids),
            ["partner_id", "old_status", "new_status"],
            order="id",
        )
        statuses = {}
        for change in found:
            partner_id = change.partner_id.id
            first, __ = statuses.get(partner_id, (change.old_status, None))
            statuses[partner_id] = (first, change.new_status)
        return {partner_id: (old, new) for partner_id, (old, new) in statuses.items() if old != new}

    def _get_weekly_notes(self, start: date, end: date) -> dict[int, list[str]]:
        """Hook: what else is to be told of these customers in the week, as sentences by partner
        id: promises to pay and flags. Who has one is in the e-mail.
        """
        notes = defaultdict(list)
        promises = self.env["crm.payment.promise"].search(
            self._get_own_domain()
            & Domain("state", "!=", "withdrawn")
            & (
                Domain("made_on", ">=", start) & Domain("made_on", "<=", end)
                | Domain("date", ">=", start) & Domain("date", "<=", end)
            )
        )
        for promise in promises:
            notes[promise.partner_id.id].append(promise._get_sentence())
        week = Domain("flagged_on", ">=", start) & Domain("flagged_on", "<=", end)
        escalated = Domain("escalated_on", ">=", start) & Domain("escalated_on", "<=", end)
        flags = self.env["crm.customer.flag"].search(
            self._get_own_domain() & Domain("closed_on", "=", False) & (week | escalated)
        )
        for flag in flags:
            notes[flag.partner_id.id].append(
                self.env._("Escalated to %(user)s.", user=flag.assigned_id.display_name)
                if flag.escalated_on
                else self.env._("Flagged to Sales.")
            )
        return notes

    def _is_told_weekly(self, facts: dict[str, dict]) -> bool:
        partner_id = self.partner_id.id
        return bool(
            partner_id in facts["statuses"]
            or facts["paid"].get(partner_id)
            or facts["notes"].get(partner_id)
            or self._is_newly("overdue_amount", facts)
            or self._is_newly("needs_action", facts)
        )

    def _is_newly(self, name: str, facts: dict[str, dict]) -> bool:
        """Whether a figure is set now and was not when the week began."""
        return bool(self[name] and not facts["before"].get(self.partner_id.id, {}).get(name))

    def _prepare_weekly_row(self, facts: dict[str, dict]) -> dict:
        """What the e-mail says of one customer, for people to read."""
        partner_id = self.partner_id.id
        labels = dict(self._fields["health_status"]._description_selection(self.env))
        old, new = facts["statuses"].get(partner_id, (None, self.health_status))
        currency = self.env.company.currency_id

        def amount(value):
            return format_amount(self.env, value, currency) if value else ""

        return {
            "name": self.display_name,
            "url": urljoin(self.get_base_url(), f"/mail/view?model={self._name}&res_id={self.id}"),
            "old_status": labels.get(old, ""),
            "status": labels.get(new, ""),
            "is_at_risk": new == "at_risk",
            "overdue_amount": amount(self.overdue_amount),
            "days_overdue": self.days_overdue,
            "is_newly_overdue": self._is_newly("overdue_amount", facts),
            "needs_action": self.needs_action,
            "is_newly_acting": self._is_newly("needs_action", facts),
            "paid_amount": amount(facts["paid"].get(partner_id)),
            "notes": facts["notes"].get(partner_id, []),
        }
