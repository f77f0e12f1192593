"""What a measurement yields, and the measurements that there are."""

import importlib
from dataclasses import dataclass
from pathlib import Path

MEASUREMENTS = {}


@dataclass(frozen=True)
class Figure:
    """One line of the table; without a bound it is only reported."""

    what: str
    measured: str
    bound: str = ""
    is_good: bool = True


def measurement(name):
    """Register a function from a Bench to Figures; a file `measure_*.py` may hold several."""

    def register(function):
        MEASUREMENTS[name] = function
        return function

    return register


def load_measurements():
    """Import all `measure_*.py`, in the order of their names."""
    for file in sorted(Path(__file__).parent.glob("measure_*.py")):
        importlib.import_module(f"{__package__}.{file.stem}")
    return MEASUREMENTS


def milliseconds(seconds):
    return f"{seconds * 1000:,.1f} ms" if seconds < 10 else f"{seconds:,.1f} s"
