from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError


class CrmCommissionAssignment(models.Model):
    """Who earns by a plan, on whose sales, from when to when, and which share.

    A split is two assignments: one of 70 % on one's own sales, one of 30 % for somebody else on the
    sales of that salesperson. What is agreed for one deal takes the place of the assignments on a
    salesperson's sales in general, not of those on a team's.
    """

    _name = "crm.commission.assignment"
    _description = "Commission Assignment"
    _order = "plan_id, user_id, date_from, id"
    _rec_name = "user_id"
    _check_company_auto = True

    plan_id = fields.Many2one("crm.commission.plan", required=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    plan_state = fields.Selection(related="plan_id.state", string="Plan State")
    user_id = fields.Many2one(
        "res.users",
        string="Who Earns",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('share', '=', False)]",
    )
    sales_of = fields.Selection(
        [
            ("own", "Own Sales"),
            ("user", "A Salesperson's Sales"),
            ("team", "A Team's Sales"),
            ("deal", "One Opportunity"),
        ],
        required=True,
        default="own",
    )
    salesperson_id = fields.Many2one("res.users", ondelete="restrict", index="btree_not_null")
    team_id = fields.Many2one("crm.team", ondelete="restrict", index="btree_not_null")
    lead_id = fields.Many2one(
        "crm.lead", string="Opportunity", ondelete="cascade", index="btree_not_null"
    )
    date_from = fields.Date("From", help="Invoices of this day and later; all if empty.")
    date_to = fields.Date("To", help="Invoices up to this day; open if empty.")
    share = fields.Float(
        "Share (%)",
        digits=(16, 4),
        default=100.0,
        required=True,
        help="Per cent of the sale that counts for this person.",
    )

    _share_range = models.Constraint(
        "CHECK(share > 0 AND share <= 100)", "A share is above 0 and at most 100 per cent."
    )
    _date_order = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "An assignment ends after it begins.",
    )

    @api.constrains("sales_of", "salesperson_id", "team_id", "lead_id")
    def _check_sales_of(self):
        needed = {"user": "salesperson_id", "team": "team_id", "deal": "lead_id"}
        for assignment in self:
            field = needed.get(assignment.sales_of)
            if field and not assignment[field]:
                raise ValidationError(
                    self.env._(
                        "Say whose sales %(person)s earns on.", person=assignment.user_id.name
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        assignments = super().create(vals_list)
        assignments._check_not_own()
        assignments._collect()
        return assignments

    def write(self, vals):
        self.check_access("write")
        self._check_not_own()
        self._collect()
        result = super().write(vals)
        self._check_not_own()
        self._collect()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_own(self):
        self._check_not_own()
        self._collect()

    def _check_not_own(self):
        """Nobody decides by which approved plan, and how much, he earns himself."""
        user = self.env.user
        if user.id == SUPERUSER_ID:
            return
        for assignment in self.sudo():
            if assignment.plan_id.state == "approved" and user in (
                assignment.user_id | assignment.lead_id.user_id
            ):
                raise UserError(
                    self.env._(
                        "Somebody else has to decide how you earn by %(plan)s.",
                        plan=assignment.plan_id.name,
                    )
                )

    def _collect(self):
        """What they earn by approved plans is worked out anew."""
        approved = self.filtered(lambda row: row.plan_id.state == "approved")
        self.env["crm.commission.event"]._collect_everything(approved.company_id)
