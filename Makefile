# Targets of leadbridge; `make` alone lists them. Each installs what it needs first.
#
#   PYTHON   the interpreter an environment is made with (3.11 or newer)
#   WORKERS  test processes side by side
#   FUZZ_SECONDS, FUZZ_SEED, FUZZ_CORPUS  how long, from where, and with which XML test suite `make fuzz` works

PYTHON ?= python3
WORKERS ?= 2
FUZZ_SECONDS ?= 300
VERSIONS := 3.11 3.12 3.13

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench

# One file's tests stay in one process, so that a server or database it starts is started once.
PYTEST := -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

CHECKS = $(BIN)/ruff check --quiet && echo "Checking types ..." && $(BIN)/mypy --no-error-summary && \
  { $(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.txt || { cat $(VENV)/lint-imports.txt; exit 1; }; }

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test lint test-all $(addprefix test-,$(VERSIONS)) fuzz bench messages clean

help: ## list the targets
	@echo "make <target>, where target is one of"
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/  \1#\2/p' Makefile | awk -F'#' '{printf "%-12s %s\n", $$1, $$2}'
	@echo "PYTHON=python3.12 chooses the interpreter for a new environment, WORKERS=4 the test processes."

setup: $(STAMP) ## make .venv with the package and what its tests need
	@:

# The stamp is as old as the last installation that went through; a changed pyproject.toml asks for another.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "leadbridge needs Python 3.11 or newer: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || { \
	  echo "Making $(VENV) ..."; $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing leadbridge and the tools of its tests into $(VENV) (a minute or two, once) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: setup ## show the whole loop on this machine, step by step, each step verified
	@$(BIN)/leadbridge demo

# The checks run beside the tests, which often wait for something; what they complain of stands above the tests' end.
# Python may write down what it compiled, whatever the shell says: the tests start some three hundred processes.
test: setup ## all checks and all tests, on one Python
	@echo "Running the checks and the tests ..."
	@( $(CHECKS) ) & checks=$$!; \
	  PYTHONDONTWRITEBYTECODE= $(BIN)/python $(PYTEST); tests=$$?; \
	  wait $$checks || { echo "The checks failed, see above." >&2; exit 1; }; exit $$tests

lint: setup ## ruff, mypy and the import rules
	@$(CHECKS)

# Prints the interpreter of version $(1), or nothing. A name on the path may be a shim without a Python behind it.
find-python = for candidate in python$(1) "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$(1).*/bin/python; do \
	if "$$candidate" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(1)")' 2>/dev/null; \
	then echo "$$candidate"; break; fi; done

test-all: $(addprefix test-,$(VERSIONS)) ## the tests on every Python from 3.11 to 3.13 that is installed
	@for version in $(VERSIONS); do \
	  if test -e .venv-$$version/.tested; then echo "Python $$version: passed"; \
	  else echo "Python $$version: skipped, not installed"; fi; done

$(addprefix test-,$(VERSIONS)): test-%:
	@rm -f .venv-$*/.tested
	@python=$$($(call find-python,$*)); if test -z "$$python"; then echo "Python $* is not installed."; else \
	  $(MAKE) --no-print-directory setup VENV=.venv-$* PYTHON="$$python" && \
	  echo "Running the tests on Python $* ..." && \
	  .venv-$*/bin/python $(PYTEST) && touch .venv-$*/.tested; fi

fuzz: setup ## send the gateway hostile requests for FUZZ_SECONDS=300; the seed it prints is FUZZ_SEED=... the next time
	@$(BIN)/python -m tests.support.fuzz --seconds $(FUZZ_SECONDS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED)) \
	  $(if $(FUZZ_CORPUS),--corpus $(FUZZ_CORPUS))

bench: $(BENCH_STAMP) ## measure, with ratios against the alternatives; python -m tests.benchmarks --help
	@$(BIN)/python -m tests.benchmarks

$(BENCH_STAMP): $(STAMP)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

# In a folder of its own, because the generator formats everything around what it writes.
messages: setup ## generate src/leadbridge/messages from xsd/
	@root=$$PWD; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; cd "$$folder" && \
	  PATH="$$root/$(BIN):$$PATH" xsdata generate "$$root/xsd" --package leadbridge.messages \
	    --structure-style filenames --slots --unnest-classes --docstring-style Blank --max-line-length 110 && \
	  cp leadbridge/messages/*.py "$$root/src/leadbridge/messages/"

clean: ## remove environments, caches and builds; the database in var/ stays
	@rm -rf .venv .venv-* build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find src tests -name __pycache__ -type d -exec rm -rf {} +
