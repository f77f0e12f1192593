"""Bands of what is open, by age: the only place where their limits stand."""

#: From how many days past the due date on an instalment belongs to a band, by the field of
#: ``crm.customer.health``, the youngest first; ``None`` for what is not due.
BANDS = {
    "not_due_amount": None,
    "overdue_1_30": 0,
    "overdue_31_60": 30,
    "overdue_61_90": 60,
    "overdue_over_90": 90,
}
#: What is open, by field: the bands, and apart from them what is disputed.
OPEN_PARTS = (*BANDS, "disputed_amount")


def get_band(days: int) -> str:
    """The band of an instalment that is so many days past its due date."""
    return [name for name, start in BANDS.items() if start is None or days > start][-1]
