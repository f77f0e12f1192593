from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..scope import Scope

#: How an account is read, in the order in which a row's number says it.
READINGS = ("payment", "write_off", "discount", "exchange", "cleared", "owed")


class AccountReceivableAccount(models.Model):
    """How claims are settled: the accounts on which they were, and how each is read.

    For accountants, who know what their accounts mean, and may say it here.
    """

    _name = "account.receivable.account"
    _description = "How Claims Are Settled"
    _auto = False
    _order = "amount desc, id"
    _rec_name = "account_id"
    _depends = {"account.receivable.settlement": ["amount"]}

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    account_id = fields.Many2one("account.account", readonly=True)
    account_type = fields.Selection(related="account_id.account_type")
    kind = fields.Selection(
        [
            ("payment", "Money"),
            ("write_off", "Loss"),
            ("discount", "Early discount"),
            ("exchange", "Exchange difference"),
            ("cleared", "Not judged"),
            ("owed", "Still owed"),
        ],
        string="Read As",
        readonly=True,
        help="What a claim is that was settled on this account. On receivable accounts a claim on"
        " the same customer is still owed; taken over by somebody else it is paid.",
    )
    source = fields.Selection(
        [("mark", "Chosen"), ("proposal", "Proposed, not answered"), ("rule", "Kind of account")],
        string="Because Of",
        readonly=True,
        help="Whether Accounting has chosen it, it is proposed for the chart of accounts and waits"
        " for an answer, or it follows from the kind of account.",
    )
    reading = fields.Selection(
        lambda self: (
            self.env["account.account"]
            ._fields["receivable_reading"]
            ._description_selection(self.env)
        ),
        string="Read It As",
        compute="_compute_reading",
        inverse="_inverse_reading",
        search="_search_reading",
        help="How an entry on this account settles claims. Without a choice the kind of account"
        " decides.",
    )
    proposal = fields.Selection(related="account_id.receivable_proposal")
    settlement_count = fields.Integer(
        "Settlements", readonly=True, help="How many reconciliations of claims booked on it."
    )
    amount = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="What of claims was settled on this account, in company currency, less what was paid"
        " back.",
    )

    @property
    def _table_query(self) -> SQL:
        reading = self.env["account.receivable.reading"]
        settlement = self.env["account.receivable.settlement"]
        mark = self.env["account.receivable"]._get_mark_sql("account")
        return SQL(
            """
            SELECT (account.id::bigint * 8 + %(number)s) * 1048576 + booked.company_id AS id,
                   booked.company_id, booked.account_id, booked.kind,
                   CASE WHEN account.receivable_reading IS NOT NULL THEN 'mark'
                        WHEN %(mark)s IS NOT NULL THEN 'proposal'
                        ELSE 'rule' END AS source,
                   booked.settlement_count,
                   ROUND(booked.amount, currency.decimal_places) AS amount
              FROM (
                SELECT item.company_id, item.account_id, item.kind,
                       SUM(item.settlement_count)::int AS settlement_count,
                       SUM(settling.amount * item.amount / item.total) AS amount
                  FROM (
                    SELECT counterpart_id AS id, counterpart_move_id AS move_id,
                           counterpart_balance AS balance, counterpart_partner_id AS partner_id,
                           SUM(sign * amount) AS amount, COUNT(*) AS settlement_count
                      FROM (%(direct)s UNION ALL %(transferred)s) piece
                     WHERE counterpart_display_type != 'payment_term'
                       AND parent_state = 'posted'
                     GROUP BY 1, 2, 3, 4
                       ) settling
                 CROSS JOIN LATERAL (
                    SELECT item.company_id, item.account_id, settling.settlement_count,
                           %(kind)s AS kind,
                           ABS(item.balance) AS amount,
                           SUM(ABS(item.balance)) OVER () AS total
                      FROM account_move_line item
                      JOIN account_account account ON account.id = item.account_id
                     CROSS JOIN LATERAL (%(role)s) role
                     WHERE item.move_id = settling.move_id
                       AND item.balance * settling.balance < 0
                       ) item
                 GROUP BY item.company_id, item.account_id, item.kind
                   ) booked
              JOIN account_account account ON account.id = booked.account_id
              JOIN res_company company ON company.id = booked.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
            """,
            number=SQL(
                "CASE booked.kind %s END",
                SQL(" ").join(
                    SQL("WHEN %s THEN %s", kind, number) for number, kind in enumerate(READINGS)
                ),
            ),
            mark=mark,
            direct=settlement._get_direct_piece_sql(SQL("TRUE"), Scope()),
            transferred=settlement._get_transferred_piece_sql(Scope()),
            kind=reading._get_kind_sql(),
            role=reading._get_role_sql(),
        )

    @api.depends("account_id.receivable_reading")
    def _compute_reading(self):
        for row in self:
            row.reading = row.account_id.receivable_reading

    def _inverse_reading(self):
        for row in self:
            # Whoever may write here may say it without being allowed to change accounts. It is in
            # the account's log, whatever the caller's context.
            account_sudo = row.account_id.sudo().with_context(
                tracking_disable=False, mail_notrack=False
            )
            account_sudo.receivable_reading = row.reading

    def _search_reading(self, operator, value):
        return Domain("account_id.receivable_reading", operator, value)

    def write(self, vals):
        if set(vals) - {"reading"}:
            raise AccessError(self.env._("Only the reading of an account can be changed here."))
        result = super().write(vals)
        # The rows say what is read now.
        self.invalidate_model()
        return result

    def action_accept_proposal(self):
        """Answer what is proposed for the accounts: yes."""
        self.check_access("write")
        for reading, rows in self.grouped("proposal").items():
            if reading:
                rows.filtered(lambda row: not row.reading).write({"reading": reading})

    def action_open_items(self):
        """The journal items on the account, of the entries that settled receivables."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("account.action_account_moves_all")
        settling = Domain("account_id.account_type", "=", "asset_receivable") & (
            Domain("matched_debit_ids", "!=", False) | Domain("matched_credit_ids", "!=", False)
        )
        return {
            **action,
            "name": self.account_id.display_name,
            "context": {},
            "domain": Domain("account_id", "=", self.account_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("parent_state", "=", "posted")
            & Domain("move_id.line_ids", "any", settling),
        }
