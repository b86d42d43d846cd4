# Every target sets up what it needs; `make` alone lists them.
# Variables: VENV (.venv), PYTHON (a version or a path), TESTS (tests), TEST_WORKERS (2), ARGS,
# CHROMIUM (a name or a path).
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
TESTS ?= tests
TEST_WORKERS ?= 2
ARGS ?=
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
FUZZER := $(VENV)/.fuzzer
EMULATORS := .venv-emulators/.ready
BENCH := .venv-bench/.ready

# What stands round the package; whether an ignore is needed differs between the rounds.
MYPY_ROUND := $(PY) -m mypy --explicit-package-bases --no-warn-unused-ignores

PACKAGE := src/airflow_landing_loader
CHECKED := src tests scripts $(wildcard demo benchmarks chaos fuzzing dags include)

.PHONY: help
help:  ## list the targets
	@awk -F':.*## ' '/^[a-z0-9.%-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml $(CONSTRAINTS) scripts/make_venv.sh
	@scripts/make_venv.sh "$(VENV)" "$(CONSTRAINTS)" "$(PYTHON)"

$(EMULATORS): tests/support/emulators/requirements.txt tests/support/emulators/package.json scripts/make_emulators.sh
	@scripts/make_emulators.sh .venv-emulators tests/support/emulators

.PHONY: browser
browser:  ## a Chromium for the tests of the pages; installs Debian's, as root on Debian
	@scripts/make_browser.sh

.PHONY: install
install: $(READY)  ## create or update the virtual environment

.PHONY: demo
demo: $(READY)  ## real Airflow loads sample deliveries; prints what became of each
	@$(PY) demo/run.py $(ARGS)

.PHONY: up
up: $(READY)  ## Airflow UI with the example DAGs on 127.0.0.1:8080, until Ctrl-C
	@$(PY) demo/up.py $(ARGS)

.PHONY: test
test: $(READY) $(EMULATORS) browser  ## all tests: unit, integration, end to end
	@$(PY) -m pytest $(TESTS) -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder -q $(ARGS)

.PHONY: screenshots
screenshots: $(READY) $(EMULATORS) browser  ## pictures of the pages in docs/images, taken anew
	@SCREENSHOTS=1 $(PY) -m pytest tests/end_to_end/test_live_journey.py -q $(ARGS)

.PHONY: test-airflow-3.1
test-airflow-3.1:  ## unit and integration tests on the lowest supported Airflow, and live ones
	@$(MAKE) test VENV=.venv-airflow-3.1 CONSTRAINTS=constraints-airflow-3.1.txt \
		TESTS="tests/unit tests/integration tests/end_to_end/test_live_bucket.py \
			tests/end_to_end/test_live_retries.py tests/end_to_end/test_live_page.py \
			tests/end_to_end/test_live_journey.py"

.PHONY: test-python-%
test-python-%:  ## unit and integration tests on another Python, for example 3.13
	@$(MAKE) test VENV=.venv-python-$* PYTHON="$(or $(PYTHON),$*)" \
		TESTS="tests/unit tests/integration"

.PHONY: check-install
check-install:  ## the wheel and its extras beside Airflow 3.1, 3.2 and 3.3
	@scripts/check_install.sh 3.1.8 3.2.2 3.3.2

.PHONY: lint
lint: $(READY)  ## style, types, import contracts
	$(PY) -m ruff check --quiet $(CHECKED)
	$(PY) -m ruff format --check --quiet $(CHECKED)
	$(PY) -m mypy --strict $(PACKAGE)
	MYPYPATH=src:demo:. $(MYPY_ROUND) --implicit-reexport -p tests -p chaos -p fuzzing
	MYPYPATH=src:demo $(MYPY_ROUND) demo/*.py
	MYPYPATH=src:demo:benchmarks $(MYPY_ROUND) benchmarks/*.py
	$(VENV)/bin/lint-imports --no-logo

.PHONY: compose-check
compose-check:  ## Docker Compose reads docker-compose.yaml; starts nothing
	@scripts/compose_check.sh

$(BENCH): $(READY) scripts/make_bench.sh
	@scripts/make_bench.sh .venv-bench "$(CONSTRAINTS)" "$(PY)"

.PHONY: bench
bench: $(READY) $(BENCH)  ## speed and memory beside DuckDB, Polars and dlt; ARGS="--help"
	@$(PY) benchmarks/run.py $(ARGS)

.PHONY: chaos
chaos: $(READY)  ## kills loaders over and over; ARGS="--help" for more
	@$(PY) -m chaos $(ARGS)

$(FUZZER): $(READY)
	@source scripts/find_uv.sh && "$$UV" pip install --quiet --python $(PY) \
		--constraint $(CONSTRAINTS) --group fuzz && touch $@

.PHONY: fuzzer
fuzzer: $(FUZZER)  ## installs the fuzzer, so that the tests try it, too

.PHONY: fuzz
fuzz: $(FUZZER)  ## coverage-guided fuzzing against models; ARGS="--help" for more
	@$(PY) -m fuzzing $(ARGS)

.PHONY: constraints
constraints:  ## resolve constraints*.txt anew, for Python 3.11 to 3.13
	@scripts/make_constraints.sh airflow-3-3 constraints.txt
	@scripts/make_constraints.sh airflow-3-1 constraints-airflow-3.1.txt

.PHONY: audit
audit:  ## known vulnerabilities of the pinned versions; skipped where PyPI's data is out of reach
	@scripts/audit.sh

.PHONY: build
build:  ## wheel and source distribution in dist/
	@source scripts/find_uv.sh && "$$UV" build --quiet && ls -1 dist

.PHONY: clean
clean:  ## remove caches, builds and what demo and up left
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
		.demo .up .bench .fuzz .airflow*
	find src tests demo benchmarks chaos fuzzing scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: clean-all
clean-all: clean  ## clean, and the virtual environments too
	rm -rf .venv .venv-* .uv
