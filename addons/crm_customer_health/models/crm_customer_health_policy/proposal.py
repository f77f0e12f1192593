import math

from odoo import Command, api
from odoo.tools import SQL

from ...scope import HealthScope

#: Of fewer invoices nothing is proposed: they do not say what is usual.
LEAST_INVOICES = 20
#: For how many days a usual and a large amount may be overdue.
USUAL_DAYS, LARGE_DAYS = 30, 7


class Proposal:
    """Thresholds from the company's own books: who installs has something in force at once."""

    __slots__ = ()

    def _propose_thresholds(self):
        """Give these policies thresholds, where nobody has set any and none were proposed before.

        A customer needs action when as much as the usual invoice is overdue for a month, or as much
        as a large one for a week.
        """
        for policy in self.filtered(
            lambda policy: not policy.threshold_ids and not policy.thresholds_proposed_on
        ):
            if amounts := policy._get_usual_amounts():
                policy.threshold_ids = [
                    Command.create({"amount": amount, "days": days})
                    for amount, days in zip(amounts, (USUAL_DAYS, LARGE_DAYS), strict=True)
                ]
                policy.write(
                    {
                        "thresholds_proposed_on": policy.company_id._get_today(),
                        "are_thresholds_proposed": True,
                    }
                )

    def action_confirm_thresholds(self):
        """The proposed thresholds are the company's own from now on: whatever goes by them does."""
        self.check_access("write")
        self.sudo().are_thresholds_proposed = False  # nobody sets it by hand

    def _get_usual_amounts(self) -> tuple[float, float] | None:
        """What is usual, and what is large (one of ten is larger), among the invoices of the
        window, with taxes, in company currency, in round figures; nothing of few invoices.
        """
        self.ensure_one()
        self.env["account.receivable"]._flush()
        [(count, usual, large)] = self.env.execute_query(
            SQL(
                """
                SELECT COUNT(*),
                       PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY amount_total_signed),
                       PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY amount_total_signed)
                  FROM account_move
                 WHERE company_id = %(company)s AND state = 'posted'
                   AND move_type IN ('out_invoice', 'out_receipt')
                   AND amount_total_signed > 0
                   AND invoice_date > %(today)s::date - make_interval(months => %(months)s)
                """,
                company=self.company_id.id,
                today=self.company_id._get_today(),
                months=self.window_months,
            )
        )
        if count < LEAST_INVOICES:
            return None
        usual = self._round_amount(usual)
        return usual, max(self._round_amount(large), 2 * usual)

    @api.model
    def _round_amount(self, amount) -> float:
        """The amount in one figure: 1,834 is 2,000."""
        step = 10 ** math.floor(math.log10(amount))
        return float(round(float(amount) / step) * step)

    @api.depends("threshold_ids.amount", "threshold_ids.days", "company_id")
    def _compute_needing_action_count(self):
        """By what is open now: also with thresholds that are not saved yet."""
        for policy in self:
            policy.needing_action_count = policy._count_needing_action(
                [
                    (threshold.amount, threshold.days)
                    for threshold in policy.threshold_ids
                    if threshold.amount > 0 and threshold.days > 0
                ]
            )

    def _count_needing_action(self, thresholds: list[tuple[float, int]]) -> int:
        """How many customers would need action by these amounts and days.

        Read with full rights: whoever may read the policy may know how many, not who.
        """
        policy = self._origin
        if not thresholds or not policy:
            return 0
        health = self.env["crm.customer.health"].sudo()
        health._flush_sources()
        values = SQL(", ").join(
            SQL("(%s, %s, %s::numeric, %s)", policy.id, number, amount, days)
            for number, (amount, days) in enumerate(thresholds)
        )
        relations = {
            "health_basis": health._get_basis_sql(policy.sudo()),
            "health_item": health._get_item_sql(HealthScope(policy.company_id)),
            "health_alarm": health._get_alarm_sql(
                SQL("SELECT * FROM (VALUES %s) threshold (policy_id, id, amount, days)", values)
            ),
        }
        [(count,)] = self.env.execute_query(
            SQL("%s SELECT COUNT(*) FROM health_alarm", health._get_with_sql(relations))
        )
        return count
