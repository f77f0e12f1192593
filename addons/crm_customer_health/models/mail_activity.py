from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class MailActivity(models.Model):
    """Activities of flags say what a customer owes: they are for who may see it.

    Otherwise whoever may read a contact reads the activities on it.
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
        type_id = flags._get_activity_type_id()
        if not type_id:
            return Domain.TRUE
        activity_id = SQL.identifier("crm_customer_flag", "activity_id")
        flagged = flags.sudo()._search([("activity_id", "!=", False)])
        domain = (
            Domain("activity_type_id", "!=", type_id)
            | Domain("user_id", "=", self.env.uid)
            # Somebody used the type for something else.
            | Domain("id", "not in", flagged.subselect(activity_id))
        )
        if flags.has_access("read"):
            visible = flags._search([("activity_id", "!=", False)])
            domain |= Domain("id", "in", visible.subselect(activity_id))
        return domain

    def _action_done(self, feedback=False, attachment_ids=None):
        """What was owed does not stay in the chatter, which more people read."""
        type_id = self.env["crm.customer.flag"]._get_activity_type_id()
        flags = self.filtered(lambda activity: activity.activity_type_id.id == type_id)
        if flags:
            flags.write({"summary": False, "note": False})
        return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
