from odoo import api
from odoo.tools import SQL

#: What is attached to a row by people, and the columns that say to which.
HISTORY = {
    "mail.message": ("model", "res_id"),
    "mail.activity": ("res_model", "res_id"),
    "mail.followers": ("res_model", "res_id"),
    "ir.attachment": ("res_model", "res_id"),
}


class Conversation:
    """What colleagues say and have to do about a customer: on its row, for who may read the row.

    Nobody may write a row, so nobody takes anything out of its chatter. The customer is never
    addressed: recipients are colleagues who follow the row, and whom somebody names.
    """

    __slots__ = ()

    #: Whoever may read a row may say something, and give somebody an activity.
    _mail_post_access = "read"

    def _mail_get_partner_fields(self, introspect_fields=False):
        return []

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Whoever may read the rows may have colleagues follow them."""
        self.check_access("read")
        return super(Conversation, self.sudo()).message_subscribe(partner_ids, subtype_ids)

    def _message_subscribe(self, partner_ids=None, subtype_ids=None, customer_ids=None):
        """Only colleagues who may read a row follow it; others would get its messages by mail."""
        users = (
            self.env["res.users"]
            .sudo()  # which colleagues they are
            .search([("partner_id", "in", list(partner_ids or ())), ("share", "=", False)])
        )
        for user in users:
            rows = self._filter_readable_by(user)
            if rows:
                super(Conversation, rows)._message_subscribe(
                    user.partner_id.ids, subtype_ids, customer_ids
                )
        return True

    def _filter_readable_by(self, user):
        """Those of these rows that a colleague may read."""
        rows = self.filtered(lambda row: row.company_id in user.company_ids)
        if not rows:
            return rows
        rows.invalidate_recordset(["is_mine"], flush=False)
        readable = (
            rows.with_user(user)
            .with_context(allowed_company_ids=rows.company_id.ids)
            ._filtered_access("read")
        )
        return rows.filtered(lambda row: row.id in readable._ids)

    @api.model
    def _sweep_conversations(self, partners=None):
        """Who may not read a row any more neither follows it nor has an activity on it.

        :param partners: only of these customers; of all without it.
        """
        domain = [("res_model", "=", self._name)]
        if partners is not None:
            rows = self.sudo().search([("partner_id", "in", partners.ids)])
            domain.append(("res_id", "in", rows.ids))
        followers = self.env["mail.followers"].sudo().search(domain)
        for partner, followed in followers.grouped("partner_id").items():
            readable = self._get_readable_ids(followed.mapped("res_id"), partner.user_ids)
            followed.filtered(lambda one, ids=readable: one.res_id not in ids).unlink()
        activities = self.env["mail.activity"].sudo().search([*domain, ("user_id", "!=", False)])
        for user, assigned in activities.grouped("user_id").items():
            readable = self._get_readable_ids(assigned.mapped("res_id"), user)
            # Nobody's: whoever may read the row sees that it is to be done.
            assigned.filtered(lambda one, ids=readable: one.res_id not in ids).user_id = False

    @api.model
    def _get_readable_ids(self, row_ids, users) -> set[int]:
        rows = self.sudo().browse(row_ids).exists()
        return set().union(
            *(
                rows._filter_readable_by(user).ids
                for user in users
                if user.active and not user.share
            )
        )

    @api.model
    def _get_history_sql(self, alias: str) -> SQL:
        """Whether people left something on a row: then it stays, whatever is left of the figures.

        :param alias: of ``crm_customer_health``.
        """
        return SQL(" OR ").join(
            SQL(
                "EXISTS (SELECT FROM %s WHERE %s = %s AND %s = %s)",
                SQL.identifier(self.env[model]._table),
                SQL.identifier(model_column),
                self._name,
                SQL.identifier(id_column),
                SQL.identifier(alias, "id"),
            )
            for model, (model_column, id_column) in HISTORY.items()
        )

    @api.model
    def _merge_rows(self, partners, kept):
        """Customers become one: in each company one row is left, with all that was said.

        :param kept: the customer that stays. Its row does, else the oldest.
        """
        rows = self.sudo().search([("partner_id", "in", (partners | kept).ids)], order="id")
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo()
        for rows_of_company in rows.grouped("company_id").values():
            staying = rows_of_company.filtered(lambda row: row.partner_id == kept)
            staying = (staying or rows_of_company)[0]
            if losing := rows_of_company - staying:
                wizard = wizard.with_context(active_test=False)
                wizard._update_foreign_keys_generic(self._name, losing, staying)
                wizard._update_reference_fields_generic(self._name, losing, staying)
                losing.unlink()
