"""The Odoo side of a Worker: python -m benchmark.worker DATABASE."""

import importlib
import json
import os
import sys


def main(database):
    # Whatever prints goes to the log: standard output belongs to the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import odoo.cli  # noqa: F401  makes `import odoo` whole
    from odoo.api import SUPERUSER_ID, Environment
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(["-d", database, "--no-http", "--log-level=warn"], setup_logging=True)
    registry = Registry(database)
    for line in sys.stdin:
        module, function, arguments = json.loads(line)
        with registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            result = getattr(importlib.import_module(f"benchmark.{module}"), function)(
                env, **arguments
            )
            cr.rollback()
        answers.write(json.dumps(result) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
