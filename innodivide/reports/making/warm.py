"""Loaded once by the server that warm kernels are forked from: what every notebook imports, the tables, and the results
that do not depend on the country of an annex.
"""

import gc
import os
import warnings
from contextlib import suppress
from importlib import import_module

from innodivide.data import Tables, frozen
from innodivide.data.tables import REMEMBERED

asked_by = os.getppid()
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # of frozen modules the debugger would warn

for name in (
    "IPython.display",
    "IPython.extensions.storemagic",
    "PIL.JpegImagePlugin",
    "firthmodels",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "sqlite3",
    "statsmodels.api",
    "innodivide.figures",
    "innodivide.narrative.annex",
    "innodivide.narrative.leader_status",
    "innodivide.evidence.regional_analyses",
    "innodivide.evidence.robustness.other_choices",
):
    with suppress(Exception):  # the report that needs it says so; nothing here may end the server
        import_module(name)
    if os.getppid() != asked_by:  # the run was ended, and its temporary files are gone: nobody wants the rest
        os._exit(1)

with suppress(Exception):
    for name in frozen.resources():  # checked and typed here once; one that does not hold is reported where it is used
        frozen.check_table(name)
    tables = Tables()
    for result in REMEMBERED:  # by the modules above
        with suppress(Exception), warnings.catch_warnings():  # the report that uses it computes it again and says so
            warnings.simplefilter("error")
            result(tables)

gc.freeze()  # what is here stays in memory that the kernels share, as they need not look through it for garbage
