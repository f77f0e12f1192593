import logging
from collections import defaultdict
from datetime import datetime, time

from psycopg2 import OperationalError

from odoo.exceptions import UserError
from odoo.fields import Domain

from ..billing_status import INVOICED_STATUSES, STAGE_FALLBACKS

_logger = logging.getLogger(__name__)


class Stage:
    """The stage follows the billing status: forward and back, but never against people.

    Status and stage are written as a person writes them: closing date, probability, lead scoring,
    tracking and automation rules follow, and what other addons forbid, they forbid.
    """

    __slots__ = ()

    def _follow_billing_status(self, status_by_lead=None, is_retry=False):
        """Write the deals' billing status, and move them into the stages that it stands for.

        Lost and archived deals stay as they are, and so do those that a user holds in their stage.

        :param status_by_lead: the status by deal id; without it that of the deals.
        :param is_retry: also deals whose stage has followed the status, but was refused.
        :return: the deals to be tried in another transaction, since somebody else wrote the same.
        """
        if status_by_lead is None:
            status_by_lead = {lead.id: lead.billing_status for lead in self}
        values_by_lead = {
            lead: {"billing_status": status_by_lead[lead.id]}
            for lead in self
            if lead.billing_status != status_by_lead[lead.id]
        }
        moving = self._filter_moving(status_by_lead, is_retry)
        for (_team, status), leads in moving.grouped(
            lambda lead: (lead.team_id, status_by_lead[lead.id])
        ).items():
            target = leads._find_billing_stage(status)
            won = target or leads._find_won_stage()
            for lead in leads:
                stage = lead._get_next_stage(status, target, won)
                values_by_lead.setdefault(lead, {}).update(
                    followed_billing_status=status, **lead._prepare_stage_values(stage)
                )
        leads_by_values = defaultdict(self.browse)
        for lead, values in values_by_lead.items():
            is_old = not lead.followed_billing_status
            leads_by_values[is_old, tuple(sorted(values.items()))] |= lead
        refused, left = self.browse(), self.browse()
        for (is_old, values), leads in leads_by_values.items():
            refused_now, left_now = leads._try_billing(dict(values), is_old)
            refused |= refused_now
            left |= left_now
        (moving - refused - left)._forget_stage_failures()
        return left

    def _filter_moving(self, status_by_lead, is_retry):
        """Those of the deals whose stage has a status to follow."""
        if not self._is_stage_automation_active():
            return self.browse()
        return self.filtered(
            lambda lead: (
                (is_retry or status_by_lead[lead.id] != lead.followed_billing_status)
                and lead.active
                and lead.type == "opportunity"
                and not lead.is_stage_held
            )
        )

    def _is_stage_automation_active(self) -> bool:
        """Whether deals move by themselves (a setting, on unless turned off)."""
        parameter = self.env["ir.config_parameter"].sudo()
        return parameter.get_param("crm_accounting_bridge.move_stages", "True") != "False"

    def _find_billing_stage(self, status: str):
        """The stage of the deals' team for a status, or for the nearest one that stands in."""
        for candidate in (status, *STAGE_FALLBACKS.get(status, ())):
            if stage := self._stage_find(domain=[("billing_status", "=", candidate)]):
                return stage
        return self.env["crm.stage"]

    def _get_next_stage(self, status, target, won):
        """Where the deal goes for a billing status; empty when it stays.

        :param target: the stage of the status, maybe empty.
        :param won: the stage in which people win a deal, when there is no target.
        """
        self.ensure_one()
        stage = self.stage_id
        if stage.billing_status in INVOICED_STATUSES:
            # Accounting brought it here, so accounting may take it back. A credited deal was won.
            before = self.stage_before_billing_id
            if status == "credited" and not before.is_won:
                before = won
            target = target or before or won
        elif target.sequence < stage.sequence and (stage.is_won or not target.is_won):
            # People brought it further, or what was reached has no stage.
            return stage.browse()
        elif stage.is_won and not target.is_won:
            return stage.browse()
        return target if target != stage else stage.browse()

    def _prepare_stage_values(self, stage) -> dict:
        """What to write on the deal that goes into this stage; nothing when it stays."""
        self.ensure_one()
        if not stage:
            return {}
        values = {"stage_id": stage.id}
        if stage.billing_status not in INVOICED_STATUSES:
            values["stage_before_billing_id"] = False
        elif self.stage_id.billing_status not in INVOICED_STATUSES:
            values["stage_before_billing_id"] = self.stage_id.id
        return values

    def _find_won_stage(self):
        """The stage in which people win a deal."""
        return self._stage_find(domain=[("is_won", "=", True)])

    def _try_billing(self, values, is_old):
        """Write status and stage of the deals. Those that another addon refuses go to the list of
        failures; their status is written nevertheless, for it is a fact.

        :return: the deals that are refused, and those to be tried again.
        """
        try:
            with self.env.cr.savepoint():
                if is_old:
                    self._write_old_billing(dict(values))
                else:
                    self.write(dict(values))  # Odoo adds to the values
        except OperationalError:
            # Winning a deal counts in figures that all deals share: somebody else was quicker.
            refused, left = self.browse(), self
        except Exception as error:
            refused, left = self, self.browse()
            reason = str(error) if isinstance(error, UserError) else repr(error)
            _logger.info("%s could not follow its billing status", self, exc_info=True)
        else:
            return self.browse(), self.browse()
        if len(self) > 1:
            # The others must not suffer for one.
            results = [lead._try_billing(values, is_old) for lead in self]
            return tuple(self.browse().union(*leads) for leads in zip(*results, strict=True))
        if refused:
            names = ("billing_status", "followed_billing_status")
            with self.env.protecting([self._fields[name] for name in names], self):
                for name in values.keys() & set(names):
                    self[name] = values[name]
            self.env["crm.stage.change.failure"]._log_failure(self, values.get("stage_id"), reason)
        return refused, left

    def _write_old_billing(self, values):
        """Write status and stage of deals whose documents are older than their link to them.

        Nobody is told of what happened long ago, and open deals are won on the day of their first
        invoice.
        """
        open_leads = self.filtered(lambda lead: lead.won_status == "pending")
        self.with_context(tracking_disable=True).write(values)
        for lead in open_leads.filtered(lambda lead: lead.won_status == "won"):
            if lead.first_invoice_date:
                lead.date_closed = datetime.combine(lead.first_invoice_date, time(12))

    def _forget_stage_failures(self):
        self.env["crm.stage.change.failure"].search([("lead_id", "in", self.ids)]).unlink()

    def _stage_find(self, team_id=False, domain=None, order="sequence, id", limit=1):
        """Stages that accounting alone reaches are found by their billing status, and by nobody
        else while there are others: the button Won leads to Won, never to Paid.
        """
        people_domain = Domain(domain or []) & Domain("billing_status", "not in", INVOICED_STATUSES)
        return super()._stage_find(team_id, people_domain, order, limit) or super()._stage_find(
            team_id, domain, order, limit
        )

    def action_set_won(self):
        """A deal that accounting moved beyond Won stays there."""
        billed = self.filtered(
            lambda lead: (
                lead.won_status == "won" and lead.stage_id.billing_status in INVOICED_STATUSES
            )
        )
        return super(Stage, self - billed).action_set_won()

    def _track_subtype(self, init_values):
        """A deal is announced as won once, not at each step from Won to Paid."""
        if (
            "stage_id" in init_values
            and init_values["stage_id"].is_won
            and self.won_status == "won"
        ):
            return self.env.ref("crm.mt_lead_stage")
        return super()._track_subtype(init_values)

    def get_rainbowman_message(self):
        if self.stage_id.billing_status in INVOICED_STATUSES:
            return False
        return super().get_rainbowman_message()
