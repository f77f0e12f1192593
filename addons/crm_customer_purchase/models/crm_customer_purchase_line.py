from odoo import api, models
from odoo.tools import SQL


class CrmCustomerPurchaseLine(models.AbstractModel):
    """Lines of posted customer invoices, receipts and credit notes that say what was bought."""

    _name = "crm.customer.purchase.line"
    _description = "Lines of Purchases"

    def _get_line_sql(
        self, scope, until: SQL, since: SQL | None = None, join: SQL | None = None
    ) -> SQL:
        """One row per invoice line with a product that belongs to the customer's mix.

        Columns: ``line_id``, ``company_id``, ``partner_id`` (commercial, as of now),
        ``product_id``, ``categ_id``, ``invoice_date``, ``is_purchase``, ``quantity`` (in the
        product's own unit),
        ``amount`` (untaxed, company currency at the document's rate). Credit notes and returns are
        negative.

        :param scope: whose: companies, customers, and the day of which it is asked
        :param until: SQL of the last invoice date that counts
        :param since: SQL of the day after which an invoice date counts
        :param join: SQL of a join with ``line`` that ``until`` and ``since`` may name
        """
        receivable = self.env["account.receivable"]
        return SQL(
            """
            SELECT line.id AS line_id, line.company_id,
                   partner.commercial_partner_id AS partner_id, line.product_id,
                   template.categ_id, move.invoice_date,
                   move.move_type != 'out_refund' AND line.quantity > 0 AS is_purchase,
                   CASE WHEN move.move_type = 'out_refund' THEN -line.quantity ELSE line.quantity
                   END * COALESCE(unit.factor / NULLIF(own_unit.factor, 0), 1) AS quantity,
                   -line.balance AS amount
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN res_partner partner ON partner.id = line.partner_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              LEFT JOIN uom_uom unit ON unit.id = line.product_uom_id
              LEFT JOIN uom_uom own_unit ON own_unit.id = template.uom_id
              %(join)s
             WHERE line.display_type = 'product'
               AND %(is_document)s
               AND %(is_in_mix)s
               AND %(companies)s
               AND %(partners)s
               AND move.invoice_date <= %(until)s
               AND %(since)s
               AND %(known)s
            """,
            is_document=self.env["account.receivable.document"]._get_is_document_sql("move"),
            is_in_mix=self._get_is_in_mix_sql(),
            companies=receivable._get_company_sql(SQL("move.company_id"), scope),
            partners=receivable._get_partner_sql(SQL("line.partner_id"), scope),
            until=until,
            join=join or SQL(""),
            since=SQL("move.invoice_date > %s", since) if since else SQL("TRUE"),
            known=SQL("move.date <= %s", scope.as_of) if scope.as_of else SQL("TRUE"),
        )

    def _get_is_in_mix_sql(self) -> SQL:
        """Hook: whether ``line`` of ``template`` says what the customer buys.

        Down payments, discounts as lines, roundings, delivery charges and tips do not: they count
        in the revenue only.
        """
        return SQL("template.is_left_out_of_mix IS NOT TRUE")

    @api.model
    def _is_in_mix(self, line) -> bool:
        """Hook: the same plainly, of one journal item."""
        return not line.product_id.is_left_out_of_mix

    def _flush_sources(self):
        """What the lines are read from is in the database."""
        self.env["account.receivable"]._flush()
        for model, names in (
            ("account.move", ["invoice_date", "move_type", "state", "date"]),
            (
                "account.move.line",
                ["product_id", "product_uom_id", "quantity", "balance", "display_type"],
            ),
            ("product.product", ["product_tmpl_id"]),
            ("product.template", ["categ_id", "uom_id", "is_left_out_of_mix"]),
            ("uom.uom", ["factor"]),
            ("res.partner", ["commercial_partner_id"]),
        ):
            self.env[model].flush_model(names)
