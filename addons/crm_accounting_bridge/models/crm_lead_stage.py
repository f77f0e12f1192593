import logging

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .billing_status import BILLING_STATUSES, INVOICED_STATUSES, STAGE_FALLBACKS
from .crm_lead import BILLING_GROUPS

_logger = logging.getLogger(__name__)

_PENDING = "crm_accounting_bridge.stage_change"


class CrmLead(models.Model):
    """The stage follows the billing status: forward and back, but never against people.

    A stage change needs ``write()`` (closing date, probability, lead scoring, other addons'
    checks), which a compute method must not call. It is done when the transaction is about to be
    committed, once for all that happened in it, as Odoo does for the tracking of changes.
    """

    _inherit = "crm.lead"

    followed_billing_status = fields.Selection(
        BILLING_STATUSES,
        default="none",
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="The billing status that the stage has followed last.",
    )
    stage_before_billing_id = fields.Many2one(
        "crm.stage",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=BILLING_GROUPS,
        help="Where the opportunity was before accounting moved it; it returns there when all"
        " invoices are withdrawn.",
    )
    is_stage_held = fields.Boolean(
        "Keep in This Stage",
        copy=False,
        tracking=True,
        groups=BILLING_GROUPS,
        help="Accounting does not move this opportunity; its billing status goes on.",
    )

    def write(self, vals):
        # Asked before: Odoo adds to the values of a move into a won stage.
        may_move = not vals.keys().isdisjoint(("active", "is_stage_held", "type"))
        result = super().write(vals)
        if may_move:
            self._schedule_stage_change()
        return result

    def _schedule_stage_change(self):
        """Have the stages follow before the transaction is committed."""
        precommit = self.env.cr.precommit
        if _PENDING not in precommit.data:
            precommit.add(self.browse()._process_stage_changes)
        precommit.data.setdefault(_PENDING, set()).update(self.ids)

    def _process_stage_changes(self):
        lead_ids = self.env.cr.precommit.data.pop(_PENDING, ())
        # An accountant's payment moves deals of all salespeople: nobody's own rights count here.
        self.sudo().browse(lead_ids).exists()._follow_billing_status()

    def _follow_billing_status(self):
        """Move the deals whose billing status changed into the stage that it stands for.

        Lost and archived deals stay as they are, and so do those that a user holds in their stage.
        """
        if not self._is_stage_automation_active():
            return
        leads = self.filtered(
            lambda lead: (
                lead.billing_status != lead.followed_billing_status
                and lead.active
                and lead.type == "opportunity"
                and not lead.is_stage_held
            )
        )
        for (_team, status), status_leads in leads.grouped(
            lambda lead: (lead.team_id, lead.billing_status)
        ).items():
            target = status_leads._find_billing_stage(status)
            for stage, stage_leads in status_leads.grouped(
                lambda lead, target=target: lead._get_next_stage(target)
            ).items():
                stage_leads._move_to_billing_stage(stage)
            status_leads.followed_billing_status = status

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

    def _get_next_stage(self, target):
        """Where the deal goes for a billing status; empty when it stays.

        :param target: the stage of the status, maybe empty.
        """
        self.ensure_one()
        stage = self.stage_id
        if stage.billing_status in INVOICED_STATUSES:
            # Accounting brought it here, so accounting may take it back. A credited deal was won.
            before = self.stage_before_billing_id
            if self.billing_status == "credited" and not before.is_won:
                before = self._find_won_stage()
            target = target or before or self._find_won_stage()
        elif target.sequence < stage.sequence and (stage.is_won or not target.is_won):
            # People brought it further, or what was reached has no stage.
            return stage.browse()
        elif stage.is_won and not target.is_won:
            return stage.browse()
        return target if target != stage else stage.browse()

    def _find_won_stage(self):
        """The stage in which people win a deal."""
        return self.with_context(without_accounting_stages=True)._stage_find(
            domain=[("is_won", "=", True)]
        )

    def _move_to_billing_stage(self, stage):
        """Move the deals; those that another addon refuses to move go to the list of failures."""
        if not stage:
            # They are where they belong: what was refused before is not wanted any more.
            self._forget_stage_failures()
            return
        try:
            with self.env.cr.savepoint():
                self._write_billing_stage(stage)
        except OperationalError:
            # Concurrency: Odoo repeats the whole transaction.
            raise
        except Exception as error:
            if len(self) > 1:
                # The others must not suffer for the one that is refused.
                for lead in self:
                    lead._move_to_billing_stage(stage)
                return
            _logger.info("%s could not follow its billing status: %s", self, error)
            self.env["crm.stage.change.failure"]._log_failure(
                self, stage, str(error) if isinstance(error, UserError) else repr(error)
            )
        else:
            self._forget_stage_failures()

    def _forget_stage_failures(self):
        self.env["crm.stage.change.failure"].search([("lead_id", "in", self.ids)]).unlink()

    def _write_billing_stage(self, stage):
        for origin, leads in self.grouped("stage_id").items():
            values = {"stage_id": stage.id}
            if stage.billing_status not in INVOICED_STATUSES:
                values["stage_before_billing_id"] = False
            elif origin.billing_status not in INVOICED_STATUSES:
                values["stage_before_billing_id"] = origin.id
            leads.write(values)

    def _stage_find(self, team_id=False, domain=None, order="sequence, id", limit=1):
        if self.env.context.get("without_accounting_stages"):
            people_domain = Domain(domain or []) & Domain(
                "billing_status", "not in", INVOICED_STATUSES
            )
            if stages := super()._stage_find(team_id, people_domain, order, limit):
                return stages
        return super()._stage_find(team_id, domain, order, limit)

    def action_set_won(self):
        """The button Won leads to Won, never to Paid; a deal that accounting moved stays there."""
        billed = self.filtered(
            lambda lead: (
                lead.won_status == "won" and lead.stage_id.billing_status in INVOICED_STATUSES
            )
        )
        leads = (self - billed).with_context(without_accounting_stages=True)
        return super(CrmLead, leads).action_set_won()

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
