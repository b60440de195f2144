// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <sys/utsname.h>
#include "util.h"
#include "watch.skel.h"
#include "watch_source.h"
#include "watch_words.h"

/* The type that the newest of the tracepoints has in BTF. */
#define NEWEST	"btf_trace_io_uring_spawn_complete"

/* So many events in one go: if they come as fast as they are shown, time and signals count too. */
#define BATCH	4096

static int on_event(void *arg, void *data, size_t size)
{
	const struct watch_receiver *receiver = arg;

	receiver->event(receiver->arg, data);
	return 0;
}

static int read_btf(void)
{
	struct btf *btf = access(KERNEL_BTF, R_OK) ? NULL : btf__load_vmlinux_btf();
	struct utsname uts;
	int id;

	if (!btf) {
		say_error(errno, "is /sys mounted, has the kernel CONFIG_DEBUG_INFO_BTF?",
			  "cannot read the kernel's types, " KERNEL_BTF);
		return EXIT_SELF;
	}
	watch_learn_opcodes(btf);
	id = btf__find_by_name_kind(btf, NEWEST, BTF_KIND_TYPEDEF);
	btf__free(btf);
	if (id > 0)
		return 0;
	uname(&uts);
	say("kernel %s has no tracepoints of io_uring spawn: boot one with the patches of "
	    "kernel-patch/, CONFIG_IO_URING_SPAWN=y and CONFIG_TRACEPOINTS=y", uts.release);
	return EXIT_NO_SPAWN;
}

static int load(struct watch_source *w, const struct watch_filter *filter, size_t buffer)
{
	int err;

	libbpf_set_print(NULL);
	w->skel = watch_bpf__open();
	if (!w->skel)
		return -errno;
	w->skel->rodata->root = filter->root;
	w->skel->rodata->generations = filter->generations;
	err = bpf_map__set_max_entries(w->skel->maps.events, buffer);
	if (!err)
		err = watch_bpf__load(w->skel);
	if (!err)
		err = watch_bpf__attach(w->skel);
	return err;
}

int watch_open(struct watch_source *w, const struct watch_filter *filter, size_t buffer,
	       const struct watch_receiver *receiver)
{
	int err;

	memset(w, 0, sizeof(*w));
	err = read_btf();
	if (err)
		return err;
	err = load(w, filter, buffer);
	if (!err) {
		w->buffer = ring_buffer__new(bpf_map__fd(w->skel->maps.events), on_event,
					     (void *)receiver, NULL);
		err = w->buffer ? 0 : -errno;
	}
	if (!err)
		return 0;
	say_error(err, err == -EPERM ? NEEDS_BPF : "has the kernel CONFIG_BPF_EVENTS?",
		  "the program that traces cannot be loaded");
	return EXIT_SELF;
}

void watch_close(struct watch_source *w)
{
	ring_buffer__free(w->buffer);
	watch_bpf__destroy(w->skel);
}

int watch_fd(const struct watch_source *w)
{
	return ring_buffer__epoll_fd(w->buffer);
}

static void tell_lost(struct watch_source *w, const struct watch_receiver *receiver)
{
	__u64 lost = w->skel->bss->lost;

	if (lost != w->lost)
		receiver->lost(receiver->arg, lost - w->lost);
	w->lost = lost;
}

void watch_take(struct watch_source *w, const struct watch_receiver *receiver)
{
	ring_buffer__consume_n(w->buffer, BATCH);
	tell_lost(w, receiver);
}

void watch_stop(struct watch_source *w, const struct watch_receiver *receiver)
{
	watch_bpf__detach(w->skel);
	ring_buffer__consume(w->buffer);
	tell_lost(w, receiver);
}
