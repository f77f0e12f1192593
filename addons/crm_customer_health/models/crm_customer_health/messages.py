class Messages:
    """Telling of a change of status in the customer's chatter."""

    __slots__ = ()

    def _log_status_changes(self, old_statuses: dict[int, str]):
        """Log in the customers' chatter which status they had, have now, and why; and in the log
        of status changes.

        In the chatter as tracked values of fields: whoever may not see a customer's health does not
        see them there either (``mail.tracking.value._filter_has_field_access``).

        :param old_statuses: the former status by id of the health row.
        """
        health_by_partner = {}
        for health in self.browse(old_statuses):
            health_by_partner.setdefault(health.company_id, {})[health.partner_id.id] = health
        columns = self.env["res.partner"].fields_get(["health_status", "health_reasons"])
        for company, health_of_company in health_by_partner.items():
            self.env["res.partner"].browse(health_of_company)._log_tracked_values(
                company,
                {
                    # The newest is shown first: the status, then why.
                    partner_id: [
                        (old, new, name, columns[name], health.partner_id)
                        for name, old, new in (
                            ("health_reasons", "", health.health_reasons),
                            ("health_status", old_statuses[health.id], health.health_status),
                        )
                    ]
                    for partner_id, health in health_of_company.items()
                },
            )
        self.env["crm.customer.health.change"].sudo()._log(  # nobody may write them
            {health: old_statuses[health.id] for health in self.browse(old_statuses)}
        )
