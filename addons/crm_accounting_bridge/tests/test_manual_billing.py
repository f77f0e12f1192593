from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestManualBilling(BridgeCommon):
    """Finance says by hand what became of a deal that is invoiced in another program."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {"company_id": cls.company.id, "company_ids": [Command.set(cls.company.ids)]}
        cls.accountant = new_test_user(
            cls.env, "acc", "base.group_user,account.group_account_invoice", **values
        )
        cls.salesperson = new_test_user(
            cls.env, "sal", "base.group_user,sales_team.group_sale_salesman", **values
        )

    def _set(self, deal, user=None, **values):
        deal.with_user(user or self.accountant)._set_manual_billing(
            {
                "manual_billing_status": "invoiced",
                "manual_invoiced": 100.0,
                "manual_invoice_date": "2024-01-10",
                "manual_due_date": "2024-02-20",
                "manual_reason": "Invoiced by the parent company",
                **values,
            }
        )

    def test_figures_status_and_stage(self):
        deal = self._create_deal()
        self._set(deal)
        self.assertFigures(deal, invoiced_total=100.0, due_total=100.0)
        self.assertRecordValues(
            deal,
            [
                {
                    "billing_source": "manual",
                    "billing_status": "invoiced",
                    "stage_id": self.stage_invoiced.id,
                    "won_status": "won",
                    "first_invoice_date": self._date("2024-01-10"),
                    "next_due_date": self._date("2024-02-20"),
                    "last_payment_date": False,
                    "paid_date": False,
                    "manual_user_id": self.accountant.id,
                    "billing_currency_id": self.company.currency_id.id,
                }
            ],
        )
        self._set(
            deal,
            manual_billing_status="partially_paid",
            manual_paid=30.0,
            manual_payment_date="2024-01-15",
        )
        self.assertFigures(deal, invoiced_total=100.0, paid_total=30.0, due_total=70.0)
        self.assertEqual(deal.billing_status, "partially_paid")
        self._set(
            deal,
            manual_billing_status="paid",
            manual_paid=100.0,
            manual_payment_date="2024-01-05",
            manual_due_date=False,
        )
        self.assertFigures(deal, invoiced_total=100.0, paid_total=100.0)
        self.assertRecordValues(
            deal,
            [
                {
                    "billing_status": "paid",
                    "stage_id": self.stage_paid.id,
                    "next_due_date": False,
                    # Paid in advance: settled by the invoice.
                    "last_payment_date": self._date("2024-01-10"),
                    "paid_date": self._date("2024-01-10"),
                }
            ],
        )
        deal.with_user(self.accountant).action_back_to_automatic()
        self.assertFigures(deal)
        self.assertRecordValues(
            deal,
            [
                {
                    "billing_source": "automatic",
                    "billing_status": "none",
                    "stage_id": self.stage_new.id,
                    "manual_user_id": False,
                    "manual_reason": False,
                    "manual_invoiced": 0.0,
                }
            ],
        )

    def test_overdue_follows_from_the_due_date(self):
        deal = self._create_deal()
        partial = self._create_deal("Partial")
        later = self._create_deal("Later")
        self._set(deal)
        self._set(
            partial,
            manual_billing_status="partially_paid",
            manual_paid=40.0,
            manual_payment_date="2024-01-15",
        )
        self._set(later, manual_due_date="2024-06-30")
        self._flush()
        with freeze_time("2024-02-20 12:00:00"), self.enter_registry_test_mode():
            self.env.ref("crm_accounting_bridge.ir_cron_refresh_overdue").method_direct_trigger()
            self.assertFigures(deal, invoiced_total=100.0, due_total=100.0)
            self.assertEqual(deal.billing_status, "invoiced", "Due today is not overdue")
        with freeze_time("2024-02-21 12:00:00"), self.enter_registry_test_mode():
            self.env.ref("crm_accounting_bridge.ir_cron_refresh_overdue").method_direct_trigger()
            self.assertFigures(deal, invoiced_total=100.0, due_total=100.0, overdue_total=100.0)
            self.assertFigures(
                partial, invoiced_total=100.0, paid_total=40.0, due_total=60.0, overdue_total=60.0
            )
            self.assertFigures(later, invoiced_total=100.0, due_total=100.0)
            self.assertEqual(
                (deal | partial | later).mapped("billing_status"),
                ["overdue", "overdue", "invoiced"],
            )
            self.assertEqual(deal.stage_id, self.stage_invoiced)

    def test_contradictions_are_refused(self):
        deal = self._create_deal(expected_revenue=5.0)
        paid = {"manual_billing_status": "paid", "manual_payment_date": "2024-01-20"}
        for sentence, values in (
            ("negative", {"manual_invoiced": -1.0}),
            ("negative", {**paid, "manual_paid": -1.0}),
            ("More is paid", {**paid, "manual_paid": 100.01}),
            ("while something is due", {**paid, "manual_paid": 99.99}),
            ("Something is paid", {"manual_paid": 1.0, "manual_payment_date": "2024-01-20"}),
            ("something is due", {"manual_billing_status": "partially_paid"}),
            ("needs an invoiced amount", {"manual_invoiced": 0.0}),
            ("needs an invoice date", {"manual_invoice_date": False}),
            ("needs a payment date", {**paid, "manual_paid": 100, "manual_payment_date": False}),
            ("needs a due date", {"manual_due_date": False}),
            ("before the invoice date", {"manual_due_date": "2024-01-09"}),
            ("in the future", {"manual_invoice_date": "2024-02-02"}),
            ("nothing can be invoiced", {"manual_billing_status": "none"}),
            ("nothing can be invoiced", {"manual_billing_status": "credited"}),
            ("Choose a billing status", {"manual_billing_status": False}),
            ("Say why", {"manual_reason": False}),
            ("Say why", {"manual_reason": "  "}),
        ):
            with (
                self.subTest(sentence, **values),
                self.assertRaisesRegex(ValidationError, sentence),
                self.cr.savepoint(),
            ):
                self._set(deal, **values)
        self.assertEqual(deal.billing_source, "automatic")

    def test_rounding_is_the_currency_s(self):
        deal = self._create_deal()
        self._set(
            deal,
            manual_billing_status="paid",
            manual_invoiced=0.3,
            manual_paid=0.1 + 0.2,
            manual_payment_date="2024-01-20",
            manual_due_date=False,
        )
        self.assertFigures(deal, invoiced_total=0.3, paid_total=0.3)

    def test_history_keeps_who_when_old_new_and_why(self):
        deal = self._create_deal()
        self._flush()
        self._set(deal)
        self._flush()
        self._set(deal, manual_invoiced=120.0, manual_reason="Forgot the travel costs")
        self._flush()
        message = deal.message_ids[0]
        self.assertEqual(message.author_id, self.accountant.partner_id)
        self.assertIn("Forgot the travel costs", message.body)
        changes = {
            value.field_id.name: (value.old_value_float, value.new_value_float)
            for value in message.sudo().tracking_value_ids
        }
        self.assertEqual(changes["manual_invoiced"], (100.0, 120.0))
        self.assertIn("manual_reason", changes)
        manager = new_test_user(
            self.env,
            "man",
            "base.group_user,sales_team.group_sale_manager,account.group_account_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for user in (self.salesperson, manager):
            deal.user_id = user
            with self.assertRaises(AccessError):
                message.with_user(user).unlink()
            with self.assertRaises(AccessError):
                message.with_user(user).write({"body": "Nothing happened"})
        note = deal.with_user(manager).message_post(body="A note")
        note.with_user(manager).write({"body": "A note, corrected"})
        note.with_user(manager).unlink()
        # Deleting the deal itself, which is a sales administrator's right, is not in the way.
        deal.with_user(manager).unlink()

    def test_nobody_writes_the_fields_directly(self):
        deal = self._create_deal(user_id=self.salesperson.id)
        both = new_test_user(
            self.env,
            "both",
            "base.group_user,sales_team.group_sale_manager,account.group_account_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for user in (self.salesperson, both):
            lead = deal.with_user(user)
            for values in (
                {"billing_source": "manual"},
                {"manual_billing_status": "paid"},
                {"manual_paid": 100.0, "name": "x"},
                {"manual_user_id": user.id},
            ):
                with self.assertRaises(AccessError):
                    lead.write(values)
                with self.assertRaises(AccessError):
                    lead.create({"name": "New", "type": "opportunity", **values})
            for name, value in {"billing_source": "manual", "manual_paid": 10.0}.items():
                with self.assertRaises(AccessError):
                    lead.with_context(**{f"default_{name}": value}).create({"name": "New"})
            lead.create({"name": "New"})
        with self.assertRaises(AccessError):
            self._set(deal, self.salesperson)
        with self.assertRaises(AccessError):
            deal.with_user(self.accountant).write({"manual_paid": 1.0})
        self._set(deal)
        lead = deal.with_user(self.salesperson)
        self.assertEqual(lead.billing_source, "manual")
        self.assertEqual(lead.manual_invoiced, 100.0)
        self.assertEqual(lead.manual_user_id.name, self.accountant.name)
        with self.assertRaises(AccessError):
            lead.action_back_to_automatic()
        self.assertEqual(lead.copy().billing_source, "automatic")

    def test_roles(self):
        deal = self._create_deal()
        for login, groups in (
            ("int", "base.group_user"),
            ("por", "base.group_portal"),
            ("pub", "base.group_public"),
            ("aud", "base.group_user,account.group_account_readonly"),
        ):
            user = new_test_user(
                self.env,
                login,
                groups,
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            with self.subTest(login):
                with self.assertRaises(AccessError):
                    self._set(deal, user)
                with self.assertRaises(AccessError):
                    deal.with_user(user).action_back_to_automatic()
                with self.assertRaises(AccessError):
                    self.env["crm.manual.billing"].with_user(user).create({"reason": "x"})
                with self.assertRaises(AccessError):
                    deal.with_user(user).read(["manual_paid"])

    def test_other_company_s_deal(self):
        other = self.setup_other_company()["company"]
        deal = self._create_deal(company_id=other.id)
        with self.assertRaises(AccessError):
            self._set(deal)
        lead = self._create_deal(type="lead")
        with self.assertRaises(UserError):
            self._set(lead)

    def test_wizard(self):
        deal = self._create_deal(expected_revenue=500.0)
        wizard = self.env["crm.manual.billing"].with_user(self.accountant)
        with Form(wizard.with_context(active_model="crm.lead", active_ids=deal.ids)) as form:
            form.reason = "Old program"
            with form.line_ids.edit(0) as line:
                self.assertEqual((line.invoiced, line.paid, line.due), (500.0, 0.0, 500.0))
                line.invoiced = 480.0
            form.billing_status = "paid"
            with form.line_ids.edit(0) as line:
                self.assertEqual((line.invoiced, line.paid, line.due), (480.0, 480.0, 0.0))
        form.save().action_apply()
        self.assertFigures(deal, invoiced_total=480.0, paid_total=480.0)
        self.assertEqual(deal.manual_payment_date, self._date("2024-02-01"))
        self.assertFalse(deal.manual_due_date)

    def test_wizard_starts_from_what_is_known(self):
        deal = self._create_deal(expected_revenue=500.0)
        invoice = self._create_deal_invoice([(300.0, deal)], invoice_date_due="2024-01-25")
        self._pay(invoice, 120.0, date="2024-01-20")
        self._flush()
        self.assertEqual(deal.billing_status, "overdue")
        wizard = self.env["crm.manual.billing"].with_user(self.accountant)
        form = Form(wizard.with_context(active_model="crm.lead", active_ids=deal.ids))
        self.assertEqual(form.billing_status, "partially_paid")
        self.assertEqual(
            [str(form[name]) for name in ("invoice_date", "payment_date", "due_date")],
            ["2024-01-10", "2024-01-20", "2024-01-25"],
        )
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.invoiced, line.paid, line.due), (300.0, 120.0, 180.0))

    def test_in_bulk(self):
        deals = self.env["crm.lead"]
        for number in range(1, 4):
            deals |= self._create_deal(f"Deal {number}", expected_revenue=100.0 * number)
        wizard = self.env["crm.manual.billing"].with_user(self.accountant)
        form = Form(wizard.with_context(active_model="crm.lead", active_ids=deals.ids))
        form.reason = "Old program"
        form.due_date = "2024-02-15"
        form.save().action_apply()
        self._flush()
        self.assertEqual(deals.mapped("due_total"), [100.0, 200.0, 300.0])
        self.assertEqual(set(deals.mapped("billing_status")), {"invoiced"})
        self.assertEqual(deals.stage_id, self.stage_invoiced)
        # One that contradicts itself stops all.
        form = Form(wizard.with_context(active_model="crm.lead", active_ids=deals.ids))
        form.reason = "All in cash"
        form.billing_status = "paid"
        record = form.save()
        record.line_ids[1].paid = 1.0
        with self.assertRaises(UserError), self.cr.savepoint():
            record.action_apply()
        self._flush()
        self.assertEqual(set(deals.mapped("billing_status")), {"invoiced"})
        self.env["ir.actions.server"].browse(
            self.env.ref("crm_accounting_bridge.crm_lead_back_to_automatic_action").id
        ).with_user(self.accountant).with_context(
            active_model="crm.lead", active_ids=deals.ids
        ).run()
        self._flush()
        self.assertEqual(set(deals.mapped("billing_source")), {"automatic"})

    def test_finance_is_told_of_invoices_once(self):
        deal = self._create_deal()
        self._set(deal)
        self._create_deal_invoice([(70.0, deal)], post=False)
        self._flush()
        self.assertFalse(deal.activity_ids, "A draft invoice is no invoice")
        invoice = self._create_deal_invoice([(70.0, deal)], invoice_date_due="2024-03-01")
        self.assertFigures(deal, invoiced_total=100.0, due_total=100.0)
        self.assertTrue(deal.has_uncounted_invoices)
        activity = deal.activity_ids
        self.assertEqual(activity.user_id, self.accountant)
        self._create_deal_invoice([(20.0, deal)])
        self._pay(invoice)
        self._flush()
        self.assertEqual(deal.activity_ids, activity)
        activity.with_user(self.accountant).action_feedback()
        self._create_deal_invoice([(10.0, deal)])
        self.assertFigures(deal, invoiced_total=100.0, due_total=100.0)
        self.assertFalse(deal.activity_ids, "Told once")
        deal.with_user(self.accountant).action_back_to_automatic()
        self.assertFigures(
            deal, invoiced_total=100.0, paid_total=70.0, due_total=30.0, overdue_total=30.0
        )
        self.assertFalse(deal.has_uncounted_invoices)

    def test_back_to_automatic_closes_the_activity(self):
        deal = self._create_deal()
        self._set(deal)
        self._create_deal_invoice([(70.0, deal)])
        self._flush()
        self.assertTrue(deal.activity_ids)
        deal.with_user(self.accountant).action_back_to_automatic()
        self._flush()
        self.assertFalse(deal.activity_ids)

    def test_set_by_hand_against_invoices(self):
        deal = self._create_deal()
        self._create_deal_invoice([(70.0, deal)])
        self._set(deal)
        self.assertFigures(deal, invoiced_total=100.0, due_total=100.0)
        self.assertTrue(deal.has_uncounted_invoices)
        self.assertFalse(deal.activity_ids, "Whoever set it knew")

    def test_told_to_somebody_who_is_there(self):
        deal = self._create_deal()
        self._set(deal)
        self.accountant.active = False
        self._create_deal_invoice([(70.0, deal)])
        self._flush()
        self.assertEqual(deal.activity_ids.user_id, self.env.user)

    def test_held_lost_and_without_company(self):
        held = self._create_deal("Held", is_stage_held=True)
        lost = self._create_deal("Lost")
        lost.action_set_lost()
        shared = self._create_deal("Shared", company_id=False, user_id=False)
        for deal in held | lost | shared:
            self._set(deal)
            self.assertFigures(deal, invoiced_total=100.0, due_total=100.0)
        self.assertEqual(held.stage_id, self.stage_new)
        self.assertEqual(lost.stage_id, self.stage_new)
        self.assertFalse(lost.active)
        self.assertEqual(shared.billing_currency_id, self.company.currency_id)

    def test_merge_keeps_figures(self):
        deal = self._create_deal("Set by hand")
        self._set(deal)
        other = self._create_deal("Same again", stage_id=self.stage_paid.id)
        self._flush()
        merged = (deal | other).merge_opportunity()
        self.assertFigures(merged, invoiced_total=100.0, due_total=100.0)
        self.assertEqual(merged.billing_source, "manual")
        self.assertEqual(merged.manual_user_id, self.accountant)

    def test_statements_do_not_grow(self):
        deals = self.env["crm.lead"].concat(
            *(self._create_deal(f"Deal {number}") for number in range(20))
        )
        for deal in deals:
            self._set(deal)
        self._flush()

        def count(leads):
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            leads._refresh_billing()
            leads.flush_recordset()
            return self.cr.sql_log_count - start

        count(deals)
        self.assertEqual(count(deals[:1]), count(deals))
