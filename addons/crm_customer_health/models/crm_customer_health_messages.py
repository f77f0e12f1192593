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
        tracking = self.env["mail.tracking.value"].sudo()  # nobody may write them
        columns = self.env["res.partner"].fields_get(["health_status", "health_reasons"])
        values_list = []
        for company, health_of_company in health_by_partner.items():
            partners = self.env["res.partner"].browse(health_of_company)
            messages = partners._message_log_batch(dict.fromkeys(partners.ids, ""))
            # Whose figures they are: who may not see this company does not see the change.
            messages.record_company_id = company
            for message in messages:
                health = health_of_company[message.res_id]
                # The newest is shown first: the status, then why.
                for name, old, new in (
                    ("health_reasons", "", health.health_reasons),
                    ("health_status", old_statuses[health.id], health.health_status),
                ):
                    values = tracking._create_tracking_values(
                        old, new, name, columns[name], health.partner_id
                    )
                    values_list.append({**values, "mail_message_id": message.id})
        tracking.create(values_list)
        self.env["crm.customer.health.change"].sudo()._log(  # nobody may write them
            {health: old_statuses[health.id] for health in self.browse(old_statuses)}
        )
