from odoo import api, fields, models
from odoo.tools import SQL

#: Programs that are money of the customer, no reason to buy.
_MONEY = ("ewallet", "gift_card")


class CrmSalesPromotion(models.Model):
    """What customers are offered: the names, dates and rewards of programs, without their coupons,
    codes and customers, for salespeople may not open the programs themselves.
    """

    _name = "crm.sales.promotion"
    _description = "Promotion"
    _auto = False
    _order = "date_to, name, id"
    _depends = {
        "loyalty.program": [
            "active",
            "company_id",
            "date_from",
            "date_to",
            "name",
            "program_type",
        ],
    }

    name = fields.Char("Promotion", readonly=True, translate=True)
    program_type = fields.Selection(
        lambda self: self.env["loyalty.program"]._fields["program_type"].selection,
        "Type",
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True)
    date_from = fields.Date("From", readonly=True)
    date_to = fields.Date("To", readonly=True)
    reward = fields.Char(
        compute="_compute_reward", help="What the customer gets, one of it where there are several."
    )

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT program.id, program.name, program.program_type, program.company_id,
                   program.date_from, program.date_to
              FROM loyalty_program program
             WHERE %s
            """,
            self._get_is_offered_sql(),
        )

    @api.model
    def _get_is_offered_sql(self) -> SQL:
        """Hook: which programs salespeople offer: not those of the point of sale only."""
        conditions = [
            SQL("program.active"),
            SQL("program.program_type != ALL(%s)", list(_MONEY)),
        ]
        if "sale_ok" in self.env["loyalty.program"]._fields:
            conditions.append(SQL("program.sale_ok"))
        return SQL(" AND ").join(conditions)

    @api.depends_context("lang")
    def _compute_reward(self):
        # What the programs give is for whoever offers them; of them only that is said.
        for promotion, program in zip(
            self, self.env["loyalty.program"].sudo().browse(self.ids), strict=True
        ):
            promotion.reward = ", ".join(filter(None, program.reward_ids.mapped("description")))
