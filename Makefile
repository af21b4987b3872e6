# The user's commands. Thin on purpose: each recipe is what you could type
# yourself. Nothing here knows where cargo puts its files (CARGO_TARGET_DIR).

PYTHON      ?= python3
VENV        := .venv
BIN         := $(CURDIR)/$(VENV)/bin
PREFIX      ?= /usr/local
LIBDIR      ?= lib
# The wheel and pytest, and nothing else: what a user has.
CLEAN       := .venv-wheel
CLEAN_BIN   := $(CURDIR)/$(CLEAN)/bin
DENY        := 0.20.2
# How many kills `make torture` makes, and from which seed.
KILLS       ?= 2000
SEED        ?= 1
# Which operations `make faults` takes (all whose names have this in them), and
# how many requests for memory it refuses of each.
OPERATION   ?=
MEMORY      ?= 100
# Every how many bytes `make damage` flips one.
DAMAGE_STRIDE ?= 1
# How many schedules of each kind `make schedules` runs.
SCHEDULES   ?= 150
# How long `make fuzz` runs each target.
SECONDS     ?= 60
# How many rounds of each kind `make hosts` makes.
ROUNDS      ?= 20
# How many simulated lives `make simulate` lives, how long, and from which seed.
SEEDS       ?= 200
STEPS       ?= 500
FIRST       ?= 1
# Which files `make mutants` changes (a glob); none: those of .cargo/mutants.toml.
MUTANTS     ?=
# Where the C and C++ examples find FusePay, and how it is built for them.
STAGE       := $(CURDIR)/target/stage
PROFILE     ?= dev
CARGO_TEST  := cargo test --locked --workspace
SERVICE     := examples/python/service

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-c demo-cpp demo-python service stage test test-full torture faults damage fuzz orphans zombies hosts simulate mutants bench bench-doors install doc lint module stub python wheel-test service-test service-check service-full setup clean tools cargo-deny audit

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: tools ## Build and run the demonstration: 200 bills against a biller that fails, hangs and lies
	@cargo build --quiet --locked --package sandbox-biller --package fusepay-demo
	@cargo run --quiet --locked --package fusepay-demo

demo-c: stage ## Build and run the C example against an installed library
	@PKG_CONFIG_PATH="$(STAGE)/lib/pkgconfig" $(MAKE) --no-print-directory -C examples/c BUILD="$(STAGE)/c" run

demo-cpp: stage ## The same in C++, by CMake
	@cmake -S examples/cpp -B "$(STAGE)/cpp" -DCMAKE_PREFIX_PATH="$(STAGE)" >/dev/null
	@cmake --build "$(STAGE)/cpp"
	@rm -f "$(STAGE)"/cpp/host.db*
	@"$(STAGE)/cpp/host" "$(STAGE)/cpp/host.db"

stage: tools
	@cargo xtask install --prefix "$(STAGE)" --profile "$(PROFILE)"

demo-python: module ## The same in Python, in .venv
	@$(BIN)/python examples/python/host.py

service: setup module $(VENV)/.service ## Serve the REST example with the sandbox it pays and is paid through
	@cargo build --quiet --locked --package sandbox-biller
	@cd $(SERVICE) && $(BIN)/python demo.py cargo run --quiet --locked --package sandbox-biller --

test: setup ## Everything a change must pass
	@$(MAKE) --no-print-directory lint doc
	@echo "== Rust and C tests"
	@$(CARGO_TEST)
	@$(MAKE) --no-print-directory schedules
	@$(MAKE) --no-print-directory stub wheel-test service-test
	@echo
	@echo "Left out here, run by make test-full:"
	@command -v cargo-deny >/dev/null || echo "  - cargo-deny (not installed): licences; bans and sources were checked by a test"
	@echo "  - security advisories of the dependencies (needs the network)"
	@echo "  - tests marked #[ignore] (long), release builds, pip install ./fusepay-py"
	@echo "  - the REST service in a headless browser, and against its own OpenAPI document"
	@echo "  - ten million hostile calls of the C library under sanitizers"
	@echo "  - the long proofs of docs/reliability.md: make simulate, torture, orphans, hosts, faults, damage, fuzz, mutants"

test-full: setup cargo-deny ## The same, and what is long or needs the network
	@$(MAKE) --no-print-directory lint doc audit
	@echo "== the wheel, as a user installs it"
	@$(BIN)/python -m pip install --quiet --force-reinstall ./fusepay-py
	@$(BIN)/python -c "import fusepay; print('fusepay', fusepay.__version__)"
	@echo "== Rust and C tests, with the long ones"
	@$(CARGO_TEST) --release -- --include-ignored
	@$(MAKE) --no-print-directory schedules SCHEDULES=5000
	@$(MAKE) --no-print-directory stub wheel-test service-test service-full

torture: tools ## Kill processes at every moment of their lives: make torture KILLS=2000 SEED=1
	@KILLS=$(KILLS) SEED=$(SEED) cargo test --quiet --locked --release --package fusepay-tests --test kills -- \
		--ignored --exact torture --nocapture

faults: tools ## Fail every I/O call of every operation, and refuse memory: make faults OPERATION=wallet.fund MEMORY=100
	@OPERATION="$(OPERATION)" MEMORY=$(MEMORY) cargo test --quiet --locked --release --package fusepay-tests --test faults -- \
		--ignored --nocapture --test-threads 1

damage: tools ## Damage every byte of databases, logs and audit chains: make damage DAMAGE_STRIDE=1 SEED=1
	@DAMAGE_STRIDE=$(DAMAGE_STRIDE) DAMAGE_SEED=$(SEED) cargo test --quiet --locked --release --package fusepay-tests \
		--test damage -- --include-ignored --skip one_flip_again --nocapture --test-threads=1

fuzz: tools ## Fuzz each target for a while, with a nightly compiler: make fuzz SECONDS=60
	@for target in amount token webhook audit door; do \
		echo "== $$target"; \
		cargo +nightly fuzz run $$target -- -max_total_time=$(SECONDS) -print_final_stats=1 >fuzz/$$target.log 2>&1 \
			|| { tail -n 20 fuzz/$$target.log; echo "$$target: it crashed, or was not built"; exit 1; }; \
		grep "number_of_executed_units" fuzz/$$target.log || { echo "$$target: nothing was executed"; exit 1; }; \
		echo "crashes: 0"; \
	done

orphans: KILLS = 500
orphans: tools ## Kill processes in their calls, and time who takes the payments up: make orphans KILLS=500
	@KILLS=$(KILLS) SEED=$(SEED) cargo test --quiet --locked --release \
		--package fusepay-tests --test kills -- --ignored --exact orphans::orphans --nocapture

zombies: tools ## Stop processes in calls and commits, and let them go on: make zombies ROUNDS=20 SEED=1
	@ROUNDS=$(ROUNDS) SEED=$(SEED) cargo test --quiet --locked --release --package fusepay-tests --test kills -- \
		--ignored --exact zombies::zombies --nocapture

hosts: tools ## Meddle with the files of a live engine: make hosts ROUNDS=20 SEED=1
	@ROUNDS=$(ROUNDS) SEED=$(SEED) cargo test --quiet --locked --release --package fusepay-tests --test hosts -- \
		--ignored --exact hosts --nocapture

schedules: tools ## Run the engine's threads through random schedules: make schedules SCHEDULES=150
	@echo "== schedules of the engine's threads"
	@SCHEDULES=$(SCHEDULES) cargo test --quiet --locked --package fusepay-core --features schedules --lib schedules

simulate: tools ## Live simulated lives and judge them: make simulate SEEDS=200 STEPS=500 FIRST=1
	@SEEDS=$(SEEDS) STEPS=$(STEPS) FIRST=$(FIRST) cargo test --quiet --locked --release --package fusepay-tests \
		--test simulation -- --ignored --exact simulation --nocapture

mutants: tools ## Change the money code line by line, see the unit tests fail: make mutants MUTANTS='fusepay-core/src/bill/*'
	cargo mutants --jobs 1 --package fusepay-core $(if $(MUTANTS),--file '$(MUTANTS)') --output target -- --lib

bench: tools ## Measure the engine
	cargo bench --locked --package fusepay-core

bench-doors: setup $(CLEAN)/.ready ## Measure a call from C and Python beside the same call from Rust
	@rm -rf $(CLEAN)/release
	@. $(BIN)/activate && maturin build --quiet --locked --release --manifest-path fusepay-py/Cargo.toml --out $(CLEAN)/release
	@$(CLEAN_BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall $(CLEAN)/release/*.whl
	@FUSEPAY_PYTHON="$(CLEAN_BIN)/python" cargo bench --quiet --locked --package fusepay-ffi --bench doors

install: ## The C library for C and C++ hosts: make install PREFIX=/usr/local DESTDIR=
	@cargo xtask install --prefix "$(PREFIX)" $(if $(DESTDIR),--destdir "$(DESTDIR)") --libdir "$(LIBDIR)"

doc: tools ## Build the Rust documentation; a broken link fails
	@echo "== documentation"
	@RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps

lint: setup ## Formatting, clippy, dependencies, generated files, ruff, mypy
	@echo "== formatting"
	@cargo fmt --all --check
	@cd fusepay-py && $(BIN)/ruff format --check --quiet . ../tests/python && $(BIN)/ruff check --quiet . ../tests/python
	@cd fusepay-py && $(BIN)/ruff format --check --quiet --config pyproject.toml ../examples/python/host.py ../fusepay-ffi/benches/doors/door.py
	@cd fusepay-py && $(BIN)/ruff check --quiet --config pyproject.toml ../examples/python/host.py ../fusepay-ffi/benches/doors/door.py
	@echo "== clippy"
	@cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	@echo "== generated files"
	@cargo xtask codegen --check
	@echo "== mypy --strict"
	@cd fusepay-py && $(BIN)/mypy
	@if command -v cargo-deny >/dev/null; then echo "== cargo deny"; cargo deny --locked check bans licenses sources; fi

module: setup # The Python package, built into .venv
	@echo "== Python module"
	@. $(BIN)/activate && maturin develop --quiet --locked --manifest-path fusepay-py/Cargo.toml

stub: module # The stub of the Python package against the module
	@echo "== Python stub"
	@cd fusepay-py && $(BIN)/python -m mypy.stubtest fusepay --allowlist stubtest_allowlist.txt

python: stub # The tests of the Python package against .venv, for work on it
	@echo "== Python tests"
	@cd fusepay-py && $(BIN)/python -m pytest

wheel-test: setup $(CLEAN)/.ready # The same tests against the wheel, as a user has it
	@echo "== Python tests, against the wheel"
	@rm -f $(CLEAN)/wheel/*
	@. $(BIN)/activate && maturin build --quiet --locked --manifest-path fusepay-py/Cargo.toml --out $(CLEAN)/wheel
	@$(CLEAN_BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall $(CLEAN)/wheel/*.whl
	@cd fusepay-py && $(CLEAN_BIN)/python -c "import fusepay as f, sys; f.__file__.startswith(sys.prefix) or sys.exit(f.__file__)"
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
