# make demo: track the built-in synthetic set.  make test: the tests (test-full: with
# the full-size trackers).  make product: what the shipped checkpoint reaches.
# make lint: style and types.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEVICES := --xla_force_host_platform_device_count=2
# Tests compile much and run little: a compiler that is done in half the time, with
# programs that run slower. Its rounding differs, which a few tests look at: they run
# with the compiler of users, in `make product`.
QUICK := $(DEVICES) --xla_backend_optimization_level=0 \
	--xla_cpu_use_fusion_emitters=false

.PHONY: demo test test-full product lint format clean

$(VENV)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/.run

demo: $(VENV)/.run
	$(BIN)/python evaluate.py

test: $(VENV)/.dev
	XLA_FLAGS="$(QUICK)" $(BIN)/python -m pytest -n 2 --dist loadfile \
		-m "not full_size and not product and not rounding"

test-full: $(VENV)/.dev
	XLA_FLAGS=$(DEVICES) $(BIN)/python -m pytest -n 2 --dist loadfile

product: $(VENV)/.dev
	XLA_FLAGS=$(DEVICES) $(BIN)/python -m pytest \
		-m "(product or rounding) and not full_size"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .cache outputs
