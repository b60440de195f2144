// SPDX-License-Identifier: GPL-2.0 OR MIT
/* include/spawn_bpf.h and include/spawn_bpf.bpf.h, held against the list. */
#include "spawn_bpf.bpf.h"
#include "abi.h"

ABI_MACROS
ABI_OPCODES
ABI_TASK_ATTRS
ABI_STRUCTS
ABI_RESERVED_STRUCTS
ABI_POLICY
