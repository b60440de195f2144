/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Events as they come, one a line: in words, or each a JSON object. */
#ifndef WATCH_LINES_H
#define WATCH_LINES_H

#include <stdio.h>
#include "watch.h"

/* @since: what the time is counted from. */
void watch_put_words(FILE *f, const struct watch_event *e, __u64 since);
void watch_put_words_lost(FILE *f, __u64 lost);
void watch_put_json(FILE *f, const struct watch_event *e);
void watch_put_json_lost(FILE *f, __u64 lost);

#endif
