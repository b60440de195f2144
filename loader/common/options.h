/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <argp.h>

/* Every command has these children: -h is --help. */
extern const struct argp_child common_options[];

/*
 * Parses up to the first argument that @argp's parser keeps for itself. Help and version end the
 * program with 0, a wrong command line with EXIT_SELF after a sentence that begins with @name.
 */
void parse_options(const struct argp *argp, const char *name, int argc, char **argv, void *input);

/* @text as a number from @least to @most, or the end with a sentence that begins with @what. */
unsigned int parse_number(const char *what, const char *text, unsigned int least,
			  unsigned int most, struct argp_state *state);

#endif
