"""Watching locks of a table while somebody else works on the database."""

import os
import subprocess
from collections import defaultdict

from environment.paths import log_file
from environment.process import ending_with_us

SECONDS = 0.2
#: Locks that no transaction can write beside, and the one that every writing transaction has.
CLOSING = {
    "AccessExclusiveLock",
    "ExclusiveLock",
    "ShareRowExclusiveLock",
    "ShareLock",
}
WRITING = {"RowExclusiveLock"}


class LockWatch:
    """Looks several times a second; one session, so that watching costs next to nothing.

    :ivar closed: the longest time in seconds that one transaction kept all others from writing
    :ivar written: the longest time that one transaction wrote, its rows locked for all others
    """

    def __init__(self, environment, database, table):
        self._postgres = environment.postgres
        self._database = database
        self._table = table
        self._log = log_file(f"benchmark-locks-{table}")
        self.closed = self.written = 0.0

    def __enter__(self):
        [[oid]] = self._postgres.query(f"SELECT '{self._table}'::regclass::oid", self._database)
        with open(self._log, "w", encoding="utf-8") as output:
            self._process = subprocess.Popen(
                ending_with_us(
                    [
                        self._postgres.programs / "psql",
                        *("-X", "-q", "-A", "-t", "-F", "\t", "-w", "-d", self._database),
                    ]
                ),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._postgres.environ},
                text=True,
            )
        self._process.stdin.write(
            "SELECT extract(epoch FROM clock_timestamp()), virtualtransaction, mode"
            f" FROM pg_locks WHERE relation = {oid} AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            f" \\watch {SECONDS}\n"
        )
        self._process.stdin.flush()
        return self

    def __exit__(self, *_error):
        self._process.terminate()
        self._process.wait()
        seen = defaultdict(list)
        for line in self._log.read_text(encoding="utf-8").splitlines():
            if line.count("\t") == 2:
                moment, transaction, mode = line.split("\t")
                kind = "closed" if mode in CLOSING else "written" if mode in WRITING else ""
                seen[kind, transaction].append(float(moment))
        for (kind, _transaction), moments in seen.items():
            if kind:
                setattr(self, kind, max(getattr(self, kind), moments[-1] - moments[0]))
