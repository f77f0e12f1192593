from odoo import api, fields, models
from odoo.tools import SQL


class CrmServiceCapacity(models.Model):
    """People and means that serve customers: time-driven activity-based costing.

    A minute costs the cost of the capacity / its practical minutes. What the counted work takes of
    it is used, the rest is there and not used.
    """

    _name = "crm.service.capacity"
    _description = "Capacity to Serve Customers"
    _order = "date_from desc, name, id"

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True)
    cost = fields.Monetary(
        required=True, help="What the people and their means cost in these days, all together."
    )
    practical_minutes = fields.Float(
        required=True,
        digits=(16, 2),
        help="Minutes in which work can be done in these days: without breaks, holidays, training.",
    )
    minute_rate = fields.Float(
        "Cost of a Minute",
        digits=(16, 6),
        compute="_compute_minute_rate",
        help="Cost / practical minutes, in the company's currency.",
    )
    used_amount = fields.Monetary(
        "Used", compute="_compute_used", help="What the counted work took of the cost."
    )
    unused_amount = fields.Monetary(
        "Unused", compute="_compute_used", help="What is left of the cost: capacity without work."
    )

    _period = models.Constraint("CHECK(date_from <= date_to)", "The days end before they begin.")
    _minutes = models.Constraint(
        "CHECK(practical_minutes > 0)", "A capacity has more than 0 practical minutes."
    )

    @api.depends("cost", "practical_minutes")
    def _compute_minute_rate(self):
        for capacity in self:
            capacity.minute_rate = (
                capacity.cost / capacity.practical_minutes if capacity.practical_minutes else 0.0
            )

    @api.depends("cost", "practical_minutes")
    def _compute_used(self):
        used = {}
        if self.ids:
            self.env["crm.customer.service"].flush_model()
            used = dict(
                self.env.execute_query(
                    SQL(
                        """
                        SELECT rate.capacity_id, SUM(service.amount)
                          FROM crm_customer_service service
                          JOIN crm_service_rate rate ON rate.id = service.rate_id
                         WHERE rate.capacity_id = ANY(%s)
                         GROUP BY rate.capacity_id
                        """,
                        self.ids,
                    )
                )
            )
        for capacity in self:
            capacity.used_amount = float(used.get(capacity._origin.id) or 0.0)
            capacity.unused_amount = capacity.cost - capacity.used_amount

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("cost", "practical_minutes")):
            self.env["crm.service.rate"].search([("capacity_id", "in", self.ids)])._count_anew()
        return result
