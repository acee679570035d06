"""The archive described as an RO-Crate: what is in it, whose it is, under what licence, and what made what."""

import mimetypes
from collections.abc import Callable
from pathlib import PurePosixPath

from innodivide import data
from innodivide.reports import manifest

VERSION = "1.3"
_LICENCES = {"MIT": ("https://spdx.org/licenses/MIT", "MIT licence (code)")}
_FORMATS = {".ipynb": "application/x-ipynb+json", ".yml": "application/yaml", ".md": "text/markdown", "": "text/plain"}


def metadata(contents, made: dict[str, bytes]) -> dict:
    """Return the RO-Crate metadata (JSON-LD) of an archive; `made` are the files that it adds, by name.

    Every date is that of the citation or of a source: the same contents give the same metadata.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version=VERSION)
    _root(crate, contents)
    _files(crate, contents, made)
    _sources(crate)
    for report in contents.reports:
        _action(crate, report)
    found = crate.metadata.generate()
    return found | {"@graph": sorted(found["@graph"], key=lambda entity: entity["@id"])}


def _reference(name: str) -> dict:
    return {"@id": name}


def _entity(crate, key: str, kind: str, **properties):
    from rocrate.model import ContextEntity

    return crate.add(ContextEntity(crate, key, properties={"@type": kind, **properties}))


def _root(crate, contents) -> None:
    cited, package = contents.citation, data.package()
    url, name = _LICENCES[cited["license"]]
    free = package["licenses"][0]
    _entity(crate, url, "CreativeWork", name=name, description="Licence of the code", url=url)
    _entity(crate, free["path"], "CreativeWork", name=free["name"], description=free["title"], url=free["path"])
    authors = [_entity(crate, f"#author-{n}", "Organization", name=_name(a)) for n, a in enumerate(cited["authors"], 1)]
    people = [_reference(a.id) for a in authors]
    state = f" Files with uncommitted changes: {', '.join(contents.changed)}." if contents.changed else ""
    crate.root_dataset._jsonld.update(
        {
            "name": cited["title"],
            "description": f"{' '.join(cited['abstract'].split())} Code at commit {contents.commit}.{state}",
            "datePublished": str(cited["date-released"]),
            "license": [_reference(url), _reference(free["path"])],
            "author": people,
            "publisher": people[0],
            "keywords": ", ".join(cited.get("keywords", [])),
            "version": contents.version,
            "creativeWorkStatus": "uncommitted changes" if contents.changed else "as committed",
            "creditText": " ".join(cited["message"].split()),
        }
    )


def _name(author: dict) -> str:
    return author.get("name") or f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()


def _files(crate, contents, made: dict[str, bytes]) -> None:
    """Describe folders, tables and reports; every file, described or not, stands in SHA256SUMS."""
    code, described = "repository", {f"repository/data/{r['path']}": r for r in data.resources().values()}
    free, licence = data.package()["licenses"][0]["path"], _LICENCES[contents.citation["license"]][0]
    sources = [_reference(f"#source-{s}") for s in data.load("source")["source_id"]]
    folders = {
        code: ("Repository", "Code, data, notebooks and reports, laid out as the package expects them", licence),
        f"{code}/data": ("Data", data.package()["description"], free),
        f"{code}/innodivide": ("Library", "The Python package: pure functions, reports, command line", licence),
        f"{code}/notebooks": ("Notebooks", "Source notebooks, without outputs", licence),
        f"{code}/reports": ("Reports", "Executed notebooks, exhibits, HTML, manifests", free),
    }
    for name, (title, text, terms) in folders.items():
        based = {"isBasedOn": sources} if name.endswith("/data") else {}
        _dataset(crate, name, title, text, license=_reference(terms), **based)
    for report in contents.reports:
        name = f"{code}/reports/{report.job.name}"
        _dataset(crate, name, report.job.title, _about(report), license=_reference(free))
    for name, path in contents.files.items():
        table = described.get(name)
        if table or name.count("/") < 2 or PurePosixPath(name).name in _MAIN or name.endswith(".ipynb"):
            title, text = (table["title"], table["description"]) if table else (PurePosixPath(name).name, "")
            _file(crate, name, path.read_bytes, title, text, free if _is_content(name) else licence)
    _file(crate, "README.md", lambda: made["README.md"], "README", "Replication instructions, made from the run", free)
    crate.add_file(dest_path="SHA256SUMS", properties={"name": "SHA-256 of every file", "encodingFormat": "text/plain"})


_MAIN = ("manifest.json", "report.html", "report.pdf", "report.docx", "datapackage.json", "notebooks.yml")


def _is_content(name: str) -> bool:
    return name.startswith(("repository/data/", "repository/reports/", "repository/docs/"))


def _about(report) -> str:
    chosen = ", ".join(f"{k} = {v}" for k, v in report.job.parameters.items()) or "none"
    return f"Report of notebooks/{report.job.notebook.name}.ipynb; parameters: {chosen}"


def _dataset(crate, name: str, title: str, text: str, **more) -> None:
    crate.add_dataset(dest_path=f"{name}/", properties={"name": title, "description": text, **more})


def _file(crate, name: str, read: Callable[[], bytes], title: str, text: str, licence: str) -> None:
    suffix = PurePosixPath(name).suffix
    kind = _FORMATS.get(suffix) or mimetypes.types_map.get(suffix, "text/plain")
    content = read()
    properties = {
        "name": title,
        "encodingFormat": kind,
        "contentSize": str(len(content)),
        "sha256": manifest.sha256(content),
        "license": _reference(licence),
    }
    crate.add_file(dest_path=name, properties=properties | ({"description": text} if text else {}))


def _sources(crate) -> None:
    """Each source of the data: who, what, where and on what terms, as sources.csv states them."""
    for row in data.load("source").itertuples():
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


def _action(crate, report) -> None:
    """One run: instrument, inputs among the packed files, results."""
    packed = [name for name in report.manifest["inputs"] if name.startswith("data/") and "(" not in name]
    folder = f"repository/reports/{report.job.name}/"
    one = _entity(
        crate,
        f"#run-{report.job.name}",
        "CreateAction",
        name=f"Run of {report.job.title}",
        instrument=_reference(f"repository/notebooks/{report.job.notebook.name}.ipynb"),
        object=[_reference(f"repository/{name}") for name in packed],
        result=[_reference(folder)],
    )
    crate.root_dataset.append_to("mentions", one)
