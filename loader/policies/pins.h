/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PINS_H
#define PINS_H

#include <linux/types.h>

#define BPFFS	"/sys/fs/bpf"

/* A link that has a name in a BPF file system. */
struct pin {
	__u32	link;
	char	*path;
};

struct pin_list {
	struct pin	*all;
	unsigned int	nr;
};

/* All that we may open, of all BPF file systems that are mounted. 0 or -ENOMEM after a sentence. */
int pins_read(struct pin_list *list);
void pins_free(struct pin_list *list);
/* The first path of @link from number *@i on, and *@i behind it; NULL: no more. */
const char *pins_next(const struct pin_list *list, __u32 link, unsigned int *i);

/* 0: the path is in a BPF file system. -errno after a sentence. */
int pin_check(const char *path);
/* Gives the link the name, makes the directory if it is missing. -errno after a sentence. */
int pin_link(int link_fd, const char *path);

/* A descriptor of the link with that name, or -errno after a sentence. */
int pin_open(const char *path);
/* Takes the names of a link away. Those that stay are its own no more in @list, after a sentence. */
int pins_remove(struct pin_list *list, __u32 link);

#endif
