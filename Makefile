# make reports  validate the data, run the notebooks, write every report   (offline once set up)
# make test     run the tests
# make verify   run everything again and compare every exhibit with the stored ones
# make lint     look for plain mistakes: layout and style of code and notebooks, types, outputs left in notebooks
# make lab      open JupyterLab on notebooks/, and write the tutorial as a notebook, docs/tutorial.ipynb
# make docs     build the documentation: site/index.html, from docs/, docstrings, the commands' help and the data description
# make slow     run the tests that take long: full reports, simulations
# make clean    remove the environment and all that a run made
# Each target sets up what it needs: a virtual environment with the locked packages and this package.
PYTHON ?= python3
VENV   ?= .venv
$(if $(word 2,$(VENV)),$(error VENV=$(VENV): its name may have no blank))
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready
# As users set it, pip may install elsewhere than into the environment, or find a package in another place and install
# nothing; -I leaves out what PYTHONPATH and the current folder have. Index and proxies stay as they are set.
PIP     = env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT -u PIP_PYTHON -u PIP_DRY_RUN -u PIP_NO_DEPS \
          '$(BIN)/python' -I -m pip install --no-user --quiet --disable-pip-version-check
# The environment is this folder's own if its program and its package are: one that was copied or moved with the folder
# still has those of the folder it was made in. It is then made again.
OWN    := $(shell here="$$(pwd -P)"; bin='$(BIN)'; case "$$bin" in (/*) ;; (*) bin="$$here/$$bin" ;; esac; \
          grep -qsF "$$bin/python" "$$bin/innodivide" && \
          test "$$("$$bin/python" -Ic 'import innodivide; print(*innodivide.__path__)' 2>&1)" = "$$here/innodivide" && echo yes)

.PHONY: reports test lint verify lab docs slow clean other

reports: $(READY)
	'$(BIN)/innodivide' check
	'$(BIN)/innodivide' run
	'$(BIN)/innodivide' annex --all

test: lint
	'$(BIN)/python' -m pytest -n auto --dist loadfile

lint: $(READY)
	'$(BIN)/ruff' check
	'$(BIN)/ruff' format --check
	'$(BIN)/mypy'
	'$(BIN)/nbstripout' --keep-id --verify notebooks/*.ipynb

slow: $(READY)
	'$(BIN)/python' -m pytest -m slow

verify: $(READY)
	'$(BIN)/innodivide' verify

# JupyterLab refuses root unless it is told; it listens on this machine only, and asks for its token.
lab: $(READY)
	'$(BIN)/python' docs/as_notebook.py
	'$(BIN)/jupyter' lab $$(test "$$(id -u)" != 0 || echo --allow-root) --LabApp.default_url=/lab/tree/notebooks .

docs: $(READY)
	'$(BIN)/python' -m sphinx -q -W --keep-going -d '$(VENV)/.doctrees' docs site
	@echo "open site/index.html"

$(READY): requirements.lock pyproject.toml $(if $(OWN),,other)
	@$(PYTHON) -Ic 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "innodivide needs Python 3.11 to 3.13, this is %d.%d; try: make PYTHON=python3.12 ..." % v)'
	@echo "setting up $(VENV): about 200 packages, 1.3 GB of disk; 2 to 6 minutes beside the download of some hundred MB, once"
	@if test -e '$(READY)' && test -z '$(OWN)'; then echo "the one there was made in another folder; it is replaced"; rm -rf '$(VENV)'; fi
	$(PYTHON) -I -m venv '$(VENV)'
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch '$(READY)'

clean:
	rm -rf '$(VENV)' site
	find reports -mindepth 1 -maxdepth 1 ! -name expected -exec rm -rf {} +
