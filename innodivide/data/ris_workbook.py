"""The workbook of an edition of the Regional Innovation Scoreboard as rows of the ris_* tables.

The workbook itself could not be had. Sheet and headers are those that a public script names which reads RIS 2025
(giocopp/Regio-Decarb-Systemic-Framework, build_tech_ris.R: sheet RIS; Region code, Year, Indicator code with RII for
the index, Value relative to EU in 2018; regions of NUTS 2024), the others those of the database of 2023 and of the
workbook of the EIS.
"""

from __future__ import annotations  # pandas is imported where a frame is made

from typing import TYPE_CHECKING

from innodivide.data import edition_workbook as common
from innodivide.data.edition_workbook import EU, GROUPS, INDEX, Edition, Found
from innodivide.data.workbook import Sheet, Wanted

if TYPE_CHECKING:
    import pandas as pd

LAYOUT = (
    Wanted(
        "RIS",
        {
            "region_code": "regioncode|nutscode|nuts",
            "name": "region|regionname|nutsname",
            "year": "year",
            "indicator_code": "indicatorcode",
            "label": "indicator(name)?",
            "value": "value|(value|score)relativetoeuin[0-9]{4}",
            "group": "(regional)?performancegroup",
        },
        ("value", "group", "name"),
        ("name", "label", "group"),
    ),
)


def rows(sheets: dict[str, Sheet], given: Edition) -> Found:
    """Return the rows of an edition from the sheet of `LAYOUT`; with failures, no rows.

    The index in percent of the EU of the same year is computed from the row of the EU. Groups are those of the last
    year, as published; without a column of groups they follow from the thresholds and are flagged derived.
    """
    sheet = sheets["RIS"]
    sheet = Sheet(sheet.place, sheet.rows.assign(region_code=common.eu_code(sheet.rows["region_code"])), sheet.headers)
    scores, failures = _scores(sheet)
    index = scores[scores["indicator_code"] == INDEX] if not failures else scores
    if not failures and index.empty:
        failures = [sheet.fail(None, "indicator_code", "", "the sheet has the index (RII)")]
    if not failures:
        failures = common.whole_years(sheet, index, "region_code", sorted({*index["region_code"], EU}))
    version, wrong = _version(sheet, scores, given) if not failures else ("", [])
    failures += wrong
    if failures:
        return Found({}, {}, failures, [])
    number, last = given.number or int(index["year"].max()), int(index["year"].max())
    limits, whose = common.thresholds(given, number)
    index = index.assign(number=index["value"].astype(float), unit=index["region_code"])
    eu = index[index["region_code"] == EU].set_index("year")["number"]
    index["relative"] = (100 * index["number"] / index["year"].map(eu)).round(2)
    base = sorted(eu.index[(eu - 100).abs() < 1e-6])
    failures = _of_edition(sheet, scores, number, given) + common.contradictions(sheet, index, limits)
    if not base:
        failures.append(sheet.fail(None, "value", "", "the index (RII) of the EU is 100 in its base year"))
    if failures:
        return Found({}, {}, failures, [])
    regions, homes = _regions(scores, number, version, given)
    tables = {
        "ris_region": regions,
        "ris_nuts2": homes,
        "ris_index": _index_rows(index, number, last, base[0], limits, given.source_id),
        "ris_score": _score_rows(scores[scores["indicator_code"] != INDEX], number, given.source_id),
    }
    places = {name: sheet.place for name in tables}
    notes = [
        f"edition {number}, {len(regions)} regions of NUTS {version}, {len(eu)} years to {last}, thresholds {whose}",
        *_labels_apart(scores, number, given),
    ]
    return Found(tables, places, [], notes)


def _scores(sheet: Sheet) -> tuple[pd.DataFrame, list]:
    """Return the values of the sheet with year as a whole number, geo from the code of the region, and group."""
    rows = sheet.rows.assign(geo=sheet.rows["region_code"].str[:2])
    failures = common.usable(sheet, "ris_score", ("year", "value"))
    coded = Sheet(sheet.place, rows, {**sheet.headers, "geo": sheet.headers["region_code"]})
    failures += common.usable(coded, "ris_region", ("geo",))
    if failures:
        return rows, failures
    return common.one_value_each(sheet, rows, "RII", "region_code", "region")


def _version(sheet: Sheet, scores: pd.DataFrame, given: Edition) -> tuple[str, list]:
    """Return the version of NUTS that knows most codes of the Member States, and each code that it does not know."""
    nuts = given.text("nuts")
    nuts = nuts[(nuts["level"] == "2") & (nuts["is_extra_regio"] == "false")]
    first = scores.drop_duplicates("region_code")
    codes = first.loc[first["geo"].isin(common.members(given)), "region_code"]
    known = {v: {c[:n] for c in part["nuts_code"] for n in (2, 3, 4)} for v, part in nuts.groupby("nuts_version")}
    best = given.nuts_version or max(sorted(known), key=lambda v: codes.isin(known[v]).sum())
    failures = []
    for i, code in codes[~codes.isin(known.get(best, set()))].items():
        other = " and ".join(f"NUTS {v}" for v in sorted(known) if code in known[v]) or "no version known"
        rule = (
            f"a region of NUTS {best}, as the others are ({code} is of {other}); add it to nuts.csv and nuts_link.csv, "
            "or take one version throughout (--nuts-version)"
        )
        failures.append(sheet.fail(int(i), "region_code", code, rule))
    return best, failures


def _of_edition(sheet: Sheet, scores: pd.DataFrame, number: int, given: Edition) -> list:
    """Return what the edition needs of the other scoreboard: its row in eis_edition, the codes of its framework.

    A code whose name is that of another code there is refused: the sheet has the codes of another list of indicators.
    """
    editions = given.text("eis_edition").set_index("edition")
    if str(number) not in editions.index:
        rule = "the edition of this year in eis_edition.csv, for its thresholds; add the workbook of the EIS first"
        return [sheet.fail(None, "year", str(number), rule)]
    known = given.text("indicator")
    framework = editions.loc[str(number), "framework"]
    known = known[known["framework"] == framework]
    first = scores[scores["indicator_code"] != INDEX].drop_duplicates("indicator_code")
    codes, failures = dict(zip(known["label"].str.lower(), known["indicator_code"])), []
    names, listed = first["label"] if "label" in first else [""] * len(first), set(known["indicator_code"])
    for i, code, name in zip(first.index, first["indicator_code"], names):
        if codes.get(name.lower(), code) != code:  # the codes are those of an earlier or later list
            rule = f"{codes[name.lower()]}, which {name!r} is in {framework}; use the codes of that list"
        elif code not in listed:
            rule = f"a code of {framework or 'a list of indicators'} (indicator.csv); add its row there"
        else:
            continue
        failures.append(sheet.fail(int(i), "indicator_code", code, rule))
    return failures


def _labels_apart(scores: pd.DataFrame, number: int, given: Edition) -> list[str]:
    """Say which codes have another name in the list of indicators: perhaps another wording, perhaps another measure."""
    if "label" not in scores:
        return []
    known, editions = given.text("indicator"), given.text("eis_edition").set_index("edition")
    known = known[known["framework"] == editions.loc[str(number), "framework"]].set_index("indicator_code")["label"]
    pairs = scores.drop_duplicates("indicator_code").set_index("indicator_code")["label"].drop(INDEX)
    apart = [f"{c} {n!r} is {known[c]!r} there" for c, n in pairs.items() if known[c].lower() != n.lower()]
    said = f"names that are not those of indicator.csv, look whether the measure is the same: {'; '.join(apart)}"
    return [said] if apart else []


def _regions(scores: pd.DataFrame, number: int, version: str, given: Edition) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the regions of the edition, and to which of them each NUTS 2 region of the Member States belongs.

    A NUTS 2 region belongs to the longest code that its own begins with; as no list says so, these rows are derived.
    """
    import pandas as pd

    first = scores.drop_duplicates("region_code")
    europe = first["region_code"] == EU
    regions = pd.DataFrame(
        {
            "edition": str(number),
            "region_code": first["region_code"],
            "nuts_version": [("" if eu else version) for eu in europe],
            "nuts_level": ["" if eu else str(len(code) - 2) for eu, code in zip(europe, first["region_code"])],
            "geo": first["geo"],
            "name": first["name"] if "name" in first else "",
            "source_id": given.source_id,
        }
    )
    nuts = given.text("nuts")
    nuts = nuts[(nuts["nuts_version"] == version) & (nuts["level"] == "2") & (nuts["is_extra_regio"] == "false")]
    nuts, codes = nuts[nuts["geo"].isin(common.members(given))], set(regions.loc[~europe, "region_code"])
    home = nuts["nuts_code"].map(lambda code: next((code[:n] for n in (4, 3, 2) if code[:n] in codes), ""))
    homes = nuts.assign(edition=str(number), region_code=home, flag="derived", source_id=given.source_id)
    columns = ["edition", "nuts_version", "nuts_code", "region_code", "flag", "source_id"]
    return regions, homes.loc[homes["region_code"] != "", columns]


def _index_rows(index, number: int, last: int, base: int, limits, source_id: str) -> pd.DataFrame:
    published = (index["group"] != "").any()
    own = (index["year"] == last) & (index["region_code"] != EU)
    derived = index["relative"].map(lambda r: next((g for g, low in zip(GROUPS, limits) if r > low), GROUPS[-1]))
    rows = index.assign(
        edition=str(number),
        value=common.rounded(index["value"]),
        relative_to_eu_pct=index["relative"].map(lambda v: f"{v:.2f}".rstrip("0").rstrip(".")),
        reference=f"EU {base}=100",
        reference_year=str(base),
        group=(index["group"] if published else derived).where(own, ""),
        year=index["year"].astype(str),
        source_id=source_id,
    )
    rows["group_basis"] = rows["group"].map(lambda g: ("published" if published else "derived") if g else "")
    rows["flag"] = "" if published else rows["group"].map(lambda g: "derived" if g else "")
    columns = ["edition", "region_code", "year", "value", "reference", "reference_year", "relative_to_eu_pct"]
    return rows[[*columns, "group", "group_basis", "flag", "source_id"]]


def _score_rows(scores: pd.DataFrame, number: int, source_id: str) -> pd.DataFrame:
    value = common.rounded(scores["value"])
    rows = scores.assign(edition=str(number), year=scores["year"].astype(str), value=value, source_id=source_id)
    rows["is_zero"] = value.map(lambda v: "true" if v == "0" else "false")
    return rows[["edition", "region_code", "year", "indicator_code", "value", "is_zero", "source_id"]]
