import json

from odoo import api
from odoo.tools import format_date

#: How many month ends the small charts of a customer show.
TREND_MONTHS = 12


class Trend:
    """How a customer developed: the month ends that are kept, as small charts."""

    __slots__ = ()

    def _compute_graphs(self):
        snapshots = self.env["crm.customer.health.snapshot"].search(
            [("company_id", "in", self.company_id.ids), ("partner_id", "in", self.partner_id.ids)],
            order="date",
        )
        by_customer = snapshots.grouped(lambda row: (row.company_id, row.partner_id))
        for health in self:
            rows = by_customer.get((health.company_id, health.partner_id), snapshots.browse())
            health.snapshot_count = len(rows)
            rows = rows[-TREND_MONTHS:]
            health.score_graph = health._get_graph(
                "health_score", rows.filtered(lambda row: row.health_status != "unknown")
            )
            health.overdue_graph = health._get_graph("overdue_amount", rows)

    @api.model
    def _get_graph(self, field_name: str, rows) -> str:
        """Data of the widget ``dashboard_graph``, as a line and as bars."""
        values = []
        for row in rows:
            label = format_date(self.env, row.date, date_format="MMM yyyy")
            value = row[field_name]
            values.append({"x": label, "y": value, "label": label, "value": value, "type": "past"})
        title = self._fields[field_name]._description_string(self.env)
        return json.dumps([{"values": values, "key": title, "title": title, "area": True}])

    def action_view_snapshots(self):
        """The month ends of these customers."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_customer_health.crm_customer_health_snapshot_action"
        )
        score_view = self.env.ref(
            "crm_customer_health.crm_customer_health_snapshot_view_graph_score"
        )
        return action | {
            "views": [(score_view.id, "graph"), (False, "pivot"), (False, "list")],
            "domain": [
                ("company_id", "in", self.company_id.ids),
                ("partner_id", "in", self.partner_id.ids),
            ],
            # A line of scores has no point where there was none.
            "context": {"search_default_scored": 1},
        }
