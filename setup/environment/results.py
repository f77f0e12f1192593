"""Counting what passed and what did not."""

from dataclasses import dataclass, field


@dataclass
class Results:
    """The outcome of a part of the tests; every failure says what it is."""

    title: str
    passed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)

    def add(self, name, is_good, output=""):
        if is_good:
            self.passed += 1
        else:
            self.fail(name, output)

    def fail(self, name, output=""):
        self.failures.append((name, output or ""))

    def show(self):
        for name, output in self.failures:
            print(f"\n== {self.title}: {name}\n{output.rstrip()}")
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"\n{self.title}: {self.passed} passed, {len(self.failures)} failed{skipped}")


def closing_line(parts):
    """The plain last line of a run."""
    skipped = sum(part.skipped for part in parts)
    return (
        f"{sum(part.passed for part in parts)} passed, "
        f"{sum(len(part.failures) for part in parts)} failed"
        + (f", {skipped} skipped" if skipped else "")
    )
