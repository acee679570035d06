# make reports  validate the data, run the notebooks, write every report   (offline once set up)
# make test     run the tests
# make verify   run everything again and compare every exhibit with the stored ones
# make lint     look for plain mistakes: layout and style of code and notebooks, types, outputs left in notebooks
# make lab      open JupyterLab on notebooks/
# make docs     build the documentation: site/index.html, from docs/, docstrings, the commands' help and the data description
# make slow     run the tests that take long: full reports, simulations
# make clean    remove the environment and all that a run made
# Each target sets up what it needs: a virtual environment with the locked packages and this package.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: reports test lint verify lab docs slow clean

reports: $(READY)
	$(BIN)/innodivide check
	$(BIN)/innodivide run
	$(BIN)/innodivide annex --all

test: lint
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/nbstripout --keep-id --verify notebooks/*.ipynb

slow: $(READY)
	$(BIN)/python -m pytest -m slow

verify: $(READY)
	$(BIN)/innodivide verify

lab: $(READY)
	$(BIN)/jupyter lab notebooks

docs: $(READY)
	$(BIN)/python -m sphinx -q -W --keep-going -d $(VENV)/.doctrees docs site
	@echo "open site/index.html"

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "innodivide needs Python 3.11 to 3.13, this is %d.%d; try: make PYTHON=python3.12 ..." % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

clean:
	rm -rf $(VENV) site
	find reports -mindepth 1 -maxdepth 1 ! -name expected -exec rm -rf {} +
