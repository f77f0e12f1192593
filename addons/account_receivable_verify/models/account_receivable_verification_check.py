from odoo import api, fields, models

from ..check import Finding, Total

#: So many differences of a check are listed; all are counted.
MANY_DIFFERENCES = 5000


class AccountReceivableVerificationCheck(models.Model):
    """A check of a run in one company: how far it is, and what it found."""

    _name = "account.receivable.verification.check"
    _description = "Check of a Verification"
    _order = "id"
    _rec_name = "name"

    verification_id = fields.Many2one(
        "account.receivable.verification",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    name = fields.Selection(
        lambda self: self.env["account.receivable.verification"]._get_check_selection(),
        string="Check",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Done")], default="running", required=True, readonly=True
    )
    position = fields.Integer(readonly=True, help="The last record that was recomputed.")
    total_count = fields.Integer("Records", readonly=True)
    checked_count = fields.Integer("Checked", readonly=True)
    difference_count = fields.Integer("Differences", readonly=True)
    waiting_count = fields.Integer("Being Updated", readonly=True)
    failed_count = fields.Integer("Not Recomputed", readonly=True)

    def _add(self, found: list[Finding | Total], records, waiting: set[int]):
        """Note what was found of a batch, and that it is done."""
        self.ensure_one()
        findings = [one for one in found if isinstance(one, Finding)]
        totals = [one for one in found if isinstance(one, Total)]
        failed = [one for one in findings if one.failure]
        differing = [one for one in findings if not one.failure and one.key not in waiting]
        room = max(MANY_DIFFERENCES - self.difference_count - self.failed_count, 0)
        self.env["account.receivable.verification.difference"].create(
            [
                self._prepare_difference(one, one.key in waiting)
                for one in (*differing, *failed, *(one for one in findings if one.key in waiting))
            ][:room]
        )
        self.env["account.receivable.verification.total"].create(
            [self._prepare_total(one) for one in totals]
        )
        self.write(
            {
                "position": max(records.ids),
                "checked_count": self.checked_count + len(records),
                "difference_count": self.difference_count + len(differing),
                "failed_count": self.failed_count + len(failed),
                "waiting_count": self.waiting_count + len(waiting),
            }
        )

    def _prepare_difference(self, found: Finding, is_waiting: bool) -> dict:
        values = {
            "verification_id": self.verification_id.id,
            "company_id": self.company_id.id,
            "check": self.name,
            "state": "failed" if found.failure else "waiting" if is_waiting else "difference",
            "res_model": found.res_model,
            "res_id": found.res_id,
            "name": found.name,
            "value": found.value,
            "currency_id": (found.currency or self.company_id.currency_id).id,
            "kept_at": found.kept_at,
            "kept_by_id": found.kept_by and found.kept_by.id,
            "failure": found.failure,
        }
        if found.currency:
            return {
                **values,
                "is_amount": True,
                "kept_amount": found.kept,
                "recomputed_amount": found.recomputed,
                "difference": found.kept - found.recomputed,
            }
        return {
            **values,
            "kept_text": self._as_text(found.kept),
            "recomputed_text": self._as_text(found.recomputed),
        }

    @api.model
    def _as_text(self, value) -> str | bool:
        """A number, date or word as it is kept; nothing for nothing."""
        return False if value is None or value is False else str(value)

    def _prepare_total(self, total: Total) -> dict:
        parts = sum(total.parts.values())
        return {
            "verification_id": self.verification_id.id,
            "company_id": self.company_id.id,
            "check": self.name,
            "value": total.value,
            "account_id": total.account_id,
            "ledger_amount": float(total.ledger),
            "own_amount": float(total.ours),
            "difference": float(total.ours) - float(total.ledger - parts),
            **{name: float(amount) for name, amount in total.parts.items()},
        }
