"""Cash to Come: sales in every phase, the cash of thirteen weeks, and who is late, on one page."""

from ..builder import Band, Card, Chart, Dashboard, Records, Source, Table
from .shared import COMPANY, FUNNEL_CHART, OVERDUE_BY_MONTH, PERIOD, SALES_CARDS, WORST_PAYERS

WEEKS = Source("crm.revenue.forecast.week", money=("expected", "forecast", "planned"))
ROWS = Source("crm.revenue.forecast", money=("amount", "weighted_amount"))
RECORD = Source("crm.revenue.forecast.accuracy")

NOW = [["is_current", "=", True], *COMPANY]
THIRTEEN = [*NOW, ["kind", "=", "week"]]
#: Also what is due and comes without a day.
FOUR = [*NOW, "|", ["kind", "=", "overdue"], "&", ["kind", "=", "week"], ["week", "<=", 4]]
LATE_TO_INVOICE = [["is_late_to_invoice", "=", True]]

WEEK_MENU = "crm_revenue_forecast.crm_revenue_forecast_week_menu_crm"
LATE_MENU = "crm_revenue_forecast.crm_revenue_forecast_late_menu_crm"


def apart(label, kind, colour):
    """A card of what is owed and is in no week."""
    domain = [*NOW, ["kind", "=", kind]]
    return Card(label, WEEKS, "expected", domain, menu=WEEK_MENU, colour=colour)


CASH_TO_COME = Dashboard(
    "cash_to_come",
    filters=[PERIOD],
    cards=[
        *SALES_CARDS,
        Card("Cash of 4 Weeks", WEEKS, "forecast", FOUR, menu=WEEK_MENU, colour="good"),
        Card("Cash of 13 Weeks", WEEKS, "forecast", THIRTEEN, menu=WEEK_MENU, colour="good"),
        Card("Not Invoiced Yet", WEEKS, "planned", THIRTEEN, menu=WEEK_MENU),
        Card("Late to Invoice", ROWS, "amount", LATE_TO_INVOICE, menu=LATE_MENU, colour="watch"),
        apart("Not Predictable", "unpredictable", "bad"),
        apart("Disputed", "disputed", "watch"),
    ],
    blocks=[
        Band(
            "Cash of 13 Weeks",
            WEEKS,
            "week_start",
            "Week",
            {"low": "At Least", "forecast": "Expected", "high": "At Most"},
            axis="Amount",
            domain=THIRTEEN,
        ),
        Records(
            "Week by Week",
            WEEKS,
            {
                "week_start": "Week",
                "low": "At Least",
                "forecast": "Expected",
                "high": "At Most",
                "planned": "Planned",
            },
            order="week_start",
            domain=THIRTEEN,
            rows=13,
            ascending=True,
        ),
        FUNNEL_CHART,
        Chart(
            "Money Expected by Month",
            ROWS,
            "weighted_amount",
            ["cash_date:month", "layer"],
            domain=[["cash_date", "!=", False]],
            axis="Amount",
        ),
        WORST_PAYERS,
        Records(
            "Late to Invoice",
            ROWS,
            {"partner_id": "Customer", "amount": "Amount", "invoice_date": "Was Due On"},
            order="amount",
            domain=LATE_TO_INVOICE,
        ),
        OVERDUE_BY_MONTH,
        Table(
            "Cash of 4 Weeks by Salesperson",
            WEEKS,
            {"forecast": "Expected", "planned": "Planned"},
            "user_id",
            [
                ["is_current", "=", True],
                ["slice_type", "=", "user"],
                ["kind", "=", "week"],
                ["week", "<=", 4],
            ],
            order="forecast",
            head="Salesperson",
        ),
        Records(
            "Collected against Expected",
            WEEKS,
            {
                "week_start": "Week",
                "low": "At Least",
                "expected": "Expected",
                "high": "At Most",
                "collected": "Collected",
            },
            order="week_start",
            domain=[["is_current", "=", False], *COMPANY, ["kind", "=", "week"], ["week", "=", 1]],
            rows=8,
        ),
        Records(
            "How Right It Was",
            RECORD,
            {
                "week": "Weeks (0: First 4)",
                "error": "Error (%)",
                "due_error": "By Due",
                "coverage": "In Band",
                "independent_count": "Weeks",
            },
            order="week",
            domain=COMPANY,
            rows=8,
            ascending=True,
        ),
    ],
)
