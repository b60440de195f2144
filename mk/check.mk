# SPDX-License-Identifier: GPL-2.0 OR MIT
# What is run when everything is built.

RESULTS := $(BUILD)/check/$(KERNEL)
guest := selftests/vm/guest

host_tests := $(wildcard selftests/host/*.t)
all_tests := $(tests:$(TOP)/%=%) $(host_tests)
# Emulated, the debug kernel is ten times as slow. What is about the tools or about no kernel at all
# runs on the release one only, unless it is asked for by TESTS.
debug_host_tests := $(patsubst %,selftests/host/%.t,examples preload_threads runner strace)
ifdef TESTS
chosen_tests := $(foreach name,$(TESTS),$(filter %/$(name) %/$(name).t,$(all_tests)))
unknown_tests := $(strip $(foreach name,$(TESTS),$(if $(filter %/$(name) %/$(name).t,$(all_tests)),,$(name))))
ifneq ($(unknown_tests),)
$(error There is no test called $(unknown_tests). There are: $(basename $(notdir $(all_tests))))
endif
else ifeq ($(KERNEL),debug)
chosen_tests := $(tests:$(TOP)/%=%) $(debug_host_tests)
left_out := $(basename $(notdir $(filter-out $(debug_host_tests),$(host_tests))))
else
chosen_tests := $(all_tests)
endif

# A guest keeps about one processor busy, so as many at a time as there are. What tests the guest, or
# builds in trees that others read, one after another.
alone := demo readme runner series vm
empty :=
comma := ,
alone_list := $(subst $(empty) $(empty),$(comma),$(alone:%=selftests/host/%.t))
prove_rules := --rules 'seq={$(alone_list)}' --rules 'par=**'

.PHONY: check storm run bench shell

check: all
	@rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	$(if $(left_out),@echo "Not on the debug kernel unless TESTS says so: $(left_out)")
	@$(OWN_MAKE) RESULTS=$(RESULTS) prove --timer --jobs $(JOBS) $(prove_rules) --exec mk/prove-one $(chosen_tests) || \
		{ mk/show-failures $(RESULTS); exit 1; }

storm: all
	@JOBS=$(JOBS) SEED=$(SEED) CHAINS=$(CHAINS) ROUND=$(ROUND) mk/storm

# A guest with the host's root needs no tests.
host_guest := kernel tools $(loader) $(examples) $(filter $(USER)/bpf/%,$(bpf_objects)) $(HOST_INITRAMFS)

run: $(host_guest)
	@if [ ! -x loader/demo.sh ]; then echo "loader/demo.sh is missing: there is nothing to show" >&2; exit 1; fi
	@$(guest) --root host --timeout 1800 -- loader/demo.sh

bench: all
	@if [ ! -x bench/run ]; then echo "bench/run is missing: there is nothing to measure" >&2; exit 1; fi
	@mkdir -p $(BUILD)/bench
	@bench/run

# The status of the last command in the shell is nobody's failure.
shell: $(host_guest)
	@$(guest) --root host --terminal -- bash || [ $$? != 125 ]
