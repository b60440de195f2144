// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "params.h"
#include "policy.h"
#include "ring.h"
#include "spawn_prog.skel.h"
#include "util.h"

#ifndef BPF_F_LINK		/* newer than the headers of Debian 12 */
#define BPF_F_LINK	(1U << 13)
#endif

static bool libbpf_speaks;

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_DEBUG || !libbpf_speaks)
		return 0;
	return vfprintf(stderr, fmt, ap);
}

static const char *source(const struct policy_options *o)
{
	return o->file ?: "the built-in policy";
}

static const char *hint(const struct policy_options *o)
{
	return o->verbose ? NULL : "-v shows what libbpf says";
}

/* ---- Members, found by their names in the object's BTF ------------------------------------ */

static const struct btf_type *ops_type(const struct bpf_map *map, const struct btf *btf)
{
	const struct btf_type *t;

	if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
		return NULL;
	t = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	return t && !strcmp(btf__name_by_offset(btf, t->name_off), POLICY_TYPE) ? t : NULL;
}

static int set_u32(struct bpf_map *map, __u32 off, __u32 value)
{
	size_t size = 0;
	char *data = bpf_map__initial_value(map, &size);

	if (!data || off > size || sizeof(value) > size - off)
		return -ERANGE;
	memcpy(data + off, &value, sizeof(value));
	return 0;
}

static int set_member(struct bpf_map *map, const struct btf *btf, const char *name, __u32 value)
{
	const struct btf_type *t = ops_type(map, btf);
	const struct btf_member *m = btf_members(t);
	__u32 i;

	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), name) &&
		    btf__resolve_size(btf, m[i].type) == sizeof(value))
			return set_u32(map, btf_member_bit_offset(t, i) / 8, value);
	return -ENOENT;
}

/* ---- Open, load, attach ------------------------------------------------------------------- */

static struct bpf_object *open_object(const struct policy_options *o)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "spawn_prog");
	struct bpf_object *obj;
	const void *elf;
	size_t size;

	if (o->file) {
		obj = bpf_object__open_file(o->file, NULL);
	} else {
		elf = spawn_prog_bpf__elf_bytes(&size);
		obj = bpf_object__open_mem(elf, size, &opts);
	}
	if (!obj && (errno == LIBBPF_ERRNO__FORMAT || errno == LIBBPF_ERRNO__LIBELF))
		say("%s is no BPF object file", source(o));
	else if (!obj)
		say_error(errno, hint(o), "%s cannot be read as a BPF object", source(o));
	return obj;
}

static void add_name(char *names, size_t size, const char *name)
{
	size_t len = strlen(names);

	snprintf(names + len, size - len, "%s%s", len ? ", " : "", name);
}

/* The policy of that name, else the first of the object; others in it stay out of the kernel. */
static struct bpf_map *choose_ops(struct bpf_object *obj, const struct policy_options *o)
{
	const struct btf *btf = bpf_object__btf(obj);
	struct bpf_map *map, *ops = NULL;
	char names[512] = "";

	bpf_object__for_each_map(map, obj) {
		if (!btf || !ops_type(map, btf))
			continue;
		add_name(names, sizeof(names), bpf_map__name(map));
		if (ops || (o->name && strcmp(bpf_map__name(map), o->name)))
			bpf_map__set_autocreate(map, false);
		else
			ops = map;
	}
	if (!*names)
		say("%s has no policy: define a struct " POLICY_TYPE " with IOU_SPAWN_OPS() of "
		    "spawn_bpf.bpf.h", source(o));
	else if (!ops)
		say("%s has no policy %s: --name takes one of %s", source(o), o->name, names);
	else if (!(bpf_map__map_flags(ops) & BPF_F_LINK))
		say("%s in %s cannot be attached by a link: define it with IOU_SPAWN_OPS(), which "
		    "puts it into .struct_ops.link", bpf_map__name(ops), source(o));
	else
		return ops;
	return NULL;
}

static int set_params(struct bpf_object *obj, const struct policy_options *o)
{
	char max_busy[16];
	int err;

	if (o->params)
		return params_set(obj, o->params, source(o));
	if (o->retry == POLICY_KEEP_RETRY)
		return 0;
	snprintf(max_busy, sizeof(max_busy), "%d", o->retry);
	err = param_set(obj, "max_busy", max_busy);
	if (err)
		say("%s has no parameter max_busy that --retry could set", source(o));
	return err;
}

/* The region of IOU_SPAWN_REGION(), or NULL if the policy does not say. */
static const char *region_of(const struct bpf_map *ops, const struct btf *btf)
{
	static const char prefix[] = "region:";
	__u32 id;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *tag = btf__type_by_id(btf, id), *var;
		const char *text = btf__name_by_offset(btf, tag->name_off);

		if (!btf_is_decl_tag(tag) || strncmp(text, prefix, strlen(prefix)))
			continue;
		var = btf__type_by_id(btf, tag->type);
		if (!strcmp(btf__name_by_offset(btf, var->name_off), bpf_map__name(ops)))
			return text + strlen(prefix);
	}
	return NULL;
}

/* What is in another region it would take for addresses of its own. */
static int check_region(const struct bpf_map *ops, const struct btf *btf,
			const struct policy_options *o)
{
	const char *takes = region_of(ops, btf);

	if (!o->region || !takes || !strcmp(takes, o->region))
		return 0;
	say("%s in %s takes a %s as its argument region, and this command fills in a %s: see "
	    "bpf/README.md for policies that it can use, docs/policies.md for an application",
	    bpf_map__name(ops), source(o), takes, o->region);
	return -EINVAL;
}

static int configure(struct bpf_object *obj, struct bpf_map *ops, const struct policy_options *o)
{
	const struct btf *btf = bpf_object__btf(obj);
	int err;

	err = set_member(ops, btf, "ring_fd", o->ring_fd);
	if (!err)
		err = set_member(ops, btf, "slot", o->slot);
	if (!err && o->max_posts)
		err = set_member(ops, btf, "max_posts", o->max_posts);
	if (!err)
		return set_params(obj, o);
	say("struct " POLICY_TYPE " of %s has no 32-bit members ring_fd, slot and max_posts: build "
	    "it with the vmlinux.h of this kernel", source(o));
	return err;
}

/* Could libbpf have the descriptors that it may have needed? */
static bool few_descriptors(int any)
{
	int fds[8], n = 0;
	bool few;

	while (n < (int)ARRAY_SIZE(fds) && (fds[n] = dup(any)) >= 0)
		n++;
	few = n < (int)ARRAY_SIZE(fds);
	while (n)
		close(fds[--n]);
	return few;
}

static int load(struct bpf_object *obj, const struct policy_options *o)
{
	int err = bpf_object__load(obj);

	/* a probe that had no descriptor is for libbpf a kernel without the feature */
	if (err && few_descriptors(o->ring_fd))
		err = -EMFILE;
	if (err == -EPERM)
		say_error(err, NEEDS_BPF, "%s cannot be loaded", source(o));
	else if (err == -ESRCH && access(KERNEL_BTF, R_OK))
		say_error(errno, "is /sys mounted, has the kernel CONFIG_DEBUG_INFO_BTF?",
			  "%s cannot be loaded without the kernel's types, " KERNEL_BTF,
			  source(o));
	else if (err)
		say_error(err, hint(o), "%s cannot be loaded", source(o));
	return err;
}

static void say_who_has_the_slot(const struct policy_options *o)
{
	struct ring_view view;
	int err = ring_read(getpid(), o->ring_fd, &view);

	if (!err && view.slots[o->slot].map)
		say("slot %u of the ring is taken by policy %s, map %u (EBUSY): choose another "
		    "--slot, or see spawn-bpf list and detach", o->slot, view.slots[o->slot].name,
		    view.slots[o->slot].map);
	else
		say("slot %u of the ring is taken (EBUSY): choose another --slot, or see spawn-bpf "
		    "list and detach", o->slot);
	if (!err)
		ring_view_free(&view);
}

static int attach(struct policy *p, struct bpf_map *ops, const struct policy_options *o)
{
	int err;

	p->link = bpf_map__attach_struct_ops(ops);
	if (p->link)
		return 0;
	err = -errno;
	if (err == -EBUSY)
		say_who_has_the_slot(o);
	else
		say_error(err, err == -E2BIG ? "a budget of its ops is above the limit that spawn-bpf "
			  "features shows" : hint(o), "%s cannot be attached to slot %u of the ring",
			  source(o), o->slot);
	return err;
}

int policy_attach(struct policy *p, const struct policy_options *o)
{
	int err;

	memset(p, 0, sizeof(*p));
	libbpf_speaks = o->verbose;
	libbpf_set_print(print_libbpf);
	p->obj = open_object(o);
	if (!p->obj)
		return -ENOENT;
	p->ops = choose_ops(p->obj, o);
	if (!p->ops)
		return -EINVAL;
	p->name = bpf_map__name(p->ops);
	err = check_region(p->ops, bpf_object__btf(p->obj), o);
	if (!err)
		err = configure(p->obj, p->ops, o);
	if (!err)
		err = load(p->obj, o);
	if (!err)
		err = attach(p, p->ops, o);
	return err;
}

void policy_detach(struct policy *p)
{
	bpf_link__destroy(p->link);
	bpf_object__close(p->obj);
}
