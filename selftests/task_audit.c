// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Each TASK leaves one audit record, with its result and the ids of the moment, and EXEC what
 * execveat(2) would.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "lib/fixture.h"
#include "lib/attr.h"

#define URING_EXIT	7	/* AUDIT_FILTER_URING_EXIT, newer than the C library's headers */
#define URINGOP		1336	/* AUDIT_URINGOP */
#define BIT_OF(op)	(1U << (op) % 32)
#define RECORDS_MS	2000

FIXTURE(audit) {
	struct io_uring ring;
	int fd, records;
	struct audit_rule_data rule;
};

/* A request to the kernel, and its answer. */
static int ask(int fd, int type, const void *data, size_t size)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	static struct { struct nlmsghdr head; char data[4096]; } msg;

	memset(&msg, 0, sizeof(msg));
	msg.head.nlmsg_len = NLMSG_LENGTH(size);
	msg.head.nlmsg_type = type;
	msg.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	memcpy(NLMSG_DATA(&msg.head), data, size);
	if (sendto(fd, &msg, msg.head.nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	do {
		if (recv(fd, &msg, sizeof(msg), 0) < 0)
			return -errno;
	} while (msg.head.nlmsg_type != NLMSG_ERROR);
	return ((struct nlmsgerr *)NLMSG_DATA(&msg.head))->error;
}

static int enable(int fd, int on)
{
	struct audit_status status = { .mask = AUDIT_STATUS_ENABLED, .enabled = on };

	return ask(fd, AUDIT_SET, &status, sizeof(status));
}

FIXTURE_SETUP(audit)
{
	struct sockaddr_nl log = { .nl_family = AF_NETLINK, .nl_groups = 1 };

	self->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (self->fd < 0 && errno == EPROTONOSUPPORT)
		SKIP(return, "a kernel without CONFIG_AUDIT");
	ASSERT_LE(0, self->fd);
	self->records = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	ASSERT_EQ(0, bind(self->records, (void *)&log, sizeof(log)));
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, enable(self->fd, 1));
	self->rule.flags = URING_EXIT;
	self->rule.action = AUDIT_ALWAYS;
	self->rule.mask[IORING_OP_TASK / 32] = BIT_OF(IORING_OP_TASK) | BIT_OF(IORING_OP_EXEC);
	ASSERT_EQ(0, ask(self->fd, AUDIT_ADD_RULE, &self->rule, sizeof(self->rule)));
}

FIXTURE_TEARDOWN(audit)
{
	if (self->fd < 0)
		return;
	EXPECT_EQ(0, ask(self->fd, AUDIT_DEL_RULE, &self->rule, sizeof(self->rule)));
	EXPECT_EQ(0, enable(self->fd, 0));
	io_uring_queue_exit(&self->ring);
}

/* The next record of this type with this in it; false when none comes. */
static bool next_of_type(int fd, int type, const char *want, char *text, size_t size)
{
	static struct { struct nlmsghdr head; char data[8192]; } msg;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (poll(&p, 1, RECORDS_MS) > 0) {
		n = recv(fd, &msg, sizeof(msg) - 1, 0);
		if (n < (ssize_t)sizeof(msg.head))
			return false;
		((char *)&msg)[n] = '\0';
		if (msg.head.nlmsg_type != type || !strstr(msg.data, want))
			continue;
		snprintf(text, size, "%.*s", (int)size - 1, msg.data);
		return true;
	}
	return false;
}

/* The next record of an io_uring operation of that process. */
static bool next_record(int fd, pid_t pid, char *text, size_t size)
{
	char want[32];

	snprintf(want, sizeof(want), " pid=%d ", pid);
	return next_of_type(fd, URINGOP, want, text, size);
}

TEST_F(audit, one_record_for_each_task_with_result_and_ids)
{
	static const struct {
		struct attr set;
		const char *result, *uid;
	} steps[] = {
		{ UMASK(027), " success=yes exit=0 ", " uid=0 " },
		{ CHDIR(AT_FDCWD, "/missing"), " success=no exit=-2 ", " uid=0 " },
		{ UID(NOBODY, NOBODY, NOBODY), " success=yes exit=0 ", " uid=65534 " },
		{ CHROOT(AT_FDCWD, "/"), " success=no exit=-1 ", " uid=65534 " },
	};
	char path[256], text[8192], op[32], *argv[] = { "quick", NULL };
	struct chain c;
	unsigned int i;
	pid_t pid;

	umask(022);
	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, true, 0);
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		attr_sqe(chain_add(&c), &steps[i].set);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_EQ(0, wait_exit(pid));
	snprintf(op, sizeof(op), " uring_op=%d ", IORING_OP_TASK);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_TRUE(next_record(self->records, pid, text, sizeof(text)));
		EXPECT_TRUE(strstr(text, op) && strstr(text, steps[i].result) &&
			    strstr(text, steps[i].uid)) {
			TH_LOG("record %u: %s", i, text);
		}
	}
	/* EXEC's is the only other one */
	ASSERT_TRUE(next_record(self->records, pid, text, sizeof(text)));
	EXPECT_FALSE(next_record(self->records, pid, text, sizeof(text))) {
		TH_LOG("one too many: %s", text);
	}
}

TEST_F(audit, exec_leaves_its_result_and_the_arguments_of_the_program)
{
	char path[256], text[8192], event[64], op[32], *argv[] = { "quick", "an argument", NULL };
	char missing[] = "/nowhere/quick";
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, true, 0);
	chain_exec(&c, missing, argv);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_EQ(0, wait_exit(pid));
	snprintf(op, sizeof(op), " uring_op=%d ", IORING_OP_EXEC);
	ASSERT_TRUE(next_record(self->records, pid, text, sizeof(text)));
	EXPECT_TRUE(strstr(text, op) && strstr(text, " success=no exit=-2 ")) {
		TH_LOG("missing: %s", text);
	}
	ASSERT_TRUE(next_record(self->records, pid, text, sizeof(text)));
	EXPECT_TRUE(strstr(text, op) && strstr(text, " success=yes exit=0 ")) {
		TH_LOG("there: %s", text);
	}
	/* "audit(TIME:SERIAL):" is what the records of one event have in common */
	snprintf(event, sizeof(event), "%.*s", (int)strcspn(text, ")"), text);
	ASSERT_TRUE(next_of_type(self->records, AUDIT_EXECVE, event, text, sizeof(text)));
	EXPECT_TRUE(strstr(text, " argc=2 a0=\"quick\" a1=616E20617267756D656E74")) {
		TH_LOG("arguments: %s", text);
	}
}

TEST_MAIN
