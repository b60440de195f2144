/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What spawn_bpf.bpf.h includes where there is no BPF: a policy becomes ordinary C, linked with
 * fake.c and fake_kfuncs.c in place of the kernel.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/stat.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <liburing.h>

/* newer than the headers of Debian 12 */
#define IORING_OP_WAITID	50
#define IORING_OP_FUTEX_WAIT	51
#define IORING_OP_FUTEX_WAKE	52

#define SEC(name)
#define __ksym
#define __weak
#define IOU_SPAWN_STEP(name, spawn, lp)	\
	static int name(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp)
#define IOU_SPAWN_PARAM static		/* for the tests to change */

/* A map is known by its address, and its shape by the types of its members. */
#define __uint(name, val)	int (*name)[val]
#define __type(name, val)	__typeof__(val) *name

struct fake_map_def {
	const void	*id;
	unsigned int	type, max_entries, key_size, value_size;
};

#define FAKE_MAP(m) (&(const struct fake_map_def){				\
	.id = (m),								\
	.type = sizeof(*(m)->type) / sizeof(int),				\
	.max_entries = sizeof(*(m)->max_entries) / sizeof(int),			\
	.key_size = sizeof(*(m)->key),						\
	.value_size = sizeof(*(m)->value),					\
})
#define bpf_map_lookup_elem(m, k)		fake_map_lookup(FAKE_MAP(m), k)
#define bpf_map_update_elem(m, k, v, flags)	fake_map_update(FAKE_MAP(m), k, v, flags)

void *fake_map_lookup(const struct fake_map_def *def, const void *key);
long fake_map_update(const struct fake_map_def *def, const void *key, const void *value,
		     __u64 flags);
__u64 bpf_ktime_get_ns(void);

#endif
