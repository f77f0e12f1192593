from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import STAGE_LOGGER, BridgeCommon


@tagged("post_install", "-at_install")
class TestStages(BridgeCommon):
    """The stage follows the billing status, forward and back, but never against people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        freezer = freeze_time("2024-02-01 12:00:00")
        cls.frozen = freezer.start()
        cls.addClassCleanup(freezer.stop)
        cls.deal = cls._create_deal()
        # Changes in the transaction of the creation are not tracked.
        cls.env.cr.flush()

    def _create_invoice(self, deal=None, **values):
        values = {"invoice_date_due": "2024-03-01", **values}
        return self._create_deal_invoice([(100.0, deal or self.deal)], **values)

    def assertStage(self, deal, stage):
        self._flush()
        self.assertEqual(deal.stage_id.name, stage.name)

    # Forward and back ------------------------------------------------------------------------

    def test_forward_and_back(self):
        invoice = self._create_invoice()
        self.assertStage(self.deal, self.stage_invoiced)
        self._pay(invoice)
        self.assertStage(self.deal, self.stage_paid)
        invoice.line_ids.remove_move_reconcile()
        self.assertStage(self.deal, self.stage_invoiced)
        invoice.button_draft()
        self.assertStage(self.deal, self.stage_new)
        self.assertLess(self.deal.probability, 100)
        self.assertFalse(self.deal.date_closed)
        self.assertEqual(self.deal.won_status, "pending")

    def test_back_to_won_when_people_won_it(self):
        self.deal.action_set_won()
        invoice = self._create_invoice()
        self.assertStage(self.deal, self.stage_invoiced)
        invoice.button_draft()
        self.assertStage(self.deal, self.stage_won)
        self.assertEqual(self.deal.won_status, "won")

    def test_overdue_and_partly_paid_stay_invoiced(self):
        invoice = self._create_invoice(invoice_date_due="2024-01-20")
        self._flush()
        self.assertEqual(self.deal.billing_status, "overdue")
        self.assertStage(self.deal, self.stage_invoiced)
        self._pay(invoice, 40.0)
        self._flush()
        self.assertEqual(self.deal.billing_status, "overdue")
        invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        ).date_maturity = "2024-03-01"
        self._flush()
        self.assertEqual(self.deal.billing_status, "partially_paid")
        self.assertStage(self.deal, self.stage_invoiced)

    def test_credited_goes_to_won(self):
        invoice = self._create_invoice()
        self._flush()
        invoice._reverse_moves([{"invoice_date": "2024-01-25"}], cancel=True)
        self._flush()
        self.assertEqual(self.deal.billing_status, "credited")
        self.assertStage(self.deal, self.stage_won)

    def test_written_off_is_invoiced(self):
        invoice = self._create_invoice()
        entry = self._create_entry(
            (self.company_data["default_account_expense"], None, 100.0),
            (self.company_data["default_account_receivable"], self.partner, -100.0),
        )
        self._settle(invoice, entry)
        self.assertStage(self.deal, self.stage_invoiced)
        self.assertEqual(self.deal.billing_status, "invoiced")
        self.assertEqual(self.deal.due_total, 0.0)

    # People ----------------------------------------------------------------------------------

    def test_lost_is_never_moved(self):
        self.deal.action_set_lost()
        invoice = self._create_invoice()
        self._pay(invoice)
        self._flush()
        self.assertEqual(self.deal.billing_status, "paid")
        self.assertRecordValues(
            self.deal,
            [
                {
                    "active": False,
                    "stage_id": self.stage_new.id,
                    "won_status": "lost",
                    "probability": 0.0,
                }
            ],
        )
        self.deal.action_restore()
        self.assertStage(self.deal, self.stage_paid)

    def test_lost_after_being_invoiced_stays_lost(self):
        invoice = self._create_invoice()
        self._flush()
        self.deal.stage_id = self.stage_new
        self.deal.action_set_lost()
        self._pay(invoice)
        self._flush()
        self.assertEqual(self.deal.won_status, "lost")
        self.assertFalse(self.deal.active)
        self.assertEqual(self.deal.stage_id, self.stage_new)

    def test_archived_is_not_revived(self):
        self.deal.active = False
        self._create_invoice()
        self._flush()
        self.assertFalse(self.deal.active)
        self.assertEqual(self.deal.stage_id, self.stage_new)

    def test_held_in_its_stage(self):
        self.deal.is_stage_held = True
        invoice = self._create_invoice()
        self.assertStage(self.deal, self.stage_new)
        self.assertEqual(self.deal.billing_status, "invoiced")
        self.deal.is_stage_held = False
        self.assertStage(self.deal, self.stage_invoiced)
        self.deal.is_stage_held = True
        self._pay(invoice)
        self.assertStage(self.deal, self.stage_invoiced)

    def test_a_stage_chosen_by_people_stays_until_the_status_changes(self):
        invoice = self._create_invoice()
        self._flush()
        self.deal.stage_id = self.stage_new
        self._flush()
        self.deal.name = "Renamed"
        self._pay(invoice, 10.0)
        invoice.line_ids.remove_move_reconcile()
        self._flush()
        self.deal.stage_id = self.stage_new
        self.deal.expected_revenue = 10.0
        self.assertStage(self.deal, self.stage_new)
        self._pay(invoice)
        self.assertStage(self.deal, self.stage_paid)

    def test_further_stage_of_people_is_not_taken_back(self):
        further = self.env["crm.stage"].create(
            {"name": "Delivered", "is_won": True, "sequence": 200}
        )
        self.deal.stage_id = further
        invoice = self._create_invoice()
        self.assertStage(self.deal, further)
        self._pay(invoice)
        self.assertStage(self.deal, further)

    def test_leads_are_not_moved(self):
        lead = self._create_deal(type="lead")
        self._create_invoice(lead)
        self.assertStage(lead, self.stage_new)

    # Settings and mapping --------------------------------------------------------------------

    def test_switched_off(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "crm_accounting_bridge.move_stages", "False"
        )
        self._create_invoice()
        self.assertStage(self.deal, self.stage_new)
        self.assertEqual(self.deal.billing_status, "invoiced")

    def test_stages_of_the_team(self):
        team, other_team = self.env["crm.team"].create([{"name": "North"}, {"name": "South"}])
        stage = self.env["crm.stage"].create(
            {
                "name": "Invoiced North",
                "is_won": True,
                "sequence": 79,
                "billing_status": "invoiced",
                "team_ids": [Command.set(team.ids)],
            }
        )
        north = self._create_deal(team_id=team.id)
        south = self._create_deal(team_id=other_team.id)
        self._create_deal_invoice([(100.0, north), (100.0, south)], invoice_date_due="2024-03-01")
        self.assertStage(north, stage)
        self.assertStage(south, self.stage_invoiced)

    def test_missing_stages_use_the_nearest_before(self):
        self.stage_paid.billing_status = False
        invoice = self._create_invoice()
        self._pay(invoice)
        self.assertStage(self.deal, self.stage_invoiced)
        self.assertEqual(self.deal.billing_status, "paid")
        self.stage_invoiced.billing_status = "ordered"
        deal = self._create_deal("Ordered stage only")
        self._create_invoice(deal)
        self.assertStage(deal, self.stage_invoiced)
        self.stage_invoiced.billing_status = False
        deal = self._create_deal("No stage at all")
        self._create_invoice(deal)
        self.assertStage(deal, self.stage_new)

    def test_a_stage_for_overdue(self):
        stage = self.env["crm.stage"].create(
            {"name": "Dunning", "is_won": True, "sequence": 85, "billing_status": "overdue"}
        )
        invoice = self._create_invoice(invoice_date_due="2024-01-20")
        self.assertStage(self.deal, stage)
        self._pay(invoice)
        self.assertStage(self.deal, self.stage_paid)
        invoice.line_ids.remove_move_reconcile()
        self.assertStage(self.deal, stage)

    # Winning ---------------------------------------------------------------------------------

    def test_the_button_won_leads_to_won(self):
        self.deal.action_set_won()
        self.assertStage(self.deal, self.stage_won)
        self.stage_won.billing_status = "ordered"
        deal = self._create_deal("Mapped to ordered")
        deal.action_set_won()
        self.assertStage(deal, self.stage_won)

    def test_the_button_won_leaves_an_invoiced_deal_alone(self):
        self._create_invoice()
        self._flush()
        self.deal.action_set_won()
        self.assertStage(self.deal, self.stage_invoiced)

    def test_won_once(self):
        """Close date, probability, scoring and the message come with winning, not with paying."""
        frequencies = self._get_frequencies()
        self._start_tracking()
        invoice = self._create_invoice()
        self._flush()
        closed = self.deal.date_closed
        won = self._get_frequencies()
        self.assertTrue(closed)
        self.assertEqual(self.deal.probability, 100)
        self.assertNotEqual(won, frequencies)
        for operation in (
            lambda: self._pay(invoice),
            invoice.line_ids.remove_move_reconcile,
            lambda: self._pay(invoice),
        ):
            self.frozen.tick(3600 * 24)
            operation()
            self._flush()
            self.assertEqual(self.deal.date_closed, closed)
            self.assertEqual(self.deal.probability, 100)
            self.assertEqual(self._get_frequencies(), won)
        self.assertEqual(self._count_messages("crm.mt_lead_won"), 1)
        invoice.line_ids.remove_move_reconcile()
        invoice.button_draft()
        self._flush()
        self.assertEqual(self._get_frequencies(), frequencies)

    def test_people_win_then_accounting_moves_on(self):
        self._start_tracking()
        self.deal.action_set_won()
        self._flush()
        closed, won = self.deal.date_closed, self._get_frequencies()
        self.frozen.tick(3600 * 24)
        invoice = self._create_invoice()
        self._flush()
        self._pay(invoice)
        self.assertStage(self.deal, self.stage_paid)
        self.assertEqual(self.deal.date_closed, closed)
        self.assertEqual(self._get_frequencies(), won)
        self.assertEqual(self._count_messages("crm.mt_lead_won"), 1)
        invoice._reverse_moves([{"invoice_date": "2024-01-25"}], cancel=True)
        self._flush()
        self.assertEqual(self.deal.date_closed, closed)
        self.assertEqual(self._get_frequencies(), won)
        self.assertEqual(self._count_messages("crm.mt_lead_won"), 1)

    def _start_tracking(self):
        """Tests of other addons run without tracking."""
        self.deal = self.deal.with_context(tracking_disable=False, mail_notrack=False)
        self.deal.message_ids.unlink()

    def _get_frequencies(self):
        self.env.flush_all()
        return {
            (row.variable, row.value, row.team_id): (row.won_count, row.lost_count)
            for row in self.env["crm.lead.scoring.frequency"].sudo().search([])
            # A value that was never won nor lost has a row of nothing.
            if (row.won_count, row.lost_count) not in ((0.0, 0.0), (0.1, 0.1))
        }

    def _count_messages(self, subtype):
        return len(
            self.deal.sudo().message_ids.filtered(
                lambda message: message.subtype_id == self.env.ref(subtype)
            )
        )

    # Refusals --------------------------------------------------------------------------------

    @mute_logger(STAGE_LOGGER)
    def test_a_refused_move_does_not_stop_the_payment(self):
        refused, other = self.deal, self._create_deal("Other")
        invoice = self._create_deal_invoice(
            [(100.0, refused), (100.0, other)], invoice_date_due="2024-03-01"
        )
        self._flush()
        refusal, write = "Not before delivery.", type(self.deal).write

        def refusing_write(leads, vals):
            if vals.get("stage_id") == self.stage_paid.id and refused in leads:
                raise ValidationError(refusal)
            return write(leads, vals)

        with patch.object(type(self.deal), "write", refusing_write):
            self._pay(invoice)
            self.assertStage(other, self.stage_paid)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertStage(refused, self.stage_invoiced)
        self.assertEqual(refused.billing_status, "paid")
        failure = self.env["crm.stage.change.failure"].search([("lead_id", "=", refused.id)])
        self.assertRecordValues(
            failure,
            [
                {
                    "stage_id": self.stage_paid.id,
                    "reason": "Not before delivery.",
                    "company_id": self.company.id,
                }
            ],
        )
        with patch.object(type(self.deal), "write", refusing_write):
            failure.action_retry()
        self.assertStage(refused, self.stage_invoiced)
        self.assertTrue(failure.exists())
        failure.action_retry()
        self.assertStage(refused, self.stage_paid)
        self.assertFalse(failure.exists())

    @mute_logger(STAGE_LOGGER)
    def test_an_unexpected_error_is_kept_too(self):
        invoice = self._create_invoice()
        self._flush()
        write = type(self.deal).write

        def broken_write(leads, vals):
            if vals.get("stage_id") == self.stage_paid.id:
                return leads.env.cr.execute("SELECT 1 / 0")
            return write(leads, vals)

        with (
            patch.object(type(self.deal), "write", broken_write),
            self.assertLogs("odoo.sql_db", "ERROR"),
        ):
            self._pay(invoice)
            self._flush()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(
            self.env["crm.stage.change.failure"].search_count([("lead_id", "=", self.deal.id)]), 1
        )
        # The next change of status tries again and takes the failure off the list.
        invoice.line_ids.remove_move_reconcile()
        self._flush()
        self._pay(invoice)
        self.assertStage(self.deal, self.stage_paid)
        self.assertFalse(
            self.env["crm.stage.change.failure"].search_count([("lead_id", "=", self.deal.id)])
        )

    @mute_logger(STAGE_LOGGER)
    def test_a_failure_that_is_overtaken_leaves_the_list(self):
        """Refused, then unpaid again: the deal is where it belongs, nothing is left to retry."""
        invoice = self._create_invoice()
        self._flush()
        refusal, write = "No.", type(self.deal).write

        def refusing_write(leads, vals):
            if vals.get("stage_id") == self.stage_paid.id:
                raise ValidationError(refusal)
            return write(leads, vals)

        with patch.object(type(self.deal), "write", refusing_write):
            self._pay(invoice)
            self._flush()
        self.assertEqual(
            self.env["crm.stage.change.failure"].search_count([("lead_id", "=", self.deal.id)]), 1
        )
        invoice.line_ids.remove_move_reconcile()
        self.assertStage(self.deal, self.stage_invoiced)
        self.assertFalse(
            self.env["crm.stage.change.failure"].search_count([("lead_id", "=", self.deal.id)])
        )
