"""What people did with version 19.0.1: runs in Odoo's shell, on the code of that version.

Amounts have no taxes, dates are relative to the company's today. A part asserts what it is for:
what is not there before an upgrade proves nothing after it.
"""

from . import customers, customising, deals, imports, orders
from .books import Books


def fill(env):
    """Use each of our addons as people do, as an administrator with all rights."""
    env = env(user=env.ref("base.user_admin"))
    books = Books(env)
    deals.fill(env, books)
    orders.fill(env, books)
    customers.fill(env, books)
    imports.fill(env)
    customising.fill(env)
    # A customer whose payment waits to be worked off is there at any time.
    customers.leave_one_waiting(env, books)
    env.cr.commit()
