# make reports  validate the data, run the notebooks, write every report   (offline once set up)
# make test     run the tests
# make test-fast  those of functions and sentences that take no more than a moment, while editing
# make verify   run everything again and compare every exhibit with the stored ones
# make lint     look for plain mistakes: layout and style of code and notebooks, types, outputs left in notebooks
# make lab      open JupyterLab on notebooks/, and write the tutorial as a notebook, docs/tutorial.ipynb
# make docs     build the documentation: site/index.html, from docs/, docstrings, the commands' help and the data description
# make slow     run the tests that take long: full reports, simulations
# make lock     renew the locks from pyproject.toml (needs uv, and the network)
# make clean    remove the environment and all that a run made
# Each target sets up what it needs: a virtual environment with this package and, of the locked packages, those for
# reports; lab adds those for JupyterLab, and test, lint, docs and slow add the rest.
PYTHON ?= python3
VENV   ?= .venv
$(if $(word 2,$(VENV)),$(error VENV=$(VENV): its name may have no blank))
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready
LAB     = $(VENV)/.ready-lab
ALL     = $(VENV)/.ready-test
# As users set it, pip may install elsewhere than into the environment, or find a package in another place and install
# nothing; -I leaves out what PYTHONPATH and the current folder have. Index and proxies stay as they are set.
PIP     = env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT -u PIP_PYTHON -u PIP_DRY_RUN -u PIP_NO_DEPS \
          '$(BIN)/python' -I -m pip install --no-user --quiet --disable-pip-version-check
# What the library imports is compiled by importing it. To compile the packages whole, as pip would, takes longer than to
# install them and a quarter of the disk, and most of it is never run.
define COMPILED
import pkgutil, innodivide, ipykernel.kernelapp
for module in pkgutil.walk_packages(innodivide.__path__, "innodivide."):
    if not module.name.endswith(("__main__", "warm")):
        __import__(module.name)
endef
export COMPILED
# The environment is this folder's own if its program and its package are: one that was copied or moved with the folder
# still has those of the folder it was made in. It is then made again.
OWN    := $(shell here="$$(pwd -P)"; bin='$(BIN)'; case "$$bin" in (/*) ;; (*) bin="$$here/$$bin" ;; esac; \
          grep -qsF "$$bin/python" "$$bin/innodivide" && \
          test "$$("$$bin/python" -Ic 'import innodivide; print(*innodivide.__path__)' 2>&1)" = "$$here/innodivide" && echo yes)

.PHONY: reports test test-fast lint verify lab docs slow lock clean other

reports: $(READY)
	'$(BIN)/innodivide' check
	'$(BIN)/innodivide' run
	'$(BIN)/innodivide' annex --all

test: lint
	'$(BIN)/python' -m pytest -n auto --dist loadfile

test-fast: $(ALL)
	'$(BIN)/python' -m pytest -q -n auto --dist loadfile -m 'not slow and not dear' \
	  tests/models tests/indicators tests/narrative tests/test_architecture.py

lint: $(ALL)
	'$(BIN)/ruff' check
	'$(BIN)/ruff' format --check
	'$(BIN)/mypy'
	'$(BIN)/nbstripout' --keep-id --verify notebooks/*.ipynb

slow: $(ALL)
	'$(BIN)/python' -m pytest -m slow

verify: $(READY)
	'$(BIN)/innodivide' verify

# JupyterLab refuses root unless it is told; it listens on this machine only, and asks for its token.
lab: $(LAB)
	'$(BIN)/python' docs/as_notebook.py
	'$(BIN)/jupyter' lab $$(test "$$(id -u)" != 0 || echo --allow-root) --LabApp.default_url=/lab/tree/notebooks .

docs: $(ALL)
	'$(BIN)/python' -m sphinx -q -W --keep-going -d '$(VENV)/.doctrees' docs site
	@echo "open site/index.html"

$(READY): requirements.lock pyproject.toml $(if $(OWN),,other)
	@$(PYTHON) -Ic 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "innodivide needs Python 3.11 to 3.13, this is %d.%d; try: make PYTHON=python3.12 ..." % v)'
	@echo "setting up $(VENV): about 90 packages, 0.7 GB of disk; 1 to 3 minutes beside the download of some 200 MB, once"
	@if test -e '$(READY)' && test -z '$(OWN)'; then echo "the one there was made in another folder; it is replaced"; rm -rf '$(VENV)'; fi
	$(PYTHON) -I -m venv '$(VENV)'
	$(PIP) --no-compile --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	-@env -u PYTHONDONTWRITEBYTECODE '$(BIN)/python' -Ic "$$COMPILED"
	@touch '$(READY)'

# A later part has what the parts before it lack, so it is installed upon them; where those are made again, so is it.
$(LAB): requirements-lab.lock $(READY)
	@echo "adding JupyterLab to $(VENV): about 50 packages, 0.1 GB of disk; half a minute beside the download, once"
	$(PIP) --require-hashes -r requirements-lab.lock
	@touch '$@'

$(ALL): requirements-test.lock $(LAB)
	@echo "adding tools for tests and documentation to $(VENV): about 90 packages, 0.4 GB of disk; 1 to 2 minutes beside the download, once"
	$(PIP) --require-hashes -r requirements-test.lock
	@touch '$@'

# All parts are solved together, from the versions locked so far, then taken apart: an entry stands in the first part that
# needs it, and again in a later one where that needs it on more machines.
COMPILE = uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
          --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet
LESS    = awk 'FILENAME != ARGV[ARGC - 1] {had[$$0]; next} /^[^ ]/ {show = !($$0 in had)} show'
lock:
	cat requirements*.lock > .all.lock
	$(COMPILE) --all-extras -o .all.lock
	$(COMPILE) --extra archive --extra build -c .all.lock -o requirements.lock
	$(COMPILE) --extra archive --extra build --extra lab -c .all.lock -o .lab.lock
	$(LESS) requirements.lock .lab.lock > requirements-lab.lock
	$(LESS) requirements.lock requirements-lab.lock .all.lock > requirements-test.lock
	rm .all.lock .lab.lock

clean:
	rm -rf '$(VENV)' site
	find reports -mindepth 1 -maxdepth 1 ! -name expected -exec rm -rf {} +
