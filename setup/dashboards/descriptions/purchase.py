"""What Customers Buy: best sellers, what stopped, what is due, what could be sold."""

from ..builder import Card, Chart, Dashboard, Records, Source, Table
from .shared import SALESPERSON, TEAM, THIS_YEAR

BY_CUSTOMER = {"team": "team_id", "salesperson": "user_id"}
MARKET = Source("crm.customer.market.report", {"period": "month", **BY_CUSTOMER}, ("amount",))
BOUGHT = Source("crm.customer.purchase", BY_CUSTOMER, ("amount_12m",))
OFFERS = Source("crm.customer.suggestion", BY_CUSTOMER, ("expected_amount",))

STOPPED = [["state", "=", "lapsed"]]
FALLING = [["state", "=", "falling"]]
DUE = [["expected_date", "<=", "today"], ["state", "!=", "lapsed"]]

MENU = "crm_customer_purchase.crm_customer_purchase_menu_crm"
STOPPED_MENU = "crm_customer_purchase.crm_customer_purchase_lapsed_menu"
FALLING_MENU = "crm_customer_purchase.crm_customer_purchase_falling_menu"
DUE_MENU = "crm_customer_purchase.crm_customer_purchase_due_menu"
OFFER_MENU = "crm_customer_purchase.crm_customer_suggestion_menu"


def sold(label, group, head):
    """What was sold, by product, category or salesperson."""
    measures = {"amount": "Amount", "purchase_count": "Purchases"}
    return Table(label, MARKET, measures, group, order="amount", head=head, rows=10)


PURCHASES = Dashboard(
    "purchases",
    filters=[THIS_YEAR, TEAM, SALESPERSON],
    cards=[
        Card("Sold", MARKET, "amount", menu=MENU, colour="good", with_previous=True),
        Card("Products Stopped", BOUGHT, "__count", STOPPED, STOPPED_MENU, "bad"),
        Card("At Stake", BOUGHT, "amount_12m", STOPPED, STOPPED_MENU, "bad"),
        Card("Products Falling", BOUGHT, "__count", FALLING, FALLING_MENU, "watch"),
        Card("Due to Buy Again", BOUGHT, "__count", DUE, DUE_MENU),
        Card("Could Be Sold", OFFERS, "expected_amount", menu=OFFER_MENU),
    ],
    blocks=[
        sold("Best Sellers", "product_id", "Product"),
        sold("By Category", "categ_id", "Category"),
        Chart("Sold by Month", MARKET, "amount", ["month:month"]),
        sold("By Salesperson", "user_id", "Salesperson"),
        Records(
            "Stopped Buying",
            BOUGHT,
            {
                "partner_id": "Customer",
                "product_id": "Product",
                "amount_12m": "12 Months",
                "last_date": "Last",
            },
            order="amount_12m",
            domain=STOPPED,
            rows=10,
        ),
        Records(
            "Due to Buy Again",
            BOUGHT,
            {
                "partner_id": "Customer",
                "product_id": "Product",
                "amount_12m": "12 Months",
                "expected_date": "Next",
            },
            order="expected_date",
            domain=DUE,
            rows=10,
            ascending=True,
        ),
        Records(
            "Could Be Sold",
            OFFERS,
            {
                "partner_id": "Customer",
                "product_id": "Product",
                "expected_amount": "A Year",
                "because_product_id": "Buys",
            },
            order="expected_amount",
            rows=10,
        ),
    ],
)
