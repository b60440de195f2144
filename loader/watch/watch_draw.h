/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What was traced, for viewers. */
#ifndef WATCH_DRAW_H
#define WATCH_DRAW_H

#include <stdio.h>
#include "watch_timeline.h"

/* Trace Event Format, for ui.perfetto.dev and chrome://tracing. */
void watch_draw_chrome(FILE *f, const struct timeline *t);
/* A drawing: tasks from top to bottom, time from left to right. */
void watch_draw_svg(FILE *f, const struct timeline *t);

#endif
