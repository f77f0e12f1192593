from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountReceivableVerificationDifference(models.Model):
    """A figure that is not what the journals say: where it is kept, how much it is off, who wrote
    it and since when.
    """

    _name = "account.receivable.verification.difference"
    _description = "Difference That a Verification Found"
    _order = "id"

    verification_id = fields.Many2one(
        "account.receivable.verification",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    check = fields.Selection(
        lambda self: self.env["account.receivable.verification"]._get_check_selection(),
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("difference", "Difference"),
            ("waiting", "Being Updated"),
            ("failed", "Not Recomputed"),
        ],
        required=True,
        readonly=True,
        help="Being updated: the figure waits to follow a change in accounting, and is no error.",
    )
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record ID", model_field="res_model", required=True, readonly=True
    )
    name = fields.Char("Whose", readonly=True, help="The record where the figure is kept.")
    value = fields.Char("Technical Name of the Figure", readonly=True)
    value_label = fields.Char("Figure", compute="_compute_value_label")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    is_amount = fields.Boolean(readonly=True)
    kept_amount = fields.Monetary("Kept", readonly=True, help="What we keep or show.")
    recomputed_amount = fields.Monetary(
        "Recomputed", readonly=True, help="What the journal items say plainly."
    )
    difference = fields.Monetary(readonly=True, help="Kept less recomputed.")
    kept_text = fields.Char("Kept Value", readonly=True, help="Of what is no amount.")
    recomputed_text = fields.Char("Recomputed Value", readonly=True, help="Of what is no amount.")
    kept_at = fields.Datetime(
        "Since", readonly=True, help="When the figure was written last. Empty: computed when shown."
    )
    kept_by_id = fields.Many2one(
        "res.users",
        "Written By",
        readonly=True,
        ondelete="set null",
        help="Who wrote the record last: a scheduled action, unless somebody else did.",
    )
    failure = fields.Text("Reason", readonly=True, help="Why it could not be recomputed.")

    @api.depends("value", "res_model")
    @api.depends_context("lang")
    def _compute_value_label(self):
        labels = self.env["account.receivable.verification"]._get_value_labels()
        for row in self:
            field = row.res_model in self.env and self.env[row.res_model]._fields.get(row.value)
            row.value_label = (
                field._description_string(self.env) if field else labels.get(row.value, row.value)
            )

    def action_open_record(self):
        """Open where the figure is kept."""
        self.ensure_one()
        self.check_access("read")
        if (
            self.res_model not in self.env
            or not self.env[self.res_model].browse(self.res_id).exists()
        ):
            raise UserError(self.env._("%s is gone.", self.name))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
