"""What of the customers' figures is asked for."""

import datetime
from dataclasses import dataclass

from odoo.addons.account_receivable_settlement.scope import Scope


@dataclass(frozen=True)
class HealthScope(Scope):
    """A scope of customers, and with whom they are compared."""

    #: Compare with what was usual at this month end, which is kept; with today's without it.
    norm_date: datetime.date | None = None
