/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef ATTACHED_H
#define ATTACHED_H

#include <linux/types.h>
#include <stdbool.h>

struct btf;

/* A policy that a BPF link has attached: what the link, its map and the map's value say. */
struct attached {
	__u32	link, map, prog;
	__u32	slot, max_steps, max_sqes, max_posts;
	char	name[16];	/* of the policy; of its map if it has none */
	bool	newest;		/* no later link has its map: only such a one can be in force */
};

struct attached_list {
	struct attached	*all;
	unsigned int	nr;
};

/* Those of the whole system, by the ids of their links. -errno after a sentence. */
int attached_read(struct attached_list *list);
void attached_free(struct attached_list *list);

/*
 * What the link behind descriptor @link_fd has attached. @map_fd: its map, or -1: we have none.
 * .map is 0 if it is one of struct_ops and detached already; -EMEDIUMTYPE, without a sentence, if
 * it is no policy's; other -errno after one.
 */
int attached_of_link(int link_fd, int map_fd, struct attached *a);

/* A descriptor of the link with this id, or -errno after a sentence. */
int attached_open(__u32 link);

#endif
