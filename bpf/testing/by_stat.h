/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region between an application and the policy by_stat. Chain: SPAWN_BPF; template 0
 * is the EXEC if the file is as wanted, template 1 the EXEC if it is not.
 */

struct by_stat_want {
	__u64	path;
	__s32	dfd;		/* directory, or AT_FDCWD */
	__u32	at_flags;	/* AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH */
	__u32	type;		/* S_IFREG, S_IFDIR ...; 0: any */
	__u32	perm;		/* bits of the mode that must all be set, e.g. 0111 */
	__u64	min_size;
};

/* True after the outcome CQE, whatever that is. */
struct by_stat_report {
	__s32	error;		/* 0: template chosen - 1 runs; else -errno, as the outcome CQE */
	__u32	chosen;		/* 1 + number of the template; 0: none was */
	__s32	stat;		/* what STATX said: 0 or -errno */
	__u32	mode;		/* of the file, if stat is 0 */
	__u64	size;
};

struct by_stat_arg {
	struct by_stat_want want;
	struct by_stat_report report;
	__u64	statx[32];	/* a struct statx, filled by the kernel */
};
