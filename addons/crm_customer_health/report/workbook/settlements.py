from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

from .documents import DocumentSheet
from .table import Column

#: Fields of the settlement in the order of the columns, and how they are written.
FIELDS = {
    "kind": "text",
    "currency_id": "text",
    "amount": "money",
    "invoice_date": "date",
    "due_date": "date",
    "settlement_date": "date",
    "days_to_pay": "integer",
    "days_beyond_terms": "integer",
}


class SettlementSheet(DocumentSheet):
    """What was settled of instalments in the window, how, and how late."""

    def __init__(self, report, book):
        super().__init__(report, book)
        self.fields = self.env["account.receivable.settlement"].fields_get(
            attributes=["string", "help", "selection"]
        )
        self.kinds = dict(self.fields["kind"]["selection"])

    def _get_name(self) -> str:
        return self.env._("Settlements")

    def _get_columns(self) -> list[Column]:
        missing_help = {
            "kind": self.env._(
                "What settled it: money, a credit note, a write-off, a discount, or an exchange"
                " difference."
            ),
            "invoice_date": self.env._("Date of the invoice or receipt."),
        }
        columns = [
            *self._get_customer_columns(),
            Column(
                "document",
                self.fields["invoice_id"]["string"],
                "text",
                self.env._("The invoice, receipt or credit note that was settled."),
            ),
        ]
        for name, kind in FIELDS.items():
            if name == "currency_id":
                columns.append(self._get_currency_column())
                continue
            field = self.fields[name]
            columns.append(
                Column(
                    name,
                    field["string"],
                    kind,
                    field.get("help") or missing_help.get(name, ""),
                    is_summed=name == "amount",
                )
            )
        return columns

    def _get_relation_sql(self, partners) -> SQL:
        settlements = self.env["account.receivable.settlement"]
        return SQL(
            """
            SELECT settlement.*, partner.commercial_partner_id AS customer_id
              FROM (%s) settlement
              JOIN res_partner partner ON partner.id = settlement.partner_id
              JOIN health_basis basis ON basis.company_id = settlement.company_id
             WHERE NOT settlement.is_mirror
               AND settlement.parent_state = 'posted'
               AND settlement.settlement_date > basis.window_start
               AND settlement.settlement_date <= basis.as_of
            """,
            settlements._get_settlement_sql(
                Scope(partners=partners, since=SQL("(SELECT MIN(window_start) FROM health_basis)"))
            ),
        )

    def _get_order_sql(self) -> SQL:
        return SQL("item.settlement_date, item.id")

    def _get_selected_columns(self) -> list[str]:
        return ["kind", "amount", "invoice_date", "due_date", "settlement_date"]

    def _get_values(self, row, company) -> list:
        kind, amount, invoice_date, due_date, settlement_date = row
        return [
            self.kinds.get(kind, kind),
            company.currency_id.name,
            amount,
            invoice_date,
            due_date,
            settlement_date,
            (settlement_date - invoice_date).days,
            (settlement_date - due_date).days,
        ]
