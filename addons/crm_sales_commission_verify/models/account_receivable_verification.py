from collections import defaultdict
from fractions import Fraction

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.account_receivable_settlement.plain_books import SALE_TYPES, exact
from odoo.addons.account_receivable_verify.check import Check, Finding
from odoo.addons.crm_sales_commission.plain_commission import (
    CENT,
    KINDS,
    NOTHING,
    Commission,
    PlainCommission,
)

READER = "crm.commission.event"


class AccountReceivableVerification(models.Model):
    """Commission: the events of each document, and the statements that they are on."""

    _inherit = "account.receivable.verification"

    @api.model
    def _get_checks(self):
        return {
            **super()._get_checks(),
            "commission": Check(
                self.env._("Commission on documents"),
                "account.move",
                self._get_commission_domain,
                self._compare_commission,
                self._get_waiting_commission,
                batch_size=20,
            ),
            "commission_gone": Check(
                self.env._("Commission on documents that were deleted"),
                READER,
                lambda company: (
                    Domain("company_id", "=", company.id) & Domain("move_id", "=", False)
                ),
                self._compare_gone_commission,
                self._get_waiting_gone_commission,
            ),
            "commission_statements": Check(
                self.env._("Commission statements"),
                "crm.commission.statement",
                lambda company: Domain("company_id", "=", company.id),
                self._compare_statements,
            ),
        }

    @api.model
    def _get_value_labels(self):
        kinds = dict(self.env[READER]._fields["kind"]._description_selection(self.env))
        return {
            **super()._get_value_labels(),
            "commission_base_whole": self.env._("Sales for commission"),
            "commission_amount_whole": self.env._("Commission"),
            **{
                f"commission_base_{kind}": self.env._("Sales for commission: %s", label)
                for kind, label in kinds.items()
            },
            **{
                f"commission_amount_{kind}": self.env._("Commission: %s", label)
                for kind, label in kinds.items()
            },
        }

    # Documents -------------------------------------------------------------------------------

    @api.model
    def _get_commission_domain(self, company) -> Domain:
        """Documents that may earn something, or of which something was booked."""
        own = Domain("company_id", "=", company.id)
        booked = self.env[READER]._search(own)
        domain = Domain("id", "in", booked.subselect("move_key"))
        plans = self.env["crm.commission.plan"].search(own & Domain("state", "=", "approved"))
        if plans:
            domain |= Domain("state", "=", "posted") & Domain(
                "invoice_date", ">=", min(plans.mapped("date_from"))
            )
        return own & Domain("move_type", "in", SALE_TYPES) & domain

    @api.model
    def _get_waiting_commission(self, company, documents) -> set[int]:
        waiting = self.env["account.receivable.change"]._get_waiting(
            READER, [(company.id, document_id) for document_id in documents.ids]
        )
        return {document_id for _company_id, document_id in waiting}

    @api.model
    def _get_booked_commission(self, company, document_ids: list[int]) -> dict:
        """Events by document: ``{id: {(plan, user): events}}``."""
        booked = defaultdict(lambda: defaultdict(lambda: self.env[READER]))
        for event in self.env[READER].search(
            [("company_id", "=", company.id), ("move_key", "in", document_ids)], order="id"
        ):
            booked[event.move_key][event.plan_id, event.user_id] |= event
        return booked

    @api.model
    def _compare_commission(self, company, documents):
        plain = PlainCommission(self.env)
        booked = self._get_booked_commission(company, documents.ids)
        for document in documents:
            entitled = plain.entitled(document)
            events = booked[document.id]
            for plan, user in sorted(entitled.keys() | events.keys(), key=lambda key: key[0].id):
                yield from self._compare_entitlement(
                    document.id,
                    document,
                    document.display_name,
                    (plan, user),
                    events[plan, user],
                    entitled[plan, user],
                )

    @api.model
    def _compare_entitlement(self, key, where, name, whose, events, commission):
        """What a person earns by a plan on a document, part by part and as a whole: parts may be
        off by what is lost in rounding each settlement.
        """
        plan, user = whose
        currency = plan.currency_id

        def found(value, kept, recomputed):
            return Finding(
                key,
                where._name,
                where.id,
                f"{name}: {user.name}, {plan.name}",
                value,
                float(kept),
                self._round(recomputed, currency),
                currency,
                events[-1:].create_date or None,
                events[-1:].create_uid,
            )

        own = [("base", commission.base, commission.whole_base, commission.tolerance)]
        if plan.rate_kind == "flat":
            # What plans with levels earn is fixed by the sum of a period.
            tolerance = CENT + commission.tolerance * exact(plan.rate) / 100
            own.append(("amount", commission.amount, commission.whole_amount, tolerance))
        for field, expected, whole, tolerance in own:
            kept = {
                kind: sum((exact(event[field]) for event in events if event.kind == kind), NOTHING)
                for kind in KINDS
            }
            differing = [kind for kind in KINDS if abs(kept[kind] - expected[kind]) > tolerance]
            for kind in differing:
                yield found(f"commission_{field}_{kind}", kept[kind], expected[kind])
            total = sum(kept.values())
            if not differing and commission.is_whole and total != whole:
                yield found(f"commission_{field}_whole", total, whole)

    # Documents that are gone -----------------------------------------------------------------

    @api.model
    def _get_waiting_gone_commission(self, company, events) -> set[int]:
        waiting = self.env["account.receivable.change"]._get_waiting(
            READER,
            [
                (company_id, key)
                for key in events.mapped("move_key")
                for company_id in (company.id, 0)
            ],
        )
        gone = {document_id for _company_id, document_id in waiting}
        return set(events.filtered(lambda event: event.move_key in gone).ids)

    @api.model
    def _compare_gone_commission(self, company, events):
        """Nothing is earned on what is gone. All events of a document are looked at with its first
        one.
        """
        booked = self._get_booked_commission(company, events.mapped("move_key"))
        existing = set(self.env["account.move"].browse(booked).exists().ids)
        for move_key in sorted(booked.keys() - existing):
            own = self.env[READER].union(*booked[move_key].values())
            first = own.filtered(lambda event: not event.move_id).sorted("id")[:1]
            if first not in events:
                continue
            for whose, rows in booked[move_key].items():
                yield from self._compare_entitlement(
                    first.id,
                    rows[-1],
                    first.document_name or str(move_key),
                    whose,
                    rows,
                    Commission(),
                )

    # Statements ------------------------------------------------------------------------------

    @api.model
    def _compare_statements(self, _company, statements):
        for statement in statements:
            currency = statement.currency_id
            previous = self._get_plain_previous(statement)
            earned, tolerance = self._get_plain_earned(statement, previous)
            balance = exact(statement.opening_amount) + exact(statement.earned_amount)
            for name, expected, allowed in (
                ("opening_amount", exact(previous.carried_amount or 0), NOTHING),
                ("earned_amount", earned, tolerance),
                ("payable_amount", max(balance, NOTHING), NOTHING),
                ("carried_amount", min(balance, NOTHING), NOTHING),
            ):
                if self._is_other_amount(statement[name], expected, currency, allowed):
                    yield Finding(
                        statement.id,
                        statement._name,
                        statement.id,
                        statement.display_name,
                        name,
                        statement[name],
                        self._round(expected, currency),
                        currency,
                        statement.write_date,
                        statement.write_uid,
                    )

    @api.model
    def _get_plain_previous(self, statement):
        """The statement before, of the same person."""
        earlier = self.env["crm.commission.statement"].search(
            [("company_id", "=", statement.company_id.id), ("user_id", "=", statement.user_id.id)]
        )
        return earlier.filtered(lambda row: row.date_to < statement.date_to).sorted("date_to")[-1:]

    @api.model
    def _get_plain_earned(self, statement, previous):
        """The events that are on it; of a draft those that will be, at levels by their sum.

        :return: amount, and how far it may be off: each plan with levels is rounded
        """
        events = self.env[READER].search(
            [
                ("company_id", "=", statement.company_id.id),
                ("user_id", "=", statement.user_id.id),
                ("statement_id", "in", (statement.id, False)),
            ]
        )
        if statement.state != "draft":
            own = events.filtered("statement_id")
            return sum((exact(event.amount) for event in own), NOTHING), NOTHING
        start = previous.date_to if previous.state == "draft" else None
        own = events.filtered(
            lambda event: (
                not event.statement_id
                and event.kind == "earned"
                and event.date <= statement.date_to
                and (not start or event.date > start)
            )
        )
        priced = own.filtered("is_priced")
        earned = sum((exact(event.amount) for event in priced), NOTHING)
        by_plan = (own - priced).grouped("plan_id")
        for plan, rows in by_plan.items():
            base = sum((exact(event.base) for event in rows), NOTHING)
            earned += self._get_plain_levels(plan, base, statement)
        return earned, Fraction(len(by_plan), 200)

    @api.model
    def _get_plain_levels(self, plan, base, statement):
        """What a period's sales earn: each part the rate of its level, or all the rate of the
        highest level that was reached, in per cent of the target.
        """
        levels = [(exact(row.start), exact(row.rate) / 100) for row in plan.level_ids]
        levels.sort()
        if plan.rate_kind == "attainment":
            target = self.env["crm.sales.target"].search(
                [
                    ("user_id", "=", statement.user_id.id),
                    ("company_id", "=", statement.company_id.id),
                    ("measure", "=", plan.measure),
                    ("date_from", "=", statement.date_from),
                    ("date_to", "=", statement.date_to),
                ],
                limit=1,
            )
            wanted = exact(target._get_wanted_amount() or 0)
            reached = base / wanted * 100 if wanted else NOTHING
            return (
                base
                * max(
                    ((start, rate) for start, rate in levels if start <= reached), default=(0, 0)
                )[1]
            )
        if base <= 0:
            return base * levels[0][1] if levels else NOTHING
        ends = [start for start, _rate in levels[1:]]
        return sum(
            (
                max((min(base, end) if end is not None else base) - start, NOTHING) * rate
                for (start, rate), end in zip(levels, [*ends, None], strict=True)
            ),
            NOTHING,
        )
