from odoo import api
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL


class Overriding:
    """Somebody with the right lets a held document pass: for the debt and the document of that day.

    An override counts while the customer owes no more overdue than when it was given, and the
    document has not grown since. It ends when the customer is released, and when somebody else is
    to pay. The log keeps it for good.
    """

    __slots__ = ()

    # Hooks -----------------------------------------------------------------------------------

    @api.model
    def _get_hold_override_groups(self) -> str:
        """Hook: the groups of whom one is enough to override a hold, with commas between."""
        return "account.group_account_manager"

    @api.model
    def _get_hold_extent_sql(self, alias: str) -> SQL:
        """Hook: how large a document is, in a query of its table under this alias.

        An override is for no more than that; without this hook, for whatever becomes of it.
        """
        return SQL("0")

    def _continue_after_override(self):
        """Hook: what follows once the hold is overridden.

        :return: an action for the client, or anything else for none.
        """
        return True

    # Which overrides count -------------------------------------------------------------------

    @api.model
    def _get_overridden_query(self, domain=Domain.TRUE):
        """The documents whose override counts: what lists, filters, banners and checks go by.

        :return: a query with full rights: who may not read an override may know that there is one.
        """
        query = (
            self.sudo()
            .with_context(active_test=False)
            ._search(Domain("hold_override_id", "!=", False) & domain)
        )
        overrides = self.env["crm.customer.hold.override"].sudo()
        customers = self.env["crm.customer.health"].sudo()
        override = query.join(query.table, "hold_override_id", overrides._table, "id", "override")
        health = query.make_alias(override, "health")
        query.add_join(
            "LEFT JOIN",
            health,
            customers._table,
            SQL(
                "%s = %s AND %s = %s",
                customers._field_to_sql(health, "company_id"),
                overrides._field_to_sql(override, "company_id"),
                customers._field_to_sql(health, "partner_id"),
                overrides._field_to_sql(override, "partner_id"),
            ),
        )
        query.add_where(
            SQL(
                "COALESCE(%s, 0) <= %s AND %s <= %s",
                customers._field_to_sql(health, "overdue_amount"),
                overrides._field_to_sql(override, "overdue_amount"),
                self._get_hold_extent_sql(query.table),
                overrides._field_to_sql(override, "extent"),
            )
        )
        return query

    def _filter_overridden(self):
        """Those of these documents whose override counts, in one statement."""
        query = self._get_overridden_query(Domain("id", "in", self._origin.ids))
        overridden = set(query.get_result_ids())
        return self.filtered(lambda document: document._origin.id in overridden)

    # Fields ----------------------------------------------------------------------------------

    @api.depends_context("uid")
    def _compute_can_override_hold(self):
        self.can_override_hold = self._may_override_hold()

    def _may_override_hold(self) -> bool:
        return self.env.su or self.env.user.has_groups(self._get_hold_override_groups())

    @api.depends("hold_override_id")
    @api.depends_context("lang", "tz")
    def _compute_hold_override_note(self):
        """Documents that are done tell it for good; others, while it counts."""
        holdable = self.filtered_domain(self._get_holdable_domain())
        outdated = holdable - holdable._filter_overridden()
        outdated.hold_override_note = False
        for document in self - outdated:
            document.hold_override_note = document.hold_override_id._get_note()

    # When they end ---------------------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(self._get_hold_fields()):
            self._forget_override_of_others()
        return result

    def _forget_override_of_others(self):
        """An override was for what one customer owes to one company, not for another's debts."""
        overridden_sudo = self.sudo().filtered("hold_override_id")  # nobody writes it by hand
        overridden_sudo.filtered_domain(self._get_holdable_domain()).filtered(
            lambda document: (
                (document._get_hold_customer().commercial_partner_id, document.company_id)
                != (document.hold_override_id.partner_id, document.hold_override_id.company_id)
            )
        ).hold_override_id = False

    @api.model
    def _end_overrides(self, company, customers):
        """These customers are released: what was let pass for their debts of that time is not let
        pass for debts to come.
        """
        decided = self.sudo().search(
            self._get_holdable_domain()
            & Domain("company_id", "=", company.id)
            & (
                Domain("hold_override_id", "!=", False)
                | Domain("is_hold_rejected", "=", True)
                | Domain("hold_asked_on", "!=", False)
            )
            & self._get_hold_customer_domain(customers.ids)
        )
        decided.write(
            {"hold_override_id": False, "is_hold_rejected": False, "hold_asked_on": False}
        )

    # Overriding ------------------------------------------------------------------------------

    def action_override_hold(self):
        """Ask why the hold is to be overridden.

        :raise AccessError: for who may not override.
        """
        self._check_may_override_hold()
        if not self:
            raise UserError(self.env._("Select the documents whose hold is to be overridden."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Override Hold"),
            "res_model": "crm.customer.hold.override.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_res_model": self._name,
                "default_res_ids": ",".join(map(str, self.ids)),
            },
        }

    def _check_may_override_hold(self):
        self.check_access("read")
        if not self._may_override_hold():
            raise AccessError(self._get_hold_advice())

    def _override_hold(self, reason: str):
        """Let these documents pass, and log who, when, why and what was owed.

        Documents that nothing holds are left alone.

        :raise AccessError: for who may not override.
        """
        self._check_may_override_hold()
        holds = {}
        for company, documents in self._get_held_where(lambda mode: mode != "off").items():
            holds.update(
                {document.id: hold for document, hold in documents._get_holds_in(company).items()}
            )
        # The log is written by nobody by hand, and read by who may see amounts.
        held_sudo = self.filtered(lambda document: document.id in holds).sudo()
        overdue = held_sudo._get_overdue_amounts()
        extents = held_sudo._get_hold_extents()
        for document_sudo in held_sudo:
            document_sudo.write({"is_hold_rejected": False, "hold_asked_on": False})
            document_sudo.hold_override_id = (
                self.env["crm.customer.hold.override"]
                .sudo()
                ._log(
                    document_sudo,
                    document_sudo._get_hold_customer(),
                    reason=reason,
                    hold_reason=holds[document_sudo.id].reason,
                    overdue_amount=overdue[document_sudo.id],
                    extent=extents[document_sudo.id],
                )
            )

    def _get_overdue_amounts(self) -> dict[int, float]:
        """What the customers of these documents owe overdue, by document id.

        By the journals or by the stored figures, whichever is more: these follow soon after, and
        until then an override must not seem to be for less than what is owed.
        """
        amounts = {}
        for company, documents in self.grouped("company_id").items():
            customers = {
                document: document._get_hold_customer().commercial_partner_id
                for document in documents
            }
            all_customers = self.env["res.partner"].union(*customers.values())
            health = self.env["crm.customer.health"].sudo()
            figures = health._get_figures(company, all_customers)
            stored = {
                row.partner_id: row.overdue_amount
                for row in all_customers._get_health_of_companies(company)
            }
            for document, customer in customers.items():
                row = figures.get((company.id, customer.id), {})
                amounts[document.id] = max(
                    row.get("overdue_amount") or 0.0, stored.get(customer, 0.0)
                )
        return amounts

    def _get_hold_extents(self) -> dict[int, float]:
        """How large these documents are, by document id."""
        query = self._search(Domain("id", "in", self.ids))
        extent = self._get_hold_extent_sql(query.table)
        return dict(self.env.execute_query(query.select(SQL.identifier(query.table, "id"), extent)))
