// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The kernel log as a gate: what stands in it after the mark decides about the test. */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "runner.h"

#define AFTER_LINES	60	/* of a report, printed with the line that gave it away */

static const char complaints[] =
	"BUG: |BUG at |WARNING: |Oops|KASAN|UBSAN|Kernel panic|[Gg]eneral protection"
	"|[Uu]nable to handle"
	"|possible (recursive|circular|irq lock|deadlock)|inconsistent lock state|locks? held"
	"|Invalid wait context|DEBUG_LOCKS_WARN_ON|suspicious RCU|rcu: INFO|self-detected stall"
	"|soft lockup|hard LOCKUP|workqueue lockup|INFO: task .* blocked|scheduling while atomic"
	"|sleeping function|refcount_t|list_(add|del) corruption|Bad page|Bad rss-counter"
	"|Object already free|Redzone|percpu ref .* <= 0|unreferenced object";

static regex_t complaint;
static int log_fd = -1, mark_fd = -1;

int kmsg_open(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	mark_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (log_fd < 0 || mark_fd < 0) {
		fprintf(stderr, "runner: /dev/kmsg: %s: the kernel log must be readable\n",
			strerror(errno));
		return -1;
	}
	return regcomp(&complaint, complaints, REG_EXTENDED | REG_NOSUB);
}

void kmsg_mark(const char *name)
{
	lseek(log_fd, 0, SEEK_END);
	dprintf(mark_fd, "<6>test: %s\n", name);
}

/* One record, its text only. False at the end of the log. */
static bool next(char *text, size_t size)
{
	char record[8192], *p;
	ssize_t n;

	do {
		n = read(log_fd, record, sizeof(record) - 1);
	} while (n < 0 && errno == EPIPE);	/* overwritten meanwhile: go on behind it */
	if (n <= 0)
		return false;
	record[n] = '\0';
	p = strchr(record, ';');
	p = p ? p + 1 : record;
	p[strcspn(p, "\n")] = '\0';
	snprintf(text, size, "%.*s", (int)size - 1, p);
	return true;
}

bool kmsg_clean(void)
{
	char text[1024];
	bool clean = true;
	int left = 0;

	while (next(text, sizeof(text))) {
		if (!strncmp(text, "test: ", 6))
			continue;
		if (!regexec(&complaint, text, 0, NULL, 0)) {
			clean = false;
			left = AFTER_LINES;
		}
		if (left > 0) {
			printf("#   kernel: %s\n", text);
			left--;
		}
	}
	return clean;
}
