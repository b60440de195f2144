// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "attached.h"
#include "policy.h"
#include "util.h"

#define NEEDS_ADMIN	"it takes CAP_SYS_ADMIN of the initial user namespace to open what " \
			"others have attached"

/* ---- The value of a map: struct bpf_struct_ops_io_uring_spawn_ops ------------------------- */

static const struct btf *kernel_btf(void)
{
	static struct btf *btf;

	if (btf)
		return btf;
	btf = btf__load_vmlinux_btf();
	if (!btf)
		say_error(errno, "is /sys mounted, has the kernel CONFIG_DEBUG_INFO_BTF?",
			  "the kernel's types, " KERNEL_BTF ", cannot be read");
	return btf;
}

/* The member of that name and its offset, NULL if there is none. */
static const struct btf_type *member(const struct btf *btf, const struct btf_type *t,
				     const char *name, __u32 *off)
{
	const struct btf_member *m = btf_members(t);
	__u32 i;

	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), name)) {
			*off += btf_member_bit_offset(t, i) / 8;
			return btf__type_by_id(btf, m[i].type);
		}
	return NULL;
}

/* Copies a member of the policy, as long as both are. */
static int get(const struct btf *btf, const struct btf_type *ops, __u32 base,
	       const struct bpf_map_info *info, const char *value, const char *name, void *to,
	       size_t size)
{
	__u32 off = base;

	if (!member(btf, ops, name, &off) || off > info->value_size ||
	    size > info->value_size - off)
		return -EPROTO;
	memcpy(to, value + off, size);
	return 0;
}

static int decode(const struct btf *btf, const struct bpf_map_info *info, const char *value,
		  struct attached *a)
{
	const struct btf_type *t = btf__type_by_id(btf, info->btf_vmlinux_value_type_id);
	char name[sizeof(a->name)];
	__u32 base = 0;
	__u64 prog;
	int err = 0;

	t = t ? member(btf, t, "data", &base) : NULL;
	if (!t || strcmp(btf__name_by_offset(btf, t->name_off), POLICY_TYPE))
		return -EMEDIUMTYPE;
#define GET(what, to)	(err = err ?: get(btf, t, base, info, value, what, to, sizeof(*(to))))
	GET("step", &prog);		/* the kernel puts the id of the program there */
	GET("slot", &a->slot);
	GET("max_steps", &a->max_steps);
	GET("max_sqes", &a->max_sqes);
	GET("max_posts", &a->max_posts);
	GET("name", &name);
#undef GET
	if (err) {
		say("struct " POLICY_TYPE " of this kernel is not what spawn-bpf was built for "
		    "(%s): rebuild it", errno_name(err));
		return err;
	}
	a->prog = prog;
	snprintf(a->name, sizeof(a->name), "%.*s", (int)sizeof(a->name),
		 *name ? name : info->name);
	return 0;
}

static int read_map(int fd, struct attached *a)
{
	struct bpf_map_info info = {};
	const struct btf *btf;
	__u32 size = sizeof(info), zero = 0;
	char *value;
	int err;

	err = bpf_map_get_info_by_fd(fd, &info, &size);
	if (err)
		return err;
	if (info.type != BPF_MAP_TYPE_STRUCT_OPS)
		return -EMEDIUMTYPE;
	btf = kernel_btf();
	value = btf ? calloc(1, info.value_size) : NULL;
	err = value ? bpf_map_lookup_elem(fd, &zero, value) : -ENOMEM;
	if (!err)
		err = decode(btf, &info, value, a);
	free(value);
	return err;
}

/* ---- Links -------------------------------------------------------------------------------- */

int attached_of_link(int link_fd, int map_fd, struct attached *a)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	int fd, err;

	memset(a, 0, sizeof(*a));
	err = bpf_link_get_info_by_fd(link_fd, &info, &size);
	if (err || info.type != BPF_LINK_TYPE_STRUCT_OPS)
		return -EMEDIUMTYPE;
	a->link = info.id;
	a->map = info.xdp.ifindex;	/* struct_ops.map_id, newer than the headers of Debian 12 */
	if (!a->map)
		return 0;
	if (map_fd >= 0)
		return read_map(map_fd, a);
	fd = bpf_map_get_fd_by_id(a->map);
	if (fd == -ENOENT) {		/* detached meanwhile */
		a->map = 0;
		return 0;
	}
	if (fd < 0) {
		say_error(fd, NEEDS_ADMIN, "map %u of link %u cannot be opened", a->map, a->link);
		return fd;
	}
	err = read_map(fd, a);
	close(fd);
	return err;
}

int attached_open(__u32 link)
{
	int fd = bpf_link_get_fd_by_id(link);

	if (fd == -ENOENT)
		say("there is no link %u (ENOENT): spawn-bpf list shows those of policies", link);
	else if (fd < 0)
		say_error(fd, NEEDS_ADMIN, "link %u cannot be opened", link);
	return fd;
}

static int append(struct attached_list *list, const struct attached *a)
{
	struct attached *more;
	unsigned int i;

	more = reallocarray(list->all, list->nr + 1, sizeof(*a));
	if (!more)
		return -ENOMEM;
	list->all = more;
	for (i = 0; i < list->nr; i++)
		if (more[i].map == a->map)
			more[i].newest = false;
	more[list->nr] = *a;
	more[list->nr++].newest = true;
	return 0;
}

static int read_link(struct attached_list *list, __u32 id)
{
	struct attached a;
	int fd, err;

	fd = bpf_link_get_fd_by_id(id);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		say_error(fd, NEEDS_ADMIN, "link %u cannot be opened", id);
		return fd;
	}
	err = attached_of_link(fd, -1, &a);
	close(fd);
	if (err)
		return err == -EMEDIUMTYPE ? 0 : err;
	return a.map ? append(list, &a) : 0;
}

int attached_read(struct attached_list *list)
{
	__u32 id = 0;
	int err;

	memset(list, 0, sizeof(*list));
	while (!(err = bpf_link_get_next_id(id, &id))) {
		err = read_link(list, id);
		if (err) {
			attached_free(list);
			return err;
		}
	}
	if (err == -ENOENT)
		return 0;
	say_error(err, NEEDS_ADMIN, "the links of the system cannot be listed");
	attached_free(list);
	return err;
}

void attached_free(struct attached_list *list)
{
	free(list->all);
	memset(list, 0, sizeof(*list));
}
