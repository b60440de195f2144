// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attaching policies to the slots of rings, detaching them, and what happens to those that run. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include "lib/policy.h"

POLICY_FIXTURE(attach, defer)

TEST_F(attach, detached_slot_enoent)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_RES, 5 }, S_END(RET_DONE), S_END(RET_DONE));
	policy_chain(&c, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	script_detach(&self->script);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
}

TEST_F(attach, again_after_detach_ok)
{
	struct chain c;
	unsigned int i;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	for (i = 0; i < 20; i++) {
		SCRIPT(&self->script, { S_RES, -7 }, S_END(RET_EXIT));
		ASSERT_OUTCOME(&self->ring, &c, -7, 0);
		script_detach(&self->script);
		ASSERT_EQ(0, script_link(&self->script));
	}
}

TEST_F(attach, slot_taken_ebusy)
{
	struct script other;

	ASSERT_EQ(0, script_attach(&self->script));
	ASSERT_EQ(0, script_load(&other, self->ring.ring_fd, 0));
	EXPECT_EQ(-EBUSY, script_link(&other));
	script_detach(&self->script);
	EXPECT_EQ(0, script_link(&other));
	script_close(&other);
}

TEST_F(attach, every_slot_ok)
{
	struct script s[IORING_SPAWN_MAX_SLOTS];
	struct chain c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(s); i++) {
		ASSERT_EQ(0, script_load(&s[i], self->ring.ring_fd, i));
		ASSERT_EQ(0, script_link(&s[i]));
		SCRIPT(&s[i], { S_RES, 0 }, S_END(RET_EXIT));
		s[i].skel->bss->ops[0].a = -100 - (int)i;
	}
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		chain_init(&c, true, 0);
		chain_policy(&c, i, NULL, 0);
		ASSERT_OUTCOME(&self->ring, &c, -100 - (int)i, 0);
		script_close(&s[i]);
	}
}

TEST_F(attach, slot_out_of_range_einval)
{
	self->script.skel->struct_ops.script_ops->slot = IORING_SPAWN_MAX_SLOTS;
	EXPECT_EQ(-EINVAL, script_attach(&self->script));
}

TEST_F(attach, unknown_flag_einval)
{
	self->script.skel->struct_ops.script_ops->flags = 1U << 31;
	EXPECT_EQ(-EINVAL, script_attach(&self->script));
}

TEST_F(attach, same_map_twice_ebusy)
{
	struct script again = { .skel = self->script.skel };

	ASSERT_EQ(0, script_attach(&self->script));
	EXPECT_EQ(-EBUSY, script_link(&again));
	script_detach(&self->script);
	EXPECT_EQ(0, script_link(&self->script));
}

TEST_F(attach, same_map_to_another_ring_ebusy)
{
	struct script again = { .skel = self->script.skel };
	struct io_uring other;
	int fd = self->ring.ring_fd, keep;

	ASSERT_EQ(0, script_attach(&self->script));
	/* the number in the map now names another ring */
	keep = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	ASSERT_LE(0, keep);
	ASSERT_EQ(0, ring_init(&other, 0));
	ASSERT_EQ(fd, dup2(other.ring_fd, fd));
	EXPECT_EQ(-EBUSY, script_link(&again));
	ASSERT_EQ(fd, dup2(keep, fd));
	io_uring_queue_exit(&other);
}

TEST_F(attach, no_descriptor_ebadf)
{
	self->script.skel->struct_ops.script_ops->ring_fd = 999;
	EXPECT_EQ(-EBADF, script_attach(&self->script));
}

TEST_F(attach, descriptor_of_something_else_eopnotsupp)
{
	self->script.skel->struct_ops.script_ops->ring_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT_EQ(-EOPNOTSUPP, script_attach(&self->script));
}

TEST_F(attach, registered_ring_index_ok)
{
	struct chain c;

	ASSERT_EQ(1, io_uring_register_ring_fd(&self->ring));
	self->script.skel->struct_ops.script_ops->ring_fd = self->ring.enter_ring_fd;
	self->script.skel->struct_ops.script_ops->flags = 1;	/* IOU_SPAWN_OPS_REGISTERED_RING */
	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_RES, -7 }, S_END(RET_EXIT));
	policy_chain(&c, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, -7, 0);
}

TEST_F(attach, index_that_is_not_registered_ebadf)
{
	self->script.skel->struct_ops.script_ops->ring_fd = 3;
	self->script.skel->struct_ops.script_ops->flags = 1;
	EXPECT_EQ(-EBADF, script_attach(&self->script));
}

TEST_F(attach, two_rings_share_one_program)
{
	struct bpf_link *link;
	struct io_uring other;
	struct chain c;

	ASSERT_EQ(0, ring_init(&other, variant->ring_flags));
	bpf_map__set_autocreate(self->script.skel->maps.second_ops, true);
	self->script.skel->struct_ops.second_ops->ring_fd = other.ring_fd;
	ASSERT_EQ(0, script_attach(&self->script));
	link = bpf_map__attach_struct_ops(self->script.skel->maps.second_ops);
	ASSERT_NE(NULL, link);
	SCRIPT(&self->script, { S_RES, -7 }, S_END(RET_EXIT));
	policy_chain(&c, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, -7, 0);
	ASSERT_OUTCOME(&other, &c, -7, 0);
	EXPECT_EQ(2, self->script.skel->bss->nr_steps);
	bpf_link__destroy(link);
	ASSERT_OUTCOME(&other, &c, -ENOENT, 0);
	ASSERT_OUTCOME(&self->ring, &c, -7, 0);
	io_uring_queue_exit(&other);
}

TEST_F(attach, ring_closed_while_attached_ok)
{
	struct io_uring ring;
	struct script s;

	ASSERT_EQ(0, ring_init(&ring, variant->ring_flags));
	ASSERT_EQ(0, script_load(&s, ring.ring_fd, 0));
	ASSERT_EQ(0, script_link(&s));
	io_uring_queue_exit(&ring);
	script_close(&s);
}

TEST_F(attach, map_of_a_closed_ring_may_be_attached_to_the_next_ok)
{
	struct script again;
	struct io_uring ring;
	struct script s;
	struct chain c;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, ring_init(&ring, variant->ring_flags));
	fd = ring.ring_fd;
	ASSERT_EQ(0, script_load(&s, fd, 0));
	ASSERT_EQ(0, script_link(&s));
	io_uring_queue_exit(&ring);
	ASSERT_EQ(0, ring_init(&ring, variant->ring_flags));
	ASSERT_EQ(fd, ring.ring_fd);
	again.skel = s.skel;
	/* the ring goes when its last reference does, a little after close */
	for (i = 0; i < 500 && script_link(&again); i++)
		usleep(10000);
	ASSERT_NE(NULL, again.link);
	/* the old link has nothing to say any more */
	bpf_link__destroy(s.link);
	s.link = NULL;
	SCRIPT(&s, { S_RES, -7 }, S_END(RET_EXIT));
	policy_chain(&c, NULL, 0);
	ASSERT_OUTCOME(&ring, &c, -7, 0);
	script_close(&again);
	io_uring_queue_exit(&ring);
}

/* A policy that posts 0xa, and ends the task with -9 when there is a byte in the pipe. */
static int start_waiting(FIXTURE_DATA(attach) *self, struct chain *c, int gate[2])
{
	static char byte;

	if (pipe(gate))
		return -errno;
	policy_chain(c, NULL, 0);
	chain_read(c, gate[0], &byte, 1);
	c->clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script,
	       { S_POST, 1, 0xa }, { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_RES, -9 }, S_END(RET_EXIT));
	return chain_submit(&self->ring, c);
}

TEST_F(attach, destroyed_link_lets_a_running_policy_finish)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int gate[2];

	ASSERT_EQ(0, script_attach(&self->script));
	ASSERT_EQ(0, start_waiting(self, &c, gate));
	ASSERT_CQE(&self->ring, 0xa, 1);
	script_detach(&self->script);
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-9, cqe.res);
}

TEST_F(attach, slot_may_be_refilled_while_the_old_policy_runs)
{
	struct io_uring_cqe cqe;
	struct script next;
	struct chain c, d;
	int gate[2];

	ASSERT_EQ(0, script_load(&next, self->ring.ring_fd, 0));
	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&next, { S_RES, -10 }, S_END(RET_EXIT));
	ASSERT_EQ(0, start_waiting(self, &c, gate));
	ASSERT_CQE(&self->ring, 0xa, 1);
	script_detach(&self->script);
	ASSERT_EQ(0, script_link(&next));
	policy_chain(&d, NULL, 0);
	d.base = 1 << 20;
	ASSERT_OUTCOME(&self->ring, &d, -10, 0);
	/* the old one ends only now, behind the outcome of the new one */
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	EXPECT_EQ(-9, cqe.res);
	script_close(&next);
}

TEST_F(attach, links_cannot_be_updated_eopnotsupp)
{
	struct script other;

	ASSERT_EQ(0, script_attach(&self->script));
	ASSERT_EQ(0, script_load(&other, self->ring.ring_fd, 0));
	EXPECT_EQ(-EOPNOTSUPP,
		  bpf_link__update_map(self->script.link, other.skel->maps.script_ops));
	script_close(&other);
}

TEST_F(attach, detach_command_frees_the_slot)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, { S_RES, -7 }, S_END(RET_EXIT));
	ASSERT_EQ(0, bpf_link__detach(self->script.link));
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	script_detach(&self->script);
}

static int drop_capability(unsigned int cap)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};
	unsigned int nr[2] = { cap, CAP_SYS_ADMIN }, i;

	if (syscall(SYS_capget, &hdr, data))
		return -errno;
	for (i = 0; i < 2; i++)
		data[nr[i] / 32].effective &= ~(1U << nr[i] % 32);
	return syscall(SYS_capset, &hdr, data) ? -errno : 0;
}

TEST_F(attach, without_cap_bpf_eperm)
{
	ASSERT_EQ(0, drop_capability(39 /* CAP_BPF */));
	EXPECT_EQ(-EPERM, script_bpf__load(self->script.skel));
}

TEST_F(attach, without_cap_perfmon_eperm)
{
	ASSERT_EQ(0, drop_capability(38 /* CAP_PERFMON */));
	EXPECT_EQ(-EPERM, script_bpf__load(self->script.skel));
}

TEST_F(attach, ring_inherited_by_a_child_may_be_attached_to_by_it)
{
	struct script s;
	struct chain c;
	int status;
	pid_t pid;

	ASSERT_EQ(0, script_attach(&self->script));
	pid = fork();
	if (!pid) {
		/* the links of the child end with it, slot 1 is empty again */
		status = script_load(&s, self->ring.ring_fd, 1) ?: script_link(&s);
		_exit(status ? 1 : 0);
	}
	ASSERT_EQ(0, wait_exit(pid));
	chain_init(&c, true, 0);
	chain_policy(&c, 1, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
}

TEST_MAIN
