// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Memory of the kernel that does not come back. */
#include <glob.h>
#include <stdio.h>
#include <unistd.h>
#include "memory.h"

/* Free what is only kept: partial slabs, and what KASAN holds back to catch a late use. */
static void shrink_slabs(void)
{
	glob_t caches;
	size_t i;

	if (glob("/sys/kernel/slab/*/shrink", 0, NULL, &caches))
		return;
	for (i = 0; i < caches.gl_pathc; i++)
		write_file(caches.gl_pathv[i], "1");
	globfree(&caches);
}

struct memory memory_now(void)
{
	shrink_slabs();
	return (struct memory){
		.unreclaimable = meminfo_kb("SUnreclaim"), .stacks = meminfo_kb("KernelStack"),
		.tables = meminfo_kb("PageTables"), .tasks = slab_objects("task_struct"),
		.creds = slab_objects("cred_jar"), .files = slab_objects("filp"),
	};
}

bool memory_settles(const struct memory *before, long kb_of_its_own)
{
	unsigned long end = now_ms() + WAIT_MS;
	struct memory now;

	/* much of it is freed by RCU and kworkers, when they get to it */
	do {
		now = memory_now();
		if (now.unreclaimable + now.stacks + now.tables <
		    before->unreclaimable + before->stacks + before->tables + kb_of_its_own)
			return true;
		usleep(100000);
	} while (now_ms() < end);
	fprintf(stderr,
		"# KiB: unreclaimable slab %ld -> %ld, stacks %ld -> %ld, page tables %ld -> %ld\n",
		before->unreclaimable, now.unreclaimable, before->stacks, now.stacks,
		before->tables, now.tables);
	fprintf(stderr, "# task_struct %ld -> %ld, cred_jar %ld -> %ld, filp %ld -> %ld\n",
		before->tasks, now.tasks, before->creds, now.creds, before->files, now.files);
	return false;
}
