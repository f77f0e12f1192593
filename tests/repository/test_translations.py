"""The addons speak every language that we promise, completely."""

import base64
import re
from collections import Counter

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


def export_template(api, addon):
    """What Odoo finds to translate in the installed addon."""
    (module,) = api.search_read("ir.module.module", [("name", "=", addon)], "id")
    export = api.create("base.language.export", modules=[module["id"]])
    api.call("base.language.export", "act_getfile", [export])
    data = api.read("base.language.export", export, "data")["data"]
    return polib.pofile(base64.b64decode(data).decode())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("addon", our_addons())
def test_everything_is_translated(addon, language):
    catalog = i18n(addon, f"{language}.po")
    assert catalog.metadata["Language"] == language
    problems = get_problems(i18n(addon, f"{addon}.pot"), catalog)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("addon", our_addons())
def test_template_is_of_today(odoo, addon):
    today = {entry.msgid for entry in export_template(odoo.api(), addon)}
    kept = {entry.msgid for entry in i18n(addon, f"{addon}.pot")}
    assert kept == today, f"setup/odoo i18n export -d demo {addon}, then translate what is new"


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
