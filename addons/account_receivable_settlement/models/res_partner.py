from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        changes = self.env["account.receivable.change"]
        if "tz" in vals:
            # A company's contact has the time zone that decides what is overdue.
            moved = self.filtered(lambda partner: partner.tz != (vals["tz"] or False))
            changes._collect_all(
                self.env["res.company"].sudo().search([("partner_id", "in", moved.ids)])
            )
        if not self._is_customer_changed(vals):
            return super().write(vals)
        # Whose customer a contact is, its company decides.
        contacts = self._get_contacts()
        changes._collect_before(partners=contacts)
        result = super().write(vals)
        changes._collect(partners=contacts)
        return result

    def unlink(self):
        contacts = self._get_contacts() - self
        if contacts:
            # They become customers of their own.
            changes = self.env["account.receivable.change"]
            changes._collect_before(partners=contacts)
            changes._collect(partners=contacts)
        return super().unlink()

    def _is_customer_changed(self, vals) -> bool:
        return any(
            ("parent_id" in vals and partner.parent_id.id != (vals["parent_id"] or False))
            or ("is_company" in vals and partner.is_company != bool(vals["is_company"]))
            for partner in self
        )

    def _get_contacts(self):
        """These and everybody below them, whatever the user may see: all may have the same
        commercial partner.
        """
        return self.sudo().with_context(active_test=False).search([("id", "child_of", self.ids)])
