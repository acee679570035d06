"""Names short enough for a dense figure or table."""

from innodivide.narrative.exhibits import Exhibit

# The 32 indicators of EIS 2023, by code; the full names stand in table `indicator`.
INDICATORS = {
    "1.1.1": "New doctorates",
    "1.1.2": "Tertiary education",
    "1.1.3": "Lifelong learning",
    "1.2.1": "International co-publications",
    "1.2.2": "Most cited publications",
    "1.2.3": "Foreign doctorate students",
    "1.3.1": "Broadband",
    "1.3.2": "Digital skills",
    "2.1.1": "Public R&D spending",
    "2.1.2": "Venture capital",
    "2.1.3": "State support of business R&D",
    "2.2.1": "Business R&D spending",
    "2.2.2": "Non-R&D innovation spending",
    "2.2.3": "Innovation spending per head",
    "2.3.1": "ICT training by firms",
    "2.3.2": "ICT specialists",
    "3.1.1": "SMEs with new products",
    "3.1.2": "SMEs with new processes",
    "3.2.1": "SMEs that collaborate",
    "3.2.2": "Public-private publications",
    "3.2.3": "Job mobility in S&T",
    "3.3.1": "Patent applications",
    "3.3.2": "Trademarks",
    "3.3.3": "Designs",
    "4.1.1": "Knowledge-intensive jobs",
    "4.1.2": "Jobs in innovative firms",
    "4.2.1": "Medium and high-tech exports",
    "4.2.2": "Knowledge-service exports",
    "4.2.3": "Sales of new products",
    "4.3.1": "Resource productivity",
    "4.3.2": "Clean air (fine particulates)",
    "4.3.3": "Environmental technologies",
}
GROUP = {
    "leader": "innovation leader",
    "strong": "strong innovator",
    "moderate": "moderate innovator",
    "modest": "modest innovator",
    "emerging": "emerging innovator",
}


def a(group: str) -> str:
    """Return "an innovation leader"."""
    return f"{'an' if GROUP[group][0] in 'aeiou' else 'a'} {GROUP[group]}"


def others(group: str) -> str:
    """Return "Other emerging"."""
    return "Other leaders" if group == "leader" else f"Other {group}"


def called(name: str) -> dict[str, str]:
    """Return a country's name as it stands within a sentence ("name") and at its beginning ("Name")."""
    article = "the " if name == "Netherlands" else ""
    return {"name": article + name, "Name": article.capitalize() + name}


class Excerpt(Exhibit):
    """A table that shows the first rows of its data (`SHOWN`); the rest stands in its CSV, as its caption says."""

    SHOWN = 10

    def cells(self) -> list[list[str]]:
        """Return the shown cells as text."""
        return super().cells()[: self.SHOWN]


def excerpt(exhibit: Exhibit, rows: int) -> Exhibit:
    """Return a table that shows its first `rows` rows only."""
    fields = {name: getattr(exhibit, name) for name in exhibit.__dataclass_fields__}
    return type("Excerpt", (Excerpt,), {"SHOWN": rows})(**fields)
