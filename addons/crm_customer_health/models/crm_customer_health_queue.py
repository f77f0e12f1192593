from odoo import api, fields, models
from odoo.tools import SQL


class CrmCustomerHealthQueue(models.Model):
    """Customers whose figures changed and were not computed anew yet.

    Rows are only ever inserted by accounting operations, never changed: no two of them wait for
    each other. The scheduled action deletes the rows that it works off, in one transaction with
    the figures: killed in between, both are as before.
    """

    _name = "crm.customer.health.queue"
    _description = "Customer Health Queue"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        help="The partner of the journal item; its commercial partner is computed.",
    )

    @api.model
    def _enqueue_moves(self, moves):
        """The customers of these journal entries are computed anew after the transaction."""
        self._collect("moves", moves.ids)

    @api.model
    def _enqueue_lines(self, lines):
        """The customers of these journal items are computed anew after the transaction."""
        self._collect("lines", lines.ids)

    @api.model
    def _enqueue_partners(self, partners):
        """These customers are computed anew after the transaction, in all companies."""
        self._collect("partners", partners.ids)

    @api.model
    def _enqueue_customers(self, customers):
        """These pairs of company and customer are computed anew after the transaction."""
        self._collect("customers", [(company.id, partner.id) for company, partner in customers])

    def _collect(self, kind: str, ids: list):
        """Remember until the end of the transaction: one statement for all."""
        if not ids:
            return
        precommit = self.env.cr.precommit
        collected = precommit.data.get("crm_customer_health")
        if collected is None:
            collected = precommit.data["crm_customer_health"] = {
                "moves": set(),
                "lines": set(),
                "partners": set(),
                "customers": set(),
            }
            # Who posts an invoice may neither write the queue nor read scheduled actions.
            precommit.add(self.sudo()._insert_collected)
        collected[kind].update(ids)

    def _insert_collected(self):
        collected = self.env.cr.precommit.data.pop("crm_customer_health")
        self.env["account.move.line"].flush_model(["account_id", "company_id", "partner_id"])
        inserted = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_customer_health_queue (company_id, partner_id)
                SELECT DISTINCT company_id, partner_id
                  FROM (%s) changed
                RETURNING id
                """,
                self._get_collected_sql(collected),
            )
        )
        if inserted:
            # Without `env.ref`: posting an invoice is not to ask whether the action exists.
            cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
                "crm_customer_health.ir_cron_queue", raise_if_not_found=True
            )
            self.env["ir.cron"].browse(cron_id)._trigger()

    def _get_collected_sql(self, collected: dict[str, set]) -> SQL:
        parts = []
        for kind, column in (("moves", "move_id"), ("lines", "id")):
            if collected[kind]:
                parts.append(
                    SQL(
                        """
                        SELECT line.company_id, line.partner_id
                          FROM account_move_line line
                          JOIN account_account account ON account.id = line.account_id
                         WHERE line.%s = ANY(%s)
                           AND account.account_type = 'asset_receivable'
                           AND line.partner_id IS NOT NULL
                        """,
                        SQL.identifier(column),
                        sorted(collected[kind]),
                    )
                )
        if collected["partners"]:
            parts.append(
                SQL(
                    """
                    SELECT norm.company_id, partner.id AS partner_id
                      FROM res_partner partner
                     CROSS JOIN crm_customer_health_norm norm
                     WHERE partner.id = ANY(%s)
                    """,
                    sorted(collected["partners"]),
                )
            )
        if collected["customers"]:
            parts.append(
                SQL(
                    "SELECT * FROM (VALUES %s) customer (company_id, partner_id)",
                    SQL(", ").join(
                        SQL("(%s, %s)", *customer) for customer in sorted(collected["customers"])
                    ),
                )
            )
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _cron_work_off(self, batch_size=1000):
        """Compute the customers in the queue, batch by batch, each committed with its rows."""
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=self.search_count([]))
        while done := self._work_off(batch_size):
            if not commit_progress(done):
                break

    def _work_off(self, batch_size: int) -> int:
        """Work off so many rows of the queue.

        :return: how many rows are gone.
        """
        health = self.env["crm.customer.health"]
        locked = health._lock_norms(
            self.env["crm.customer.health.policy"]._get_companies()
        ).company_id
        rows = self.env.execute_query(
            SQL(
                """
                DELETE FROM crm_customer_health_queue queue
                 USING res_partner partner
                 WHERE partner.id = queue.partner_id
                   AND queue.id IN (
                       SELECT id FROM crm_customer_health_queue
                        WHERE company_id = ANY(%s)
                        ORDER BY id
                        LIMIT %s)
                RETURNING queue.company_id, queue.partner_id, partner.commercial_partner_id
                """,
                locked.ids,
                batch_size,
            )
        )
        partner_ids_by_company = {}
        for company_id, *partner_ids in rows:
            # A contact may have been a customer of its own before.
            partner_ids_by_company.setdefault(company_id, set()).update(partner_ids)
        for company_id, partner_ids in partner_ids_by_company.items():
            health._refresh(
                self.env["res.company"].browse(company_id),
                self.env["res.partner"].browse(sorted(partner_ids)),
            )
        return len(rows)
