// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The first process of the test guest: sets up the file systems, runs the one command that
 * selftests/vm/guest put into fw_cfg, sends its output and status out on virtio ports, powers off.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOB		"/sys/firmware/qemu_fw_cfg/by_name/opt/spawn_bpf/job/raw"
#define OUTPUT_PORT	"/dev/vport0p1"
#define STATUS_PORT	"/dev/vport0p2"
#define TERMINAL	"/dev/hvc0"
#define JOB_MAX		65536
#define LAST_WORDS_MS	5000

struct job {
	char text[JOB_MAX];
	char *dir;
	bool host_root;
	bool terminal;
	struct winsize size;
	char *argv[JOB_MAX / 2];
};

static struct job job;

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "init: ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(errno));
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static void mount_at(const char *target, const char *type, const char *source, const char *options)
{
	if (mkdir(target, 0755) && errno != EEXIST)
		die("cannot make the directory %s", target);
	if (mount(source, target, type, 0, options))
		die("cannot mount %s (%s) on %s", source, type, target);
}

static void mount_early(void)
{
	mount_at("/proc", "proc", "proc", NULL);
	mount_at("/sys", "sysfs", "sysfs", NULL);
	mount_at("/dev", "devtmpfs", "devtmpfs", NULL);
}

/* The host's root, read-only, under a layer in memory that takes the writes. */
static void enter_host_root(void)
{
	mount_at("/host", "9p", "host", "trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro");
	mount_at("/layer", "tmpfs", "layer", NULL);
	mkdir("/layer/upper", 0755);
	mkdir("/layer/work", 0755);
	mount_at("/root", "overlay", "overlay", "lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work");
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		die("cannot make the host's root ours");
	mount_early();
}

/* Not over the directory the command is to run in, wherever somebody has put the repository. */
static void mount_empty(const char *target, const char *name, const char *options)
{
	size_t length = strlen(target);

	if (strncmp(job.dir, target, length) || (job.dir[length] && job.dir[length] != '/'))
		mount_at(target, "tmpfs", name, options);
}

static void mount_late(void)
{
	mkdir("/dev/pts", 0755);
	mkdir("/dev/shm", 01777);
	mount_at("/dev/pts", "devpts", "devpts", "gid=5,mode=620,ptmxmode=666");
	mount_at("/dev/shm", "tmpfs", "shm", "mode=1777");
	mount_empty("/tmp", "tmp", "mode=1777");
	mount_empty("/run", "run", "mode=755");
	mount_at("/sys/kernel/tracing", "tracefs", "tracefs", NULL);
	mount_at("/sys/kernel/debug", "debugfs", "debugfs", NULL);
	mount_at("/sys/fs/bpf", "bpf", "bpf", NULL);
	mount_at("/sys/fs/cgroup", "cgroup2", "cgroup2", NULL);
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") || symlink("/proc/self/fd/2", "/dev/stderr"))
		die("cannot make the links in /dev");
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		die("cannot bring up the loopback interface");
	close(fd);
}

static void take_setting(char *setting)
{
	char *value = strchr(setting, '=');

	errno = EINVAL;
	if (!value)
		die("the job has a setting without a value: %s", setting);
	*value++ = '\0';
	if (!strcmp(setting, "dir"))
		job.dir = value;
	else if (!strcmp(setting, "root"))
		job.host_root = !strcmp(value, "host");
	else if (!strcmp(setting, "env"))
		putenv(value);
	else if (!strcmp(setting, "terminal"))
		job.terminal = sscanf(value, "%hu %hu", &job.size.ws_row, &job.size.ws_col) == 2;
	else
		die("the job has an unknown setting: %s", setting);
}

/* Strings, each with its '\0': settings NAME=VALUE, one "--", then the command and its arguments. */
static void read_job(void)
{
	int fd = open(JOB, O_RDONLY | O_CLOEXEC), argc = 0;
	bool command = false;
	ssize_t got, size = 0;

	if (fd < 0)
		die("cannot open %s", JOB);
	while ((got = read(fd, job.text + size, JOB_MAX - 1 - size)) > 0)
		size += got;
	close(fd);
	for (char *next, *word = job.text; word < job.text + size; word = next) {
		next = word + strlen(word) + 1;
		if (command)
			job.argv[argc++] = word;
		else if (!strcmp(word, "--"))
			command = true;
		else
			take_setting(word);
	}
	errno = EINVAL;
	if (!argc)
		die("the job names no command");
}

/* Ports appear a moment after boot, when the device has answered. */
static int open_when_there(const char *path)
{
	for (int tries = 0; tries < 1000; tries++) {
		int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

		if (fd >= 0)
			return fd;
		usleep(5000);
	}
	die("cannot open %s", path);
}

static void take_terminal(void)
{
	int fd = open_when_there(TERMINAL);

	setsid();
	if (ioctl(fd, TIOCSCTTY, 1) || ioctl(fd, TIOCSWINSZ, &job.size))
		die("cannot take the terminal %s", TERMINAL);
	for (int target = 0; target < 3; target++)
		dup2(fd, target);
}

static void take_pipe(int output)
{
	int null = open("/dev/null", O_RDONLY);

	setsid();
	dup2(null, 0);
	close(null);
	dup2(output, 1);
	dup2(output, 2);
}

static pid_t start_command(int output)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (job.terminal)
		take_terminal();
	else
		take_pipe(output);
	if (chdir(job.dir)) {
		fprintf(stderr, "init: cannot go to the directory %s: %s\n", job.dir, strerror(errno));
		_exit(127);
	}
	execvp(job.argv[0], job.argv);
	fprintf(stderr, "init: cannot run %s: %s\n", job.argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Copies what is there now. False at the end of the stream. */
static bool copy_output(int from, int to)
{
	static char buffer[65536];
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		for (ssize_t done = 0, put; done < got; done += put) {
			put = write(to, buffer + done, got - done);
			if (put < 0)
				die("cannot write to %s", OUTPUT_PORT);
		}
	return got < 0 && errno == EAGAIN;
}

static bool reap(pid_t command, int *status)
{
	bool ended = false;
	int any;

	for (pid_t pid; (pid = waitpid(-1, &any, WNOHANG)) > 0;)
		if (pid == command) {
			*status = any;
			ended = true;
		}
	return ended;
}

/* Serves the output and the zombies until the command has ended; returns its wait status. */
static int supervise(pid_t command, int signals, int output, int port)
{
	struct pollfd wait[] = { { signals, POLLIN, 0 }, { output, POLLIN, 0 } };
	struct signalfd_siginfo info;
	int status;

	for (;;) {
		if (poll(wait, 2, -1) < 0)
			die("cannot wait for the command");
		if (wait[1].revents && !copy_output(output, port))
			wait[1].fd = -1;
		if (!wait[0].revents)
			continue;
		if (read(signals, &info, sizeof(info)) < 0)
			die("cannot read the signals");
		if (reap(command, &status))
			return status;
	}
}

/* Ends what the command left behind and sends its last output. False if something does not end. */
static bool finish(int output, int port)
{
	struct pollfd wait = { output, POLLIN, 0 };

	kill(-1, SIGKILL);
	while (copy_output(output, port))
		if (poll(&wait, 1, LAST_WORDS_MS) == 0)
			return false;
	return true;
}

static int run(int port)
{
	int output[2], signals, status;
	sigset_t child;
	pid_t command;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	signals = signalfd(-1, &child, SFD_CLOEXEC);
	if (signals < 0 || pipe2(output, O_CLOEXEC))
		die("cannot make the pipe for the output");
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	command = start_command(output[1]);
	if (command < 0)
		die("cannot fork");
	close(output[1]);
	status = supervise(command, signals, output[0], port);
	if (!finish(output[0], port))
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(void)
{
	int status_port, output_port, status;

	mount_early();
	read_job();
	if (job.host_root)
		enter_host_root();
	mount_late();
	raise_loopback();
	sethostname("spawn-bpf", strlen("spawn-bpf"));
	status_port = open_when_there(STATUS_PORT);
	output_port = open_when_there(OUTPUT_PORT);
	dprintf(status_port, "started\n");
	status = run(output_port);
	if (status < 0)
		dprintf(status_port, "stuck\n");
	else
		dprintf(status_port, "exit %d\n", status);
	reboot(RB_AUTOBOOT);
	die("cannot power off");
}
