from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class MailActivity(models.Model):
    """Activities of flags say what a customer owes: they are for who may see it.

    Otherwise whoever may read a contact reads the activities on it, and whoever may write it
    changes them. What makes an activity one of a flag is the flag, whatever its type.
    """

    _inherit = "mail.activity"

    is_flag_visible = fields.Boolean(
        compute="_compute_is_flag_visible",
        search="_search_is_flag_visible",
        help="Technical: no flag of an overdue customer, or one that the user may see.",
    )

    @api.depends_context("uid")
    def _compute_is_flag_visible(self):
        visible = (
            self.sudo()  # of the user's own flags, as the domain says
            .with_context(active_test=False)
            .search(Domain("id", "in", self.ids) & self._get_visible_flag_domain())
        )
        for activity in self:
            activity.is_flag_visible = activity in visible

    @api.model
    def _search_is_flag_visible(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._get_visible_flag_domain()
        return domain if True in value else ~domain

    @api.model
    def _get_visible_flag_domain(self) -> Domain:
        """Other activities, the user's own, and those of flags that the user may see."""
        # Record rules are read with full rights; the flags are the user's.
        flags = self.env["crm.customer.flag"].sudo(False)
        activity_id = SQL.identifier("crm_customer_flag", "activity_id")
        flagged = flags.sudo()._search([("activity_id", "!=", False)])
        domain = Domain("user_id", "=", self.env.uid) | Domain(
            "id", "not in", flagged.subselect(activity_id)
        )
        if flags.has_access("read"):
            visible = flags._search([("activity_id", "!=", False)])
            domain |= Domain("id", "in", visible.subselect(activity_id))
        return domain

    def _check_access(self, operation):
        """Who may write a contact may write the activities on it; not those that are hidden."""
        result = super()._check_access(operation)
        if operation not in ("write", "unlink") or self.env.su:
            return result
        hidden = self.exists().filtered(lambda activity: not activity.is_flag_visible)
        if not hidden:
            return result
        if result:
            forbidden, make_error = result
            return forbidden | hidden, make_error
        return hidden, lambda: self.env["ir.rule"]._make_access_error(operation, hidden)

    def _get_flags(self):
        """The flags of these activities, whoever may see them."""
        return self.env["crm.customer.flag"].sudo().search([("activity_id", "in", self.ids)])

    def write(self, vals):
        result = super().write(vals)
        if "user_id" in vals:
            # Handed to a colleague: the flag goes along.
            for flag in self._get_flags():
                if flag.assigned_id != flag.activity_id.user_id:
                    flag.write({"assigned_id": flag.activity_id.user_id.id})
        return result

    def _action_done(self, feedback=False, attachment_ids=None):
        """What was owed does not stay in the chatter, which more people read."""
        flagged = self._get_flags().activity_id.sudo(self.env.su)
        if flagged:
            flagged.write({"summary": False, "note": False})
        return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
