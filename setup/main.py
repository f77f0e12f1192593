"""Entry point of setup/run, setup/test and setup/odoo; setup/launch picks the Python for it."""

import sys

from environment.cli import main

sys.exit(main(sys.argv[1:]))
