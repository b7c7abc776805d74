# Two commands for people: `make run` and `make test`; both do all the set-up they need.
# `make check` is the quick one while working.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8470
HOME_DIR ?= var
FOOTAGE ?=
# More than cores: a test often waits for a disk, a browser or another process.
WORKERS ?= 4
FUZZ_SECONDS ?= 60
# What the tests need beside the dev environment: the page's scripts and other people's programs.
TESTED_WITH = api/web/static/vendor/.stamp tests/tus_js/node_modules/.stamp verifiers

.DEFAULT_GOAL := help
.PHONY: help run test test-long check format lint types contracts unit verifiers bench fuzz threat-model lock clean

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.server api/web/static/vendor/.stamp ## server, a station over real footage, the page to open
	@exec $(BIN)/liuhen demo --home "$(HOME_DIR)" --port $(PORT) $(if $(FOOTAGE),--footage "$(FOOTAGE)")

test: $(VENV)/.dev $(TESTED_WITH) ## every test, on every engine
	$(BIN)/python -m pytest -n $(WORKERS) -m "not long"

test-long: $(VENV)/.dev $(TESTED_WITH) ## the whole of every matrix
	$(BIN)/python -m pytest -n $(WORKERS)

check: $(VENV)/.dev lint types contracts unit ## format, lint, types, import contracts, unit tests

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n $(WORKERS) tests/unit tests/architecture

verifiers: $(VENV)/verifiers/log-check tests/verifiers/js/node_modules/.stamp ## other people's programs, to check a log with

bench: $(VENV)/.dev ## every benchmark, a table with ratios
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.fuzz ## every parser of the log for FUZZ_SECONDS each, by coverage (Linux)
	$(BIN)/python -m tests.fuzz $(FUZZ_SECONDS)

threat-model: $(VENV)/.dev ## write docs/threat-model.md and the columns of docs/formats/findings.md anew, out of the tests' tables
	$(BIN)/python -m tests.tamper.threat_model
	$(BIN)/python -m tests.tamper.columns_page

lock: $(VENV)/.dev ## pin the dependencies anew (needs uv on the PATH)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -U pyproject.toml -o requirements/station.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -U pyproject.toml requirements/build.in --extra server -o requirements/server.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -U pyproject.toml requirements/build.in --extra server --group dev -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -U --group fuzz -o requirements/fuzz.txt

clean: ## remove what set-up made (never the home folder)
	rm -rf $(VENV) api/web/node_modules api/web/static/vendor tests/tus_js/node_modules tests/verifiers/js/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- set-up -----------------------------------------------------------------
# Dependencies come pinned and hashed from requirements/; the project itself is
# installed editable, built with the back-end that the same lock pins.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Liuhen needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.server: requirements/server.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/server.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# --no-deps: the lock is whole, and an older pip takes what one package wants of another with an
# extra (sigstore of pydantic[email]) for not pinned. That nothing is missing is checked afterwards.
$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip check -q
	@touch $@ $(VENV)/.server

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.dev
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/fuzz.txt
	@touch $@

# The page's scripts come from npm, pinned by a lock file. Where there is no npm,
# the wheel that carries Node brings one.
$(VENV)/.node: | $(BIN)/python
	@command -v npm >/dev/null || $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/node.txt
	@touch $@

NPM = $$(command -v npm || echo "$(CURDIR)/$(BIN)/npm")

api/web/static/vendor/.stamp: api/web/package.json api/web/package-lock.json | $(VENV)/.node
	cd api/web && PATH="$$PATH:$(CURDIR)/$(BIN)" "$(NPM)" ci --silent --no-fund --no-audit
	mkdir -p api/web/static/vendor
	cp api/web/node_modules/htmx.org/dist/htmx.min.js api/web/node_modules/plyr/dist/plyr.min.js \
	   api/web/node_modules/plyr/dist/plyr.css api/web/node_modules/plyr/dist/plyr.svg api/web/static/vendor/
	@touch $@

tests/%/node_modules/.stamp: tests/%/package.json tests/%/package-lock.json | $(VENV)/.node
	cd tests/$* && PATH="$$PATH:$(CURDIR)/$(BIN)" "$(NPM)" ci --silent --no-fund --no-audit
	@touch $@

# Go's compiler and its module for transparency logs come in one wheel of the dev lock.
$(VENV)/verifiers/log-check: $(wildcard tests/verifiers/go/*) tests/verifiers/build_go.py $(VENV)/.dev
	$(BIN)/python -m tests.verifiers.build_go $@
	@touch $@
