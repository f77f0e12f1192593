from collections import defaultdict

from psycopg2 import OperationalError

from odoo import api, fields
from odoo.fields import Domain
from odoo.tools import SQL

#: Deals that are locked and computed together. A salesperson who saves one of them waits so long.
_BATCH_SIZE = 100
#: Deals that are looked at in one transaction when all are computed.
_PART_SIZE = 200


class Refresh:
    """How deals learn that something changed: they read the outbox of receivables.

    Accounting writes nothing on deals. What it changed waits as keys ``(0, deal id)`` until the
    scheduled action :meth:`_cron_read_changes` has computed the deals: figures by one statement
    for all and one for those that changed; status and stage as a person writes them.
    """

    __slots__ = ()

    # What changed ----------------------------------------------------------------------------

    def _collect_billing(self):
        """Something changed that only the bridge knows of: have these deals computed anew.

        Called before a deal loses its documents, and after it got them.
        """
        # A form that is being filled in has no deals yet.
        if lead_ids := [lead_id for lead_id in self._ids if lead_id]:
            self.env["account.receivable.change"]._collect_keys(
                "crm.lead", [(0, lead_id) for lead_id in lead_ids]
            )

    @api.model
    def _get_receivable_keys_sql(self, changed: SQL) -> SQL:
        """Hook: the deals of the entries ``changed``, as ``SELECT company_id, res_id``."""
        return SQL(
            """
            SELECT 0 AS company_id, line.opportunity_id AS res_id
              FROM %s
              JOIN account_move_line line ON line.move_id = changed.move_id
             WHERE line.opportunity_id IS NOT NULL
            """,
            changed,
        )

    @api.model
    def _get_change_cron_xmlid(self) -> str:
        return "crm_accounting_bridge.ir_cron_read_changes"

    @api.model
    def _cron_read_changes(self, batch_size=_BATCH_SIZE):
        """Bring the deals up to date whose documents changed."""
        self.env["account.receivable.change"]._work_off_all("crm.lead", batch_size)

    @api.model
    def _on_receivables_changed(self, keys):
        """Bring these deals up to date, but for those that somebody is saving at this moment.

        :return: the keys that are left for later.
        """
        leads = self.browse(lead_id for __, lead_id in keys)
        locked = leads._lock_for_billing()
        left = (leads - locked).exists() | locked._refresh_billing()
        return [(0, lead_id) for lead_id in left.ids]

    def _lock_for_billing(self):
        """Those of the deals that nobody else writes, locked.

        Without their key: invoice lines may refer to them meanwhile.
        """
        try:
            with self.env.cr.savepoint():
                return self.try_lock_for_update(allow_referencing=True)
        except OperationalError:
            # Somebody saved one of them since this transaction began.
            if len(self) == 1:
                return self.browse()
            return self.browse().union(*(lead._lock_for_billing() for lead in self))

    @api.model
    def _on_all_receivables_changed(self, company_id, position):
        """Bring the next deals after the id ``position`` up to date.

        :return: the id that was reached; nothing when there are no more.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lead.id, %s
                  FROM (SELECT id, billing_status
                          FROM crm_lead WHERE id > %s ORDER BY id LIMIT %s) lead
                 ORDER BY lead.id
                """,
                self._get_billable_sql(),
                position,
                _PART_SIZE,
            )
        )
        self.env["account.receivable.change"]._compute_keys(
            "crm.lead", [(0, lead_id) for lead_id, is_billable in rows if is_billable]
        )
        return rows[-1][0] if rows else None

    @api.model
    def _get_billable_sql(self) -> SQL:
        """Hook: whether there may be something to say of the deal ``lead``, as a condition."""
        return SQL(
            """
            (lead.billing_status != 'none'
             OR EXISTS (SELECT FROM account_move_line line WHERE line.opportunity_id = lead.id))
            """
        )

    @api.model
    def _cron_refresh_overdue(self):
        """Have judged again what only the calendar changes: instalments whose due date passed."""
        leads = self.with_context(active_test=False).search(self._get_judge_domain())
        # Those that wait already will be judged, those that failed said why.
        leads.filtered(lambda lead: not lead.is_billing_waiting)._collect_billing()

    @api.model
    def _get_judge_domain(self) -> Domain:
        """Deals with something open whose due date passed since they were judged last.

        A deal without a company may be invoiced by companies in several time zones: the first of
        them to reach a new day counts, and until the last one has, the deal is judged at each run.
        """
        todays = self._get_todays()
        company_ids_by_day = defaultdict(list)
        for company, today in todays.items():
            company_ids_by_day[today if company else max(todays.values())].append(company.id)
        return Domain.OR(
            Domain("company_id", "in", company_ids)
            & Domain("next_due_date", "<", today)
            & Domain("billing_as_of_date", "<", today)
            for today, company_ids in company_ids_by_day.items()
        )

    @api.model
    def _get_todays(self) -> dict:
        """The day for which deals are judged, by company: that of its time zone; for deals without
        a company the day that has begun everywhere.
        """
        companies = self.env["res.company"].sudo().search([("active", "in", (True, False))])
        todays = {company: company._get_today() for company in companies}
        return {**todays, companies.browse(): min(todays.values())}

    # What follows ----------------------------------------------------------------------------

    def _refresh_billing(self):
        """Compute and store figures and status anew, and have the stages follow.

        The caller has locked the deals, or has written on them.

        :return: the deals whose status and stage have to be written later.
        """
        values_by_lead = self._get_billing_values()
        before = self._get_figures_before()
        self._store_billing_figures(values_by_lead)
        self._log_events(before)
        left = self._follow_billing_status(
            {lead_id: values["billing_status"] for lead_id, values in values_by_lead.items()}
        )
        self._tell_finance_of_invoices()
        return left

    def _get_billing_values(self) -> dict[int, dict]:
        """The stored billing fields of these deals as they should be now, by deal id.

        Hook: what another addon adds here to a stored field of its own is stored, and shown while
        a change is waiting, together with the bridge's figures.
        """
        manual = self.filtered(lambda lead: lead.billing_source == "manual")
        return {**(self - manual)._get_automatic_values(), **manual._get_manual_values()}

    def _get_automatic_values(self) -> dict[int, dict]:
        """The deals' stored billing fields from journals and orders, by deal id."""
        figures_by_lead = self._get_billing_figures()
        order_status_by_lead = self._get_order_status()
        todays = self._get_todays()
        values_by_lead = {}
        for lead in self:
            figures = figures_by_lead.get(lead.id, {})
            currency = lead.company_id.currency_id or lead.billing_currency_id
            # As for the status: a cent that shares lack or exceed is no money.
            is_paid = figures and figures["due_total"] <= figures["inexact"] < figures["paid_total"]
            values_by_lead[lead.id] = {
                "billing_currency_id": figures.get("currency_id") or currency.id,
                **{
                    name: float(figures.get(name) or 0.0)
                    for name in (
                        "invoiced_untaxed",
                        "invoiced_total",
                        "credited_total",
                        "paid_total",
                        "discount_total",
                        "written_off_total",
                        "due_total",
                        "overdue_total",
                    )
                },
                **{
                    name: figures.get(name) or False
                    for name in ("first_invoice_date", "next_due_date", "last_payment_date")
                },
                "paid_date": figures["settlement_date"] if is_paid else False,
                "billing_as_of_date": todays[lead.company_id],
                "billing_status": self._get_billing_status(
                    figures, *order_status_by_lead.get(lead.id, ("none", False))
                ),
                "has_uncounted_invoices": False,
            }
        return values_by_lead

    @api.model
    def _get_billing_status(self, figures: dict, order_status: str, has_uninvoiced: bool) -> str:
        """The status of a deal: the first that holds.

        :param figures: a row of :meth:`_get_billing_figures`; empty without a posted document.
        :param order_status: ``none``, ``quoted`` or ``ordered``.
        :param has_uninvoiced: a confirmed order of the deal still has something to invoice.
        """
        if not figures:
            return order_status
        # An invoice of several deals and its credit note may share their cents differently.
        nothing = figures["inexact"]
        invoiced, paid = figures["invoiced_total"], figures["paid_total"]
        if figures["credited_total"] > nothing >= max(invoiced, paid):
            return "credited"
        if figures["overdue_total"] > nothing:
            return "overdue"
        if has_uninvoiced:
            return "partially_invoiced"
        if paid > nothing:
            return "partially_paid" if figures["due_total"] > nothing else "paid"
        return "invoiced"

    def _get_order_status(self) -> dict[int, tuple[str, bool]]:
        """Hook: ``(none | quoted | ordered, has something to invoice)`` by deal id.

        Without the Sales app a deal has no order: it counts as invoiced in full by its invoices.
        """
        return {}

    def _store_billing_figures(self, values_by_lead: dict[int, dict]):
        """Write the deals' figures where they changed, by one statement for all.

        They are facts of accounting: no rule on opportunities can refuse them.
        """
        self.flush_recordset()
        changed = self.filtered(lambda lead: lead._is_billing_changed(values_by_lead[lead.id]))
        if not changed:
            return
        now = fields.Datetime.now()
        rows = []
        for lead in changed:
            row = {**values_by_lead[lead.id], "figures_as_of": now}
            del row["billing_status"]  # as a person writes it
            rows.append((lead.id, *(None if value is False else value for value in row.values())))
        names = list(row)
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead lead
                   SET %s, write_uid = %s, write_date = %s
                  FROM (VALUES %s) figures (id, %s)
                 WHERE lead.id = figures.id
                """,
                SQL(", ").join(
                    SQL(
                        "%s = %s::%s",
                        SQL.identifier(name),
                        SQL.identifier("figures", name),
                        SQL(self._fields[name].column_type[0]),
                    )
                    for name in names
                ),
                self.env.uid,
                self.env.cr.now(),
                SQL(", ").join(SQL("%s", row) for row in rows),
                SQL(", ").join(map(SQL.identifier, names)),
            )
        )
        changed.invalidate_recordset(flush=False)
        changed.modified(names)

    def _is_billing_changed(self, values: dict) -> bool:
        """Whether figures other than these are stored."""
        self.ensure_one()
        ignored = {"billing_status"}
        if not values["next_due_date"]:
            # Nothing will become overdue: the day says nothing.
            ignored.add("billing_as_of_date")
        return any(
            self._fields[name].convert_to_write(self[name], self) != value
            for name, value in values.items()
            if name not in ignored
        )
