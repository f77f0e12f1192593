from markupsafe import Markup

from odoo import api
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

#: So many of those who decide are named.
NAMED_DECIDERS = 3


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
                   document.is_hold_rejected IS TRUE AS is_rejected,
                   document.hold_asked_on AS asked_on, %(columns)s
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

    # Asking ----------------------------------------------------------------------------------

    def _get_hold_deciders(self) -> dict:
        """Hook: whom to ask for the release, by company of these documents: who keeps the books and
        decides about credit; where there is nobody, whoever may override the hold.
        """
        deciders = {}
        for company in self.company_id:
            users = self.env["res.users"].browse()
            for xmlid in ("account.group_account_manager", self._get_hold_override_groups()):
                groups = self.env["res.groups"].browse(
                    self.env["ir.model.data"]._xmlid_to_res_id(name) for name in xmlid.split(",")
                )
                users = users or groups.all_user_ids.filtered(
                    lambda user, company=company: (
                        user.active
                        and user._is_internal()
                        and not user._is_superuser()
                        and company in user.company_ids
                    )
                )
            deciders[company] = users.sorted("id")
        return deciders

    @api.depends("is_hold_blocking")
    def _compute_hold_deciders(self):
        """Only of what is blocked: most documents are not, and pay nothing for it."""
        self.hold_deciders = False
        blocked = self.filtered("is_hold_blocking")
        deciders = blocked._get_hold_deciders()
        for document in blocked:
            users = deciders.get(document.company_id, self.env["res.users"])
            document.hold_deciders = ", ".join(users[:NAMED_DECIDERS].mapped("name"))

    def action_ask_for_release(self):
        """Ask those who decide about holds to let these documents pass. Once: who was asked has it
        in the list of what waits for finance.

        :raise AccessError: for who is no colleague, such as the customer.
        :raise UserError: if nothing blocks them.
        """
        self.check_access("read")
        if not (self.env.su or self.env.user._is_internal()):
            raise AccessError(self.env._("Only colleagues may ask for the release of a hold."))
        blocked = self._get_blocked()
        if not blocked:
            raise UserError(self.env._("Nothing is on hold here: go on."))
        documents_sudo = self.sudo()  # who may ask need not be allowed to change the document
        asking = documents_sudo.filtered(
            lambda document: (
                document.id in {held.id for held in blocked} and not document.hold_asked_on
            )
        )
        asked = self.env._("The release of the hold is asked for.")
        asking._message_log_batch(bodies=dict.fromkeys(asking.ids, asked))
        by_decider = {}
        for company, deciders in asking._get_hold_deciders().items():
            documents = asking.filtered(lambda document, of=company: document.company_id == of)
            documents.write({"hold_asked_on": company._get_today(), "is_hold_rejected": False})
            for user in deciders - self.env.user:
                by_decider[user] = by_decider.get(user, asking.browse()) | documents
        for user, documents in by_decider.items():
            documents.with_context(lang=user.lang or self.env.lang)._notify_decider(user)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _notify_decider(self, user):
        """One message for one person, whatever the number of documents."""
        # With one document its button is in the e-mail; several have none in common.
        thread = self if len(self) == 1 else self.env["mail.thread"]
        thread.message_notify(
            partner_ids=user.partner_id.ids,
            subject=self.env._("Documents on hold"),
            body=self.env._(
                "%(user)s asks you to release what is on hold: %(documents)s. You find it in the"
                " list Waiting for Finance.",
                user=self.env.user.name,
                documents=Markup(", ").join(document._get_html_link() for document in self),
            ),
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
            # Nobody writes it by hand.
            self.sudo().write({"is_hold_rejected": True, "hold_asked_on": False})
        for document_sudo in self.sudo():
            user = document_sudo.user_id
            translated = document_sudo.with_context(lang=user.lang or self.env.lang)
            body = translated.env._("Not approved: it stays on hold until the customer has paid.")
            if user and user != self.env.user:
                document_sudo.message_notify(
                    partner_ids=user.partner_id.ids, subject=document_sudo.display_name, body=body
                )
            document_sudo._message_log(body=body)
