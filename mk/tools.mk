# SPDX-License-Identifier: GPL-2.0 OR MIT
# libbpf and bpftool of the kernel tree: Debian 12's own are too old for struct_ops links.

TOOLS := $(BUILD)/tools
BPFTOOL := $(TOOLS)/bpftool/bpftool
LIBBPF := $(TOOLS)/libbpf/libbpf.a
CLANG := clang-19
LLVM_STRIP := llvm-strip-19

TOOLS_MAKE := $(OWN_MAKE) $(MAKE) -s -j$(JOBS) \
	CLANG=$(CLANG) LLVM_STRIP=$(LLVM_STRIP)

.PHONY: tools
tools: $(BPFTOOL) $(LIBBPF)

# Built once; our patches do not touch tools/.
$(LIBBPF): | kernel-tree
	@echo "Building libbpf"
	@mkdir -p $(TOOLS)/libbpf
	@$(TOOLS_MAKE) -C $(LINUX)/tools/lib/bpf OUTPUT=$(TOOLS)/libbpf/ DESTDIR=$(TOOLS) prefix= \
		install_headers $@ >$(TOOLS)/libbpf/build.log 2>&1 || \
		{ tail -n 20 $(TOOLS)/libbpf/build.log >&2; exit 1; }

# It lists which process holds a BPF object if it is given a kernel with BTF.
$(BPFTOOL): | kernel-release
	@echo "Building bpftool"
	@mkdir -p $(TOOLS)/bpftool
	@$(TOOLS_MAKE) -C $(LINUX)/tools/bpf/bpftool OUTPUT=$(TOOLS)/bpftool/ \
		VMLINUX_BTF=$(KERNEL_DIR)/release/vmlinux >$(TOOLS)/bpftool/build.log 2>&1 || \
		{ tail -n 20 $(TOOLS)/bpftool/build.log >&2; exit 1; }
