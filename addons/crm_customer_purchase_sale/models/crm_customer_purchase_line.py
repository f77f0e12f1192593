from odoo import api, models
from odoo.tools import SQL


class CrmCustomerPurchaseLine(models.AbstractModel):
    """Down payments and discounts of orders are invoiced as lines with a product."""

    _inherit = "crm.customer.purchase.line"

    def _get_is_in_mix_sql(self) -> SQL:
        return SQL(
            "(%s AND line.is_downpayment IS NOT TRUE AND NOT EXISTS ("
            "SELECT FROM res_company own WHERE own.sale_discount_product_id = line.product_id))",
            super()._get_is_in_mix_sql(),
        )

    @api.model
    def _is_in_mix(self, line) -> bool:
        companies = self.env["res.company"].with_context(active_test=False)
        return (
            super()._is_in_mix(line)
            and not line.is_downpayment
            and not companies.search_count(
                [("sale_discount_product_id", "=", line.product_id.id)], limit=1
            )
        )

    def _flush_sources(self):
        result = super()._flush_sources()
        self.env["account.move.line"].flush_model(["is_downpayment"])
        self.env["res.company"].flush_model(["sale_discount_product_id"])
        return result
