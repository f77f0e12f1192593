from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from odoo.addons.account_receivable_settlement.bands import OPEN_PARTS

#: What the sheet tells, in its order; the labels are those of the fields.
STRIP = (
    "health_status",
    "health_score",
    "payment_risk",
    "open_amount",
    "overdue_amount",
    "days_overdue",
)
BEHAVIOUR = (
    "paid_amount",
    "payment_count",
    "last_payment_date",
    "on_time_rate",
    "days_to_pay",
    "days_beyond_terms",
    "written_off_amount",
)
BUSINESS = (
    "revenue_12m",
    "revenue_prev_12m",
    "invoice_count_12m",
    "average_invoice_amount",
    "last_invoice_date",
    "expected_next_invoice_date",
    "rfm_segment",
)
MONTH_ENDS = ("date", "health_status", "health_score", "open_amount", "overdue_amount")
MONTHS = 12
#: A band is green while it is not due, then amber, then red; disputed is grey.
BAND_COLORS = ("#28a745", "#ffd27a", "#ffac00", "#e07b85", "#d44c59", "#adb5bd")


class ReportCustomerSheet(models.AbstractModel):
    _name = "report.crm_customer_health.report_customer_sheet"
    _description = "Customer Sheet"

    @api.model
    def _get_report_values(self, docids, data=None):
        """The diagnosis of customers on a page each, as the user may see them."""
        rows = self.env["crm.customer.health"].browse(docids)
        rows.check_access("read")
        return {
            "doc_ids": docids,
            "doc_model": rows._name,
            "docs": rows,
            "sheets": {row.id: self._get_sheet(row) for row in rows},
        }

    @api.model
    def _get_sheet(self, row) -> dict:
        snapshots = self.env["crm.customer.health.snapshot"].search(
            [
                ("partner_id", "=", row.partner_id.id),
                ("company_id", "=", row.company_id.id),
                ("date", ">", fields.Date.today() - relativedelta(months=MONTHS + 1)),
            ],
            order="date desc",
            limit=MONTHS,
        )
        return {
            "strip": self._get_told(row, STRIP),
            "bands": self._get_bands(row),
            "sections": self._get_sections(row),
            "month_end_labels": self._get_labels(snapshots, MONTH_ENDS),
            "month_ends": [
                [self._format(snapshot, name) for name in MONTH_ENDS] for snapshot in snapshots
            ],
        }

    @api.model
    def _get_sections(self, row) -> list[list[tuple[str, str]]]:
        """Hook: pairs of label and value, section by section."""
        return [self._get_told(row, BEHAVIOUR), self._get_told(row, BUSINESS)]

    def _get_bands(self, row) -> list[dict]:
        """What is open by age, with the part of the bar that it takes up, in per cent."""
        labels = self._get_labels(row, OPEN_PARTS)
        total = sum(row[name] for name in OPEN_PARTS)
        return [
            {
                "label": label,
                "amount": self._format(row, name),
                "share": max(round(100 * row[name] / total), 1),
                "color": color,
            }
            for name, label, color in zip(OPEN_PARTS, labels, BAND_COLORS, strict=True)
            if row[name] > 0
        ]

    def _get_told(self, row, names) -> list[tuple[str, str]]:
        """Labels and values of the fields that have one."""
        return [
            (label, self._format(row, name))
            for name, label in zip(names, self._get_labels(row, names), strict=True)
            if row[name] or row._fields[name].type == "monetary"
        ]

    def _get_labels(self, rows, names) -> list[str]:
        described = rows.fields_get(names, ["string"])
        return [described[name]["string"] for name in names]

    def _format(self, row, name) -> str:
        field, value = row._fields[name], row[name]
        if field.type == "monetary":
            return formatLang(self.env, value, currency_obj=row.currency_id)
        if field.type == "date":
            return format_date(self.env, value)
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value) or ""
        if name == "on_time_rate":
            return f"{formatLang(self.env, 100 * value, digits=0)} %"
        if field.type == "float":
            return formatLang(self.env, value, digits=0)
        return str(value)
