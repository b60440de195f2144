// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attributes. */
#include "behaviour.h"
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void nothing(int sig)
{
}

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

CASE(handlers_are_gone_ignored_stays, 0)
{
	signal(SIGUSR1, nothing);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGRTMIN, nothing);
	signal(SIGRTMAX, SIG_IGN);
	go(SELF, "s");
}

CASE(sigdefault_is_default, 0)
{
	sigset_t set = set_of(SIGUSR2, SIGKILL);

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	go(SELF, "s");
	sigfillset(&set);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	go(SELF, "s");
}

CASE(mask_is_inherited_or_set, 0)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMAX);

	sigprocmask(SIG_SETMASK, &set, NULL);
	raise(SIGUSR1);
	go(SELF, "s");
	set = set_of(SIGTERM, SIGKILL);
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	go(SELF, "s");
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	go(SELF, "s");
	go(SELF, "s");
	sigpending(&set);
	printf("%d\n", sigismember(&set, SIGUSR1));
	sigprocmask(SIG_SETMASK, NULL, &set);
	printf("%d%d%d\n", sigismember(&set, SIGUSR1), sigismember(&set, SIGRTMAX),
	       sigismember(&set, SIGTERM));
}

CASE(sessions_and_groups, 0)
{
	pid_t leader;

	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	go(SELF, "S");
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	go(SELF, "S");
	/* the session leader is not to be moved */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETPGROUP);
	go(SELF, "S");
	leader = fork();
	if (!leader) {
		setpgid(0, 0);
		pause();
	}
	must(!setpgid(leader, leader) || errno == EACCES, "setpgid");
	posix_spawnattr_setpgroup(&attr, leader);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	{
		char *argv[] = { "report", "S", NULL };
		pid_t pid;
		int err;

		fflush(stdout);
		err = posix_spawn(&pid, SELF, NULL, &attr, argv, environ);
		must(!err, "posix_spawn");
		reap(pid);
	}
	kill(leader, SIGKILL);
	waitpid(leader, NULL, 0);
	go(SELF, "S");		/* of a group that is no more */
}

CASE(scheduling, 0)
{
	struct sched_param param = { .sched_priority = 5 };

	posix_spawnattr_setschedparam(&attr, &param);
	posix_spawnattr_setschedpolicy(&attr, SCHED_FIFO);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER);
	go(SELF, "w");
	posix_spawnattr_setschedparam(&attr, &param);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDPARAM);
	go(SELF, "w");
	posix_spawnattr_setschedparam(&attr, &param);
	posix_spawnattr_setschedpolicy(&attr, SCHED_OTHER);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER);
	go(SELF, "w");
	param.sched_priority = 100;
	posix_spawnattr_setschedparam(&attr, &param);
	posix_spawnattr_setschedpolicy(&attr, SCHED_RR);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSCHEDPARAM);
	go(SELF, "w");
}

/* Neither policy nor parameters are nice. */
CASE(scheduling_of_a_nice_process, 0)
{
	static const int policies[] = { SCHED_OTHER, SCHED_FIFO };
	struct sched_param param = { 0 };
	int i;

	must(!setpriority(PRIO_PROCESS, 0, 7), "setpriority");
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDPARAM);
	go(SELF, "w");
	for (i = 0; i < 2; i++) {
		param.sched_priority = i;
		posix_spawnattr_setschedparam(&attr, &param);
		posix_spawnattr_setschedpolicy(&attr, policies[i]);
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER);
		go(SELF, "w");
	}
}

/* The child starts without the nice value, and a change of policy keeps what is there. */
CASE(scheduling_that_is_reset_on_fork, 0)
{
	struct sched_param none = { 0 }, five = { .sched_priority = 5 };
	int nice;

	for (nice = -10; nice <= 10; nice += 20) {
		must(!setpriority(PRIO_PROCESS, 0, nice), "setpriority");
		must(!sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none), "sched");
		go(SELF, "w");
		posix_spawnattr_setschedparam(&attr, &none);
		posix_spawnattr_setschedpolicy(&attr, SCHED_BATCH);
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER);
		go(SELF, "w");
	}
	must(!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &five), "sched");
	posix_spawnattr_setschedparam(&attr, &none);
	posix_spawnattr_setschedpolicy(&attr, SCHED_BATCH);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER);
	go(SELF, "w");
}

/* By the C library only if a program makes the set itself. */
CASE(mask_with_the_c_librarys_signals, 0)
{
	sigset_t set;

	memset(&set, 0xff, sizeof(set));
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	go(SELF, "m");
}

CASE(resetids_drops_effective_ids, 0)
{
	must(!setresgid(-1, 65534, -1) && !setresuid(-1, 65534, -1), "setresuid");
	go(SELF, "i");
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_RESETIDS);
	go(SELF, "i");
}

/* Their ring was made by another user. */
CASE(spawns_after_setuid, 0)
{
	make_file("script", "#!/bin/sh\nid -u\nid -g\n", 0755);
	must(!chmod(".", 0755), "chmod");
	go("./script", "");
	must(!setgid(65534) && !setuid(65534), "setuid");
	go("./script", "");
}

CASE(no_process_allowed, 0)
{
	struct rlimit limit = { 0, 0 };

	must(!setgid(65534) && !setuid(65534), "setuid");
	go("/bin/true", "");
	must(!setrlimit(RLIMIT_NPROC, &limit), "setrlimit");
	go("/bin/true", "");
}

CASE(first_of_a_new_pid_namespace, 0)
{
	go(SELF, "P");
	must(!unshare(CLONE_NEWPID), "unshare");
	go(SELF, "P");
}

CASE(vfork_flag_means_nothing, 0)
{
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_USEVFORK);
	go(SELF, "Ss");
}

CASE(everything_at_once, 0)
{
	sigset_t mask = set_of(SIGTERM, 0), dfl = set_of(SIGINT, SIGUSR2);
	struct sched_param param = { .sched_priority = 3 };

	signal(SIGINT, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	posix_spawnattr_setsigmask(&attr, &mask);
	posix_spawnattr_setsigdefault(&attr, &dfl);
	posix_spawnattr_setschedparam(&attr, &param);
	posix_spawnattr_setschedpolicy(&attr, SCHED_RR);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
				 POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSID | POSIX_SPAWN_RESETIDS);
	posix_spawn_file_actions_addopen(&actions, 5, "five", O_CREAT | O_RDWR, 0600);
	posix_spawn_file_actions_adddup2(&actions, 5, 6);
	posix_spawn_file_actions_addclose(&actions, 5);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	go(SELF, "sSwficl");
}
