"""Rules on the panel of countries: it has what the models need, and each value is that of its series."""

from innodivide.data.checks.rules import Failures, Load, rule
from innodivide.data.panel_series import ROUNDING, lookup, possible

CONTROLS = ("population", "gdp_meur", "gdp_pc_pps")
_NAMED = 3  # states that a message names before it counts


@rule("country_panel", "country", "ipcei")
def controls_cover_every_decision(load: Load) -> Failures:
    """Population, GDP and GDP per head are known for each Member State in the year before each decision."""
    panel, decided = load("country_panel"), load.integrated().dropna(subset="decision_date")
    controls = panel[panel["variable"].isin(CONTROLS)]
    have, members = set(zip(controls["geo"], controls["year"], controls["variable"])), load.members()
    for ipcei_id, year in zip(decided["ipcei_id"], decided["decision_date"].dt.year - 1):
        for variable in CONTROLS:
            gone = [geo for geo in members if (geo, year, variable) not in have]
            if gone:
                more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
                why = f"{variable} of {', '.join(gone[:_NAMED])}{more} in {year}, needed for {ipcei_id}"
                yield load.fail_table("country_panel", "value", "", why)
    low = controls[~(controls["value"] > 0)]
    yield from load.fail("country_panel", low, "value", "population and GDP are above zero")


@rule("country_panel", "country_year", "correction")
def panel_values_are_those_of_their_series(load: Load) -> Failures:
    """A value of the panel is what country_year has for its series, or had before a correction."""
    panel, known = load("country_panel"), lookup(load("country_year"), load("correction"))
    before = panel.set_index(["geo", "variable", "year"])["value"].to_dict()
    wrong, why = [], {}
    for row in panel.itertuples():
        allowed = possible(row.geo, int(row.year), row.series, row.basis, known)
        if row.basis == "carried_forward":
            allowed = [before[k] for k in [(row.geo, row.variable, row.year - 1)] if k in before]
        margin = ROUNDING if row.basis == "spliced" else 1e-9 * abs(row.value)
        if not any(abs(row.value - value) <= margin for value in allowed):
            wrong.append(row.Index)
            why[row.Index] = _cure(row, allowed)
    yield from load.fail("country_panel", panel.loc[wrong], "value", lambda r: why[r.name])


def _cure(row, allowed: list[float]) -> str:
    if not allowed:
        return f"country_year.csv has {row.series} of {row.geo} for it; add that row, or name the series it is of"
    kept = (
        ""
        if row.basis == "carried_forward"
        else ("; to keep this value, which moves no result, record the revision of country_year.csv in corrections.csv")
    )
    value = f"{allowed[0]:.1f}" if row.basis == "spliced" else f"{allowed[0]:.12g}"
    return f"{value}, from {row.series} ({row.basis}){kept}"
