"""What a verification consists of: an entry of the register, and what it finds."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from odoo.fields import Domain

if TYPE_CHECKING:
    from odoo.addons.base.models.res_company import ResCompany
    from odoo.addons.base.models.res_currency import ResCurrency
    from odoo.addons.base.models.res_users import ResUsers


def _nothing_waits(_company, _records) -> set[int]:
    return set()


@dataclass(frozen=True)
class Check:
    """Something of ours that is recomputed, a batch of records of a company at a time.

    Both sides are asked in one transaction, with full rights, and see the same books.
    """

    #: In the language of who looks.
    label: str
    #: The model whose records are gone through in the order of their ids.
    model: str
    #: ``(company)``: which of its records, archived or not.
    get_domain: Callable[["ResCompany"], Domain]
    #: ``(company, records)``: what is kept of these records, and what the journals say plainly,
    #: where it is not the same: :class:`Finding`; :class:`Total` for sums against the ledger.
    compare: Callable[["ResCompany", object], "Iterable[Finding | Total]"]
    #: ``(company, records)``: ids of those that are being updated: what is kept of them is of
    #: before, and what differs is no error.
    get_waiting: Callable[["ResCompany", object], set[int]] = _nothing_waits
    batch_size: int = 50


@dataclass
class Finding:
    """A figure that is not what the journals say."""

    #: Which of the records that were compared.
    key: int
    #: Where the figure is kept.
    res_model: str
    res_id: int
    name: str
    #: A field of the model, or a name of ``_get_value_labels``.
    value: str | None = None
    #: Amounts are numbers, in the currency; without one a number, date or text is shown as it is.
    kept: float | int | datetime.date | str | None = None
    recomputed: float | int | datetime.date | str | None = None
    currency: "ResCurrency | None" = None
    kept_at: datetime.datetime | None = None
    kept_by: "ResUsers | None" = None
    #: Why the record could not be recomputed.
    failure: str | None = None


@dataclass
class Total:
    """A sum of ours against the general ledger, in company currency.

    What of the ledger is not ours is recomputed plainly, part by part: ledger - parts = ours.
    """

    #: What the sum is of; a name of ``_get_value_labels``.
    value: str
    ours: float | Fraction
    ledger: float | Fraction
    account_id: int | None = None
    #: The parts, by field of ``account.receivable.verification.total``.
    parts: dict[str, Fraction] = field(default_factory=dict)
