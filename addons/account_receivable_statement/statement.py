"""What a statement consists of."""

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from odoo.addons.account_receivable_settlement.bands import BANDS, get_band

if TYPE_CHECKING:
    from odoo.addons.account.models.account_move import AccountMove
    from odoo.addons.base.models.res_company import ResCompany
    from odoo.addons.base.models.res_currency import ResCurrency
    from odoo.addons.base.models.res_partner import ResPartner


@dataclass(frozen=True)
class Item:
    """An instalment with what is open of it, or money and credits that nobody matched yet."""

    move: "AccountMove"
    date: date
    due_date: date
    #: In the document's currency; negative for what the customer has in the house.
    amount: float
    open_amount: float
    #: Days past the due date; negative before it.
    days: int
    is_document: bool
    is_disputed: bool

    @property
    def is_overdue(self) -> bool:
        return self.open_amount > 0 and not self.is_disputed and self.days > 0

    @property
    def settled_amount(self) -> float:
        return self.amount - self.open_amount


@dataclass(frozen=True)
class Payment:
    """Money that came."""

    date: date
    name: str
    reference: str
    amount: float
    #: What of it is not matched with an invoice yet.
    unmatched_amount: float


@dataclass
class Section:
    """All of one currency."""

    currency: "ResCurrency"
    items: list[Item] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)

    @property
    def open_amount(self) -> float:
        """What is to be paid in all, less what is in the house."""
        return self.currency.round(sum(item.open_amount for item in self.items))

    @property
    def overdue_amount(self) -> float:
        return self.currency.round(sum(item.open_amount for item in self.items if item.is_overdue))

    @property
    def disputed_amount(self) -> float:
        return self.currency.round(sum(item.open_amount for item in self.items if item.is_disputed))

    @property
    def bands(self) -> dict[str, float]:
        """What is owed and not disputed, by age; see ``bands.py`` of the receivables."""
        amounts = dict.fromkeys(BANDS, 0.0)
        for item in self.items:
            if item.open_amount > 0 and not item.is_disputed:
                amounts[get_band(item.days)] += item.open_amount
        return {name: self.currency.round(amount) for name, amount in amounts.items()}

    @property
    def credit_amount(self) -> float:
        """Money and credits that nobody matched yet, positive."""
        return self.currency.round(
            -sum(item.open_amount for item in self.items if item.open_amount < 0)
        )


@dataclass
class Statement:
    """What a customer and a company have open between them, currency by currency."""

    partner: "ResPartner"
    company: "ResCompany"
    day: date
    sections: list[Section]

    @property
    def items(self) -> list[Item]:
        return [item for section in self.sections for item in section.items]
