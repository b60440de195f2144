// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "params.h"
#include "util.h"

static struct bpf_map *rodata_map(struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		const char *dot = strrchr(bpf_map__name(map), '.');

		if (dot && !strcmp(dot, ".rodata"))
			return map;
	}
	return NULL;
}

/* The variables of .rodata; NULL if there is none. */
static const struct btf_type *rodata_vars(struct bpf_object *obj)
{
	const struct btf *btf = bpf_object__btf(obj);
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);

	return id < 0 ? NULL : btf__type_by_id(btf, id);
}

static const char *var_name(const struct btf *btf, const struct btf_var_secinfo *var)
{
	return btf__name_by_offset(btf, btf__type_by_id(btf, var->type)->name_off);
}

static const struct btf_var_secinfo *find(struct bpf_object *obj, const char *name)
{
	const struct btf_type *t = rodata_vars(obj);
	__u32 i;

	for (i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(var_name(bpf_object__btf(obj), &btf_var_secinfos(t)[i]), name))
			return &btf_var_secinfos(t)[i];
	return NULL;
}

/* The integer behind the typedefs and qualifiers of a variable, NULL if it is something else. */
static const struct btf_type *integer(const struct btf *btf, const struct btf_var_secinfo *var)
{
	const struct btf_type *t = btf__type_by_id(btf, var->type);

	while (btf_is_var(t) || btf_is_mod(t) || btf_is_typedef(t))
		t = btf__type_by_id(btf, t->type);
	return btf_is_int(t) && t->size == var->size && t->size <= sizeof(__u64) ? t : NULL;
}

static int parse(const char *text, bool is_signed, unsigned int bits, __u64 *value)
{
	bool negative = *text == '-';
	__u64 limit, n;
	char *end;

	if (!isdigit((unsigned char)text[negative]))
		return -EINVAL;
	errno = 0;
	n = strtoull(text + negative, &end, 0);
	if (*end)
		return -EINVAL;
	limit = is_signed ? (1ULL << (bits - 1)) - !negative : ~0ULL >> (64 - bits);
	if (errno || (negative && !is_signed && n) || n > limit)
		return -ERANGE;
	*value = negative ? -n : n;
	return 0;
}

int param_set(struct bpf_object *obj, const char *name, const char *value)
{
	const struct btf_var_secinfo *var = find(obj, name);
	struct bpf_map *map = rodata_map(obj);
	const struct btf_type *t;
	size_t size = 0;
	unsigned int bits;
	char *data;
	__u64 n;
	int err;

	if (!var || !map)
		return -ENOENT;
	t = integer(bpf_object__btf(obj), var);
	if (!t)
		return -EMEDIUMTYPE;
	/* a bool has 8 bits in memory, of which all but one are 0 */
	bits = btf_int_encoding(t) & BTF_INT_BOOL ? 1 : var->size * 8;
	err = parse(value, btf_int_encoding(t) & BTF_INT_SIGNED, bits, &n);
	if (err)
		return err;
	data = bpf_map__initial_value(map, &size);
	if (!data || var->offset > size || var->size > size - var->offset)
		return -ENOENT;
	memcpy(data + var->offset, &n, var->size);	/* little-endian, as BPF here is */
	return 0;
}

/* Their names, "a, b, c"; cut if there is no room. */
static const char *param_names(struct bpf_object *obj, char *buf, size_t size)
{
	const struct btf_type *t = rodata_vars(obj);
	int len = 0;
	__u32 i;

	snprintf(buf, size, "none");
	for (i = 0; t && i < btf_vlen(t) && len < (int)size; i++)
		len += snprintf(buf + len, size - len, "%s%s", i ? ", " : "",
				var_name(bpf_object__btf(obj), &btf_var_secinfos(t)[i]));
	return buf;
}

int params_set(struct bpf_object *obj, char *const *assignments, const char *source)
{
	char name[128], names[1024];
	const char *value;
	int err = 0;

	for (; !err && *assignments; assignments++) {
		value = strchr(*assignments, '=') + 1;
		snprintf(name, sizeof(name), "%.*s", (int)(value - 1 - *assignments), *assignments);
		err = param_set(obj, name, value);
		if (err == -ENOENT)
			say("%s has no parameter %s (ENOENT); it has: %s", source, name,
			    param_names(obj, names, sizeof(names)));
		else if (err == -EMEDIUMTYPE)
			say("parameter %s of %s is no number (EMEDIUMTYPE)", name, source);
		else if (err == -ERANGE)
			say("parameter %s of %s cannot hold %s (ERANGE)", name, source, value);
		else if (err)
			say("parameter %s of %s takes a number, not '%s' (EINVAL)", name, source,
			    value);
	}
	return err;
}
