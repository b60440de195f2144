// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * no_io_uring EPERM|ENOSYS|KILL PROGRAM [ARGUMENT...]: runs it under a seccomp filter that denies
 * the calls of io_uring with this error, as those of containers do, or kills who makes them, as
 * those of sandboxes do, and allows all others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int deny(unsigned int action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_register, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, action),
	};
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int main(int argc, char **argv)
{
	unsigned int action = 0;

	if (argc > 2 && !strcmp(argv[1], "EPERM"))
		action = SECCOMP_RET_ERRNO | EPERM;
	else if (argc > 2 && !strcmp(argv[1], "ENOSYS"))
		action = SECCOMP_RET_ERRNO | ENOSYS;
	else if (argc > 2 && !strcmp(argv[1], "KILL"))
		action = SECCOMP_RET_KILL_PROCESS;
	if (!action) {
		fprintf(stderr, "usage: no_io_uring EPERM|ENOSYS|KILL PROGRAM [ARGUMENT...]\n");
		return 125;
	}
	if (deny(action)) {
		perror("no_io_uring: the filter could not be installed");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
