/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "attached.h"
#include "json.h"
#include "ring.h"

/* A process that has a descriptor of a ring with policies. */
struct holder {
	pid_t			pid;
	int			fd;
	char			comm[32];
	struct ring_view	view;
};

struct holder_list {
	struct holder	*all;
	unsigned int	nr;
	unsigned int	unseen;		/* processes whose descriptors we may not see */
};

/* All that /proc shows us; a sentence if it does not show all. -errno after a sentence. */
int holders_read(struct holder_list *list);
void holders_free(struct holder_list *list);

/* The first from number *@i on whose ring has @a in its slot, and *@i behind it; NULL: no more. */
const struct holder *holders_next(const struct holder_list *list, const struct attached *a,
				  unsigned int *i);

#endif
