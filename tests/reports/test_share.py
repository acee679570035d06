"""Pictures to share: their size, the same bytes, the whole text inside, and which reports have them."""

import io

import matplotlib.image
import pytest
from matplotlib.figure import Figure
from page_blocks import ALT, frame

from innodivide.narrative.exhibits import figure
from innodivide.narrative.words_file import Words
from innodivide.reports.pages import share

LONG = "A state that is a leader takes part in 33% of all the projects that were open to it, and another in 32%; " * 2


def payload(width: float, height: float, title: str = "The line falls") -> dict:
    drawing = Figure(figsize=(width, height))
    drawing.subplots().plot([2, 1])
    source = ["EIS25_DB"]
    made = figure(
        "F9.1", title, drawing, frame(), alt=ALT, sources=source, share="Lines: 95% intervals.", edition="EIS 2025"
    )
    return made.payload()


@pytest.mark.parametrize(("width", "height"), [(6.5, 1.2), (6.5, 9.0)])
def test_a_picture_has_its_size_whatever_the_drawing_and_nothing_is_cut(width, height):
    made = share.render(payload(width, height, LONG))
    pixels = matplotlib.image.imread(io.BytesIO(made))
    assert pixels.shape[:2] == (share.HEIGHT, share.WIDTH) and len(made) < 300_000
    edge = share.EDGE // 2
    for side in (pixels[:edge], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:]):
        assert (side[..., :3] == 1).all(), "the margin is free"


def test_the_same_figure_gives_the_same_picture():
    one = payload(6.5, 3)
    assert share.render(one) == share.render(one) != share.render(payload(6.5, 3, "Another title"))


def test_the_main_figures_and_the_annex_have_one():
    for name, ids in (("07_policy_brief", [f"F7.{n}" for n in range(1, 7)]), ("country_annex", ["FA.1"])):
        assert [i for i, entry in Words(name).entries.items() if "share" in entry] == ids
