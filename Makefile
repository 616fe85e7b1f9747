# `make run` and `make test` need nothing but a Python between 3.11 and 3.13; the rest is set up on the way.
# On Windows without make: .\make.ps1 TARGET

PYTHON ?= $(or $(shell command -v python3 2>/dev/null),python)
MINUTES ?= 10
ARGS ?=

IN_VENV = $(PYTHON) scripts/bootstrap.py

.PHONY: help setup run test test-engines check figures soak bench docs pins clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## .venv with everything a developer needs
	@$(IN_VENV) --group dev

run:  ## set up and start the show (ARGS="--port 9000")
	@$(IN_VENV) -- spark-vtuber run $(ARGS)

test:  ## set up and run all tests but the measuring ones (ARGS="-k floor" for some)
	@$(IN_VENV) --group test -- python scripts/tests.py test $(ARGS)

test-engines:  ## build a real model server once (ten minutes, kept), and run the tests that talk to it
	@$(IN_VENV) --group test -- python scripts/engines.py test $(ARGS)

check:  ## format, lint, types, layers, pins, wheels, tree, front end (ARGS="lint types" for some)
	@$(IN_VENV) --group dev -- python scripts/check.py $(ARGS)

figures:  ## measured numbers beside their floors
	@$(IN_VENV) --group test -- python scripts/tests.py figures $(ARGS)

soak:  ## long runs (MINUTES=480)
	@SPARK_SOAK_MINUTES=$(MINUTES) $(IN_VENV) --group test -- python scripts/tests.py soak $(ARGS)

bench:  ## latency of the real processes against a scripted model, then beside other systems (ARGS="--profile spark")
	@$(IN_VENV) --group test -- spark-vtuber bench latency $(ARGS)
	@$(IN_VENV) --group test -- python bench/peers.py

docs:  ## run the commands and the configuration that the documentation shows
	@$(IN_VENV) --group test -- python scripts/tests.py test tests/docs $(ARGS)

pins:  ## resolve requirements/constraints.txt anew
	@$(IN_VENV) --group dev -- python scripts/constraints.py

clean:  ## remove what was built or measured; .venv stays
	@$(PYTHON) scripts/clean.py
