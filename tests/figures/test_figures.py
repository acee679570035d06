"""Figures: drawn values equal the data, bytes do not depend on row order or settings, colours can be told apart."""

import itertools
import re
from io import BytesIO

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import image
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

from innodivide import figures
from innodivide.errors import ParameterError
from innodivide.figures import style
from innodivide.figures.label_places import spread
from innodivide.figures.style import INK, QUIET, SERIES_COLOURS, SERIES_DASHES
from innodivide.wording import GROUP_LABELS, GROUP_LETTERS

COUNTRY = pd.DataFrame(
    {
        "geo": ["SE", "DE", "PL", "MT", "RO"],
        "name": ["Sweden", "Germany", "Poland", "Malta", "Romania"],
        "group": ["leader", "strong", "moderate", None, "modest"],
        "value": [140.0, 120.5, 70.0, np.nan, 35.25],
        "low": [130.0, 110.0, 60.0, np.nan, 30.0],
        "high": [150.0, 130.0, 80.0, np.nan, 41.0],
        "expected": [120.0, 121.0, 90.0, 80.0, 36.0],
    }
)
GRID = pd.DataFrame({"geo": ["SE", "DE", "PL", "MT", "RO", "IE"], "row": [0, 1, 1, 3, 2, 1], "col": [3, 2, 3, 2, 3, 0]})
HISTORY = pd.DataFrame(
    [
        ("SE", 2019, "leader", 1),
        ("SE", 2020, "leader", 1),
        ("SE", 2021, "leader", 1),
        ("PL", 2020, "moderate", 2),
        ("PL", 2021, "emerging", 2),
    ],
    columns=["geo", "edition", "group", "order"],
)
POINTS = pd.DataFrame(
    {
        "code": ["PL1", "PL2", "PL3", "DE1"],
        "name": ["Eins", "Zwei", "Fern", "Drei"],
        "geo": ["PL", "PL", "PL", "DE"],
        "lon": [17.0, 20.0, -60.0, 10.0],
        "lat": [51.0, 53.0, 10.0, 51.0],
        "group": ["moderate", "emerging", "leader", "strong"],
        "rii": [70.0, np.nan, 55.0, 120.0],
    }
)
OUTLINES = pd.DataFrame(
    [
        (g, layer, 1, i, w + x * dx, s + y * dy)
        for g, layer, w, s, dx, dy in [
            ("PL", "eu27", 15, 49, 8, 5),
            ("DE", "eu27", 6, 48, 9, 7),
            ("UA", "context", 23, 48, 9, 4),
        ]
        for i, (x, y) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)])
    ],
    columns=["geo", "layer", "part", "seq", "lon", "lat"],
)
BESIDE = pd.DataFrame(
    {"label": ["Poland", "Poland", "Spain"], "value": [70.0, 55.0, 90.0], "group": ["moderate", "emerging", "strong"]}
)
ROLES = pd.DataFrame(
    {
        "name": ["Sweden", "Sweden", "Poland", "Malta", "Malta"],
        "ipcei": ["ME1", "BAT1", "ME1", "BAT1", "ME1"],
        "role": ["notifying", "notifying", "notifying", "associated", None],
    }
)
CURVES = pd.DataFrame(
    [(s, x, x**k) for s, k in (("aid", 4), ("places", 2)) for x in np.linspace(0, 1, 6)],
    columns=["series", "cum_units", "cum_share"],
)
SERIES = pd.DataFrame(
    [
        (y, s, v + y - 2016, v - 3, v + 9)
        for y in range(2016, 2020)
        for s, v in (("leader", 130), ("emerging", 50), ("Poland", 52))
    ],
    columns=["year", "series", "value", "low", "high"],
)
ESTIMATES = pd.DataFrame(
    {
        "choice": ["registered", "lagged", "separated"],
        "or": [1.8, 0.6, np.nan],
        "low": [0.8, 0.0, np.nan],
        "high": [4.1, np.inf, np.nan],
        "n": ["n = 297", "n = 270", None],
    }
)
POWER = pd.DataFrame({"or": [1.0, 2.0, 4.0, 8.0], "power": [0.05, 0.3, 0.7, 0.95], "se": [0.01, 0.02, 0.02, 0.01]})
PAIRED = pd.DataFrame(
    [(r, k, v, v - 0.1, v + 0.3) for r, v in (("GDP", 0.1), ("People", 0.4)) for k in ("places", "aid")],
    columns=["benchmark", "quantity", "gini", "low", "high"],
).assign(order=range(4))
PAIRED["gini"] += np.arange(4) / 50
CHANGES = pd.DataFrame(
    {"name": ["Sweden", "Poland", "Malta"], "first": [140.0, 60.0, 90.0], "last": [135.0, 66.0, 90.0]}
)
COUNTS = COUNTRY[["geo", "group"]].assign(n=[3, 11, 3, 1, 0], rank=range(5))
DRAWS = pd.DataFrame({"value": [0, 1, 2, 3, 4], "count": [10, 40, 30, 15, 5]})

PRESENCE = {
    "order_rows": ["Sweden", "Poland", "Malta"],
    "order_columns": ["ME1", "BAT1"],
    "full": ["notifying"],
    "full_name": "notified",
}
OUTCOMES = {"observed": "value", "expected": "expected", "low": "low", "high": "high"}
ENDS = ("low", "high")
SPECIFICATIONS = ESTIMATES.assign(or_=[1.8, 0.6, 2.2], low=[0.8, 0.1, 1.1], high=[4.1, 9.0, 5.0], status="fixed")

SHAPES = {"triangles": "emerging", "triangles_name": "lagging", "discs_name": "other"}

# name -> (frame, a column that it needs, call); the second frame of a map is fixed
CASES = {
    "tile_map": (COUNTRY, "geo", lambda f: figures.tile_map(f, GRID, "group", "Group")),
    "tile_map numbers": (COUNTRY, "value", lambda f: figures.tile_map(f, shuffled(GRID), "value", kind="sequential")),
    "region_map": (POINTS, "lon", lambda f: figures.region_map(f, OUTLINES, "group")),
    "region_map numbers": (
        POINTS.assign(lists=[0, 3, 1, np.nan]),
        "lists",
        lambda f: figures.region_map(f, shuffled(OUTLINES), "lists", "Lists", zero="none", **SHAPES),
    ),
    "regions_beside": (POINTS, "lat", lambda f: figures.regions_beside(f, OUTLINES, BESIDE, "PL", "EU = 100")),
    "group_history": (HISTORY, "order", lambda f: figures.group_history(f)),
    "ranked_dots": (COUNTRY, "value", lambda f: figures.ranked_dots(f, "name", "value", "group", 100, "EU")),
    "observed_expected": (
        COUNTRY,
        "expected",
        lambda f: figures.observed_expected(f, "name", **OUTCOMES, highlight="Poland"),
    ),
    "interval_plot": (ESTIMATES, "n", lambda f: figures.interval_plot(f, "choice", "or", *ENDS, note="n")),
    "bars": (PAIRED, "gini", lambda f: figures.bars(f, "benchmark", "gini", "order", *ENDS, kind="quantity")),
    "bars plain": (COUNTS, "n", lambda f: figures.bars(f, "geo", "n", "rank", text="{:.0f}".format)),
    "dumbbells": (
        CHANGES,
        "last",
        lambda f: figures.dumbbells(f, "name", "first", "last", ("2018", "2025"), 100, "EU"),
    ),
    "specification_curve": (
        SPECIFICATIONS,
        "status",
        lambda f: figures.specification_curve(f, "choice", "or_", *ENDS, {"status": "Status"}, "lagged"),
    ),
    "tile_rows": (COUNTS, "n", lambda f: figures.tile_rows(f, shuffled(GRID), "group", "n", xlabel="Projects")),
    "lines": (SERIES, "low", lambda f: figures.lines(f, "year", "value", "series", *ENDS, highlight="Poland")),
    "lines bars": (SERIES, "high", lambda f: figures.lines(f, "year", "value", "series", *ENDS, bars=True, height=2.5)),
    "lorenz_plot": (CURVES, "cum_share", lambda f: figures.lorenz_plot(f)),
    "presence_matrix": (ROLES, "role", lambda f: figures.presence_matrix(f, "name", "ipcei", "role", **PRESENCE)),
    "null_histogram": (DRAWS, "count", lambda f: figures.null_histogram(f, 3, "Leaders", note="p = 0.20")),
    "null_histogram span": (
        DRAWS,
        "count",
        lambda f: figures.null_histogram(f, 0, tail="lower", span=(1, 3), height=2.2),
    ),
    "grouped_strip": (COUNTRY, "group", lambda f: figures.grouped_strip(f, "group", "value", "name")),
    "power_curve": (POWER, "se", lambda f: figures.power_curve(f, "or", "power", "se", 0.8, 5.2)),
}


def shuffled(frame):
    return frame.sample(frac=1, random_state=3)


@pytest.fixture(scope="module")
def drawn():
    return {name: call(frame) for name, (frame, _, call) in CASES.items()}


@pytest.fixture(scope="module")
def saved(drawn):
    return {name: {fmt: figures.save_bytes(figure, fmt) for fmt in ("svg", "png")} for name, figure in drawn.items()}


def axes(figure):
    return figure.axes[0]


def marks(figure, label="values"):
    """Return x, y of the drawn marks with a label."""
    return np.concatenate([c.get_offsets() for c in axes(figure).collections if c.get_label() == label])


def row_names(figure):
    return {round(t, 6): text.get_text() for t, text in zip(axes(figure).get_yticks(), axes(figure).get_yticklabels())}


def by_name(figure, label="values"):
    names = row_names(figure)
    return {names[round(y, 6)]: x for x, y in marks(figure, label)}


def known(frame, key, value):
    return frame.dropna(subset=[value]).set_index(key)[value].to_dict()


# --- bytes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_same_bytes_again_and_from_shuffled_rows(name, saved):
    frame, _, call = CASES[name]
    given = shuffled(frame)
    again = call(given)
    pd.testing.assert_frame_equal(given, shuffled(frame))  # the input is left alone
    assert {fmt: figures.save_bytes(again, fmt) for fmt in ("svg", "png")} == saved[name]


@pytest.mark.parametrize("name", CASES)
def test_column_width_readable_and_nothing_cut(name, drawn, saved):
    picture = image.imread(BytesIO(saved[name]["png"]))[:, :, :3]
    assert picture.shape[1] == 1950  # 6.5 in at 300 dots per inch
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == 1).all(), "something runs off the figure"
    assert min(t.get_fontsize() for t in drawn[name].findobj(Text) if t.get_text()) >= 8
    assert not any(a.get_title() for a in drawn[name].axes)


@pytest.mark.parametrize("name", CASES)
def test_on_a_phone_letters_are_as_large_and_nothing_is_cut(name, drawn):
    figure = drawn[name].narrow()
    if name in ("specification_curve", "tile_rows"):  # too many columns: they are scrolled sideways
        assert style.narrow_svg(drawn[name]) == ""
        return
    assert figure.get_figwidth() == style.NARROW < drawn[name].get_figwidth()
    figure.savefig(taken := BytesIO(), format="png", dpi=60, facecolor="white")
    picture = image.imread(BytesIO(taken.getvalue()))[:, :, :3]
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == 1).all(), "something runs off the figure"
    assert min(t.get_fontsize() for t in figure.findobj(Text) if t.get_text()) >= 8


def test_a_phone_gets_the_same_bytes_from_shuffled_rows(drawn):
    frame, _, call = CASES["interval_plot"]
    assert style.narrow_svg(call(shuffled(frame))) == style.narrow_svg(drawn["interval_plot"]) != ""


def test_paths_of_an_svg_are_rounded_and_scales_are_not(saved):
    svg = saved["region_map"]["svg"].decode()
    assert not [d for d in re.findall(r' d="([^"]*)"', svg) if re.search(r"\.\d{3}", d)]
    assert "scale(0.015625)" in svg  # of letters


def test_svg_text_is_paths_without_date(drawn, saved):
    svg = saved["ranked_dots"]["svg"].decode()
    assert "<text" not in svg and "dc:date" not in svg and "Matplotlib v" not in svg
    with pytest.raises(ParameterError, match="'pdf'"):
        figures.save_bytes(drawn["ranked_dots"], "pdf")


def test_reader_settings_neither_matter_nor_change(saved):
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.grid": True, "svg.hashsalt": "other"}):
        before = dict(matplotlib.rcParams)
        frame, _, call = CASES["lines"]
        mine = figures.save_bytes(call(frame), "svg")
        assert dict(matplotlib.rcParams) == before
    assert mine == saved["lines"]["svg"]
    assert matplotlib._pylab_helpers.Gcf.get_all_fig_managers() == []


# --- what is drawn is what is in the frame ---------------------------------------------------------------------------


def test_ranked_dots_draws_the_values_in_order(drawn):
    figure = drawn["ranked_dots"]
    assert by_name(figure) == known(COUNTRY, "name", "value")
    assert list(row_names(figure).values()) == ["Sweden", "Germany", "Poland", "Romania", "Malta"]
    assert "no data" in [t.get_text() for t in axes(figure).texts]


def test_observed_expected_draws_both_and_the_interval(drawn):
    figure = drawn["observed_expected"]
    assert by_name(figure) == known(COUNTRY, "name", "value")
    assert by_name(figure, "expected") == known(COUNTRY, "name", "expected")
    interval = next(c for c in axes(figure).collections if c.get_label() == "interval")
    ends = {tuple(s[:, 0]) for s in interval.get_segments() if len(s) and np.isfinite(s).all()}
    assert ends == set(COUNTRY[["low", "high"]].dropna().itertuples(index=False, name=None))


def test_interval_plot_draws_and_prints(drawn):
    figure = drawn["interval_plot"]
    assert by_name(figure) == known(ESTIMATES, "choice", "or")
    texts = [t.get_text() for t in axes(figure).texts]
    assert {"1.80 (0.80 to 4.10)", "0.60 (0.00 to ∞)", "not estimated"} <= set(texts)
    left, right = axes(figure).get_xlim()
    assert 0 < left < 0.6 and right > 4.1


def test_an_exact_number_is_printed_without_an_interval():
    exact = ESTIMATES.iloc[:2].assign(low=[np.nan, 0.1], high=[np.nan, 2.0])
    texts = [x.get_text() for x in axes(figures.interval_plot(exact, "choice", "or", *ENDS)).texts]
    assert "1.80" in texts and "0.60 (0.10 to 2.00)" in texts


def test_bars_name_the_kinds_in_the_first_row_only(drawn):
    texts = [x.get_text() for x in axes(drawn["bars"]).texts]
    assert texts == ["10%  places", "12%  aid", "44%", "46%"]
    assert [p.get_width() for p in axes(drawn["bars"]).patches] == pytest.approx(PAIRED["gini"].tolist())
    (intervals,) = (c for c in axes(drawn["bars"]).collections if c.get_label() == "interval")
    drawn_ends = np.array([s[:, 0] for s in intervals.get_segments()])
    assert drawn_ends == pytest.approx(PAIRED[["low", "high"]].to_numpy())
    assert [x.get_text() for x in axes(drawn["bars plain"]).texts] == ["3", "11", "3", "1", "0"], "zero is said"


def test_dumbbells_rank_by_the_last_and_show_falls_in_the_accent_colour(drawn):
    ax = axes(drawn["dumbbells"])
    assert [x.get_text() for x in ax.get_yticklabels()] == ["Sweden", "Malta", "Poland"]
    last = next(c for c in ax.collections if c.get_label() == "values")
    fallen = [to_hex(c) == figures.ACCENT.lower() for c in last.get_facecolors()]
    assert fallen == [True, False, False]
    named = {x.get_text(): x.get_ha() for x in ax.texts}
    assert named["2018"] == "left" and named["2025"] == "right", "each on the outer side of its dot"


def test_tile_rows_hatches_what_is_not_known_and_stacks_equal_numbers(drawn):
    first, second = drawn["tile_rows"].axes
    assert {p.get_label() for p in first.patches if p.get_hatch()} == {"MT", "IE"}
    assert {p.get_label() for p in second.patches} == {"SE", "DE", "PL", "RO"}
    twice = figures.tile_rows(COUNTS.assign(group="strong", n=2), GRID, "group", "n")
    x, y = zip(*[(p.get_x(), round(p.get_y(), 6)) for p in twice.axes[1].patches])
    assert len(set(x)) == 1 and len(set(y)) == 5


def test_tile_map_and_history_colour_the_groups(drawn):
    tiles = {p.get_label(): to_hex(p.get_facecolor()) for p in axes(drawn["tile_map"]).patches}
    for geo, group in known(COUNTRY, "geo", "group").items():
        assert tiles[geo] == figures.GROUP_COLOURS[group].lower()
    hatched = {p.get_label() for p in axes(drawn["tile_map"]).patches if p.get_hatch()}
    assert {"MT", "IE"} <= hatched
    cells = {p.get_label(): to_hex(p.get_facecolor()) for p in axes(drawn["group_history"]).patches}
    for row in HISTORY.itertuples():
        assert cells[f"{row.geo} {row.edition}"] == figures.GROUP_COLOURS[row.group].lower()


def test_history_breaks_where_the_scale_changed(drawn):
    across = axes(drawn["group_history"]).get_xticks()
    assert across[2] - across[1] > across[1] - across[0]
    assert "scale changed" in [t.get_text() for t in axes(drawn["group_history"]).texts]
    late = figures.group_history(HISTORY[HISTORY["edition"] >= 2021])
    assert "scale changed" not in [t.get_text() for t in axes(late).texts]


def test_lines_and_lorenz_draw_the_points(drawn):
    for name, frame, x, y in (("lines", SERIES, "year", "value"), ("lorenz_plot", CURVES, "cum_units", "cum_share")):
        lines = {line.get_label(): line.get_xydata() for line in axes(drawn[name]).lines}
        for series, part in frame.groupby("series"):
            assert np.array_equal(lines[series], part[[x, y]].to_numpy(float))


def test_presence_matrix_places_roles_and_totals(drawn):
    figure = drawn["presence_matrix"]
    heads = [t.get_text() for t in axes(figure).get_xticklabels()]
    names = row_names(figure)
    pairs = {(names[y], heads[int(x)]) for x, y in marks(figure, "full")}
    assert pairs == {("Sweden", "ME1"), ("Sweden", "BAT1"), ("Poland", "ME1")}
    assert {(names[y], heads[int(x)]) for x, y in marks(figure, "other")} == {("Malta", "BAT1")}
    assert {"2", "1", "0+1", "1+1"} <= {t.get_text() for t in axes(figure).texts}
    with pytest.raises(ParameterError, match="Malta"):
        figures.presence_matrix(ROLES, "name", "ipcei", "role", **PRESENCE | {"order_rows": ["Sweden", "Poland"]})


@pytest.mark.parametrize(
    ("tail", "observed", "shaded"), [("upper", 3, 20), ("lower", 1, 50), ("both", -3, 20), ("upper", 9, 0)]
)
def test_null_histogram_shades_exactly_the_tail(tail, observed, shaded):
    for draws in (DRAWS, np.repeat(DRAWS["value"], DRAWS["count"])):
        figure = figures.null_histogram(draws, observed, tail=tail)
        bars = {c.get_label(): sum(p.get_height() for p in c) for c in axes(figure).containers}
        assert bars == {"rest": 100 - shaded, "tail": shaded}


def test_null_histogram_bins_keep_every_draw():
    draws = np.sin(np.arange(1.0, 3001.0)) * 3
    figure = figures.null_histogram(draws, 1.234)
    bars = {c.get_label(): sum(p.get_height() for p in c) for c in axes(figure).containers}
    assert bars == {"rest": (draws < 1.234).sum(), "tail": (draws >= 1.234).sum()}


def test_grouped_strip_draws_all_dots_and_means(drawn):
    figure = drawn["grouped_strip"]
    assert sorted(marks(figure)[:, 0]) == sorted(known(COUNTRY, "name", "value").values())
    means = {line.get_xdata()[0] for line in axes(figure).lines if line.get_label() == "mean"}
    assert means == {140.0, 120.5, 70.0, 35.25}
    assert "no data: Malta" in [t.get_text() for t in figure.legends[0].get_texts()]


def test_grouped_strip_keeps_equal_values_apart():
    frame = pd.DataFrame({"g": "strong", "v": [1.0] * 9, "n": list("abcdefghi")})
    y = np.sort(marks(figures.grouped_strip(frame, "g", "v", "n"))[:, 1])
    assert (np.diff(y) > 0.02).all()


def test_power_curve_says_when_the_target_is_not_reached(drawn):
    curve = axes(drawn["power_curve"]).lines[0].get_xydata()
    assert np.array_equal(curve, POWER[["or", "power"]].to_numpy())
    short_of = figures.power_curve(POWER, "or", "power", "se", 0.8, np.nan)
    assert "target 80%: not reached here" in [t.get_text() for t in axes(short_of).texts]


# --- maps ------------------------------------------------------------------------------------------------------------


def test_projection_matches_the_published_example():
    # IOGP Guidance Note 7-2, method 9820, worked example for ETRS89 / LAEA Europe
    x, y = figures.project([5.0, 10.0], [50.0, 52.0])
    assert np.allclose(x, [3962799.45, 4321000.0], atol=0.01) and np.allclose(y, [2999718.85, 3210000.0], atol=0.01)


def test_region_map_places_points_and_lists_those_outside(drawn):
    x, y = figures.project([10.0], [51.0])
    assert np.allclose(marks(drawn["region_map"], "strong"), np.column_stack([x, y]))
    assert "Not on the map: Fern (L)." in axes(drawn["region_map"]).get_xlabel()
    assert "Not on the map: Fern (1)." in axes(drawn["region_map numbers"]).get_xlabel()
    beside = drawn["regions_beside"]
    assert len(marks(beside, "moderate")) == len(marks(beside, "emerging")) == 1
    assert {"M", "E", "Eins", "Zwei"} <= {t.get_text() for t in axes(beside).texts}


def test_a_map_of_numbers_tells_zero_from_small_and_marks_a_group(drawn):
    figure = drawn["region_map numbers"]
    assert [len(marks(figure, kind)) for kind in ("no data", "none", "marked", "value")] == [1, 1, 1, 0]
    small = next(c for c in axes(figure).collections if c.get_label() == "none")
    assert to_hex(small.get_facecolor()[0]) == "#ffffff" and small.get_sizes()[0] < 20
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["no data", "none", "lagging", "other"]


def test_region_labels_do_not_cover_each_other():
    places = [(lon, lat) for lon in np.linspace(15.5, 22.5, 4) for lat in np.linspace(49.5, 53.5, 3)]
    frame = pd.DataFrame(places, columns=["lon", "lat"]).assign(geo="PL", group="strong")
    frame = frame.assign(code=[f"PL{i:02}" for i in frame.index], name=[f"Long region name {i}" for i in frame.index])
    figure = figures.regions_beside(frame, OUTLINES, BESIDE, "PL")
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in axes(figure).texts if len(t.get_text()) > 1]
    assert len(boxes) == len(frame)
    assert not any(a.shrunk(0.98, 0.9).overlaps(b.shrunk(0.98, 0.9)) for a, b in itertools.combinations(boxes, 2))


def test_points_on_one_spot_are_moved_apart():
    frame = POINTS.assign(lon=17.0, lat=51.0)
    figure = figures.region_map(frame, OUTLINES, "group")
    assert len({tuple(marks(figure, group)[0]) for group in frame["group"]}) == 4


# --- hard cases and mistakes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        COUNTRY[:1],
        COUNTRY.assign(value=5.0, low=5.0, high=5.0),
        COUNTRY.assign(value=np.nan),
        COUNTRY.assign(name="A label so long that it has to be broken into lines, for " + COUNTRY["name"]),
    ],
    ids=["one row", "all equal", "no value", "long labels"],
)
def test_hard_frames_are_drawn(frame):
    figures.ranked_dots(frame, "name", "value", group="group")
    figures.observed_expected(frame, "name", **OUTCOMES)
    figures.tile_map(frame, GRID, "value", kind="sequential")
    figures.interval_plot(frame, "name", "value", "low", "high")


@pytest.mark.parametrize("name", CASES)
def test_missing_column_and_no_rows_are_named(name):
    frame, needed, call = CASES[name]
    with pytest.raises(ParameterError, match=rf"^{name.split()[0]}: no column '{needed}'"):
        call(frame.drop(columns=needed))
    with pytest.raises(ParameterError, match="no rows"):
        call(frame[:0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.tile_map(COUNTRY.assign(group="leading"), GRID, "group"), "innovation group 'leading'"),
        (lambda: figures.tile_map(COUNTRY, GRID[:2], "group"), "no square for MT, PL, RO"),
        (lambda: figures.tile_rows(COUNTS, GRID[:2], "group", "n"), "no square for MT, PL, RO"),
        (lambda: figures.tile_rows(COUNTS.assign(n=0.5), GRID, "group", "n"), "whole numbers"),
        (lambda: figures.tile_map(COUNTRY, GRID, "group", kind="continuous"), "'group' or 'sequential'"),
        (lambda: figures.regions_beside(POINTS, OUTLINES, BESIDE, "FR"), "focus 'FR'"),
        (lambda: figures.group_history(pd.concat([HISTORY, HISTORY])), "comes more than once"),
        (lambda: figures.ranked_dots(COUNTRY, "name", "group"), "'group' is not numeric"),
        (lambda: figures.interval_plot(ESTIMATES.assign(n=-0.5), "choice", "n", "low", "high"), "log=True"),
        (
            lambda: figures.bars(PAIRED.assign(quantity=list("abcd")), "benchmark", "gini", "order", kind="quantity"),
            "at most 2 kinds",
        ),
        (lambda: figures.bars(COUNTS.assign(n=-1), "geo", "n", "rank"), "at or above zero"),
        (
            lambda: figures.dumbbells(CHANGES.assign(last=np.nan), "name", "first", "last", ("a", "b")),
            "missing or infinite",
        ),
        (lambda: figures.null_histogram([1.0, 2.0], 1, tail="left"), "'upper', 'lower' or 'both'"),
        (lambda: figures.null_histogram([1.0, np.nan], 1), "missing"),
        (lambda: figures.grouped_strip(COUNTRY.assign(value=np.nan), "group", "value", "name"), "no row has both"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_numbers_as_printed():
    printed = [style.three_digits(v) for v in (0.5, 12.34, 1234.5, -0.03, np.inf, 2e7)]
    assert " ".join(printed) == "0.50 12.3 1,234 −0.03 ∞ 2.0e+07"
    assert [style.short(v) for v in (4.0, 1.5, 100.0, 12.0)] == ["4", "1.5", "100", "12"]


def test_spread_keeps_order_and_gap():
    placed = spread([5.0, 0.0, 5.1, 5.2], 1.0)
    assert np.allclose(np.diff(placed[[1, 0, 2, 3]]), [4.1, 1, 1]) and np.isclose(placed[[0, 2, 3]].mean(), 5.1)


# --- colours ---------------------------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes (2009), IEEE Trans. Visualization and Computer Graphics 15(6): severity 1, linear RGB
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, sight="normal"):
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(SIGHT[sight] @ linear, 0, 1) / (TO_XYZ @ np.ones(3))
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


GROUPS = [figures.GROUP_COLOURS[g] for g in ("leader", "strong", "moderate", "emerging")]
# least distances in CIE L*a*b* (CIE 15: the 1976 difference; about 2.3 is the least that is noticed)
PALETTES = {"groups and accent": ([*GROUPS, figures.ACCENT], 20), "lines": (SERIES_COLOURS, 10)}


def test_simulated_sight_leaves_greys_alone_and_merges_what_it_should():
    """Rows of the matrices add up to one; red and green of one lightness come together for a deuteranope."""
    for sight, matrix in SIGHT.items():
        assert matrix.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
        assert lab("#777777", sight)[1:] == pytest.approx([0, 0], abs=0.1)
    assert np.linalg.norm(lab("#C00000") - lab("#3F7A00")) > 3 * np.linalg.norm(
        lab("#C00000", "deuteranopia") - lab("#3F7A00", "deuteranopia")
    )
    assert lab("#FFFFFF")[0] == pytest.approx(100, abs=0.01) and lab("#777777")[0] == pytest.approx(50.03, abs=0.1)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", PALETTES)
def test_colours_of_a_palette_stay_apart(name, sight):
    colours, least = PALETTES[name]
    for a, b in itertools.combinations(colours, 2):
        assert np.linalg.norm(lab(a, sight) - lab(b, sight)) > least, (a, b)


def test_what_stays_close_in_colour_differs_in_another_way():
    """Lines have dashes of their own and a name at their end."""
    assert len({str(d) for d in SERIES_DASHES}) == len(SERIES_DASHES) >= len(SERIES_COLOURS)
    assert len({*GROUP_LETTERS.values()}) == len(GROUP_LETTERS)


def test_groups_are_ordered_and_apart_in_grey():
    assert np.diff([lab(c)[0] for c in GROUPS]).min() > 18  # darkest is the leader
    assert figures.GROUP_COLOURS["modest"] == figures.GROUP_COLOURS["emerging"]
    assert abs(lab(SERIES_COLOURS[0])[0] - lab(SERIES_COLOURS[1])[0]) > 30, "the two lines of the brief"
    assert list(GROUP_LABELS) == list(figures.GROUP_COLOURS)


@pytest.mark.parametrize("colour", [figures.ACCENT, INK, QUIET])
def test_lines_stand_out_from_the_paper(colour):
    """Contrast of at least 2.9 to 1 with white, about what WCAG 2.1 (1.4.11) asks of graphics; texts 4.5 to 1."""
    luminance = ((lab(colour)[0] + 16) / 116) ** 3
    assert 1.05 / (luminance + 0.05) > (4.5 if colour in (INK, QUIET) else 2.9)
