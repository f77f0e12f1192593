from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare

from ..deciding import deciding, is_deciding

#: What only the buttons of a plan may write.
_DECIDED = {"state", "approved_by_id", "approved_on", "previous_id"}


class CrmCommissionPlan(models.Model):
    """What is earned on sales: the measure, the rates, and on which products and customers.

    An approved plan is locked: whoever wants it otherwise makes a new version of it, which ends the
    old one the day before it begins. What a document earns is said by the plans of its invoice
    date, so a payment of an old invoice still earns what was agreed then.
    """

    _name = "crm.commission.plan"
    _description = "Commission Plan"
    _order = "date_from desc, name, id desc"
    _check_company_auto = True

    name = fields.Char(required=True, translate=False)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    measure = fields.Selection(
        [("paid", "Paid"), ("invoiced", "Invoiced")],
        required=True,
        default="paid",
        help="Paid: commission is earned as invoices are paid, and taken back when a payment"
        " bounces. Invoiced: it is earned when they are posted. Both without taxes, net of credit"
        " notes.",
    )
    rate_kind = fields.Selection(
        [("flat", "One Rate"), ("levels", "Levels"), ("attainment", "By Target Attainment")],
        "Rates",
        required=True,
        default="flat",
        help="Levels: each part of a period's sales earns the rate of its level. By target"
        " attainment: all of a period's sales earn the rate of the highest level that was reached,"
        " in per cent of the target of that period.",
    )
    rate = fields.Float(digits=(16, 4), help="Per cent of the sales without taxes.")
    level_ids = fields.One2many("crm.commission.level", "plan_id", copy=True)
    product_ids = fields.Many2many(
        "product.product",
        string="Products",
        help="Only these products, and those of the categories; all if empty.",
    )
    product_category_ids = fields.Many2many(
        "product.category",
        "crm_commission_plan_product_category_rel",
        string="Product Categories",
        help="Only products of these categories and of those below them; all if empty.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Customers",
        help="Only these customers, and those with the tags; all if empty.",
    )
    partner_category_ids = fields.Many2many(
        "res.partner.category",
        "crm_commission_plan_partner_category_rel",
        string="Customer Tags",
        help="Only customers with one of these tags; all if empty.",
    )
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: fields.Date.start_of(self.env.company._get_today(), "month"),
        help="Invoices of this day and later.",
    )
    date_to = fields.Date("To", copy=False, help="Invoices up to this day; open if empty.")
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    approved_on = fields.Datetime(readonly=True, copy=False)
    previous_id = fields.Many2one(
        "crm.commission.plan",
        string="New Version of",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    assignment_ids = fields.One2many("crm.commission.assignment", "plan_id")
    assignment_count = fields.Integer(compute="_compute_assignment_count")

    _rate_range = models.Constraint(
        "CHECK(rate BETWEEN 0 AND 100)", "A commission rate is between 0 and 100 per cent."
    )
    _date_order = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)", "A plan ends after it begins."
    )

    @api.depends("assignment_ids")
    def _compute_assignment_count(self):
        counts = dict(
            self.env["crm.commission.assignment"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["__count"]
            )
        )
        for plan in self:
            plan.assignment_count = counts.get(plan._origin, 0)

    # CRUD ------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._check_not_decided(*vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self.check_access("write")
        if not is_deciding():
            self._check_not_decided(vals)
            if not vals.keys() <= {"assignment_ids"}:
                self._check_not_locked()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        self._check_not_locked()

    @api.model
    def _check_not_decided(self, *vals_list):
        if any(not vals.keys().isdisjoint(_DECIDED) for vals in vals_list):
            raise UserError(self.env._("A plan is approved with its button only."))

    def _check_not_locked(self):
        for plan in self:
            if plan.state == "approved":
                raise UserError(
                    self.env._(
                        "%(plan)s is approved, and people count on it. Make a new version of it.",
                        plan=plan.name,
                    )
                )

    # Approval --------------------------------------------------------------------------------

    def action_approve(self):
        """Lock these plans; from now on they earn commission.

        Nobody approves what he earns by. A new version ends the old one, whose people it takes on.
        """
        self.check_access("write")
        for plan in self.filtered(lambda plan: plan.state == "draft"):
            plan._check_levels()
            previous = plan.previous_id
            people = plan.assignment_ids.user_id | previous.assignment_ids.user_id
            if self.env.user in people:
                raise UserError(
                    self.env._(
                        "%(plan)s is a plan by which you earn: somebody else has to approve it.",
                        plan=plan.name,
                    )
                )
            if previous:
                plan._replace_previous()
            with deciding():
                plan.write(
                    {
                        "state": "approved",
                        "approved_by_id": self.env.uid,
                        "approved_on": fields.Datetime.now(),
                    }
                )
            plan._log_decision()
        self.env["crm.commission.event"]._collect_everything(self.company_id)

    def _replace_previous(self):
        """End the version before; whoever earned by it earns by this one."""
        self.ensure_one()
        previous = self.previous_id
        if self.date_from <= previous.date_from:
            raise ValidationError(
                self.env._("A new version begins after the one that it replaces.")
            )
        end = self.date_from - timedelta(days=1)
        if not previous.date_to or previous.date_to > end:
            with deciding():
                previous.write({"date_to": end})
        if not self.assignment_ids:
            running = previous.assignment_ids.filtered(
                lambda row: not row.date_to or row.date_to >= self.date_from
            )
            for assignment in running:
                assignment.copy({"plan_id": self.id, "date_from": self.date_from})

    def _check_levels(self):
        self.ensure_one()
        if self.rate_kind != "flat" and not self.level_ids:
            raise ValidationError(self.env._("%(plan)s has no levels yet.", plan=self.name))

    def _log_decision(self):
        """Who approved it stays in the log of changes by hand."""
        self.ensure_one()
        self.env["crm.accounting.log"]._log(
            self, {(self.id, "state"): (self.env._("Draft"), self.env._("Approved"))}
        )

    def action_new_version(self):
        """Open a draft that will replace this plan."""
        self.ensure_one()
        self.check_access("write")
        today = self.company_id._get_today()
        version = self.copy(
            {
                "date_from": max(
                    fields.Date.add(fields.Date.start_of(today, "month"), months=1),
                    self.date_from + timedelta(days=1),
                ),
                "product_ids": [Command.set(self.product_ids.ids)],
            }
        )
        with deciding():
            version.write({"previous_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": version.id,
            "views": [(False, "form")],
        }

    def action_view_assignments(self):
        """Open who earns by this plan."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who Earns"),
            "res_model": "crm.commission.assignment",
            "views": [(False, "list")],
            "domain": [("plan_id", "=", self.id)],
            "context": {"default_plan_id": self.id},
        }

    # Amounts ---------------------------------------------------------------------------------

    def _get_amount(self, base: float, attainment: float | None = None) -> float:
        """What a period's sum of sales earns by levels or attainment, in the company's currency.

        :param base: the sum of sales of the period, untaxed.
        :param attainment: of the target, 1 for all of it; without a target the lowest level holds.
        """
        self.ensure_one()
        levels = self.level_ids.sorted("start")
        if self.rate_kind == "attainment":
            percent = (attainment or 0) * 100
            # 115 % in binary is a little less.
            reached = levels.filtered(lambda level: float_compare(level.start, percent, 6) <= 0)
            return self.currency_id.round(base * (reached[-1:].rate / 100))
        if base <= 0:
            return self.currency_id.round(base * levels[:1].rate / 100)
        amount = 0.0
        for level, above in zip(levels, [*levels[1:], None], strict=True):
            upto = min(base, above.start) if above else base
            amount += max(upto - level.start, 0.0) * level.rate / 100
        return self.currency_id.round(amount)
