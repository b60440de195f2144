// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a policy calls, natively: the kfuncs over a struct fake, and the few helpers policies use. */
#include <stdlib.h>
#include <string.h>
#include "fake.h"

__u64 fake_now;

static struct fake *fake_of(struct iou_spawn_ctx *spawn)
{
	return (struct fake *)spawn;
}

/* ---- Kfuncs ------------------------------------------------------------------------------- */

int bpf_io_uring_spawn_queue_sqe(struct iou_spawn_ctx *spawn, void *sqe, __u32 sqe__sz)
{
	struct fake *f = fake_of(spawn);

	if (sqe__sz != sizeof(f->queue[0]))
		return -EINVAL;
	if (f->queue_error)
		return f->queue_error;
	if (f->nr_queued == (f->ops->max_sqes ?: 1024))
		return -E2BIG;
	if (f->nr_queue == FAKE_QUEUE)
		return -ENOSPC;
	f->nr_queued++;
	memcpy(&f->queue[f->nr_queue++], sqe, sqe__sz);
	return 0;
}

int bpf_io_uring_spawn_get_cqe(struct iou_spawn_ctx *spawn, void *cqe, __u32 cqe__sz)
{
	struct fake *f = fake_of(spawn);

	if (cqe__sz != sizeof(f->cqes[0]))
		return -EINVAL;
	if (f->head == f->tail)
		return -ENOENT;
	memcpy(cqe, &f->cqes[f->head++ % FAKE_CQES], cqe__sz);
	return 0;
}

int bpf_io_uring_spawn_get_sqe(struct iou_spawn_ctx *spawn, __u32 idx, void *sqe, __u32 sqe__sz)
{
	struct fake *f = fake_of(spawn);

	if (sqe__sz != sizeof(f->sqes[0]))
		return -EINVAL;
	if (idx >= f->nr_sqes)
		return -ERANGE;
	memcpy(sqe, &f->sqes[idx], sqe__sz);
	return 0;
}

int bpf_io_uring_spawn_post_cqe(struct iou_spawn_ctx *spawn, __u64 user_data, __s32 res,
				__u32 flags)
{
	struct fake *f = fake_of(spawn);

	if (flags & 0xffff & ~IORING_CQE_F_MORE)
		return -EINVAL;
	if (f->nr_posts == (f->ops->max_posts ?: FAKE_POSTS))
		return -E2BIG;
	f->posts[f->nr_posts++] = (struct fake_post){ user_data, res, flags };
	return 0;
}

static bool in_region(struct fake *f, __u32 off, __u32 len)
{
	__u32 size = f->sqes[0].len;

	return off <= size && len <= size - off;
}

int bpf_io_uring_spawn_read_arg(struct iou_spawn_ctx *spawn, __u32 off, void *dst, __u32 dst__sz)
{
	struct fake *f = fake_of(spawn);

	if (!in_region(f, off, dst__sz))
		return -ERANGE;
	memcpy(dst, f->region + off, dst__sz);
	return 0;
}

int bpf_io_uring_spawn_write_arg(struct iou_spawn_ctx *spawn, __u32 off, void *src, __u32 src__sz)
{
	struct fake *f = fake_of(spawn);

	if (!in_region(f, off, src__sz))
		return -ERANGE;
	memcpy(f->region + off, src, src__sz);
	f->dirty = true;
	return 0;
}

/* ---- Helpers ------------------------------------------------------------------------------ */

__u64 bpf_ktime_get_ns(void)
{
	return fake_now;
}

#define MAPS		8
#define MAP_ENTRIES	64

/* An array that exists as a whole, or a hash that is filled as it is used. */
static struct fake_map {
	const void	*id;
	struct {
		void	*key, *value;
	} entry[MAP_ENTRIES];
	unsigned int	nr;
} maps[MAPS];

static struct fake_map *map_of(const void *id)
{
	unsigned int i;

	for (i = 0; i < MAPS && maps[i].id && maps[i].id != id; i++)
		;
	if (i == MAPS)
		abort();	/* raise MAPS */
	maps[i].id = id;
	return &maps[i];
}

static void *map_add(struct fake_map *map, const struct fake_map_def *def, const void *key)
{
	unsigned int nr = map->nr++;

	map->entry[nr].key = malloc(def->key_size);
	map->entry[nr].value = calloc(1, def->value_size);
	if (!map->entry[nr].key || !map->entry[nr].value)
		abort();
	memcpy(map->entry[nr].key, key, def->key_size);
	return map->entry[nr].value;
}

void *fake_map_lookup(const struct fake_map_def *def, const void *key)
{
	struct fake_map *map = map_of(def->id);
	unsigned int i;

	for (i = 0; i < map->nr; i++)
		if (!memcmp(map->entry[i].key, key, def->key_size))
			return map->entry[i].value;
	if (def->type != BPF_MAP_TYPE_ARRAY || *(const __u32 *)key >= def->max_entries)
		return NULL;
	if (map->nr == MAP_ENTRIES)
		abort();	/* raise MAP_ENTRIES */
	return map_add(map, def, key);
}

long fake_map_update(const struct fake_map_def *def, const void *key, const void *value,
		     __u64 flags)
{
	struct fake_map *map = map_of(def->id);
	void *old = fake_map_lookup(def, key);

	if (old && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!old && (flags == BPF_EXIST || def->type == BPF_MAP_TYPE_ARRAY))
		return def->type == BPF_MAP_TYPE_ARRAY ? -E2BIG : -ENOENT;
	if (!old && (map->nr == def->max_entries || map->nr == MAP_ENTRIES))
		return -E2BIG;
	memcpy(old ?: map_add(map, def, key), value, def->value_size);
	return 0;
}

void fake_maps_reset(void)
{
	unsigned int i, k;

	for (i = 0; i < MAPS; i++)
		for (k = 0; k < maps[i].nr; k++) {
			free(maps[i].entry[k].key);
			free(maps[i].entry[k].value);
		}
	memset(maps, 0, sizeof(maps));
}
