from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError


class CrmCustomerActions(models.AbstractModel):
    """What can be done about the customers of documents: from their lists and in automation rules.

    The user must be allowed to see the figures of a customer; other customers are left out.
    """

    _name = "crm.customer.actions"
    _description = "Actions on Customers"

    def _get_customers_by_company(self) -> dict:
        """Hook: the commercial partners of these records by company."""
        customers = defaultdict(self.env["res.partner"].browse)
        for record in self:
            company = record.company_id or self.env.company
            customers[company] |= record.partner_id.commercial_partner_id
        return customers

    def _get_action_health(self):
        """The rows of these records' customers that the user may see.

        :raise AccessError: for who may see no figures of customers.
        """
        self.env["crm.customer.health"].check_access("read")
        return self.env["crm.customer.health"].union(
            *(
                customers._get_health_of_companies(company)
                for company, customers in self._get_customers_by_company().items()
                if customers
            )
        )

    def action_flag_to_sales(self):
        """Flag these customers to Sales now, if anything of theirs is overdue.

        Unlike the flags of the morning: below the policy's amounts, and during a promise, too.
        Customers to whom nothing was invoiced are left out: an automation rule is not to fail.

        :return: a notification that says what was done.
        """
        health = self._get_action_health()
        # Who may record what a customer promised may flag it; auditors may do neither.
        self.env["crm.payment.promise"].check_access("create")
        health_sudo = health.sudo()  # flags are written by nobody by hand
        flagged = overdue = self.env["crm.customer.health"]
        flags = self.env["crm.customer.flag"].sudo()
        for company, rows in health_sudo.grouped("company_id").items():
            rows._refresh(company, rows.partner_id)
            owing = rows.exists().filtered(lambda row: row.net_overdue_amount > 0)
            overdue |= owing
            known = flags._get_open(company, owing.partner_id).partner_id
            new = owing.filtered(lambda row, known=known: row.partner_id not in known)
            if new:
                flags._raise_flags(new, is_manual=True)
            flagged |= new
        return self._get_notification(
            self.env._(
                "Flagged: %(flagged)s. Flagged already: %(known)s. Nothing overdue: %(healthy)s.",
                flagged=len(flagged),
                known=len(overdue) - len(flagged),
                healthy=len(health) - len(overdue),
            )
        )

    def action_record_promise(self):
        """Ask what these customers promised to pay, and by when.

        :raise AccessError: for who may record none.
        """
        self.env["crm.payment.promise"].check_access("create")
        return self._get_wizard_action(
            "crm.payment.promise.wizard", self.env._("Record a Promise to Pay")
        )

    def action_exclude_from_flags(self):
        """Ask until when these customers are not to be flagged, and why.

        :raise AccessError: for who may exclude none.
        """
        self.env["crm.customer.flag.exclusion"].check_access("create")
        return self._get_wizard_action(
            "crm.customer.flag.exclusion.wizard", self.env._("Exclude From Flags")
        )

    def action_recompute_customers(self):
        """Compute the figures of these customers now."""
        return self._get_action_health().action_recompute()

    def _get_wizard_action(self, model: str, name: str) -> dict:
        """The dialog about these records' customers.

        :raise UserError: if nothing was ever invoiced to them, or the user may not see them.
        """
        health = self._get_action_health()
        if not health:
            raise UserError(
                self.env._("No customer to whom something was invoiced, and whom you may see.")
            )
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_health_ids": health.ids},
        }

    @api.model
    def _get_notification(self, message: str) -> dict:
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
