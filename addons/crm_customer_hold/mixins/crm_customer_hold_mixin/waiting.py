from odoo import api
from odoo.fields import Domain
from odoo.tools import SQL


class Waiting:
    """What waits for somebody's decision: documents that a hold blocks, until it is overridden or
    somebody says that it stays.

    ``crm.customer.hold.waiting`` lists them.
    """

    __slots__ = ()

    # Hooks -----------------------------------------------------------------------------------

    @api.model
    def _get_waiting_domain(self) -> Domain:
        """Hook: of documents for which a hold means something, those that somebody waits for."""
        return Domain.TRUE

    @api.model
    def _get_waiting_columns(self) -> dict[str, SQL]:
        """Hook: of a document ``document``: its ``name``, who is told of a decision (``user_id``),
        and since when it waits (``since``).
        """
        return {
            "name": SQL("document.name"),
            "user_id": SQL("document.user_id"),
            "since": SQL("document.create_date::date"),
        }

    def _on_hold_approved(self):
        """Hook: go on with what these documents were held from; with the user's rights."""

    # The list --------------------------------------------------------------------------------

    @api.model
    def _get_waiting_sql(self) -> SQL:
        """The documents that wait in the user's companies, whoever may see them."""
        self.sudo().flush_model()
        blocking = [
            company.id for company in self.env.companies if self._get_hold_mode(company) == "block"
        ]
        waiting = (
            self.sudo()
            .with_context(active_test=False)
            ._search(
                self._get_holdable_domain()
                & Domain("company_id", "in", blocking)
                & Domain("is_held", "=", True)
                & self._get_waiting_domain()
            )
        )
        columns = self._get_waiting_columns()
        return SQL(
            """
            SELECT %(model)s AS res_model, document.id AS res_id, document.company_id,
                   document.is_hold_rejected IS TRUE AS is_rejected, %(columns)s
              FROM %(table)s document
             WHERE document.id IN %(waiting)s
            """,
            model=self._name,
            table=SQL.identifier(self._table),
            columns=SQL(", ").join(
                SQL("%s AS %s", column, SQL.identifier(name)) for name, column in columns.items()
            ),
            waiting=waiting.subselect(),
        )

    # Deciding --------------------------------------------------------------------------------

    def _approve_hold(self):
        """Let these documents pass, and go on with what they were held from.

        :raise AccessError: for who may not override.
        """
        self._override_hold(self.env._("Approved in the list of what waits for finance."))
        self._on_hold_approved()

    def _reject_hold(self):
        """The hold of these documents stays: they wait no more, and who is responsible is told.

        :raise AccessError: for who may not override.
        """
        self._check_may_override_hold()
        with self.env["crm.accounting.log"]._logging(self, ["is_hold_rejected"]):
            self.sudo().is_hold_rejected = True  # nobody writes it by hand
        for document_sudo in self.sudo():
            user = document_sudo.user_id
            translated = document_sudo.with_context(lang=user.lang or self.env.lang)
            body = translated.env._("Not approved: it stays on hold until the customer has paid.")
            if user and user != self.env.user:
                document_sudo.message_notify(
                    partner_ids=user.partner_id.ids, subject=document_sudo.display_name, body=body
                )
            document_sudo._message_log(body=body)
