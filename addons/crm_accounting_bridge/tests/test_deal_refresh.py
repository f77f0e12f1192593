import logging
import re
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import html2plaintext, mute_logger

from .common import STAGE_LOGGER, BridgeCommon

#: What a form of the deal asks for.
FORM = {
    "is_billing_waiting": {},
    "billing_currency_id": {"fields": {"display_name": {}}},
    "billing_status": {},
    "invoiced_total": {},
    "next_due_date": {},
    "paid_total": {},
    "due_total": {},
}


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestDealRefresh(BridgeCommon):
    """Accounting writes nothing on deals; they follow within seconds, as a person writes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_deal()
        cls.other = cls._create_deal("Other")
        cls._follow_accounting()

    def _create_invoice(self, *lines, **values):
        values = {"invoice_date_due": "2024-03-01", **values}
        return self._create_deal_invoice(lines or [(100.0, self.deal)], **values)

    def _end_transaction(self):
        """As it is right after the commit of an accountant's request."""
        self.env.cr.flush()
        self.env.invalidate_all()

    def _get_row_version(self):
        """Changes with every UPDATE of the deals' rows, whatever it writes."""
        self._end_transaction()
        self.env.cr.execute(
            "SELECT ctid FROM crm_lead WHERE id = ANY(%s) ORDER BY id",
            [(self.deal | self.other).ids],
        )
        return self.env.cr.fetchall()

    def _get_waiting(self):
        self._end_transaction()
        rows = self.env["account.receivable.change"].sudo().search([("reader", "=", "crm.lead")])
        self.assertEqual(set(rows.mapped("company_id")), {0} if rows else set())
        return self.env["crm.lead"].browse(set(rows.mapped("res_id"))).sorted("id")

    # Accounting ------------------------------------------------------------------------------

    def test_accounting_writes_nothing_on_deals(self):
        before = self._get_row_version()
        invoice = self._create_invoice((100.0, self.deal), (50.0, self.other))
        payment = self._pay(invoice, 30.0)
        self._pay(invoice)
        payment.action_draft()
        invoice.button_draft()
        invoice.action_post()
        invoice._reverse_moves([{"invoice_date": "2024-01-25"}], cancel=True)
        self.assertEqual(self._get_row_version(), before)
        self.assertEqual(self._get_waiting(), self.deal | self.other)
        self._flush()
        self.assertNotEqual(self._get_row_version(), before)
        self.assertFalse(self._get_waiting())

    def test_drafts_tell_nobody(self):
        invoice = self._create_invoice(post=False)
        invoice.invoice_line_ids.opportunity_id = self.other
        invoice.opportunity_id = self.deal
        self.assertFalse(self._get_waiting())

    def test_deals_before_and_after(self):
        invoice = self._create_invoice()
        self._flush()
        invoice.invoice_line_ids.opportunity_id = self.other
        self.assertEqual(self._get_waiting(), self.deal | self.other)
        self.assertFigures(self.deal)
        self.assertFigures(self.other, invoiced_total=100.0, due_total=100.0)
        invoice.invoice_line_ids.opportunity_id = False
        self.assertEqual(self._get_waiting(), self.other)
        self.assertFigures(self.other)

    def test_what_a_credit_note_takes_off_depends_on_the_deals_of_both(self):
        third = self._create_deal("Third")
        invoice = self._create_invoice((100.0, self.deal), (100.0, self.other))
        refund = self._create_invoice((60.0, third), move_type="out_refund")
        self._settle(invoice, refund)
        # It settles the invoice like money, for it is another deal's.
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=30.0, due_total=70.0)
        self.assertFigures(self.other, invoiced_total=100.0, paid_total=30.0, due_total=70.0)
        refund.invoice_line_ids.opportunity_id = self.deal
        self.assertEqual(self._get_waiting(), self.deal | self.other | third)
        self.assertFigures(self.deal, invoiced_total=40.0, credited_total=60.0, due_total=40.0)
        self.assertFigures(self.other, invoiced_total=100.0, due_total=100.0)
        self.assertFigures(third)

    def test_a_deleted_deal_leaves_the_others_right(self):
        self._create_invoice((100.0, self.deal), (50.0, self.other))
        self._flush()
        self.other.unlink()
        self.assertIn(self.deal, self._get_waiting())
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0)
        self.assertFalse(self._get_waiting())

    def _get_events(self, deal):
        """What the chatter tells since the last call, the oldest first."""
        self._flush()
        messages = deal.message_ids.filtered(
            lambda message: not message.tracking_value_ids and "open." in (message.body or "")
        )
        events = [html2plaintext(message.body) for message in messages.sorted("id")]
        messages.sudo().unlink()
        return [event.replace("\xa0", " ") for event in events]

    def test_the_chatter_tells_what_happened(self):
        invoice = self._create_invoice()
        self.assertFalse(self._get_events(self.deal), "the status tells of the first invoice")
        self._pay(invoice, 30.0)
        self.assertEqual(
            self._get_events(self.deal), [f"$ 30.00 received on {invoice.name}. $ 70.00 open."]
        )
        self.assertFalse(self._get_events(self.deal), "once")
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(
            self._get_events(self.deal),
            ["$ 30.00 is no longer counted as received. $ 100.00 open."],
        )
        second = self._create_invoice((40.0, self.deal), (50.0, self.other))
        self.assertEqual(self._get_events(self.deal), ["$ 40.00 invoiced. $ 140.00 open."])
        self._pay(invoice | second, 190.0, group_payment=True)
        self.assertEqual(
            self._get_events(self.deal),
            [f"$ 140.00 received on {invoice.name}, {second.name}. $ 0.00 open."],
        )
        self.assertEqual(
            self._get_events(self.other), [f"$ 50.00 received on {second.name}. $ 0.00 open."]
        )

    def test_credit_is_told(self):
        invoice = self._create_invoice()
        self._flush()
        self._create_invoice((25.0, self.deal), move_type="out_refund")
        self.assertEqual(self._get_events(self.deal), ["$ 25.00 credited. $ 75.00 open."])
        invoice._reverse_moves([{"invoice_date": "2024-01-25"}], cancel=True)
        [event] = self._get_events(self.deal)
        self.assertIn("$ 100.00 credited.", event)

    def test_what_is_set_by_hand_is_no_event(self):
        self._create_invoice()
        self._flush()
        self.deal._set_manual_billing(
            {
                "manual_billing_status": "paid",
                "manual_invoiced": 80.0,
                "manual_paid": 80.0,
                "manual_invoice_date": "2024-01-10",
                "manual_payment_date": "2024-01-20",
                "manual_reason": "Old program",
            }
        )
        self.assertFalse(self._get_events(self.deal))

    def test_cards_of_overdue_deals_come_first(self):
        self.other.priority = "2"
        late = self._create_deal("Late")
        self._create_invoice((10.0, late), invoice_date_due="2024-01-15")
        self._create_invoice()
        self._flush()
        view = self.env["crm.lead"].get_view(
            self.env.ref("crm.crm_case_kanban_view_leads").id, "kanban"
        )
        order = re.search('default_order="([^"]*)"', view["arch"])[1]
        deals = self.env["crm.lead"].search(
            [("id", "in", (self.deal | self.other | late).ids)], order=order
        )
        self.assertEqual(deals, late | self.other | self.deal, "then by priority, billed or not")

    def test_another_company_of_the_deal(self):
        """Figures and their currency change together, not the currency alone."""
        currency = self.setup_other_currency("EUR", rates=[("2023-01-01", 0.5)])
        company = self.setup_other_company(name="Two", currency_id=currency.id)["company"]
        deal = self._create_deal("Everywhere", company_id=False)
        self.assertEqual(deal.billing_currency_id, self.company.currency_id)
        self._create_invoice((100.0, deal))
        self._flush()
        deal.company_id = company
        self._end_transaction()
        self.assertEqual(deal.billing_currency_id, self.company.currency_id)
        self.assertEqual(deal.invoiced_total, 100.0)
        self.assertEqual(self._get_waiting(), deal)
        self._flush()
        self.assertEqual(deal.billing_currency_id, currency)
        self.assertNotEqual(deal.invoiced_total, 100.0)

    def test_all_deals_are_computed_in_parts(self):
        deals = self.deal | self.other
        for number in range(3):
            deals |= self._create_deal(f"Deal {number}")
        self._create_invoice(*((100.0, deal) for deal in deals))
        self._end_transaction()
        changes = self.env["account.receivable.change"]
        self.env.cr.execute("DELETE FROM account_receivable_change")
        changes._collect_keys("crm.lead", [(0, 0)])
        self._end_transaction()
        self.assertTrue(all(deals.mapped("is_billing_waiting")))
        leads = self.env(user=SUPERUSER_ID, context={})["crm.lead"]
        with patch("odoo.addons.crm_accounting_bridge.models.crm_lead.refresh._PART_SIZE", 2):
            position, parts = deals[0].id - 1, 0
            while position:
                reached = leads._on_all_receivables_changed(0, position)
                self.assertFalse(reached and reached <= position)
                position, parts = reached, parts + 1
        self.assertEqual(parts, 4)  # 2 + 2 + 1 deals, and the end
        self.env.invalidate_all()
        self.assertEqual(deals.mapped("invoiced_total"), [100.0] * 5)
        self._flush()
        self.assertFalse(any(deals.mapped("is_billing_waiting")))

    # As a person writes ----------------------------------------------------------------------

    def test_status_and_stage_are_written_as_by_a_person(self):
        written = []
        write = type(self.deal).write

        def recording_write(leads, vals):
            written.append((leads, dict(vals)))
            return write(leads, vals)

        invoice = self._create_invoice((100.0, self.deal), (50.0, self.other))
        with patch.object(type(self.deal), "write", recording_write):
            self._pay(invoice)
            self._end_transaction()
            self.assertFalse(written)
            self._flush()
        self.assertEqual(
            written,
            [
                (
                    self.deal | self.other,
                    {
                        "billing_status": "paid",
                        "followed_billing_status": "paid",
                        "stage_before_billing_id": self.stage_new.id,
                        "stage_id": self.stage_paid.id,
                    },
                )
            ],
        )

    def test_nothing_is_written_when_nothing_changed(self):
        self._create_invoice()
        self._flush()
        before, as_of = self._get_row_version(), self.deal.figures_as_of
        with freeze_time("2024-02-03 12:00:00"):
            self.other._collect_billing()
            self._flush()
            self.assertEqual(self._get_row_version(), before)
        with freeze_time("2024-02-03 13:00:00"):
            # The day counts where something can become overdue.
            self.deal._collect_billing()
            self._flush()
            self.assertEqual(self.deal.billing_as_of_date, self._date("2024-02-03"))
            self.assertGreater(self.deal.figures_as_of, as_of)

    @mute_logger(STAGE_LOGGER)
    def test_a_refused_status_is_a_fact_nevertheless(self):
        """An automation rule that refuses the status, of a deal that stays in its stage."""
        refusal, write = "Not without an order.", type(self.deal).write

        def refusing_write(leads, vals):
            if "billing_status" in vals and self.deal in leads:
                raise UserError(refusal)
            return write(leads, vals)

        further = self.env["crm.stage"].create(
            {"name": "Delivered", "is_won": True, "sequence": 200}
        )
        (self.deal | self.other).stage_id = further
        with patch.object(type(self.deal), "write", refusing_write):
            self._create_invoice((100.0, self.deal), (50.0, self.other))
            self._flush()
        for deal, amount in ((self.deal, 100.0), (self.other, 50.0)):
            self.assertFigures(deal, invoiced_total=amount, due_total=amount)
            self.assertEqual(deal.billing_status, "invoiced")
        failures = self.env["crm.stage.change.failure"]
        failure = failures.search([("lead_id", "in", (self.deal | self.other).ids)])
        self.assertRecordValues(
            failure,
            [{"lead_id": self.deal.id, "stage_id": False, "reason": "Not without an order."}],
        )
        failure.action_retry()
        self.assertFalse(failure.exists())

    def test_the_reason_of_a_refusal_is_logged(self):
        refusal, write = "Not before delivery.", type(self.deal).write

        def refusing_write(leads, vals):
            if "stage_id" in vals:
                raise UserError(refusal)
            return write(leads, vals)

        self._create_invoice()
        with (
            patch.object(type(self.deal), "write", refusing_write),
            # Odoo gives the name INFO to a level of its own.
            self.assertLogs(STAGE_LOGGER, logging.INFO) as log,
        ):
            self._flush()
        [message] = log.output
        self.assertIn("Traceback", message)
        self.assertIn(refusal, message)

    def test_who_meets_somebody_else_comes_later(self):
        """Two that win deals count in the same figures: no failure, nothing is lost."""
        write = type(self.deal).write

        def conflicting_write(leads, vals):
            if "stage_id" in vals and self.deal in leads:
                raise SerializationFailure
            return write(leads, vals)

        self._create_invoice((100.0, self.deal), (50.0, self.other))
        self._end_transaction()
        changes = self.env(user=SUPERUSER_ID, context={})["account.receivable.change"]
        with patch.object(type(self.deal), "write", conflicting_write):
            changes._work_off("crm.lead")
            self._end_transaction()
        self.assertEqual(self.other.billing_status, "invoiced")
        self.assertEqual(self.other.stage_id, self.stage_invoiced)
        self.assertEqual(self.deal.invoiced_total, 100.0)
        self.assertEqual(self.deal.stage_id, self.stage_new)
        self.assertEqual(self._get_waiting(), self.deal)
        self.assertFalse(changes.search([("failure", "!=", False)]))
        self.assertFalse(self.env["crm.stage.change.failure"].search([]))
        self._flush()
        self.assertEqual(self.deal.billing_status, "invoiced")
        self.assertEqual(self.deal.stage_id, self.stage_invoiced)

    @mute_logger("odoo.addons.account_receivable_settlement.models.account_receivable_change")
    def test_a_deal_that_fails_holds_up_no_other(self):
        """Its row says why; the hourly action does not ask for it again and again."""
        store, reason = type(self.deal)._store_billing_figures, "Too large a number."

        def failing_store(leads, values_by_lead):
            if self.deal in leads:
                raise ValueError(reason)
            return store(leads, values_by_lead)

        self._create_invoice((100.0, self.deal), (50.0, self.other))
        self._flush()
        rows = self.env["account.receivable.change"].sudo()
        with (
            freeze_time("2024-03-02 12:00:00"),
            patch.object(type(self.deal), "_store_billing_figures", failing_store),
        ):
            for __ in range(2):
                self.env["crm.lead"].sudo()._cron_refresh_overdue()
                self._flush()
                self.assertEqual(self.other.billing_status, "overdue")
                self.assertEqual(self.deal.billing_status, "invoiced")
                row = rows.search([("reader", "=", "crm.lead")])
                self.assertEqual((row.res_id, row.failure), (self.deal.id, reason))
            self.assertEqual(self.deal.web_read(FORM)[0]["billing_status"], "overdue")

    def test_what_an_automation_rule_books_meanwhile_is_not_lost(self):
        """A rule posts the next invoice of a deal that is moved, while the deal is computed."""
        write, next_invoice = type(self.deal).write, self._create_invoice(post=False)

        def booking_write(leads, vals):
            result = write(leads, vals)
            if "stage_id" in vals and next_invoice.state == "draft":
                next_invoice.action_post()
            return result

        self._create_invoice()
        self._end_transaction()
        with patch.object(type(self.deal), "write", booking_write):
            changes = self.env(user=SUPERUSER_ID, context={})["account.receivable.change"]
            self.assertEqual(changes._work_off("crm.lead"), 1)
        self.assertEqual(next_invoice.state, "posted")
        self.assertEqual(self._get_waiting(), self.deal)
        self.assertFigures(self.deal, invoiced_total=200.0, due_total=200.0)

    # What people see -------------------------------------------------------------------------

    def test_the_form_shows_the_figures_of_this_moment(self):
        invoice = self._create_invoice()
        self._flush()
        self._pay(invoice, 30.0)
        self._end_transaction()
        salesperson = self._create_user(
            "bridge-form", "sales_team.group_sale_salesman_all_leads,base.group_allow_export"
        )
        deal = self.deal.with_user(salesperson)
        expected = {
            "id": deal.id,
            "is_billing_waiting": True,
            "billing_currency_id": {
                "id": self.company.currency_id.id,
                "display_name": self.company.currency_id.display_name,
            },
            "billing_status": "partially_paid",
            "invoiced_total": 100.0,
            "next_due_date": self._date("2024-03-01"),
            "paid_total": 30.0,
            "due_total": 70.0,
        }
        self.assertEqual(deal.web_read(FORM), [expected])
        # Nothing of it is in the cache: a later write of the same value would be lost.
        self.assertEqual(deal.paid_total, 0.0)
        self.assertEqual(deal.read(["paid_total", "billing_status"])[0]["paid_total"], 0.0)
        self.assertEqual(deal.export_data(["billing_status"])["datas"], [["Invoiced"]])
        domain = [("id", "=", deal.id)]
        listed = deal.web_search_read(domain, {"paid_total": {}, "figures_as_of": {}})
        self.assertEqual(listed["records"][0]["paid_total"], 0.0)
        self.assertTrue(listed["records"][0]["figures_as_of"])
        self.assertFalse(deal.search([*domain, ("paid_total", ">", 0)]))
        both = (self.deal | self.other).with_user(salesperson)
        self.assertEqual([row["paid_total"] for row in both.web_read(FORM)], [0.0, 0.0])
        self._flush()
        self.assertEqual(deal.web_read(FORM), [{**expected, "is_billing_waiting": False}])
        self.assertEqual(deal.paid_total, 30.0)

    def test_the_form_shows_that_nothing_is_left(self):
        invoice = self._create_invoice()
        self._flush()
        invoice.button_draft()
        self._end_transaction()
        [row] = self.deal.web_read(FORM)
        self.assertEqual(
            (row["billing_status"], row["invoiced_total"], row["due_total"], row["next_due_date"]),
            ("none", 0.0, 0.0, False),
        )
        self.assertEqual(self.deal.invoiced_total, 100.0)

    def test_the_form_view_says_so(self):
        arch = self.env["crm.lead"].get_view(self.env.ref("crm.crm_lead_view_form").id)["arch"]
        self.assertIn("is_billing_waiting", arch)
        self.assertIn("being updated", arch)

    def test_whoever_may_not_see_figures_gets_none_of_this_moment(self):
        self._create_invoice()
        self._end_transaction()
        for login, groups in (
            ("bridge-int", "base.group_user"),
            ("bridge-por", "base.group_portal"),
        ):
            user = self._create_user(login, groups)
            self.env["ir.model.access"].sudo().create(
                {
                    "name": login,
                    "model_id": self.env["ir.model"]._get("crm.lead").id,
                    "group_id": user.group_ids[:1].id,
                    "perm_read": True,
                }
            )
            deal = self.deal.with_user(user)
            self.assertEqual(deal.web_read({"name": {}})[0]["name"], "Deal")
            for name in FORM:
                with self.assertRaises(AccessError):
                    deal.web_read({name: {}})
        portal = self._create_user("bridge-none", "base.group_portal")
        with self.assertRaises(AccessError):
            self.env["account.receivable.change"].with_user(portal).search([])

    def test_a_copy_has_no_figures(self):
        self._create_invoice()
        self._flush()
        copy = self.deal.copy()
        self.assertEqual(copy.billing_status, "none")
        self.assertFigures(copy)
        self.assertFalse(copy.figures_as_of)

    # What it costs ---------------------------------------------------------------------------

    def test_leads_cost_no_statement_of_ours(self):
        """Leads are created, assigned, converted, merged and deleted by the thousand."""
        user = self.env.user
        team = self.env["crm.team"].create({"name": "North", "member_ids": user.ids})
        with self._record_statements() as statements:
            leads = self.env["crm.lead"].create(
                [
                    {"name": f"Lead {number}", "type": "lead", "email_from": "a@example.com"}
                    for number in range(6)
                ]
            )
            self.env.flush_all()
            leads[:4]._handle_salesmen_assignment(user_ids=user.ids, team_id=team.id)
            leads[0].convert_opportunity(self.partner)
            leads[1].convert_opportunity(self.partner, user_ids=user.ids)
            leads[2:4].merge_opportunity()
            leads[4:].unlink()
            leads.exists().action_archive()
            leads.exists().action_unarchive()
            self.env.cr.flush()
        # The columns come and go with those of the lead, in statements that are there anyway.
        ours = re.compile(
            r"account_(move|receivable)|crm_stage_change_failure"
            r"|\bUPDATE \"crm_lead\" SET \"(billing|followed)|FROM \"res_company\""
        )
        self.assertTrue(statements)
        self.assertEqual([q for q in statements if ours.search(q)], [])

    def _record_statements(self):
        """Collect the statements of a block."""
        statements = []
        execute = type(self.env.cr).execute

        def recording_execute(cursor, query, params=None, **kwargs):
            statements.append(getattr(query, "code", query))
            return execute(cursor, query, params, **kwargs)

        patcher = patch.object(type(self.env.cr), "execute", recording_execute)

        class Recording:
            def __enter__(self):
                patcher.start()
                return statements

            def __exit__(self, *args):
                patcher.stop()

        return Recording()

    def test_posting_and_paying_cost_the_same_for_any_number_of_deals(self):
        """Without a deal nobody has to be triggered, which costs four statements at most."""

        def count(operation):
            self._end_transaction()
            start = self.cr.sql_log_count
            operation()
            self.env.cr.flush()
            return self.cr.sql_log_count - start

        deals = self.env["crm.lead"].concat(*(self._create_deal(f"Deal {n}") for n in range(9)))
        counts = []
        for lines in (
            [(100.0, self.other)],  # warms the caches
            [(100.0, None)],
            [(100.0, self.deal)],
            [(10.0, deal) for deal in deals],
        ):
            invoice = self._create_invoice(*lines, post=False)
            counts.append(
                [count(invoice.action_post), count(lambda invoice=invoice: self._pay(invoice))]
            )
        self.assertEqual(counts[2], counts[3])
        for without, of_a_deal in zip(counts[1], counts[2], strict=True):
            self.assertLessEqual(of_a_deal, without + 4)

    def test_statements_of_a_batch_do_not_grow(self):
        deals = self.env["crm.lead"].concat(*(self._create_deal(f"Deal {n}") for n in range(20)))
        invoices = self._create_invoice(*((10.0, deal) for deal in deals))
        self._flush()

        def count(leads, amount):
            self._pay(invoices, amount)
            self._end_transaction()
            leads = self.env(user=SUPERUSER_ID, context={})["crm.lead"].browse(leads.ids)
            start = self.cr.sql_log_count
            leads._on_receivables_changed([(0, lead_id) for lead_id in leads.ids])
            self.env.cr.flush()
            return self.cr.sql_log_count - start

        count(deals, 1.0)
        self.assertEqual(count(deals[:2], 1.0), count(deals, 1.0))
