import json
from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, date_utils

from odoo.addons.crm_customer_value.models.account_move_line import COST_GROUP
from odoo.addons.crm_sales_commission.models.crm_sales_target import LENGTHS


class CrmSalesTarget(models.Model):
    """Targets of margin. Who does not see margins sees how much of the target was attained, in
    whole per cent, and no amount of it.
    """

    _inherit = "crm.sales.target"

    measure = fields.Selection(
        selection_add=[("margin", "Margin")],
        ondelete={"margin": "cascade"},
    )
    unit = fields.Selection(selection_add=[("margin", "Margin")])
    target_margin = fields.Monetary("Target (Margin)", groups=COST_GROUP)
    attained_margin = fields.Monetary(
        "Margin",
        compute="_compute_margin",
        compute_sudo=True,
        groups=COST_GROUP,
        help="Invoiced in the period so far without taxes, less what it cost when it was posted.",
    )
    previous_margin = fields.Monetary(
        "Margin of the Period Before",
        compute="_compute_margin",
        compute_sudo=True,
        groups=COST_GROUP,
    )
    revenue_without_cost = fields.Monetary(
        "Revenue of Unknown Cost",
        compute="_compute_margin",
        compute_sudo=True,
        groups=COST_GROUP,
        help="Invoiced in the period, and no part of the margin: nobody knows what it cost.",
    )
    margin_graph = fields.Text(
        compute="_compute_margin",
        compute_sudo=True,
        groups=COST_GROUP,
        export_string_translation=False,
    )
    closed_margin = fields.Monetary(
        "Margin at the Close", readonly=True, copy=False, groups=COST_GROUP
    )

    _target_margin_positive = models.Constraint(
        "CHECK(COALESCE(target_margin, 0) >= 0)", "A target is not negative."
    )

    @api.depends("target_margin")
    def _compute_has_target(self):
        margins = self.filtered(lambda target: target.measure == "margin")
        for target in margins:
            target.has_target = bool(target._get_wanted_amount())
        return super(CrmSalesTarget, self - margins)._compute_has_target()

    def _compute_unit(self):
        margins = self.filtered(lambda target: target.measure == "margin")
        margins.unit = "margin"
        return super(CrmSalesTarget, self - margins)._compute_unit()

    def _get_wanted_amount(self):
        if self.measure != "margin":
            return super()._get_wanted_amount()
        return self.sudo().target_margin  # whether there is one may be known

    @api.model
    def _get_target_fields(self):
        return super()._get_target_fields() | {"target_margin"}

    @api.depends("closed_margin", "target_margin")
    @api.depends_context("uid")
    def _compute_attained(self):
        margins = self.filtered(lambda target: target.measure == "margin")
        sees = self.env.su or self.env.user.has_group(COST_GROUP)
        for target in margins:
            wanted = target._get_wanted_amount()
            margin = target.sudo().attained_margin  # of which others see the part of the target
            attainment = 100.0 * margin / wanted if wanted else 0.0
            target.attained_amount = target.previous_amount = 0.0
            target.attained_count = 0
            target.attainment = attainment if sees else round(attainment)
            target.graph = json.dumps(target._get_graph({}))
        return super(CrmSalesTarget, self - margins)._compute_attained()

    @api.depends(
        "user_id", "team_id", "company_id", "date_from", "period", "measure", "state",
        "closed_margin",
    )  # fmt: skip
    def _compute_margin(self):
        margins = self.filtered(lambda target: target.measure == "margin")
        rows = margins._get_margin_rows()
        for target in self:
            amount = before = unknown = 0.0
            by_week = defaultdict(float)
            for day, margin, without_cost in rows.get(target, ()):
                if day < target.date_from:
                    before += margin
                else:
                    amount += margin
                    unknown += without_cost
                    by_week[date_utils.start_of(day, "week")] += margin
            is_kept = target.state == "closed" and target.measure == "margin"
            target.attained_margin = target.closed_margin if is_kept else amount
            target.previous_margin = before
            target.revenue_without_cost = unknown
            target.margin_graph = json.dumps(target._get_graph(by_week))

    def _get_margin_rows(self) -> dict:
        """Of each target, ``day, margin, revenue of unknown cost`` in its period and the one
        before; one statement for all.
        """
        dated = self.filtered(lambda target: target.date_from and target.period)
        if not dated:
            return {}
        rows = dated._get_margins(
            min(target.date_from - LENGTHS[target.period] for target in dated),
            max(target.date_to for target in dated),
        )
        by_whom = defaultdict(list)
        for company_id, user_id, team_id, day, margin, unknown in rows:
            row = (day, float(margin), float(unknown))
            by_whom["user_id", company_id, user_id].append(row)
            by_whom["team_id", company_id, team_id].append(row)
        result = {}
        for target in dated:
            name = "user_id" if target.user_id else "team_id"
            start = target.date_from - LENGTHS[target.period]
            result[target] = [
                row
                for row in by_whom[name, target.company_id.id, target[name]._origin.id]
                if start <= row[0] <= target.date_to
            ]
        return result

    def _get_margins(self, since, until) -> list[tuple]:
        """``company_id, user_id, team_id, day, margin, revenue of unknown cost`` of what was
        invoiced, untaxed, in company currency; lines whose cost is unknown are in the last only.
        """
        credit = self.env["crm.sales.credit"]
        credit._flush()
        document_ids = [
            move_id
            for [move_id] in self.env.execute_query(
                SQL(
                    """
                    SELECT id FROM account_move
                     WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                       AND state = 'posted'
                       AND company_id = ANY(%s)
                       AND invoice_date BETWEEN %s AND %s
                    """,
                    self.company_id.ids,
                    since,
                    until,
                )
            )
        ]
        if not document_ids:
            return []
        return self.env.execute_query(
            SQL(
                """
                WITH %s
                SELECT sale.company_id, sale.salesperson_id, sale.team_id, sale.invoice_date,
                       COALESCE(SUM(-item.balance - frozen.cost), 0),
                       COALESCE(SUM(-item.balance) FILTER (WHERE frozen.cost IS NULL), 0)
                  FROM sale
                  JOIN account_move_line item
                    ON item.move_id = sale.move_id
                   AND COALESCE(item.opportunity_id, 0) = sale.lead_id
                   AND item.display_type = 'product'
                  LEFT JOIN account_invoice_cost frozen ON frozen.line_id = item.id
                 GROUP BY sale.company_id, sale.salesperson_id, sale.team_id, sale.invoice_date
                """,
                credit._get_relations_sql(document_ids),
            )
        )

    def _get_closing_values(self):
        values = super()._get_closing_values()
        if self.measure == "margin":
            values["closed_margin"] = self.sudo().attained_margin
        return values
