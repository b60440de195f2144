// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Runs a case twice, by system calls and by a chain, and compares. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "attr.h"

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define READ_END	40		/* of the report */

static char fd_text[8], tty_text[8];
static char *program_argv[] = { "state", fd_text, tty_text, NULL };
static char *program_envp[] = { NULL };

static void die(const char *what)
{
	fprintf(stderr, "# %s: %s\n", what, strerror(errno));
	_exit(1);
}

static unsigned int nr_steps(const struct attr_case *c)
{
	unsigned int nr = 0;

	while (nr < ATTR_STEPS && c->step[nr].set)
		nr++;
	return nr;
}

/* ---- What both submitters find ----------------------------------------------------------- */

static void make_directory(char *dir, const struct attr_case *c)
{
	char path[256];

	umask(0);
	if (!mkdtemp(dir) || chmod(dir, 0777) || chdir(dir) || mkdir("dir", 0755) ||
	    mkdir("closed", 0700) || symlink("file", "link") || symlink("loop", "loop") ||
	    write_file("dir/inside", "inside") || write_file("secret", "secret") ||
	    write_file("file", "file") || chmod("file", 0644) || chmod("secret", 0600) ||
	    chmod("dir/inside", 0644) || target(path, sizeof(path), "state"))
		die(dir);
	if (c->mode ? copy_file(path, "program", c->mode) : symlink(path, "program"))
		die(path);
	umask(022);
}

static void remove_directory(const char *dir)
{
	static const char *const files[] = { "dir/inside", "secret", "file", "link", "loop",
					     "program", "new" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		unlink(files[i]);
	if (rmdir("dir") || rmdir("closed") || chdir("/") || rmdir(dir))
		die(dir);
}

static void open_as(int to, int fd, int flags)
{
	if (fd < 0 || dup3(fd, to, flags) != to || close(fd))
		die("a descriptor of the fixture");
}

static void open_files(struct io_uring *ring)
{
	int fds[2], master, unlock = 0;

	open_as(FILE_FD, open("file", O_RDWR), 0);
	open_as(CLOEXEC_FD, open("file", O_RDONLY), O_CLOEXEC);
	open_as(DIR_FD, open("dir", O_RDONLY | O_DIRECTORY), 0);
	open_as(PATH_FD, open("dir", O_PATH | O_DIRECTORY), 0);
	open_as(CLOSED_FD, open("closed", O_PATH | O_DIRECTORY), 0);
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock))
		die("/dev/ptmx");
	open_as(TTY_FD, ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY), 0);
	open_as(PTMX_FD, master, O_CLOEXEC);
	if (pipe2(fds, O_CLOEXEC))
		die("pipe");
	open_as(PIPE_FD, fds[0], 0);
	close(fds[1]);
	open_as(PROGRAM_FD, open("program", O_PATH), O_CLOEXEC);
	if (pipe2(fds, O_CLOEXEC))
		die("pipe");
	open_as(READ_END, fds[0], O_CLOEXEC);
	open_as(REPORT_FD, fds[1], 0);
	if (ring_init_small(ring, 0) || ring_move(ring, RING_FD))
		die("ring");
	snprintf(fd_text, sizeof(fd_text), "%d", REPORT_FD);
	snprintf(tty_text, sizeof(tty_text), "%d", TTY_FD);
}

/* ---- The two ways ------------------------------------------------------------------------ */

static void in_child(const struct attr_case *c, struct attr_result *r)
{
	__u64 all = ~0ULL, mask;
	unsigned int i;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
	for (i = 0; i < nr_steps(c); i++)
		r->res[i] = attr_syscall(&c->step[i], &mask);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
	syscall(SYS_execveat, PROGRAM_FD, "", program_argv, program_envp, AT_EMPTY_PATH);
	r->exec = -errno;
	_exit(0);
}

static pid_t by_system_calls(struct io_uring *ring, const struct attr_case *c,
			     struct attr_result *r)
{
	pid_t pid = fork();

	if (!pid)
		in_child(c, r);
	return pid;
}

/* EXEC is not linked: what is wrong with an SQE in itself breaks even a hard link. */
static pid_t by_chain(struct io_uring *ring, const struct attr_case *c, struct attr_result *r)
{
	unsigned int i, nr = nr_steps(c);
	struct io_uring_cqe cqe = {};
	struct io_uring_sqe *sqe;
	struct chain chain;

	chain_init(&chain, true, IORING_CLONE_DEFER);
	for (i = 0; i < nr; i++)
		attr_sqe(chain_add(&chain), &c->step[i]);
	chain_link(&chain, IOSQE_IO_HARDLINK);
	sqe = chain_exec(&chain, "", program_argv);
	sqe->fd = PROGRAM_FD;
	sqe->addr3 = U64(program_envp);
	sqe->rw_flags = AT_EMPTY_PATH;
	errno = -chain_submit(ring, &chain);
	if (errno)
		die("submitting the chain");
	do {
		errno = -next_cqe(ring, &cqe);
		if (errno)
			die("waiting for the chain");
		if (cqe.user_data < nr)
			r->res[cqe.user_data] = cqe.res;
		else if (cqe.user_data == nr)
			r->exec = cqe.res;
	} while (cqe.user_data != UD_CLONE);
	return cqe.res;
}

static pid_t helper;

/* For before(): another process, which lives as long as its submitter. */
pid_t attr_helper(void (*become)(struct attr_case *c))
{
	char byte;
	int ready[2];

	if (pipe2(ready, O_CLOEXEC))
		die("pipe");
	helper = fork();
	if (!helper) {
		become(NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(REPORT_FD);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &byte, 1) != 1)
		die("the other process");
	close(ready[0]);
	close(ready[1]);
	return helper;
}

static void end_helper(void)
{
	if (!helper)
		return;
	kill(helper, SIGKILL);
	if (waitpid(helper, NULL, 0) != helper)
		die("the other process");
}

static void submitter(const struct attr_case *from, struct attr_result *r, bool chain)
{
	struct attr_case c = *from;
	struct io_uring ring;
	unsigned int i;
	pid_t pid;

	open_files(&ring);
	if (c.before)
		c.before(&c);
	r->dumpable[0] = prctl(PR_GET_DUMPABLE);
	pid = (chain ? by_chain : by_system_calls)(&ring, &c, r);
	r->status = pid > 0 ? wait_exit(pid) : 0;
	r->dumpable[1] = prctl(PR_GET_DUMPABLE);
	close(REPORT_FD);
	end_helper();
	/* as long as the task of a chain that failed is there, it counts for RLIMIT_NPROC */
	if (!no_child_left())
		die("a child that stays");
	r->reported = read(READ_END, &r->state, sizeof(r->state)) == sizeof(r->state);
	for (i = 0; i < nr_steps(&c); i++)
		if (r->res[i] > 1 && r->res[i] == pid)
			r->res[i] = OWN_PID;
	r->done = true;
	_exit(0);
}

static bool run(const struct attr_case *c, struct attr_result *r, bool chain)
{
	struct stat st;
	pid_t pid;

	if (write_file("file", "file"))
		die("file");
	fflush(stdout);
	pid = fork();
	if (!pid)
		submitter(c, r, chain);
	if (wait_exit(pid) == -ETIME) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (!r->done) {
		fprintf(stderr, "# %s: the submitter failed\n", c->what);
		return false;
	}
	if (!stat("new", &st)) {
		r->made[0] = 1;
		r->made[1] = st.st_mode;
		r->made[2] = st.st_uid;
		r->made[3] = st.st_gid;
		unlink("new");
	}
	return true;
}

/* ---- The comparison ---------------------------------------------------------------------- */

#define FIELD(name)	{ #name, offsetof(struct state, name), sizeof(((struct state *)0)->name) }

static const struct field {
	const char *name;
	size_t at, size;
} fields[] = {
	FIELD(fds), FIELD(cwd), FIELD(root), FIELD(umask), FIELD(blocked), FIELD(ignored),
	FIELD(caught), FIELD(pending), FIELD(session), FIELD(group), FIELD(tty_session),
	FIELD(tty_group), FIELD(scheduling), FIELD(nice), FIELD(ioprio), FIELD(cpus),
	FIELD(limits), FIELD(uids), FIELD(gids), FIELD(nr_groups), FIELD(groups),
	FIELD(effective), FIELD(permitted), FIELD(inheritable), FIELD(bounding), FIELD(ambient),
	FIELD(no_new_privs), FIELD(pdeathsig), FIELD(keepcaps), FIELD(securebits),
	FIELD(subreaper), FIELD(timerslack), FIELD(dumpable),
};

static bool same(const char *what, const char *name, long call, long attr)
{
	if (call == attr)
		return true;
	fprintf(stderr, "# %s: %s: system call %ld, attribute %ld\n", what, name, call, attr);
	return false;
}

static bool same_state(const char *what, const struct state *call, const struct state *attr)
{
	bool ok = true;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		const unsigned char *a = (const void *)call, *b = (const void *)attr;

		a += fields[i].at;
		b += fields[i].at;
		for (n = 0; n < fields[i].size && a[n] == b[n]; n++)
			;
		if (n == fields[i].size)
			continue;
		ok = false;
		n &= ~3UL;
		fprintf(stderr, "# %s: state.%s+%zu: system calls %#x, attributes %#x\n", what,
			fields[i].name, n, *(const int *)(a + n), *(const int *)(b + n));
	}
	return ok;
}

static bool compare(const struct attr_case *c, const struct attr_result *call,
		    const struct attr_result *attr)
{
	unsigned int i, nr = nr_steps(c);
	char name[16];
	bool ok = true;

	if (call->res[nr - 1] != c->expect) {
		fprintf(stderr, "# %s: the system call says %d, the test %d\n", c->what,
			call->res[nr - 1], c->expect);
		ok = false;
	}
	if (call->exec != c->exec) {
		fprintf(stderr, "# %s: execveat(2) says %d, the test %d\n", c->what, call->exec,
			c->exec);
		ok = false;
	}
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "step %u", i);
		ok &= same(c->what, name, call->res[i], attr->res[i]);
	}
	for (i = 0; i < ARRAY_SIZE(call->made); i++)
		ok &= same(c->what, "the file made", call->made[i], attr->made[i]);
	ok &= same(c->what, "exec", call->exec, attr->exec);
	ok &= same(c->what, "exit status", call->status, attr->status);
	ok &= same(c->what, "report", call->reported, attr->reported);
	ok &= same(c->what, "dumpable before and after", attr->dumpable[0], attr->dumpable[1]);
	return same_state(c->what, &call->state, &attr->state) && ok;
}

static bool equal(const struct attr_case *c)
{
	struct attr_result *r = mmap(NULL, 2 * sizeof(*r), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char dir[] = "/tmp/attr-XXXXXX";
	bool ok;

	make_directory(dir, c);
	ok = run(c, &r[0], false) && run(c, &r[1], true) && compare(c, &r[0], &r[1]);
	remove_directory(dir);
	munmap(r, 2 * sizeof(*r));
	return ok;
}

/* How many cases differ; in what has been printed. */
unsigned int attr_unequal(const struct attr_case *cases, unsigned int nr)
{
	unsigned int i, failed = 0;

	for (i = 0; i < nr; i++)
		failed += !equal(&cases[i]);
	return failed;
}

/* ---- Privileges -------------------------------------------------------------------------- */

void as_nobody(struct attr_case *c)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		die("becoming nobody");
}

/* uid 0 that exec does not make mighty again */
void as_root_without_caps(struct attr_case *c)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};

	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP) ||
	    syscall(SYS_capset, &head, none))
		die("dropping capabilities");
}
