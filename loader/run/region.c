// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "region.h"
#include "util.h"

_Static_assert(sizeof(char *) == sizeof(__u64), "a part of spawn_prog_arg.vec serves as argv");

/* What execvp(3) searches: PATH, or if there is none the system's. To be freed. */
static char *search_path(void)
{
	const char *path = getenv("PATH");
	size_t len;
	char *std;

	if (path)
		return strdup(path);
	len = confstr(_CS_PATH, NULL, 0);
	std = malloc(len);
	if (std)
		confstr(_CS_PATH, std, len);
	return std;
}

static unsigned int count_dirs(const char *path)
{
	unsigned int n = 1;

	for (; *path; path++)
		n += *path == ':';
	return n;
}

static int list_candidates(struct region *r, const char *path, const char *name)
{
	unsigned int dirs = count_dirs(path);
	const char *end;
	char *out;

	if (dirs > SPAWN_PROG_MAX_PATHS) {
		say("PATH names %u directories, and at most %zu can be searched: shorten it, or "
		    "say in which of them %s is", dirs, SPAWN_PROG_MAX_PATHS, name);
		return -E2BIG;
	}
	/* of each: its directory, or ".", then "/", the name and NUL */
	out = r->paths = malloc(strlen(path) + dirs * (strlen(name) + 3));
	if (!out)
		return -ENOMEM;
	for (;; path = end + 1) {
		end = strchrnul(path, ':');
		/* execvp(3) passes over what is too long, too */
		if ((end - path) + strlen(name) + 2 <= PATH_MAX) {
			r->arg->vec[r->arg->nr_paths++] = U64(out);
			/* an empty one is the current directory */
			out = end > path ? mempcpy(out, path, end - path) : stpcpy(out, ".");
			*out++ = '/';
			out = stpcpy(out, name) + 1;
		}
		if (!*end)
			return 0;
	}
}

static int find_candidates(struct region *r, const char *name)
{
	char *path;
	int err;

	/* one that is too long for every directory is for the kernel to refuse */
	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX) {
		r->paths = strdup(name);
		r->arg->vec[0] = U64(r->paths);
		r->arg->nr_paths = 1;
		return r->paths ? 0 : -ENOMEM;
	}
	path = search_path();
	err = path ? list_candidates(r, path, name) : -ENOMEM;
	free(path);
	return err;
}

static void take_copies(struct region *r)
{
	__u32 i;

	r->nr_paths = r->arg->nr_paths;
	for (i = 0; i < r->nr_paths; i++)
		r->path[i] = (const char *)(uintptr_t)r->arg->vec[i];
	r->argv = U64(&r->arg->vec[r->nr_paths + 1]);
}

int region_make(struct region *r, char *const argv[], bool shell, bool trace)
{
	size_t argc = 0;
	int err = -ENOMEM;

	while (argv[argc])
		argc++;
	memset(r, 0, sizeof(*r));
	r->arg = calloc(1, SPAWN_PROG_ARG_LEN(SPAWN_PROG_MAX_PATHS) + argc * sizeof(char *));
	if (r->arg)
		err = find_candidates(r, argv[0]);
	if (err) {
		if (err == -ENOMEM)
			say("no memory for the paths to try (ENOMEM)");
		region_free(r);
		return err;
	}
	take_copies(r);
	r->len = SPAWN_PROG_ARG_LEN(r->nr_paths);
	r->arg->flags = trace ? SPAWN_PROG_TRACE : 0;
	r->arg->sh = shell ? U64(SHELL) : 0;
	r->arg->vec[r->nr_paths] = U64("sh");
	memcpy(&r->arg->vec[r->nr_paths + 1], argv, (argc + 1) * sizeof(char *));
	return 0;
}

void region_free(struct region *r)
{
	free(r->paths);
	free(r->arg);
}

const char *region_path(const struct region *r, __u32 i)
{
	return i < r->nr_paths ? r->path[i] : NULL;
}

static bool can_be_executed(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

const char *region_program(const struct region *r)
{
	__u32 i;

	for (i = 0; i < r->nr_paths; i++)
		if (can_be_executed(r->path[i]))
			return r->path[i];
	return region_path(r, 0);
}

__u64 region_argv(const struct region *r)
{
	return r->argv;
}
