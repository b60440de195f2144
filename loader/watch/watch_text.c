// SPDX-License-Identifier: GPL-2.0 OR MIT
/* One line of words for each event. */
#include <linux/types.h>
#include <string.h>
#include "escape.h"
#include "watch_lines.h"
#include "watch_words.h"

void watch_put_words(FILE *f, const struct watch_event *e, __u64 since)
{
	char text[WATCH_TEXT];

	watch_describe(e, text, sizeof(text));
	fprintf(f, "%12.3f ms  pid %-6d ", (e->ns - since) / 1e6, e->pid);
	put_plain(f, e->comm);
	fprintf(f, "%*s  %-8s  %s\n", (int)(sizeof(e->comm) - 1 - strlen(e->comm)), "",
		watch_event_name(e), text);
}

void watch_put_words_lost(FILE *f, __u64 lost)
{
	fprintf(f, "%llu events are missing here: the buffer was full\n", lost);
}
