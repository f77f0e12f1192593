"""Profit and Value: what customers earn us, what serving them costs, and what they will buy."""

from ..builder import Card, Chart, Dashboard, Records, Source, Table
from .shared import SALESPERSON, TEAM, THIS_YEAR

BY_CUSTOMER = {"team": "team_id", "salesperson": "user_id"}
PROFIT = Source(
    "crm.customer.profit.report",
    {"period": "date", **BY_CUSTOMER},
    money=("revenue", "margin", "service_amount", "profit"),
)
WORTH = Source("crm.customer.value", BY_CUSTOMER, money=("expected_value", "profit"))
WON = Source(
    "crm.acquisition.report", {"period": "date"}, money=("cost", "paid_total", "margin_total")
)
BUDGET = Source(
    "crm.customer.budget.report",
    {"period": "month"},
    money=("budget_revenue", "actual_revenue", "difference"),
)

PROFIT_MENU = "crm_customer_value.crm_customer_profit_report_menu_crm"
VALUE_MENU = "crm_customer_value.crm_customer_value_menu_crm"


def profit(label, group, head):
    """Revenue, margin and profit by a group."""
    measures = {"revenue": "Revenue", "margin": "Margin", "profit": "Profit"}
    return Table(label, PROFIT, measures, group, order="profit", head=head)


VALUE = Dashboard(
    "value",
    filters=[THIS_YEAR, TEAM, SALESPERSON],
    cards=[
        Card("Revenue", PROFIT, "revenue", menu=PROFIT_MENU, with_previous=True),
        Card("Margin", PROFIT, "margin", menu=PROFIT_MENU, with_previous=True),
        Card("Cost to Serve", PROFIT, "service_amount", menu=PROFIT_MENU, colour="watch"),
        Card("Profit", PROFIT, "profit", [], PROFIT_MENU, "good", with_previous=True),
        Card("Value to Come", WORTH, "expected_value", menu=VALUE_MENU),
        Card("At a Loss", WORTH, "__count", [["profit", "<", 0]], VALUE_MENU, "bad"),
    ],
    blocks=[
        Chart("Profit by Month", PROFIT, "profit", ["date:month"]),
        Chart("Value to Come by Tier", WORTH, "expected_value", ["value_tier"]),
        profit("Most Profitable", "partner_id", "Customer"),
        Records(
            "Least Profitable",
            WORTH,
            {"partner_id": "Customer", "revenue": "Revenue", "profit": "Profit"},
            order="profit",
            ascending=True,
        ),
        profit("By Category", "product_categ_id", "Category"),
        profit("By Salesperson", "user_id", "Salesperson"),
        Table(
            "Paid by Source",
            WON,
            {
                "new_customer_count": "Customers",
                "paid_total": "Paid",
                "margin_total": "Margin",
                "cost": "Cost",
            },
            "source_id",
            order="paid_total",
            head="Source",
        ),
        Table(
            "Budget against Actual",
            BUDGET,
            {"budget_revenue": "Budget", "actual_revenue": "Actual", "difference": "Difference"},
            "segment",
            order="actual_revenue",
            head="Segment",
        ),
    ],
)
