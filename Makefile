# One front door for people and CI. `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SHARED ?= ../shared
ROOMS := domain crawler matcher storage alerts marsad

.PHONY: run test demo lint format bench bench-judging tune lock clean help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("marsad needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY)  ## start the daemon on config.yaml
	$(BIN)/marsad run

demo: $(READY)  ## the whole job in under a minute, offline
	$(BIN)/marsad demo

test: $(READY)  ## every test that fits in minutes
	$(BIN)/python -m pytest -m "not soak"

lint: $(READY)  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## rewrite files in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## print the benchmarks' figures (minutes)
	$(BIN)/python benchmarks/extraction.py
	$(BIN)/python benchmarks/feeds.py

PEERS := .venv-peers
$(PEERS)/.ready: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet -r $<
	@touch $@

bench-judging: $(READY) $(PEERS)/.ready  ## what a judgement costs beside spaCy and the bare automaton
	$(BIN)/python -m benchmarks.judging --peers $(PEERS)/bin/python

evaluate: $(READY)  ## precision, recall and F1 on the labelled corpus
	$(BIN)/marsad evaluate $(wildcard $(SHARED)/corpus/*.jsonl)

tune: $(READY)  ## learn the weights of the bundled rule anew and print what they give
	$(BIN)/python benchmarks/tune_rules.py matcher/rules/defence_cooperation.yaml $(wildcard $(SHARED)/corpus/*.jsonl)

lock: $(READY)  ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
