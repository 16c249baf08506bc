# Everything a person or a build does with a fresh clone. Each target installs what it needs into .venv first.

PYTHON ?= python3
PORT ?= 8080

export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy

APT_GET := DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -qq
UV_INSTALL := .venv/bin/uv pip install --quiet --python .venv/bin/python

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo up test check bench simulate crash crash-webhooks openapi browser dashboard page checked-page screenshots

NODE_TOO_OLD = ! { command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split("."); \
  process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }
DASHBOARD_SOURCES := $(shell find dashboard -name node_modules -prune -o -type f ! -name schema.d.ts -print) \
  docs/reference/openapi.json
NPM_INSTALL := npm ci --no-audit --no-fund --loglevel=error

help:
	@echo "make demo      run a whole campaign in virtual time, end to end, and show the proof (KEEP=1 leaves it running with its API open)"
	@echo "make up        run Overture, its dashboard and a sandbox platform; data in ./data (PORT=8080; the sandbox takes the next)"
	@echo "make test      run the tests (ARGS='tests/core -k window' runs some)"
	@echo "make check     check style, types and layers"
	@echo "make bench     measure"
	@echo "make simulate  run simulated histories and judge each (N=100 SEED=1 LOCKS=1)"
	@echo "make crash     kill processes and databases before and after everything they write (SHARE=1 SEED=1)"
	@echo "make crash-webhooks  kill who delivers events, to a receiver that fails half of the time (N=100000 SEED=1)"
	@echo "make openapi   renew docs/reference/openapi.json from the code"
	@echo "make screenshots  take the README's pictures of the dashboard anew (needs chromium)"
	@echo "make dashboard check and build the dashboard into the package (needs Node 20)"
	@echo "make install   install what 'demo' and 'up' need into .venv"

install: .venv/.runtime

demo: .venv/.runtime
	@.venv/bin/overture demo $(if $(KEEP),--keep)

up: .venv/.runtime page
	@.venv/bin/overture up --sandbox --port $(PORT)

test: .venv/.development browser checked-page
	.venv/bin/pytest -n 2 $(ARGS)

# The tests of pages run in Debian's chromium; where it is not to be had they are skipped.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing chromium for the tests of pages ..."; \
	    { $(APT_GET) update && $(APT_GET) install -y --no-install-recommends chromium; } >/dev/null 2>&1 \
	      || echo "chromium could not be installed (apt-get install chromium): the tests of pages are skipped."; \
	  else \
	    echo "There is no chromium here: the tests of pages are skipped. On Debian, as root: apt-get install chromium"; \
	  fi; }

check: .venv/.development
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

screenshots: .venv/.development browser checked-page
	@.venv/bin/python -m tests.pages.screenshots docs/images

openapi: .venv/.runtime
	@.venv/bin/overture openapi > docs/reference/openapi.json.new && mv docs/reference/openapi.json.new docs/reference/openapi.json
	@.venv/bin/overture openapi --v1 > docs/reference/openapi-v1.json.new && mv docs/reference/openapi-v1.json.new docs/reference/openapi-v1.json

dashboard:
	@if $(NODE_TOO_OLD); then \
	  echo "The dashboard is built with Node 20.19 or newer, which nodejs.org and most systems have; here it is not."; exit 1; fi
	@$(MAKE) -s --no-print-directory dashboard/node_modules/.checked

# Overture also runs without its page; where Node is, the page is built when its sources have changed.
page:
	@if [ -e src/overture/dashboard/index.html ] && $(NODE_TOO_OLD); then :; \
	elif $(NODE_TOO_OLD); then \
	  echo "The dashboard is not built here: that takes Node 20.19 or newer, which nodejs.org and most systems have."; \
	else $(MAKE) -s --no-print-directory src/overture/dashboard/index.html \
	  || echo "The dashboard could not be built; see above. Overture starts without it."; fi

checked-page:
	@if $(NODE_TOO_OLD); then \
	  echo "There is no Node 20.19 or newer here: the dashboard is not built, and the tests of its pages are skipped."; \
	else $(MAKE) -s --no-print-directory dashboard/node_modules/.checked; fi

src/overture/dashboard/index.html: $(DASHBOARD_SOURCES)
	@echo "Building the dashboard ..."
	@cd dashboard && $(NPM_INSTALL) && npm run --silent generate && npm run --silent build

dashboard/node_modules/.checked: $(DASHBOARD_SOURCES)
	@echo "Checking and building the dashboard ..."
	@cd dashboard && $(NPM_INSTALL) && npm run --silent check
	@touch $@

simulate: .venv/.development
	@.venv/bin/python -m tests.simulation --count $(or $(N),100) --first $(or $(SEED),1) $(if $(LOCKS),--locks)

crash: .venv/.development
	@.venv/bin/python -m tests.crash --share $(or $(SHARE),1) --seed $(or $(SEED),1)

crash-webhooks: .venv/.development
	@.venv/bin/python -m tests.crash.webhooks --events $(or $(N),100000) --seed $(or $(SEED),1)

bench: .venv/.runtime
	@.venv/bin/overture bench

.venv/.bootstrap: requirements-bootstrap.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Python is missing: there is no '$(PYTHON)'. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's module venv is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making .venv ..."
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

.venv/.package: pyproject.toml requirements.in .venv/.bootstrap
	@$(UV_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.runtime: requirements.txt .venv/.package
	@echo "Installing what Overture needs ..."
	@$(UV_INSTALL) --require-hashes --compile-bytecode -r $<
	@touch $@

.venv/.development: requirements-dev.txt .venv/.package
	@echo "Installing what the tests and checks need ..."
	@$(UV_INSTALL) --require-hashes --compile-bytecode -r $<
	@touch $@
