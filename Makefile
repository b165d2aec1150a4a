# Concord. Needs Python 3.11 or newer and make; uses uv when it is there. `make` lists what it does.

PORT ?= 8000
# TRAIN=0 leaves the training extra (torch: most of the download) out.
TRAIN ?= 1
# Parallel test processes.
JOBS ?= 2
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV ?= $(shell command -v uv)

VENV := .venv
BIN := $(VENV)/bin
TORCH := $(shell sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements/train.txt)
EXTRA := $(if $(filter 0,$(TRAIN)),,$(VENV)/.train)

ifneq ($(UV),)
# uv does not read pip's variables.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
ifneq ($(PIP_INDEX_URL),)
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
MAKE_VENV = $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
MAKE_VENV = $(PYTHON) -m venv $(VENV)
# An environment that uv once made has no pip.
INSTALL = { $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; } \
  && $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.DEFAULT_GOAL := help
.PHONY: help demo services test first-day check train-extra lock clean

help: ## Say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1#\2/p' Makefile | column -t -s '#' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1: \2/p' Makefile
	@echo "Options: PORT=8000, TRAIN=0 (without torch), JOBS=2 (test processes), PYTHON=python3.12"

demo: $(VENV)/.demo $(EXTRA) ## Set up, then run all of Concord with its demo world on 127.0.0.1:PORT
	@exec $(BIN)/python manage.py demo --port $(PORT) --stop-with-parent

services: $(VENV)/.demo ## Run only the embedded PostgreSQL and broker, and print their addresses
	@exec $(BIN)/python manage.py services --stop-with-parent

test: $(VENV)/.dev $(EXTRA) ## Set up, then run every test (those in a browser where Chromium is)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder

first-day: $(VENV)/.dev ## A lead's first day with fifty labelers and 500 items, in Chromium
	WHOLE_DAY=1 REQUIRE_BROWSER=1 $(BIN)/python -m pytest tests/browser/test_first_day.py -q

check: $(VENV)/.dev ## The fast gate: format, lint, types, imports, migrations, translations, deploy check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py update_messages --check
	CONCORD_HOSTS=concord.example CONCORD_SECRET_KEY=$$($(BIN)/python -c \
	  'import secrets; print(secrets.token_urlsafe(50))') \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

train-extra: $(VENV)/.train ## Add the training extra (torch) to an environment made without it

lock: ## Write the locked versions again from pyproject.toml (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv: pip install uv"; exit 1; }
	requirements/compile.sh $(UV)

clean: ## Remove the environment and all that was built. The demo's data in var/ stays
	rm -rf $(VENV) staticfiles build *.egg-info .pytest_cache .mypy_cache .ruff_cache
	rm -rf .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Concord needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(MAKE_VENV) || { echo "No virtual environment: on Debian, apt install python3-venv"; exit 1; }

$(VENV)/.demo: requirements/demo.lock | $(BIN)/python
	@echo "Installing the web platform (60 packages): about 10 s with uv, 2 minutes with pip."
	@$(INSTALL) --require-hashes -r $<
	@touch $@

$(VENV)/.dev: requirements/dev.lock | $(BIN)/python
	@echo "Installing the web platform and the test tools: half a minute with uv, 3 with pip."
	@$(INSTALL) --require-hashes -r $<
	@touch $@

# torch first and alone, so that nothing below it chooses another build of it.
$(VENV)/.train: requirements/train.txt | $(BIN)/python
	@echo "Installing the training extra (torch, transformers, trl): some minutes, up to several"
	@echo "GB with CUDA. make TRAIN=0 $(MAKECMDGOALS) leaves it out; the Training page says how to add it."
	@$(INSTALL) "$(TORCH)"
	@$(INSTALL) -r $<
	@touch $@
# Two installs into one environment at once break it.
.NOTPARALLEL:
