/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef STEP_H
#define STEP_H

#include "cmd.h"

/* STEP(cmd, prep, args...): adds a step that prep() fills in. Its number, or -errno. */
#define STEP(cmd, prep, ...) ({							\
	int __step;								\
	struct io_uring_sqe *__sqe = cmd_add_step(cmd, &__step);		\
	if (__sqe) {								\
		prep(__sqe, ##__VA_ARGS__);					\
		__sqe->flags |= IOSQE_IO_LINK;					\
		__step = (cmd)->nr_steps - 1;					\
	} else {								\
		cmd_refuse_step(cmd, __step);					\
	}									\
	__step;									\
})

#endif
