"""Make README.rst and description page of each addon from its readme, and the files of dashboards.

Run with `setup/documents` in the set-up's Python environment; `--check` only says what is outdated.
"""

import ast
import re
import sys
from pathlib import Path

import mistune
from mistune.plugins.table import table
from mistune.renderers.rst import RSTRenderer

from dashboards.make import make_files

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = {
    "DESCRIPTION": None,
    "CONTEXT": "Why",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "WALK": "How It Works",
    "ROADMAP": "Limits",
    "HISTORY": "Changes",
    "CONTRIBUTORS": "Contributors",
}
PAGE = """\
<section class="oe_container">
  <div class="oe_row oe_spaced">
    <h1>{title}</h1>
    <p class="lead">{summary}</p>
{body}
  </div>
</section>
"""


class TableRenderer(RSTRenderer):
    """reStructuredText with tables, which mistune leaves out."""

    NAME = "rst"

    def table(self, token, state):
        """A list table: cells may be of any length."""
        rows = []
        for part in token["children"]:
            heads = [part] if part["type"] == "table_head" else part["children"]
            rows += [
                [self.render_children(cell, state) for cell in row["children"]] for row in heads
            ]
        lines = [".. list-table::", "   :header-rows: 1", ""]
        for row in rows:
            lines += [f"   {'* -' if not at else '  -'} {cell}" for at, cell in enumerate(row)]
        return "\n".join(lines) + "\n\n"


def fragments(addon):
    """The addon's fragments that are there, with the titles of their sections."""
    for name, title in SECTIONS.items():
        file = addon / "readme" / f"{name}.md"
        if file.exists():
            yield title, file.read_text(encoding="utf-8")


def manifest(addon):
    return ast.literal_eval((addon / "__manifest__.py").read_text(encoding="utf-8"))


def readme(addon):
    """The text of README.rst."""
    to_rst = mistune.create_markdown(renderer=TableRenderer(), plugins=[table])
    name = manifest(addon)["name"]
    parts = [f"{'=' * len(name)}\n{name}\n{'=' * len(name)}\n"]
    for title, text in fragments(addon):
        if title:
            parts.append(f"{title}\n{'=' * len(title)}\n")
        parts.append(to_rst(text.replace("](../static/", "](static/")))
    return "\n".join(part.strip() + "\n" for part in parts)


def page(addon):
    """The text of the page that Odoo shows in Apps; its pictures lie beside it."""
    to_html = mistune.create_markdown(plugins=[table])
    body = []
    for title, text in fragments(addon):
        if title:
            body.append(f"<h2>{title}</h2>\n")
        html = to_html(text.replace("](../static/description/", "]("))
        html = html.replace("<table>", '<table class="table table-sm">')
        body.append(re.sub(r"<img ", '<img class="img-fluid border rounded my-3" ', html))
    values = manifest(addon)
    return PAGE.format(
        title=values["name"], summary=values["summary"], body="".join(body).rstrip("\n")
    )


def main(arguments):
    outdated = []
    pages = make_files()
    for file in sorted(ROOT.glob("addons/*/__manifest__.py")):
        addon = file.parent
        pages[addon / "README.rst"] = readme(addon)
        pages[addon / "static" / "description" / "index.html"] = page(addon)
    for path, text in pages.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            outdated.append(str(path.relative_to(ROOT)))
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if outdated and "--check" in arguments:
        print("Outdated, run setup/documents:", *outdated, sep="\n  ")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
