# Every way in. `make` alone lists the targets; the first one to need it sets up .venv.
#
# Two locks, each naming every package by version and hash: requirements.lock for the book and its tests,
# requirements-lab.lock for what JupyterLab needs on top. `make lock` writes both from pyproject.toml.

PYTHON ?= python3
ENGINE ?= pandoc
BIN := .venv/bin
RUN := $(BIN)/python
INSTALL := $(RUN) -m pip install -qq --disable-pip-version-check --no-deps
FROM_LOCK := $(INSTALL) --no-compile --only-binary=:all: --require-hashes -r
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-annotate --fork-strategy fewest \
	--python-version 3.11 --custom-compile-command "make lock" pyproject.toml

.DEFAULT_GOAL := help
.PHONY: book test check lab preview images bench measure lock clean help

book: .venv/ready ## Render the book into _book/ (ENGINE=quarto uses an installed Quarto)
	@$(RUN) -m book render --engine $(ENGINE) $(if $(CI),--strict)

test: .venv/ready ## Run the tests
	@$(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: .venv/ready ## Run every check that is no test: format, lint, types, spelling, sources, doctests
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/codespell
	@$(RUN) -m book check --strict
	@$(RUN) -m pytest code

lab: .venv/lab book ## Open working copies of the notebooks (notebooks/) in JupyterLab
	@$(RUN) -m book.lab _book/notebooks notebooks
	@$(BIN)/jupyter lab --notebook-dir=notebooks

preview: .venv/ready ## Serve the book on this machine and show every change at once
	@$(RUN) -m book preview

images: .venv/ready ## Draw images/ anew
	@$(RUN) code/figures/diagrams.py

bench: .venv/ready ## Compare with other systems, side by side
	@$(RUN) -m benchmarks

measure: .venv/ready ## Time what the book quotes, run the phrase book, and write both records in benchmarks/
	@$(RUN) -m benchmarks.measure
	@$(RUN) -m benchmarks.phrasebook

lock: ## Choose newer packages and write both locks (needs uv)
	@$(COMPILE) --upgrade --extra book --extra dev --extra drawing --output-file requirements.lock
	@$(COMPILE) --upgrade --extra lab --constraint requirements.lock --output-file requirements-lab.lock

clean: ## Remove what was made, but for .venv/ and your notebooks/
	@rm -rf _book .cache .quarto dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
	@find code tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The environment is made anew only when the words of the lock change, not its date: the lock that it was made
# from lies inside it. A change of pyproject.toml alone re-installs the project, which takes a second.
.venv/ready: requirements.lock pyproject.toml
	@cmp -s requirements.lock .venv/requirements.lock || { \
		echo "Setting up .venv from requirements.lock (once; about 0.9 GB on disk)" && \
		rm -rf .venv && \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")' && \
		$(PYTHON) -m venv .venv && \
		$(FROM_LOCK) requirements.lock && \
		cp requirements.lock .venv/requirements.lock; }
	@$(INSTALL) --no-build-isolation -e .
	@touch .venv/ready

.venv/lab: requirements-lab.lock .venv/ready
	@cmp -s requirements-lab.lock .venv/requirements-lab.lock || { \
		echo "Adding JupyterLab to .venv" && \
		$(FROM_LOCK) requirements-lab.lock && \
		cp requirements-lab.lock .venv/requirements-lab.lock; }
	@touch .venv/lab
