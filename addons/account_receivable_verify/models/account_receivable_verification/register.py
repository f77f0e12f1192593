from odoo import api

from ...check import Check


class Register:
    """What is verified: another addon adds its figures here."""

    __slots__ = ()

    @api.model
    def _get_checks(self) -> dict[str, Check]:
        """Hook: what is recomputed, by name, in the order of the work.

        An addon that keeps figures adds ``{"name": Check(...)}`` with ``super()``; its methods
        recompute in plain Python, from journal items through the ORM, and call none of the
        relations that the figures come from.
        """
        return {
            "ledger": Check(
                self.env._("Receivables per ledger, per our instalments"),
                "account.account",
                self._get_ledger_domain,
                self._compare_ledger,
                batch_size=1,
            ),
            "open_items": Check(
                self.env._("Open items and settlements by customer"),
                "res.partner",
                self._get_customer_domain,
                self._compare_customers,
            ),
        }

    @api.model
    def _get_check_selection(self) -> list[tuple[str, str]]:
        return [(name, check.label) for name, check in self._get_checks().items()]

    @api.model
    def _get_value_labels(self) -> dict[str, str]:
        """Hook: what values are called that are no fields of the model where they are kept."""
        kinds = self.env["account.receivable.settlement"]._fields["kind"]
        return {
            "instalments": self.env._("Our instalments"),
            "open": self.env._("Open"),
            "overdue": self.env._("Overdue"),
            "credits": self.env._("Unmatched credits"),
            "row": self.env._("Row"),
            **{
                f"settled_{kind}": self.env._("Settled: %s", label)
                for kind, label in kinds._description_selection(self.env)
            },
        }

    @api.model
    def _get_field_labels(self, model: str, names) -> dict[str, str]:
        """What a model's fields are called, for values of records that are missing there."""
        fields = self.env[model]._fields
        return {name: fields[name]._description_string(self.env) for name in names}
