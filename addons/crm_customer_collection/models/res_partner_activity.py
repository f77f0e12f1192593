from odoo import fields, models


class ResPartner(models.Model):
    """Activities of flags are hidden from who may not see what a contact owes.

    Odoo follows a record's activities past the record rules, for whoever may read a contact may
    read its activities; of flags that is not so. Neither the contact's fields nor a search by them
    may tell what is hidden.
    """

    _inherit = "res.partner"

    activity_ids = fields.One2many(bypass_search_access=False)
    activity_summary = fields.Char(related_sudo=False)
