# make run    start the app            make soak   the long fuzz counts and soak tests
# make test   check everything         make bench  one script a claim of speed
# make docs   the documentation as a site, in site/
# make gpu    what needs a GPU, on one, with the machine's own python3; results in OUT
# Each other sets up what it needs once, in .venv; calling it again costs nothing.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# A browser for the tests in tests/browser; set CHROMIUM to use another one.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM
OUT ?= gpu-results

.PHONY: run test soak bench docs gpu screenshots film browser clean

run: $(VENV)/.installed
	$(BIN)/streamlit run app.py

test: $(VENV)/.installed-dev browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

soak: $(VENV)/.installed-dev browser
	DIFFSMOOTH_FUZZ=10000 $(BIN)/pytest -m "soak or fuzz or hypothesis" --timeout=7200

bench: $(VENV)/.installed-dev browser
	PYTHONPATH=. $(BIN)/python benchmarks/all.py

gpu:
	PYTHONPATH=. $(PYTHON) -m benchmarks.gpu.run --out $(OUT) $(PARTS)

docs: $(VENV)/.installed-dev
	$(BIN)/mkdocs build --strict

screenshots: $(VENV)/.installed-dev browser
	PYTHONPATH=. $(BIN)/python assets/screenshots/take.py

film: $(VENV)/.installed-dev browser
	PYTHONPATH=. $(BIN)/python assets/screenshots/film.py

# The stamps are newer than the requirements that they stand for.
$(VENV)/.installed: requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and was not found on the PATH"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@

ifeq ($(CHROMIUM),)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
browser:
	@if command -v apt-get >/dev/null && { [ -z "$(SUDO)" ] || command -v sudo >/dev/null; }; then \
		$(SUDO) apt-get update && $(SUDO) apt-get install -y --no-install-recommends chromium; \
	else \
		echo "The browser tests need Chromium: install it, or say where one is with CHROMIUM=/path/to/it"; exit 1; \
	fi
else
browser:
	@test -x "$(CHROMIUM)" || { echo "CHROMIUM=$(CHROMIUM) is not an executable file"; exit 1; }
endif

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
