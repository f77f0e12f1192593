from collections import defaultdict

from freezegun import freeze_time

from odoo.fields import Domain
from odoo.tests import tagged

from .common import ForecastCommon

#: What pivot and graph show at first, and what else they are grouped by.
GROUPINGS = (
    ["layer", "cash_date:month"],
    ["cash_date:week", "layer"],
    ["invoice_date:month"],
    ["partner_id", "layer"],
    ["user_id", "team_id"],
    ["categ_id"],
    ["company_id"],
)
MEASURES = ["amount", "amount_untaxed", "weighted_amount"]


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00:00")
class TestForecastDrill(ForecastCommon):
    """What a cell opens sums up to the cell, whoever looks."""

    LAYERS = {"deal", "won", "draft", "open", "overdue", "disputed", "unmatched"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sales = "sales_team.group_sale_salesman"
        cls.sellers = [cls._create_user(f"drill-{number}", sales) for number in range(2)]
        cls.leader = cls._create_user("drill-lead", "sales_team.group_sale_salesman_all_leads")
        cls.finance = cls._create_user("drill-finance", "account.group_account_invoice")
        cls.env["crm.team"].create(
            {
                "name": "Drill",
                "member_ids": [(6, 0, [seller.id for seller in cls.sellers])],
                "company_id": cls.company.id,
            }
        )

    def _do_business(self, seller, size):
        """Each layer once, of amounts that differ between salespeople. Everybody pays 10 days late,
        so that it is known in which week an invoice is paid.
        """
        self.partner = self._create_customer(seller.name, user_id=seller.id)
        customer = {"partner_id": self.partner.id}
        seller_id = {"user_id": seller.id}
        self._settled(100.0 * size, 10, due="2024-01-11", **customer)
        for due in ("2024-04-05", "2024-04-12", "2024-04-30", "2024-12-01"):
            self._invoice(
                33.33 * size,
                date="2024-03-20",
                invoice_date_due=due,
                invoice_user_id=seller.id,
                **customer,
            )
        self._invoice(
            7.77 * size, date="2024-03-20", invoice_date_due="2024-04-01", **customer
        ).action_toggle_block_payment()
        self._invoice(5.01 * size, move_type="out_refund", date="2024-04-01", **customer)
        self._invoice(
            300.0 * size, date="2024-04-01", post=False, invoice_user_id=seller.id, **customer
        )
        deal = self._create_deal(
            "Open", expected_revenue=1000.01 * size, date_deadline="2024-05-01", **seller_id
        )
        deal.probability = 33.0
        self._create_deal("Some day", expected_revenue=10.0 * size, **seller_id)
        self._create_deal("Won", expected_revenue=20.0 * size, **seller_id).action_set_won()

    def _assert_cells(self, user) -> dict:
        """:return: amounts by layer, as the user sees them."""
        rows = self.env["crm.revenue.forecast"].with_user(user)
        domain = Domain("company_id", "=", self.company.id)
        totals = set()
        for grouping in GROUPINGS:
            cells = rows.formatted_read_group(
                domain, grouping, [f"{name}:sum" for name in MEASURES]
            )
            self.assertTrue(cells, grouping)
            sums = defaultdict(float)
            for cell in cells:
                opened = rows.web_search_read(
                    domain & Domain(cell["__extra_domain"]), {name: {} for name in MEASURES}
                )["records"]
                self.assertTrue(opened, f"{user.login}: {grouping}, {cell}")
                for name in MEASURES:
                    total = sum(row[name] for row in opened)
                    self.assertAlmostEqual(total, cell[f"{name}:sum"], 4, f"{grouping}, {cell}")
                    sums[name] += total
            totals.add(tuple(round(sums[name], 2) for name in MEASURES))
        self.assertEqual(len(totals), 1, "each row is in one cell")
        return dict(rows._read_group(domain, ["layer"], ["amount:sum"]))

    def _assert_weeks(self, user) -> float:
        """:return: what is expected in all."""
        weeks = self.env["crm.revenue.forecast.week"].with_user(user)
        total = 0
        for week in weeks.search([("company_id", "=", self.company.id), ("is_current", "=", True)]):
            action = week.action_open_rows()
            opened = self.env[action["res_model"]].with_user(user).search(action["domain"])
            self.assertAlmostEqual(
                sum(opened.mapped("amount")) if week.kind != "overdue" else 0.0,
                week.expected,
                2,
                f"{user.login}: {week.slice_type}, {week.kind}, {week.week}",
            )
            if week.kind == "overdue":
                self.assertAlmostEqual(sum(opened.mapped("amount")), week.by_due, 2)
            total += week.expected
        return total

    def test_cells(self):
        for size, seller in enumerate(self.sellers, 1):
            self._do_business(seller, size)
        self._forecast()
        one, two = (self._assert_cells(seller) for seller in self.sellers)
        self.assertEqual(set(one), self.LAYERS)
        for layer in self.LAYERS:
            self.assertAlmostEqual(2 * one[layer], two[layer], 2, layer)
        for user in (self.leader, self.finance):
            both = self._assert_cells(user)
            for layer in self.LAYERS:
                self.assertAlmostEqual(both[layer], one[layer] + two[layer], 2, layer)

    def test_weeks(self):
        for size, seller in enumerate(self.sellers, 1):
            self._do_business(seller, size)
        self._forecast()
        one, two = (self._assert_weeks(seller) for seller in self.sellers)
        self.assertAlmostEqual(one, 4 * 33.33 + 7.77 - 5.01, 2)
        self.assertAlmostEqual(two, 2 * one, 2)
        for user in (self.leader, self.finance):
            # The company's, and both salespeople's.
            self.assertAlmostEqual(self._assert_weeks(user), 2 * (one + two), 2)
