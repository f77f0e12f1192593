from odoo import api, fields, models

from odoo.addons.account_receivable_settlement.loose import LooseMany2one

from .layers import Layers
from .refresh import Refresh

#: Layers of what the ledger owes; the others are what will be invoiced.
LEDGER_LAYERS = ("open", "overdue", "disputed", "unmatched")


class CrmRevenueForecast(Layers, Refresh, models.Model):
    """What will be invoiced and collected, each amount in exactly one layer, with its dates.

    Rows are kept by SQL (``refresh.py``): those of all customers when a day begins, those of one
    when its receivables change. Nobody writes here. In company currency.
    """

    _name = "crm.revenue.forecast"
    _inherit = ["crm.customer.figures"]
    _description = "Revenue Forecast"
    _order = "cash_date, id"
    _rec_name = "layer"
    _log_access = False

    company_id = fields.Many2one(index=True)
    partner_id = fields.Many2one(required=False, index="btree_not_null")
    user_id = fields.Many2one(
        "res.users",
        related=None,
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Of a deal or order its own salesperson; of what is owed the customer's.",
    )
    team_id = fields.Many2one("crm.team", related=None, readonly=True, ondelete="set null")
    layer = fields.Selection(
        [
            ("deal", "Open Deal"),
            ("won", "Won, Not Invoiced"),
            ("draft", "Draft Invoice"),
            ("open", "Not Due"),
            ("overdue", "Overdue"),
            ("disputed", "Disputed"),
            ("unmatched", "Money in the House"),
        ],
        required=True,
        readonly=True,
        index=True,
        help="What it is: each amount is in one layer. Money in the house is received or credited"
        " and not matched with invoices yet: negative, so that nothing is taken off twice.",
    )
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    move_id = LooseMany2one(
        "account.move",
        string="Document",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    line_id = LooseMany2one(
        "account.move.line",
        string="Instalment",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    categ_id = fields.Many2one(
        "product.category",
        "Product Category",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Of an order line that of its product; of invoices that of all their lines. Empty"
        " where an invoice has several, and of deals.",
    )
    probability = fields.Float(aggregator="avg", readonly=True)
    amount = fields.Monetary(
        readonly=True,
        help="What is expected to be paid, in company currency. With taxes where they are known:"
        " of deals they are not.",
    )
    amount_untaxed = fields.Monetary(
        "Untaxed",
        readonly=True,
        help="What will be invoiced without taxes; of what is owed the amount itself.",
    )
    weighted_amount = fields.Monetary(
        "Weighted", readonly=True, help="Amount x probability; only open deals are uncertain."
    )
    invoice_date = fields.Date(
        "Invoiced On",
        readonly=True,
        help="The invoice date; before there is an invoice the day on which it is expected.",
    )
    is_late_to_invoice = fields.Boolean(
        "Late to Invoice",
        readonly=True,
        help="It was to be invoiced before today: money left lying.",
    )
    due_date = fields.Date(readonly=True)
    cash_date = fields.Date(
        "Money Expected",
        readonly=True,
        index=True,
        help="The day by which the money is as likely as not to have come. Empty where nothing says"
        " when it comes.",
    )
    low_date = fields.Date("Not Before", readonly=True, help="One in ten is paid up to this day.")
    high_date = fields.Date("Not After", readonly=True, help="Nine in ten are paid up to this day.")

    @api.depends("partner_id", "layer")
    def _compute_display_name(self):
        labels = dict(self._fields["layer"]._description_selection(self.env))
        for row in self:
            row_sudo = row.sudo()  # names of what the row is about, which the user may see
            names = [row_sudo.lead_id.name, row_sudo.partner_id.name, labels[row.layer]]
            row.display_name = next(name for name in names if name)

    @api.readonly
    def web_read(self, specification):
        """Rows whose document was deleted since they were written are left out."""
        standing = self
        for name in self._get_loose_names():
            found = self[name].sudo().exists()
            standing = standing.filtered(lambda row, name=name, found=found: row[name] <= found)
        return super(CrmRevenueForecast, standing).web_read(specification)

    @api.model
    def _get_loose_names(self) -> list[str]:
        """Hook: fields that may point to what was deleted since."""
        return ["move_id", "line_id"]

    def action_open_document(self):
        """Open the document or deal that the row is about, or else the customer, as far as the
        user may.
        """
        self.ensure_one()
        self.check_access("read")
        for record in self._get_documents():
            if record.exists() and record.has_access("read"):
                return {
                    "type": "ir.actions.act_window",
                    "res_model": record._name,
                    "res_id": record.id,
                    "views": [(False, "form")],
                }
        return False

    def _get_documents(self) -> list:
        """Hook: records that the row is about, that which it is first of all about first."""
        return [self.move_id, self.lead_id, self.partner_id]
