# Both commands set up everything they need in .venv; see README.md.
#   make demo   trains a small denoiser, restores a photo, exports it (minutes)
#   make test   runs the test suite
#   make fuzz   attacks readers, served models, threads and commands; MINUTES=10
#   make test-web   drives the web page in Chromium
#   make test-cluster   restores in bulk on a Dask cluster of this machine, a worker killed
#   make docs   builds the documentation in build/site, strictly
#   make test-arm   runs .tflite files on emulated ARM64 processors
#   make test-legacy   loads what is exported in TensorFlow 2.15, in an environment of its own

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
DEMO := demo
ARM64 := build/arm64
STEPS := 500
# The newest for which there are wheels of TensorFlow 2.15.
LEGACY_PYTHON ?= python3.11

.PHONY: demo docs test test-slow test-arm test-bulk test-cluster test-legacy test-web fuzz lint clean

demo: $(INSTALLED)
	$(BIN)/python training/train.py --task denoise --run $(DEMO)/training --steps $(STEPS) \
		--set degradation=gaussian_noise --set sigma=25
	$(BIN)/python export/demo.py --model $(DEMO)/training/best.keras --out $(DEMO)

test: $(VENV)/test-installed
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations=15

test-slow: $(VENV)/test-installed
	# Without it, what needs it is skipped.
	-$(MAKE) $(VENV)/legacy/installed
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

# Beam holds Pillow and protobuf at older versions, hence an environment of its own.
test-bulk: pyproject.toml
	$(PYTHON) -m venv $(VENV)/bulk
	$(VENV)/bulk/bin/pip install --quiet --disable-pip-version-check --editable '.[bulk,serving]' pytest
	$(VENV)/bulk/bin/python -m pytest tests/export/test_bulk_restore.py

# A scheduler and three workers on this machine; minutes.
test-cluster: pyproject.toml
	$(PYTHON) -m venv $(VENV)/cluster
	$(VENV)/cluster/bin/pip install --quiet --disable-pip-version-check --editable '.[bulk,serving]' \
		'apache-beam[dask]' pytest
	$(VENV)/cluster/bin/python -m pytest tests/export/test_bulk_cluster.py

# Debian's Chromium and a driver for it; where root is not at hand, the tests that need them are skipped.
test-web: $(VENV)/test-installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[app,browser]'
	command -v chromium > /dev/null || \
		apt-get install --quiet --yes --no-install-recommends chromium || true
	$(BIN)/python -m pytest tests/web -m "slow or not slow" -rs

# Prints how far all that is exported lies apart there and here: docs/compatibility.md.
test-legacy: $(VENV)/test-installed $(VENV)/legacy/installed
	$(BIN)/python -m pytest tests/legacy -m "slow or not slow" -rs -s

$(VENV)/legacy/installed: tests/legacy/requirements.txt
	$(LEGACY_PYTHON) -m venv $(VENV)/legacy
	$(VENV)/legacy/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Needs Debian's apt-get and dpkg; installs nothing.
test-arm: $(VENV)/test-installed $(ARM64)/qemu-aarch64
	HINET_ARM64=$(ARM64) $(BIN)/python -m pytest tests/arm64 -m "slow or not slow" -rs -s

$(ARM64)/qemu-aarch64: tests/arm64/sysroot.sh
	tests/arm64/sysroot.sh $(ARM64) $(BIN)/python

# Attacks for MINUTES: damaged files, served requests, threads, kills (benchmarks/reliability.md).
MINUTES := 10
fuzz: $(VENV)/test-installed
	PYTHONPATH=. $(BIN)/python tests/fuzz/long_run.py --minutes $(MINUTES)

# Neither TensorFlow nor this package is imported: the reference is read off the source.
docs: $(VENV)/docs/installed
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build --quiet

$(VENV)/docs/installed: docs/site/requirements.txt
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

lint: $(VENV)/test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf $(VENV) build dist demo *.egg-info

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/test-installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,dev]'
	touch $(INSTALLED) $@
