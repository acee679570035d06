"""Claim C10 by the rule first registered, on the barriers of lagging regions: its parts, as report 06 shows them.

Weights and the reading of zeros were chosen after a first run with equal weights, for their fit to the published index;
`finding_sensitivities` shows the verdict under every choice.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables, indicators_of, once
from innodivide.errors import ParameterError
from innodivide.evidence.claims.thresholds import MATTERS
from innodivide.indicators import barriers, composite
from innodivide.indicators.regions import first_year, regions
from innodivide.models.result import require_rng

NAMED = {
    "support": ("2.1.1", "public R&D expenditure"),
    "internationalisation": ("1.2.1", "international co-publications"),
    "bureaucracy": ("eqi", "quality of government"),
}
TOP = 3


def lagging_regions(tables: Tables) -> pd.Series:
    """Return the country of each lagging EU27 region (group emerging of the RIS), indexed by region_code."""
    rows = regions(tables)
    return rows.loc[rows["group"] == "emerging", "geo"]


@once
def regional_contributions(
    tables: Tables, year: int | None = None, reference: str = "EU", zeros: str = "read", weights: str = "published"
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
    groups = regions(tables)
    leaders = list(groups.index[groups["group"] == "leader"])
    values = barriers.implied_weights(tables) if weights == "published" else None
    return barriers.gap_contributions(barriers.region_scores(tables, year, zeros), reference, values, leaders)


def lagging_split(
    tables: Tables,
    rng: np.random.Generator,
    year: int | None = None,
    reference: str = "EU",
    zeros: str = "read",
    weights: str = "published",
    **options,
) -> barriers.Split:
    """Return the two-way split of the gaps of the lagging regions; `options` are those of `barriers.two_way_split`."""
    found = regional_contributions(tables, year, reference, zeros, weights)
    return barriers.two_way_split(found, lagging_regions(tables), rng, **options)


def government_split(tables: Tables, rng: np.random.Generator, reference: str = "EU", **options) -> barriers.Split:
    """Return the same split for the quality of government alone (standardised score, not index points)."""
    _ = tables["eqi"]  # without it there is nothing to split: `NotAvailable` says so
    gaps = barriers.institutional_gaps(tables, reference).query("measure == 'eqi'")
    rows = gaps[["unit", "gap"]].rename(columns={"gap": "contribution"}).assign(indicator_code="eqi")
    return barriers.two_way_split(rows, lagging_regions(tables), rng, **options)


@dataclass(frozen=True)
class FirstRule:
    """What the first rule reads, drawn once.

    Attributes
    ----------
    now, government : dict of barriers.Split
        By reference ("EU", "leaders"): the split of the indicators and that of the quality of government.
    first : barriers.Split
        That of the first year of the series, against the EU.
    """

    now: dict[str, barriers.Split]
    government: dict[str, barriers.Split]
    first: barriers.Split

    def verdict(self, reference: str = "EU") -> str:
        """Return the verdict by the first rule."""
        return verdict_of(*_named_and_shares(self.now[reference], self.government[reference]))


def first_rule(tables: Tables, rng: np.random.Generator, n_boot: int = 1999) -> FirstRule:
    """Return what the first rule reads; the generator is that of the claim, so that each number has one value."""
    rng = require_rng(rng)
    now = {"EU": lagging_split(tables, rng, n_boot=n_boot)}
    government = {"EU": government_split(tables, rng, n_boot=n_boot)}
    first = lagging_split(tables, rng, first_year(tables), n_boot=20)
    now["leaders"] = lagging_split(tables, rng, reference="leaders", n_boot=n_boot)
    government["leaders"] = government_split(tables, rng, "leaders", n_boot=n_boot)
    return FirstRule(now, government, first)


def finding_sensitivities(
    tables: Tables, rng: np.random.Generator, found: FirstRule, n_boot: int = 1999
) -> pd.DataFrame:
    """Return the verdict under every reading of the zeros, both weights and both references.

    The choices of the finding are taken from `found`, not drawn again.

    Returns
    -------
    pandas.DataFrame
        Columns reference, weights, zeros, support, support_low, internationalisation, internationalisation_low,
        bureaucracy, bureaucracy_low (mean gaps and lower ends), general, own, own_low (shares of the squared gaps),
        largest (indicator with the largest general part), verdict. Reference EU, published weights and zeros "read" is
        the choice of the finding.
    """
    rng, rows = require_rng(rng), []
    for reference in ("EU", "leaders"):
        government = found.government[reference]
        for weights in ("published", "equal"):
            for zeros in ("read", "missing", "keep"):
                split = found.now[reference]
                if (weights, zeros) != ("published", "read"):
                    split = lagging_split(tables, rng, reference=reference, zeros=zeros, weights=weights, n_boot=n_boot)
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


def indicator_names(tables: Tables) -> pd.Series:
    """Return the name of each indicator by code, as the scoreboards have it."""
    return indicators_of(tables, composite.EDITION).set_index("indicator_code")["label"]
