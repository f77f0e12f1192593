"""What must hold at any time once everything has followed: *Verify*, and what it does not know.

Figures are compared as the addons' own tests compare them; the tests' classes are lent for it.
"""

from collections import defaultdict

from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.plain_books import exact, is_disputed
from odoo.addons.crm_customer_health.plain_health import PlainHealth
from odoo.addons.crm_customer_purchase.tests.common import PurchaseCommon
from odoo.addons.crm_revenue_forecast.tests.test_forecast_walk import TestForecastWalk
from odoo.addons.crm_sales_commission.tests.test_commission_walk import TestCommissionWalk

#: Groups by which profit must add up to the company's.
GROUPS = ("partner_id", "invoice_user_id", "team_id", "product_id", "product_categ_id")
GROUPS += ("driver_id", "country_id", "date:month")
MEASURES = ("revenue", "revenue_without_cost", "cost", "margin", "service_amount", "profit")


def lend(test_case, **values):
    """A test case that runs no test: for what it can compare."""
    lent = test_case()
    lent.__dict__.update(values)
    return lent


class PlainDebts(PlainHealth):
    """Whom the thresholds of the policy are about, from open items one by one."""

    def _get_exposure(self, open_items):
        return {**super()._get_exposure(open_items), "open_items": open_items}

    def needs_action(self, customer, thresholds):
        """What is overdue for so many days is so much, less what is in the house unmatched."""
        facts = self.facts(customer)
        return facts and any(
            sum(
                residual
                for line, residual in facts["open_items"]
                if residual < 0 or (not is_disputed(line) and self._get_age(line) >= days)
            )
            >= amount
            for amount, days in thresholds
        )


class Invariants:
    def __init__(self, env, world, walk):
        self.env = env(context={"allowed_company_ids": world.companies.ids})
        self.companies = world.companies.with_env(self.env)
        self.world = world
        self.walk = walk

    def check(self):
        self.env.invalidate_all()
        self.check_outbox()
        self.check_verification()
        for company in self.companies:
            self.check_forecast(company)
            self.check_orders(company)
            self.check_commission(company)
            self.check_purchases(company)
            self.check_holds_and_flags(company)
            self.check_profit(company)
            self.check_value(company)

    def check_outbox(self):
        rows = self.env["account.receivable.change"].search_read([("id", "!=", False)])
        assert not rows, f"waits: {rows}"

    def check_verification(self):
        runs = self.env["account.receivable.verification"]
        run = runs._request(self.companies, self.env.user)
        self.env.cr.commit()  # pylint: disable=invalid-commit
        while run.state in ("waiting", "running"):
            runs._cron_verify()
            self.env.cr.commit()  # pylint: disable=invalid-commit
            self.env.invalidate_all()
        names = [f"{side}_{kind}" for side in ("kept", "recomputed") for kind in ("amount", "text")]
        names += ["company_id", "check", "name", "value", "state", "failure"]
        found = [[row[name] for name in names] for row in run.difference_ids]
        assert run.state == "done" and run.checked_count
        assert not found, found
        # What a night computes is not compared of customers that changed since.
        counts = run.check_ids.filtered(lambda row: row.difference_count or row.failed_count)
        assert not counts, counts.read(["company_id", "name", "difference_count", "failed_count"])

    # Forecast ----------------------------------------------------------------------------------

    def check_forecast(self, company):
        lent = lend(TestForecastWalk, env=self.env, company=company)
        lent._check_customers(company)
        lent._check_weeks(company)
        lent._check_drafts(company)

    def check_orders(self, company):
        """What is to come of orders is their rest, less what is in drafts."""
        rows = self.env["crm.revenue.forecast"]
        stored = dict(
            rows._read_group(
                [("company_id", "=", company.id), ("layer", "in", ("to_deliver", "to_invoice"))],
                ["order_id"],
                ["amount_untaxed:sum"],
            )
        )
        orders = self.env["sale.order"].search(
            [("company_id", "=", company.id), ("state", "=", "sale")]
        )
        assert set(stored) <= set(orders), set(stored) - set(orders)
        rests = dict(
            self.env.execute_query(
                SQL(
                    "SELECT sale.id, rest.amount::float8 FROM sale_order sale"
                    " CROSS JOIN LATERAL (%s) rest WHERE sale.id = ANY(%s)",
                    self.env["crm.lead"]._get_order_rest_sql(),
                    orders.ids,
                )
            )
        )
        for order in orders:
            drafts = sum(
                line.price_subtotal * (-1 if line.move_id.move_type == "out_refund" else 1)
                for line in order.order_line.invoice_lines
                if line.parent_state == "draft"
            )
            backlog = max((rests.get(order.id) or 0) - max(drafts, 0), 0)
            if order.invoice_status == "invoiced":
                backlog = 0
            backlog /= order.currency_rate or 1
            kept = stored.get(order, 0)
            assert abs(kept - backlog) < 0.02 * (len(order.order_line) + 1), (
                f"{order.name} ({order.id}): {kept} is to come, {backlog} in plain words"
            )

    # Commission --------------------------------------------------------------------------------

    def check_commission(self, company):
        documents = self.env["account.move"].search(
            [
                ("company_id", "=", company.id),
                ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
            ]
        )
        lend(TestCommissionWalk, env=self.env, company=company, documents=documents)._check()
        twice = self.env.execute_query(
            SQL(
                "SELECT user_id, date_to FROM crm_commission_statement WHERE company_id = %s"
                " GROUP BY user_id, date_to HAVING COUNT(*) > 1",
                company.id,
            )
        )
        assert not twice, twice

    # Purchases ---------------------------------------------------------------------------------

    def check_purchases(self, company):
        purchases = self.env["crm.customer.purchase"]
        lend(PurchaseCommon, env=self.env, company=company, purchases=purchases).assertPlain()
        bought = {
            (row.partner_id, row.product_id)
            for row in purchases.search([("company_id", "=", company.id)])
        }
        for row in self.env["crm.customer.suggestion"].search([("company_id", "=", company.id)]):
            assert (row.partner_id, row.product_id) not in bought, row.display_name
            assert row.partner_id.commercial_partner_id == row.partner_id, row.display_name

    # Holds and flags ---------------------------------------------------------------------------

    def check_holds_and_flags(self, company):
        """Who needs action by the policy, read plainly, is on hold and flagged; nobody else is."""
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        plain = PlainDebts(self.env, company)
        thresholds = [(exact(one.amount), one.days) for one in policy.threshold_ids]
        customers = plain.customers().with_env(self.env)
        figures = {customer: plain.facts(customer) for customer in customers}
        needing = customers.filtered(lambda one: plain.needs_action(one, thresholds))
        everybody = self.env["res.partner"].with_context(active_test=False)
        everybody = everybody.search([("is_company", "=", True), ("parent_id", "=", False)])
        everybody = (everybody | customers).with_company(company)
        self.check_holds(company, everybody, needing)
        self.check_documents(company, policy)
        self.check_flags(company, policy, figures, needing)

    def check_holds(self, company, everybody, needing):
        expected = {
            partner.id
            for partner in everybody
            if partner.hold_policy == "always"
            or (partner.hold_policy != "never" and partner in needing)
        }
        held = set(everybody._get_holds(company))
        assert held == expected, f"by the journals: {held}, plainly {expected}"
        held = set(self.env["res.partner"]._get_held_query(company).get_result_ids())
        held &= set(everybody.ids)
        assert held == expected, f"by the stored figures: {held}, plainly {expected}"
        self.held = expected

    def check_documents(self, company, policy):
        """Documents of who is on hold are, unless somebody lets them pass; filters say the same."""
        for model, mode in (
            ("sale.order", policy.order_hold),
            ("stock.picking", policy.delivery_hold),
        ):
            documents = self.env[model].search([("company_id", "=", company.id)])
            holdable = documents.filtered_domain(documents._get_holdable_domain())
            passing = holdable.filtered(lambda one: one.hold_status == "overridden")
            assert not passing.filtered(lambda one: not one.hold_override_id), passing
            held = holdable.filtered(
                lambda one: one._get_hold_customer().commercial_partner_id.id in self.held
            )
            expected = held - passing if mode != "off" else documents.browse()
            assert documents.filtered("is_held") == expected, (model, mode)
            assert documents.search([("is_held", "=", True)]) & documents == expected, model
            blocked = documents.browse().union(*documents._get_blocked())
            assert blocked == (expected if mode == "block" else documents.browse()), model

    def check_flags(self, company, policy, figures, needing):
        """After the morning who needs action has one open flag, unless there is a reason."""
        flags = self.env["crm.customer.flag"].search(
            [("company_id", "=", company.id), ("closed_on", "=", False)]
        )
        by_customer = defaultdict(flags.browse)
        for flag in flags:
            by_customer[flag.partner_id] |= flag
        assert all(len(one) == 1 for one in by_customer.values()), "flagged once"
        for flag in flags:
            owed = figures.get(flag.partner_id) or {"net_overdue_amount": 0}
            wanted = (
                owed["net_overdue_amount"] > 0 if flag.is_manual else flag.partner_id in needing
            )
            assert wanted, f"flag of {flag.partner_id.name}, who is cured"
        excused = self.env["crm.customer.flag.exclusion"]._get_excluded(company, needing)
        excused |= self.env["crm.payment.promise"]._get_promised(company, needing)
        if policy.flag_to_sales:
            left_out = needing - excused - flags.partner_id
            assert not left_out, f"not flagged: {left_out.mapped('name')}"
        activities = self.env["mail.activity"]._read_group(
            [
                ("res_model", "=", "crm.customer.health"),
                ("activity_type_id", "=", flags._get_activity_type_id()),
            ],
            ["res_id"],
            ["__count"],
        )
        assert all(count == 1 for _row, count in activities), activities

    # Profit and value --------------------------------------------------------------------------

    def check_profit(self, company):
        """Whatever it is grouped by adds up to the company, and revenue to the ledger."""
        report = self.env["crm.customer.profit.report"]
        domain = Domain("company_id", "=", company.id)
        aggregates = [f"{name}:sum" for name in MEASURES]
        [total] = report._read_group(domain, [], aggregates)
        for group in GROUPS:
            rows = report._read_group(domain, [group], aggregates)
            for number, name in enumerate(MEASURES):
                parts = sum(row[number + 1] for row in rows)
                assert abs(parts - (total[number] or 0)) < 0.005, (
                    f"{name} by {group}: {parts}, in all {total[number]}"
                )
        lines = self.env["account.move.line"].search(
            domain
            & Domain("parent_state", "=", "posted")
            & Domain("display_type", "=", "product")
            & Domain("move_id.move_type", "in", ("out_invoice", "out_refund", "out_receipt"))
        )
        revenue = -sum(exact(line.balance) for line in lines)
        assert abs(exact(total[0] or 0) - revenue) < exact(0.005), (total[0], float(revenue))

    def check_value(self, company):
        """A row for each customer who ever bought, once."""
        rows = self.env["crm.customer.value"].search([("company_id", "=", company.id)])
        assert len(rows.partner_id) == len(rows)
        assert all(row.partner_id.commercial_partner_id == row.partner_id for row in rows)
