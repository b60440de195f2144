/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SHOW_RING_H
#define SHOW_RING_H

#include "json.h"
#include "ring.h"

/* A ring: its slots and its spawns. */
void show_ring_put(pid_t pid, int fd, const struct ring_view *view);
void show_ring_json(pid_t pid, int fd, const struct ring_view *view);

/* Its spawns in progress and its counters, as lines or as two members. */
void show_ring_spawns(const struct ring_view *view);
void show_ring_spawns_json(struct json *j, const struct ring_view *view);

#endif
