from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import COST_READER, MarginCommon


@tagged("post_install", "-at_install")
class TestMarginCommission(MarginCommon):
    """10 % of the margin, as it is paid: a true-up of costs and payments alike."""

    def test_part_payment_rest_bounced(self):
        """Of 1,000 that cost 600: 400 paid are 160 of margin."""
        invoice = self._sell_press()
        self.assertEarned()
        self.assertEqual(self._get_sums("open"), {"sam-seller": 40.0})
        self._pay(invoice, 400.0)
        self.assertEarned(sam=16.0)
        self.assertEqual(self._get_bases(), {"sam-seller": 160.0})
        rest = self._pay(invoice, 600.0, date="2024-02-20")
        self.assertEarned(sam=40.0)
        self.assertEqual(self._get_sums("open"), {})
        rest.move_id.line_ids.remove_move_reconcile()
        self.assertEarned(sam=16.0)

    def test_unknown_cost_earns_nothing(self):
        """500 of which nobody knows the cost are paid with it, and are no margin of 100 %."""
        invoice = self._create_document(
            [
                {"price_unit": 1000.0, "product_id": self.press.id},
                {"price_unit": 500.0, "name": "By hand"},
            ],
            invoice_user_id=self.sam.id,
        )
        self._pay(invoice, 750.0)
        self.assertEarned(sam=20.0)
        self.assertEqual(self._get_bases(), {"sam-seller": 200.0})
        self.assertEqual(self._get_sums("open"), {"sam-seller": 20.0})

    def test_without_any_cost(self):
        self._pay(self._create_sale(1000.0))
        self.assertEarned()
        self.assertFalse(self.env["crm.commission.event"].search([]))

    def test_cost_that_becomes_known(self):
        """Commission that is booked before the cost is known follows it."""
        invoice = self._sell_press()
        self._pay(invoice)
        self._follow_accounting()
        self._follow_commission()
        self.assertFalse(self.env["crm.commission.event"].search([]))
        self.assertEarned(sam=40.0)
        self.assertEqual(
            self.env["crm.commission.event"].search([]).mapped("is_correction"), [False]
        )

    def test_cost_that_changes_later(self):
        """A provisional cost of 600 turns out to be 700: 10 are taken back, 0 stay open."""
        invoice = self._sell_press()
        self._pay(invoice)
        self.assertEarned(sam=40.0)
        self.press.standard_price = 700.0
        self.env["account.receivable.change"]._collect_keys(
            COST_READER, [(self.company.id, invoice.id)]
        )
        self.assertEarned(sam=30.0)
        events = self.env["crm.commission.event"].search([], order="id")
        self.assertEqual(events.mapped("amount"), [40.0, -10.0])
        self.assertEqual(events.mapped("base"), [400.0, -100.0])
        self.assertEqual(events.mapped("is_correction"), [False, True])

    def test_cost_that_changes_after_confirming(self):
        with freeze_time("2024-03-15"):
            invoice = self._sell_press()
            self._pay(invoice, date="2024-02-10")
            self._follow()
            statements = self.env["crm.commission.statement"]
            statements.action_create_drafts()
            february = statements.search([("date_to", "=", "2024-02-29")])
            february.action_confirm()
            self.press.standard_price = 700.0
            invoice._collect_costs()
            self._follow()
            statements.action_create_drafts()
            march = statements.search([("date_to", "=", "2024-03-31")])
            self.assertEqual((february.earned_amount, march.earned_amount), (40.0, -10.0))

    def test_loss_is_taken_off(self):
        """Sold for 500, cost 600."""
        self._pay(self._sell_press(500.0))
        self.assertEarned(sam=-10.0)

    def test_draft_again(self):
        invoice = self._sell_press()
        self._pay(invoice)
        self.assertEarned(sam=40.0)
        invoice.button_draft()
        self.assertEarned()

    def test_credit_note_of_a_deal_has_its_own_margin(self):
        """Half of the press comes back: 500 less 300, of its own frozen cost."""
        deal = self._create_deal(user_id=self.sam.id)
        line = {"opportunity_id": deal.id}
        invoice = self._sell_press(line=line)
        note = self._sell_press(
            line={**line, "quantity": 0.5},
            move_type="out_refund",
            reversed_entry_id=invoice.id,
        )
        self._settle(invoice, note)
        self._pay(invoice, 500.0)
        self.assertEarned(sam=20.0)
        self.assertEqual(self._get_sums("open"), {})

    def test_price_only_credit_note_of_a_deal(self):
        """500 off, and nothing comes back: the margin of 400 becomes -100."""
        allowance = self.env["product.product"].create(
            {"name": "Allowance", "is_without_cost": True, "taxes_id": [Command.clear()]}
        )
        deal = self._create_deal(user_id=self.sam.id)
        invoice = self._sell_press(line={"opportunity_id": deal.id})
        note = self._create_sale(
            500.0,
            move_type="out_refund",
            line={"opportunity_id": deal.id, "product_id": allowance.id},
        )
        self._settle(invoice, note)
        self._pay(invoice, 500.0)
        self.assertEarned(sam=-10.0)

    def test_credit_note_without_deal(self):
        """It takes off its part of the invoice: half of 1,000, half of the margin."""
        invoice = self._sell_press()
        note = self._create_document(
            [{"price_unit": 500.0}], move_type="out_refund", invoice_user_id=self.env.uid
        )
        self._settle(invoice, note)
        self._pay(invoice, 500.0)
        self.assertEarned(sam=20.0)
        self.assertEqual(self._get_sums("open"), {})

    def test_credit_note_paid_back(self):
        invoice = self._sell_press()
        self._pay(invoice)
        note = self._sell_press(move_type="out_refund", reversed_entry_id=invoice.id)
        self._pay(note, date="2024-02-02")
        self.assertEarned()

    def test_two_currencies(self):
        """800 EUR at 0.8 are 1,000; 400 EUR are the half of it. The cost is in ours."""
        self.env["res.currency.rate"].sudo().search([]).unlink()
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.8)])
        invoice = self._sell_press(800.0, currency_id=euro.id)
        self._pay(invoice, 400.0, currency_id=euro.id)
        self.assertEarned(sam=20.0)
        self.assertEqual(self._get_bases("open"), {"sam-seller": 200.0})

    def test_two_companies(self):
        """Each has its plans; costs of a company without any tell commission nothing."""
        other = self._create_company(name="Other")
        self.env.user.company_ids |= other
        costs = self.env(su=True)["account.invoice.cost"]
        changes = self.env(su=True)["account.receivable.change"]
        invoice = self._sell_press()
        self._follow()
        waiting = [("reader", "=", "crm.commission.event")]
        self.plan.sudo().env.cr.execute(
            "UPDATE crm_commission_plan SET company_id = %s WHERE id = %s", [other.id, self.plan.id]
        )
        costs._on_costs_frozen(invoice.ids)
        self.env.cr.flush()
        self.assertFalse(changes.search(waiting))

    def test_products_and_split(self):
        """Only presses, and 30 % of them for Ann."""
        self.plan = self._create_plan(
            measure="margin",
            rate=5.0,
            product_ids=[Command.set(self.press.ids)],
            assignments=[
                {"user_id": self.ann.id, "share": 30.0, "sales_of": "user",
                 "salesperson_id": self.sam.id}
            ],
        )  # fmt: skip
        paper = self.env["product.product"].create({"name": "Paper", "standard_price": 10.0})
        invoice = self._create_document(
            [
                {"price_unit": 1000.0, "product_id": self.press.id},
                {"price_unit": 110.0, "product_id": paper.id},
            ],
            invoice_user_id=self.sam.id,
        )
        self._pay(invoice)
        # 10 % of 400 + 100; 5 % of 30 % of 400
        self.assertEarned(sam=50.0, ann=6.0)

    def test_levels(self):
        """Up to 300 of margin 5 %, above 10 %."""
        self._create_plan(
            self.ann,
            measure="margin",
            rate_kind="levels",
            level_ids=[
                Command.create({"start": 0.0, "rate": 5.0}),
                Command.create({"start": 300.0, "rate": 10.0}),
            ],
        )
        with freeze_time("2024-03-15"):
            self._pay(self._sell_press(user=self.ann), date="2024-02-10")
            self._follow()
            statements = self.env["crm.commission.statement"]
            statements.action_create_drafts()
            statement = statements.search(
                [("user_id", "=", self.ann.id), ("date_to", "=", "2024-02-29")]
            )
            self.assertEqual(statement.earned_amount, 25.0)
            statement.action_confirm()
            self.assertEqual(statement.event_ids.amount, 25.0)

    def test_history_gets_its_costs(self):
        """Where costs of the past are filled in, commission follows once they are there."""
        invoice = self._sell_press()
        self._pay(invoice)
        self._follow()
        self.env.cr.execute("DELETE FROM account_invoice_cost")
        self.env.invalidate_all()
        self.env["crm.commission.event"]._collect_everything(self.company)
        self._follow_commission()
        self.assertFalse(self._get_booked())
        self.env["account.invoice.cost"].sudo()._fill_history()
        self.assertEarned(sam=40.0)

    def _follow_commission(self):
        """Only that: costs are not frozen yet."""
        self.env.cr.flush()
        changes = self.env(su=True)["account.receivable.change"]
        while changes._work_off("crm.commission.event") or changes.search_count(
            [("reader", "=", "crm.commission.event"), ("res_id", "=", 0)]
        ):
            pass
        self.env.invalidate_all()

    def _get_booked(self):
        [(amount,)] = self.env["crm.commission.event"]._read_group([], [], ["amount:sum"])
        return round(amount, 2)

    def test_measure_without_its_addon(self):
        """What was booked stays, and nothing more is booked."""
        invoice = self._sell_press()
        self._pay(invoice, 400.0)
        self.assertEarned(sam=16.0)
        draft = self._create_plan(self.sam, approve=False, measure="margin")
        plans = draft | self.plan
        plans.sudo()._give_up_margin()
        self.assertEqual(plans.mapped("measure"), ["paid", "margin"])
        self.env.cr.execute(
            "UPDATE crm_commission_plan SET measure = 'gone' WHERE id = %s", [self.plan.id]
        )
        self._pay(invoice, 600.0)
        self.assertEarned(sam=16.0)

    def test_approved_plan_keeps_its_measure(self):
        with self.assertRaises(UserError):
            self.plan.measure = "paid"
