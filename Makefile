# From a fresh machine in two commands: make demo, make test. Both install what is missing and nothing else.
#
#   PYTHON=python3.12              the Python that makes the environment (3.11 or later)
#   VENV=.venv                     the environment; a folder, or "active" for the one that $(PYTHON) belongs to
#   DETECTRON2=git+https://…       another Detectron2 than the packed one; also a folder or a wheel
#   ARGS="-k circle -x"            passed on to pytest, or to the demo

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
PYTHONS ?= python3.11 python3.12 python3.13
DETECTRON2 ?=
DATA ?= ../shared/data
export DETECTRON2
export FIFTYONE_DO_NOT_TRACK ?= true

INSTALL = $(PYTHON) -m tools.install --venv $(VENV)
RUN = $(if $(filter active,$(VENV)),$(PYTHON),$(VENV)/bin/python)

.DEFAULT_GOAL := help
.PHONY: help demo test lint doctor real fuzz pins install-%

help:
	@echo "make demo        install what the main job needs, then teach a small network the balloons (some minutes)"
	@echo "make test        install everything that is tested, then run the tests (ARGS=\"-k circle\")"
	@echo "make lint        ruff and mypy"
	@echo "make doctor      what is there, and what is wrong"
	@echo "make real        train on real photographs, where they are, and say how good it became (ARGS=\"balloons\")"
	@echo "make fuzz        100,000 spoiled Labelme files, checked and converted (ARGS=\"--seed 2\")"
	@echo "make install-X   one step: core train detectron2 panoptic label review mongod serve scale dev, or all;"
	@echo "                 not part of all: timm mlflow wandb"

demo:
	@$(INSTALL) demo
	@$(RUN) -m workbench demo balloons $(ARGS)

test:
	@$(INSTALL) test
	@$(RUN) -m pytest -n 2 --dist worksteal $(ARGS)

lint:
	@$(INSTALL) dev
	@code=0; \
	$(RUN) -m ruff check . || code=1; \
	$(RUN) -m ruff format --check . || code=1; \
	$(RUN) -m mypy || code=1; \
	exit $$code

doctor:
	@$(RUN) -m workbench doctor

# DATA: a folder that holds the public balloon and chipset_mcu sets.
real:
	@$(RUN) -m benchmarks.real_data --data $(DATA) $(ARGS)

fuzz:
	@$(RUN) -m tests.fuzz.labelme --count 100000 $(ARGS)

install-%:
	@$(INSTALL) $*

# Writes constraints.txt anew (some minutes): PYTHONS="python3.11 python3.12 python3.13", all on the path.
pins:
	@$(PYTHON) -m tools.pin $(PYTHONS) > constraints.new
	@mv constraints.new constraints.txt
