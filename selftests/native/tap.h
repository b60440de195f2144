/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_tests, tap_failed;

static inline bool tap_ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_tests, name);
	tap_failed += !good;
	return good;
}

/* The exit status of the program. */
static inline int tap_end(void)
{
	printf("1..%d\n", tap_tests);
	return tap_failed != 0;
}

#endif
