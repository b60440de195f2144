/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What spawn_bpf.bpf.h includes where there is no BPF: a policy becomes ordinary C, linked with
 * fake.c in place of the kernel.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <liburing.h>

#define IORING_OP_FUTEX_WAIT	51	/* newer than the headers of Debian 12 */

#define SEC(name)
#define __ksym
#define __weak
#define IOU_SPAWN_STEP(name, spawn, lp)	\
	static int name(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp)
#define IOU_SPAWN_PARAM static		/* for the tests to change */

#endif
