# The commands of the project. `make demo` needs only Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml constraints.txt $(wildcard CMakeLists.txt src/unrolled/csrc/* src/unrolled/csrc/cells/*)

.PHONY: demo test test-all coverage check format docs bench clean

demo: $(VENV)/.installed
	$(BIN)/unrolled demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "slow or not slow"

# The quick tests under coverage; fails below the floor in pyproject.toml.
coverage: $(VENV)/.installed-dev
	$(BIN)/python -m coverage run -m pytest
	$(BIN)/python -m coverage report

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The site, into site/. Strict: a dead link or a page outside the nav fails.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist site .coverage

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# torch first and by its exact version: a range may bring a build of several GB.
$(VENV)/.torch: constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q -c constraints.txt torch==2.13.0
	touch $@

$(VENV)/.installed: $(SOURCES) $(VENV)/.torch
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(SOURCES) $(VENV)/.torch
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev]"
	touch $@ $(VENV)/.installed

# The extra `docs` alone: the site is read from the sources, without torch and without a compiler.
$(VENV)/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['docs'], sep='\n')" \
	  | $(BIN)/python -m pip install -q -c constraints.txt -r /dev/stdin
	touch $@
