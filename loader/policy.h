/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>

struct policy {
	struct bpf_object	*obj;
	struct bpf_link		*link;
	const char		*name;	/* of the policy, for people */
};

#define POLICY_KEEP_RETRY	(-1)

/*
 * Loads a policy and attaches it to slot 0 of a ring: the one in @file, or the built-in one if that
 * is NULL. @retry sets its parameter max_busy. 0, or -errno after a sentence.
 */
int policy_attach(struct policy *p, const char *file, int ring_fd, int retry, bool verbose);
void policy_detach(struct policy *p);

#endif
