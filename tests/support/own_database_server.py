"""A PostgreSQL that belongs to one test, which may stop it or have it followed by another."""

import dataclasses
import os
import shutil
import subprocess
from contextlib import contextmanager

from environment.databases import Databases
from environment.paths import state_dir
from environment.postgres import PORT, USER, Postgres, PrivateServer


class Standby(PrivateServer):
    """Follows another server by streaming replication, and answers what only reads."""

    def __init__(self, primary):
        super().__init__(primary.programs, name=f"{primary.name}-standby")
        self.primary = primary

    def _create(self, data):
        self._prepare_folder(self.folder)
        self._run(
            *("pg_basebackup", "-D", data, "--write-recovery-conf", "--checkpoint=fast"),
            *("--no-sync", "-h", self.primary.socket_folder, "-p", PORT, "-U", USER),
        )


@contextmanager
def started(server):
    """The server, from nothing to nothing."""
    remove(server)  # what an interrupted run left
    server.start()
    try:
        yield server
    finally:
        remove(server)


def remove(server):
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


def on_server(environment, server):
    """The environment with this server."""
    return dataclasses.replace(environment, postgres=Postgres(server.programs, server.environ))


def bring_over(environment, source, target_environment, target):
    """Copy a database with its files from one server to another."""
    dump = state_dir() / f"{target}.dump"
    programs = environment.postgres.programs
    subprocess.run(
        [programs / "pg_dump", "-Fc", "-Z1", "-f", dump, source],
        env=environment.environ,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    Databases(target_environment).create(target)
    subprocess.run(
        [programs / "pg_restore", "--no-owner", "-j2", "-d", target, dump],
        env=target_environment.environ,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,  # the extension is there already
    )
    dump.unlink()
    files = environment.data_dir / "filestore"
    shutil.rmtree(files / target, ignore_errors=True)
    shutil.copytree(files / source, files / target, copy_function=os.link)
