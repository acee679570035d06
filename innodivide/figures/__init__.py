"""Drawing, and nothing else: tidy frames in, matplotlib figures out; no file read or written, no global state.

Every function sorts its rows by key, so the order of the input does not matter, and the same input gives the same bytes
through `save_bytes`. Figures have no title: title, caption and source belong to the exhibit.
"""

from innodivide.figures.bars import bars, dumbbells
from innodivide.figures.choice_curve import specification_curve
from innodivide.figures.country_maps import regions_beside
from innodivide.figures.curves import lines, lorenz_plot
from innodivide.figures.distributions import grouped_strip, null_histogram
from innodivide.figures.estimates import interval_plot, power_curve
from innodivide.figures.maps import region_map
from innodivide.figures.matrices import group_history, presence_matrix
from innodivide.figures.panels import ENDS, record_and_scenarios, strength_columns
from innodivide.figures.projection import project
from innodivide.figures.rows import observed_expected, ranked_dots
from innodivide.figures.style import ACCENT, GROUP_COLOURS, save_bytes
from innodivide.figures.tile_maps import tile_map
from innodivide.figures.tiles import tile_rows

__all__ = [
    "ACCENT",
    "ENDS",
    "GROUP_COLOURS",
    "bars",
    "dumbbells",
    "group_history",
    "grouped_strip",
    "interval_plot",
    "lines",
    "lorenz_plot",
    "null_histogram",
    "observed_expected",
    "power_curve",
    "presence_matrix",
    "project",
    "ranked_dots",
    "record_and_scenarios",
    "region_map",
    "regions_beside",
    "save_bytes",
    "specification_curve",
    "strength_columns",
    "tile_map",
    "tile_rows",
]
