"""GitHub's workflows can be read, and run what README.md tells everybody to run."""

import re

import yaml

from environment.paths import ROOT


def test_workflows():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ours = set()
    for file in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        # YAML 1.1 reads GitHub's word "on" as a truth value.
        workflow = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        assert {"name", "on", "jobs"} == workflow.keys(), file.name
        for job in workflow["jobs"].values():
            steps = job["steps"]
            assert all({"run", "uses"} & step.keys() for step in steps), file.name
            commands = " ".join(step.get("run", "") for step in steps)
            ours.update(re.findall(r"setup/[a-z]+(?: [a-z]+)?", commands))
    assert ours == {"setup/test", "setup/test lint"}
    assert all(re.search(rf"^{command}$|`{command}`", readme, re.MULTILINE) for command in ours)
