"""The benchmark: books, our addons on a copy of them, the measurements, a table."""

from contextlib import ExitStack
from pathlib import Path

from environment.addons import our_addons
from environment.console import step
from environment.databases import Databases
from environment.paths import checkout_key, digest, state_dir

from .figures import load_measurements
from .installing import measure_installing
from .worker_client import Worker

HERE = Path(__file__).parent


class Bench:
    """What a measurement works with.

    :ivar invoices: how many invoices the books hold
    :ivar addons: the names of our addons
    :ivar plain: a :class:`Worker` on the books, without our addons
    :ivar ours: a Worker on a copy of them with our addons; a fifth of the invoices belongs to deals
    """

    def __init__(self, invoices, addons, plain, ours, report):
        self.invoices = invoices
        self.addons = addons
        self.plain = plain
        self.ours = ours
        self._report = report

    def report(self, title, text):
        """Add something long, such as a query plan, to the report file."""
        self._report.write(f"\n== {title}\n{text}\n")


def run(environment, options):
    databases = BenchmarkDatabases(environment, options.keep)
    report_path = state_dir() / f"benchmark-{options.invoices}.txt"
    figures = []
    with ExitStack() as stack:
        report = stack.enter_context(open(report_path, "w", encoding="utf-8"))
        stack.callback(databases.clean_up)
        try:
            for figure in _measure(environment, options, databases, report, stack):
                figures.append(figure)
        finally:
            # Also of what was measured before something failed.
            table = "\n".join(_table(figures, options.invoices))
            report.write(f"\n{table}\n")
            print(f"\n{table}\n\nPlans of the statements: {report_path}", flush=True)
    return int(not all(figure.is_good for figure in figures))


def _measure(environment, options, databases, report, stack):
    addons = our_addons()
    books = databases.books(options.invoices)
    small_books = databases.books(options.invoices // 10)
    ours = databases.copy_of(books, "ours")
    yield from measure_installing(databases, addons, small_books, ours)
    plain = databases.copy_of(books, "plain")
    plain_worker = stack.enter_context(Worker(environment, plain))
    our_worker = stack.enter_context(Worker(environment, ours))
    for name in (plain, ours):
        databases.query("VACUUM ANALYZE", name)
    bench = Bench(options.invoices, addons, plain_worker, our_worker, report)
    for name, measure in load_measurements().items():
        if not options.only or any(word in name for word in options.only):
            with step(f"Measuring: {name}"):
                yield from measure(bench)


class BenchmarkDatabases:
    """The books and copies of them; nothing stays unless it shall."""

    def __init__(self, environment, keep):
        self.environment = environment
        self.databases = Databases(environment)
        self.query = self.databases.query
        self._keep = keep
        self._to_drop = []

    def books(self, invoices):
        """A database with books and without our addons; those of an earlier run if kept."""
        template = self.databases.template(demo=False)
        files = [*HERE.glob("books/*.py"), *HERE.glob("books/sql/*.sql")]
        texts = [file.read_text() for file in sorted(files) if file.stem != "consistency"]
        name = f"bench_{checkout_key()}_{invoices}_{digest(template, *texts)}"
        self._to_drop.append(name)
        if name not in self.databases.names():
            unfinished = f"{name}_unfinished"
            self.databases.copy(template, unfinished)
            with (
                step(f"Writing books with {invoices:,} invoices"),
                Worker(self.environment, unfinished) as worker,
            ):
                worker.call("inside", "write_books", invoices=invoices)
            # What is measured does not depend on when it last came by.
            self.databases.stop_autovacuum(unfinished)
            self.databases.rename(unfinished, name)
        return name

    def copy_of(self, source, kind):
        name = f"bench_{checkout_key()}_{kind}"
        self.databases.copy(source, name)
        self._to_drop.append(name)
        return name

    def clean_up(self):
        if not self._keep:
            for name in self._to_drop:
                self.databases.drop(name)


def _table(figures, invoices):
    width = max((len(figure.what) for figure in figures), default=0)
    middle = max((len(figure.measured) for figure in figures), default=0)
    title = f"{invoices:,} invoices"
    yield f"{title:{width}}  {'measured':>{middle}}  bound"
    for figure in figures:
        verdict = "" if not figure.bound else "  ok" if figure.is_good else "  FAILS"
        line = f"{figure.what:{width}}  {figure.measured:>{middle}}  {figure.bound}{verdict}"
        yield line.rstrip()
    failures = sum(not figure.is_good for figure in figures)
    yield f"{len(figures)} figures, {failures} out of bounds"
