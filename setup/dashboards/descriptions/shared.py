"""What several dashboards show."""

from ..builder import Card, Chart, Filter, Records, Source, Table

PERIOD = Filter("period", "Period", default="last_12_months")
#: The month that runs counts, too.
THIS_YEAR = PERIOD._replace(default="year_to_date")
TEAM = Filter("team", "Sales Team", model="crm.team")
SALESPERSON = Filter("salesperson", "Salesperson", model="res.users")
MYSELF = SALESPERSON._replace(default="current_user")

FUNNEL = Source(
    "crm.billing.funnel.report",
    {"period": "enquiry_date", "team": "team_id", "salesperson": "user_id"},
    rates=("step_conversion_rate",),
)
AGES = {
    "overdue_1_30": "1–30",
    "overdue_31_60": "31–60",
    "overdue_61_90": "61–90",
    "overdue_over_90": "Over 90",
}
HEALTH = Source(
    "crm.customer.health",
    {"team": "team_id", "salesperson": "user_id"},
    money=(
        "disputed_amount",
        "open_amount",
        "overdue_amount",
        "revenue_12m",
        "unapplied_credit_amount",
        "unsent_amount",
        *AGES,
    ),
)
MONTHS = Source(
    "crm.receivables.report",
    {"period": "date", "team": "team_id", "salesperson": "user_id"},
)
SETTLEMENTS = Source(
    "account.receivable.settlement", {"period": "settlement_date"}, money=("amount",)
)
PROMISES = Source("crm.payment.promise", {"team": "team_id", "salesperson": "user_id"})
DEALS = Source("crm.lead", {"team": "team_id", "salesperson": "user_id"})

REACHED = [["is_reached", "=", True]]
COMPANY = [["slice_type", "=", "company"]]
OVERDUE = [["overdue_amount", ">", 0]]

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

FUNNEL_CHART = Chart(
    "From Enquiry to Cash", FUNNEL, "amount", ["phase"], kind="funnel", domain=REACHED
)
CONVERSION = Table(
    "Phase by Phase",
    FUNNEL,
    {
        "reached_count": "Deals",
        "amount": "Amount",
        "step_conversion_rate": "Converted",
        "days": "Days to it",
    },
    "phase",
    rows=11,
    head="Phase",
)
DAYS_SALES_OUTSTANDING = Chart(
    "Count-Back DSO",
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
SALES_CARDS = [*PHASES, *LATE]


def ageing(label, group, head):
    """What is overdue by its age, and by a group."""
    return Table(label, HEALTH, AGES, group, OVERDUE, order="overdue_over_90", head=head)
