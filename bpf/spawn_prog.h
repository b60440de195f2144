/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region between an application and the policy spawn_prog, or one that takes its place
 * in "spawn-bpf run --policy". Chain: SPAWN_BPF; its first template is an EXEC with envp, and with
 * argv = &vec[nr_paths + 1]. The region ends behind argv[0], the rest of argv can be as long as it
 * likes: SPAWN_PROG_ARG_LEN(nr_paths) bytes, at most 4096.
 */

/* spawn_prog_arg.flags */
#define SPAWN_PROG_TRACE	(1U << 0)	/* post a CQE for every attempt that failed */

/*
 * A trace CQE has the user_data of the SPAWN_BPF SQE, res: the errno, flags: F_MORE and, in bits
 * 16-31, the number of the path, with SPAWN_PROG_TRACE_SH if it was the shell that failed on it.
 */
#define SPAWN_PROG_TRACE_SH	0x8000
#define SPAWN_PROG_TRACE_PATH	0x7fff

/*
 * Written with every attempt and at the end, so it is true after the outcome CQE, whatever that is.
 * attempts == 0: no attempt was made, or the policy does not report.
 */
struct spawn_prog_report {
	__s32	error;		/* 0: the last attempt runs; else -errno, as the outcome CQE */
	__u32	attempts;	/* EXECs tried */
	__u32	path;		/* number of the path tried last, or the one that error is about */
	__u32	sh;		/* 1: the shell was to run that path */
	__u32	busy;		/* pauses because of ETXTBSY */
	__u32	lost;		/* trace CQEs for which there was no room */
	__u64	paused_ns;	/* their sum */
};

struct spawn_prog_arg {
	__u32	nr_paths;
	__u32	flags;		/* SPAWN_PROG_* */
	__u64	sh;		/* path of the shell for programs that give ENOEXEC; 0: none */
	struct spawn_prog_report report;
	/*
	 * [0, nr_paths)	the paths to try, in this order
	 * [nr_paths]		argv[0] of the shell
	 * [nr_paths + 1] ...	argv, NULL. The shell gets the path in place of argv[0].
	 */
	__u64	vec[];
};

#define SPAWN_PROG_VEC(i)		(__builtin_offsetof(struct spawn_prog_arg, vec) + 8 * (i))
#define SPAWN_PROG_ARG_LEN(nr_paths)	SPAWN_PROG_VEC((nr_paths) + 2)
#define SPAWN_PROG_MAX_PATHS		((4096 - SPAWN_PROG_ARG_LEN(0)) / 8)
