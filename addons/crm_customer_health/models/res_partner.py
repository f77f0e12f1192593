import operator as comparison

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..mixins.crm_customer_figures import HEALTH_GROUP

#: Who changes policies, and notes that somebody objected.
POLICY_GROUPS = "sales_team.group_sale_manager,account.group_account_manager"

COMPARISONS = {
    "<": comparison.lt,
    "<=": comparison.le,
    ">": comparison.gt,
    ">=": comparison.ge,
}


class ResPartner(models.Model):
    """A customer and its contacts show the customer's health in the current company.

    Read with the user's own rights: who may not see the row sees nothing, here and in a search.
    """

    _inherit = "res.partner"

    is_unscored = fields.Boolean(
        "Not Scored",
        groups=POLICY_GROUPS,
        help="The customer objected to being scored: no health status, no score, no rank among the"
        " customers, no value tier. What is open, overdue and paid is shown as the ledger has it.",
    )
    health_id = fields.Many2one(
        "crm.customer.health",
        string="Customer Health",
        compute="_compute_health",
        search="_search_health_id",
        groups=HEALTH_GROUP,
    )
    health_status = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("health_status"),
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("health_status", operator, value),
        groups=HEALTH_GROUP,
        help="How safe the customer's business is, from payments, exposure, trend and purchases.",
    )
    health_reasons = fields.Text(
        "Why",
        compute="_compute_health_reasons",
        groups=HEALTH_GROUP,
        help="What the health status rests on, the weightiest first.",
    )
    health_score = fields.Float(
        digits=(16, 2),
        aggregator="avg",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("health_score", operator, value),
        groups=HEALTH_GROUP,
        help="0 to 100.",
    )
    payment_score = fields.Float(
        digits=(16, 2),
        aggregator="avg",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("payment_score", operator, value),
        groups=HEALTH_GROUP,
        help="1 to 100: 80 is paid on the due date, 50 is 30 days late.",
    )
    overdue_amount = fields.Monetary(
        "Overdue",
        aggregator="sum",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("overdue_amount", operator, value),
        groups=HEALTH_GROUP,
        help="What is open on instalments past their due date; disputed invoices excepted.",
    )
    days_beyond_terms = fields.Float(
        digits=(16, 2),
        aggregator="avg",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health(
            "days_beyond_terms", operator, value
        ),
        groups=HEALTH_GROUP,
        help="Days from due date to payment, weighted by amount.",
    )

    _is_unscored_idx = models.Index("(id) WHERE is_unscored IS TRUE")

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "uid")
    def _compute_health(self):
        health_by_partner = {row.partner_id.id: row for row in self._get_health()}
        for partner in self:
            row = health_by_partner.get(
                partner.commercial_partner_id._origin.id, self.env["crm.customer.health"]
            )
            partner.health_id = row
            partner.health_status = row.health_status
            partner.health_score = row.health_score
            partner.payment_score = row.payment_score
            partner.overdue_amount = row.overdue_amount
            partner.days_beyond_terms = row.days_beyond_terms

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "lang", "uid")
    def _compute_health_reasons(self):
        for partner in self:
            partner.health_reasons = partner.health_id.health_reasons

    def _get_health(self):
        """The health rows of these partners in the current company that the user may see."""
        return self._get_health_of_companies(self.env.company)

    def _get_health_of_companies(self, companies):
        """The health rows of these partners in these companies that the user may see."""
        health = self.env["crm.customer.health"]
        if not health.has_access("read"):
            return health
        return health.search(
            Domain("partner_id", "in", self.commercial_partner_id._origin.ids)
            & Domain("company_id", "in", companies.ids)
        )

    def _search_health_id(self, operator, value):
        if operator == "any":
            return self._get_health_domain(value)
        return self._search_health("id", operator, value)

    def _search_health(self, name, operator, value):
        """Partners by a field of their health row; who has no row counts as empty or zero.

        Record rules of the health rows hold: a filter tells no more than the list would.
        """
        matches_nothing = self._is_nothing_matched(name, operator, value)
        if matches_nothing is None:
            return NotImplemented
        domain = self._get_health_domain(Domain(name, operator, value))
        return domain | ~self._get_health_domain(Domain.TRUE) if matches_nothing else domain

    @api.model
    def _is_nothing_matched(self, name, operator, value) -> bool | None:
        """Whether the condition holds for who has no health row; ``None`` if it is not handled.

        :raise UserError: for a number that is none.
        """
        if operator not in ("in", *COMPARISONS):
            return None
        field = self.env["crm.customer.health"]._fields[name]
        if field.type in ("float", "integer", "monetary"):
            for number in value if operator == "in" else [value]:
                try:
                    float(number or 0)
                except (TypeError, ValueError):
                    raise UserError(
                        self.env._(
                            "%(field)s is a number, %(value)s is none.",
                            field=field._description_string(self.env),
                            value=number,
                        )
                    ) from None
        if operator == "in":
            return not all(value)
        return COMPARISONS[operator](0, float(value or 0))

    def _get_health_domain(self, domain: Domain) -> Domain:
        # The user's own rights, also where somebody searches on with full ones.
        health = (
            self.env["crm.customer.health"]
            .sudo(False)
            ._search(domain & Domain("company_id", "=", self.env.company.id))
        )
        return Domain(
            "commercial_partner_id",
            "in",
            health.subselect(SQL.identifier("crm_customer_health", "partner_id")),
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """Partners are grouped, sorted and summed up by their health as by fields of their own."""
        field = self._fields.get(field_expr)
        if query is None or not field or field.compute != "_compute_health":
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(field, "read")
        health = self.env["crm.customer.health"]
        health_alias = health._join_customers(
            query,
            alias,
            partner=SQL.identifier(alias, "commercial_partner_id"),
            company=SQL("%s", self.env.company.id),
        )
        return health._field_to_sql(
            health_alias, "id" if field_expr == "health_id" else field_expr, query
        )

    def write(self, vals):
        result = super().write(vals)
        if "user_id" in vals:
            self.env["crm.customer.health"]._sweep_conversations(self)
        if "is_unscored" in vals:
            rows = self.env["crm.customer.health"].sudo()  # of all companies
            rows = rows.search([("partner_id", "in", self.ids)])
            self.env["account.receivable.change"]._collect_keys(
                rows._name, {(row.company_id.id, row.partner_id.id) for row in rows}
            )
        return result

    def unlink(self):
        # The database would delete the rows, and leave what people said about the customer.
        self.env["crm.customer.health"].sudo().search([("partner_id", "in", self.ids)]).unlink()
        return super().unlink()

    @api.model
    def _log_on_health(self, company, bodies: dict):
        """Note something on customers' rows, for who may see them.

        :param bodies: by customer. They say no amount: whoever follows the row may get it by mail.
        """
        rows = (
            self.env["crm.customer.health"]
            .sudo()  # who decides something need not see the customer's figures
            .search(
                Domain("company_id", "=", company.id)
                & Domain("partner_id", "in", [customer.id for customer in bodies])
            )
        )
        rows._message_log_batch({row.id: bodies[row.partner_id] for row in rows})

    def action_view_health(self):
        """Open the customer's diagnosis in the current company."""
        self.ensure_one()
        return self.health_id._get_form_action()
