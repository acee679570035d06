"""One notebook in a kernel of its own, through papermill."""

import os
import tempfile
import time

from innodivide.data import frozen
from innodivide.reports.executed import cells
from innodivide.reports.making import kernels
from innodivide.reports.making.declarations import Notebook
from innodivide.reports.pages.blocks import ReportError

KERNEL_START = 60  # seconds until a new kernel must answer


def execute(notebook: Notebook, parameters: dict):
    """Run a notebook and return it executed; only its declared tables can be loaded in it.

    Raises
    ------
    ReportError
        Naming the cell (as counted in the source notebook) and the error, or the time that the notebook has
        (`timeout` in notebooks.yml). Its kernel is killed.
    """
    import papermill

    os.environ.update(kernels.ALIKE)  # for kernels that start the plain way, or from a server that this process starts
    if kernels.available():
        os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = kernels.NAME
    begun = []
    with tempfile.TemporaryDirectory() as scratch:
        try:
            return papermill.execute_notebook(
                str(notebook.path).replace("{", "{{").replace("}", "}}"),  # papermill takes a path for a template
                None,  # the caller saves it once; papermill would write it anew before and after every cell
                parameters=parameters,
                progress_bar=False,
                kernel_name="python3",
                cwd=str(frozen.ROOT),
                start_timeout=min(KERNEL_START, notebook.timeout),
                config=_settings(notebook, scratch, begun),
            )
        except Exception as error:
            raise ReportError(_what_broke(error, len(list(cells({"cells": begun}))), notebook)) from error


def _settings(notebook: Notebook, scratch: str, begun: list):
    """Return what is asked of the kernel and its client; they add each cell to `begun` as they come to it.

    They talk through socket files of this user, not through open ports (not possible on Windows). All files of the
    kernel are in a folder of its own, so that it needs no home directory and reads no settings there. It is ended at
    once when the notebook is done: it holds nothing that could be lost.
    """
    from traitlets.config import Config

    end = time.monotonic() + notebook.timeout
    environment = {
        frozen.DECLARED_TABLES: ",".join((*notebook.tables, "source", "country")),
        **kernels.own_folders(scratch),
    }
    settings = Config(
        NotebookClient={
            "kernel_manager_class": kernels.ReportKernelManager,
            "on_cell_start": lambda cell, cell_index: begun.append(cell),
            "shutdown_kernel": "immediate",
            "timeout_func": lambda cell: max(end - time.monotonic(), 0.1),  # the limit is for the whole notebook
        },
        ReportKernelManager={"environment": environment, "connection_file": f"{scratch}/connection.json"},
    )
    if os.name != "nt":
        settings.ReportKernelManager.update({"transport": "ipc", "ip": f"{scratch}/kernel"})
    return settings


def _what_broke(error: Exception, cell: int, notebook: Notebook) -> str:
    """Return "cell 4: ZeroDivisionError: division by zero"."""
    from nbclient.exceptions import CellTimeoutError

    name, text = getattr(error, "ename", None) or type(error).__name__, str(getattr(error, "evalue", error)).strip()
    if isinstance(error, CellTimeoutError):
        name, text = "stopped", f"the notebook took longer than its {notebook.timeout:g} s (timeout in notebooks.yml)"
    return f"cell {cell}: {name}: {text}" if cell else f"{name}: {text}"
