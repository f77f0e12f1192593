from odoo import http
from odoo.http import request

from odoo.addons.account_receivable_settlement.bands import BANDS
from odoo.addons.portal.controllers.portal import CustomerPortal


class StatementPortal(CustomerPortal):
    """What the user's company owes, for all of its people."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "statement_count" in counters:
            statements = request.env["account.receivable.statement"]._get_own_statements()
            values["statement_count"] = sum(len(statement.items) for statement in statements)
        return values

    @http.route("/my/statement", type="http", auth="user", website=True)
    def portal_my_statement(self, **_kwargs):
        """What is open, instalment by instalment. It takes nothing from the address: whose
        statement is shown, only the login says.
        """
        values = self._prepare_portal_layout_values()
        values.update(
            statements=request.env["account.receivable.statement"]._get_own_statements(),
            bands=list(BANDS),
            page_name="statement",
        )
        return request.render("account_receivable_statement.portal_my_statement", values)
