// SPDX-License-Identifier: GPL-2.0
/* The types of the kernel's BTF, as vmlinux.h has them, held against the list. */
#include "vmlinux.h"
#include "abi.h"

ABI_OPCODES
ABI_TASK_ATTRS
ABI_STRUCTS
ABI_POLICY
