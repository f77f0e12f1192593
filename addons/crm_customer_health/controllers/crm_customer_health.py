import tempfile

from werkzeug.wsgi import wrap_file

from odoo import http
from odoo.http import content_disposition, request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CustomerHealthController(http.Controller):
    @http.route("/crm_customer_health/workbook/<int:report_id>", type="http", auth="user")
    def download_workbook(self, report_id: int, **_params):
        """The workbook of a selection of customers, from a file on disk as it is sent.

        The web client sends a token of its own along.
        """
        report = request.env["crm.customer.health.workbook"].browse(report_id).exists()
        if not report:
            raise request.not_found()
        report.check_access("read")
        # Gone from the disk when it is closed, also if the client goes away.
        file = tempfile.TemporaryFile()  # noqa: SIM115
        report._write_file(file)
        size = file.tell()
        file.seek(0)
        response = request.make_response(
            wrap_file(request.httprequest.environ, file),
            headers=[
                ("Content-Type", XLSX),
                ("Content-Length", str(size)),
                ("Content-Disposition", content_disposition(report._get_file_name())),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
        response.direct_passthrough = True
        return response
