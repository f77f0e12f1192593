from odoo import api
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope
from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP


class Assignee:
    """Who is told of an overdue customer."""

    __slots__ = ()

    @api.model
    def _get_assignees(self, company, customers) -> dict[int, int]:
        """The user to tell of each of these customers, the first that there is of: its salesperson,
        the salesperson of its newest open opportunity, of its oldest overdue invoice, the leader of
        one of their teams, the policy's fallback.

        Only users who can be told (:meth:`_get_eligible_sql`). One statement.

        :return: user ids by customer id; without an entry where there is nobody.
        """
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    WITH %(items)s
                    SELECT DISTINCT ON (candidate.partner_id)
                           candidate.partner_id, candidate.user_id
                      FROM (%(candidates)s
                             UNION ALL
                            SELECT id, %(fallback)s, 9, NULL, NULL
                              FROM res_partner WHERE id = ANY(%(customers)s)
                           ) candidate (partner_id, user_id, rank, newest, oldest)
                      JOIN (%(eligible)s) eligible ON eligible.id = candidate.user_id
                     ORDER BY candidate.partner_id, rank, newest DESC NULLS LAST, oldest,
                              candidate.user_id
                    """,
                    items=self._get_overdue_items_sql(policy, customers),
                    candidates=self._get_candidates_sql(company, customers),
                    fallback=policy.fallback_user_id.id or None,
                    customers=list(customers.ids),
                    eligible=self._get_eligible_sql(company),
                )
            )
        )

    @api.model
    def _get_eligible_sql(self, company) -> SQL:
        """Hook: users who can be told: active colleagues in the company who may see figures of
        customers.
        """
        return SQL(
            """
            SELECT users.id
              FROM res_users users
              JOIN res_company_users_rel allowed ON allowed.user_id = users.id
             WHERE users.active AND NOT users.share AND allowed.cid = %s
               AND EXISTS (SELECT FROM res_groups_users_rel membership
                            WHERE membership.uid = users.id AND membership.gid = ANY(%s))
            """,
            company.id,
            list(self._get_eligible_group().all_implied_by_ids.ids),
        )

    @api.model
    def _get_eligible_group(self):
        """The group that may see figures of customers."""
        return self.env.ref(HEALTH_GROUP)

    def _get_misdirected(self) -> dict[int, int | None]:
        """Those of these flags of one company that somebody else is to be told of: the customer,
        its opportunities or invoices name somebody else than before, or who had the flag cannot be
        told any more. What was escalated stays with the leader.

        :return: user ids by flag id, ``None`` where there is nobody.
        """
        if not self:
            return {}
        company = self.company_id
        named = self._get_assignees(company, self.partner_id)
        eligible = {
            user_id
            for (user_id,) in self.env.execute_query(
                SQL(
                    "SELECT id FROM (%s) eligible WHERE id = ANY(%s)",
                    self._get_eligible_sql(company),
                    list(self.assigned_id.ids),
                )
            )
        }
        misdirected = {}
        for flag in self:
            user_id = named.get(flag.partner_id.id)
            if flag.assigned_id.id in eligible:
                is_named_anew = user_id and user_id != flag.named_id.id
                if is_named_anew and user_id != flag.assigned_id.id and not flag.escalated_on:
                    misdirected[flag.id] = user_id
            elif user_id or flag.assigned_id:
                misdirected[flag.id] = user_id
        return misdirected

    @api.model
    def _get_overdue_items_sql(self, policies, customers) -> SQL:
        """What is overdue, instalment by instalment, as common table expressions; the last is
        ``overdue``: the same open items from which the figures are made.
        """
        health = self.env["crm.customer.health"]
        health._flush_sources()
        self.env["crm.lead"].flush_model()
        self.env["res.users"].flush_model(["active", "sale_team_id", "share"])
        return SQL(
            """
            health_basis AS (%s),
            health_item AS (%s),
            overdue AS MATERIALIZED (
                SELECT item.partner_id, item.amount, item.days, line.date_maturity, line.move_id
                  FROM health_item item
                  JOIN account_move_line line ON line.id = item.line_id
                 WHERE item.is_overdue)
            """,
            health._get_basis_sql(policies),
            health._get_item_sql(Scope(policies.company_id, customers)),
        )

    @api.model
    def _get_candidates_sql(self, company, customers) -> SQL:
        """Hook: whom one might tell, with a rank, the lowest first; within a rank the newest, or
        the oldest, first. Reads ``overdue``.
        """
        salespeople = SQL(
            """
            SELECT id AS partner_id, user_id, 1 AS rank,
                   NULL::timestamp AS newest, NULL::int AS oldest, NULL::int AS team_id
              FROM res_partner
             WHERE id = ANY(%(customers)s)
             UNION ALL
            SELECT contact.commercial_partner_id, lead.user_id, 2, lead.create_date, NULL,
                   lead.team_id
              FROM res_partner contact
              JOIN crm_lead lead ON lead.partner_id = contact.id
             WHERE contact.commercial_partner_id = ANY(%(customers)s)
               AND lead.type = 'opportunity' AND lead.active AND lead.won_status = 'pending'
               AND (lead.company_id = %(company)s OR lead.company_id IS NULL)
             UNION ALL
            SELECT overdue.partner_id, move.invoice_user_id, 3, NULL, -overdue.days, NULL
              FROM overdue
              JOIN account_move move ON move.id = overdue.move_id
            """,
            customers=list(customers.ids),
            company=company.id,
        )
        return SQL(
            """
            SELECT salesperson.partner_id, told.user_id, told.rank,
                   salesperson.newest, salesperson.oldest
              FROM (%s) salesperson
              LEFT JOIN res_users users ON users.id = salesperson.user_id
              LEFT JOIN crm_team team
                ON team.id = COALESCE(salesperson.team_id, users.sale_team_id) AND team.active
             CROSS JOIN LATERAL (
                VALUES (salesperson.user_id, salesperson.rank),
                       (team.user_id, 3 + salesperson.rank)
                   ) told (user_id, rank)
             WHERE told.user_id IS NOT NULL
            """,
            salespeople,
        )

    def _get_leaders(self, company) -> dict[int, int]:
        """To whom these flags of one company are escalated: the leader of the team of who was told,
        else the policy's fallback.

        :return: user ids by flag id; without an entry where there is nobody but who was told.
        """
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (flag.id) flag.id, leader.user_id
                      FROM crm_customer_flag flag
                      JOIN res_users users ON users.id = flag.assigned_id
                      LEFT JOIN crm_team team ON team.id = users.sale_team_id AND team.active
                     CROSS JOIN LATERAL (
                        VALUES (team.user_id, 1), (%(fallback)s, 2)) leader (user_id, rank)
                      JOIN (%(eligible)s) eligible ON eligible.id = leader.user_id
                     WHERE flag.id = ANY(%(flags)s) AND leader.user_id != flag.assigned_id
                     ORDER BY flag.id, leader.rank
                    """,
                    fallback=policy.fallback_user_id.id or None,
                    eligible=self._get_eligible_sql(company),
                    flags=list(self.ids),
                )
            )
        )
