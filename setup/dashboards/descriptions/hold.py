"""On Hold: what waits for finance, since when, and what was let pass by whom."""

from ..builder import Card, Chart, Dashboard, Records, Source, Table
from .shared import THIS_YEAR, WORST_PAYERS

WAITING = Source("crm.customer.hold.waiting")
OVERRIDES = Source("crm.customer.hold.override", {"period": "create_date"})

WAITING_MENU = "crm_customer_hold.crm_customer_hold_waiting_menu_account"
OVERRIDE_MENU = "crm_customer_hold.crm_customer_hold_override_menu_account"
UNDECIDED = [["is_rejected", "=", False]]


def waiting(label, domain, colour="neutral"):
    """A card of documents that wait."""
    return Card(label, WAITING, "__count", domain, menu=WAITING_MENU, colour=colour)


HOLDS = Dashboard(
    "hold",
    filters=[THIS_YEAR],
    cards=[
        waiting("Waiting for Finance", UNDECIDED, "watch"),
        waiting("Orders", [*UNDECIDED, ["res_model", "=", "sale.order"]]),
        waiting("Deliveries", [*UNDECIDED, ["res_model", "=", "stock.picking"]]),
        waiting("Release Asked", [*UNDECIDED, ["asked_on", "!=", False]], "watch"),
        waiting("Not Approved", [["is_rejected", "=", True]], "bad"),
        Card("Let Pass", OVERRIDES, "__count", menu=OVERRIDE_MENU, with_previous=True),
    ],
    blocks=[
        Records(
            "Waiting Longest",
            WAITING,
            {
                "partner_id": "Customer",
                "document_name": "Document",
                "since": "Since",
                "overdue_amount": "Overdue",
                "asked_on": "Asked On",
            },
            order="since",
            domain=UNDECIDED,
            rows=8,
            ascending=True,
        ),
        WORST_PAYERS,
        Chart("Let Pass by Month", OVERRIDES, "__count", ["create_date:month"], axis="Documents"),
        Table(
            "Let Pass by Person",
            OVERRIDES,
            {"__count": "Documents"},
            "overridden_by_id",
            order="__count",
            head="Person",
        ),
        Records(
            "Let Pass Last",
            OVERRIDES,
            {
                "partner_id": "Customer",
                "document_name": "Document",
                "overdue_amount": "Overdue",
                "overridden_by_id": "By",
                "create_date": "On",
            },
            order="create_date",
            rows=8,
        ),
    ],
)
