# make demo, make ui, make test: each sets up what it needs. PYTHON=python3.12 make setup chooses the interpreter.
PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: setup demo ui marts test check audit format bench slow soak kills week mutants generate lock clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed and $(PYTHON) is older: make setup PYTHON=python3.12"; exit 1; }
	@echo "Installing into .venv: one to two minutes, once."
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) -r requirements.lock
	$(PIP_INSTALL) --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.ready requirements-dev.lock
	$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@

demo: setup
	$(BIN)/hubspot-pipeline demo

ui: setup
	$(BIN)/hubspot-pipeline ui

marts: setup
	$(BIN)/hubspot-pipeline marts

test: .venv/.dev
	$(BIN)/python -m pytest

# tests that take minutes each
slow: .venv/.dev
	$(BIN)/python -m pytest -m slow

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_project/models --processes 0
	$(BIN)/hubspot-pipeline generate --check
	$(BIN)/python -m hubspot_pipeline_tests.audit

# known vulnerabilities of the pinned packages
audit: .venv/.dev
	$(BIN)/python -m hubspot_pipeline_tests.audit

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev
	$(BIN)/python -m hubspot_pipeline_tests.bench

# random histories beyond those of the tests: make soak SEEDS=1000 [FIRST=n] [JOBS=2] [MARTS=1: in every nth]
soak: .venv/.dev
	$(BIN)/python -m hubspot_pipeline_tests.simulator --seeds $(or $(SEEDS),100) --first $(or $(FIRST),1) \
		--jobs $(or $(JOBS),2) --marts-every $(or $(MARTS),1)

# runs killed at random points of every phase: make kills POINTS=200 [SEED=n]
kills: .venv/.dev
	$(BIN)/python -m hubspot_pipeline_tests.kills --points $(or $(POINTS),200) --seed $(or $(SEED),1)

# a week of hourly syncs: cost of each, size of the data folder
week: .venv/.dev
	$(BIN)/python -m hubspot_pipeline_tests.week

mutants: .venv/.dev
	$(BIN)/python -m hubspot_pipeline_tests.mutants

generate: .venv/.dev
	$(BIN)/hubspot-pipeline generate

# newer versions that work together; needs uv
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		-o requirements.lock
	grep -E '^[a-z0-9_.-]+==' requirements.lock | sed 's/ *\\$$//' > .lock-constraints
	uv pip compile pyproject.toml --extra test --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate -c .lock-constraints -o requirements-dev.lock
	rm .lock-constraints

clean:
	rm -rf .venv data/.load data/.dlt
