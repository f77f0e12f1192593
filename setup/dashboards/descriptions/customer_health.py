"""What each dashboard shows. Another addon adds its figures by a line here, or a dashboard."""

from .builder import Card, Chart, Dashboard, Filter, Records, Source, Table

PERIOD = Filter("period", "Period", default="last_12_months")
TEAM = Filter("team", "Sales Team", model="crm.team")
SALESPERSON = Filter("salesperson", "Salesperson", model="res.users")
MYSELF = SALESPERSON._replace(default="current_user")

FUNNEL = Source(
    "crm.billing.funnel.report",
    {"period": "enquiry_date", "team": "team_id", "salesperson": "user_id"},
)
HEALTH = Source("crm.customer.health", {"team": "team_id", "salesperson": "user_id"})
MONTHS = Source(
    "crm.receivables.report",
    {"period": "date", "team": "team_id", "salesperson": "user_id"},
)
SETTLEMENTS = Source("account.receivable.settlement", {"period": "settlement_date"})
PROMISES = Source("crm.payment.promise", {"team": "team_id", "salesperson": "user_id"})
DEALS = Source("crm.lead", {"team": "team_id", "salesperson": "user_id"})

REACHED = [["is_reached", "=", True]]
COMPANY = [["slice_type", "=", "company"]]
OVERDUE = [["overdue_amount", ">", 0]]
AGES = {
    "overdue_1_30": "1–30",
    "overdue_31_60": "31–60",
    "overdue_61_90": "61–90",
    "overdue_over_90": "Over 90",
}

FUNNEL_MENU = "crm_accounting_bridge.crm_billing_funnel_report_menu"
HEALTH_MENU = "crm_customer_health.crm_customer_health_menu_crm"
HEALTH_MENU_FINANCE = "crm_customer_health.crm_customer_health_menu_account"
MONTHS_MENU = "crm_customer_health.crm_receivables_report_menu_account"


def phase(label, name, measure="amount", **options):
    """A card of a phase of the funnel."""
    domain = [*REACHED, ["phase", "=", name]]
    return Card(label, FUNNEL, measure, domain, menu=FUNNEL_MENU, **options)


PHASES = [
    phase("Opportunities", "qualified", "reached_count", with_previous=True),
    phase("Won", "won", with_previous=True),
    phase("Invoiced", "invoiced", with_previous=True),
    Card(
        "Received",
        FUNNEL,
        "received_amount",
        REACHED,
        menu=FUNNEL_MENU,
        colour="good",
        with_previous=True,
    ),
]

FUNNEL_CHART = Chart("From Enquiry to Cash", FUNNEL, "amount", ["phase"], domain=REACHED)
DAYS_SALES_OUTSTANDING = Chart(
    "Days Sales Outstanding",
    MONTHS,
    "dso_countback",
    ["date:month"],
    "line",
    COMPANY,
    axis="Days",
)
OVERDUE_BY_MONTH = Chart(
    "Overdue at Month End", MONTHS, "overdue_amount", ["date:month"], domain=COMPANY
)
LATE = [
    Card("Overdue", HEALTH, "overdue_amount", menu=HEALTH_MENU, colour="bad"),
    Card("Late Customers", HEALTH, "__count", OVERDUE, menu=HEALTH_MENU, colour="bad"),
]
WORST_PAYERS = Records(
    "Most Overdue",
    HEALTH,
    {"partner_id": "Customer", "overdue_amount": "Overdue", "days_overdue": "Days"},
    order="overdue_amount",
    domain=OVERDUE,
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
    blocks=[FUNNEL_CHART, TO_CLOSE, WORST_PAYERS, UNPAID],
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

#: The dashboards by the addon that holds their files.
DASHBOARDS = {
    "crm_customer_health_dashboard": [MANAGEMENT, FINANCE, SALES_MINE, SALES_TEAM],
}
