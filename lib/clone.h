/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef CLONE_H
#define CLONE_H

#include "cmd.h"

/*
 * Spawns the command by clone(2) with CLONE_VM and CLONE_VFORK: the child does what the chain says by
 * system calls. 0: *res has the outcome. -EOPNOTSUPP: the command has something that only io_uring
 * can, and nothing was started.
 */
int clone_spawn(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, bool pidfd);

#endif
