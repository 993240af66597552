# SPDX-License-Identifier: Apache-2.0
# Names for the usual commands; everything is done by scripts/ and the presets.
.PHONY: help build test lint demo package clean

help:
	@echo "make build    debug build in build/dev"
	@echo "make test     every test (scripts/test)"
	@echo "make lint     formatting, scripts, layering"
	@echo "make demo     the whole story in one virtual machine"
	@echo "make package  Debian packages in build/packages"
	@echo "make clean    remove build/"

build:
	cmake --preset dev
	cmake --build --preset dev

test:
	scripts/test

lint:
	scripts/lint

demo:
	scripts/demo

package:
	scripts/package

clean:
	rm -rf build
