from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmCustomerFlagExclusion(models.Model):
    """A customer that is not to be flagged to Sales until a day, and who said so.

    A log: exclusions are added and ended, never changed.
    """

    _name = "crm.customer.flag.exclusion"
    _description = "Exclusion From Flags"
    _inherit = ["crm.customer.figures"]
    _order = "until desc, id desc"

    company_id = fields.Many2one(default=lambda self: self.env.company)
    partner_id = fields.Many2one(index=True)
    until = fields.Date(required=True, readonly=True, help="The last day without flags.")
    reason = fields.Text(required=True, readonly=True)
    excluded_by_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    ended_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    ended_on = fields.Date(readonly=True, help="The day on which it was ended before its time.")

    @api.constrains("until")
    def _check_until(self):
        for exclusion in self:
            if exclusion.until < exclusion.company_id._get_today():
                raise ValidationError(
                    self.env._("A customer cannot be excluded until a day that has passed.")
                )
            policy = self.env["crm.customer.health.policy"].sudo()._get_policy(exclusion.company_id)
            days = policy.exclusion_longest_days
            if days and (exclusion.until - exclusion.company_id._get_today()).days > days:
                raise ValidationError(
                    self.env._("A customer is excluded for %(days)s days at most.", days=days)
                )

    @api.constrains("reason")
    def _check_reason(self):
        for exclusion in self:
            if not exclusion.reason.strip():
                raise ValidationError(self.env._("Say why the customer is not to be flagged."))

    @api.model_create_multi
    def create(self, vals_list):
        self._replace_contacts(vals_list)
        for vals in vals_list:
            vals["excluded_by_id"] = self.env.uid
            vals.update(ended_by_id=False, ended_on=False)
        exclusions = super().create(vals_list)
        for company, excluded in exclusions.grouped("company_id").items():
            self.env["crm.customer.flag"].sudo()._get_open(  # nobody may write flags
                company, excluded.partner_id
            )._close("excluded")
        return exclusions

    def action_end(self):
        """Have these customers flagged again from the next morning on."""
        self.check_access("read")
        self.check_access("create")
        for company, exclusions in self.grouped("company_id").items():
            # Nobody may change an exclusion otherwise.
            exclusions.filtered(lambda exclusion: not exclusion.ended_on).sudo().write(
                {"ended_on": company._get_today(), "ended_by_id": self.env.uid}
            )

    @api.model
    def _get_excluded(self, company, customers):
        """Those of these customers that are not to be flagged today."""
        return self.search(
            [
                ("company_id", "=", company.id),
                # Whoever became a contact of another customer is it.
                ("partner_id.commercial_partner_id", "in", customers.ids),
                ("until", ">=", company._get_today()),
                ("ended_on", "=", False),
            ]
        ).partner_id.commercial_partner_id
