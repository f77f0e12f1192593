"""The files of all dashboards, made of their descriptions."""

import json
from pathlib import Path

from .builder import Builder
from .descriptions import DASHBOARDS

ADDONS = Path(__file__).resolve().parent.parent.parent / "addons"


def make_files() -> dict:
    """Text of each file, by its path."""
    files = {}
    for addon, dashboards in DASHBOARDS.items():
        for dashboard in dashboards:
            for is_sample in (False, True):
                name = f"{dashboard.file}_{'sample_' if is_sample else ''}dashboard.json"
                content = Builder(dashboard, is_sample).build()
                files[ADDONS / addon / "data" / "files" / name] = (
                    json.dumps(content, ensure_ascii=False, indent=1) + "\n"
                )
    return files
