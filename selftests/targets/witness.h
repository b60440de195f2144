/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SPAWN_TEST_WITNESS_H
#define SPAWN_TEST_WITNESS_H

#define WITNESS_FD	51	/* where targets/witness writes its pid */

/* x86-64 */
#define SYS_PWRITE64	18
#define SYS_GETPID	39
#define SYS_EXIT	60

#endif
