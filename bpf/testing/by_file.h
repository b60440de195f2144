/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region between an application and the policy by_file. Chain: SPAWN_BPF; template 0
 * is the EXEC if the file begins with the prefix, template 1 the EXEC if it does not.
 */

#define BY_FILE_MAX	64	/* bytes of a prefix */

struct by_file_want {
	__u64	path;
	__s32	dfd;		/* directory, or AT_FDCWD */
	__u32	len;		/* of the prefix; 0: any file that can be read */
};

/* True after the outcome CQE, whatever that is. */
struct by_file_report {
	__s32	error;		/* 0: template chosen - 1 runs; else -errno, as the outcome CQE */
	__u32	chosen;		/* 1 + number of the template; 0: none was */
	__s32	res;		/* bytes read, or -errno of open or read */
	__u32	resv;
};

struct by_file_arg {
	struct by_file_want want;
	struct by_file_report report;
	__u8	prefix[BY_FILE_MAX];
	__u8	data[BY_FILE_MAX];	/* what was read */
};
