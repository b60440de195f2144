// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The kernel's own header, held against the list. The compiler finds it in the kernel tree, which
 * is behind the system's headers on its path. It must also go together with include/spawn_bpf.h.
 */
#include <liburing.h>
#include <linux/io_uring/spawn.h>
#include "spawn_bpf.h"
#include "abi.h"

ABI_MACROS
ABI_TASK_ATTRS
ABI_STRUCTS
ABI_RESERVED_STRUCTS
