// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Opens the file that is its argv[0] and exits with the error. */
#include <errno.h>
#include <fcntl.h>

int main(int argc, char **argv)
{
	(void)argc;
	return open(argv[0], O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}
