from collections import defaultdict

from odoo.tools import SQL, format_amount

#: Figures whose changes are told.
TOLD = ("invoiced_total", "credited_total", "paid_total", "written_off_total")


class Events:
    """Who follows a deal reads in its chatter what accounting did: how much, on which invoices."""

    __slots__ = ()

    def _get_figures_before(self) -> dict[int, dict]:
        """The stored figures that events are told from, of deals that were invoiced already: the
        first invoice is told by the status, and may be older than its link to the deal. What is set
        by hand is logged with its reason.
        """
        return {
            lead.id: {name: lead[name] for name in ("billing_currency_id", *TOLD)}
            for lead in self
            if lead.first_invoice_date and lead.billing_source != "manual"
        }

    def _log_events(self, before: dict[int, dict]):
        """Note on these deals what their figures changed by. One statement for all that received.

        :param before: of :meth:`_get_figures_before`.
        """
        changes = {}
        for lead in self:
            old = before.get(lead.id, {})
            currency = lead.billing_currency_id
            if not currency or currency != old.get("billing_currency_id"):
                continue
            deltas = {
                name: currency.round(lead[name] - old[name])
                for name in TOLD
                if not currency.is_zero(lead[name] - old[name])
            }
            if deltas:
                changes[lead] = deltas
        received = {
            lead: deltas["paid_total"]
            for lead, deltas in changes.items()
            if deltas.get("paid_total", 0) > 0
        }
        invoices = self._get_paid_invoices(received)
        bodies = {}
        for lead, deltas in changes.items():
            lang = lead.company_id.partner_id.lang or self.env.lang
            translated = lead.with_context(lang=lang)
            bodies[lead.id] = translated._get_event(deltas, invoices.get(lead.id, []))
        if bodies:
            self.browse(bodies)._message_log_batch(bodies=bodies)

    def _get_event(self, deltas: dict[str, float], invoices: list[str]) -> str:
        """What happened, in sentences, and what is open now.

        :param deltas: how much figures changed by.
        :param invoices: the numbers of the invoices that money was received on.
        """
        sentences = []
        invoiced = deltas.get("invoiced_total", 0.0) + deltas.get("credited_total", 0.0)
        if invoiced > 0:
            sentences.append(self.env._("%s invoiced.", self._format_billing(invoiced)))
        elif invoiced < 0:
            sentences.append(
                self.env._("Invoices of %s were taken back.", self._format_billing(-invoiced))
            )
        if (credited := deltas.get("credited_total", 0.0)) > 0:
            sentences.append(self.env._("%s credited.", self._format_billing(credited)))
        paid = deltas.get("paid_total", 0.0)
        if paid > 0 and invoices:
            sentences.append(
                self.env._(
                    "%(amount)s received on %(invoices)s.",
                    amount=self._format_billing(paid),
                    invoices=", ".join(invoices),
                )
            )
        elif paid > 0:
            sentences.append(self.env._("%s received.", self._format_billing(paid)))
        elif paid < 0:
            sentences.append(
                self.env._("%s is no longer counted as received.", self._format_billing(-paid))
            )
        if (lost := deltas.get("written_off_total", 0.0)) > 0:
            sentences.append(self.env._("%s written off.", self._format_billing(lost)))
        sentences.append(self.env._("%s open.", self._format_billing(self.due_total)))
        return " ".join(sentences)

    def _format_billing(self, amount: float) -> str:
        return format_amount(self.env, amount, self.billing_currency_id)

    def _get_paid_invoices(self, received: dict) -> dict[int, list[str]]:
        """The invoices on which this was received, by deal id: those of the newest payments that
        amount to it.

        :param received: an amount by deal.
        """
        if not received:
            return {}
        leads = self.browse().union(*received)
        self.env["crm.lead.share"]._flush()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT paid.lead_id, move.name, SUM(paid.amount)
                  FROM (%s) paid
                  JOIN account_move move ON move.id = paid.invoice_id
                 WHERE paid.counted_as = 'paid'
                 GROUP BY paid.lead_id, paid.settlement_id, move.id
                 ORDER BY paid.lead_id, ABS(paid.settlement_id) DESC NULLS LAST
                """,
                self.env["crm.lead.settlement"]._get_lead_settlement_sql(leads),
            )
        )
        by_lead = defaultdict(list)
        for lead_id, name, amount in rows:
            by_lead[lead_id].append((name, float(amount)))
        invoices = {}
        for lead, amount in received.items():
            names, rest = {}, amount
            for name, part in by_lead[lead.id]:
                if lead.billing_currency_id.compare_amounts(rest, 0) <= 0:
                    break
                names[name] = True
                rest -= part
            if lead.billing_currency_id.is_zero(rest):
                invoices[lead.id] = sorted(names)
        return invoices
