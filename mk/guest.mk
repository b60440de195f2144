# SPDX-License-Identifier: GPL-2.0 OR MIT
# The initramfs that a guest starts from: with our programs, or with the host's root, which has them.

GUEST := $(BUILD)/guest
INITRAMFS := $(GUEST)/initramfs.cpio
HOST_INITRAMFS := $(GUEST)/host/initramfs.cpio

# make does not see that a file left the list: the list's name says what is on it.
contents := $(GUEST)/contents.$(firstword $(shell printf '%s' '$(USER_OUTPUTS)' | cksum))

.PHONY: guest
guest: $(INITRAMFS) $(HOST_INITRAMFS)

$(GUEST)/init: selftests/vm/init.c mk/guest.mk | deps
	@echo "  CC      $(notdir $@)"
	@mkdir -p $(@D)
	@$(CC) -static -O2 -g -Wall -Wextra -Werror -o $@ $<

$(contents):
	@mkdir -p $(@D) && rm -f $(GUEST)/contents.* && touch $@

$(INITRAMFS): $(contents) $(GUEST)/init $(USER_OUTPUTS) mk/initramfs | kernel-release
	@echo "  CPIO    $(notdir $@)"
	@mk/initramfs $(KERNEL_DIR)/release/usr/gen_init_cpio $(GUEST)/init $@ $(USER) $(USER_OUTPUTS)

$(HOST_INITRAMFS): $(GUEST)/init mk/initramfs | kernel-release
	@echo "  CPIO    $(notdir $(@D))/$(notdir $@)"
	@mkdir -p $(@D)
	@mk/initramfs $(KERNEL_DIR)/release/usr/gen_init_cpio $(GUEST)/init $@ $(USER)
