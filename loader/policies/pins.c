// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "pins.h"
#include "util.h"

/* ---- Finding them ------------------------------------------------------------------------- */

static bool is_link(int fd)
{
	char path[32], what[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, what, sizeof(what) - 1);
	what[len > 0 ? len : 0] = '\0';
	/* two spellings, by how the descriptor was made */
	return !strcmp(what, "anon_inode:bpf-link") || !strcmp(what, "anon_inode:bpf_link");
}

static __u32 link_at(const char *path)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return 0;
	if (!is_link(fd) || bpf_link_get_info_by_fd(fd, &info, &size))
		info.id = 0;
	close(fd);
	return info.id;
}

static struct pin_list *found;	/* nftw(3) passes nothing on */

/* One that is mounted twice in the same place. */
static bool is_listed(const char *path)
{
	unsigned int i;

	for (i = 0; i < found->nr; i++)
		if (!strcmp(found->all[i].path, path))
			return true;
	return false;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	__u32 link = type == FTW_F ? link_at(path) : 0;
	struct pin *more;

	if (!link || is_listed(path))
		return 0;
	more = reallocarray(found->all, found->nr + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	found->all = more;
	more[found->nr].link = link;
	more[found->nr].path = strdup(path);
	return more[found->nr++].path ? 0 : -ENOMEM;
}

int pins_read(struct pin_list *list)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	int err = 0;

	memset(list, 0, sizeof(*list));
	found = list;
	while (mounts && err != -ENOMEM && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "bpf"))
			err = nftw(mount->mnt_dir, visit, 16, FTW_PHYS | FTW_MOUNT);
	if (mounts)
		endmntent(mounts);
	if (err != -ENOMEM)
		return 0;
	say_error(err, NULL, "the names of links cannot be listed");
	pins_free(list);
	return err;
}

void pins_free(struct pin_list *list)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		free(list->all[i].path);
	free(list->all);
	memset(list, 0, sizeof(*list));
}

const char *pins_next(const struct pin_list *list, __u32 link, unsigned int *i)
{
	while (*i < list->nr) {
		const struct pin *p = &list->all[(*i)++];

		if (p->link == link)
			return p->path;
	}
	return NULL;
}

/* ---- Making and taking them --------------------------------------------------------------- */

static bool in_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static int no_bpffs(const char *path)
{
	if (in_bpffs(BPFFS))
		say("%s is in no BPF file system: choose a path below " BPFFS, path);
	else
		say("%s is in no BPF file system, and none is mounted at " BPFFS ": "
		    "mount -t bpf bpf " BPFFS, path);
	return -EINVAL;
}

int pin_check(const char *path)
{
	char buf[PATH_MAX], *dir;

	/* its directory may be missing: pin_link() makes it */
	snprintf(buf, sizeof(buf), "%s", path);
	for (dir = dirname(buf); access(dir, F_OK) && strlen(dir) > 1;)
		dir = dirname(dir);
	return in_bpffs(dir) ? 0 : no_bpffs(path);
}

int pin_link(int link_fd, const char *path)
{
	char buf[PATH_MAX], *dir;
	int err = pin_check(path);

	if (err)
		return err;
	snprintf(buf, sizeof(buf), "%s", path);
	dir = dirname(buf);
	if (mkdir(dir, 0700) && errno != EEXIST) {
		err = -errno;
		say_error(err, NULL, "directory %s cannot be made", dir);
		return err;
	}
	err = bpf_obj_pin(link_fd, path);
	if (err == -EEXIST)
		say("%s is there already (EEXIST): choose another path, or spawn-bpf detach, which "
		    "removes a link and its names", path);
	else if (err)
		say_error(err, err == -EPERM ? "a name there has no dot" : NULL,
			  "the link cannot be pinned at %s", path);
	return err;
}

int pin_open(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd >= 0 && is_link(fd))
		return fd;
	if (fd >= 0) {
		close(fd);
		say("%s is a BPF object, but no link", path);
		return -EMEDIUMTYPE;
	}
	if (!access(path, F_OK) && !in_bpffs(path)) {
		no_bpffs(path);
		return -EINVAL;
	}
	say_error(fd, fd == -ENOENT ? "spawn-bpf list shows which links have names" : NULL,
		  "%s cannot be opened as a pinned link", path);
	return fd;
}

/* Gone already is as good: it may be visible in two places, or two of us may be at it. */
static int remove_one(const char *path)
{
	int err = unlink(path) && errno != ENOENT ? -errno : 0;

	if (err)
		say_error(err, NULL, "%s cannot be removed", path);
	return err;
}

int pins_remove(struct pin_list *list, __u32 link)
{
	unsigned int i;
	int err, first = 0;

	for (i = 0; i < list->nr; i++) {
		if (list->all[i].link != link)
			continue;
		err = remove_one(list->all[i].path);
		if (err)
			list->all[i].link = 0;
		first = first ?: err;
	}
	return first;
}
