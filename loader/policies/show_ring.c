// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "show_ring.h"

/* Where in the chain something waits for its turn: a number, "queued", or "-" for nowhere. */
static void put_place(const char *what, const char *place)
{
	if (!strcmp(place, "queued"))
		printf(", %s queued by the policy waits", what);
	else if (strcmp(place, "-"))
		printf(", %s at SQE %s waits", what, place);
}

static void json_place(struct json *j, const char *what, const char *place)
{
	if (*place >= '0' && *place <= '9')
		json_number(j, what, atoi(place));
	else
		json_string(j, what, strcmp(place, "-") ? place : NULL);
}

void show_ring_spawns(const struct ring_view *view)
{
	unsigned int i;

	printf("  spawns: %u in progress", view->nr_spawns);
	for (i = 0; i < RING_COUNTERS; i++)
		printf(", %llu %s", view->counters[i], ring_counter_names[i]);
	putchar('\n');
	for (i = 0; i < view->nr_spawns; i++) {
		const struct ring_spawn *s = &view->spawns[i];

		if (s->pid)
			printf("    pid %d, ", s->pid);
		else
			printf("    no task, ");
		printf("%s, user_data %llu, %u of %u SQEs are the chain", s->state, s->user_data,
		       s->submit, s->sqes);
		put_place("EXEC", s->exec);
		put_place("policy", s->policy);
		if (s->cqes)
			printf(", %u CQEs to be posted", s->cqes);
		putchar('\n');
	}
}

static void json_spawn(struct json *j, const struct ring_spawn *s)
{
	json_object(j, NULL);
	json_unsigned(j, "user_data", s->user_data);
	json_string(j, "state", s->state);
	json_number(j, "pid", s->pid);
	json_unsigned(j, "flags", s->flags);
	json_unsigned(j, "sqes", s->sqes);
	json_unsigned(j, "submit", s->submit);
	json_place(j, "exec", s->exec);
	json_place(j, "policy", s->policy);
	json_unsigned(j, "cqes", s->cqes);
	json_object_end(j);
}

void show_ring_spawns_json(struct json *j, const struct ring_view *view)
{
	unsigned int i;

	json_array(j, "spawns");
	for (i = 0; i < view->nr_spawns; i++)
		json_spawn(j, &view->spawns[i]);
	json_array_end(j);
	json_object(j, "counters");
	for (i = 0; i < RING_COUNTERS; i++)
		json_unsigned(j, ring_counter_names[i], view->counters[i]);
	json_object_end(j);
}

void show_ring_put(pid_t pid, int fd, const struct ring_view *view)
{
	char name[32];
	unsigned int i, nr = 0;

	printf("ring: descriptor %d of process %d (%s)\n", fd, pid,
	       process_shown(pid, name, sizeof(name)));
	if (!view->answered) {
		printf("  it has had no policy and no spawn, or is too busy to tell\n");
		return;
	}
	for (i = 0; i < IORING_SPAWN_MAX_SLOTS; i++)
		if (view->slots[i].map) {
			printf("  slot %u: policy %s, map %u\n", i, view->slots[i].name,
			       view->slots[i].map);
			nr++;
		}
	if (!nr)
		printf("  no policy is attached\n");
	show_ring_spawns(view);
}

void show_ring_json(pid_t pid, int fd, const struct ring_view *view)
{
	struct json j = {};
	char name[32];
	unsigned int i;

	json_object(&j, NULL);
	json_number(&j, "pid", pid);
	json_string(&j, "comm", process_name(pid, name, sizeof(name)));
	json_number(&j, "fd", fd);
	json_bool(&j, "answered", view->answered);
	json_array(&j, "slots");
	for (i = 0; i < IORING_SPAWN_MAX_SLOTS; i++)
		if (view->slots[i].map) {
			json_object(&j, NULL);
			json_unsigned(&j, "slot", i);
			json_string(&j, "policy", view->slots[i].name);
			json_unsigned(&j, "map", view->slots[i].map);
			json_object_end(&j);
		}
	json_array_end(&j);
	show_ring_spawns_json(&j, view);
	json_object_end(&j);
}
