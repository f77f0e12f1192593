"""Management, Finance, My Sales and Team: funnel, customers' health and settlements."""

from ..builder import Card, Chart, Dashboard, Records, Table
from .shared import (
    AGES,
    COMPANY,
    CONVERSION,
    DAYS_SALES_OUTSTANDING,
    DEALS,
    FUNNEL,
    FUNNEL_CHART,
    HEALTH,
    HEALTH_MENU,
    HEALTH_MENU_FINANCE,
    LATE,
    MONTHS,
    MYSELF,
    OVERDUE,
    OVERDUE_BY_MONTH,
    PERIOD,
    PHASES,
    PROMISES,
    REACHED,
    SALESPERSON,
    SETTLEMENTS,
    TEAM,
    WORST_PAYERS,
)

MANAGEMENT = Dashboard(
    "management",
    filters=[PERIOD, TEAM, SALESPERSON],
    cards=[
        *PHASES,
        Card("Open", HEALTH, "open_amount", menu=HEALTH_MENU),
        Card("Overdue", HEALTH, "overdue_amount", menu=HEALTH_MENU, colour="bad"),
    ],
    blocks=[
        FUNNEL_CHART,
        CONVERSION,
        Chart("Invoiced by Month", MONTHS, "sales_amount", ["date:month"], domain=COMPANY),
        DAYS_SALES_OUTSTANDING,
        OVERDUE_BY_MONTH,
        Table(
            "Invoiced by Salesperson",
            FUNNEL,
            {"amount": "Invoiced", "reached_count": "Deals", "days": "Days to it"},
            "user_id",
            [*REACHED, ["phase", "=", "invoiced"]],
            order="amount",
            head="Salesperson",
        ),
        Table(
            "Overdue by Salesperson",
            HEALTH,
            AGES,
            "user_id",
            OVERDUE,
            order="overdue_over_90",
            head="Salesperson",
        ),
        WORST_PAYERS,
        Records(
            "Best Payers",
            HEALTH,
            {"partner_id": "Customer", "revenue_12m": "Revenue", "payment_score": "Score"},
            order="payment_score",
            domain=[["payment_count", ">=", 5]],
        ),
        Table(
            "Paid by Source",
            FUNNEL,
            {"amount": "Received", "reached_count": "Deals paid"},
            "source_id",
            [*REACHED, ["phase", "=", "paid"]],
            order="amount",
            head="Source",
        ),
        Table(
            "By Country",
            HEALTH,
            {"revenue_12m": "Revenue", "open_amount": "Open", "overdue_amount": "Overdue"},
            "country_id",
            order="revenue_12m",
            head="Country",
        ),
    ],
)

FINANCE = Dashboard(
    "finance",
    filters=[PERIOD],
    cards=[
        Card("Open", HEALTH, "open_amount", menu=HEALTH_MENU_FINANCE),
        Card("Overdue", HEALTH, "overdue_amount", menu=HEALTH_MENU_FINANCE, colour="bad"),
        Card("Disputed", HEALTH, "disputed_amount", menu=HEALTH_MENU_FINANCE, colour="watch"),
        Card("Not Matched", HEALTH, "unapplied_credit_amount", menu=HEALTH_MENU_FINANCE),
        Card("Never Sent", HEALTH, "unsent_amount", menu=HEALTH_MENU_FINANCE, colour="watch"),
        Card(
            "Received",
            SETTLEMENTS,
            "amount",
            [["kind", "=", "payment"]],
            menu="account_receivable_settlement.account_receivable_settlement_menu",
            colour="good",
            with_previous=True,
        ),
    ],
    blocks=[
        Chart(
            "How Claims Were Settled",
            SETTLEMENTS,
            "amount",
            ["settlement_date:month", "kind"],
            axis="Amount",
        ),
        DAYS_SALES_OUTSTANDING,
        OVERDUE_BY_MONTH,
        Chart(
            "Collection Effectiveness",
            MONTHS,
            "collection_effectiveness",
            ["date:month"],
            "line",
            COMPANY,
            axis="Percent",
        ),
        WORST_PAYERS,
        Records(
            "Promises That Run",
            PROMISES,
            {"partner_id": "Customer", "amount": "Amount", "date": "By"},
            order="date",
            domain=[["state", "=", "running"]],
            ascending=True,
        ),
        Records(
            "Disputed",
            HEALTH,
            {"partner_id": "Customer", "disputed_amount": "Disputed", "open_amount": "Open"},
            order="disputed_amount",
            domain=[["disputed_amount", ">", 0]],
        ),
        Table(
            "By Payment Risk",
            HEALTH,
            {"open_amount": "Open", "overdue_amount": "Overdue", "revenue_12m": "Revenue"},
            "payment_risk",
            order="overdue_amount",
            head="Payment Risk",
        ),
    ],
)

TO_CLOSE = Records(
    "Deals to Close",
    DEALS,
    {"name": "Opportunity", "expected_revenue": "Expected", "date_deadline": "By"},
    order="date_deadline",
    domain=[
        ["type", "=", "opportunity"],
        ["won_status", "=", "pending"],
        ["date_deadline", "!=", False],
    ],
    ascending=True,
)
UNPAID = Records(
    "Deals Not Paid Yet",
    DEALS,
    {"name": "Opportunity", "due_total": "Due", "overdue_total": "Overdue"},
    order="overdue_total",
    domain=[["due_total", ">", 0]],
)

SALES_MINE = Dashboard(
    "sales_mine",
    filters=[PERIOD, MYSELF],
    cards=[
        *PHASES,
        *LATE,
    ],
    blocks=[FUNNEL_CHART, CONVERSION, TO_CLOSE, WORST_PAYERS, UNPAID],
)

SALES_TEAM = Dashboard(
    "sales_team",
    filters=[PERIOD, TEAM, SALESPERSON],
    cards=[
        *PHASES,
        *LATE,
    ],
    blocks=[
        FUNNEL_CHART,
        CONVERSION,
        Chart(
            "Received by Salesperson",
            FUNNEL,
            "received_amount",
            ["user_id"],
            domain=REACHED,
            axis="Amount",
        ),
        Table(
            "Won by Salesperson",
            FUNNEL,
            {"amount": "Won", "reached_count": "Deals"},
            "user_id",
            [*REACHED, ["phase", "=", "won"]],
            order="amount",
            head="Salesperson",
        ),
        Table(
            "Overdue by Salesperson",
            HEALTH,
            {
                "overdue_amount": "Overdue",
                "overdue_over_90": "Over 90",
                "__count": "Customers",
            },
            "user_id",
            OVERDUE,
            order="overdue_amount",
            head="Salesperson",
        ),
        UNPAID,
        TO_CLOSE,
    ],
)
