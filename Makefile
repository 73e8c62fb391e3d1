# Everything a contributor types. Only python3 (3.11 or newer), git and make are needed beforehand.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
REPO   ?= .
BASE   ?=
HEAD   ?=
ARGS   ?=

.DEFAULT_GOAL := review
.PHONY: review test lint bench clean

$(VENV)/.review: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[analysers]'
	@touch $@

$(VENV)/.dev: $(VENV)/.review
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[analysers,dev]'
	@touch $@

# A real change: the newest commits of the repository at REPO, or BASE..HEAD of it.
review: $(VENV)/.review
	@base='$(BASE)'; head='$(HEAD)'; \
	test -n "$$head" || head=HEAD; \
	test -n "$$base" || base=$$(git -C '$(REPO)' rev-list --first-parent -n 6 "$$head" | tail -n 1); \
	exec $(BIN)/codedesigner review --repo '$(REPO)' --base "$$base" --head "$$head" $(ARGS)

test: lint
	$(BIN)/python -m pytest -n 3 --dist worksteal -q $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(ARGS)

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
