"""What `innodivide add` needs to know: taken from the options, else asked, else an error that names the option."""

import datetime

import click

from innodivide.errors import ParameterError

_TYPED = "as typed"
_OPTIONS = {"source_id": "source", "how_obtained": "how"}
_QUESTIONS = {
    "source_id": "Source: its id in sources.csv, or a new one in capitals",
    "title": "Title of the page, table or document",
    "publisher": "Publisher",
    "address": "Address of its page",
    "licence": "Licence or terms of reuse",
    "how_obtained": "How it was obtained",
    "retrieved": "Day on which it was read (2026-07-14)",
    "published": "Day of publication (2026-07-14)",
    "reason": "Why is the figure that stands there replaced?",
    "who": "Which source says so (its source_id)?",
}
_IPCEI = {
    "name": "Name",
    "value_chain": "Value chain (table value_chain)",
    "decision_date": "Day of the decision (2026-06-30)",
    "n_companies": "Companies, as published",
    "n_projects": "Projects, as published",
    "aid_eur_bn_max": "State aid at most, billion euro",
    "communication_year": "Year of the IPCEI Communication",
}


class Answers:
    """Gives the value of an option by name; asks where it was not given and asking is allowed."""

    def __init__(self, given: dict, ask: bool):
        self.given, self.ask = given, ask

    def __call__(self, name: str, default: str | None = None) -> str:
        """Return the answer to a question of `_QUESTIONS`; with a default, nothing is an error."""
        if self.given.get(name):
            return self.given[name]
        if not self.ask and default is None:
            raise ParameterError(f"--{_OPTIONS.get(name, name)} is needed here: {_QUESTIONS[name]}")
        self.given[name] = click.prompt(_QUESTIONS[name], default=default) if self.ask else default
        return self.given[name]


def rows(say: Answers) -> list:
    """Ask for a new IPCEI or a correction and return its rows; an edition comes from its workbook."""
    kind = click.prompt("What is new?", type=click.Choice(["ipcei", "edition", "correction"]))
    if kind == "edition":
        raise ParameterError("an edition comes from its workbook or CSV files: innodivide add EIS_web_download.xlsx")
    return _ipcei(say) if kind == "ipcei" else _changed_cell()


def _ipcei(say: Answers) -> list:
    """Return the rows of an IPCEI: the register, the states that notify it, and the list as its publisher prints it."""
    name = click.prompt("Short id, used in every table (such as AST)")
    row = {"ipcei_id": name, "kind": "integrated"} | {c: _optional(q) for c, q in _IPCEI.items()}
    states = sorted({*click.prompt("Codes of the states that notify it (Eurostat: EL), with blanks between").split()})
    row |= {"n_member_states": str(len(states)), "source_id": say("source_id"), "communication_basis": "read"}
    row["communication_basis"] *= bool(row["communication_year"])
    member = {"ipcei_id": name, "joined_date": row["decision_date"], "role": "notifying", "source_id": row["source_id"]}
    listed = {"ipcei_id": name, "source_id": row["source_id"], "geos": " ".join(states), "n_states": str(len(states))}
    return [
        _typed("ipcei", [row]),
        _typed("ipcei_country", [{**member, "geo": geo} for geo in states]),
        _typed("ipcei_membership", [listed]),
    ]


def _changed_cell() -> list:
    """Return the row that gives one cell of one table another value."""
    from innodivide.data import frozen
    from innodivide.data.description import as_list

    table = click.prompt("Table (innodivide describe lists them)")
    described = frozen.resource(table)
    key = {k: click.prompt(f"Row: {k}") for k in as_list(described["schema"]["primaryKey"])}
    columns = [f["name"] for f in described["schema"]["fields"] if f["name"] not in key]
    column = click.prompt("Column", type=click.Choice(columns))
    return [_typed(table, [{**key, column: click.prompt("Value from now on")}])]


def _optional(question: str) -> str:
    return click.prompt(f"{question} (nothing: not known)", default="", show_default=False)


def _typed(table: str, lines: list[dict]):
    import pandas as pd

    from innodivide.data import new_rows

    return new_rows.Rows(table, pd.DataFrame(lines, index=range(1, len(lines) + 1), dtype=object), _TYPED)


def source(say: Answers, rows: list) -> list:
    """Return the row of sources.csv for the source given, if it is new and used; the tables know the others."""
    from innodivide.data import new_rows

    wanted, known = say.given.get("source_id"), set(new_rows.text_of("source")["source_id"])
    known |= {i for r in rows if r.table == "source" for i in r.frame["source_id"]}
    if not wanted or wanted in known:
        return []
    row = {"source_id": wanted, **{c: say(c) for c in ("title", "publisher", "licence")}}
    row |= {"address": say("address"), "published": say.given.get("published") or ""}
    row |= {"how_obtained": say("how_obtained", "downloaded from the address given"), "accessed": _today(say)}
    return [_typed("source", [row])]


def _today(say: Answers) -> str:
    return say("retrieved", f"{datetime.date.today():%Y-%m-%d}")


def correction(say: Answers, proposal, rows: list) -> list:
    """Return the rows of corrections.csv for the figures that a proposal replaces, and of those that then cite who says
    so; asked are reason and who."""
    from innodivide.data import corrections

    for change in corrections.replaced(proposal)[:5]:
        click.echo(f"{change.table} {change.key}, {change.column}: {change.old} would become {change.new}")
    reason, who = say("reason"), say("who", say.given.get("source_id"))
    alone = sorted({c.table for c in corrections.replaced(proposal)} - corrections.with_more_sources())
    if alone:
        click.echo(
            f"{', '.join(alone)}: a row has one source; give its source_id with the figure if that is another now"
        )
    recorded = corrections.rows_of(proposal, reason, who, _today(say), _TYPED)
    return [recorded, *corrections.citations(proposal, rows, who)]
