# Every target is one command of the package `stack`; `make help` lists them.
PYTHON := $(shell for python in python3.12 python3.11 python3.13 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
STACK = $(if $(PYTHON),$(PYTHON),$(error Python 3.11 or newer is needed)) -m stack
export SAAS_SIMULATE SAAS_RUN_DIR SAAS_CACHE_DIR SAAS_BIND SAAS_ODOO_SERIES ODOO_HOME SAAS_SECRETS_DIR SAAS_LOGIN_RATE SAAS_LOGIN_BURST SAAS_RPC_RATE SAAS_RPC_BURST FORCE LINES ONLY PYTEST_ARGS DEMO

.DEFAULT_GOAL := help
.PHONY: help demo up down reset logs shell test test-security lint format bench simulate screenshots translations secrets new-secrets forget-secrets rotate-secrets lock

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Install what is needed, start everything, show the logs; Ctrl-C stops it (DEMO=full: with customers)
	@$(STACK) demo

up: ## The same in the background; returns when everything answers (DEMO=full too)
	@$(STACK) up

down: ## Stop what `make up` started; the data stay
	@$(STACK) down

reset: ## Stop and delete all data of the demo (asks first; FORCE=1 for scripts)
	@$(STACK) reset

logs: ## Follow the logs of all processes (LINES=20 of each to begin with)
	@$(STACK) logs

shell: ## Odoo's shell on the manager's database
	@$(STACK) shell

test: ## Run every check (ONLY=unit,e2e,… picks; PYTEST_ARGS="-k name")
	@$(STACK) test

test-security: ## Try every attack of docs/security.md
	@ONLY=security $(STACK) test

lint: ## Run the linters
	@ONLY=lint $(STACK) test

format: ## Format all source files
	@$(STACK) format

bench: ## Measure provisioning, pages and renewals here, write docs/benchmarks.md (ONLY=services,… shows some rows)
	@$(STACK) bench

simulate: ## Let 200 contracts live two years, day by day, in the real models (SAAS_SIMULATE=contracts,days,seed)
	@$(STACK) simulate

screenshots: ## Take the pictures of the documents and draw the icons, from the demo
	@$(STACK) screenshots

translations: ## Export the addons' texts, bring the translations up to them, list what is missing
	@$(STACK) translations

secrets: ## Write random secrets for an installation to secrets/ (docs/install.md)
	@$(STACK) secrets

new-secrets: ## Put new secrets of an installation beside the present ones (docs/install.md, SAAS_SECRETS_DIR)
	@$(STACK) new-secrets

forget-secrets: ## End the replacement of an installation's secrets (docs/install.md, SAAS_SECRETS_DIR)
	@$(STACK) forget-secrets

rotate-secrets: ## Replace the demo's secrets while it runs
	@$(STACK) rotate-secrets

lock: ## Write the lock files in requirements/ anew (needs uv)
	@cd requirements && for name in odoo tools test browser lint; do \
		uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
			--python-version 3.11 $$name.in -o $$name.txt; done
