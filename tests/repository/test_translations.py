"""The addons speak every language that we promise, completely."""

import ast
import re
from collections import Counter
from pathlib import Path

import polib
import pytest

from environment.addons import our_addons
from environment.paths import ADDONS

LANGUAGES = ("it", "es", "hr", "zh_CN")

#: What a translation may not lose or invent: placeholders, and the tags of HTML terms.
KEPT = re.compile(r"%\(\w+\)[a-z]|%[sd]|</?\w[^>]*>")


def i18n(addon, file):
    path = ADDONS / addon / "i18n" / file
    assert path.is_file(), f"{path} is missing"
    return polib.pofile(str(path))


def get_problems(template, catalog):
    """What a user of the language would see untranslated or broken, one sentence each."""
    found = {entry.msgid: entry for entry in catalog if not entry.obsolete}
    wanted = {entry.msgid for entry in template}
    problems = [f"lacks {msgid!r}" for msgid in sorted(wanted - found.keys())]
    problems += [f"has {msgid!r}, not in the template" for msgid in sorted(found.keys() - wanted)]
    for msgid, entry in found.items():
        if not entry.msgstr.strip():
            problems.append(f"does not translate {msgid!r}")
        elif entry.fuzzy:
            problems.append(f"is not sure of {msgid!r}")
        elif Counter(KEPT.findall(msgid)) != Counter(KEPT.findall(entry.msgstr)):
            problems.append(f"changes placeholders or tags: {msgid!r} → {entry.msgstr!r}")
    return problems


def get_python_messages(folder: Path):
    """The literals that the Python files hand to ``_()``."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name in ("_", "_lt") and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("addon", our_addons())
def test_everything_is_translated(addon, language):
    catalog = i18n(addon, f"{language}.po")
    assert catalog.metadata["Language"] == language
    problems = get_problems(i18n(addon, f"{addon}.pot"), catalog)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("addon", our_addons())
def test_template_has_every_message(addon):
    known = {entry.msgid for entry in i18n(addon, f"{addon}.pot")}
    missing = sorted(set(get_python_messages(ADDONS / addon)) - known)
    assert not missing, f"setup/odoo i18n export -d demo {addon}, then translate: {missing}"


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([], "lacks 'Paid on %(date)s'"),
        ([("Paid on %(date)s", "")], "does not translate 'Paid on %(date)s'"),
        ([("Paid on %(date)s", "Pagato il %(data)s")], "changes placeholders"),
        ([("Paid on %(date)s", "Pagato il %(date)s %(date)s")], "changes placeholders"),
        ([("Paid on %(date)s", "Pagato il %(date)s", "fuzzy")], "is not sure of"),
        ([("Paid on %(date)s", "Pagato il %(date)s"), ("Due", "Dovuto")], "has 'Due'"),
    ],
)
def test_check_finds(entries, problem):
    template, catalog = polib.POFile(), polib.POFile()
    template.append(polib.POEntry(msgid="Paid on %(date)s"))
    for msgid, msgstr, *flags in entries:
        catalog.append(polib.POEntry(msgid=msgid, msgstr=msgstr, flags=flags))
    (found,) = get_problems(template, catalog)
    assert found.startswith(problem)
