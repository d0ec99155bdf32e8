# Two commands do all the set-up: `make demo` plays the whole loop, `make test` runs every check.
# PYTHON chooses the interpreter (3.11 or newer); PIP_ARGS is handed to pip, for an index of your own.
PYTHON ?= python3
PIP_ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check -q $(PIP_ARGS) -c constraints.txt

.PHONY: demo test check format lint types contracts tests clean

.venv/stamp-venv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/stamp-run: .venv/stamp-venv pyproject.toml constraints.txt
	@echo "installing the workbench and its training extra into .venv (torch is large: this takes a while, once)"
	$(PIP) -e '.[train]'
	@touch $@

.venv/stamp-dev: .venv/stamp-run
	@echo "installing the development tools"
	$(PIP) -e '.[train,quant,dev]'
	@touch $@

demo: .venv/stamp-run
	$(BIN)/workbench demo demo-project

test: .venv/stamp-dev format lint types contracts tests

format: .venv/stamp-dev
	$(BIN)/ruff format --check .

lint: .venv/stamp-dev
	$(BIN)/ruff check .

types: .venv/stamp-dev
	$(BIN)/mypy

contracts: .venv/stamp-dev
	$(BIN)/lint-imports

tests: .venv/stamp-dev
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

clean:
	rm -rf .venv demo-project .mypy_cache .ruff_cache .hypothesis
