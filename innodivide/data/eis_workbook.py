"""The workbook of an edition of the European Innovation Scoreboard as rows of the eis_* tables."""

from __future__ import annotations  # pandas is imported where a frame is made

from typing import TYPE_CHECKING

from innodivide.data import edition_workbook as common
from innodivide.data.edition_workbook import EU, INDEX, Edition, Found
from innodivide.data.workbook import Sheet, Wanted

if TYPE_CHECKING:
    import pandas as pd

_PLACE = {"geo": "iso2|geo|countrycode", "indicator_code": "indicatorcode", "label": "indicator(name)?"}
_GROUP = {"group": "performancegroup"}
LAYOUT = (
    Wanted("EIS", {**_PLACE, "year": "year", "value": "value", **_GROUP}, ("value",)),
    Wanted("global_competitors", {**_PLACE, "year": "year", "value": "value", **_GROUP}, ("value",), needed=False),
    Wanted("structural", {**_PLACE, "period": "period", "value": "value"}, ("value",), needed=False),
    Wanted("structural_global", {**_PLACE, "period": "period", "value": "value"}, ("value",), needed=False),
)
_OTHER = {
    "global_competitors": "eis_global",
    "structural": "eis_structural",
    "structural_global": "eis_global_structural",
}
SCORE_UNIT, SOURCE_UNIT = "normalised score, {base}", "source unit (see EIS methodology)"


def rows(sheets: dict[str, Sheet], given: Edition) -> Found:
    """Return the rows of an edition from the sheets of `LAYOUT`; with failures, no rows.

    Missing values have no row. The rank is that of the index of the last year; the group, that of the same year.
    """
    main = sheets["EIS"]
    scores, failures = _scores(main)
    if failures:
        return Found({}, {}, failures, [])
    index = scores[scores["indicator_code"] == INDEX].assign(number=lambda f: f["value"].astype(float))
    wanted = sorted({*scores["geo"], *common.members(given), EU})
    failures = common.whole_years(main, index, "geo", wanted) if len(index) else []
    base = sorted(index.loc[(index["geo"] == EU) & ((index["number"] - 100).abs() < 1e-6), "year"])
    if not base:
        rule = "the index (indicator_code SII) of the EU is 100 in its base year; no row says so"
        failures.append(main.fail(None, "value", "", rule))
    if failures:
        return Found({}, {}, failures, [])
    number, last = given.number or int(index["year"].max()), int(index["year"].max())
    limits, whose = common.thresholds(given, number)
    eu = index[index["geo"] == EU].set_index("year")["number"]
    index = index.assign(relative=100 * index["number"] / index["year"].map(eu), unit=index["geo"])
    failures = common.contradictions(main, index, limits)
    found, wrong = _others(sheets, number, given.source_id)
    framework, listed = _framework(sheets, number, f"EU {base[0]}=100", given)
    tables = {
        "eis_edition": _edition(number, last, f"EU {base[0]}=100", framework, limits, given),
        "indicator": listed,
        **_of_index(index, number, last, base[0], given),
        "eis_score": _score_rows(scores, number, given.source_id),
        **found,
    }
    notes = [
        f"edition {number}, {len(set(index['year']))} years to {last}, thresholds {whose}",
        f"indicators: {framework}",
    ]
    places = {name: sheets[sheet].place for sheet, name in _OTHER.items() if sheet in sheets}
    tables = {name: frame for name, frame in tables.items() if len(frame)}
    places = {name: places.get(name, main.place) for name in tables}
    failures += wrong
    return Found({} if failures else tables, places, failures, notes + _absent(sheets))


def _absent(sheets: dict[str, Sheet]) -> list[str]:
    gone = [name for name in _OTHER if name not in sheets]
    return [f"without the sheets {', '.join(gone)}: their tables have no row of this edition"] if gone else []


def _scores(main: Sheet) -> tuple[pd.DataFrame, list]:
    """Return the values of the main sheet: geo, year (whole number), indicator_code, label, value, group."""
    plain = main.rows.assign(geo=common.eu_code(main.rows["geo"]))
    sheet = Sheet(main.place, plain, main.headers)
    failures = common.usable(sheet, "eis_score", ("geo", "year", "value"))
    if failures:
        return plain, failures
    return common.one_value_each(sheet, plain, "SII", "geo", "country")


def _edition(number, last, base, framework, limits, given: Edition) -> pd.DataFrame:
    """Return the row of the edition; none where the table has it already."""
    import pandas as pd

    if str(number) in set(given.text("eis_edition")["edition"]):
        return pd.DataFrame()
    names = ("leader_min_pct", "strong_min_pct", "moderate_min_pct")
    row = {"edition": str(number), "published": given.published, "performance_year": str(last), "base": base}
    row |= {"framework": framework, **{n: f"{v:g}" for n, v in zip(names, limits)}, "source_id": given.source_id}
    return pd.DataFrame([row])


def _of_index(index: pd.DataFrame, number: int, last: int, base: int, given: Edition) -> dict[str, pd.DataFrame]:
    rows = index.assign(edition=str(number), source_id=given.source_id, value=common.rounded(index["value"]))
    rows = rows.assign(year=rows["year"].astype(str), reference=f"EU {base}=100", reference_year=str(base))
    now = rows[index["year"] == last]
    groups = now[now["group"] != ""].assign(performance_year=str(last), basis="database")
    states = now[now["geo"].isin(common.members(given))]
    place = states["number"].round(6).rank(ascending=False, method="min").astype(int).astype(str)
    ranks = states.assign(rank=place, basis="derived from index", flag="derived")
    series = ["geo", "edition", "year", "value", "reference", "reference_year", "basis", "source_id"]
    return {
        "eis_index": rows.assign(basis="published")[series],
        "eis_group": groups[["geo", "edition", "performance_year", "group", "basis", "source_id"]],
        "eis_rank": ranks[["geo", "edition", "rank", "basis", "flag", "source_id"]],
    }


def _score_rows(scores: pd.DataFrame, number: int, source_id: str) -> pd.DataFrame:
    value = common.rounded(scores["value"])
    rows = scores.assign(edition=str(number), year=scores["year"].astype(str), value=value, source_id=source_id)
    rows["is_zero"] = value.map(lambda v: "true" if v == "0" else "false")
    return rows[["geo", "edition", "year", "indicator_code", "value", "is_zero", "source_id"]]


def _others(sheets: dict[str, Sheet], number: int, source_id: str) -> tuple[dict[str, pd.DataFrame], list]:
    """Return the rows of the other sheets by table, and their failures."""
    found, failures = {}, []
    for name, table in _OTHER.items():
        if name not in sheets:
            continue
        europe = (
            "EU" if name == "structural" else "EU27_2020"
        )  # the EU on the list of all competitors is another figure
        codes = sheets[name].rows["geo"].replace(dict.fromkeys(("EU27_2020", "EU27", "EU27_global"), europe))
        sheet = Sheet(sheets[name].place, sheets[name].rows.assign(geo=codes), sheets[name].headers)
        columns = ("geo", "year", "value") if "year" in sheet.rows else ("geo", "value")
        wrong = common.usable(sheet, table, columns)
        rows = sheet.rows[sheet.rows["value"] != ""]
        rows = rows.assign(indicator_code=common.codes(rows["indicator_code"], "SII"), edition=str(number))
        if "group" in rows:
            groups, more = common.group_words(sheet, rows["group"])
            rows, wrong = rows.assign(group=groups), wrong + more
        key = ["geo", *(["year"] if "year" in rows else []), "indicator_code"]
        wrong = wrong or common.repeated(sheet, rows, key, "country, indicator and year or period")
        rows = rows.drop_duplicates(key).assign(source_id=source_id)
        found[table] = rows if name != "structural" else rows.drop(columns="label")
        failures += wrong
    return found, failures


def _framework(sheets: dict[str, Sheet], number: int, base: str, given: Edition) -> tuple[str, pd.DataFrame]:
    """Return the list of indicators that the edition uses, and the rows that this list lacks in the tables.

    A known list is used if no code of the workbook has another label in it, its scores are on the same base, and it has
    all codes that enter the index; else the workbook's own list is new.
    """
    import pandas as pd

    known = given.text("indicator")
    score = _labels(sheets["EIS"])
    structural = _labels(sheets["structural"]) if "structural" in sheets else {}
    for framework in sorted(known["framework"].unique(), reverse=True):
        mine = known[known["framework"] == framework]
        labels = dict(zip(mine["indicator_code"], mine["label"]))
        same_base = SCORE_UNIT.format(base=base) in set(mine["unit"])
        entering = set(mine.loc[mine["level"] != "structural", "indicator_code"])
        agree = all(labels.get(c, label) == label for c, label in {**structural, **score}.items())
        if same_base and agree and set(score) == entering:
            new = {c: label for c, label in structural.items() if c not in labels}
            return framework, _listed(framework, {}, new, base, given.source_id) if new else pd.DataFrame()
    count = sum(c.count(".") == 2 for c in score)
    name = f"EIS {number} ({count} indicators)"
    return name, _listed(name, score, structural, base, given.source_id)


def _labels(sheet: Sheet) -> dict[str, str]:
    rows = sheet.rows.assign(indicator_code=common.codes(sheet.rows["indicator_code"], "SII"))
    return dict(zip(rows["indicator_code"], rows["label"]))


def _listed(framework: str, score: dict, structural: dict, base: str, source_id: str) -> pd.DataFrame:
    """Return rows of table indicator: level by the form of the code (0, 1.1, 1.1.1), dimension by its first parts."""
    import pandas as pd

    levels = {0: "index", 1: "dimension", 2: "indicator"}
    rows = []
    for code, label in [*score.items(), *structural.items()]:
        level = levels.get(code.count("."), "indicator") if code in score else "structural"
        dimension = code.rsplit(".", 1)[0] if level == "indicator" else code if level == "dimension" else ""
        unit = SOURCE_UNIT if level == "structural" else SCORE_UNIT.format(base=base)
        rows.append(
            {
                "framework": framework,
                "indicator_code": code,
                "label": label,
                "level": level,
                "unit": unit,
                "dimension_code": dimension,
                "dimension": score.get(dimension, ""),
                "in_ris_2023": "false",
                "higher_is_better": "" if level == "structural" else "true",
                "source_id": source_id,
            }
        )
    return pd.DataFrame(rows)
