// SPDX-License-Identifier: GPL-2.0 OR MIT
/* drain FILE: copy standard input to FILE, to its end. A core dump's other side. */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buf[65536];
	ssize_t n;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	while ((n = read(0, buf, sizeof(buf))) > 0)
		if (write(fd, buf, n) != n)
			return 1;
	return n < 0 || close(fd);
}
