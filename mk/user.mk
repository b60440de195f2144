# SPDX-License-Identifier: GPL-2.0 OR MIT
# Our programs and BPF objects. Outputs lie under build/user where the sources lie under the top.

USER := $(BUILD)/user
Q := $(if $(V),,@)
say = @printf '  %-7s %s\n' $(1) $(patsubst $(BUILD)/%,%,$@)

bpf_sources := $(wildcard bpf/*.bpf.c bpf/*/*.bpf.c examples/*.bpf.c loader/*/*.bpf.c selftests/bpf/*.bpf.c)
loader_dirs := $(patsubst %/,%,$(wildcard loader/*/))
loader_sources := $(filter-out %.bpf.c,$(wildcard loader/*.c loader/*/*.c))
test_sources := $(wildcard selftests/*.c)
testlib_sources := $(wildcard selftests/lib/*.c)
runner_sources := $(wildcard selftests/guest/*.c)
target_sources := $(wildcard selftests/targets/*.c)
bench_sources := $(wildcard bench/*.c)
example_sources := $(filter-out %.bpf.c,$(wildcard examples/*.c))
abi_sources := $(wildcard selftests/native/abi_*.c)

bpf_objects := $(bpf_sources:%.c=$(USER)/%.o)
skeletons := $(bpf_sources:%.bpf.c=$(USER)/%.skel.h)
loader := $(if $(loader_sources),$(USER)/loader/spawn-bpf)
tests := $(test_sources:%.c=$(USER)/%)
# A test that is too long for one file has the rest of it in a directory of its name. Their objects
# lie elsewhere, since the test itself has that name.
test_parts := $(wildcard $(test_sources:%.c=%/*.c))
testlib := $(USER)/selftests/lib/libtest.a
runner := $(if $(runner_sources),$(USER)/selftests/guest/runner)
targets := $(target_sources:%.c=$(USER)/%)
benches := $(bench_sources:%.c=$(USER)/%)
dynamic_bench := $(USER)/bench/spawnbench-dynamic
examples := $(example_sources:%.c=$(USER)/%)
abi_checks := $(patsubst %.bpf.o,%.bpf.tmp.o,$(abi_sources:%.c=$(USER)/%.o))
user_objects := $(patsubst %.c,$(USER)/%.o,$(loader_sources) $(test_sources) $(test_parts:%=parts/%) \
	$(testlib_sources) $(runner_sources) $(target_sources) $(bench_sources) $(example_sources) \
	$(filter-out %.bpf.c,$(abi_sources)))

# What the guest's initramfs holds.
USER_OUTPUTS := $(bpf_objects) $(loader) $(tests) $(runner) $(targets) $(benches) $(examples)

.PHONY: user
user: $(USER_OUTPUTS) $(abi_checks) $(dynamic_bench)

CFLAGS ?= -O2 -g
# The signatures of callbacks and tests are given: not every parameter is for everyone.
warnings := -Wall -Wextra -Wno-unused-parameter -Werror
# Headers of the kernel tree are not ours to warn about.
user_flags := $(CFLAGS) $(warnings) -Iinclude -Ibpf -Iselftests -Iselftests/lib \
	-I$(USER)/bpf -I$(USER)/examples -I$(USER)/selftests/bpf \
	-isystem $(TOOLS)/include -isystem $(LINUX)/tools/testing/selftests -idirafter $(LINUX)/include/uapi -MMD -MP
bpf_flags := -target bpf -mcpu=v3 -O2 -g $(warnings) -D__TARGET_ARCH_x86 -Iinclude -Ibpf \
	-I$(USER)/include -isystem $(TOOLS)/include -MMD -MP
libraries := -luring $(LIBBPF) -lelf -lz -lpthread

# The types of the running kernel. Moved over the old ones only when different, so that a new link of the
# same kernel rebuilds no BPF object.
$(USER)/include/vmlinux.stamp: $(KERNEL_DIR)/release/vmlinux $(BPFTOOL)
	@mkdir -p $(@D)
	@$(BPFTOOL) btf dump file $< format c >$(@D)/vmlinux.fresh
	@cmp -s $(@D)/vmlinux.fresh $(@D)/vmlinux.h || mv $(@D)/vmlinux.fresh $(@D)/vmlinux.h
	@touch $@
$(USER)/include/vmlinux.h: $(USER)/include/vmlinux.stamp ;

$(USER)/%.bpf.tmp.o: %.bpf.c $(USER)/include/vmlinux.h mk/user.mk | $(LIBBPF)
	$(call say,CLANG)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(bpf_flags) -c -o $@ $<

# Linked once by bpftool: libbpf and skeletons want that form.
$(USER)/%.bpf.o: $(USER)/%.bpf.tmp.o $(BPFTOOL)
	$(Q)$(BPFTOOL) gen object $@ $<

# A policy shares its name with the struct of its region: the skeleton is NAME_bpf.
$(USER)/%.skel.h: $(USER)/%.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $(*F)_bpf >$@

# The tool can be built without the tests.
$(loader_sources:%.c=$(USER)/%.o): | $(filter $(USER)/bpf/% $(USER)/loader/%,$(skeletons))
$(filter-out $(USER)/loader/%,$(user_objects)): | $(skeletons)
$(USER)/%.o: %.c mk/user.mk | $(LIBBPF)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(own_includes) $(user_flags) -c -o $@ $<

$(USER)/parts/%.o: %.c mk/user.mk | $(LIBBPF)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(user_flags) -c -o $@ $<

# Below selftests/native: spawn_bpf.bpf.h outside BPF is what the native tests see.
$(USER)/selftests/%.o $(USER)/parts/%.o $(USER)/bench/%.o $(USER)/examples/%.o: user_flags += -D_GNU_SOURCE
$(USER)/selftests/native/%.o: user_flags += -Iselftests/native
# In front of the tests' directories, which have files of the same names.
$(USER)/loader/%.o: own_includes := -Iloader $(loader_dirs:%=-I%) $(loader_dirs:%=-I$(USER)/%)

$(testlib): $(testlib_sources:%.c=$(USER)/%.o)
	$(call say,AR)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Everything is static: it also runs in an initramfs without libraries.
link = $(Q)$(CC) -static -o $@ $(filter %.o,$^) $(filter %.a,$^) $(libraries)

$(loader): $(loader_sources:%.c=$(USER)/%.o) $(LIBBPF)
	$(call say,LINK)
	$(link)

$(foreach part,$(test_parts),$(eval $(USER)/$(patsubst %/,%,$(dir $(part))): $(part:%.c=$(USER)/parts/%.o)))
$(tests): %: %.o $(testlib) $(LIBBPF)
	$(call say,LINK)
	$(link)

# Those of the library, which needs nothing of ours but a header.
lib_tests := $(filter $(USER)/selftests/lib_%,$(tests))
$(lib_tests): $(USER)/lib/libspawn_bpf.a
$(lib_tests:%=%.o) $(USER)/selftests/lib/command.o: user_flags += -Ilib

$(runner): $(runner_sources:%.c=$(USER)/%.o)
	$(call say,LINK)
	$(link)

$(benches) $(examples): %: %.o $(LIBBPF)
	$(call say,LINK)
	$(link)

# On this one a preload has an effect.
$(dynamic_bench): $(USER)/bench/spawnbench.o $(LIBBPF)
	$(call say,LINK)
	$(Q)$(CC) -o $@ $^ $(libraries)

# These have an entry point of their own and no C library.
$(USER)/selftests/targets/quick $(USER)/selftests/targets/witness: target_link := -nostdlib
$(USER)/selftests/targets/ring_holder: target_libraries := -luring
$(targets): %: %.o
	$(call say,LINK)
	$(Q)$(CC) -static $(target_link) -o $@ $< $(target_libraries)

.SECONDARY: $(user_objects) $(skeletons) $(bpf_objects:.bpf.o=.bpf.tmp.o)
-include $(user_objects:.o=.d) $(bpf_objects:.bpf.o=.bpf.tmp.d)
