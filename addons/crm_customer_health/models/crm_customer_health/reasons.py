from odoo import api
from odoo.fields import Domain
from odoo.tools import format_amount, format_date, formatLang


class Reasons:
    """Why a customer has its status, in the user's words."""

    __slots__ = ()

    @api.depends("health_status", "refreshed_at")
    @api.depends_context("lang")
    def _compute_health_reasons(self):
        weights_by_company = {
            policy.company_id.id: policy
            for policy in self.env["crm.customer.health.policy"]._get_policy(self.company_id)
        }
        for health in self:
            policy = weights_by_company.get(health.company_id.id)
            health.health_reasons = "\n".join(health._get_reasons(policy))

    def _get_reasons(self, policy) -> list[str]:
        """Sentences: what the status rests on, then the measures, the weightiest first: how far a
        measure is from the middle, by its weight.
        """
        sentences = self._get_measure_reasons()
        names = sorted(
            (name for name in sentences if sentences[name]),
            key=lambda name: -policy[f"{name}_weight"] * abs(self[f"{name}_measure"] - 50),
        )
        if self.health_status == "unknown":
            reasons = [self._get_unknown_reason()]
        else:
            reasons = [self._get_status_reason(policy), *(sentences[name] for name in names)]
        if unsent := self._get_unsent_reason():
            reasons.insert(1, unsent)
        return reasons + self._get_special_reasons(policy)

    def _get_unsent_reason(self) -> str:
        """Who never got an invoice does not pay it: that comes before how he pays."""
        sentences = []
        if self.unsent_amount:
            sentences.append(
                self.env._(
                    "%(amount)s of what is overdue was never sent to the customer.",
                    amount=self._format_amount(self.unsent_amount),
                )
            )
        if self.rejected_amount:
            sentences.append(
                self.env._(
                    "%(amount)s of what is overdue was rejected by the e-invoice network.",
                    amount=self._format_amount(self.rejected_amount),
                )
            )
        return " ".join(sentences)

    def _get_unknown_reason(self) -> str:
        """Why there is no score: also of who owes, but by no invoice that would be judged."""
        if self.partner_id.sudo().is_unscored:  # why, everybody sees who sees the customer
            return self.env._(
                "The customer objected to being scored. The amounts are those of the ledger."
            )
        if self.net_overdue_amount > 0:
            return self.env._(
                "Owes %(amount)s since %(date)s from an entry without invoice; nothing is known of"
                " how it pays.",
                amount=self._format_amount(self.net_overdue_amount),
                date=format_date(self.env, self.oldest_due_date),
            )
        if self.overdue_amount:
            return self.env._(
                "Nothing was settled in the window; what is overdue is covered by credits."
            )
        return self.env._("Nothing was settled in the window and no invoice is overdue.")

    def _get_status_reason(self, policy) -> str:
        """Which threshold of the policy the status comes from."""
        if self.health_status == "at_risk":
            return self.env._(
                "Score %(score)s is below %(threshold)s: at risk.",
                **self._get_compared(self.health_score, policy.watch_score),
            )
        if self.health_status == "healthy":
            return self.env._(
                "Score %(score)s, healthy from %(threshold)s.",
                **self._get_compared(self.health_score, policy.healthy_score),
            )
        if self.health_score >= policy.healthy_score:
            return self.env._(
                "Payment score %(score)s is below %(threshold)s: watch, however good the business.",
                **self._get_compared(self.payment_score, policy.medium_risk_score),
            )
        return self.env._(
            "Score %(score)s is below %(threshold)s: watch.",
            **self._get_compared(self.health_score, policy.healthy_score),
        )

    def _get_compared(self, score: float, threshold: float) -> dict[str, str]:
        """With as many digits as it takes to see on which side of the threshold the score is."""
        digits = 0
        while digits < 2 and (round(score, digits) < threshold) != (score < threshold):
            digits += 1
        return {
            "score": formatLang(self.env, score, digits=digits),
            "threshold": formatLang(
                self.env, threshold, digits=0 if threshold == round(threshold) else 2
            ),
        }

    def _get_measure_reasons(self) -> dict[str, str]:
        """Hook: a sentence by measure of the health score, empty where the measure is missing."""
        return {
            "payment": self._get_payment_reason(),
            "exposure": self._get_exposure_reason(),
            "trend": self._get_trend_reason(),
            "purchase": self._get_purchase_reason(),
        }

    def _get_payment_reason(self) -> str:
        if not self.scored_count:
            return ""
        if not self.payment_count:
            return self.env._(
                "Payment score %(score)s: no payment in the window.",
                score=round(self.payment_score),
            )
        days = round(self.days_beyond_terms)
        values = {
            "days": abs(days),
            "rate": round(self.on_time_rate * 100),
            "score": round(self.payment_score),
        }
        if days > 0:
            return self.env._(
                "Pays %(days)s days after the due date, %(rate)s %% on time (payment score"
                " %(score)s).",
                **values,
            )
        if days < 0:
            return self.env._(
                "Pays %(days)s days before the due date, %(rate)s %% on time (payment score"
                " %(score)s).",
                **values,
            )
        return self.env._(
            "Pays on the due date, %(rate)s %% on time (payment score %(score)s).", **values
        )

    def _get_exposure_reason(self) -> str:
        if not self.open_amount:
            return self.env._("Nothing is open.") if self.paid_amount > 0 else ""
        values = {"open": self._format_amount(self.open_amount)}
        if not self.overdue_amount:
            return self.env._("Nothing of the open %(open)s is overdue.", **values)
        return self.env._(
            "%(overdue)s of the open %(open)s is overdue, the oldest since %(date)s"
            " (%(days)s days).",
            overdue=self._format_amount(self.overdue_amount),
            date=format_date(self.env, self.oldest_due_date),
            days=self.days_overdue,
            **values,
        )

    def _get_trend_reason(self) -> str:
        if not self.payment_trend and not self.trend_measure:
            return ""
        points = round(abs(self.payment_trend))
        if self.payment_trend >= 1:
            return self.env._("Pays better than before (by %(points)s points).", points=points)
        if self.payment_trend <= -1:
            return self.env._("Pays worse than before (by %(points)s points).", points=points)
        return self.env._("Pays as before.")

    def _get_purchase_reason(self) -> str:
        if not self.invoice_count:
            return ""
        return self.env._(
            "Last invoice on %(date)s, %(count)s in twelve months.",
            date=format_date(self.env, self.last_invoice_date),
            count=self.invoice_count_12m,
        )

    def _get_special_reasons(self, policy) -> list[str]:
        """What no measure says."""
        reasons = []
        if self.written_off_amount > 0:
            reasons.append(
                self.env._(
                    "%(amount)s was written off.",
                    amount=self._format_amount(self.written_off_amount),
                )
            )
        if self.disputed_amount:
            reasons.append(
                self.env._(
                    "%(amount)s is disputed.", amount=self._format_amount(self.disputed_amount)
                )
            )
        unapplied = self._get_unapplied_reason(self.unapplied_credit_amount, self.currency_id)
        if unapplied:
            reasons.append(unapplied)
        if self.scored_count and self.scored_count < policy.minimum_items:
            reasons.append(
                self.env._(
                    "Settled or overdue instalments: only %(count)s, so the score leans on the"
                    " company's mean.",
                    count=self.scored_count,
                )
            )
        return reasons

    @api.model
    def _get_unapplied_reason(self, amount: float, currency) -> str:
        """That there is money or a credit note of the customer that nobody has matched yet."""
        if amount <= 0:
            return ""
        return self.env._(
            "%(amount)s was received or credited, but is not matched yet.",
            amount=format_amount(self.env, amount, currency),
        )

    @api.model
    def _get_decision_notes(self, company, figures: dict[int, dict]) -> dict[int, list[str]]:
        """Hook: what somebody who decides about overdue customers has to know beside what they owe:
        what they paid since, and what is not matched yet.

        Reads with full rights: the caller shows it only to those who may see these customers.

        :param figures: stored fields as of now, by customer.
        :return: sentences in the user's language, by customer.
        """
        owing = {key: row for key, row in figures.items() if row.get("overdue_amount")}
        received = self._get_received_since(
            company, {key: row["oldest_due_date"] for key, row in owing.items()}
        )
        notes = {}
        for partner_id, row in owing.items():
            amount, last = received.get(partner_id, (0.0, None))
            sentences = [
                self._get_unapplied_reason(row["unapplied_credit_amount"], company.currency_id)
            ]
            if amount > 0:
                sentences.append(
                    self.env._(
                        "Since then it paid %(amount)s, last on %(date)s.",
                        amount=format_amount(self.env, amount, company.currency_id),
                        date=format_date(self.env, last),
                    )
                )
            notes[partner_id] = [sentence for sentence in sentences if sentence]
        return notes

    @api.model
    def _get_received_since(self, company, days: dict) -> dict[int, tuple]:
        """What customers paid after a day, and when last: ``(amount, day)`` by customer.

        :param days: a day by customer.
        """
        if not days:
            return {}
        partners = (
            self.env["res.partner"]
            .sudo()
            .with_context(active_test=False)
            .search([("commercial_partner_id", "in", list(days))])
        )
        rows = (
            self.env["account.receivable.settlement"]
            .sudo()
            ._read_group(
                Domain("company_id", "=", company.id)
                & Domain("partner_id", "in", partners.ids)
                & Domain("settled_as", "=", "payment")
                & Domain("settlement_date", ">", min(days.values())),
                ["partner_id", "settlement_date:day"],
                ["amount:sum"],
            )
        )
        received = {}
        for partner, day, amount in rows:
            customer_id = partner.commercial_partner_id.id
            if day > days[customer_id]:
                total, last = received.get(customer_id, (0.0, day))
                received[customer_id] = (total + amount, max(last, day))
        return received

    def _format_amount(self, amount: float) -> str:
        return format_amount(self.env, amount, self.currency_id)
