from odoo import http
from odoo.http import content_disposition, request

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class CommissionController(http.Controller):
    @http.route("/crm_sales_commission/statements/<string:file_format>", type="http", auth="user")
    def download_statements(self, file_format: str, ids: str = "", **_params):
        """Commission statements for payroll, with the rights of who asks."""
        if file_format not in _TYPES:
            raise request.not_found()
        numbers = [int(number) for number in ids.split(",") if number.isdecimal()]
        statements = request.env["crm.commission.statement"].browse(numbers).exists()
        if not statements:
            raise request.not_found()
        statements.check_access("read")
        export = request.env["crm.commission.export"]
        content = (
            export._get_xlsx(statements) if file_format == "xlsx" else export._get_csv(statements)
        )
        return request.make_response(
            content,
            headers=[
                ("Content-Type", _TYPES[file_format]),
                ("Content-Length", str(len(content))),
                ("Content-Disposition", content_disposition(f"commission.{file_format}")),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
