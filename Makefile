# The short ways in. Each line is a command that can be typed by hand; results land under build/.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
INSTALLED := .venv/installed
EVAL_INSTALLED := .venv-eval/installed
BENCH_PYTHON := .venv-bench/bin/python
BENCH_INSTALLED := .venv-bench/installed
# Links without the folder of the program in its library path ($ORIGIN), and with all addresses resolved at the start, so that
# the tables of functions are read-only (Tests/Packaging/test_hardening.py).
SWIFT_BUILD := swift build -c release --static-swift-stdlib --disable-local-rpath -Xlinker -z -Xlinker now
PICTURES := Tests/Fixtures/pictures
# Names reach the scripts through the environment ("$$NAME"), never as text of a recipe: they may have spaces and quotes.
# OPTIONS alone is text of a command line: OPTIONS="--data 'my folder'".
# $(value) keeps a dollar sign in a name from being expanded.
NAMES := WEIGHTS OUT SIZE ANCHORS ACTIVATION PRECISION CALIBRATE BOARD MODEL PICTURE ARCHITECTURES PREFIX LIBDIR DESTDIR
$(foreach name,$(NAMES),$(eval override $(name) := $$(value $(name))))
export $(NAMES)

.PHONY: help setup build demo test model bench lib install wheel cross arm-test arm-cost firmware camera-test preview-look deb release bench-peers train-setup eval-setup train format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: ## install the Debian packages that are missing
	@Toolchains/setup.sh

build: setup ## the programs: build/rf-cam, build/rf-pack, build/rf-bench
	@for program in rf-cam rf-pack rf-bench; do $(SWIFT_BUILD) --product $$program || exit 1; done
	@mkdir -p build && cp --remove-destination .build/release/rf-cam .build/release/rf-pack .build/release/rf-bench build/

demo: build ## rf-cam on the sample pictures; the annotated ones go to build/demo
	@mkdir -p build/demo
	build/rf-cam --output build/demo --crops build/demo/crops --stats $(PICTURES)
	@echo "Annotated pictures: build/demo; aligned faces: build/demo/crops"

test: setup train-setup ## every test: Swift, Embedded Swift, Python, fuzzing
	@Tests/run.sh

release: build train-setup ## all files of a release in build/release: archives, Debian packages, wheels, checksums, SPDX
	@Toolchains/setup.sh packaging
	@Packaging/release.sh

deb: build ## a Debian package: program, systemd unit, manual page, completion; ARCHITECTURES="amd64 arm64 armhf" for ARM, too
	@Toolchains/setup.sh packaging
	@read -ra names <<<"$${ARCHITECTURES:-amd64}"; Packaging/make-deb.sh "$${names[@]}"

preview-look: build train-setup ## the live page in headless Chromium (installed if missing); screenshots go to build/preview
	@Toolchains/setup.sh browser
	$(PYTHON) Tests/Preview/look.py

model: train-setup build ## WEIGHTS=x.pth OUT=x.rfm or x.onnx [ANCHORS=16,32/64,128/256,512] [ACTIVATION=relu or leaky] [PRECISION=int8 CALIBRATE=folder] [SIZE=640x480]: weights become a model file or an ONNX graph; WEIGHTS may be .rfm or .onnx, too
	@Training/make-model.sh

bench: build ## kernels, then the network at VGA and HD, one thread
	build/rf-bench kernels
	build/rf-bench network --width 640 --height 480 --layers
	build/rf-bench network --width 1920 --height 1080

bench-peers: build $(BENCH_INSTALLED) ## other engines beside ours: table, chart and figures in build/benchmarks; OPTIONS="--help" lists what can be set
	PYTHONPATH=Benchmarks $(BENCH_PYTHON) -m peers $(OPTIONS)

$(BENCH_INSTALLED): Benchmarks/requirements.txt Benchmarks/requirements-alone.txt
	@Benchmarks/setup.sh

lib: setup ## the C library for this machine or BOARD=aarch64, rk3399 or armv7: build/lib or build/BOARD/lib (Examples/c/README.md)
	@Toolchains/lib.sh "$$BOARD"

install: lib ## install the C library; PREFIX=/usr/local LIBDIR=PREFIX/lib DESTDIR= BOARD=
	@Packaging/install-library.sh "$$BOARD"

wheel: setup train-setup ## the Python distribution rf-cam in build/wheels, for this machine or BOARD=aarch64
	@Toolchains/wheel.sh "$${BOARD:-x86-64}"

cross: setup ## BOARD=rk3399, rk3566, rk3588, rpi3, rpi4, rpi5, aarch64 or armv7: build/BOARD/rf-cam, one static file for the board
	@Toolchains/cross.sh "$$BOARD"

arm-test: setup ## every kernel and every layer's hash on ARM, under QEMU as three processors
	@Toolchains/setup.sh emulation
	@Tests/ARM/run.sh

arm-cost: setup ## an ESTIMATE of a frame's cycles and memory traffic on ARM processors; OPTIONS="--layers --size 1920x1080"
	@Toolchains/setup.sh cost
	@Benchmarks/arm-cost/run.sh $(OPTIONS)

firmware: setup ## BOARD=rk3399, x86-64 or qemu-virt: what the board boots, build/BOARD/firmware.elf or .img (Boards/README.md)
	@Boards/build.sh "$$BOARD"

camera-test: setup train-setup ## the kernel's own camera devices in QEMU, x86-64 and ARM (Tests/Cameras/README.md)
	@Toolchains/setup.sh cameras
	@Tests/Cameras/test.sh

train-setup: $(INSTALLED) ## Python with PyTorch and the rest, pinned, in .venv

eval-setup: $(EVAL_INSTALLED) ## Python without PyTorch in .venv-eval: what evaluating rf-cam and stored predictions needs

$(EVAL_INSTALLED): Training/requirements-eval.txt
	@python3 -c "import ensurepip, venv" 2>/dev/null || Toolchains/install.sh eval-setup python3-venv
	python3 -m venv .venv-eval
	.venv-eval/bin/python -m pip install --quiet -r Training/requirements-eval.txt
	@touch $@

$(INSTALLED): Training/requirements.txt Training/requirements-eval.txt
	@python3 -c "import ensurepip, venv" 2>/dev/null || Toolchains/install.sh train-setup python3-venv
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet -r Training/requirements.txt
	@touch $@

train: train-setup ## train our own model; OPTIONS="--help" lists what can be set
	cd Training && ../$(PYTHON) -m retinaface_training.train $(OPTIONS)

format: train-setup ## format every tracked Swift, C and Python file (.swift-format, .clang-format, pyproject.toml)
	@Tests/Scripts/formatters.sh --fix
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

clean: ## delete what was built (not .venv, .venv-eval, .venv-bench, not training runs)
	rm -rf build .build
