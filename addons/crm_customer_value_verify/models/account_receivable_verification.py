from collections import Counter, defaultdict
from datetime import UTC, timedelta
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.account_receivable_settlement.plain_books import SALE_TYPES, exact
from odoo.addons.account_receivable_verify.check import Check, Finding
from odoo.addons.crm_customer_value.models.account_invoice_cost import READER

from ..plain_value import AMOUNTS, SERVED, VALUES, PlainValue

#: A transaction may end so long after it began: what it wrote says when that was.
LONG_TRANSACTION = timedelta(minutes=1)
#: Kinds of work that the journals tell of: types of documents.
DOCUMENTS = {"invoice": ("out_invoice", "out_receipt"), "credit_note": ("out_refund",)}
NOTHING = Fraction(0)


class AccountReceivableVerification(models.Model):
    """What customers are worth: costs, cost to serve, and the values that come of them."""

    _inherit = "account.receivable.verification"

    @api.model
    def _get_checks(self):
        return {
            **super()._get_checks(),
            "costs": Check(
                self.env._("Costs of invoice lines"),
                "account.move",
                self._get_cost_domain,
                self._compare_costs,
                self._get_waiting_costs,
            ),
            "service_amounts": Check(
                self.env._("Cost to serve at its rates"),
                "crm.customer.service",
                lambda company: Domain("company_id", "=", company.id),
                self._compare_service_amounts,
                lambda _company, rows: set(
                    rows.filtered(lambda row: not row.driver_id.is_counted).ids
                ),
            ),
            "service_counts": Check(
                self.env._("Documents counted for the cost to serve"),
                "res.partner",
                self._get_health_domain,
                self._compare_service_counts,
                self._get_waiting_service,
                batch_size=20,
            ),
            "values": Check(
                self.env._("Values of customers"),
                "res.partner",
                self._get_health_domain,
                self._compare_values,
                self._get_waiting_values,
                batch_size=20,
            ),
        }

    # Costs -----------------------------------------------------------------------------------

    @api.model
    def _get_cost_domain(self, company) -> Domain:
        """Posted documents, and others whose lines have a cost."""
        return (
            Domain("company_id", "=", company.id)
            & Domain("move_type", "in", SALE_TYPES)
            & (
                Domain("state", "=", "posted")
                | Domain("line_ids", "any", Domain("cost_ids", "!=", False))
            )
        )

    @api.model
    def _get_waiting_costs(self, company, documents) -> set[int]:
        waiting = self.env["account.receivable.change"]._get_waiting(
            READER, [(company.id, document_id) for document_id in documents.ids]
        )
        return {document_id for _company_id, document_id in waiting}

    @api.model
    def _compare_costs(self, company, documents):
        currency = company.currency_id
        for line in documents.line_ids:
            document, row = line.move_id, line.cost_ids
            is_wanted = document.state == "posted" and line.display_type == "product"

            def found(name, kept, recomputed, currency=None, line=line, row=row):
                where = row or line
                return Finding(
                    line.move_id.id,
                    where._name,
                    where.id,
                    f"{line.move_id.display_name}: {line.product_id.display_name or line.name}",
                    name,
                    kept,
                    recomputed,
                    currency,
                    row.write_date or None,
                    row.write_uid,
                )

            if bool(row) != is_wanted:
                yield found("row", len(row), int(is_wanted))
                continue
            if not row:
                continue
            expected = self._get_plain_cost(line)
            if expected is None:
                continue
            source, cost = expected
            if row.source != source:
                yield found("source", row.source, source)
            if self._is_other_amount(row.cost, cost, currency):
                yield found("cost", row.cost, self._round(cost, currency), currency)

    @api.model
    def _get_plain_cost(self, line) -> tuple[str, Fraction] | None:
        """Where a cost comes from and what it is, as far as the books still tell."""
        if not line.quantity:
            return "product", NOTHING
        if "cogs_origin_id" not in line._fields or line.product_id.is_without_cost:
            return None
        entries = line.move_id.line_ids.filtered(
            lambda entry: (
                entry.display_type == "cogs"
                and entry.cogs_origin_id == line
                and entry.account_id.internal_group not in ("asset", "liability")
            )
        )
        if not entries:
            return None
        return "cogs", sum((exact(entry.balance) for entry in entries), NOTHING)

    # Cost to serve ---------------------------------------------------------------------------

    @api.model
    def _get_unit_cost(self, rate) -> Fraction:
        """What a unit costs; of late money the yearly rate in percent."""
        capacity = rate.capacity_id
        if not capacity:
            return Fraction(str(rate.unit_cost))
        minutes, practical = Fraction(str(rate.minutes)), Fraction(str(capacity.practical_minutes))
        return minutes * exact(capacity.cost) / practical

    @api.model
    def _compare_service_amounts(self, company, rows):
        currency = company.currency_id
        for row in rows:
            expected = exact(row.quantity) * self._get_unit_cost(row.rate_id)
            if row.driver_id.kind == "late_money":
                expected /= 36500
            if self._is_other_amount(row.amount, expected, currency):
                yield Finding(
                    row.id,
                    row._name,
                    row.id,
                    f"{row.partner_id.display_name}: {row.driver_id.display_name}, {row.month}",
                    "amount",
                    row.amount,
                    self._round(expected, currency),
                    currency,
                )

    @api.model
    def _get_counted_at(self):
        """When work was counted last, in UTC; nothing if it never was."""
        return self.env.ref("crm_customer_value.ir_cron_count_service").lastcall

    @api.model
    def _get_waiting_service(self, company, partners) -> set[int]:
        """Work is counted every night."""
        counted_at = self._get_counted_at()
        now = company._get_now()
        is_of_today = (
            counted_at
            and counted_at.replace(tzinfo=UTC).astimezone(now.tzinfo).date() == now.date()
        )
        if not is_of_today or not all(self._get_counting_drivers(company).mapped("is_counted")):
            return set(partners.ids)
        return self._get_waiting_customers(company, partners) | self._get_changed_customers(
            company, partners, counted_at
        )

    @api.model
    def _get_changed_customers(self, company, partners, moment) -> set[int]:
        """Those of whom the books said something new since a moment."""
        rows = self.env["crm.customer.health"].search(
            Domain("company_id", "=", company.id)
            & Domain("partner_id", "in", partners.ids)
            & Domain("refreshed_at", ">", moment - LONG_TRANSACTION)
        )
        return set(rows.partner_id.ids)

    @api.model
    def _get_counting_drivers(self, company):
        return self.env["crm.service.driver"].search(
            Domain("company_id", "=", company.id)
            & Domain("kind", "in", list(DOCUMENTS))
            & Domain("active", "=", True)
        )

    @api.model
    def _compare_service_counts(self, company, partners):
        """Of the months that are counted every night: this one and the last."""
        since = company._get_today().replace(day=1) - relativedelta(months=1)
        drivers = self._get_counting_drivers(company)
        kept, plain = defaultdict(Fraction), Counter()
        for row in self.env["crm.customer.service"].search(
            Domain("driver_id", "in", drivers.ids)
            & Domain("partner_id", "in", partners.ids)
            & Domain("month", ">=", since)
        ):
            kept[row.partner_id, row.driver_id, row.month] += exact(row.quantity)
        for document in self.env["account.move"].search(
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "posted")
            & Domain("move_type", "in", SALE_TYPES)
            & Domain("invoice_date", ">=", since)
            # The customer of today: a document keeps the one that it was posted for.
            & Domain("commercial_partner_id.commercial_partner_id", "in", partners.ids)
        ):
            day = document.invoice_date
            for driver in drivers:
                rates = driver.rate_ids.filtered(
                    lambda rate, day=day: (
                        rate.date_from <= day and (not rate.date_to or day <= rate.date_to)
                    )
                )
                if document.move_type in DOCUMENTS[driver.kind] and rates:
                    customer = document.commercial_partner_id.commercial_partner_id
                    plain[customer, driver, day.replace(day=1)] += 1
        for key in sorted(
            kept.keys() | plain.keys(), key=lambda key: (key[0].id, key[1].id, key[2])
        ):
            partner, driver, month = key
            if kept[key] != plain[key]:
                yield Finding(
                    partner.id,
                    "res.partner",
                    partner.id,
                    f"{partner.display_name}: {driver.display_name}, {month}",
                    "service_count",
                    float(kept[key]),
                    plain[key],
                )

    @api.model
    def _get_value_labels(self):
        return {
            **super()._get_value_labels(),
            "service_count": self.env._("Documents counted"),
            # Of a customer without row.
            **self._get_field_labels("crm.customer.value", (*AMOUNTS, *SERVED)),
        }

    # Values ----------------------------------------------------------------------------------

    @api.model
    def _get_value_model(self, company):
        return self.env["crm.customer.value.model"].search([("company_id", "=", company.id)])

    @api.model
    def _get_waiting_values(self, company, partners) -> set[int]:
        """Values are computed every night; nobody tells them what happens by day."""
        model = self._get_value_model(company)
        if model.fitted_on != company._get_today():
            return set(partners.ids)
        since = model.write_date - LONG_TRANSACTION
        costs = self.env["account.invoice.cost"].search(
            Domain("company_id", "=", company.id)
            & Domain("write_date", ">", since)
            & Domain("line_id.partner_id.commercial_partner_id", "in", partners.ids)
        )
        return (
            self._get_waiting_customers(company, partners)
            | self._get_changed_customers(company, partners, model.write_date)
            | set(costs.line_id.partner_id.commercial_partner_id.ids)
        )

    @api.model
    def _compare_values(self, company, partners):
        kept = {
            row.partner_id: row
            for row in self.env["crm.customer.value"].search(
                [("company_id", "=", company.id), ("partner_id", "in", partners.ids)]
            )
        }
        plain = PlainValue(self.env, company, company._get_today(), partners).values()
        for partner in partners:
            row = kept.get(partner, self.env["crm.customer.value"])
            yield from self._compare_value(company, partner, row, plain.get(partner))

    @api.model
    def _compare_value(self, company, partner, row, plain):
        """A row that is missing, or of who bought nothing, is found with its amounts."""
        if not row and not plain:
            return
        where = row or partner
        currency = company.currency_id
        model = self._get_value_model(company)

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
                model.write_date or None,
                model.write_uid,
            )

        figures = plain or defaultdict(lambda: NOTHING)
        for name in self._get_verified_values(model):
            allowed = figures["interest_error"] if name == "past_value" else NOTHING
            if self._is_other_amount(row[name] or 0, figures[name], currency, allowed):
                yield found(name, row[name] or 0.0, self._round(figures[name], currency), currency)
        if not row or not plain:
            return
        if abs(exact(row.margin_rate) - figures["margin_rate"]) > Fraction(51, 10**6):
            yield found("margin_rate", row.margin_rate, round(float(figures["margin_rate"]), 4))
        is_changed = partner.write_date > model.write_date - LONG_TRANSACTION
        for name in VALUES:
            if name == "is_contract" and is_changed:
                # Tags were given since.
                continue
            if row[name] != figures[name]:
                yield found(name, row[name], figures[name])

    @api.model
    def _get_verified_values(self, model) -> tuple[str, ...]:
        """Amounts; what the cost to serve is part of only where it was counted before."""
        counted_at = self._get_counted_at()
        is_newer = counted_at and model.write_date and counted_at > model.write_date
        return AMOUNTS if is_newer else (*AMOUNTS, *SERVED)
