"""Values as a reader sees them, and sentences filled with them: nothing missing, nothing typed, nothing unescaped."""

import math
import re
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from innodivide.errors import ParameterError

UNKNOWN = "not known"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!~$&])")


def show(value, fmt: str = "", missing: str = UNKNOWN) -> str:
    """Return a value as the reader sees it; a missing one as `missing`, never nan."""
    if _is_missing(value):
        return missing
    if isinstance(value, bool) or str(getattr(value, "dtype", "")) == "bool":
        return "yes" if value else "no"
    if isinstance(value, datetime) and not fmt:
        return f"{value:%Y-%m-%d}"
    text = fmt.format(value) if fmt else f"{value:.4g}" if isinstance(value, float) else str(value)
    if re.fullmatch(r"[-+]0(\.0*)?( ?%)?( .*)?", text):
        return text[1:]  # a rounded zero has no sign
    return text.replace("-", "−", 1) if _is_negative_number(text) else text


def _is_missing(value) -> bool:
    """Tell None, NaN and what pandas has for missing; by name, as nothing here needs pandas."""
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float) and math.isnan(value))
    )


def in_a_sentence(name: str) -> str:
    """Return the name of a country as it stands within a sentence: one takes an article."""
    return f"the {name}" if name == "Netherlands" else name


def join_names(names: Sequence[str], none: str = "none") -> str:
    """Return "A, B and C"; countries as within a sentence."""
    names = [in_a_sentence(str(n)) for n in names]
    return none if not names else names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


class _Template(string.Formatter):
    """Formats {name:spec}, records what it printed, refuses missing values, escapes Markdown in inserted text."""

    def __init__(self, where: str):
        self.where, self.printed, self.markdown = where, {}, False

    def get_field(self, name, args, kwargs):
        if name not in kwargs:
            raise ParameterError(f"{self.where}: the text uses {{{name}}}, but only {sorted(kwargs)} are given")
        self.name = name
        return kwargs[name], name

    def format_field(self, value, spec):
        text = show(value, f"{{:{spec}}}" if spec else "")
        if text == UNKNOWN or re.search(r"(?<!\w)(nan|NaN|NaT|<NA>)(?!\w)", text):
            raise ParameterError(
                f"{self.where}: the value of {{{self.name}}} is missing; write a sentence for that case"
            )
        self.printed[self.name] = (value, text)
        return _MARKDOWN.sub(r"\\\1", text) if self.markdown and isinstance(value, str) else text


def fill(id: str, templates: Mapping[str, str], values: Mapping | None) -> tuple[dict, dict]:
    """Return the filled templates of an exhibit, and every number printed: name -> (value, text)."""
    filler, filled = _Template(f"exhibit {id}"), {}
    for name, template in templates.items():
        filler.markdown = name == "text"  # titles and captions are plain text
        filled[name] = filler.vformat(template, (), dict(values or {}))
    return filled, filler.printed


class _Sentence(_Template):
    """As a template of an exhibit, but a field may take a value out of a row or record."""

    def get_field(self, name, args, kwargs):
        self.name = name
        return string.Formatter.get_field(self, name, args, kwargs)


def sentence(template: str, /, **values) -> str:
    """Return a filled sentence: values as `show` has them, `{row[column]:spec}` and `{record.field:spec}` allowed."""
    return _Sentence(f"sentence {template!r}").vformat(template, (), values)


def teller(**values) -> Callable[[str], str]:
    """Return a function that fills sentences with these values."""
    return lambda template: sentence(template, **values)


def p_text(value: float, sign: str = "", digits: int = 3) -> str:
    """Return a p-value as printed: missing as a dash, the smallest as a bound; `sign` ("= ") for sentences."""
    return "–" if _is_missing(value) else "< 0.001" if value < 0.001 else f"{sign}{value:.{digits}f}"


def _is_negative_number(text: str) -> bool:
    return re.fullmatch(r"-[\d.,]+ ?%?(?: .*)?", text) is not None


MIME = "application/vnd.innodivide.exhibit+json"

GROUPS = ("leader", "strong", "moderate", "emerging")

GROUP_LABELS = {
    "leader": "Innovation leader",
    "strong": "Strong innovator",
    "moderate": "Moderate innovator",
    "modest": "Modest innovator (to 2020)",
    "emerging": "Emerging innovator (from 2021)",
}
GROUP_LETTERS = {"leader": "L", "strong": "S", "moderate": "M", "modest": "Md", "emerging": "E"}
