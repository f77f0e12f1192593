"""What the storeys above are told of customers whose figures were computed anew."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CustomersRefreshed:
    """Customers whose stored figures were computed anew, and what that changed."""

    companies: Any
    """In these companies."""
    partners: Any = None
    """These customers; all of the companies if it is ``None``."""
    old_statuses: dict[int, str] = field(default_factory=dict)
    """The former status, by id of the row, of those whose status is another one now."""
    cured: dict[int, list[int]] = field(default_factory=dict)
    """By id of the company, the ids of customers that needed action and need none any more."""
