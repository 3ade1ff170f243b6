# One front door for people and CI. `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SHARED ?= ../shared
ROOMS := domain crawler matcher storage alerts marsad

.PHONY: run check readme-check release-check test test-import demo lint format docs docs-site bench bench-full bench-plots bench-judging bench-store bench-telling bench-pages \
	bench-stories bench-whole bench-flame bench-cluster browser screenshots screenshots-alerts torture-telling \
	torture torture-page torture-cluster fuzz audit sbom soak reliability evaluate tune lock clean help \
	cut-off bench-schedule

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

check: lint  ## the inner loop, in less than a minute: lint, and the tests that need no process
	$(BIN)/python -m pytest -q -m "not soak" -n auto --dist loadfile tests/unit

test: $(READY)  ## every test that fits in minutes
	$(BIN)/python -m pytest -m "not soak" -n 4 --dist loadfile --no-loadscope-reorder

test-import: $(READY)  ## 100,000 articles, killed ten times, end as if nothing had been (minutes)
	$(BIN)/python -m pytest -m soak tests/acceptance/test_import.py

browser:  ## Debian's Chromium and fonts, for the tests that look at the page (needs root once)
	@test -x /usr/bin/chromium || (apt-get update && apt-get install -y --no-install-recommends \
		chromium fonts-noto-core fonts-noto-color-emoji)

screenshots: $(READY) browser  ## pictures of every page for docs/
	$(BIN)/python tests/browser/screenshots.py docs/images

screenshots-alerts: $(READY) browser  ## pictures of mails, a digest and Slack for docs/
	$(BIN)/python tests/browser/alert_pictures.py docs/images

torture-page: $(READY)  ## thousands of questions, allowed or not, held against /openapi.json (minutes)
	$(BIN)/python -m pytest -m soak tests/integration/test_web_description.py

lint: $(READY)  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## rewrite files in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

PEERS := .venv-peers

docs: $(READY)  ## write the pages of docs/ that come from the code anew
	$(BIN)/python -m tools.reference

docs-site: $(READY)  ## the documentation as a site in build/site; a warning or a dead link fails
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/site
	$(BIN)/python -m tools.site_links build/site

bench: $(READY) $(PEERS)/.ready  ## every figure beside its must and goal, in minutes (ONLY="feeds near" for parts)
	$(BIN)/python -m benchmarks.board $(if $(ONLY),--only $(ONLY))

bench-full: $(READY) $(PEERS)/.ready  ## the same on 5,000 pages and 100,000 stored articles
	$(BIN)/python -m benchmarks.board --full $(if $(ONLY),--only $(ONLY))

bench-plots: $(READY)  ## the pictures of the board and of growth into docs/images, from what the last runs kept
	$(BIN)/python -m benchmarks.plots

$(PEERS)/.ready: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade pip  # 23 stumbles over lxml[html-clean]
	$(PEERS)/bin/python -m pip install --quiet -r $<
	@touch $@

bench-judging: $(READY) $(PEERS)/.ready  ## what a judgement costs beside spaCy and the bare automaton
	$(BIN)/python -m benchmarks.judging --peers $(PEERS)/bin/python

reliability: $(READY)  ## every promise of docs/reliability.md, tested now; what was seen is written there
	$(BIN)/python tests/reliability.py

bench-cluster: $(READY)  ## how the work of 1, 2 and 4 workers grows (needs PostgreSQL)
	$(BIN)/python -m benchmarks.cluster
	$(BIN)/python -m benchmarks.cluster --latency 0 --articles 40

bench-telling: $(READY)  ## from publication on a local feed to the mail accepted: p50, p95
	$(BIN)/python benchmarks/telling.py

ROUNDS ?= 500
torture: $(READY)  ## SIGKILL at every step and at random, ROUNDS=500 times, beside a run without (an hour)
	MARSAD_TORTURE_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -q -s tests/acceptance/test_torture.py

RUNS ?= 2000000
FUZZ := .venv-fuzz
fuzz: $(FUZZ)/.ready  ## RUNS=2000000 inputs into every reader of strange bytes, guided by coverage (hours)
	$(FUZZ)/bin/python tests/fuzz/fuzz.py --runs $(RUNS) --shared $(SHARED)

$(FUZZ)/.ready: requirements.lock tests/fuzz/requirements.txt
	$(PYTHON) -m venv $(FUZZ)
	$(FUZZ)/bin/python -m pip install --quiet --require-hashes -r requirements.lock -r tests/fuzz/requirements.txt
	$(FUZZ)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

soak: $(READY)  ## two days of 100 outlets in 15 minutes, with all that goes wrong: what grows, what is lost
	$(BIN)/python tests/soak/soak.py --plot build/soak.svg

AUDIT := .venv-audit
audit: $(AUDIT)/.ready  ## known weaknesses of what the lock holds; says so where nobody can be asked
	@.ci/audit $(AUDIT)/bin

sbom: $(AUDIT)/.ready  ## build/marsad.cdx.json: what marsad is made of, as CycloneDX
	@mkdir -p build
	$(AUDIT)/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml \
		--output-reproducible --of JSON -o build/marsad.cdx.json

$(AUDIT)/.ready: .ci/audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --require-hashes -r $<
	@touch $@

torture-telling: $(READY)  ## a silent Slack, and other long outages
	$(BIN)/python -m pytest -m soak tests/acceptance/test_outages.py

torture-cluster: $(READY)  ## ten minutes of killed, stopped and cut-off workers on fifty hosts
	MARSAD_CLUSTER_SECONDS=600 MARSAD_CLUSTER_HOSTS=50 $(BIN)/python -m pytest -q -s \
		tests/acceptance/test_cluster.py -k no_host_is_hurried

cut-off: $(READY)  ## two network namespaces as two hosts, one cut off for a minute (needs root, ip)
	$(BIN)/python -m pytest -q -s -rs -m soak --timeout 900 tests/acceptance/test_cut_off.py

bench-schedule: $(READY)  ## how late visits of 10,000 sources begin (needs PostgreSQL)
	$(BIN)/python -m benchmarks.schedule

bench-whole: $(READY) $(PEERS)/.ready  ## from poll to stored verdict, beside the usual stack and news-please
	$(BIN)/python -m benchmarks.whole --peers $(PEERS)/bin/python

bench-flame: $(READY) $(PEERS)/.ready  ## where the time of a whole run goes, drawn anew into docs/images
	$(BIN)/python -m benchmarks.flame

bench-store: $(READY)  ## the store with a million articles: size, filing, every question (an hour)
	$(BIN)/python -m benchmarks.store

bench-pages: $(READY)  ## every page on a million articles: median, CPU, what the server holds
	$(BIN)/python -m benchmarks.pages

bench-stories: $(READY) $(PEERS)/.ready  ## stories: B-cubed F1, cost of placing, datasketch beside it
	$(BIN)/python -m benchmarks.stories $(wildcard $(SHARED)/corpus/*.jsonl) --peers $(PEERS)/bin/python

readme-check: $(READY)  ## the README followed literally in an empty environment (minutes; reaches for packages)
	$(BIN)/python -m tools.readme_check

release-check: $(READY)  ## version, changelog, wheel and source; installed elsewhere; the demo (minutes)
	$(BIN)/python -m tools.release_check

evaluate: $(READY)  ## precision, recall and F1 on the labelled corpus
	$(BIN)/marsad evaluate $(wildcard $(SHARED)/corpus/*.jsonl)

tune: $(READY)  ## learn the weights of the bundled rule anew and print what they give
	$(BIN)/python benchmarks/tune_rules.py matcher/rules/defence_cooperation.yaml $(wildcard $(SHARED)/corpus/*.jsonl)

lock: $(READY)  ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
