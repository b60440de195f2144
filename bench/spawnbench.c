// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Spawn + exec + wait of a static program that exits at its first instruction, by every way there
 * is. Meant for a guest whose clock counts instructions (--icount). Prints, separated by tabs:
 * method, column, minimum, median.
 *
 * With the name of a method it is that one alone, of a caller that has little memory and then much.
 * Linked dynamically it shows what posix_spawn() costs there, with or without a preload.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "spawn_bpf.h"
#include "spawn_prog.h"
#include "spawn_prog.skel.h"

#define WARM_UPS	60
#define ROUNDS		300
#define MISSES		6
#define MANY_FDS	1000
#define MUCH_MEMORY	(512UL << 20)
#define U64(p)		((__u64)(uintptr_t)(p))

/*
 * What is to be run: paths to try, of which only the last one is there. For exec*p(3), name and
 * $PATH.
 */
struct job {
	char	paths[MISSES + 1][160];
	int	nr_paths;
	char	name[96];
	char	*argv[2];
};

static struct io_uring ring;

static void die(const char *what, int err)
{
	fprintf(stderr, "spawnbench: %s: %s\n", what, strerror(err));
	exit(1);
}

static void __attribute__((noreturn)) exec_child(const struct job *job)
{
	if (job->nr_paths > 1)
		execvp(job->name, job->argv);
	else
		execve(job->paths[0], job->argv, environ);
	_exit(127);
}

static pid_t by_fork(const struct job *job)
{
	pid_t pid = fork();

	if (!pid)
		exec_child(job);
	return pid;
}

static pid_t by_vfork(const struct job *job)
{
	pid_t pid = vfork();

	if (!pid)
		exec_child(job);
	return pid;
}

static int clone_child(void *job)
{
	exec_child(job);
}

static pid_t by_clone_vm(const struct job *job)
{
	static char stack[65536] __attribute__((aligned(16)));

	return clone(clone_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)job);
}

static pid_t by_posix_spawn(const struct job *job)
{
	pid_t pid;
	int err;

	if (job->nr_paths > 1)
		err = posix_spawnp(&pid, job->name, NULL, NULL, job->argv, environ);
	else
		err = posix_spawn(&pid, job->paths[0], NULL, NULL, job->argv, environ);
	return err ? -1 : pid;
}

/* One SQE, one CQE, one system call. */
static pid_t run_clone(struct io_uring_clone_args *args, __u32 flags)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	int res;

	if (!sqe)
		die("the submission queue is full", EBUSY);
	iou_prep_clone(sqe, U64(args), sizeof(*args),
		       IORING_CLONE_DEFER | IORING_CLONE_QUIET | flags);
	res = io_uring_submit_and_wait(&ring, 1);
	if (res < 0)
		die("io_uring_enter", -res);
	res = io_uring_peek_cqe(&ring, &cqe);
	if (res < 0)
		die("no completion", -res);
	res = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	if (res < 0)
		die("spawn", -res);
	return res;
}

static void prep_search(struct io_uring_sqe *chain, const struct job *job)
{
	int i;

	for (i = 0; i < job->nr_paths; i++) {
		iou_prep_exec(&chain[i], AT_FDCWD, U64(job->paths[i]), U64(job->argv), U64(environ),
			      0, IORING_EXEC_SEARCH);
		chain[i].flags = i + 1 < job->nr_paths ? IOSQE_IO_LINK : 0;
	}
}

static pid_t by_io_uring_spawn(const struct job *job)
{
	struct io_uring_sqe chain[MISSES + 1];
	struct io_uring_clone_args args = { .sqes = U64(chain),
					    .nr_sqes = job->nr_paths,
					    .nr_submit = job->nr_paths };

	prep_search(chain, job);
	return run_clone(&args, 0);
}

/* The descriptors of the new program are named: no other is copied. */
static pid_t by_fds(const struct job *job)
{
	static const struct io_uring_clone_fd stdio[] = {
		{ .fd = 0, .target = 0 }, { .fd = 1, .target = 1 }, { .fd = 2, .target = 2 }
	};
	struct io_uring_sqe chain[MISSES + 1];
	struct io_uring_clone_args args = { .sqes = U64(chain),
					    .nr_sqes = job->nr_paths,
					    .nr_submit = job->nr_paths,
					    .fds = U64(stdio),
					    .nr_fds = 3 };

	prep_search(chain, job);
	return run_clone(&args, IORING_CLONE_NO_FILES);
}

static pid_t by_policy(const struct job *job)
{
	static struct {
		struct spawn_prog_arg head;
		__u64 vec[MISSES + 1 + 3];
	} region;
	struct io_uring_sqe chain[2];
	struct io_uring_clone_args args = { .sqes = U64(chain), .nr_sqes = 2, .nr_submit = 1 };
	int i;

	memset(&region, 0, sizeof(region));
	region.head.nr_paths = job->nr_paths;
	for (i = 0; i < job->nr_paths; i++)
		region.vec[i] = U64(job->paths[i]);
	region.vec[job->nr_paths + 1] = U64(job->argv[0]);
	iou_prep_policy(&chain[0], 0, U64(&region), SPAWN_PROG_ARG_LEN(job->nr_paths), 0);
	iou_prep_exec(&chain[1], AT_FDCWD, 0, U64(&region.vec[job->nr_paths + 1]), U64(environ), 0,
		      0);
	return run_clone(&args, 0);
}

static const struct method {
	const char	*name;
	pid_t		(*spawn)(const struct job *job);
} methods[] = {
	{ "fork", by_fork },
	{ "vfork", by_vfork },
	{ "posix_spawn", by_posix_spawn },
	{ "clone(CLONE_VM)", by_clone_vm },
	{ "io_uring_spawn", by_io_uring_spawn },
	{ "io_uring_spawn, stdio only", by_fds },
	{ "io_uring_spawn, BPF policy", by_policy },
};
#define NR_METHODS (sizeof(methods) / sizeof(methods[0]))

static unsigned long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static unsigned long long once(const struct method *m, const struct job *job)
{
	unsigned long long start = now();
	pid_t pid = m->spawn(job);
	int status;

	if (pid < 0)
		die(m->name, errno);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid", errno);
	start = now() - start;
	if (status) {
		fprintf(stderr, "spawnbench: %s: the program ended with status %#x\n", m->name,
			status);
		exit(1);
	}
	return start;
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a, y = *(const unsigned long long *)b;

	return x < y ? -1 : x > y;
}

static void measure(const struct method *m, const struct job *job, const char *column)
{
	unsigned long long ns[ROUNDS];
	int i;

	for (i = 0; i < WARM_UPS; i++)
		once(m, job);
	for (i = 0; i < ROUNDS; i++)
		ns[i] = once(m, job);
	qsort(ns, ROUNDS, sizeof(ns[0]), compare);
	printf("%s\t%s\t%llu\t%llu\n", m->name, column, ns[0], ns[ROUNDS / 2]);
	fflush(stdout);
}

/* MISSES directories that exist and are empty, then the one the program is in. */
static void make_search(struct job *job, const char *program)
{
	char search[1024] = "", dir[32];
	int i;

	snprintf(job->name, sizeof(job->name), "%s", strrchr(program, '/') + 1);
	for (i = 0; i < MISSES; i++) {
		snprintf(dir, sizeof(dir), "/tmp/bench-path-%d", i);
		if (mkdir(dir, 0755) && errno != EEXIST)
			die(dir, errno);
		snprintf(job->paths[i], sizeof(job->paths[i]), "%s/%s", dir, job->name);
		strcat(strcat(search, dir), ":");
	}
	snprintf(job->paths[MISSES], sizeof(job->paths[MISSES]), "%s", program);
	strncat(search, program, strrchr(program, '/') - program);
	setenv("PATH", search, 1);
	job->nr_paths = MISSES + 1;
}

static void open_ring(void)
{
	struct io_uring_query_spawn query;
	int ret = io_uring_queue_init(4, &ring,
				      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);

	if (ret)
		die("io_uring_setup", -ret);
	ret = io_uring_spawn_query(ring.ring_fd, &query);
	if (ret)
		die("this kernel has no io_uring spawn: boot the patched one", -ret);
}

static void attach_policy(void)
{
	struct spawn_prog_bpf *skel = spawn_prog_bpf__open();

	if (!skel)
		die("opening the policy", errno);
	skel->struct_ops.spawn_prog_ops->ring_fd = ring.ring_fd;
	if (spawn_prog_bpf__load(skel) || !bpf_map__attach_struct_ops(skel->maps.spawn_prog_ops))
		die("attaching the policy", errno);
}

static void open_many(void)
{
	const struct rlimit limit = { 2 * MANY_FDS, 2 * MANY_FDS };
	int i;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit", errno);
	for (i = 0; i < MANY_FDS; i++)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			die("/dev/null", errno);
}

static void touch_much(void)
{
	char *memory = mmap(NULL, MUCH_MEMORY, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap", errno);
	memset(memory, 1, MUCH_MEMORY);
}

/* Those that need no ring. */
static int measure_one(const char *name, const struct job *job)
{
	unsigned int i;

	for (i = 0; methods[i].spawn != by_io_uring_spawn; i++) {
		if (strcmp(methods[i].name, name))
			continue;
		measure(&methods[i], job, "dynamic caller");
		touch_much();
		measure(&methods[i], job, "512 MiB touched");
		return 0;
	}
	fprintf(stderr, "spawnbench: no method is called %s\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	struct job plain = { .nr_paths = 1 }, search = {};
	unsigned int i;

	if (argc < 2 || argc > 3 || strlen(argv[1]) >= sizeof(plain.paths[0]) || argv[1][0] != '/') {
		fprintf(stderr, "usage: spawnbench PROGRAM [METHOD], its absolute path\n");
		return 2;
	}
	strcpy(plain.paths[0], argv[1]);
	plain.argv[0] = search.argv[0] = "quick";
	if (argc == 3)
		return measure_one(argv[2], &plain);
	make_search(&search, argv[1]);
	open_ring();
	attach_policy();
	for (i = 0; i < NR_METHODS; i++) {
		measure(&methods[i], &plain, "plain");
		measure(&methods[i], &search, "6 PATH misses");
	}
	open_many();
	for (i = 0; i < NR_METHODS; i++)
		measure(&methods[i], &plain, "1000 open descriptors");
	return 0;
}
