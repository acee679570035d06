"""A report takes the place of an older one: no format is lost, and nothing that a person changed or added."""

import errno
import json
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from innodivide.data import whole_files
from innodivide.data.licences import NOT_AVAILABLE
from innodivide.errors import DataError
from innodivide.reports.archive import bundle
from innodivide.reports.making import manifest, place, run

MADE = {"report.html": b"<p>1</p>", "report.docx": b"words", "exhibits/T1.1.csv": b"a\n1\n"}
ANEW = {name: content + b" anew" for name, content in MADE.items()}
ITEM = run.job("country_annex", ("pdf",), country="PL")


def describe(folder):
    return manifest.build(ITEM.notebook, ITEM.parameters, folder, manifest.inputs(ITEM.notebook))


@pytest.fixture
def folder(tmp_path):
    """A report as it was made, in a folder of its own."""
    path = tmp_path / "annex" / "PL"
    path.parent.mkdir()
    assert place.put(path, MADE, describe, 1.0, overwrite=False) == []
    return path


def contents(folder) -> dict:
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {name: content for name, content in files.items() if name not in ("manifest.json", "times.json")}


def again(folder, files=ANEW, overwrite=False):
    return place.put(folder, files, describe, 2.0, overwrite)


def test_what_nobody_changed_is_made_anew_and_what_is_no_longer_made_goes(folder):
    assert again(folder, {"report.html": b"new"}) == []
    assert contents(folder) == {"report.html": b"new"} and place.edited(folder) == []
    assert json.loads((folder / "times.json").read_text()) == {"seconds": 2.0}
    assert [p.name for p in folder.parent.iterdir()] == ["PL"], "nothing of the way there is left"


def test_a_file_changed_by_hand_stays_until_its_owner_says_otherwise(folder):
    (folder / "report.docx").write_bytes(b"my words")
    assert again(folder) == ["report.docx"]
    assert contents(folder) == ANEW | {"report.docx": b"my words"}
    assert manifest.read(folder)["outputs"]["report.docx"] == manifest.sha256(ANEW["report.docx"])
    assert again(folder) == ["report.docx"], "it is still known to be changed"
    assert again(folder, overwrite=True) == [] and contents(folder) == ANEW


def test_a_changed_file_that_is_no_longer_made_stays_too(folder):
    (folder / "report.docx").write_bytes(b"my words")
    assert again(folder, {"report.html": b"new"}) == []
    assert contents(folder) == {"report.html": b"new", "report.docx": b"my words"}
    assert "report.docx" not in manifest.read(folder)["outputs"]


def test_what_a_person_added_stays_even_if_changes_are_overwritten(folder):
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_bytes(b"mine")
    again(folder, overwrite=True)
    assert contents(folder) == ANEW | {"notes/mine.txt": b"mine"}
    assert "notes/mine.txt" not in manifest.read(folder)["outputs"]


def test_without_a_manifest_nothing_is_known_to_be_ours(folder):
    (folder / "manifest.json").write_text("{")
    assert again(folder) == ["exhibits/T1.1.csv", "report.docx", "report.html"] and contents(folder) == MADE
    assert again(folder, overwrite=True) == [] and contents(folder) == ANEW


def test_a_report_that_cannot_be_described_leaves_the_older_one(folder):
    def refuse(_):
        raise DataError("no")

    with pytest.raises(DataError):
        place.put(folder, ANEW, refuse, 1.0, overwrite=True)
    assert contents(folder) == MADE and [p.name for p in folder.parent.iterdir()] == ["PL"]


# ---- what the run makes of it ----


def made_by(item):
    """Stand in for the making of a report: one file a format."""
    files = {f"report.{f}": b"made" for f in item.formats}
    return run.Made(files, manifest.inputs(item.notebook), manifest.versions())


class Here:
    """An executor that works at once, in this process."""

    def submit(self, function, item):
        from concurrent.futures import Future

        future = Future()
        future.set_result(made_by(item))
        return future


@pytest.mark.parametrize(("why", "status"), [(NOT_AVAILABLE, "left out"), ("KeyError", "failed")])
def test_a_report_on_a_table_that_its_user_leaves_out_has_not_failed(folder, monkeypatch, why, status):
    monkeypatch.setattr("test_place.made_by", lambda item: run.Made({}, {}, {}, f"cell 3: {why}: table eqi_2024"))
    (outcome,) = run.run([ITEM], folder.parent.parent, force=True, executor=Here())
    assert outcome.status == status and "table eqi_2024" in outcome.message and contents(folder) == MADE


@pytest.mark.parametrize("force", [False, True])
def test_a_format_asked_for_is_added_and_none_is_taken_away(folder, force):
    out = folder.parent.parent
    (outcome,) = run.run([ITEM], out, force=force, executor=Here())
    assert (outcome.status, outcome.message) == ("made", "")
    assert set(contents(folder)) == {"report.html", "report.pdf", "report.docx"}
    assert run.run([replace(ITEM, formats=("html",))], out, executor=Here())[0].status == "fresh"


def test_a_report_changed_by_hand_is_fresh_names_the_file_and_is_made_only_if_asked(folder):
    out, item = folder.parent.parent, replace(ITEM, formats=("html",))
    (folder / "report.docx").write_bytes(b"my words")
    (outcome,) = run.run([item], out, executor=Here())
    assert outcome.status == "fresh" and outcome.message.startswith("kept as changed by hand: report.docx (--over")
    assert run.fresh(item, out) == outcome
    (outcome,) = run.run([item], out, overwrite=True, executor=Here())
    assert outcome.status == "made" and contents(folder)["report.docx"] == b"made"
    (folder / "report.docx").unlink()
    assert run.run([item], out, executor=Here())[0].status == "made", "a missing one is made"


def test_an_archive_takes_the_formats_that_are_there_but_no_changed_file(folder, monkeypatch):
    monkeypatch.setattr(bundle, "standard_jobs", lambda: {ITEM.name: ITEM})
    (ready,) = bundle._ready(folder.parent.parent)
    assert "report.pdf" not in ready.manifest["outputs"]
    (folder / "report.docx").write_bytes(b"my words")
    with pytest.raises(DataError, match=r"output report\.docx is missing or was altered"):
        bundle._ready(folder.parent.parent)


@pytest.fixture
def immovable(folder, monkeypatch):
    """The folder of the report cannot be renamed: it is in the lower layer of an overlay, or mounted there."""
    rename = Path.rename

    def refuse(self, target):
        if self == folder or Path(target) == folder:
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    return folder


def test_where_a_folder_cannot_be_renamed_it_is_filled(immovable):
    (immovable / "note.txt").write_bytes(b"mine")
    assert again(immovable, {"report.html": b"new"}) == []
    assert contents(immovable) == {"report.html": b"new", "note.txt": b"mine"}
    assert [p.name for p in immovable.parent.iterdir()] == ["PL"]


@pytest.mark.parametrize("killed_after", ["rmtree", "unlink", "copytree", "copy2"])
def test_killed_while_it_is_filled_it_is_completed_by_the_next_run(immovable, monkeypatch, killed_after):
    (immovable / "note.txt").write_bytes(b"mine")
    owner = Path if killed_after == "unlink" else shutil
    real = getattr(owner, killed_after)

    def die(*arguments, **options):
        real(*arguments, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(owner, killed_after, die)
        with pytest.raises(KeyboardInterrupt):
            again(immovable)
    assert place.mend(immovable) is None
    assert contents(immovable) in ({**ANEW, "note.txt": b"mine"}, {**MADE, "note.txt": b"mine"})
    assert place.edited(immovable) == [] and [p.name for p in immovable.parent.iterdir()] == ["PL"]


def test_an_older_state_that_another_user_owns_stops_nothing(folder, monkeypatch):
    real = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", lambda path, *a, **k: None if ".old-" in str(path) else real(path, *a, **k))
    for number in range(4):
        assert place.mend(folder) is None
        assert again(folder, {"report.html": b"%d" % number}) == []
    assert contents(folder) == {"report.html": b"3"}
    assert len(list(folder.parent.glob(".old-PL=*"))) == 4
    real(folder)
    place.mend(folder)
    assert contents(folder) == {"report.html": b"2"}, "the newest of them comes back"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o755), (0o002, 0o775), (0o077, 0o700)])
def test_folders_are_for_whom_the_umask_and_the_group_of_the_folder_say(folder, umask, mode):
    folder.parent.chmod(0o2775)
    before = os.umask(umask)
    try:
        again(folder)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (folder, folder / "exhibits")] == [mode | 0o2000] * 2


def test_a_file_that_cannot_take_the_place_of_another_is_copied_and_a_full_device_named(tmp_path, monkeypatch):
    target = tmp_path / "index.html"
    target.write_bytes(b"old")

    def refuse(self, other):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", refuse)
    whole_files.replace(target, b"new")
    assert target.read_bytes() == b"new" and list(tmp_path.iterdir()) == [target]
    with pytest.raises(OSError) as error, whole_files.naming(target):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert error.value.filename == str(target)
