// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attributes GROUPS, GID, UID and RESETIDS do what their system calls do. */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "lib/fixture.h"
#include "lib/attr.h"

#define BAD	((void *)8)
#define KEEP	(~0U)

static void with_groups(struct attr_case *c)
{
	static const gid_t some[] = { 1, 5, 1000 };

	setgroups(ARRAY_SIZE(some), some);
}

static void like_a_set_id_program(struct attr_case *c)
{
	setresgid(2000, 0, 0);
	setresuid(1000, 0, 0);
}

static void like_a_weak_set_id_program(struct attr_case *c)
{
	setgroups(0, NULL);
	setresgid(2000, 2001, 2002);
	setresuid(1000, 1001, 1002);
}

/* Root of a namespace in which there is no other id. */
static void root_of_a_namespace(struct attr_case *c)
{
	as_nobody(c);
	if (prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER) ||
	    write_file("/proc/self/setgroups", "deny") ||
	    write_file("/proc/self/uid_map", "0 65534 1") ||
	    write_file("/proc/self/gid_map", "0 65534 1"))
		perror("# user namespace");
}

TEST(groups_is_setgroups)
{
	static gid_t some[] = { 7, 3, 70000 }, twice[] = { 5, 5 }, bad[] = { 1, -1 }, many[65537];
	struct attr_case cases[] = {
		{ "some", 0, NULL, { GROUPS(some, 3) } },
		{ "none", 0, with_groups, { GROUPS(NULL, 0) } },
		{ "some instead of some", 0, with_groups, { GROUPS(some, 2) } },
		{ "one twice", 0, NULL, { GROUPS(twice, 2) } },
		{ "as many as there may be", 0, NULL, { GROUPS(many, 65536) } },
		{ "none from nowhere", 0, with_groups, { GROUPS(BAD, 0) } },
		{ "as nobody", -EPERM, as_nobody, { GROUPS(some, 1) } },
		{ "none as nobody", -EPERM, as_nobody, { GROUPS(NULL, 0) } },
		{ "given up", -EPERM, NULL, { UID(KEEP, NOBODY, KEEP), GROUPS(NULL, 0) } },
		{ "of a namespace that may not", -EPERM, root_of_a_namespace, { GROUPS(NULL, 0) } },
		{ "too many", -EINVAL, NULL, { GROUPS(many, 65537) } },
		{ "fewer than none", -EINVAL, NULL, { GROUPS(some, -1) } },
		{ "group that is none", -EINVAL, NULL, { GROUPS(bad, 2) } },
		{ "bad pointer", -EFAULT, NULL, { GROUPS(BAD, 1) } },
		{ "null pointer", -EFAULT, NULL, { GROUPS(NULL, 1) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(gid_is_setresgid)
{
	struct attr_case cases[] = {
		{ "all", 0, NULL, { GID(10, 10, 10) } },
		{ "three", 0, NULL, { GID(10, 20, 30) } },
		{ "effective", 0, NULL, { GID(KEEP, 20, KEEP) } },
		{ "real", 0, NULL, { GID(10, KEEP, KEEP) } },
		{ "saved", 0, NULL, { GID(KEEP, KEEP, 30) } },
		{ "nothing", 0, NULL, { GID(KEEP, KEEP, KEEP) } },
		{ "large", 0, NULL, { GID(0x80000000, 70000, 0xfffffffe) } },
		{ "twice", 0, NULL, { GID(1, 2, 3), GID(3, 1, 2) } },
		{ "what one has", 0, like_a_weak_set_id_program, { GID(2001, 2002, 2000) } },
		{ "its own, as nobody", 0, as_nobody, { GID(NOBODY, NOBODY, NOBODY) } },
		{ "of the namespace", 0, root_of_a_namespace, { GID(0, 0, 0) } },
		{ "not of the namespace", -EINVAL, root_of_a_namespace, { GID(KEEP, 1, KEEP) } },
		{ "after UID", -EPERM, NULL, { UID(NOBODY, NOBODY, NOBODY), GID(1, 1, 1) } },
		{ "as nobody", -EPERM, as_nobody, { GID(KEEP, 0, KEEP) } },
		{ "what one has not", -EPERM, like_a_weak_set_id_program,
		  { GID(KEEP, 2003, KEEP) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(uid_is_setresuid)
{
	struct attr_case cases[] = {
		{ "all", 0, NULL, { UID(1000, 1000, 1000) } },
		{ "three", 0, NULL, { UID(1000, 1001, 1002) } },
		{ "effective", 0, NULL, { UID(KEEP, 1001, KEEP) } },
		{ "real", 0, NULL, { UID(1000, KEEP, KEEP) } },
		{ "saved", 0, NULL, { UID(KEEP, KEEP, 1002) } },
		{ "nothing", 0, NULL, { UID(KEEP, KEEP, KEEP) } },
		{ "large", 0, NULL, { UID(0x80000000, 70000, 0xfffffffe) } },
		{ "and back by the saved one", 0, NULL,
		  { UID(KEEP, 1000, KEEP), UID(KEEP, 0, KEEP) } },
		{ "what one has", 0, like_a_weak_set_id_program, { UID(1002, 1000, 1001) } },
		{ "its own, as nobody", 0, as_nobody, { UID(NOBODY, NOBODY, NOBODY) } },
		{ "back when it is gone", -EPERM, NULL,
		  { UID(1000, 1000, 1000), UID(KEEP, 0, KEEP) } },
		{ "as nobody", -EPERM, as_nobody, { UID(KEEP, 0, KEEP) } },
		{ "what one has not", -EPERM, like_a_weak_set_id_program,
		  { UID(KEEP, 1003, KEEP) } },
		{ "of the namespace", 0, root_of_a_namespace, { UID(0, 0, 0) } },
		{ "not of the namespace", -EINVAL, root_of_a_namespace, { UID(KEEP, 1, KEEP) } },
		{ "nobody of the namespace", -EINVAL, root_of_a_namespace,
		  { UID(KEEP, NOBODY, KEEP) } },
		{ "root without capabilities", -EPERM, as_root_without_caps, { UID(1, 1, 1) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(resetids_makes_effective_ids_the_real_ones)
{
	struct attr_case cases[] = {
		{ "set-id root", 0, like_a_set_id_program, { RESETIDS() } },
		{ "set-id", 0, like_a_weak_set_id_program, { RESETIDS() } },
		{ "ordinary", 0, NULL, { RESETIDS() } },
		{ "ordinary nobody", 0, as_nobody, { RESETIDS() } },
		{ "of a namespace", 0, root_of_a_namespace, { RESETIDS() } },
		{ "after ids", 0, NULL, { GID(10, 20, 30), UID(1, 2, 3), RESETIDS() } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST_MAIN
