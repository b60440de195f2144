/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef LINK_ARG_H
#define LINK_ARG_H

#include "attached.h"

/* Is it the id of a link: nothing but digits? With a slash it is a path. */
bool link_arg_is_id(const char *arg);
bool link_arg_is_path(const char *arg);

/* A descriptor of the link that the user means, and what it is; -errno after a sentence. */
int link_arg_open(const char *arg, struct attached *a);

#endif
