/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The scripted policy of bpf/script.h, attached to a slot of a ring. */
#ifndef SPAWN_TEST_SCRIPTED_H
#define SPAWN_TEST_SCRIPTED_H

#include "spawn_test.h"
#include "bpf/script.h"
#include "script.skel.h"

#define IOU_SPAWN_QUEUED_IDX	0xffff

/* Twins of the BPF side's enums, which only vmlinux.h has. */
enum { RET_CONTINUE, RET_DONE, RET_EXIT };
enum { EV_START, EV_CQES, EV_IDLE, EV_TIMEOUT };

struct script {
	struct script_bpf	*skel;
	struct bpf_link		*link;
};

int script_open(struct script *s, int ring_fd, __u32 slot);
int script_load(struct script *s, int ring_fd, __u32 slot);
int script_link(struct script *s);
int script_attach(struct script *s);
void script_detach(struct script *s);
void script_write(struct script *s, const struct script_op *ops, unsigned int nr);
void script_close(struct script *s);
bool script_all_ok(struct script *s);

/* Write down what the policy does; each operation is a braced list of as much as it needs. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define SCRIPT(s, ...) do {							\
	static const struct script_op __ops[] = { __VA_ARGS__ };		\
	script_write(s, __ops, sizeof(__ops) / sizeof(__ops[0]));		\
} while (0)

#define S_END(code)	{ .op = S_RETURN, .a = (code) }

#endif
