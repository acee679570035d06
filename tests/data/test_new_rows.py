"""Rows put into tables: what changes, where a fault is, and writing all or nothing."""

import pandas as pd
import pytest

from innodivide.data import checks, corrections, frozen, new_rows, panel_series
from innodivide.errors import DataError, ParameterError

IPCEI_COLUMNS = "ipcei_id,name,kind,value_chain,decision_date,n_member_states,n_companies,aid_eur_bn_max,source_id"


def csv(folder, name: str, *lines: str):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows, failures = new_rows.read_csv(path)
    return rows if not failures else "\n".join(map(str, failures))


def ipcei(folder, aid="2.5", country_aid="", geo="MT") -> list:
    """Return the rows of an invented IPCEI on a day whose controls are known, as a person would write them."""
    source = "COMP_BAT"
    return [
        csv(folder, "ipcei.csv", IPCEI_COLUMNS, f"NEW,Invented,integrated,health,2025-06-30,2,9,{aid},{source}"),
        csv(
            folder,
            "ipcei_country.csv",
            "ipcei_id,geo,joined_date,role,aid_eur_mn,aid_basis,source_id",
            f"NEW,{geo},2025-06-30,notifying,{country_aid},{'commission_max' if country_aid else ''},{source}",
            f"NEW,SE,2025-06-30,notifying,,,{source}",
        ),
        csv(folder, "ipcei_membership.csv", "ipcei_id,source_id,geos,n_states", f"NEW,{source},{geo} SE,2"),
    ]


def failures_of(proposal) -> list[str]:
    with new_rows.staged(proposal) as data:
        return list(map(str, new_rows.named_as_given(checks.check_all(data)[0], proposal)))


def test_new_rows_stand_in_the_order_of_the_key_and_all_else_byte_for_byte(tmp_path):
    proposal, failures = new_rows.propose(ipcei(tmp_path))
    assert failures == [] and len(proposal.changes) == 4
    for file, content in proposal.contents.items():
        old = (frozen.DATA / file).read_bytes().splitlines()
        new = content.splitlines()
        assert [line for line in new if line in set(old)] == old and len(new) - len(old) in (1, 2)
    assert (
        b"NEW,Invented,integrated,,health,2025-06-30,,,2,9,,,2.5,,,,,,COMP_BAT,,\n"
        in proposal.contents["tier1/ipcei.csv"]
    )


def test_rows_that_are_there_change_nothing(tmp_path):
    line = next(x for x in (frozen.DATA / "tier1/ipcei.csv").read_text("utf-8").splitlines() if x.startswith("CIS,"))
    header = (frozen.DATA / "tier1/ipcei.csv").read_text("utf-8").splitlines()[0]
    proposal, failures = new_rows.propose([csv(tmp_path, "ipcei.csv", header, line)])
    assert (failures, proposal.contents, proposal.changes, proposal.same) == ([], {}, [], 1)


def test_a_replaced_figure_is_known_with_what_stood_there_and_a_number_spelt_otherwise_is_the_same(tmp_path):
    key = "geo,year,variable,value"
    rows = csv(tmp_path, "country_year.csv", key, "AT,2010,berd_meur,5520.4220", "AT,2010,berd_pct_gdp,1.89")
    proposal, _ = new_rows.propose([rows])
    (change,) = corrections.replaced(proposal)
    assert (change.old, change.new, change.row, proposal.same) == ("1.88", "1.89", 3, 1)
    rows = corrections.rows_of(proposal, "revised", "ESTAT_RD_2025", "2026-11-29", "as typed").frame
    assert rows.iloc[0][["key", "value_in_source", "value_used"]].tolist() == [
        "geo=AT;year=2010;variable=berd_pct_gdp",
        "1.88",
        "1.89",
    ]


@pytest.mark.parametrize(
    ("name", "lines", "who", "cited"),
    [
        ("ipcei", ("ipcei_id,n_companies", "CIS,20"), "COMP_BAT against RTE_CIS", "IEU_CIS;RTE_CIS;BMWK_CIS;COMP_BAT"),
        ("ipcei", ("ipcei_id,n_companies", "CIS,20"), "RTE_CIS against COMP_BAT", None),
        ("ipcei", ("ipcei_id,n_companies", "CIS,20"), "COMP_BAT; COMP_H2", "IEU_CIS;RTE_CIS;BMWK_CIS;COMP_BAT;COMP_H2"),
        ("country_year", ("geo,year,variable,value", "AT,2010,berd_pct_gdp,1.89"), "COMP_BAT", None),
        ("rrf_fact", ("geo,indicator_id,source_id,value", "AT,rrf_amended_climate_share,KZ-AT,57"), "COMP_BAT", None),
    ],
    ids=["a further source", "cited already", "two", "one source a row", "a source that is part of the key"],
)
def test_a_row_whose_figure_is_replaced_cites_who_says_so(tmp_path, name, lines, who, cited):
    given = [csv(tmp_path, f"{name}.csv", *lines)]
    citing = corrections.citations(new_rows.propose(given)[0], given, who)
    assert len(citing) == (cited is not None)
    if cited:
        changes = new_rows.propose([*given, *citing])[0].changes
        sources = {c.column: c.new for c in changes if c.column in new_rows.PROVENANCE}
        assert ";".join(({"source_id": "IEU_CIS"} | sources).values()) == cited


def test_files_of_one_name_do_not_mix(tmp_path):
    """Row 2 of the one is not row 2 of the other, and what the one puts back needs no source."""
    files = {"a": ("ipcei_id,n_companies", "CIS,20"), "b": ("ipcei_id,n_companies", "Hy2Use,30")}
    given = []
    for name, lines in files.items():
        (tmp_path / name).mkdir()
        given.append(csv(tmp_path / name, "ipcei.csv", *lines))
    citing = corrections.citations(new_rows.propose(given)[0], given, "COMP_BAT")
    assert [row for rows in citing for row in rows.frame["ipcei_id"]] == ["CIS", "Hy2Use"]
    back = [*given[:1], csv(tmp_path / "b", "ipcei.csv", "ipcei_id,n_companies", "CIS,19")]
    assert corrections.citations(new_rows.propose(back)[0], back, "COMP_BAT") == []


@pytest.mark.parametrize(
    ("name", "lines", "cure"),
    [
        ("ipcei.csv", ["ipcei_id;name", "NEW;x"], "separated by commas"),
        ("ipcei.csv", ["name,kind", "x,integrated"], "needed are ipcei_id"),
        ("ipcei.csv", ["ipcei_id,nmae", "NEW,x"], "columns of table ipcei, each once"),
        ("ipcei.csv", ["ipcei_id,name", "NEW,x,y"], "2 cells in a row (found 3)"),
        ("ipcei.csv", ["ipcei_id,name"], "the table has rows"),
    ],
)
def test_a_file_that_is_no_part_of_its_table_is_refused(tmp_path, name, lines, cure):
    assert cure in csv(tmp_path, name, *lines)


def test_a_source_that_is_part_of_the_key_may_be_given_for_all_rows(tmp_path):
    rows = csv(tmp_path, "ipcei_membership.csv", "ipcei_id,geos,n_states", "NEW,AT BE,2")
    assert rows.frame["source_id"].tolist() == [""] and new_rows.is_new(rows).all()


def test_a_file_named_otherwise_is_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"name the file as a table, such as ipcei\.csv"):
        csv(tmp_path, "new rows.csv", "ipcei_id", "NEW")


def test_rows_repeated_in_a_file_are_named(tmp_path):
    rows = csv(tmp_path, "country_year.csv", "geo,year,variable,value", "AT,2010,x,1", "AT,2010,x,2")
    _, failures = new_rows.propose([rows])
    assert [str(f) for f in failures] == [
        "country_year.csv, row 3, column geo, year, variable: 'AT, 2010, x' breaks the rule: "
        "one row for each geo, year, variable; row 2 has the same"
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"geo": "GR"},
            "ipcei_country.csv, row 2, column geo: 'GR' breaks the rule: exists in table country (geo); Greece",
        ),
        ({"geo": "GB"}, "United Kingdom is UK"),
        (
            {"aid": "2,5"},
            "ipcei.csv, row 2: 'NEW,Invented,integrated,health,2025-06-30,2,9,2,5,COMP_BAT' breaks the rule",
        ),
        ({"aid": '"2,5"'}, "ipcei.csv, row 2, column aid_eur_bn_max: '2,5' breaks the rule: type number"),
        ({"aid": ":"}, "leave the cell empty"),
    ],
    ids=["Greece", "United Kingdom", "comma between cells", "decimal comma", "no figure"],
)
def test_a_bad_cell_is_named_before_anything_is_computed(tmp_path, given, said):
    assert said in "\n".join(r for r in ipcei(tmp_path, **given) if isinstance(r, str))


def test_what_would_not_hold_is_named_by_the_file_that_was_given(tmp_path):
    """Aid beyond the total, and a list that is not the published one: rules across tables, on the tables to be."""
    rows = ipcei(tmp_path, country_aid="2600")
    rows[2].frame.loc[:, "geos"] = "FI SE"
    said = "\n".join(failures_of(new_rows.propose(rows)[0]))
    assert "ipcei_country.csv, row 2, column aid_eur_mn: '2600.0' breaks the rule: at most the 2.5 billion euro" in said
    assert "ipcei_membership.csv, row 2, column geos: 'FI SE' breaks the rule: ipcei_country.csv has MT SE" in said


# Writing


@pytest.fixture
def prepared(copy, tmp_path):
    """A copy of data/, rows for it, and the folder as it would be."""
    rows = csv(tmp_path, "country_year.csv", "geo,year,variable,value,source_id", "AT,2029,berd_meur,1,ESTAT_RD_2025")
    rows_too = csv(tmp_path, "value_chain.csv", "value_chain,meaning,source_id", "new,Something,INNODIVIDE")
    proposal, _ = new_rows.propose([rows, rows_too], copy.folder)
    for file in (*proposal.contents, frozen.PACKAGE):
        copy.change(file, lambda text: text)  # kept, and put back after the test
    with new_rows.staged(proposal, copy.folder) as data:
        yield proposal, data, copy.folder


def content(folder):
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_tables_and_hashes_are_written_together(prepared):
    proposal, data, folder = prepared
    new_rows.write(proposal, data, folder)
    assert frozen.load("country_year", folder).query("year == 2029")["value"].tolist() == [1.0]
    assert not [f for t in ("country_year", "value_chain") for f in frozen.check_frozen(t, folder)]
    assert content(folder) == content(data)


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5])
def test_a_fault_at_any_step_leaves_everything_as_it_was(prepared, monkeypatch, after):
    proposal, data, folder = prepared
    before, done = content(folder), []

    def faulty(real):
        def step(path, *arguments):
            done.append(path)
            if len(done) == after + 1:
                raise OSError(28, "No space left on device", str(path))
            return real(path, *arguments)

        return step

    kind = type(folder)
    monkeypatch.setattr(kind, "write_bytes", faulty(kind.write_bytes))
    monkeypatch.setattr(kind, "replace", faulty(kind.replace))
    with pytest.raises(DataError, match="No space left on device; nothing was written"):
        new_rows.write(proposal, data, folder)
    monkeypatch.undo()
    assert content(folder) == before


def test_a_table_changed_meanwhile_is_not_written_over(prepared):
    proposal, data, folder = prepared
    (folder / "context/country_year.csv").write_bytes(b"other")
    with pytest.raises(DataError, match=r"country_year\.csv changed while this was looked at; nothing was written"):
        new_rows.write(proposal, data, folder)


# Controls of a new year


@pytest.mark.parametrize("year", ["2019", "2023"])
def test_rows_of_a_year_follow_as_the_panel_has_them(year):
    """The panel without its last years, and the declared series: what follows is what the panel has."""
    panel, figures = new_rows.text_of("country_panel"), new_rows.text_of("country_year")
    rows, lacking = panel_series.next_rows(
        panel[panel["year"] < year], figures, int(year), ["population", "gdp_pc_pps"]
    )
    there = panel[panel["year"] == year].merge(rows, on=["geo", "year", "variable"], suffixes=("", "_new"))
    assert lacking == [] and len(there) == len(rows) > 50
    for column in ("value", "series", "basis", "flag", "source_id", "more_source_ids"):
        pd.testing.assert_series_equal(there[column], there[f"{column}_new"], check_names=False)


def test_what_has_no_figure_is_named():
    panel, figures = new_rows.text_of("country_panel"), new_rows.text_of("country_year")
    rows, lacking = panel_series.for_decisions(panel, figures, ["2040-05-01"], ["population"])
    assert rows.empty and "population of CY (population_implied)" in lacking and len(lacking) == 28
