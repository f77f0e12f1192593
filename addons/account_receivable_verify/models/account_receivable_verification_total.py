from odoo import api, fields, models


class AccountReceivableVerificationTotal(models.Model):
    """A sum of ours against the general ledger.

    Ledger, less what of it is not ours, part by part, is ours: the difference is 0.00.
    """

    _name = "account.receivable.verification.total"
    _description = "Sum of a Verification Against the Ledger"
    _order = "id"
    _rec_name = "value"

    verification_id = fields.Many2one(
        "account.receivable.verification",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    check = fields.Selection(
        lambda self: self.env["account.receivable.verification"]._get_check_selection(),
        required=True,
        readonly=True,
    )
    value = fields.Char("Technical Name of the Sum", required=True, readonly=True)
    label = fields.Char("Sum", compute="_compute_label")
    account_id = fields.Many2one(
        "account.account",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty: of all accounts on which customers' claims stand.",
    )
    ledger_amount = fields.Monetary(
        "Ledger", readonly=True, help="Balance of the posted journal items."
    )
    partnerless_amount = fields.Monetary(
        "Without Customer", readonly=True, help="Open on journal items that name no customer."
    )
    revaluation_amount = fields.Monetary(
        "Valued Anew",
        readonly=True,
        help="What rates made of claims in other currencies: nobody owes it.",
    )
    entryless_amount = fields.Monetary(
        "Paid, Not in the Books",
        readonly=True,
        help="Settled by payments that have no journal entry yet.",
    )
    outside_amount = fields.Monetary(
        "Settled Outside",
        readonly=True,
        help="Settled by journal items of drafts, other accounts or branches, which are not in this"
        " balance.",
    )
    other_amount = fields.Monetary(
        "Other Bookings",
        readonly=True,
        help="On accounts of bills and doubtful claims: what is no instalment of a customer.",
    )
    own_amount = fields.Monetary("Ours", readonly=True)
    difference = fields.Monetary(
        readonly=True, help="Ours, less what the ledger says after all parts."
    )

    @api.depends("value")
    @api.depends_context("lang")
    def _compute_label(self):
        labels = self.env["account.receivable.verification"]._get_value_labels()
        for row in self:
            row.label = labels.get(row.value, row.value)
