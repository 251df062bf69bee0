# The few entry points of colo. Everything that is made lies under build/; requirements/install.sh installs and
# builds only what is missing, so that each target can be called first, and a second call costs next to nothing.
SITE ?= desk

export SESSION DAY
export PYTHONPATH := $(CURDIR):$(CURDIR)/build/cmake/python
export DAGSTER_HOME := $(CURDIR)/build/$(SITE)/dagster
# Nothing that runs here reports its use to anybody.
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1

python := build/venv/bin/python
install := requirements/install.sh
# A site whose data plane is embedded starts no service, and so needs neither Java nor PostgreSQL.
install_site := $(install) apt-base $(if $(filter lab,$(SITE)),apt-services) core build $(if $(filter lab,$(SITE)),services)
install_all := $(install) apt-base apt-services apt-guest core build_tests benchmarks services kernels

.PHONY: help setup run ui test test-long bench simulate fuzz clean lock

help: ## Show these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: ## Trade a session on a site: SITE=desk|lab SESSION="files" DAY=2012-06-21
	@$(install_site)
	@$(python) -m pipelines.run --site "$(SITE)" $(if $(SESSION),--session "$$SESSION") $(if $(DAY),--day "$$DAY")

ui: ## Open the Dagster UI of a site on 127.0.0.1: SITE=desk|lab
	@$(install_site)
	@$(python) -m pipelines.ui --site "$(SITE)"

test: ## Run every test that fits into half an hour
	@$(install_all)
	@$(python) -m tests

test-long: ## The same with more seeds, longer runs, and the C++ tests under sanitizers
	@$(install_all) sanitized
	@$(python) -m tests --long

bench: ## Measure parts of the engine beside their floors: BENCH="itch_book match"
	@$(install) apt-base apt-bench core benchmarks chronicle
	@$(python) -m engine.bench.run $(BENCH)

simulate: ## Run the whole system in one process under the faults of a seed: SEED=7 (COUNT=1000 for more seeds)
	@$(install) apt-base core simulation
	@build/cmake/tests/simulation/simulate --first "$(or $(SEED),1)" --count "$(or $(COUNT),1)"

fuzz: ## Fuzz every decoder under sanitizers: SECONDS_EACH=600 (TARGETS="itch pcap" for some of them)
	@$(install) apt-base apt-fuzz core fuzzers
	@$(python) -m tests.fuzz --seconds "$(or $(SECONDS_EACH),60)" $(TARGETS)

setup: ## Install and build what a site needs: SITE=desk|lab
	@$(install_site)

lock: ## Resolve requirements/*.in anew into the hashed lock files
	@$(install) apt-base lock

clean: ## Stop what the project started, and remove build/
	@$(install) clean
