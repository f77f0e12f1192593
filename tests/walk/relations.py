"""Opportunities, whose they are, and what customers are called to."""

from odoo import fields

from odoo.addons.crm_accounting_bridge.tests.walk import NothingToDoError


class Relations:
    OPERATIONS = {
        # Deals
        "new_deal": 3,
        "win": 4,
        "lose": 3,
        "reopen": 3,
        "expect": 4,
        "deal_of_customer": 3,
        "salesperson_of_deal": 4,
        # Collection
        "flag_by_hand": 3,
        "flag_done": 3,
        "withdraw_promise": 2,
        "exclude": 2,
        "end_exclusion": 1,
        # Holds
        "hold_by_decision": 3,
        "hold_mode": 1,
        "thresholds": 1,
        "ask_for_release": 3,
        "approve": 3,
        "reject": 2,
        # What is offered
        "veto": 2,
        "add_suggestion": 4,
        "call_about_offer": 2,
        "salesperson_of_customer": 3,
    }

    # Deals -------------------------------------------------------------------------------------

    def new_deal(self):
        self._new_deal(self.random.choice([*self.test.companies, self.test.companies.browse()]))

    def _is_won(self, deal):
        return deal.won_status == "won"

    def win(self):
        self._choose(self.deals.filtered(lambda deal: not self._is_won(deal))).action_set_won()

    def lose(self):
        self._choose(self.deals.filtered("active")).action_set_lost()

    def reopen(self):
        deal = self._choose(self.deals.filtered(lambda deal: deal.won_status != "pending"))
        deal.active = True
        stages = self.env["crm.stage"].search([("is_won", "=", False)])
        deal.stage_id = self.random.choice(stages)

    def expect(self):
        deal = self._choose(self.deals)
        deal.write(
            {
                "expected_revenue": self.random.randint(0, 9) * 500,
                "date_deadline": fields.Date.add(
                    fields.Date.today(), days=self.random.randint(-10, 90)
                ),
            }
        )

    def deal_of_customer(self):
        self._choose(self.deals).partner_id = self.random.choice([False, self.test.partner])

    def salesperson_of_deal(self):
        self._choose(self.deals).user_id = self.random.choice([False, *self.test.sellers])

    def salesperson_of_customer(self):
        self.test.partner.with_user(self.user).user_id = self.random.choice(
            [False, *self.test.sellers]
        )

    # Collection --------------------------------------------------------------------------------

    def _of_walk(self, model, *domain):
        return self.env[model].search([("company_id", "in", self.test.companies.ids), *domain])

    def flag_by_hand(self):
        self._choose(self._of_walk("crm.customer.health")).action_flag_to_sales()

    def flag_done(self):
        flags = self._of_walk("crm.customer.flag", ("closed_on", "=", False))
        flag = self._choose(flags.filtered("may_be_done"))
        flag.action_mark_done("Called them.")

    def withdraw_promise(self):
        running = self._of_walk("crm.payment.promise", ("state", "=", "running"))
        self._choose(running).action_withdraw()

    def exclude(self):
        row = self._choose(self._of_walk("crm.customer.health"))
        self.env["crm.customer.flag.exclusion"].create(
            {
                "company_id": row.company_id.id,
                "partner_id": row.partner_id.id,
                "until": fields.Date.add(
                    row.company_id._get_today(), days=self.random.randint(0, 20)
                ),
                "reason": "Mourning",
            }
        )

    def end_exclusion(self):
        running = self._of_walk("crm.customer.flag.exclusion", ("ended_on", "=", False))
        self._choose(running).action_end()

    # Holds -------------------------------------------------------------------------------------

    def hold_by_decision(self):
        company = self.random.choice(self.test.companies)
        customer = self._choose(self._customers()).with_company(company)
        customer.hold_policy = self.random.choice(["always", "never", "automatic", "automatic"])

    def _choose_policy(self):
        return self._choose(self.test.policies)

    def hold_mode(self):
        name = self.random.choice(["order_hold", "delivery_hold"])
        mode = self.random.choice(["off", "warn", "block", "block"])
        self._choose_policy()[name] = mode
        self._note(f"{name} {mode}")

    def thresholds(self):
        threshold = self._choose(self._choose_policy().threshold_ids)
        threshold.write(
            {
                "amount": self.random.choice([0.01, 50, 100, 1000]),
                "days": self.random.choice([1, 10, 30]),
            }
        )

    def _held(self):
        """Documents of the walk that wait, of one kind."""
        documents = self.random.choice([self.orders, self.orders.picking_ids])
        documents = documents.with_user(self.user)
        return documents.browse().union(*documents._get_blocked())

    def ask_for_release(self):
        self._choose(self._held()).action_ask_for_release()

    def approve(self):
        self._choose(self._held())._approve_hold()

    def reject(self):
        self._choose(self._held())._reject_hold()

    # What is offered ---------------------------------------------------------------------------

    def veto(self):
        customer = self._choose(self._customers())
        customer.is_left_out_of_lists = not customer.is_left_out_of_lists

    def add_suggestion(self):
        quotations = self.orders.filtered(lambda order: order.state in ("draft", "sent"))
        suggestions = self._of_walk(
            "crm.customer.suggestion",
            ("partner_id", "in", quotations.partner_id.commercial_partner_id.ids),
        )
        suggestion = self._choose(suggestions)
        order = self._choose(
            quotations.filtered(
                lambda order: (
                    order.company_id == suggestion.company_id
                    and order.partner_id.commercial_partner_id == suggestion.partner_id
                )
            )
        )
        suggestion.with_context(quotation_id=order.id).action_add_to_quotation()

    def call_about_offer(self):
        rows = self._of_walk("crm.customer.purchase")
        if not rows:
            raise NothingToDoError
        row = self._choose(rows)
        if self.random.random() < 0.5:
            row.action_schedule_activity()
        else:
            leads = self.env["crm.lead"].search(row.action_create_opportunities()["domain"])
            self.deals |= leads.with_env(self.deals.env)
