"""Choose the command, and turn what went wrong into one sentence and an exit status."""

import errno
import os

from . import command_benchmark, command_documents, command_odoo, command_run, command_test
from .console import SetupError, say

COMMANDS = {
    "run": command_run.main,
    "test": command_test.main,
    "odoo": command_odoo.main,
    "benchmark": command_benchmark.main,
    "documents": command_documents.main,
}


def main(arguments):
    command, *rest = arguments
    os.umask(0o022)  # the database server's unprivileged user reads what we unpack
    try:
        return COMMANDS[command](rest)
    except SetupError as error:
        say(f"setup/{command}: {error}")
    except KeyboardInterrupt:
        say(f"setup/{command}: interrupted")
        return 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        where = f": {error.filename}" if error.filename else ""
        say(f"setup/{command}: {os.strerror(error.errno)}{where}")
    return 2
