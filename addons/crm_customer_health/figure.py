"""The register of figures of a customer: an entry is a field with a :class:`Figure`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """How a field of ``crm.customer.health`` comes out of the judged row, and what it is without.

    Whoever adds a figure adds a field with ``figure=Figure(...)`` to ``crm.customer.health``, or to
    ``crm.customer.kept.figures`` where month ends are to keep it, and the relation that it comes
    from to ``_get_fact_relations`` and ``_get_joined_facts``. What is stored, shown live, kept and
    written into the workbook follows.
    """

    #: SQL of a value of the judged row; the column of the field's name without it.
    sql: str | None = None
    #: What it is where the journals say nothing: 0 for amounts and counts, NULL for what does not
    #: exist then.
    empty: int | str | bool | None = None


#: Amounts and counts: nothing is 0.
COUNTED = Figure(empty=0)
#: What does not exist without a settlement, invoice or purchase.
MEASURED = Figure()
