from datetime import date

from odoo import api
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class WeeklyFacts:
    """What was open on a day, by the relations of all figures.

    These methods read with full rights: the caller sees to it that the user may see the customers.
    """

    __slots__ = ()

    @api.model
    def _get_overdue_total(self, company, as_of: date) -> float:
        """What all customers of the company owed overdue on that day."""
        relations = self._get_exposure_relations(company, None, as_of)
        [(total,)] = self.env.execute_query(
            SQL(
                "%s SELECT COALESCE(SUM(overdue_amount), 0) FROM health_open",
                self._get_with_sql(relations, are_small=False),
            )
        )
        return total

    @api.model
    def _get_exposures(self, company, partners, as_of: date) -> dict[int, dict]:
        """What these customers owed on that day: a dictionary by partner id.

        Its keys are ``overdue_amount`` and ``needs_action``, by the thresholds of today.
        """
        relations = self._get_exposure_relations(company, partners, as_of)
        relations["health_alarm"] = self._get_alarm_sql()
        rows = self.env.execute_query_dict(
            SQL(
                """
                %s
                SELECT open.partner_id, open.overdue_amount,
                       alarm.partner_id IS NOT NULL AS needs_action
                  FROM health_open open
                  LEFT JOIN health_alarm alarm ON alarm.partner_id = open.partner_id
                """,
                self._get_with_sql(relations),
            )
        )
        return {row["partner_id"]: row for row in rows}

    def _get_exposure_relations(self, company, partners, as_of: date) -> dict[str, SQL]:
        self._flush_sources()
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        is_past = as_of < company._get_today()
        return {
            "health_basis": self._get_basis_sql(policy, as_of if is_past else None),
            "health_item": self._get_item_sql(Scope(company, partners, as_of if is_past else None)),
            "health_open": self._get_open_sql(),
        }
