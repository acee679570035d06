"""The archive described as an RO-Crate: what is in it, whose it is, under what licence, and what made what."""

from pathlib import PurePosixPath

from innodivide.data import frozen
from innodivide.errors import ParameterError
from innodivide.reports.making import manifest

VERSION = "1.3"
CODE = "repository"  # folder in the archive: the repository as it was, with its reports
_LICENCES = {"MIT": ("https://spdx.org/licenses/MIT", "MIT licence (code)")}
_FORMATS = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".yml": "application/yaml",
}


def metadata(contents, made: dict[str, bytes]) -> dict:
    """Return the RO-Crate metadata (JSON-LD) of an archive; `made` are the files that it adds, by name.

    Every date is that of the citation or of a source: the same contents give the same metadata.
    """
    try:
        from rocrate.rocrate import ROCrate
    except ImportError:
        raise ParameterError("the archive needs the package rocrate: pip install 'innodivide[archive]'") from None
    crate = ROCrate(version=VERSION)
    _root(crate, contents)
    _files(crate, contents, made)
    _sources(crate)
    runs = [_reference(_action(crate, report)) for report in contents.reports]
    crate.root_dataset["mentions"] = _one_or_list(runs)
    found = crate.metadata.generate()
    return found | {"@graph": sorted(found["@graph"], key=lambda entity: entity["@id"])}


def _reference(name: str) -> dict:
    return {"@id": name}


def _entity(crate, key: str, kind: str, **properties):
    from rocrate.model import ContextEntity

    return crate.add(ContextEntity(crate, key, properties={"@type": kind, **properties}))


def _root(crate, contents) -> None:
    cited, package = contents.citation, frozen.package()
    url, name = _LICENCES[cited["license"]]
    free = package["licenses"][0]
    _entity(crate, url, "CreativeWork", name=name, description="Licence of the code", url=url)
    _entity(crate, free["path"], "CreativeWork", name=free["name"], description=free["title"], url=free["path"])
    authors = [
        _entity(crate, f"#author-{n}", "Organization", name=a["name"]) for n, a in enumerate(cited["authors"], 1)
    ]
    people = [_reference(a.id) for a in authors]
    state = f" Files with uncommitted changes: {', '.join(contents.changed)}." if contents.changed else ""
    described = {
        "name": cited["title"],
        "description": f"{' '.join(cited['abstract'].split())} Code at commit {contents.commit}.{state}",
        "datePublished": str(cited["date-released"]),
        "license": [_reference(url), _reference(free["path"])],
        "author": _one_or_list(people),
        "publisher": people[0],
        "keywords": ", ".join(cited["keywords"]),
        "version": contents.version,
        "creativeWorkStatus": "uncommitted changes" if contents.changed else "as committed",
        "creditText": " ".join(cited["message"].split()),
    }
    for key, value in described.items():
        crate.root_dataset[key] = value


def _files(crate, contents, made: dict[str, bytes]) -> None:
    """Describe folders, tables and reports; every file, described or not, stands in SHA256SUMS."""
    tables = {f"{CODE}/data/{r['path']}": (r["title"], r["description"]) for r in frozen.resources().values()}
    free, licence = frozen.package()["licenses"][0]["path"], _LICENCES[contents.citation["license"]][0]
    described = {name: tables.get(name) or _words(name) for name in contents.files}
    folders = _folders(contents)
    for name, (title, text) in folders.items():
        inside = [n for n, words in described.items() if words and _parent(n, folders) == name]
        inside += [f"{n}/" for n in folders if _parent(n, folders) == name]
        more = {"isBasedOn": [_reference(f"#source-{s}") for s in frozen.load("source")["source_id"]]}
        properties = {
            "name": title,
            "description": text,
            "license": _reference(free if _is_content(f"{name}/") else licence),
            "hasPart": _one_or_list([_reference(n) for n in inside]),
        }
        crate.add_dataset(dest_path=f"{name}/", properties=properties | (more if name == f"{CODE}/data" else {}))
    for name, words in described.items():
        if words:
            _file(crate, name, contents.files[name].read_bytes(), *words, free if _is_content(name) else licence)
    _file(crate, "README.md", made["README.md"], "README", "Instructions for replication, made from the run", free)
    names = [*contents.files, "README.md", "ro-crate-metadata.json"]
    properties = {
        "name": "SHA256SUMS",
        "description": "SHA-256 of every file; check with: sha256sum -c SHA256SUMS",
        "encodingFormat": "text/plain",
        "contentSize": str(sum(64 + 2 + len(name.encode()) + 1 for name in names)),
        "license": _reference(free),
    }
    crate.add_file(dest_path="SHA256SUMS", properties=properties)


_MAIN = {
    "manifest.json": "What made the report: hash of every input and output, versions, parameters",
    "report.html": "The report as one web page",
    "report.pdf": "The report as PDF",
    "report.docx": "The report as Word document",
    "report.pptx": "The report as slides",
    "notebook.ipynb": "The executed notebook with its exhibits",
    "datapackage.json": "Meaning, type, unit, range and key of every column of every table",
    "notebooks.yml": "Tables and parameters that each notebook declares",
}


def _words(name: str) -> tuple[str, str] | None:
    """Return title and description of a file that is described one by one, None for the others."""
    file = PurePosixPath(name)
    if file.name in _MAIN:
        return file.name, _MAIN[file.name]
    if file.suffix == ".ipynb":
        return file.stem, "A notebook without outputs"
    return (file.name, f"{file.name} of the repository") if name.count("/") == 1 else None


def _folders(contents) -> dict[str, tuple[str, str]]:
    reports = {f"{CODE}/reports/{r.job.name}": (r.job.title, _about(r)) for r in contents.reports}
    return {
        CODE: ("Repository", "Code, data, notebooks and reports, laid out as the package expects them"),
        f"{CODE}/data": ("Data", frozen.package()["description"]),
        f"{CODE}/notebooks": ("Notebooks", "Source notebooks, without outputs"),
        f"{CODE}/reports": ("Reports", "Executed notebooks, exhibits, web pages, manifests"),
    } | reports


def _parent(name: str, folders) -> str | None:
    """Return the described folder that a file or folder is in."""
    return next((str(p) for p in PurePosixPath(name).parents if str(p) in folders), None)


def _is_content(name: str) -> bool:
    return name.startswith((f"{CODE}/data/", f"{CODE}/reports/", f"{CODE}/docs/"))


def _about(report) -> str:
    chosen = ", ".join(f"{k} = {v}" for k, v in report.job.parameters.items()) or "none"
    return f"Report of notebooks/{report.job.notebook.name}.ipynb; parameters: {chosen}"


def _one_or_list(values: list):
    return values[0] if len(values) == 1 else values


def _file(crate, name: str, content: bytes, title: str, text: str, licence: str) -> None:
    properties = {
        "name": title,
        "description": text,
        "encodingFormat": _FORMATS.get(PurePosixPath(name).suffix, "text/plain"),
        "contentSize": str(len(content)),
        "sha256": manifest.sha256(content),
        "license": _reference(licence),
    }
    crate.add_file(dest_path=name, properties=properties)


def _sources(crate) -> None:
    """Each source of the data: who, what, where and on what terms, as sources.csv states them."""
    for row in frozen.load("source").itertuples():
        known = {"datePublished": row.published, "url": row.address, "description": row.weakness}
        _entity(
            crate,
            f"#source-{row.source_id}",
            "CreativeWork",
            name=row.title,
            creditText=row.publisher,
            copyrightNotice=row.licence,
            **{k: v for k, v in known.items() if isinstance(v, str)},
        )


def _action(crate, report) -> str:
    """Describe one run: instrument, inputs among the packed tables, result; return its name."""
    read = [name for name in report.manifest["inputs"] if name.startswith("data/") and name.endswith(".csv")]
    run = _entity(
        crate,
        f"#run-{report.job.name}",
        "CreateAction",
        name=f"Run of {report.job.title}",
        instrument=_reference(f"{CODE}/notebooks/{report.job.notebook.name}.ipynb"),
        object=_one_or_list([_reference(f"{CODE}/{name}") for name in read]),
        result=_reference(f"{CODE}/reports/{report.job.name}/"),
    )
    return run.id
