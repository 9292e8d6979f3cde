# Everything runs in .venv, which the first target that needs it makes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt
DATA ?= data/sample
OUT ?= reports
ARGS ?=
# what `make test` installs besides the toolkit; EXTRAS=test,spark also runs the metrics on Spark (needs Java)
EXTRAS ?= test
# Jupyter asks root, as one is in a container, to say that it is meant
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

.DEFAULT_GOAL := help
.PHONY: help report test airflow lab sample docs lint format clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'
	@echo "  make report DATA=path/to/export ARGS='--source twitter --period 2024-03' reports on an export of your own"

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %d.%d: make PYTHON=python3.11 ..." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "making $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/made pyproject.toml constraints.txt
	@echo "installing the toolkit and its packages (once, some minutes)"
	@$(PIP) -e .
	@touch $@

$(VENV)/tested-$(EXTRAS): $(VENV)/made pyproject.toml constraints.txt
	@echo "installing the toolkit, its packages and what the tests need (once, some minutes)"
	@$(PIP) -e '.[$(EXTRAS)]'
	@touch $(VENV)/installed $@

$(VENV)-airflow/installed: tests/airflow.txt
	@echo "installing Airflow into $(VENV)-airflow (once)"
	@$(PYTHON) -m venv $(VENV)-airflow
	@$(VENV)-airflow/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-compile -r tests/airflow.txt
	@touch $@

report: $(VENV)/installed ## the ten reports on the sample (or DATA=..., ARGS=...)
	@$(BIN)/toolkit report --data $(DATA) --out $(OUT) $(ARGS)

test: $(VENV)/tested-$(EXTRAS) ## lint, doctests, tests, notebooks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

airflow: $(VENV)-airflow/installed ## what the test of the Airflow schedule needs, in an environment of its own

lab: $(VENV)/installed ## JupyterLab on the notebooks
	@$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks $(AS_ROOT)

sample: $(VENV)/installed ## write data/sample again (the same bytes every time)
	@$(BIN)/toolkit sample --out data/sample

docs: $(VENV)/installed ## write DEFINITIONS.md and docs/sources again
	@$(BIN)/python -c "from toolkit.metrics.definitions import write_definitions; write_definitions()"
	@$(BIN)/python -c "from toolkit.report.source_pages import write_source_pages; write_source_pages()"

lint: $(VENV)/tested-$(EXTRAS) ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/tested-$(EXTRAS) ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## remove .venv and reports
	@rm -rf $(VENV) $(VENV)-airflow $(OUT) build dist *.egg-info
