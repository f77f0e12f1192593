"""Odoo's command line, whose tests all run once everything is installed.

Most tests of other addons are meant for the moment when their own addon has just been loaded,
without ours.
"""

import odoo.cli
from odoo.tests import loader

make_suite = loader.make_suite


def make_late_suite(module_names, position="at_install"):
    """All tests that are wanted, at the end; none before."""
    return make_suite(module_names if position == "post_install" else [], "standard")


loader.make_suite = make_late_suite
odoo.cli.main()
