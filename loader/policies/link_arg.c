// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "link_arg.h"
#include "pins.h"
#include "util.h"

bool link_arg_is_id(const char *arg)
{
	/* nine digits always fit, and no link has more */
	return *arg && strlen(arg) < 10 && !arg[strspn(arg, "0123456789")];
}

bool link_arg_is_path(const char *arg)
{
	return strchr(arg, '/');
}

int link_arg_open(const char *arg, struct attached *a)
{
	int fd, err;

	if (link_arg_is_id(arg)) {
		fd = attached_open(strtoul(arg, NULL, 10));
	} else if (link_arg_is_path(arg)) {
		fd = pin_open(arg);
	} else {
		say("'%s' is neither the id of a link nor a path with a slash: spawn-bpf list "
		    "shows both", shown(arg));
		return -EINVAL;
	}
	if (fd < 0)
		return fd;
	err = attached_of_link(fd, -1, a);
	if (!err)
		return fd;
	if (err == -EMEDIUMTYPE)
		say("%s%s is a link, but not one of a spawn policy: bpftool link may detach it",
		    link_arg_is_id(arg) ? "link " : "", arg);
	close(fd);
	return err;
}
