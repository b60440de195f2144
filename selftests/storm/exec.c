// SPDX-License-Identifier: GPL-2.0 OR MIT
/* EXEC of a program that tells that it ran, and of what is none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "storm.h"

enum kind { GOOD, SETUID, SCRIPT_FILE, BY_FD, MISSING, DIRECTORY, NO_FORMAT, BUSY, DOOMED, UNMAPPED,
	    NR_KINDS };

void draw_exec(struct dice *d, struct spawn_plan *s, unsigned int lane, unsigned int i,
	       unsigned int k)
{
	static const unsigned char weights[NR_KINDS] = {
		[GOOD] = 10, [SETUID] = 3, [SCRIPT_FILE] = 1, [BY_FD] = 2, [MISSING] = 3,
		[DIRECTORY] = 1, [NO_FORMAT] = 1, [BUSY] = 1, [DOOMED] = 2, [UNMAPPED] = 1,
	};
	static const char *const files[NR_KINDS] = {
		[GOOD] = scene.witness, [SETUID] = SCENE_DIR "/setuid",
		[SCRIPT_FILE] = SCENE_DIR "/script", [BY_FD] = "", [MISSING] = "/nowhere/program",
		[DIRECTORY] = SCENE_DIR, [NO_FORMAT] = SCENE_DIR "/text",
		[BUSY] = SCENE_DIR "/busy", [DOOMED] = SCENE_DIR "/doomed", [UNMAPPED] = (void *)8,
	};
	unsigned int kind = draw_weighted(d, weights, NR_KINDS);
	int dfd = kind == BY_FD ? PROGRAM_FD : AT_FDCWD;

	snprintf(s->text[k], sizeof(s->text[k]), "%zu",
		 slot_of(lane, i, k) * sizeof(scene.pids[0]));
	s->argv[k][0] = "witness";
	s->argv[k][1] = s->text[k];
	iou_prep_exec(&s->chain.sqe[k], dfd, U64(files[kind]), U64(s->argv[k]), U64(environ),
		      kind == BY_FD ? AT_EMPTY_PATH : 0, pick(d, 8) < 5 ? 0 : pick(d, 4));
}
