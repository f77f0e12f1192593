"""Fields that only the buttons of their model write, whatever a context says."""

from contextlib import contextmanager
from contextvars import ContextVar

_DECIDING = ContextVar("crm_sales_commission_deciding", default=False)


@contextmanager
def deciding():
    """Within it, the model's own code writes what is locked for everybody else."""
    token = _DECIDING.set(True)
    try:
        yield
    finally:
        _DECIDING.reset(token)


def is_deciding() -> bool:
    """Whether the model's own code is writing."""
    return _DECIDING.get()
