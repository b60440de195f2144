// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	err = ring_read(pid, fd, &view);
	if (err)
		return err == -ENOMEM ? err : 0;
	err = has_policies(&view) ? append(list, pid, fd, &view) : -ENODATA;
	if (err)
		ring_view_free(&view);
	return err == -ENODATA ? 0 : err;
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
	err = for_each_number("/proc", list, 0, look_into);
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
