"""Where things are: named by variables that may be relative; a changed copy of the tables says what it is."""

import os
import subprocess
import sys

import pytest

from innodivide.cli import options
from innodivide.data import folders, frozen, own_tables
from innodivide.errors import DataError


def python(code: str, where, **variables) -> list[str]:
    """Return the lines that some code prints in a process of its own that works in a folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("INNODIVIDE_")}
    path = {"PYTHONPATH": str(folders.PACKAGE.parent)}
    command = [sys.executable, "-c", f"from innodivide.data import folders, own_tables\n{code}"]
    done = subprocess.run(command, cwd=where, env=kept | path | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_in_a_clone_all_is_in_the_clone():
    assert folders.PACKAGE.parent == frozen.ROOT == folders.LIBRARY.parent and not folders.INSTALLED
    assert folders.DATA == frozen.ROOT / "data" and folders.reports() == frozen.ROOT / "reports"
    assert own_tables.note() == "" and own_tables.changed() == []


def test_relative_names_are_meant_from_the_current_folder_and_told_to_children_in_full(tmp_path):
    (tmp_path / "one" / "data").mkdir(parents=True)
    code = "import os; print(folders.ROOT, os.environ['INNODIVIDE_ROOT'], folders.DATA, folders.LIBRARY, sep='\\n')"
    root, told, data, library = python(code, tmp_path, INNODIVIDE_ROOT="one")
    assert root == told == str(tmp_path / "one") and data == str(tmp_path / "one" / "data")
    assert library == str(folders.PACKAGE)  # a folder with tables only has no code of its own


def test_a_changed_copy_says_which_tables_differ_and_has_its_own_folder_of_reports(tmp_path):
    own_tables.copy(tmp_path / "deep" / "mine")
    copied = {p.relative_to(tmp_path / "deep" / "mine") for p in (tmp_path / "deep" / "mine").rglob("*.csv")}
    assert copied == {p.relative_to(frozen.DATA) for p in frozen.DATA.rglob("*.csv")}
    table = tmp_path / "deep" / "mine" / frozen.resource("claim")["path"]
    (typed,) = python("print(folders.typed('innodivide freeze'))", tmp_path, INNODIVIDE_DATA="deep/mine")
    assert typed == "innodivide freeze --data deep/mine" and folders.typed("innodivide freeze") == "innodivide freeze"
    code = "print(own_tables.note(), folders.reports(), sep='\\n')"
    same, where = python(code, tmp_path, INNODIVIDE_DATA="deep/mine")
    assert "no table differs" in same and where == str(tmp_path / "reports-mine")
    table.write_bytes(table.read_bytes() + b"\n")
    assert frozen.freeze(tmp_path / "deep" / "mine") == ["claim"]
    other, _ = python(code, tmp_path, INNODIVIDE_DATA="deep/mine")
    assert "tables claim differ" in other and "No result here is a registered one" in other


def test_an_installed_package_has_nothing_to_change_and_writes_here(monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "INSTALLED", True)
    monkeypatch.chdir(tmp_path)
    assert folders.reports() == tmp_path / "reports" and folders.output("data-live") == tmp_path / "data-live"
    with pytest.raises(DataError, match=r"verify --renew changes files of the repository.*INNODIVIDE_ROOT"):
        folders.refuse_installed("innodivide verify --renew")


def test_the_command_line_and_the_library_mean_the_same_variable():
    assert options.DATA_VARIABLE == folders.DATA_VARIABLE
