"""Counting what passed and what did not."""

from dataclasses import dataclass, field


@dataclass
class Results:
    """The outcome of a part of the tests; every failure says what it is."""

    title: str
    passed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)
    times: list = field(default_factory=list)  #: pairs of seconds and a test's name

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


def merge(title, parts):
    """Several results as one."""
    whole = Results(title)
    for part in parts:
        whole.passed += part.passed
        whole.skipped += part.skipped
        whole.failures += part.failures
        whole.times += part.times
    return whole


def slowest(parts, count=20):
    """The tests that took longest, longest first."""
    tests = sorted((test for part in parts for test in part.times), reverse=True)
    return [f"{seconds:6.1f} s  {name}" for seconds, name in tests[:count]]


def closing_line(parts):
    """The plain last line of a run."""
    skipped = sum(part.skipped for part in parts)
    return (
        f"{sum(part.passed for part in parts)} passed, "
        f"{sum(len(part.failures) for part in parts)} failed"
        + (f", {skipped} skipped" if skipped else "")
    )
