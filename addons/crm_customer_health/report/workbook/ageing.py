from odoo.tools import SQL, split_every

from odoo.addons.account_receivable_settlement.bands import get_band
from odoo.addons.account_receivable_settlement.scope import Scope

from .documents import DocumentSheet
from .sheet import BATCH_SIZE
from .table import Column


class AgeingSheet(DocumentSheet):
    """What is open at this moment, by instalment, with credits that are not matched."""

    def __init__(self, report, book):
        super().__init__(report, book)
        described = report._get_health_model().fields_get(attributes=["string"])
        self.expectation = self.env["account.move.line"].fields_get(
            ["expected_payment_date"], ["string", "help"]
        )["expected_payment_date"]
        self.labels = {name: field["string"] for name, field in described.items()}

    def _get_name(self) -> str:
        return self.env._("Ageing")

    def _get_columns(self) -> list[Column]:
        return [
            *self._get_customer_columns(),
            Column(
                "document",
                self.env._("Document"),
                "text",
                self.env._("The invoice, payment or entry."),
            ),
            Column(
                "invoice_date",
                self.env._("Invoice Date"),
                "date",
                self.env._("Empty for other entries."),
            ),
            Column(
                "due_date",
                self.env._("Due Date"),
                "date",
                self.env._(
                    "The instalment's due date; a due date before the invoice date counts as the"
                    " invoice date."
                ),
            ),
            Column(
                "days",
                self.env._("Days Overdue"),
                "integer",
                self.env._("Days since the due date; negative when it is still to come."),
            ),
            self._get_currency_column(),
            Column(
                "amount",
                self.env._("Open"),
                "money",
                self.env._(
                    "What is open in the company's currency; negative for payments and credit notes"
                    " that are not matched with an invoice."
                ),
                is_summed=True,
            ),
            Column(
                "bucket",
                self.env._("Age"),
                "text",
                self.env._("The column of Customers that it counts in."),
            ),
            Column(
                "is_disputed",
                self.env._("Disputed"),
                "boolean",
                self.env._("The invoice is blocked."),
            ),
            Column(
                "expected_payment_date",
                self.expectation["string"],
                "date",
                self.expectation["help"],
            ),
        ]

    def _get_relation_sql(self, partners) -> SQL:
        health = self.env["crm.customer.health"].sudo()
        return SQL(
            """
            SELECT item.*, item.partner_id AS customer_id, line.invoice_date
              FROM (%s) item
              JOIN account_move_line line ON line.id = item.line_id
            """,
            health._get_item_sql(Scope(self.report.company_ids, partners)),
        )

    def _get_order_sql(self) -> SQL:
        return SQL("item.due_date, item.line_id")

    def _get_selected_columns(self) -> list[str]:
        return ["line_id", "invoice_date", "due_date", "days", "amount", "is_disputed"]

    def _get_rows(self):
        """With expected payment dates, which the ORM computes for a batch at a time."""
        # Of journal items and their partners only what the dates are made of.
        lines = self.env["account.move.line"].with_context(prefetch_fields=False)
        for batch in split_every(BATCH_SIZE, super()._get_rows()):
            ids = [values[-1] for _currency_id, values in batch]
            dates = {line.id: line.expected_payment_date for line in lines.browse(ids)}
            self.env.invalidate_all(flush=False)
            for currency_id, values in batch:
                yield currency_id, [*values[:-1], dates[values[-1]] or None]

    def _get_values(self, row, company) -> list:
        line_id, invoice_date, due_date, days, amount, is_disputed = row
        return [
            invoice_date,
            due_date,
            days,
            company.currency_id.name,
            amount,
            self._get_bucket_label(amount, days, is_disputed),
            is_disputed,
            line_id,
        ]

    def _get_bucket_label(self, amount: float, days: int, is_disputed: bool) -> str:
        if amount < 0:
            return self.labels["unapplied_credit_amount"]
        if is_disputed:
            return self.labels["disputed_amount"]
        return self.labels[get_band(days)]
