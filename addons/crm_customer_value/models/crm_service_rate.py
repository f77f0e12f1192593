import itertools

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import formatLang


class CrmServiceRate(models.Model):
    """What one unit of a driver costs in some days: typed, or from a capacity."""

    _name = "crm.service.rate"
    _description = "Cost of a Unit of Service"
    _order = "driver_id, date_from desc, id"

    driver_id = fields.Many2one("crm.service.driver", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="driver_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", help="Empty: until further notice.")
    capacity_id = fields.Many2one(
        "crm.service.capacity",
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        help="Whose time it takes. Empty: the cost of a unit is typed.",
    )
    minutes = fields.Float(
        "Minutes a Unit", digits=(16, 2), help="Minutes of the capacity that one unit takes."
    )
    unit_cost = fields.Float(
        "Cost of a Unit",
        digits=(16, 4),
        help="In the company's currency; for late money the yearly rate, in percent.",
    )
    unit_amount = fields.Float(
        "Counts As",
        digits=(16, 6),
        compute="_compute_unit_amount",
        help="What one unit costs: typed, or minutes x the cost of a minute.",
    )

    _period = models.Constraint(
        "CHECK(date_to IS NULL OR date_from <= date_to)", "The days end before they begin."
    )
    _positive = models.Constraint(
        "CHECK(COALESCE(unit_cost, 0) >= 0 AND COALESCE(minutes, 0) >= 0)",
        "A unit takes no negative time or money.",
    )

    @api.depends("capacity_id.minute_rate", "minutes", "unit_cost")
    def _compute_unit_amount(self):
        for rate in self:
            capacity = rate.capacity_id
            rate.unit_amount = rate.minutes * capacity.minute_rate if capacity else rate.unit_cost

    def _is_of_day(self, day) -> bool:
        return bool(
            self.date_from and self.date_from <= day and (not self.date_to or day <= self.date_to)
        )

    def _format(self) -> str:
        """What a unit costs, in the company's currency; of late money the yearly rate."""
        self.ensure_one()
        if self.driver_id.kind == "late_money":
            return self.env._(
                "%(rate)s %% a year", rate=formatLang(self.env, self.unit_amount, digits=1)
            )
        return self.currency_id.format(self.unit_amount)

    @api.constrains("driver_id", "date_from", "date_to")
    def _check_overlap(self):
        for driver in self.driver_id:
            rates = driver.rate_ids.sorted("date_from")
            for before, after in itertools.pairwise(rates):
                if not before.date_to or before.date_to >= after.date_from:
                    raise ValidationError(
                        self.env._(
                            "Two rates of %(driver)s hold on the same day.",
                            driver=driver.display_name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        rates._count_anew()
        return rates

    def write(self, vals):
        self._count_anew()
        result = super().write(vals)
        self._count_anew()
        return result

    def unlink(self):
        self._count_anew()
        return super().unlink()

    def _count_anew(self):
        """What was counted by another rate is counted again, all of it."""
        self.driver_id.is_counted = False
