// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a failure prints: how to see it again, and what is known of it. */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "storm.h"

bool complain(const struct plan *p, const char *format, ...)
{
	static const char *const ends[NR_ENDS] = { "orderly", "closes", "exits", "execs", "killed" };
	char what[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	fprintf(stderr, "# storm: %s\n", what);
	fprintf(stderr, "# storm: round %u (%s, %u lanes); again: make storm%s SEED=%llu ROUND=%u\n",
		p->round, ends[p->end], p->nr_lanes, debug_kernel() ? " KERNEL=debug" : "",
		(unsigned long long)p->seed, p->round);
	return false;
}

static void tell_stack(const char *pid)
{
	char path[300], text[2048];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stack", pid);
	f = fopen(path, "r");
	if (!f)
		return;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		fprintf(stderr, "#   %s\n", line);
}

static void tell_state(const char *pid)
{
	char path[300], line[128] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return;
	if (fgets(line, sizeof(line), f))
		fprintf(stderr, "# %.60s ...\n", line);
	fclose(f);
}

/* Every task that is no thread of the kernel, with the stack it sleeps on. */
void tell_tasks(void)
{
	DIR *proc = opendir("/proc");
	char exe[300], to[300];
	struct dirent *d;

	while (proc && (d = readdir(proc))) {
		snprintf(exe, sizeof(exe), "/proc/%s/exe", d->d_name);
		if (d->d_name[0] < '1' || d->d_name[0] > '9' || readlink(exe, to, sizeof(to)) < 0)
			continue;
		tell_state(d->d_name);
		tell_stack(d->d_name);
	}
	if (proc)
		closedir(proc);
	/* who runs has no stack to show there, but one in the kernel's log */
	write_file("/proc/sysrq-trigger", "l");
}

void tell_spawn(const struct plan *p, unsigned int lane, unsigned int i, const struct seen *s)
{
	const struct spawn_plan *sp = &p->lane[lane].spawn[i];
	const struct chain *c = &sp->chain;
	unsigned int k;

	fprintf(stderr, "# lane %u chain %u: ring %#x, %s, CLONE flags %#x sqe flags %#x args.flags %#llx"
		"%s%s%s; pid %d cloned %d over %d outcome %d step %#x killed %d cancelled %d\n", lane, i,
		p->lane[lane].ring_flags, c->array ? "array" : "links", c->clone.rw_flags,
		c->clone.flags, (unsigned long long)c->args.flags, sp->tail ? " tail" : "",
		sp->batched ? " batched" : "",
		sp->refused ? " refused" : "", s->pid, s->cloned, s->over, s->outcome, s->step,
		s->killed, s->cancelled);
	fprintf(stderr, "#   then disturbance %u (%u, %u)\n", sp->after.what, sp->after.a, sp->after.b);
	for (k = 0; k < c->nr; k++) {
		const struct io_uring_sqe *sqe = &c->sqe[k];
		unsigned int slot = slot_of(lane, i, k);

		fprintf(stderr, "#   %2u op %u flags %#x fd %d off %#llx addr %#llx len %u rw %#x "
			"ioprio %#x: %u CQEs res %d mark %d program %d\n", k, sqe->opcode, sqe->flags,
			sqe->fd, (unsigned long long)sqe->off, (unsigned long long)sqe->addr, sqe->len,
			sqe->rw_flags, sqe->ioprio, s->nr[k], s->res[k], scene.marks[slot],
			scene.pids[slot]);
	}
}
