from odoo import models


class CrmCustomerHealth(models.Model):
    """Telling of a change of status in the customer's chatter."""

    _inherit = "crm.customer.health"

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


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _log_tracked_values(self, company, changes_by_id: dict[int, list[tuple]]):
        """Log changes in these customers' chatter that not everybody may see who reads it: as
        tracked values of the company, in empty messages.

        :param changes_by_id: by partner id, what ``_create_tracking_values`` takes.
        """
        tracking = self.env["mail.tracking.value"].sudo()  # nobody may write them
        messages = self._message_log_batch(dict.fromkeys(self.ids, ""))
        # Whose figures they are: who may not see this company does not see the change.
        messages.record_company_id = company
        tracking.create(
            [
                {**tracking._create_tracking_values(*change), "mail_message_id": message.id}
                for message in messages
                for change in changes_by_id[message.res_id]
            ]
        )
