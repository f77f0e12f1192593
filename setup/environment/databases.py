"""Databases: made under another name first, copied from templates, known as ours by a comment."""

import json
import os
import re
import shutil

from . import odoo_log
from .addons import core_dependencies, fingerprint, our_addons
from .console import SetupError, say, step
from .lock import locked
from .paths import checkout_key, digest, log_file, state_dir

UNFINISHED = "_unfinished"
MARK = "crm-accounting "


class Databases:
    """The databases of this checkout on the environment's server."""

    def __init__(self, environment):
        self.environment = environment
        self.query = environment.postgres.query

    # -- single steps ------------------------------------------------------

    def names(self):
        return {row[0] for row in self.query("SELECT datname FROM pg_database")}

    def create(self, name):
        """An empty database as Odoo makes it, with trigrams where the server has them."""
        self.query(
            f"CREATE DATABASE \"{name}\" ENCODING 'unicode' LC_COLLATE 'C' TEMPLATE \"template0\""
        )
        if self.query("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"):
            self.query("CREATE EXTENSION IF NOT EXISTS pg_trgm", name)

    def drop(self, name):
        self.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(self._filestore(name), ignore_errors=True)

    def rename(self, old, new):
        """Files first: a database that is there has its files."""
        shutil.rmtree(self._filestore(new), ignore_errors=True)
        if self._filestore(old).exists():
            self._filestore(old).rename(self._filestore(new))
        self.query(f'ALTER DATABASE "{old}" RENAME TO "{new}"')

    def copy(self, source, target):
        """A copy with its files, which Odoo never changes in place, so that links will do."""
        self.drop(target)
        if self._filestore(source).exists():
            shutil.copytree(self._filestore(source), self._filestore(target), copy_function=os.link)
        self.query(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')

    def stop_autovacuum(self, name):
        """For a database whose tests roll back what they do: autovacuum finds only that in the
        tables, tells the planner that they are empty, and joins of what a test books take hours.
        """
        self.query(
            """
            DO $$
            DECLARE relation regclass;
            BEGIN
                FOR relation IN SELECT oid FROM pg_class
                                 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
                    EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', relation);
                END LOOP;
            END $$
            """,
            name,
        )

    def limit_statements(self, name, seconds):
        """A statement that takes longer fails its test and is in the log: it holds up no run."""
        self.query(f"ALTER DATABASE \"{name}\" SET statement_timeout = '{seconds}s'")

    def installed(self, name):
        rows = self.query("SELECT name FROM ir_module_module WHERE state = 'installed'", name)
        return {row[0] for row in rows}

    def _filestore(self, name):
        return self.environment.data_dir / "filestore" / name

    # -- templates for tests -----------------------------------------------

    def template(self, demo, with_ours=False):
        """A database with Odoo's own addons that ours stand on, and with ours only where asked for:
        those are made anew when their code changed.
        """
        modules = core_dependencies()
        title = f"{'demo' if demo else 'plain'}{'_ours' if with_ours else ''}"
        kind = f"template_{checkout_key()}_{title}_"
        version = [self.environment.odoo.version, *modules]
        if with_ours:
            version += [f"{addon} {fingerprint(addon)}" for addon in our_addons()]
        name = kind + digest(*version)
        with locked(state_dir() / f"template-{title}.lock", "preparing a template database"):
            if name not in self.names():
                for outdated in self.names():
                    if re.fullmatch(rf"{kind}[0-9a-f]+({UNFINISHED})?", outdated):
                        self.drop(outdated)
                if with_ours:
                    self._build_with_ours(name, demo, log_file(kind.strip("_")))
                else:
                    with step(
                        f"Preparing a database with {', '.join(modules)}"
                        + (" and demo data" if demo else "")
                    ):
                        self._build(name, modules, demo, log_file(kind.strip("_")))
        return name

    def _build_with_ours(self, name, demo, log):
        """On Odoo's own addons; an installation that warns of ours makes no template."""
        unfinished = name + UNFINISHED
        log.unlink(missing_ok=True)
        self.copy(self.template(demo), unfinished)
        self.install(unfinished, our_addons(), demo, log)
        problems = odoo_log.problems(odoo_log.read_log(log), our_addons())
        if problems:
            raise SetupError(f"Installing our addons: {problems[0].text}")
        self.rename(unfinished, name)

    def _build(self, name, modules, demo, log, fingerprints=None):
        """Build under another name first: what an interrupted run left is never taken for whole."""
        unfinished = name + UNFINISHED
        self.drop(unfinished)
        self.create(unfinished)
        self.install(unfinished, modules, demo, log)
        if fingerprints is not None:
            self._remember(unfinished, fingerprints)
        self.rename(unfinished, name)

    def install(self, name, modules, demo, log):
        self.environment.run(
            log,
            *("-d", name, "-i", ",".join(modules), "--stop-after-init", "--no-http"),
            *(["--with-demo"] if demo else []),
        )
        missing = set(modules) - self.installed(name)
        if missing:
            raise SetupError(f"Odoo did not install {', '.join(sorted(missing))}; see {log}")

    # -- the demo database -------------------------------------------------

    def prepare_demo(self, name, fresh=False):
        """Make the demo database on first use; bring an older one up to the addons' code."""
        if not re.fullmatch(r"[a-z0-9_]+", name):
            raise SetupError("CRM_ACCOUNTING_DATABASE may hold small letters, digits and _ only.")
        with locked(state_dir() / "demo.lock", "preparing the demo database"):
            known = self._fingerprints(name)
            if fresh and known is not None:
                self.drop(name)
                known = None
            ours = our_addons()
            current = {addon: fingerprint(addon) for addon in ours}
            if known is None:
                with step(f"Creating the database {name} with demo data (2 to 4 minutes)"):
                    modules = core_dependencies() + ours
                    self._build(name, modules, True, log_file(name), current)
            elif known != current:
                self._upgrade(name, known, current)
                self._remember(name, current)

    def _upgrade(self, name, known, current):
        new = sorted(current.keys() - known.keys())
        changed = [addon for addon in current if known.get(addon, current[addon]) != current[addon]]
        say(f"- The code of {', '.join([*new, *changed]) or 'no addon'} changed")
        if new or changed:
            with step(f"Upgrading the database {name}"):
                self.environment.run(
                    log_file(name),
                    *("-d", name, "--stop-after-init", "--no-http"),
                    *(["-i", ",".join(new)] if new else []),
                    *(["-u", ",".join(changed)] if changed else []),
                )

    def _fingerprints(self, name):
        """The addons' code that the database was made with; None if there is no database."""
        if name not in self.names():
            return None
        rows = self.query(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
            f" WHERE datname = '{name}'"
        )
        comment = rows[0][0] if rows else ""
        if not comment.startswith(MARK + checkout_key()):
            raise SetupError(
                f"The database {name} was not made by this checkout's setup/run;"
                " set CRM_ACCOUNTING_DATABASE to another name."
            )
        return json.loads(comment.split(" ", 2)[2])

    def _remember(self, name, fingerprints):
        comment = f"{MARK}{checkout_key()} {json.dumps(fingerprints)}"
        self.query(f"COMMENT ON DATABASE \"{name}\" IS '{comment}'")
