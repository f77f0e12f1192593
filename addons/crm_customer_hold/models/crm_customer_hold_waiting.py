from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crm_accounting_bridge.document_row import DocumentRow
from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP

#: How many kinds of documents may wait; the ids of the rows are told apart by it.
KINDS = 8


class CrmCustomerHoldWaiting(DocumentRow, models.Model):
    """Waiting for finance: orders and deliveries that a hold blocks, and who decides about them.

    A row for each document that somebody waits for, of all models with the mixin of holds. Whether
    a customer is on hold is read from the stored figures, as in lists.
    """

    _name = "crm.customer.hold.waiting"
    _description = "Waiting for Finance"
    _inherit = ["crm.customer.figures"]
    _auto = False
    _order = "since, id"
    _rec_name = "document_name"

    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference("Document ID", model_field="res_model", readonly=True)
    document_name = fields.Char("Document", readonly=True)
    responsible_id = fields.Many2one(
        "res.users", readonly=True, help="Who is told of the decision."
    )
    since = fields.Date(
        "Waiting Since", readonly=True, help="When it was signed, sent or made ready."
    )
    overdue_amount = fields.Monetary(
        "Overdue",
        readonly=True,
        groups=HEALTH_GROUP,
        help="What is open on all overdue instalments of the customer.",
    )
    oldest_due_date = fields.Date("Overdue Since", readonly=True, groups=HEALTH_GROUP)
    asked_on = fields.Date(
        "Release Asked On", readonly=True, help="When somebody asked for the release."
    )
    hold_reason = fields.Text(
        "Why",
        compute="_compute_hold_reason",
        compute_sudo=False,
        help="What the customer owes and since when.",
    )
    can_decide = fields.Boolean(compute="_compute_hold_reason", compute_sudo=False)
    is_rejected = fields.Boolean(
        "Not Approved", readonly=True, help="Somebody decided that the hold stays."
    )

    @property
    def _table_query(self) -> SQL:
        parts = [
            SQL("SELECT waiting.*, %s AS kind, %s FROM (%s) waiting", number, customer, part)
            for number, (part, customer) in enumerate(self._get_parts())
        ]
        nothing = SQL(
            """
            SELECT NULL::varchar AS res_model, NULL::int AS res_id, NULL::int AS company_id,
                   FALSE AS is_rejected, NULL::date AS asked_on, NULL::varchar AS name,
                   NULL::int AS user_id,
                   NULL::date AS since, 0 AS kind, NULL::int AS payer_id
             WHERE FALSE
            """
        )
        return SQL(
            """
            SELECT waiting.res_id::bigint * %(kinds)s + waiting.kind AS id,
                   waiting.res_model, waiting.res_id, waiting.name AS document_name,
                   waiting.company_id, payer.commercial_partner_id AS partner_id,
                   waiting.user_id AS responsible_id, waiting.since, waiting.is_rejected,
                   waiting.asked_on,
                   COALESCE(health.overdue_amount, 0) AS overdue_amount, health.oldest_due_date
              FROM (%(parts)s) waiting
              JOIN res_partner payer ON payer.id = waiting.payer_id
              LEFT JOIN crm_customer_health health
                ON health.company_id = waiting.company_id
               AND health.partner_id = payer.commercial_partner_id
            """,
            kinds=KINDS,
            parts=SQL(" UNION ALL ").join([nothing, *parts]),
        )

    @api.model
    def _get_parts(self) -> list[tuple[SQL, SQL]]:
        """Hook: for each model of documents, what waits (``_get_waiting_sql``), and the column
        ``payer_id`` of such a row ``waiting``.
        """
        return []

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "lang")
    def _compute_hold_reason(self):
        """Whoever sees that a document waits here may know why, and need not see the document;
        amounts are for those who see the customer's.
        """
        for model, rows in self.grouped("res_model").items():
            documents = self.env[model].browse(rows.mapped("res_id"))
            reasons = documents.sudo()._get_hold_reasons()
            for row in rows:
                row.hold_reason = reasons.get(row.res_id, False)
                row.can_decide = documents._may_override_hold()

    def _get_documents(self):
        """The documents of these rows, model by model."""
        return [
            self.env[model].browse(rows.mapped("res_id"))
            for model, rows in self.grouped("res_model").items()
        ]

    def action_approve(self):
        """Let these documents pass, with the user's name in the log of overrides.

        :raise AccessError: for who may not override.
        """
        for documents in self._get_documents():
            documents._approve_hold()
        self.invalidate_model()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_reject(self):
        """The hold of these documents stays; they are not in the list any more.

        :raise AccessError: for who may not override.
        """
        for documents in self._get_documents():
            documents._reject_hold()
        self.invalidate_model()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
