"""What of the books is asked for."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from odoo.tools import SQL

if TYPE_CHECKING:
    from odoo.addons.base.models.res_company import ResCompany
    from odoo.addons.base.models.res_partner import ResPartner


@dataclass(frozen=True)
class Scope:
    """Which part of the books a relation reads.

    It is handed on as an argument. The context is no place for it: whoever calls from outside can
    put there what he likes.
    """

    #: Only these companies; all without it.
    companies: "ResCompany | None" = None
    #: Only these customers (commercial partners) with their contacts; all without it.
    partners: "ResPartner | None" = None
    #: What was known at the end of this day; what is known now without it.
    as_of: date | None = None
    #: All settlements after this day are wanted (some up to it may be among what is read).
    since: date | None = None
    #: Only these instalments: SQL of an array of their ids. It goes before ``partners``.
    line_ids: SQL | None = None
    #: Only these partial reconciliations: SQL of an array of their ids. ``line_ids`` then speak of
    #: payments without journal entry only, which have no reconciliation.
    partial_ids: SQL | None = None
    #: What it was looked up that these instalments or customers have none of, so that it is left
    #: out: see ``account.receivable._look_up``.
    without: frozenset[str] = frozenset()
    #: SQL of an array of the entries that have to be looked at to know what they settle, where that
    #: was looked up: see ``account.receivable._look_up``.
    examined_move_ids: SQL | None = None
    #: A relation of settlements that was read before, with the columns of
    #: ``account.receivable.settlement._get_settlement_sql``, to be read in place of the journals.
    settlements: SQL | None = None

    def but(self, **values) -> "Scope":
        """The same scope with other values."""
        return replace(self, **values)
