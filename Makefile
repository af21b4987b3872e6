# The user's commands. Thin on purpose: each recipe is what you could type
# yourself. Nothing here knows where cargo puts its files (CARGO_TARGET_DIR).

PYTHON      ?= python3
VENV        := .venv
BIN         := $(CURDIR)/$(VENV)/bin
# The wheel and pytest, and nothing else: what a user has.
CLEAN       := .venv-wheel
CLEAN_BIN   := $(CURDIR)/$(CLEAN)/bin
DENY        := 0.20.2
CARGO_TEST  := cargo test --locked --workspace
SERVICE     := examples/python/service

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo service test test-full bench doc lint module python service-test service-check service-full setup clean tools cargo-deny audit

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: tools ## Build and run the demonstration: 200 bills against a biller that fails, hangs and lies
	@cargo build --quiet --locked --package sandbox-biller --package fusepay-demo
	@cargo run --quiet --locked --package fusepay-demo

service: setup module $(VENV)/.service ## Serve the REST example with the sandbox it pays and is paid through
	@cargo build --quiet --locked --package sandbox-biller
	@cd $(SERVICE) && $(BIN)/python demo.py cargo run --quiet --locked --package sandbox-biller --

test: setup ## Everything a change must pass
	@$(MAKE) --no-print-directory lint doc
	@echo "== Rust and C tests"
	@$(CARGO_TEST)
	@$(MAKE) --no-print-directory python service-test
	@echo
	@echo "Left out here, run by make test-full:"
	@command -v cargo-deny >/dev/null || echo "  - cargo-deny (not installed): licences; bans and sources were checked by a test"
	@echo "  - security advisories of the dependencies (needs the network)"
	@echo "  - tests marked #[ignore] (long), release builds, the wheel installed by pip"
	@echo "  - the REST service in a headless browser, and against its own OpenAPI document"

test-full: setup cargo-deny ## The same, and what is long or needs the network
	@$(MAKE) --no-print-directory lint doc audit
	@echo "== the wheel, as a user installs it"
	@$(BIN)/python -m pip install --quiet --force-reinstall ./fusepay-py
	@$(BIN)/python -c "import fusepay; print('fusepay', fusepay.__version__)"
	@echo "== Rust and C tests, with the long ones"
	@$(CARGO_TEST) --release -- --include-ignored
	@$(MAKE) --no-print-directory python service-test service-full

bench: tools ## Measure the engine
	cargo bench --locked --package fusepay-core

doc: tools ## Build the Rust documentation; a broken link fails
	@echo "== documentation"
	@RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps

lint: setup ## Formatting, clippy, dependencies, generated files, ruff, mypy
	@echo "== formatting"
	@cargo fmt --all --check
	@cd fusepay-py && $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@cd fusepay-py && $(BIN)/ruff format --check --quiet --config pyproject.toml ../examples/python/host.py
	@cd fusepay-py && $(BIN)/ruff check --quiet --config pyproject.toml ../examples/python/host.py
	@echo "== clippy"
	@cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	@echo "== generated files"
	@cargo xtask codegen --check
	@echo "== mypy --strict"
	@cd fusepay-py && $(BIN)/mypy
	@if command -v cargo-deny >/dev/null; then echo "== cargo deny"; cargo deny --locked check bans licenses sources; fi

module: setup # The Python package, built into .venv
	@. $(BIN)/activate && maturin develop --quiet --locked --manifest-path fusepay-py/Cargo.toml

python: module $(CLEAN)/.ready # The Python package: its stub against the module, its tests against the wheel
	@echo "== Python stub"
	@cd fusepay-py && $(BIN)/python -m mypy.stubtest fusepay --allowlist stubtest_allowlist.txt
	@echo "== Python tests"
	@rm -f $(CLEAN)/wheel/*
	@. $(BIN)/activate && maturin build --quiet --locked --manifest-path fusepay-py/Cargo.toml --out $(CLEAN)/wheel
	@$(CLEAN_BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall $(CLEAN)/wheel/*.whl
	@cd fusepay-py && $(CLEAN_BIN)/python -m pytest

$(CLEAN)/.ready: requirements-dev.txt
	@echo "== $(CLEAN)"
	@$(PYTHON) -m venv $(CLEAN)
	@$(CLEAN_BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements-dev.txt pytest
	@touch $@

service-test: setup # The REST example, where Python is new enough for FastAPI
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then $(MAKE) --no-print-directory service-check; \
	else echo "== REST service: left out, it needs Python 3.11 or newer"; fi

service-check: module $(VENV)/.service-test # Its style, its types, and HTTP against the running service
	@echo "== REST service"
	@cd $(SERVICE) && $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy
	@cd $(SERVICE) && $(BIN)/python -m pytest --quiet

service-full: module $(VENV)/.service-full # The same service in a browser, and against its OpenAPI document
	@echo "== REST service, the long tests"
	@.ci/browser
	@cd $(SERVICE) && $(BIN)/python -m pytest --quiet -m full

setup: tools $(VENV)/.ready ## Check the tools and make .venv

$(VENV)/.ready: requirements-dev.txt
	@echo "== .venv"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/.service: $(VENV)/.ready $(SERVICE)/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(SERVICE)/requirements.txt
	@touch $@

$(VENV)/.service-test: $(VENV)/.service $(SERVICE)/requirements-test.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(SERVICE)/requirements-test.txt
	@touch $@

$(VENV)/.service-full: $(VENV)/.service-test $(SERVICE)/requirements-full.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(SERVICE)/requirements-full.txt
	@touch $@

tools:
	@PYTHON="$(PYTHON)" .ci/tools

cargo-deny:
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny --version $(DENY)

audit: # Advisories; needs the network
	@echo "== advisories"
	@cargo deny --locked check advisories

clean: ## Remove what was built
	cargo clean
	rm -rf $(VENV) $(CLEAN) fusepay-py/python/fusepay/*.so
