# The four commands of the project. `make demo` needs only Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml constraints.txt $(wildcard CMakeLists.txt src/unrolled/csrc/*)

.PHONY: demo test test-all check format bench clean

demo: $(VENV)/.installed
	$(BIN)/unrolled demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "slow or not slow"

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist

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
