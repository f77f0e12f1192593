from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crm_accounting_bridge.models.billing_status import BILLING_GROUPS


class CrmLead(models.Model):
    """A deal's quotations and orders: what its billing status asks of them, and how much of what
    was ordered is delivered and invoiced.
    """

    _inherit = "crm.lead"

    ordered_total = fields.Monetary(
        "Ordered (Untaxed)",
        compute="_compute_order_progress",
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Confirmed orders without taxes and down payments.",
    )
    delivered_rate = fields.Float(
        "Delivered",
        digits=(16, 4),
        compute="_compute_order_progress",
        groups=BILLING_GROUPS,
        help="Which share of the confirmed orders is delivered, by untaxed value.",
    )
    invoiced_rate = fields.Float(
        "Invoiced (Share)",
        digits=(16, 4),
        compute="_compute_order_progress",
        groups=BILLING_GROUPS,
        help="Which share of the confirmed orders is on invoices, drafts included as on the order"
        " lines, by untaxed value.",
    )

    @api.depends(
        "billing_currency_id",
        "order_ids.state",
        "order_ids.order_line.price_subtotal",
        "order_ids.order_line.product_uom_qty",
        "order_ids.order_line.qty_delivered",
        "order_ids.order_line.qty_invoiced",
    )
    def _compute_order_progress(self):
        """By one statement for all deals.

        What lowers the price, discounts and returned goods, counts in the total, but is nothing
        that is delivered: shares leave it out. More than was ordered is not more than everything.
        """
        sums = self._get_order_progress()
        for lead in self:
            progress = sums.get(lead._origin.id, {})
            goods = progress.get("goods")
            lead.ordered_total = progress.get("ordered", 0.0)
            lead.delivered_rate = progress["delivered"] / goods if goods else 0.0
            lead.invoiced_rate = progress["invoiced"] / goods if goods else 0.0

    @api.model
    def _get_receivable_keys_sql(self, changed):
        """Also the deals of the orders, for finance may have given an order's invoice to another; a
        reversed invoice invoices its order no more.
        """
        return SQL(
            """
            %s
             UNION
            SELECT 0, sale.opportunity_id
              FROM %s
              JOIN account_move move ON move.id = changed.move_id
              JOIN account_move_line line ON line.move_id IN (move.id, move.reversed_entry_id)
              JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
              JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
              JOIN sale_order sale ON sale.id = order_line.order_id
             WHERE sale.opportunity_id IS NOT NULL
            """,
            super()._get_receivable_keys_sql(changed),
            changed,
        )

    @api.model
    def _get_billable_sql(self):
        return SQL(
            """
            (%s OR EXISTS (SELECT FROM sale_order sale WHERE sale.opportunity_id = lead.id))
            """,
            super()._get_billable_sql(),
        )

    def _get_order_status(self) -> dict[int, tuple[str, bool]]:
        """``(none | quoted | ordered, has something to invoice)`` by deal id.

        ``quoted``: a quotation was sent (a draft is nothing), ``ordered``: an order is confirmed.
        An order from the web shop is an order like any other. What counts as a quotation and as an
        order of a deal is what Odoo's own counters on the deal say.

        Something is to be invoiced when an order has a rest, see :meth:`_get_order_rest_sql`.

        One statement for all deals; it sees all orders, also those that a salesperson may not.
        """
        status_by_lead = super()._get_order_status()
        if not self.ids:
            return status_by_lead
        for model, field_names in self._get_order_status_fields().items():
            self.env[model].flush_model(field_names)
        for row in self.env.execute_query_dict(self._get_order_status_sql()):
            status_by_lead[row["lead_id"]] = (
                "ordered" if row["is_ordered"] else "quoted",
                row["has_uninvoiced"],
            )
        return status_by_lead

    @api.model
    def _get_order_status_fields(self) -> dict[str, tuple[str, ...]]:
        """The fields that the statement of order statuses reads, by model."""
        fields_by_model = {
            "account.move": ("amount_total", "move_type", "reversed_entry_id", "state"),
            "account.move.line": (
                "balance",
                "currency_id",
                "price_subtotal",
                "product_uom_id",
                "quantity",
                "sale_line_ids",
            ),
            "sale.order": ("currency_id", "currency_rate", "opportunity_id", "state"),
            "sale.order.line": (
                "discount",
                "display_type",
                "invoice_status",
                "is_downpayment",
                "price_subtotal",
                "price_unit",
                "product_id",
                "product_uom_id",
                "product_uom_qty",
                "qty_delivered",
                "qty_invoiced",
                "qty_to_invoice",
            ),
            "uom.uom": ("factor",),
        }
        if self._has_inventory():
            fields_by_model["stock.move"] = (
                "location_id",
                "product_id",
                "product_uom",
                "quantity",
                "sale_line_id",
                "state",
                "to_refund",
            )
        return fields_by_model

    @api.model
    def _has_inventory(self) -> bool:
        """Are orders delivered by Inventory? This addon does without it, but asks it if it may."""
        return "stock.move" in self.env and "sale_line_id" in self.env["stock.move"]._fields

    def _get_order_status_sql(self) -> SQL:
        """Per deal: is something ordered, and is something of it to be invoiced?"""
        return SQL(
            """
            SELECT document.lead_id,
                   BOOL_OR(document.is_ordered) AS is_ordered,
                   BOOL_OR(document.has_rest) AS has_uninvoiced
              FROM (
                SELECT sale.opportunity_id AS lead_id, TRUE AS is_ordered,
                       COALESCE(rest.amount * 2 >= currency.rounding, FALSE) AS has_rest
                  FROM sale_order sale
                  JOIN res_currency currency ON currency.id = sale.currency_id
                 CROSS JOIN LATERAL (%(rest)s) rest
                 WHERE sale.id IN %(orders)s
                 UNION ALL
                SELECT sale.opportunity_id, FALSE, FALSE
                  FROM sale_order sale
                 WHERE sale.id IN %(quotations)s
                   ) document
             GROUP BY document.lead_id
            """,
            rest=self._get_order_rest_sql(),
            orders=self._get_order_ids_sql(self._get_lead_sale_order_domain()),
            quotations=self._get_order_ids_sql(self._get_lead_sent_quotation_domain()),
        )

    def _get_lead_sent_quotation_domain(self) -> Domain:
        """Quotations that count for a deal: of those that Odoo counts, the ones that were sent."""
        return Domain(self._get_lead_quotation_domain()) & Domain("state", "!=", "draft")

    def _get_order_ids_sql(self, domain) -> SQL:
        """The deals' orders in this domain, also those that a salesperson may not see."""
        orders = Domain("opportunity_id", "in", self.ids) & Domain(domain)
        return self.env["sale.order"].sudo()._search(orders, active_test=False).subselect()

    @api.model
    def _get_order_rest_sql(self) -> SQL:
        """What is still to be invoiced of the order ``sale``, untaxed, in its currency.

        This is the one place that says when an order is invoiced. Only posted documents count: a
        draft has invoiced nothing yet. A document invoices a line or takes back, whatever its
        type: a final invoice whose deducted down payment exceeds the part delivered becomes a
        credit note and yet invoices that part; one that bills new goods less returned ones is an
        invoice and yet credits these. Per line, in its unit, the rest is the larger of

        - what was ordered and never invoiced, delivered or not: the deal is not finished. What was
          invoiced and credited later is not missing here, for goods came back or became cheaper;
        - what the customer has and is not invoiced after credit notes: goods that came back, were
          credited and were delivered again. What the customer has is what was delivered, or what
          was ordered if that is less and the product is invoiced as ordered.

        The order's rest is worth their sum, at the order's prices (discounts and goods to be
        taken back are negative), less the down payments invoiced and not deducted yet: when they
        cover the rest, the final invoice asks for no more money.

        - A line that was closed short waits for nothing that was never delivered: it is invoiced as
          delivered and all its deliveries are done or cancelled, or Odoo calls it invoiced with
          less than ordered.
        - A credit note takes back goods only as far as these came back, where Inventory knows, and
          none at less than half of the invoiced price: else it lowers the price.
        - An invoice that credit notes reversed as a whole never was, nor were these.
        - Lines without a price and what is invoiced beyond the order are no rest; a locked order
          is no closed order.
        """
        return SQL("SELECT SUM(amount) AS amount FROM (%s) part", self._get_order_line_rest_sql())

    @api.model
    def _get_order_line_rest_sql(self) -> SQL:
        """The parts that :meth:`_get_order_rest_sql` sums up: of each line (``line_id``) of the
        order ``sale`` the ``amount`` still to be invoiced, and less what down payments invoiced.
        """
        return SQL(
            """
            SELECT line.id AS line_id,
                   CASE WHEN line.is_downpayment THEN -posted.amount
                        ELSE rest.quantity * ordered.sign * ordered.price END AS amount
              FROM sale_order_line line
             CROSS JOIN LATERAL (
                -- Goods to be taken back: all quantities are read with the opposite sign.
                SELECT CASE WHEN line.product_uom_qty < 0 THEN -1 ELSE 1 END AS sign,
                       CASE WHEN line.product_uom_qty = 0
                            THEN line.price_unit * (1 - COALESCE(line.discount, 0) / 100)
                            ELSE line.price_subtotal / line.product_uom_qty END AS price,
                       -- What Odoo wants on invoices by now: it knows how the product is invoiced.
                       line.qty_invoiced + line.qty_to_invoice AS wanted
                   ) ordered
             CROSS JOIN LATERAL (%(posted)s) posted
             CROSS JOIN LATERAL (%(inventory)s) inventory
             CROSS JOIN LATERAL (
                SELECT LEAST(line.qty_delivered * ordered.sign, ordered.wanted * ordered.sign)
                           AS quantity,
                       line.product_uom_qty > 0 AND (
                           line.invoice_status = 'invoiced'
                           AND line.qty_invoiced < line.product_uom_qty
                           OR inventory.is_finished IS TRUE
                           AND ABS(ordered.wanted - line.qty_delivered)
                               <= ABS(ordered.wanted - line.product_uom_qty)
                       ) AS is_closed_short
                   ) delivered
             CROSS JOIN LATERAL (
                SELECT ROUND(GREATEST(
                    CASE WHEN delivered.is_closed_short IS NOT TRUE
                         THEN line.product_uom_qty * ordered.sign - posted.invoiced END,
                    delivered.quantity - posted.invoiced
                        + LEAST(posted.credited, inventory.returned),
                    0), %(digits)s) AS quantity
                   ) rest
             WHERE line.order_id = sale.id
               AND line.display_type IS NULL
            """,
            posted=self._get_order_line_posted_sql(),
            inventory=self._get_order_line_inventory_sql(),
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
        )

    @api.model
    def _get_order_line_posted_sql(self) -> SQL:
        """What posted documents say of the order line ``line``.

        ``invoiced`` and ``credited``: quantities in the line's unit, both positive, see
        :meth:`_get_order_rest_sql`; ``amount``: net, in the order's currency.
        """
        return SQL(
            """
            SELECT COALESCE(SUM(item.quantity) FILTER (WHERE item.quantity > 0), 0) AS invoiced,
                   COALESCE(-SUM(item.quantity) FILTER (
                       WHERE item.quantity < 0
                         AND ABS(item.amount) * 2 >= ABS(item.quantity * item.invoiced_price)
                   ), 0) AS credited,
                   COALESCE(SUM(item.amount), 0) AS amount
              FROM (
                SELECT quantity.value AS quantity, amount.value AS amount,
                       SUM(amount.value) FILTER (WHERE quantity.value > 0) OVER ()
                           / SUM(quantity.value) FILTER (WHERE quantity.value > 0) OVER ()
                           AS invoiced_price
                  FROM sale_order_line_invoice_rel rel
                  JOIN account_move_line aml ON aml.id = rel.invoice_line_id
                  JOIN account_move move ON move.id = aml.move_id
                                        AND move.state = 'posted'
                                        AND move.move_type IN ('out_invoice', 'out_refund')
                  LEFT JOIN account_move invoice
                    ON invoice.id = CASE WHEN move.move_type = 'out_refund'
                                         THEN move.reversed_entry_id ELSE move.id END
                   AND invoice.state = 'posted'
                   AND invoice.move_type = 'out_invoice'
                  LEFT JOIN uom_uom unit ON unit.id = aml.product_uom_id
                  LEFT JOIN uom_uom line_unit ON line_unit.id = line.product_uom_id
                 CROSS JOIN LATERAL (
                    SELECT CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END AS value
                       ) sign
                 CROSS JOIN LATERAL (
                    SELECT aml.quantity * sign.value * ordered.sign
                           * COALESCE(unit.factor / line_unit.factor, 1) AS value
                       ) quantity
                 CROSS JOIN LATERAL (
                    SELECT CASE WHEN aml.currency_id = sale.currency_id
                                THEN aml.price_subtotal * sign.value
                                ELSE -aml.balance * COALESCE(NULLIF(sale.currency_rate, 0), 1)
                           END AS value
                       ) amount
                 WHERE rel.order_line_id = line.id
                   AND COALESCE((
                    SELECT SUM(refund.amount_total)
                      FROM account_move refund
                     WHERE refund.reversed_entry_id = invoice.id
                       AND refund.move_type = 'out_refund'
                       AND refund.state = 'posted'
                       ) < invoice.amount_total, TRUE)
                   ) item
            """
        )

    @api.model
    def _get_order_line_inventory_sql(self) -> SQL:
        """What Inventory says of the order line ``line``; NULL where it says nothing.

        ``returned``: how much came back, in the line's unit (not known of kits, whose parts move);
        ``is_finished``: something was delivered or returned, and nothing is on its way.
        """
        if not self._has_inventory():
            return SQL("SELECT NULL::numeric AS returned, NULL::boolean AS is_finished")
        return SQL(
            """
            SELECT CASE WHEN BOOL_OR(product.is_own AND stock.state = 'done')
                        THEN COALESCE(SUM(stock.quantity
                                          * COALESCE(unit.factor / line_unit.factor, 1))
                                      FILTER (WHERE product.is_own AND stock.state = 'done'
                                                AND stock.to_refund
                                                AND source.usage = 'customer'), 0)
                   END AS returned,
                   BOOL_AND(stock.state IN ('done', 'cancel')) AND BOOL_OR(stock.state = 'done')
                       AS is_finished
              FROM stock_move stock
              JOIN stock_location source ON source.id = stock.location_id
              LEFT JOIN uom_uom unit ON unit.id = stock.product_uom
              LEFT JOIN uom_uom line_unit ON line_unit.id = line.product_uom_id
             CROSS JOIN LATERAL (
                SELECT stock.product_id = line.product_id AS is_own
                   ) product
             WHERE stock.sale_line_id = line.id
            """
        )

    def _get_order_progress(self) -> dict[int, dict[str, float]]:
        """Untaxed sums by deal id, in the currency of the deal's billing figures: ``ordered`` in
        all, ``goods`` of which ``delivered`` and ``invoiced``.

        It sees all orders, also those that a salesperson may not: only sums leave this method.
        """
        if not self.ids:
            return {}
        for model, field_names in {
            "sale.order": ("company_id", "currency_rate", "date_order", "opportunity_id", "state"),
            "sale.order.line": (
                "display_type",
                "is_downpayment",
                "price_subtotal",
                "product_uom_qty",
                "qty_delivered",
                "qty_invoiced",
            ),
            "crm.lead": ("billing_currency_id",),
        }.items():
            self.env[model].flush_model(field_names)
        sums_by_lead = defaultdict(lambda: defaultdict(float))
        for row in self.env.execute_query_dict(self._get_order_progress_sql()):
            company = self.env["res.company"].browse(row["company_id"])
            lead_currency = self.env["res.currency"].browse(row["lead_currency_id"])
            rate = 1.0
            if row["date"]:  # the order's company has another currency
                rate = company.sudo().currency_id._get_conversion_rate(
                    company.sudo().currency_id, lead_currency, company, row["date"]
                )
            for name in ("ordered", "goods", "delivered", "invoiced"):
                sums_by_lead[row["lead_id"]][name] += row[name] * rate
        return sums_by_lead

    def _get_order_progress_sql(self) -> SQL:
        """Sums in the currency of the orders' company; by day where that is not the deal's."""
        return SQL(
            """
            SELECT sale.opportunity_id AS lead_id, sale.company_id,
                   lead.billing_currency_id AS lead_currency_id, other_currency.date,
                   SUM(line.price_subtotal / rate.value)::float AS ordered,
                   SUM(goods.value / rate.value)::float AS goods,
                   SUM(goods.value / rate.value * goods.delivered)::float AS delivered,
                   SUM(goods.value / rate.value * goods.invoiced)::float AS invoiced
              FROM sale_order sale
              JOIN crm_lead lead ON lead.id = sale.opportunity_id
              JOIN res_company company ON company.id = sale.company_id
              JOIN sale_order_line line ON line.order_id = sale.id
                                       AND line.display_type IS NULL
                                       AND line.is_downpayment IS NOT TRUE
             CROSS JOIN LATERAL (
                SELECT COALESCE(NULLIF(sale.currency_rate, 0), 1)::numeric AS value
                   ) rate
             CROSS JOIN LATERAL (
                SELECT CASE WHEN company.currency_id != lead.billing_currency_id
                            THEN sale.date_order::date END AS date
                   ) other_currency
             CROSS JOIN LATERAL (
                SELECT GREATEST(line.price_subtotal, 0) AS value,
                       LEAST(GREATEST(line.qty_delivered / NULLIF(line.product_uom_qty, 0), 0), 1)
                           AS delivered,
                       LEAST(GREATEST(line.qty_invoiced / NULLIF(line.product_uom_qty, 0), 0), 1)
                           AS invoiced
                   ) goods
             WHERE sale.id IN %s
             GROUP BY sale.opportunity_id, sale.company_id, lead.billing_currency_id,
                      other_currency.date
            """,
            self._get_order_ids_sql(self._get_lead_sale_order_domain()),
        )

    def _merge_dependences(self, opportunities):
        # A salesperson who merges deals may not see a colleague's orders: they would be left
        # without a deal. Searched, for the field remembers what the salesperson sees of it.
        orders_sudo = (
            self.env["sale.order"]
            .sudo()
            .search([("opportunity_id", "in", opportunities._filter_billable().ids)])
        )
        if orders_sudo:
            orders_sudo.opportunity_id = self
        return super()._merge_dependences(opportunities)
