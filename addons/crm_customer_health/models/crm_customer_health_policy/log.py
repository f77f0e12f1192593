from odoo import Command


class Log:
    """Changes of the thresholds in the policy's chatter, with old and new, like other settings.

    Odoo tracks which lines a list has, not what they say.
    """

    __slots__ = ()

    def _track_thresholds(self):
        """Remember the thresholds of before until the end of the transaction: one message."""
        precommit = self.env.cr.precommit
        before = precommit.data.get("crm_customer_health_thresholds")
        if before is None:
            before = precommit.data["crm_customer_health_thresholds"] = {}
            # Who may change a policy may not write tracked values.
            precommit.add(self.sudo()._log_thresholds)
        for policy in self.sudo():
            before.setdefault(policy.id, policy._get_threshold_text())
            # What somebody changes is no proposal any more.
            policy.are_thresholds_proposed = False

    def _get_threshold_text(self) -> str:
        return ", ".join(self.threshold_ids.sorted("amount").mapped("display_name"))

    def _log_thresholds(self):
        before = self.env.cr.precommit.data.pop("crm_customer_health_thresholds")
        field = self.env["ir.model.fields"]._get(self._name, "threshold_ids")
        for policy in self.browse(before).exists():
            policy.invalidate_recordset(["threshold_ids"])
            old, new = before[policy.id], policy._get_threshold_text()
            self.env["crm.accounting.log"]._log(policy, {(policy.id, "threshold_ids"): (old, new)})
            if old != new:
                policy._message_log(
                    tracking_value_ids=[
                        Command.create(
                            {"field_id": field.id, "old_value_char": old, "new_value_char": new}
                        )
                    ]
                )
