// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * threads PROGRAM SPAWNS: 16 threads spawn at once while signals hail on them. Each waits for its
 * own children by pid. None may be lost, none left, and no descriptor. Of every ten spawns one
 * fails, one is searched in PATH and one has actions.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS	16

static const char *program;
static pthread_t threads[THREADS];
static atomic_int todo, running = THREADS, ran, refused, wrong;
static atomic_uint alarms, children, kills;

static void on_signal(int sig)
{
	atomic_uint *count = sig == SIGALRM ? &alarms : sig == SIGCHLD ? &children : &kills;

	(*count)++;
}

static void complain(const char *what, int err)
{
	wrong++;
	fprintf(stderr, "%s: %s\n", what, strerror(err));
}

static int spawn_one(pid_t *pid, int round)
{
	char *argv[] = { "quick", NULL };
	posix_spawn_file_actions_t actions;
	int err;

	switch (round % 10) {
	case 0:
		return posix_spawn(pid, "/no/such/program", NULL, NULL, argv, environ);
	case 1:
		return posix_spawnp(pid, strrchr(program, '/') + 1, NULL, NULL, argv, environ);
	case 2:
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addclosefrom_np(&actions, 3);
		err = posix_spawn(pid, program, &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
		return err;
	default:
		return posix_spawn(pid, program, NULL, NULL, argv, environ);
	}
}

static void *spawner(void *arg)
{
	int round, err, status;
	pid_t pid;

	while ((round = --todo) >= 0) {
		pid = -1;
		err = spawn_one(&pid, round);
		if (err == ENOENT && round % 10 == 0)
			refused++;
		else if (err)
			complain("posix_spawn", err);
		else if (waitpid(pid, &status, 0) != pid)
			complain("a child is lost", errno);
		else if (status)
			complain("a child did not end as it should", 0);
		else
			ran++;
	}
	running--;
	return arg;
}

/* A thread that has ended and is not joined yet may still be named. */
static void hail(void)
{
	unsigned int i;

	for (i = 0; running; i++) {
		pthread_kill(threads[i % THREADS], SIGUSR1);
		usleep(300);
	}
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int nr = 0;

	while (dir && readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

static void handle_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };

	sigaction(SIGALRM, &act, NULL);
	sigaction(SIGCHLD, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

int main(int argc, char **argv)
{
	int nr = argc == 3 ? atoi(argv[2]) : 0, fds = count_fds(), i;
	char dir[4096];

	if (nr < 1 || argv[1][0] != '/') {
		fprintf(stderr, "usage: threads PROGRAM SPAWNS, its absolute path\n");
		return 2;
	}
	program = argv[1];
	todo = nr;
	snprintf(dir, sizeof(dir), "/nowhere:%.*s", (int)(strrchr(program, '/') - program), program);
	setenv("PATH", dir, 1);
	handle_signals();
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, spawner, NULL))
			return 2;
	hail();
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (waitpid(-1, NULL, __WALL) != -1 || errno != ECHILD)
		complain("a child is left", errno);
	if (count_fds() != fds)
		complain("a descriptor is left", 0);
	printf("ran %d, refused %d, wrong %d; SIGALRM %u, SIGCHLD %u, SIGUSR1 %u\n", ran, refused,
	       wrong, alarms, children, kills);
	return wrong || ran + refused != nr || refused != nr / 10 || !alarms || !children || !kills;
}
