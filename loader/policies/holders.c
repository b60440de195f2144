// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "holders.h"
#include "util.h"

static bool has_policies(const struct ring_view *view)
{
	unsigned int i;

	for (i = 0; i < IORING_SPAWN_MAX_SLOTS; i++)
		if (view->slots[i].map)
			return true;
	return false;
}

static int append(struct holder_list *list, pid_t pid, int fd, const struct ring_view *view)
{
	struct holder *more = reallocarray(list->all, list->nr + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	list->all = more;
	more += list->nr++;
	*more = (struct holder) { .pid = pid, .fd = fd, .view = *view };
	process_name(pid, more->comm, sizeof(more->comm));
	return 0;
}

/* What goes away while we look is no failure. */
static int look_at(struct holder_list *list, pid_t pid, int fd)
{
	struct ring_view view;
	int err;

	errno = 0;
	if (!ring_is_one(pid, fd))
		return errno == EACCES ? -EACCES : 0;
	err = ring_read_once(pid, fd, &view);
	if (err)
		return err == -ENOMEM ? err : 0;
	err = append(list, pid, fd, &view);
	if (err)
		ring_view_free(&view);
	return err;
}

/* Those that have not answered, once more. How many there still are, or -ENOMEM. */
static int ask_again(struct holder_list *list)
{
	unsigned int i;
	int silent = 0;

	for (i = 0; i < list->nr; i++) {
		struct holder *h = &list->all[i];

		if (h->view.answered)
			continue;
		if (ring_read_once(h->pid, h->fd, &h->view) == -ENOMEM)
			return -ENOMEM;
		silent += !h->view.answered;
	}
	return silent;
}

/* One pause for all: most rings have never had a policy, and never answer. */
static int ask_all(struct holder_list *list)
{
	unsigned int tries;
	int silent = 1;

	for (tries = 1; silent > 0 && tries < RING_TRIES; tries++) {
		usleep(RING_PAUSE_US);
		silent = ask_again(list);
	}
	return silent < 0 ? silent : 0;
}

static void drop_those_without_policies(struct holder_list *list)
{
	unsigned int i, nr = 0;

	for (i = 0; i < list->nr; i++) {
		if (has_policies(&list->all[i].view))
			list->all[nr++] = list->all[i];
		else
			ring_view_free(&list->all[i].view);
	}
	list->nr = nr;
}

/* Calls @look for each number that names something in directory @path. */
static int for_each_number(const char *path, struct holder_list *list, pid_t pid,
			   int (*look)(struct holder_list *list, pid_t pid, int number))
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir)))
		if (*entry->d_name >= '0' && *entry->d_name <= '9')
			err = look(list, pid, atoi(entry->d_name));
	closedir(dir);
	return err;
}

static int look_into(struct holder_list *list, pid_t unused, int pid)
{
	char path[32];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	err = for_each_number(path, list, pid, look_at);
	list->unseen += err == -EACCES;
	return err == -ENOMEM ? err : 0;
}

int holders_read(struct holder_list *list)
{
	int err;

	memset(list, 0, sizeof(*list));
	err = for_each_number("/proc", list, 0, look_into) ?: ask_all(list);
	drop_those_without_policies(list);
	if (!err && list->unseen)
		say("the descriptors of %u process%s cannot be seen (EACCES), nor the rings among "
		    "them: it takes CAP_SYS_PTRACE", list->unseen, list->unseen == 1 ? "" : "es");
	if (!err)
		return 0;
	say_error(err, "is it mounted?", "/proc cannot be searched for rings");
	holders_free(list);
	return err;
}

void holders_free(struct holder_list *list)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		ring_view_free(&list->all[i].view);
	free(list->all);
	memset(list, 0, sizeof(*list));
}

const struct holder *holders_next(const struct holder_list *list, const struct attached *a,
				  unsigned int *i)
{
	if (!a->newest || a->slot >= IORING_SPAWN_MAX_SLOTS)
		return NULL;
	while (*i < list->nr) {
		const struct holder *h = &list->all[(*i)++];

		if (h->view.slots[a->slot].map == a->map)
			return h;
	}
	return NULL;
}
