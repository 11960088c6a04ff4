# Everything a developer types. `make` alone prints the menu; each target does the set-up it needs.

.DEFAULT_GOAL := menu
.DELETE_ON_ERROR:
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.stamp

NATIVE := src/watchkeeper/measure/native

export PYTHON   # choose an interpreter: make env PYTHON=/opt/python3.12/bin/python3

.PHONY: menu
menu:
	@echo 'Watchkeeper makes the operations manual run. Start with: make demo'
	@echo
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | while IFS='|' read -r name what; do printf '%-16s %s\n' "$$name" "$$what"; done

.PHONY: env
env: $(STAMP) ## set up .venv with everything pinned (cheap when nothing changed)

$(STAMP): pyproject.toml hatch_build.py requirements-dev.lock requirements-node.lock frontend/package-lock.json tools/env.sh
	@sh tools/env.sh
	@touch $(STAMP)

.PHONY: native
native: env ## compile the fast parts beside their sources; a part that does not compile is an error
	@WATCHKEEPER_NATIVE=1 $(BIN)/python -m hatch_build

.PHONY: parts
parts: env   # the same where it can be done: without a compiler Python does the work
	@$(BIN)/python -m hatch_build

.PHONY: demo
demo: env ## watch a real manual run against a stand-in application under traffic
	@$(BIN)/python -m hatch_build --drop
	@$(BIN)/watchkeeper demo $(ARGS)

.PHONY: test
test: env parts ## run every test (ARGS='tests/manual -k ratio' for a part)
	@$(BIN)/python -m pytest $(ARGS)

CHECKS := check-format check-lint check-types check-imports check-docs check-lock

.PHONY: check $(CHECKS)
check: env ## format, lint, strict types, import rules, docs, lock
	@$(MAKE) --no-print-directory --keep-going $(CHECKS)   # all faults at once, not only the first
check-format: env
	$(BIN)/ruff format --check .
check-lint: env
	$(BIN)/ruff check .
check-types: env
	$(BIN)/mypy
check-imports: env
	$(BIN)/lint-imports --no-logo
check-docs: env
	$(BIN)/python -m tools.docs --check
check-lock: env
	$(BIN)/python -m tools.lock --check

.PHONY: fmt
fmt: env ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: env parts ## measure speed and memory beside Prometheus (QUICK=1: under 8 minutes; ARGS=decoding: a part)
	@QUICK='$(QUICK)' $(BIN)/python -m bench $(ARGS)

.PHONY: torture
torture: env parts ## the long versions of the tests: 100,000 cases, 100 kills
	@$(BIN)/python -m pytest -m torture $(ARGS)

.PHONY: docs
docs: env ## rebuild the references that are made from the code
	@$(BIN)/python -m tools.docs

.PHONY: lock
lock: env ## resolve the dependencies anew and write the lock files
	@$(BIN)/python -m tools.lock

.PHONY: clean
clean: ## remove what make made (not your data)
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache src/watchkeeper/web/static/vendor
	rm -f $(NATIVE)/*.so $(NATIVE)/*.c $(NATIVE)/.stamps*
	find src tests tools bench examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
