# `make run` starts the whole portal, `make check` is what CI runs. Both do all their set-up themselves.
PYTHON ?= python3
PORT ?= 8000
PG ?=
BIN := .venv/bin
UV_INSTALL := $(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes
UV_COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header

export PORT PG
export UV_PYTHON_DOWNLOADS := never

.PHONY: FORCE run manage test tools lint check format lock reset clean screenshots bench chaos lighthouse fuzz mutants

run: .venv/run.ok var/frontend
	@$(BIN)/python -m msc.portal --end-with-parent

# A management command beside a portal that runs: make manage ARGS="open_msp --help"
manage: .venv/run.ok
	@$(BIN)/python -m msc.portal --manage $(ARGS)

test: .venv/dev.ok var/frontend
	@scripts/test-tools
	@scripts/test $(ARGS)

# Tests with real third-party programs: restic, borg and borgmatic through connect/msc-run;
# and, as root, the documented steps of an installation. ARGS="-k borg"
tools: .venv/dev.ok var/frontend var/tools.ok
	@scripts/test-tools
	@PATH="$(CURDIR)/var/tools/bin:$$PATH" $(BIN)/python -m pytest -n 0 tests/tools $(ARGS)

lint: .venv/dev.ok var/frontend
	@scripts/lint

check: lint test

# SCALE=10k takes under three minutes; 100k and 1m are for a quiet machine. ONLY=row-security or ONLY=filters measures that part alone.
SCALE ?= 10k
bench: .venv/dev.ok var/frontend
	@$(BIN)/python -m msc.stack -m bench $(SCALE) $(ONLY)

# Sends 100,000 hostile requests to every slot of every address (make test: 2,000).
fuzz: .venv/dev.ok var/frontend
	@MSC_LOG_LEVEL=CRITICAL FUZZ=$${FUZZ:-100000} $(BIN)/python -m pytest -n 2 -p no:logging tests/test_hostile_requests.py

# Takes every for_user and every question for a right away, one by one, and names those that no test misses (half an hour).
# Some of them: MUTANTS=tenants,health
WALL_TESTS := $(addprefix tests/test_,services_refuse.py nothing_shines_through.py references.py offers.py access_grid.py) \
	$(addprefix tests/,events people pages customers serviceplans tenants health)
mutants: .venv/dev.ok var/frontend
	@MSC_LOG_LEVEL=CRITICAL $(BIN)/python -m pytest -s -q -n 0 -p tests.mutants -p no:logging $(WALL_TESTS) $(ARGS)

# Breaks a whole portal part by part and counts what is lost. ARGS="--report docs/reliability.md", or ARGS=--quick
chaos: .venv/dev.ok var/frontend
	@$(BIN)/python -m chaos $(ARGS)

# Lighthouse, five times on each of four pages of the demonstration; writes its table into docs/performance.md.
lighthouse: .venv/dev.ok node_modules/dev.ok var/frontend
	@scripts/test-tools
	@$(BIN)/python -m msc.stack -m bench.lighthouse $(ARGS)

# The guide's pictures, from a demonstration that runs on PORT.
screenshots: .venv/dev.ok
	@$(BIN)/python scripts/screenshots.py

format: .venv/dev.ok
	@$(BIN)/ruff check -q --fix-only .
	@$(BIN)/ruff format .

# UPGRADE=--upgrade takes newer versions; without it only what pyproject.toml and package.json ask for changes.
lock: .venv/uv.ok
	@$(UV_COMPILE) $(UPGRADE) pyproject.toml -o requirements/run.txt
	@$(UV_COMPILE) $(UPGRADE) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	@$(UV_COMPILE) $(UPGRADE) --group tools -o requirements/tools.txt
	@scripts/npm install --package-lock-only --silent
	@$(BIN)/python -m msc.frontend lock

reset:
	@scripts/reset

clean: reset
	@rm -rf .venv var node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@echo "Removed .venv, var, node_modules and the caches."

.venv/uv.ok: requirements/uv.txt
	@scripts/make-venv $(PYTHON)
	@touch $@

.venv/run.ok: .venv/uv.ok requirements/run.txt
	@echo "Installing the Python packages of requirements/run.txt into .venv."
	@$(UV_INSTALL) -r requirements/run.txt
	@touch $@

.venv/dev.ok: .venv/uv.ok requirements/run.txt requirements/dev.txt
	@echo "Installing the Python packages of requirements/dev.txt into .venv."
	@$(UV_INSTALL) -r requirements/dev.txt
	@# pytest finds its plugin tests.stack however it is called.
	@$(BIN)/python -c "import sysconfig; open(sysconfig.get_path('purelib') + '/msc.pth', 'w').write('$(CURDIR)\n')"
	@touch .venv/run.ok $@

# Programs that only `make tools` runs: in an environment of their own, so that they bend no version of the portal's.
var/tools.ok: .venv/uv.ok requirements/tools.txt
	@echo "Installing the programs of requirements/tools.txt into var/tools."
	@mkdir -p var && rm -rf var/tools && $(PYTHON) -m venv --without-pip var/tools
	@$(BIN)/uv pip install -q --python var/tools/bin/python --require-hashes -r requirements/tools.txt
	@touch $@

node_modules/ok: package-lock.json | .venv/uv.ok
	@echo "Getting the front-end files of package-lock.json by npm."
	@scripts/npm ci --omit=dev --silent
	@touch $@

# Lighthouse is for developers only; npm makes the folder anew, so the other mark goes with it.
node_modules/dev.ok: package-lock.json | .venv/uv.ok
	@echo "Getting Lighthouse by npm."
	@scripts/npm ci --silent
	@touch node_modules/ok $@

# Always: the style sheet is trimmed to what today's pages use, which takes a moment only.
var/frontend: node_modules/ok FORCE
	@$(BIN)/python -m msc.frontend collect

FORCE:
