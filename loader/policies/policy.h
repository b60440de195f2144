/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>

#define POLICY_TYPE	"io_uring_spawn_ops"

struct policy {
	struct bpf_object	*obj;
	struct bpf_map		*ops;
	struct bpf_link		*link;
	const char		*name;	/* of the policy, for people */
};

#define POLICY_KEEP_RETRY	(-1)

struct policy_options {
	const char	*file;		/* NULL: the built-in policy */
	const char	*name;		/* of its ops in the file; NULL: the first */
	int		ring_fd;
	unsigned int	slot;
	char *const	*params;	/* NAME=VALUE, ends with NULL; or NULL, and */
	int		retry;		/* its parameter max_busy, or POLICY_KEEP_RETRY */
	const char	*region;	/* the type of region it is going to get; NULL: not ours to say */
	unsigned int	max_posts;	/* its budget of CQEs for the application; 0: its own */
	bool		verbose;	/* let libbpf speak */
};

/*
 * Loads a policy and attaches it to a slot of the ring. 0, or -errno after a sentence. To be
 * detached in either case.
 */
int policy_attach(struct policy *p, const struct policy_options *o);
void policy_detach(struct policy *p);

#endif
