from .customers import COMPANY_FIELDS, CustomerSheet
from .table import Table

#: What somebody reads who has the customers in front of him on paper: a page in width.
PAGE_FIELDS = (
    "partner_id",
    "user_id",
    "health_status",
    "health_score",
    "open_amount",
    "overdue_amount",
    "days_overdue",
    "overdue_over_90",
    "net_amount",
    "last_payment_date",
    "days_beyond_terms",
    "revenue_12m",
)


class CustomerPage(CustomerSheet):
    """The customers on paper: what matters of them, a page in width."""

    def add(self):
        self.table = Table(
            self.book,
            self.env._("Customers"),
            [self._get_column(name, field) for name, field in self.fields.items()],
            self.report._get_currencies(),
            self.env._("Total"),
        )

    def _get_fields(self):
        names = (*COMPANY_FIELDS, *PAGE_FIELDS)
        described = super()._get_fields()
        return {name: described[name] for name in names if name in described}
