"""Our addons: which there are, what they need, and whether their code changed."""

import ast
import hashlib

from .console import SetupError
from .paths import ADDONS, TEST_ADDONS

# Parts of an addon that no database holds anything of.
NOT_IN_THE_DATABASE = {"tests", "readme", "description", "__pycache__"}


def manifest(addon):
    path = ADDONS / addon / "__manifest__.py"
    try:
        return ast.literal_eval(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise SetupError(f"{path} cannot be read: {error}") from error


def our_addons():
    """Names of the addons that can be installed."""
    names = sorted(file.parent.name for file in ADDONS.glob("*/__manifest__.py"))
    return [name for name in names if manifest(name).get("installable", True)]


def addons_for_tests():
    """Names of the addons for tests only that have tests of their own, run by Odoo."""
    return sorted(file.parents[1].name for file in TEST_ADDONS.glob("*/tests/__init__.py"))


def core_dependencies():
    """Odoo's own addons that ours stand on, and those that people use with them: the sales app
    where one of ours is about sales, batches where one is about deliveries.
    """
    ours = our_addons()
    names = {name for addon in ours for name in manifest(addon).get("depends", [])} - set(ours)
    if any(name.startswith("sale") for name in names):
        names.add("sale_management")
    if "sale_stock" in names:
        names.add("stock_picking_batch")
    return sorted(names or {"base"})


def fingerprint(addon):
    """Changes with what an installed database would have to be upgraded for."""
    folder = ADDONS / addon
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and NOT_IN_THE_DATABASE.isdisjoint(parts):
            total.update("/".join(parts).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:10]
