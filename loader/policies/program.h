/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <linux/types.h>
#include "json.h"

/* The BPF program of a policy, as lines of "show" or as member "program". */
void program_put(__u32 id);
void program_json(struct json *j, __u32 id);

#endif
