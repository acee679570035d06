"""One notebook in a kernel of its own, through papermill."""

import os
import tempfile
from pathlib import Path

from innodivide import data
from innodivide.reports import kernels
from innodivide.reports.blocks import ReportError, last_cell_run
from innodivide.reports.declarations import Notebook

KERNEL_TIMEOUT = 1800  # seconds for one cell


def execute(notebook: Notebook, parameters: dict):
    """Run a notebook and return it executed; only its declared tables can be loaded in it.

    Raises
    ------
    ReportError
        Naming the cell (as counted in the source notebook) and the error.
    """
    import papermill

    # One thread for each kernel: the reports themselves run in parallel.
    wanted = {
        data.DECLARED_TABLES: ",".join((*notebook.tables, "source", "country")),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    if kernels.available():
        wanted["JUPYTER_DEFAULT_PROVISIONER_NAME"] = kernels.NAME
    before = {k: os.environ.get(k) for k in wanted}
    os.environ.update(wanted)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            saved = Path(scratch) / "notebook.ipynb"
            try:
                return papermill.execute_notebook(
                    str(notebook.path),
                    str(saved),
                    parameters=parameters,
                    progress_bar=False,
                    kernel_name="python3",
                    cwd=str(data.ROOT),
                    execution_timeout=KERNEL_TIMEOUT,
                    **_kernel_settings(scratch),
                )
            except Exception as error:
                raise ReportError(_what_broke(error, saved)) from error
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.__setitem__(key, value)


def _kernel_settings(folder: str) -> dict:
    """Talk to the kernel through socket files of this user, not through open ports (not possible on Windows).

    The kernel is ended at once when the notebook is done: it holds nothing that could be lost.
    """
    from traitlets.config import Config

    sockets = {"transport": "ipc", "ip": f"{folder}/kernel"}  # a name of its own: kernels run side by side
    settings = Config({"NotebookClient": {"shutdown_kernel": "immediate"}})
    if os.name != "nt":
        settings.KernelManager.update(sockets)
    return {"config": settings}


def _what_broke(error: Exception, saved: Path) -> str:
    """Return "cell 4: ZeroDivisionError: division by zero", from the notebook that papermill saved up to there."""
    import nbformat

    name, text = getattr(error, "ename", None) or type(error).__name__, str(getattr(error, "evalue", error)).strip()
    cell = last_cell_run(nbformat.read(saved, as_version=4)) if saved.is_file() else 0
    return f"cell {cell}: {name}: {text}" if cell else f"{name}: {text}"
