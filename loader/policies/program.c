// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <bpf/bpf.h>
#include <stdio.h>
#include <unistd.h>
#include "program.h"
#include "util.h"

static int read_program(__u32 id, struct bpf_prog_info *info)
{
	__u32 size = sizeof(*info);
	int fd, err;

	*info = (struct bpf_prog_info) {};
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	err = bpf_prog_get_info_by_fd(fd, info, &size);
	close(fd);
	return err;
}

static void tag_text(const struct bpf_prog_info *info, char *buf)
{
	unsigned int i;

	for (i = 0; i < sizeof(info->tag); i++)
		sprintf(buf + 2 * i, "%02x", info->tag[i]);
}

void program_put(__u32 id)
{
	char tag[2 * BPF_TAG_SIZE + 1];
	struct bpf_prog_info info;
	int err = read_program(id, &info);

	if (err) {
		printf("  program %u: gone (%s)\n", id, errno_name(err));
		return;
	}
	tag_text(&info, tag);
	printf("  program %u: %s, tag %s, %u bytes, %u instructions verified\n", id, info.name, tag,
	       info.xlated_prog_len, info.verified_insns);
	if (info.run_cnt)
		printf("  steps counted: %llu, %.1f us each\n", info.run_cnt,
		       info.run_time_ns / 1e3 / info.run_cnt);
	else if (kernel_sysctl("bpf_stats_enabled") <= 0)
		printf("  steps counted: none, sysctl kernel.bpf_stats_enabled is 0\n");
	else
		printf("  steps counted: none\n");
}

void program_json(struct json *j, __u32 id)
{
	char tag[2 * BPF_TAG_SIZE + 1];
	struct bpf_prog_info info;

	if (read_program(id, &info)) {
		json_string(j, "program", NULL);
		return;
	}
	tag_text(&info, tag);
	json_object(j, "program");
	json_unsigned(j, "id", id);
	json_string(j, "name", info.name);
	json_string(j, "tag", tag);
	json_unsigned(j, "bytes", info.xlated_prog_len);
	json_unsigned(j, "verified_insns", info.verified_insns);
	json_bool(j, "counted", kernel_sysctl("bpf_stats_enabled") > 0);
	json_unsigned(j, "run_cnt", info.run_cnt);
	json_unsigned(j, "run_time_ns", info.run_time_ns);
	json_object_end(j);
}
