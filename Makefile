# Beluga. `make help` lists what there is; every target sets up what it needs.

SHELL := /bin/bash
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
STAMP := $(VENV)/.installed
PATRONI := $(VENV)/patroni
WINDOWLESS := $(VENV)/chromium
HAPROXY := haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1
SEED ?= 1
TEXTS ?= 10000000
REQUESTS ?= 100000
# test files at a time; each worker has a PostgreSQL of its own, and often waits for other processes
WORKERS ?= 4

# Where no bytecode is kept, each of the hundreds of processes that tests start compiles everything it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help headless setup demo up down test quick lint format bench rehearse fuzz lock wheel chromium libfiu patroni haproxy caddy public-paths compose-check clean browser shape \
	images-local machine-local test-install ansible ansible-lint hosts-local test-ansible cluster-up cluster-down cluster-status test-cluster test-long access log-events words security

help: ## What each target does
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Beluga needs Python 3.11 or newer; name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo "Could not make $(VENV). On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the locked dependencies into $(VENV)"
	@awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements-dev.lock > $(VENV)/uv.lock
	@$(PIP) --require-hashes -r $(VENV)/uv.lock 2>/dev/null \
		&& $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock \
		|| $(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(STAMP) ## Make .venv with everything (about a minute the first time)

demo: $(STAMP) ## A made-up county lives through election day at 60x; prints the board's address
	$(BIN)/beluga demo --seed $(SEED)

up: $(STAMP) ## Start the one-machine stack in .beluga
	$(BIN)/beluga up

down: $(STAMP) ## Stop it
	$(BIN)/beluga down

chromium: ## Debian's Chromium for the browser tests, where it is missing and we may install it
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	else echo "Chromium is missing: the browser tests need it. As root: apt-get install chromium" >&2; exit 1; fi

headless: $(STAMP) chromium ## The same Chromium without a window, unpacked in .venv/chromium: tests take a third less
	@# Debian's, of the very version that is installed, for it uses its other files; nothing is installed on the
	@# machine; where it cannot be had, tests use the one with a window
	@version=$$(dpkg-query --show --showformat='$${Version}' chromium 2>/dev/null); at=$(WINDOWLESS); \
	if [ -z "$$version" ] || [ "$$(cat $$at/version 2>/dev/null)" = "$$version" ]; then :; \
	else rm -rf $$at && mkdir -p $$at && cd $$at && { apt-get download -qq chromium-headless-shell=$$version >/dev/null 2>&1 \
		|| { apt-get update -qq && apt-get download -qq chromium-headless-shell=$$version >/dev/null; } 2>/dev/null \
		&& dpkg -x chromium-headless-shell_*.deb new && rm *.deb && ln -s $$(ls -d /usr/lib/chromium/* | grep -v headless) \
		new/usr/lib/chromium/ && mv new/usr . && rmdir new && echo "$$version" >version; } || :; fi

libfiu: ## Debian's libfiu for one test of failing disks, where it is missing and we may install it
	@if command -v fiu-ctrl >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then :; \
	else apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends fiu-utils >/dev/null || :; fi

patroni: $(STAMP) ## Patroni as the cluster has it, and Debian's etcd, unpacked in .venv/patroni for one test
	@# nothing is installed on the machine; where etcd cannot be had, that test says so and is skipped
	@test -x $(PATRONI)/bin/patroni || { $(BIN)/uv venv --quiet $(PATRONI) && $(BIN)/uv pip install --quiet \
		--python $(PATRONI)/bin/python --require-hashes -r deploy/patroni.lock; }
	@if command -v etcd >/dev/null || test -x $(PATRONI)/etcd/usr/bin/etcd || ! command -v apt-get >/dev/null; then :; \
	else cd $(PATRONI) && { apt-get download -qq etcd-server >/dev/null 2>&1 \
		|| { apt-get update -qq && apt-get download -qq etcd-server >/dev/null; } \
		&& dpkg -x etcd-server_*.deb etcd && rm etcd-server_*.deb; } || :; fi

haproxy: ## Debian's HAProxy, unpacked in .venv/haproxy for the proxy's tests
	@# nothing is installed on the machine; where it cannot be had, those tests say so and are skipped
	@if command -v haproxy >/dev/null || test -x $(VENV)/haproxy/usr/sbin/haproxy || ! command -v apt-get >/dev/null; then :; \
	else mkdir -p $(VENV)/haproxy && cd $(VENV)/haproxy && { apt-get download -qq $(HAPROXY) >/dev/null 2>&1 \
		|| { apt-get update -qq && apt-get download -qq $(HAPROXY) >/dev/null; } \
		&& for each in *.deb; do dpkg -x $$each .; done && rm *.deb; } || :; fi

caddy: ## Debian's Caddy, unpacked in .venv/caddy for the tests of the one machine's proxy
	@if command -v caddy >/dev/null || test -x $(VENV)/caddy/usr/bin/caddy || ! command -v apt-get >/dev/null; then :; \
	else mkdir -p $(VENV)/caddy && cd $(VENV)/caddy && { apt-get download -qq caddy >/dev/null 2>&1 \
		|| { apt-get update -qq && apt-get download -qq caddy >/dev/null; } \
		&& for each in *.deb; do dpkg -x $$each .; done && rm *.deb; } || :; fi

lint: $(STAMP) browser ## Formatting, lint, types, import contracts; the browser's code where Node is at hand
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: ## Types, lint and unit tests of the browser's code; says so and goes on where Node is missing
	@# Beluga needs no Node: nothing is built. The type checker, eslint and a page for tests come from npm, once.
	@if ! node -e 'const [major, minor] = process.versions.node.split("."); process.exit(Number(major < 20 || (+major === 20 && minor < 19)))' 2>/dev/null; then \
		echo "The browser's code is NOT checked: there is no Node 20.19 or newer (node --version)."; \
	elif test -x node_modules/.bin/tsc || npm ci --silent; then \
		npm run --silent types && npm run --silent lint && npm test --silent; \
	else echo "The browser's code is NOT checked for types and style: npm cannot fetch its tools (npm ci)."; \
		npm test --silent; fi

shape: $(STAMP) ## The house in figures; SINCE=191bfef sets an older tree beside it
	$(BIN)/python -m tests.shape $(SINCE)

format: $(STAMP) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(STAMP) headless libfiu patroni haproxy caddy ## Everything CI runs (about 10 minutes on two cores)
	@# Lint runs beside the tests and is shown after them. Nothing is run twice: a test that fails now and then
	@# is a defect. Tests are compiled once, before the workers begin: each would compile all of them. Which
	@# files begin first: tests/order.py.
	@said=$$(mktemp); \
	$(MAKE) --no-print-directory lint >$$said 2>&1 & lint=$$!; \
	$(BIN)/pytest --collect-only tests >/dev/null 2>&1; \
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests; tests=$$?; \
	wait $$lint; linted=$$?; cat $$said; rm $$said; exit $$((tests || linted))

quick: $(STAMP) ## Tests without the end-to-end runs
	$(BIN)/pytest --ignore tests/end_to_end

bench: $(STAMP) ## Every benchmark, each with its baseline in the same run
	@for each in bench/[a-z]*.py; do echo "== $$each"; $(BIN)/python -m "$$(basename "$$each" .py | sed 's/^/bench./')" || exit 1; done

rehearse: $(STAMP) chromium ## Every failure of the catalogue that one machine can show, then a whole day's claims, and one of calls, doors and rides (about 45 minutes)
	$(BIN)/beluga rehearse
	$(BIN)/python -m bench.calling_day --callers 2000 --canvassers 100 --drivers 40 --voters 300000 --precincts 540 --calls-a-day 60000
	BELUGA_REHEARSE=1 $(BIN)/pytest -q -n 0 tests/end_to_end/test_claims_of_a_day.py

test-long: $(STAMP) chromium patroni ## The long forms of tests: twenty seeds of kills, a calling day, new examples for the laws
	BELUGA_REHEARSE=1 BELUGA_SHORT=all BELUGA_SIMULATIONS=4000 BELUGA_EXAMPLES=2000 $(BIN)/pytest --timeout 3600 tests/simulation tests/chaos/run tests/chaos/faults tests/end_to_end tests/intake/test_crash.py tests/callers/test_day.py \
		tests/callers/test_survival.py $$(grep -rl --include='test_*.py' "^from hypothesis" tests)

fuzz: $(STAMP) ## Ten million mutated texts against the grammar (TEXTS=, SEED=), then requests and expressions
	@# atheris has no build for every Python; without it the mutations are random
	-@$(BIN)/uv pip install --quiet --python $(BIN)/python atheris==3.0.0 2>/dev/null
	$(BIN)/python tests/fuzz/grammar.py --texts $(TEXTS) --seed $(SEED)
	@# the front against aiohttp's own server (REQUESTS=, SEED=); every regular expression, on up to 64 KB
	$(BIN)/python tests/fuzz/requests.py --requests $(REQUESTS) --seed $(SEED)
	$(BIN)/python tests/fuzz/expressions.py

public-paths: $(STAMP) ## Which paths the cluster's proxy lets in, from what the services serve
	$(BIN)/python deploy/public_paths.py

security: $(STAMP) chromium haproxy ## Everything that attacks Beluga, as a table with counts (about 25 minutes)
	$(BIN)/python -m tests.security.report

access: $(STAMP) ## Write docs/access.md: every route and who is answered what
	$(BIN)/python -m beluga.readiness.access_page docs/access.md

log-events: $(STAMP) ## Write docs/log-events.md: every event of our logs, and what to do about it
	$(BIN)/python -m beluga.readiness.log_events_page docs/log-events.md

words: $(STAMP) ## Keep the war room's language files level with what its code says
	$(BIN)/python -m dashboard.languages.messages

lock: $(STAMP) ## Resolve the locked dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command 'make lock' -o requirements.lock pyproject.toml --extra files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command 'make lock' --constraint requirements.lock \
		-o requirements-dev.lock pyproject.toml --extra files --group dev

wheel: $(STAMP) ## Build dist/*.whl
	$(BIN)/python -m build --no-isolation --wheel --outdir dist

images-local: $(STAMP) ## The cluster's images without a registry of images (as root; debootstrap)
	deploy/images-local

cluster-up: ## Start the cluster of docker-compose.yml and wait until it is healthy
	deploy/cluster up

cluster-down: ## Stop it; the data stay
	deploy/cluster down

cluster-status: ## What runs, who is primary, how long the certificate lasts
	deploy/cluster status

test-cluster: $(STAMP) ## Kill, freeze and roll a real cluster of containers (needs a Docker Engine and the images)
	BELUGA_TEST_CLUSTER=1 $(BIN)/pytest tests/cluster -s

machine-local: $(STAMP) ## A fresh Debian with systemd in a container, for test-install (as root; debootstrap)
	deploy/machine-local

test-install: machine-local chromium ## `beluga install` on a fresh machine: door, number, text, board, away again
	BELUGA_TEST_INSTALL=1 $(BIN)/pytest tests/machine -s

ansible: $(STAMP) ## Ansible in .venv/ansible, for the cluster on hosts of its own (docs/how-to/three-machines.md)
	@test -x $(VENV)/ansible/bin/ansible-playbook || { $(BIN)/uv venv --quiet $(VENV)/ansible && $(BIN)/uv pip install --quiet \
		--python $(VENV)/ansible/bin/python -r deploy/ansible/requirements.txt; }

ansible-lint: ansible ## Its playbooks' syntax and style
	cd deploy/ansible && PATH="$(CURDIR)/$(VENV)/ansible/bin:$$PATH" ansible-lint --offline -q

hosts-local: machine-local ## Three hosts' image and wheels, for test-ansible (as root; debootstrap)
	deploy/hosts-local

test-ansible: ansible hosts-local wheel ## Three hosts by the playbook: twice, upgraded, one lost and replaced, two parted
	BELUGA_TEST_ANSIBLE=1 $(BIN)/pytest tests/hosts -s

compose-check: ## Whether docker-compose.yml is valid
	docker compose config --quiet

clean: ## Remove what the targets made (not your data in .beluga)
	rm -rf dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
