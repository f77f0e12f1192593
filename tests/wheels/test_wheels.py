"""Each addon is a wheel with all of its files; from the wheels alone it installs."""

import os
import subprocess
import zipfile
from dataclasses import replace
from email.parser import Parser

import pytest

from environment import odoo_log
from environment.addons import manifest, our_addons
from environment.databases import Databases
from environment.packages import find_packages
from environment.paths import ADDONS, TESTS, checkout_key, log_file
from environment.process import run_logged
from environment.python_env import site_packages

#: Files of an addon that no wheel has.
LEFT_OUT = {"pyproject.toml"}
#: Addons of the upper storeys that are installed from their wheels, with all that they stand on.
INSTALLED = ("crm_customer_health_stock", "crm_sales_commission")


@pytest.fixture(scope="module")
def wheels(environment, tmp_path_factory):
    """All wheels by addon, built as pip builds them."""
    folder = tmp_path_factory.mktemp("wheels")
    backend = find_packages(environment, TESTS / "wheels" / "requirements.txt")
    pip(
        environment,
        *("wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder),
        *(ADDONS / addon for addon in our_addons()),
        env={**os.environ, "PYTHONPATH": str(backend)},
    )
    return {
        file.name.partition("-")[0].removeprefix("odoo_addon_"): file
        for file in folder.glob("odoo_addon_*.whl")
    }


def pip(environment, *arguments, **options):
    command = [environment.python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    run_logged([*command, *arguments], log_file("wheels-pip"), **options)


def test_each_addon_is_a_wheel(wheels):
    assert sorted(wheels) == our_addons()


def test_wheel_has_all_files(wheels):
    """Data, translations, pictures, tests: what is in the tree, with the same contents."""
    for addon, wheel in wheels.items():
        root = ADDONS / addon
        in_tree = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and path.name not in LEFT_OUT
        }
        folder = f"odoo/addons/{addon}/"
        with zipfile.ZipFile(wheel) as archive:
            in_wheel = {
                name.removeprefix(folder): archive.read(name)
                for name in archive.namelist()
                if name.startswith(folder)
            }
        assert in_wheel.keys() == in_tree.keys(), addon
        assert in_wheel == in_tree, addon


def test_wheel_names_what_it_needs(wheels):
    """Its series, and each addon of ours that it depends on; Odoo's own come with Odoo."""
    for addon, wheel in wheels.items():
        with zipfile.ZipFile(wheel) as archive:
            [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
            metadata = Parser().parsestr(archive.read(name).decode())
        needed = set(metadata.get_all("Requires-Dist"))
        ours = set(manifest(addon)["depends"]) & set(our_addons())
        python = manifest(addon).get("external_dependencies", {}).get("python", [])
        assert needed == {
            "odoo==19.0.*",
            *(f"odoo-addon-{name}==19.0.*" for name in ours),
            *python,
        }, addon
        assert metadata["Version"].startswith(manifest(addon)["version"]), addon


def test_install_from_wheels(environment, wheels, tmp_path):
    """A fresh environment, in which Odoo and what it needs are and no checkout of ours."""
    fresh = tmp_path / "python"
    subprocess.run([environment.python, "-m", "venv", "--without-pip", fresh], check=True)
    python = fresh / "bin" / "python"
    of_odoo = f"{site_packages(environment.python)}\n"
    (site_packages(python) / "of_odoo.pth").write_text(of_odoo, encoding="utf-8")
    pip(
        environment,
        *("--python", python, "install", "--no-deps", "--no-index"),
        *wheels.values(),
    )
    alone = replace(environment, python=python, addons=site_packages(python) / "odoo" / "addons")
    databases = Databases(alone)
    name, log = f"wheels_{checkout_key()}", log_file("wheels")
    databases.copy(databases.template(demo=False), name)
    try:
        databases.install(name, INSTALLED, demo=False, log=log)
        assert not odoo_log.problems(odoo_log.read_log(log), our_addons())
        known = {row[0] for row in databases.query("SELECT name FROM ir_module_module", name)}
        assert set(our_addons()) <= known
        came = databases.installed(name) & set(our_addons())
        assert {"account_receivable_settlement", *INSTALLED} <= came
        where = alone.shell(
            name, "import odoo.addons.crm_accounting_bridge as a; print(a.__file__)"
        )
        assert str(fresh) in where
    finally:
        databases.drop(name)
