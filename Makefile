# SPDX-License-Identifier: GPL-2.0 OR MIT
# 'make help' says what there is.

TOP := $(CURDIR)
BUILD := $(TOP)/build
JOBS := $(shell nproc)
KERNEL ?= release
export KERNEL

ifeq ($(filter release debug,$(KERNEL)),)
$(error There is no kernel called '$(KERNEL)': choose KERNEL=release or KERNEL=debug)
endif
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
# In front of a make that shall not see our flags.
OWN_MAKE := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: help all deps clean distclean
help:
	@sed -n 's/^#: //p' Makefile

#: make run                  boot the patched kernel with this machine's root and show the demonstration
#: make check                build everything and run all tests; TESTS="NAME..." runs some of them
#: make storm                200 000 random chains; SEED=, CHAINS=, ROUND= to see again what failed
#: make bench                count instructions per spawn; build/bench/results.json
#: make shell                an interactive guest
#: make all                  build everything, run nothing
#:
#: make kernel               only the kernel
#: make tools                only libbpf and bpftool of the kernel tree
#: make user                 only our programs and BPF objects
#: make lib                  only the library and posix_spawn() on top of it; needs no kernel
#: make install              install these: PREFIX=, DESTDIR=
#: make guest                only the guest's initramfs
#: make deps                 install the Debian packages that are missing; every build begins with it
#: make kernel-tree          bring build/linux to what kernel-patch/ says, one commit per patch
#: make kernel-export        write the commits of build/linux to kernel-patch/ (FROM=REV: base..REV)
#: make kernel-export-check  show that applying and exporting changes nothing
#: make kernel-each          build and boot every patch by itself: about an hour
#: make clean                remove our programs, the initramfs and all results, but no kernel
#: make distclean            remove the kernels, libbpf and bpftool too; build/linux and the ccache stay
#:
#: KERNEL=debug with run, check, shell, kernel: the kernel with KASAN, lockdep, kmemleak and the like
#: V=1: show the commands

deps:
	@mk/deps

include mk/kernel.mk mk/tools.mk mk/user.mk mk/lib.mk mk/guest.mk mk/check.mk

all: kernel tools user lib guest

clean:
	rm -rf $(BUILD)/user $(BUILD)/guest $(BUILD)/check $(BUILD)/bench

distclean: clean
	rm -rf $(BUILD)/kernel $(BUILD)/tools
