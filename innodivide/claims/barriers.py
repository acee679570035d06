"""Claim C10 and the annex rows on barriers; the rule for the verdict stands in the supplement of analysis_plan.yml."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from innodivide import barriers
from innodivide.claims.finding import Finding
from innodivide.errors import ParameterError
from innodivide.panel import Tables, _tables, member_states
from innodivide.results import require_rng
from innodivide.wording import show

# Weights and the reading of zeros were chosen after a first run with
# equal weights, for their fit to the published index; `finding_sensitivities` shows the verdict under every choice.
MATTERS = 0.1
NAMED = {
    "support": ("2.1.1", "public R&D expenditure"),
    "internationalisation": ("1.2.1", "international co-publications"),
    "bureaucracy": ("eqi", "quality of government"),
}
GOVERNMENT = {"behind": "below the EU", "ahead": "above the EU", "within the margin": "not told apart from the EU"}
FIRST_YEAR = 2016
TOP = 3


def lagging_regions(tables: Tables | None = None, groups=("emerging",)) -> pd.Series:
    """Return the country of each lagging EU27 region (group of RIS 2023), indexed by region_code."""
    rows = barriers.region_groups(tables)
    return rows.loc[rows["group"].isin(list(groups)), "geo"]


def regional_contributions(
    tables: Tables | None = None,
    year: int = 2023,
    reference: str = "EU",
    zeros: str = "read",
    weights: str = "published",
) -> pd.DataFrame:
    """Return the contributions of all EU27 regions (`barriers.gap_contributions`).

    Parameters
    ----------
    weights : {"published", "equal"}
        "published": those that reproduce the Regional Innovation Index (`barriers.implied_weights`), raised for
        unknown cells as it does. "equal": equal weights of the scores in percent of the EU of 2016; they count
        indicators in which the EU is low, such as international co-publications, about twice as much.
    """
    if weights not in ("published", "equal"):
        raise ParameterError(f"weights={weights!r}: allowed are 'published', 'equal'")
    tables = _tables(tables)
    groups = barriers.region_groups(tables)
    leaders = list(groups.index[groups["group"] == "leader"])
    values = barriers.implied_weights("region", tables) if weights == "published" else None
    return barriers.gap_contributions(
        barriers.region_scores(year, zeros, tables), reference, values, leaders, scale="count"
    )


def lagging_split(
    rng: np.random.Generator,
    tables: Tables | None = None,
    year: int = 2023,
    reference: str = "EU",
    zeros: str = "read",
    weights: str = "published",
    **options,
) -> barriers.Split:
    """Return the two-way split of the gaps of the lagging regions; `options` are those of `barriers.two_way_split`."""
    found = regional_contributions(tables, year, reference, zeros, weights)
    return barriers.two_way_split(found, lagging_regions(tables), rng, **options)


def government_split(
    rng: np.random.Generator, tables: Tables | None = None, reference: str = "EU", **options
) -> barriers.Split:
    """Return the same split for the quality of government alone (standardised score, not index points)."""
    gaps = barriers.institutional_gaps(reference, tables).query("measure == 'eqi'")
    rows = gaps[["unit", "gap"]].rename(columns={"gap": "contribution"}).assign(indicator_code="eqi")
    return barriers.two_way_split(rows, lagging_regions(tables), rng, **options)


def shared_barriers_finding(
    rng: np.random.Generator,
    tables: Tables | None = None,
    n_boot: int = 1999,
    zeros: str = "read",
    reference: str = "EU",
    weights: str = "published",
) -> Finding:
    """C10: lagging regions share general barriers, and each has its own; the plan's supplement has the rule.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_boot : int >= 20
    zeros : {"read", "missing", "keep"}
        How scores of zero are read (`barriers.region_scores`).
    reference : {"EU", "leaders"}
        The rule is written for the EU; leaders is a sensitivity.
    weights : {"published", "equal"}
        See `regional_contributions`.
    """
    tables, rng = _tables(tables), require_rng(rng)
    choices = {"reference": reference, "zeros": zeros, "weights": weights}
    split = lagging_split(rng, tables, n_boot=n_boot, **choices)
    named, shares = _named_and_shares(split, government_split(rng, tables, reference, n_boot=n_boot))
    first = lagging_split(rng, tables, FIRST_YEAR, n_boot=20, **choices)
    kept = barriers.persistence(first, split).set_index("part")["correlation"]
    labels = _labels(tables)
    texts = [
        f"{name} ({what}) {row.general:.2f} ({row.ci_low:.2f} to {row.ci_high:.2f})"
        for (name, (_, what)), row in zip(NAMED.items(), named.itertuples())
    ]
    country, region = (f"{split.shares.at[part, 'share']:.0%}" for part in ("country", "specific"))
    largest = "; ".join(barriers.general_barriers(split).head(TOP)["indicator_code"].map(labels))
    numbers = (
        f"Mean gap of lagging regions: {'; '.join(texts)}; the first two in index points of the composite, the third "
        f"on the index's own scale. Largest general barriers: {largest}. Of the squared gaps "
        f"{_share(shares.loc['general'])} are general and {_share(shares.loc['own'])} the regions' own "
        f"(country {country}, region {region}). "
        f"Against {FIRST_YEAR} the region's part correlates {kept['specific']:.2f}."
    )
    if reference == "EU":
        other = shared_barriers_finding(rng, tables, n_boot, zeros, "leaders", weights)
        numbers += f" Against the leaders instead of the EU: {other.verdict}."
    short = (
        f"{(named['ci_low'] > 0).sum()} of {len(named)} named barriers above zero with their intervals; of the squared "
        f"gaps {_share(shares.loc['general'])} are general, {_share(shares.loc['own'])} the regions' own"
    )
    change = (
        f"Partly if the interval of a named mean gap reached zero (lowest end now {named['ci_low'].min():.2f}), "
        f"contradicted if either part lay below {MATTERS:.0%} with its interval"
    )
    known = _coverage(split, zeros, weights), short, f"{split.parts['unit'].nunique()} lagging regions, RIS 2023"
    return Finding("C10", verdict_of(named, shares), numbers, *known, change)


def finding_sensitivities(rng: np.random.Generator, tables: Tables | None = None, n_boot: int = 499) -> pd.DataFrame:
    """Return the verdict under every reading of the zeros, both weights and both references.

    Returns
    -------
    pandas.DataFrame
        Columns reference, weights, zeros, support, support_low, internationalisation, internationalisation_low,
        bureaucracy, bureaucracy_low (mean gaps and lower ends), general, own, own_low (shares of the squared gaps),
        largest (indicator with the largest general part), verdict. Reference EU, published weights and zeros "read" is
        the choice of the finding.
    """
    tables, rng, rows = _tables(tables), require_rng(rng), []
    for reference in ("EU", "leaders"):
        government = government_split(rng, tables, reference, n_boot=n_boot)
        for weights in ("published", "equal"):
            for zeros in ("read", "missing", "keep"):
                split = lagging_split(rng, tables, reference=reference, zeros=zeros, weights=weights, n_boot=n_boot)
                named, shares = _named_and_shares(split, government)
                row = {"reference": reference, "weights": weights, "zeros": zeros}
                for name, (code, _) in NAMED.items():
                    row |= {name: named.at[code, "general"], f"{name}_low": named.at[code, "ci_low"]}
                row |= {"general": shares.at["general", "share"]}
                row |= {"own": shares.at["own", "share"], "own_low": shares.at["own", "ci_low"]}
                rows.append(row | {"largest": split.general["general"].idxmax(), "verdict": verdict_of(named, shares)})
    return pd.DataFrame(rows)


def _named_and_shares(split: barriers.Split, government: barriers.Split) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean gaps of the three named barriers, and the shares of the general and the own part."""
    named = pd.concat([split.general, government.general]).loc[[code for code, _ in NAMED.values()]]
    return named, pd.DataFrame({"general": split.shares.loc["general"], "own": own_share(split)}).T


def own_share(split: barriers.Split) -> pd.Series:
    """Return the share of country and specific part together: one less that of the general part."""
    general = split.shares.loc["general"]
    return 1 - general.rename({"ci_low": "ci_high", "ci_high": "ci_low"}).rename("own")


def verdict_of(named: pd.DataFrame, shares: pd.DataFrame) -> str:
    """Apply the plan's rule to ci_low and ci_high of the three mean gaps (`named`) and of both parts (`shares`)."""
    hold = int((named["ci_low"] > 0).sum())
    both_matter = bool((shares["ci_low"] >= MATTERS).all())
    if (shares["ci_high"] < MATTERS).any() or (named["ci_high"] < 0).all():
        return "contradicted"
    if both_matter and hold == len(NAMED):
        return "supported"
    return "partly" if both_matter and hold else "inconclusive"


def _share(row: pd.Series) -> str:
    return f"{row['share']:.0%} ({row['ci_low']:.0%} to {row['ci_high']:.0%})"


def _coverage(split: barriers.Split, zeros: str, weights: str) -> str:
    cells, full = len(split.parts), split.parts["unit"].nunique() * len(split.general)
    read = {
        "read": "scores of zero read as the published index treats them",
        "missing": "scores of zero left out",
        "keep": "scores of zero taken as bottom scores",
    }[zeros]
    how = "weights that reproduce the published index" if weights == "published" else "equal weights"
    units, countries = split.parts["unit"].nunique(), split.parts["country"].nunique()
    return (
        f"RIS 2023: {units} regions in group emerging of {countries} Member States, {cells} of {full} figures "
        f"({read}); {how}; intervals draw whole countries. Regions are lagging because their index is low, so positive "
        "mean gaps in its indicators are partly by construction; the quality of government (EQI 2021) is not one of "
        "them. Government support of business R&D and exports are published for countries only; access to support and "
        "red tape as firms meet them are in no open regional figure"
    )


def _labels(tables: Tables) -> pd.Series:
    return tables["indicator"].set_index("indicator_code")["label"]


def region_barrier_table(
    geo: str,
    rng: np.random.Generator,
    tables: Tables | None = None,
    n_boot: int = 499,
    labels: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the barriers of each region of a country in words.

    Parameters
    ----------
    geo : str
        Member State.
    rng : numpy.random.Generator
        For the intervals of the general part.
    labels : mapping, optional
        Names of the indicators by code, if not those of table `indicator`.

    Returns
    -------
    pandas.DataFrame
        One row per region, furthest behind first: region_code, name, group, relative (published index, EU = 100), gap
        (to the EU, index points, the sum of its contributions), adjustment (gap of the published index less that sum:
        the factor by which it scales the regions of a country to their national index), general (largest barriers that
        lagging regions share and this one has), own (largest ones beyond them, with the whole interval), government
        (quality of government against the EU, with its margin), n_indicators, n_zero (scores of zero), source_id. A
        region that is not lagging has no general barriers; `own` then names the indicators in which it is furthest
        behind the EU.

    Raises
    ------
    ParameterError
        If `geo` is not a Member State.
    """
    tables = _tables(tables)
    codes = list(member_states(tables)["geo"])
    if geo not in codes:
        raise ParameterError(f"geo={geo!r}: allowed are {', '.join(codes)}")
    contributions = regional_contributions(tables)
    split = barriers.two_way_split(contributions, lagging_regions(tables), require_rng(rng), n_boot=n_boot)
    regions = barriers.region_groups(tables).query("geo == @geo")
    gaps = barriers.unit_gaps(contributions).set_index("unit")
    government = barriers.institutional_gaps(tables=tables).query("measure == 'eqi'").set_index("unit")
    zero = tables["ris_score"].query("year == 2023").groupby("region_code")["is_zero"].sum()
    index = tables["ris_index"].query("edition == 2023 and year == 2023").set_index("region_code")["value"]
    source = tables["ris_score"].groupby("region_code")["source_id"].first()
    labels, rows = _labels(tables) if labels is None else labels, []
    for code, region in regions.iterrows():
        general, own = _in_words(code, split, contributions, labels)
        rows.append(
            {
                "region_code": code,
                "name": region["name"],
                "group": region["group"],
                "relative": region["relative"],
                "gap": gaps.at[code, "gap"],
                "adjustment": index["EU"] - index[code] - gaps.at[code, "gap"],
                "general": general,
                "own": own,
                "government": _government(code, government),
                "n_indicators": int(gaps.at[code, "n_indicators"]),
                "n_zero": int(zero[code]),
                "source_id": source[code],
            }
        )
    return pd.DataFrame(rows).sort_values(["relative", "region_code"], ignore_index=True)


def _in_words(code: str, split: barriers.Split, contributions: pd.DataFrame, labels) -> tuple[str, str]:
    """The largest general and own barriers of one region as text, with the gap in index points."""
    if code not in set(split.parts["unit"]):
        behind = contributions[(contributions["unit"] == code) & (contributions["contribution"] > 0)]
        behind = behind.sort_values(["contribution", "indicator_code"], ascending=[False, True]).head(TOP)
        return "none: not a lagging region", _listed(
            behind["indicator_code"], behind["contribution"], labels, "behind the EU in nothing measured"
        )
    rows = barriers.specific_barriers(split, code)
    shared = barriers.general_barriers(split).query("is_barrier")["indicator_code"]
    general = rows[rows["indicator_code"].isin(shared) & (rows["contribution"] > 0)]
    general = general.sort_values(["general", "indicator_code"], ascending=[False, True]).head(TOP)
    own = rows[rows["own_barrier"]].head(TOP)
    return (
        _listed(general["indicator_code"], general["general"], labels, "none of those that lagging regions share"),
        _listed(own["indicator_code"], own["own"], labels, "none clearly beyond those that lagging regions share"),
    )


def _listed(codes, points, labels, none: str) -> str:
    return "; ".join(f"{labels[c]} ({p:.1f})" for c, p in zip(codes, points)) or none


def _government(code: str, rows: pd.DataFrame) -> str:
    if code not in rows.index:
        return "no figure"
    row = rows.loc[code]
    gap, low, high = (show(-float(row[c]), "{:+.2f}") for c in ("gap", "gap_high", "gap_low"))
    return f"{GOVERNMENT[row['reading']]} ({gap}, {low} to {high})"
