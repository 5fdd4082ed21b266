# demo: try it   test: every test   lint: every check   bench, soak: the long figures   assets, install: what those need
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := demo
.DELETE_ON_ERROR:
unexport PYTHONDONTWRITEBYTECODE
.PHONY: demo test lint bench soak assets install
PYTHON_ := .venv/bin/python
INSTALLED := .venv/.installed
BUILT := hub/console/assets/node_modules/.built
NODE_TESTS := tests/node/node_modules/.installed
SOURCES := $(shell find hub/console/assets -name node_modules -prune -o -type f -print)

demo: install assets ; exec .venv/bin/hub demo
test: install assets $(NODE_TESTS) ; .ci/browser && .ci/with-node $(PYTHON_) -m pytest -n auto --dist worksteal $(ARGS)
bench: install assets ; .ci/with-node $(PYTHON_) -m bench $(ARGS)
soak: install assets ; $(PYTHON_) -m bench.soak $(ARGS)
install: $(INSTALLED)
assets: $(BUILT)

lint: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	for check in tests/house/lint_*.py; do [ ! -e "$$check" ] || PYTHONPATH=. $(PYTHON_) "$$check"; done

$(INSTALLED): requirements-dev.lock pyproject.toml .ci/install .ci/uv.lock
	.ci/install
	touch $@

$(BUILT): $(SOURCES) | $(INSTALLED)
	cd hub/console/assets && ../../../.ci/with-node npm ci --no-audit --no-fund --loglevel=error && ../../../.ci/with-node npm run --silent build
	touch $@

$(NODE_TESTS): tests/node/package.json tests/node/package-lock.json | $(INSTALLED)
	cd tests/node && ../../.ci/with-node npm ci --no-audit --no-fund --loglevel=error
	touch $@
