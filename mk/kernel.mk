# SPDX-License-Identifier: GPL-2.0 OR MIT
# The kernel tree and the two kernels built from it.

LINUX := $(BUILD)/linux
KERNEL_DIR := $(BUILD)/kernel
FRAGMENTS_release := guest spawn
FRAGMENTS_debug := guest spawn debug
OBJECTS_release := 1800
OBJECTS_debug := 1900

# The same source gives the same objects, wherever and whenever it is built: ccache then finds them.
KERNEL_ENV := $(OWN_MAKE) \
	KBUILD_BUILD_TIMESTAMP=2024-11-17 KBUILD_BUILD_USER=spawn_bpf KBUILD_BUILD_HOST=localhost \
	KBUILD_BUILD_VERSION=1 LOCALVERSION= LC_ALL=C \
	CCACHE_DIR=$(or $(CCACHE_DIR),$(BUILD)/ccache) CCACHE_BASEDIR=$(BUILD) CCACHE_NOHASHDIR=1

# Every goal but these needs the release kernel's types too: build it first, not beside the other one.
others_first_debug := $(if $(filter-out kernel kernel-debug,$(MAKECMDGOALS)),kernel-release)

.PHONY: kernel kernel-tree kernel-export kernel-export-check kernel-each kernel-release kernel-debug

kernel: kernel-$(KERNEL)

kernel-tree: deps
	@mkdir -p $(KERNEL_DIR) && flock $(KERNEL_DIR)/tree.lock mk/kernel-tree apply

# Which commits to export: base..FROM
FROM ?= HEAD
kernel-export:
	@mk/kernel-tree export $(FROM)

kernel-export-check: kernel-tree
	@mk/kernel-tree check

# The guest's kernels are release and debug: it is given this one as "each".
kernel-each: kernel-tree guest
	@$(KERNEL_ENV) JOBS=$(JOBS) flock $(KERNEL_DIR)/each.lock mk/kernel-each $(KERNEL_DIR)/each \
		$(FRAGMENTS_$(KERNEL):%=$(TOP)/kernel-patch/config/%.config)

define kernel_rules
kernel-$(1): kernel-tree | $$(others_first_$(1))
	@flock $$(KERNEL_DIR)/$(1).lock mk/kernel-config $$(LINUX) $$(KERNEL_DIR)/$(1) $$(FRAGMENTS_$(1):%=$$(TOP)/kernel-patch/config/%.config)
	@$$(KERNEL_ENV) flock $$(KERNEL_DIR)/$(1).lock mk/progress "Kernel $(1)" $$(KERNEL_DIR)/$(1)/build.log $$(OBJECTS_$(1)) \
		$$(MAKE) -C $$(LINUX) O=$$(KERNEL_DIR)/$(1) CC="ccache gcc" HOSTCC="ccache gcc" -j$$(JOBS) bzImage

# kernel-$(1) leaves these alone when nothing in them changed.
$$(KERNEL_DIR)/$(1)/vmlinux $$(KERNEL_DIR)/$(1)/arch/x86/boot/bzImage $$(KERNEL_DIR)/$(1)/usr/gen_init_cpio: kernel-$(1) ;
endef
$(eval $(call kernel_rules,release))
$(eval $(call kernel_rules,debug))
