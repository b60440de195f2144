/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What users of posix_spawn() rely on, one case each. A case prints what it sees and judges nothing:
 * the same with the preload and without it is right. So nothing it prints may differ from run to run.
 */
#ifndef BEHAVIOUR_H
#define BEHAVIOUR_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct test_case {
	const char		*name;
	int			fallbacks;	/* calls that io_uring does not serve */
	void			(*run)(void);
	struct test_case	*next;
};

void add_case(struct test_case *c);

/* CASE(name, how many calls fall back) { body } */
#define CASE(fn, nr_fallbacks)							\
	static void fn(void);							\
	static struct test_case case_##fn = { #fn, nr_fallbacks, fn, NULL };	\
	__attribute__((constructor)) static void add_##fn(void)			\
	{									\
		add_case(&case_##fn);						\
	}									\
	static void fn(void)

/* What the next go() spawns with; empty when a case starts and after each go(). */
extern posix_spawn_file_actions_t actions;
extern posix_spawnattr_t attr;

/* This program, by a path and as a name in the current directory, which is empty but for it. */
#define SELF	"/proc/self/exe"

/* Spawns @file with @arg, which says what it reports, waits for it and prints the outcome. */
void go(const char *file, const char *arg);
void gop(const char *name, const char *arg);

/* A program that does nothing, static: for those that spawn many. */
extern char quick[4096];

/* Spawns it and returns its pid, or dies. */
pid_t start(void);
/* 0, or prints how else @pid ended. */
void reap(pid_t pid);

/* No child is left that nobody knows of. */
void no_child_left(void);

/* Never returns NULL or fails: a case whose setting cannot be made is no case. */
void must(bool ok, const char *what);
void make_file(const char *path, const char *text, int mode);

/* What a spawned program says about itself: its letters in @what. */
int report(const char *what);

#endif
