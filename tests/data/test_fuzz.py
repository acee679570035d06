"""Damaged input of every kind: refused with file, row, column and rule, or proved harmless; never a traceback.

A case is a mutation of `mutations.py` on one table. It passes if
- the table's check names the damage (file, line, column and rule), or
- the table loaded from the damaged file equals the original's, or
- for damage that leaves a well-formed table: the record of its bytes in datapackage.json no longer fits.
"""

import json
import os
import random
import re
import shutil
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from mutations import DAYS, MUTATIONS, NO_DAYS, PATHS, TIMES, Table

from innodivide.cli.main import main
from innodivide.data import checks, frozen
from innodivide.data.checks.rules import Load
from innodivide.errors import DataError, InnodivideError, ParameterError
from innodivide.reports.making import declarations, manifest
from innodivide.reports.making.run import job

ROWS = 40  # of a table that no other refers to: enough to damage, quick to check
WHOLE_FILE = ("the file exists", "the file can be read", "the table has rows")  # rules that no line breaks alone
# Rules that no column breaks alone.
FORM = (
    "UTF-8",
    "the header is",
    "no unsettled merge",
    "cells in a row",
    "well-formed CSV",
    "the last line ends",
    "lines end with LF",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A data folder whose larger tables are cut, and recorded as cut."""
    there = tmp_path_factory.mktemp("fuzz") / "data"
    shutil.copytree(frozen.DATA, there)
    parents = {n for name in frozen.resources() for n in frozen.linked_tables([name]) if n != name}
    for name, described in frozen.resources().items():
        if name not in parents:
            path = there / described["path"]
            path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: ROWS + 1]))
    frozen.freeze(there)
    return there


@pytest.fixture(scope="module")
def originals(folder) -> dict[str, tuple[Table, pd.DataFrame]]:
    """Each table as text and as loaded."""
    return {name: (Table.read(folder, name), frozen.load(name, folder)) for name in frozen.resources(folder)}


def seed(*parts: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32("/".join(parts).encode()))


def judge(folder: Path, table: Table, frame: pd.DataFrame, mutation) -> str:
    """Return what became of one case: refused, harmless, only the hash, or none (the mutation does not apply)."""
    done = mutation.change(table, seed(table.name, mutation.name))
    if done is None:
        return "none"
    content, lines = done
    path = folder / table.described["path"]
    kept, stamp = path.read_bytes(), path.stat().st_mtime_ns
    try:
        path.unlink() if content is None else path.write_bytes(content)
        if content is not None:  # a time of its own for each state: the loader tells states apart by time and size
            judge.clock += 1_000_000
            os.utime(path, ns=(judge.clock, judge.clock))
        failures = frozen.check_table(table.name, folder)
        if failures:
            return refused(failures, table, lines, mutation.rule)
        if frozen.load(table.name, folder).equals(frame):
            return "harmless"
        assert not mutation.visible, f"{mutation.name} of {table.name} was taken for the table"
        (failure,) = frozen.check_frozen(table.name, folder)
        assert failure.file == table.described["path"] and failure.rule.startswith("as frozen: ")
        return "only the hash"
    finally:
        path.write_bytes(kept)
        os.utime(path, ns=(stamp, stamp))


judge.clock = 1_600_000_000_000_000_000


def refused(failures, table: Table, lines: set[int], rule: str) -> str:
    """Every failure says where and why, and one of them names a damaged line."""
    for f in failures:
        assert f.file == table.described["path"] and f.rule and rule in f.rule, f
        assert f.row is not None or f.rule in WHOLE_FILE, f
        assert f.column or f.rule in WHOLE_FILE or any(form in f.rule for form in FORM), f
        assert len(str(f)) < 6_000, "the message is longer than a screen"
    near = {line + step for line in lines for step in (0, 1)}  # a carriage return makes two lines of one
    assert not lines or near & {f.row for f in failures}, (lines, failures[:3])
    return "refused"


def run(folder, originals, wanted) -> Counter:
    counts = Counter()
    for name, mutation in wanted:
        table, frame = originals[name]
        try:
            counts[judge(folder, table, frame, MUTATIONS[mutation])] += 1
        except AssertionError:
            raise
        except Exception as error:
            raise AssertionError(f"{mutation} of {name} ends in {type(error).__name__}: {error}") from error
    return counts


def test_two_tables_for_each_mutation(folder, originals):
    """The default run: over 100 cases."""
    names = sorted(originals)
    wanted = []
    for mutation in MUTATIONS:
        order = list(seed(mutation).permutation(names))
        fits = [n for n in order if MUTATIONS[mutation].change(originals[n][0], seed(n, mutation)) is not None]
        wanted += [(n, mutation) for n in fits[:2]]
    counts = run(folder, originals, wanted)
    assert counts["none"] == 0 and sum(counts.values()) >= 100, counts
    assert counts["refused"] > 0.7 * sum(counts.values()), counts


@pytest.mark.slow
def test_every_table_and_every_mutation(folder, originals, capsys):
    """Over 2,000 cases; about a minute."""
    counts = run(folder, originals, [(n, m) for n in sorted(originals) for m in MUTATIONS])
    with capsys.disabled():
        print(f"\n{counts}")
    assert sum(counts.values()) - counts["none"] >= 2000, counts


# Rules across tables


@pytest.mark.parametrize(
    "names", [("eis_edition", "ipcei"), pytest.param(None, marks=pytest.mark.slow)], ids=["two tables", "all tables"]
)
def test_rules_across_tables_report_and_do_not_crash(copy, names):
    """Well-formed damage (rows gone, columns shuffled) on the full data: each rule that can be looked at returns."""
    seen = Counter()
    for name in names or sorted({t for tables, _ in checks.RULES for t in tables}):
        table = Table.read(copy.folder, name)
        rules = [r for tables, r in checks.RULES if name in tables]
        for mutation in (m for m in MUTATIONS.values() if not m.visible):
            done = mutation.change(table, seed(name, mutation.name, "rules"))
            if done is None:
                continue
            copy.change(table.described["path"], lambda text, content=done[0]: content)
            load, found = Load(copy.folder), []
            if not frozen.check_table(name, copy.folder):
                for rule in rules:
                    try:
                        found += rule(load)
                    except DataError:  # a table that refers to the damaged one no longer holds, and says so
                        seen["refused by another table"] += 1
                assert all(f.file and f.rule for f in found)
                seen["reported" if found else "not seen by a rule"] += 1
            copy.restore()
    assert seen["reported"] >= 2, seen


# The package description


def damaged_descriptions(rng: random.Random, content: dict, count: int):
    """Yield copies of a JSON document with one place changed: removed, or replaced by something of another kind."""
    others = [None, True, 0, -1, 1.5, "", "x", "../x", "/etc/passwd", "(", [], {}, ["x"], {"x": 1}, [[]], "é" * 5000]
    for _ in range(count):
        damaged = copy_of(content)
        at = damaged
        while True:
            place = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
            if isinstance(at[place], (dict, list)) and at[place] and rng.random() < 0.85:
                at = at[place]
                continue
            if rng.random() < 0.3:
                del at[place]
            else:
                at[place] = rng.choice(others)
            break
        yield damaged


def copy_of(content):
    return json.loads(json.dumps(content))


def more_when_slow(few: int, many: int):
    return pytest.mark.parametrize("count", [few, pytest.param(many, marks=pytest.mark.slow)])


@more_when_slow(150, 2000)
def test_a_damaged_description_is_refused_or_harmless(tmp_path, count):
    """Load a small package under damaged descriptions: the same table, or one of our own errors."""
    (tmp_path / "t.csv").write_text("key,n,geo\na,1,AT\nb,2,BE\n")
    (tmp_path / "g.csv").write_text("geo\nAT\nBE\n")
    fields = [
        {"name": "key", "type": "string", "description": "k", "constraints": {"required": True, "pattern": "[a-z]"}},
        {"name": "n", "type": "integer", "description": "n", "unit": "1", "constraints": {"minimum": 0, "maximum": 9}},
        {"name": "geo", "type": "string", "description": "g", "constraints": {"enum": ["AT", "BE"]}},
    ]
    link = {"fields": ["geo"], "reference": {"resource": "g", "fields": ["geo"]}}
    content = {
        "resources": [
            {"name": "t", "path": "t.csv", "schema": {"fields": fields, "primaryKey": "key", "foreignKeys": [link]}},
            {"name": "g", "path": "g.csv", "schema": {"fields": fields[2:], "primaryKey": ["geo"]}},
        ]
    }
    path, counts = tmp_path / frozen.PACKAGE, Counter()
    path.write_text(json.dumps(content))
    frame = frozen.load("t", tmp_path)
    for number, damaged in enumerate(damaged_descriptions(random.Random(6), content, count)):
        path.write_text(json.dumps(damaged))
        os.utime(path, ns=(number, number))
        try:
            found = frozen.load("t", tmp_path)
            frozen.describe("t", tmp_path)
            frozen.check_frozen("t", tmp_path)
        except InnodivideError as error:
            assert any(w in str(error) for w in ("datapackage.json", "breaks the rule", "unknown table")), error
            counts["refused"] += 1
        else:
            assert found.equals(frame), damaged
            counts["harmless"] += 1
    assert counts["refused"] > count / 3, counts


@pytest.mark.parametrize(
    "text", ["", "\0", "{" * 100_000, '{"a": 1, "a": 2}', "[" * 100_000, "\ud800", "NaN", "1e999", '"x"']
)
def test_what_is_no_description_is_refused(tmp_path, text):
    (tmp_path / frozen.PACKAGE).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(DataError, match=r"datapackage\.json is not a readable package description"):
        frozen.load("ipcei", tmp_path)


# Parameters

COUNTRIES = ("", " ", "PL", "pl", " PL", "EL", "GR", "XX", "EU27", "P L", "PL,DE", "ＰＬ", "РL", "PL\0", "PL\n")
FOLDERS = ("../PL", "/", "PL/../..", "\\\\x\\y", "{country}", "%s", *PATHS)
EDITIONS = ("at_decision", "lag1", "Lag1", "2020", "2020.0", " 2020", "２０２０", "1999")
NUMBERS = ("19", "99", "199", "1_9", "+19", "019", "19.0", "1e2", "-1", "0", "nan", "inf", "1e999", "9" * 5000)
DATES = ("2021-04-30", "2021-02-30", *DAYS, *NO_DAYS, *TIMES)
WORDS = ("True", "None", "null", "[]", "{}", "x" * 100_000, "\ud800", "\u202e", "🙂", "<script>alert(1)</script>")
CODE = ("=1+1", "' OR 1=1 --", "$(id)", "`id`", ";id")
TYPED = (None, True, False, 0, 1, 19, 19.0, 2.5, float("nan"), float("inf"), 10**30, -(10**400), [], ["PL"], {}, b"PL")
VALUES = (*COUNTRIES, *FOLDERS, *EDITIONS, *NUMBERS, *DATES, *WORDS, *CODE, *TYPED, object())
NAMES = ("", " ", "country", "Country", "countries", "status", "until", "permutations", "self", "name", "x" * 9999, "é")


def parameter_cases():
    """Every notebook with every value of each of its parameters, and with names that it does not have."""
    for name, notebook in declarations.notebooks().items():
        for parameter in notebook.parameters:
            yield from ((name, {parameter.name: value}) for value in VALUES)
        yield from ((name, {other: "x"}) for other in NAMES if other not in {p.name for p in notebook.parameters})


def test_parameters_are_typed_or_refused():
    """Over 300 cases: an error that names the parameter, or a value of its type whose report stays in its folder."""
    counts = Counter()
    for name, given in parameter_cases():
        try:
            one = job(name, **given)
        except ParameterError as error:
            assert next(iter(given))[:50] in str(error) and len(str(error)) < 1000, str(error)[:300]
            counts["refused"] += 1
            continue
        (key,) = given
        declared = next(p for p in one.notebook.parameters if p.name == key)
        kept = one.parameters[key]
        assert type(kept) is {"integer": int}.get(declared.type, str)
        assert not declared.choices or kept in declared.choices
        assert kept == declared.read(kept), "the value in the manifest is another one"
        parts = Path(one.name).parts
        assert ".." not in parts and not Path(one.name).is_absolute() and len(one.name) < 200
        assert re.fullmatch(r"[A-Za-z0-9_%.\-/]+", one.name) and "\\" not in one.name
        counts["accepted"] += 1
    assert counts["refused"] > 250 and counts["accepted"] > 10, counts


@pytest.mark.parametrize("word", ["", "..", "/etc/passwd", "x\0y", "0" * 5000, "03*", "-p", "é"])
def test_a_notebook_of_another_name_is_refused(word):
    with pytest.raises(ParameterError, match="unknown notebook"):
        job(word)


@pytest.mark.parametrize(
    "arguments",
    [
        *(["annex", *more] for more in (["XX"], ["../PL"], ["PL", "-p", "country=DE"], ["PL", "-p", "x"], [])),
        *(["annex", "PL", "--format", formats] for formats in ("html,exe", "")),
        ["annex", "PL", "--workers", "0"],
        *(["run", "03", "-p", one] for one in ("status=lag2", "=1")),
        ["run", "02", "-p", "until=2021-13-01"],
        ["run", "04", "-p", f"permutations={'9' * 5000}"],
        ["run", "nothing"],
        ["describe", "../sources"],
    ],
    ids=lambda a: " ".join(a)[:40],
)
def test_the_command_line_refuses_without_a_traceback(arguments):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2 and "Error: " in done.output and len(done.output) < 3000
    assert isinstance(done.exception, SystemExit)


# Manifests


@more_when_slow(60, 600)
def test_a_damaged_manifest_is_noticed(tmp_path, count):
    """The report is made again, or the manifest says the same as before."""
    notebook, parameters = declarations.notebook("03"), {"status": "at_decision"}
    (tmp_path / "report.html").write_text("<p>report</p>")
    built = manifest.build(notebook, parameters, tmp_path, manifest.inputs(notebook))
    path, counts = tmp_path / manifest.MANIFEST, Counter()
    path.write_text(json.dumps(built))
    assert not list(manifest.reasons(notebook, parameters, tmp_path, ("html",)))
    looked_at = ("parameters", "inputs", "outputs", "environment", "notebook")
    whole = json.dumps(built).encode()
    rng = random.Random(6)
    texts = [json.dumps(d).encode() for d in damaged_descriptions(rng, built, count)]
    texts += [whole[: rng.randrange(len(whole))] for _ in range(count // 10)]
    texts += [
        whole[:i] + bytes([rng.randrange(256)]) + whole[i + 1 :] for i in rng.sample(range(len(whole)), count // 10)
    ]
    texts += [b"", b"\0" * 100, b"[]", b"null", b"[" * 100_000, b'{"outputs": {"report.html": "x"}}', b"\xff\xfe{}"]
    for text in texts:
        path.write_bytes(text)
        if list(manifest.reasons(notebook, parameters, tmp_path, ("html",))):
            counts["made again"] += 1
        else:
            same = json.loads(text)
            assert all(same[k] == built[k] for k in looked_at if k != "notebook"), text[:200]
            counts["harmless"] += 1
    assert counts["made again"] > count * 0.8, counts
