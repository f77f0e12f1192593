from collections.abc import Iterable

from odoo import api
from odoo.tools import SQL


class Reader:
    """Figures follow the journals: a reader of :class:`account.receivable.change`.

    Its keys are pairs of company and partner: the partner of a journal item, and the customer that
    it was then, for a contact may leave its customer before the change is worked off.
    """

    __slots__ = ()

    @api.model
    def _get_receivable_keys_sql(self, changed: SQL) -> SQL:
        """``SELECT company_id, res_id`` of the customers of journal items that changed."""
        return SQL(
            """
            SELECT changed.company_id, customer.id AS res_id
              FROM %s changed
             CROSS JOIN LATERAL (
                SELECT UNNEST(ARRAY[partner.id, partner.commercial_partner_id]) AS id
                  FROM res_partner partner
                 WHERE partner.id = changed.partner_id
                   ) customer
            """,
            changed,
        )

    @api.model
    def _get_change_cron_xmlid(self) -> str:
        return "crm_customer_health.ir_cron_queue"

    @api.model
    def _cron_read_changes(self):
        """Compute the customers whose receivables changed, batch by batch."""
        self.env["account.receivable.change"]._work_off_all(self._name)

    @api.model
    def _on_receivables_changed(self, keys: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Compute these customers, pairs of ids of company and partner, and write their rows.

        :return: those of companies whose customers another process is writing.
        """
        partner_ids_by_company = {}
        for company_id, partner_id in keys:
            partner_ids_by_company.setdefault(company_id, set()).add(partner_id)
        left = []
        for company in self._get_existing_companies(partner_ids_by_company):
            partners = self.env["res.partner"].browse(partner_ids_by_company[company.id]).exists()
            if not self._refresh(company, partners | partners.commercial_partner_id):
                left += [key for key in keys if key[0] == company.id]
        return left

    @api.model
    def _on_all_receivables_changed(self, company_id: int, position: int) -> int | None:
        """Compute all customers of a company, or see to it that those of all companies are."""
        if not company_id:
            companies = self.env["crm.customer.health.policy"]._get_companies()
            self.env["account.receivable.change"]._collect_keys(
                self._name, [(company.id, 0) for company in companies]
            )
            return None
        companies = self._get_existing_companies([company_id])
        return None if self._refresh(companies) == companies else position

    def _get_existing_companies(self, company_ids: Iterable[int]):
        return self.env["res.company"].browse(company_ids).exists()
