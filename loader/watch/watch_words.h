/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the numbers of an event mean. Words are in static memory, until the next call. */
#ifndef WATCH_WORDS_H
#define WATCH_WORDS_H

#include <linux/types.h>
#include <stdbool.h>
#include "watch.h"

/* Takes the names of opcodes from the running kernel's BTF; without them they are numbers. */
struct btf;
int watch_learn_opcodes(const struct btf *btf);

const char *watch_event_name(const struct watch_event *e);
const char *watch_opcode(__u8 opcode);
/* "ENOENT", or the number if it is no error. */
const char *watch_result(int res);
bool watch_is_error(int res);
/* Why a step was called, and what it returned. */
const char *watch_why(__u32 event);
const char *watch_returned(int ret);

/*
 * The event in words, without time and task: "EXEC, SQE 1: ENOENT". @size should be WATCH_TEXT.
 */
#define WATCH_TEXT	192
void watch_describe(const struct watch_event *e, char *buf, size_t size);

#endif
