// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The files, descriptors and memory that the chains of a storm play with. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "storm.h"

#define NOBODY	1000

struct scene scene;
__u32 storm_futex[LANES][4];
struct sockaddr_un storm_address[LANES];

/* Fails past exec's point of no return: its memory would lie outside of what a task can have. */
static int write_doomed(const char *path)
{
	struct {
		Elf64_Ehdr e;
		Elf64_Phdr p;
	} image = {
		.e = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_phoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		},
		.p = {
			.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0xffff800000000000,
			.p_filesz = 4096, .p_memsz = 4096, .p_align = 4096,
		},
	};
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t n = write(fd, &image, sizeof(image));

	close(fd);
	return n == sizeof(image) ? 0 : -EIO;
}

static int make_files(void)
{
	char script[300];

	if ((mkdir(SCENE_DIR, 0755) && errno != EEXIST) ||
	    copy_file(scene.witness, SCENE_DIR "/busy", 0755) ||
	    copy_file(scene.witness, SCENE_DIR "/setuid", 0755) ||
	    chown(SCENE_DIR "/setuid", NOBODY, NOBODY) || chmod(SCENE_DIR "/setuid", 04755))
		return -errno;
	snprintf(script, sizeof(script), "#!%s\n", scene.witness);
	return write_file(SCENE_DIR "/script", script) ?: write_file(SCENE_DIR "/text", "text") ?:
	       chmod(SCENE_DIR "/script", 0755) ?: chmod(SCENE_DIR "/text", 0755) ?:
	       write_doomed(SCENE_DIR "/doomed");
}

/* Give @fd the number it is to have in all chains. */
static int place(int fd, int number)
{
	if (fd < 0 || dup2(fd, number) < 0)
		return -errno;
	close(fd);
	return 0;
}

static void *shared_file(int number, size_t size)
{
	int fd = memfd_create("storm", 0);

	if (fd < 0 || ftruncate(fd, size) || place(fd, number))
		return MAP_FAILED;
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
}

/* For one worker: what is marked is its own. */
int scene_open(void)
{
	scene.marks = shared_file(MARKS_FD, NR_SLOTS);
	scene.pids = shared_file(WITNESS_FD, NR_SLOTS * sizeof(*scene.pids));
	if (scene.marks == MAP_FAILED || scene.pids == MAP_FAILED)
		return -errno;
	return place(open(scene.witness, O_RDONLY), PROGRAM_FD) ?:
	       place(open(SCENE_DIR "/busy", O_WRONLY), BUSY_FD);
}

/* For all workers. */
int scene_make(void)
{
	struct io_uring_query_spawn q;
	int ret = target(scene.witness, sizeof(scene.witness), "witness") ?:
		  target(scene.quick, sizeof(scene.quick), "quick") ?: io_uring_spawn_query(-1, &q);

	if (ret)
		return ret;
	scene.offer = (struct offer){ q.clone_flags, q.task_attrs, q.spawn_flags };
	return make_files();
}

static int place_pair(const int fds[2], unsigned int lane, enum lane_fd first)
{
	return place(fds[0], LANE_FD(lane, first)) ?: place(fds[1], LANE_FD(lane, first + 1));
}

static int make_listener(unsigned int lane)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un *sun = &storm_address[lane];

	sun->sun_family = AF_UNIX;
	/* abstract, and of this process: lanes of other workers have theirs */
	snprintf(sun->sun_path + 1, sizeof(sun->sun_path) - 1, "storm-%d-%u", getpid(), lane);
	if (fd < 0 || bind(fd, (struct sockaddr *)sun, sizeof(*sun)) || listen(fd, 8))
		return -errno;
	return place(fd, LANE_FD(lane, LISTENER));
}

/* The descriptors of a lane, in the submitter, new for each round. */
int scene_lane(unsigned int lane)
{
	struct io_uring ring;
	int fds[2];
	int ret;

	if (pipe(fds))
		return -errno;
	ret = place_pair(fds, lane, EMPTY_R);
	if (ret || pipe(fds))
		return ret ?: -errno;
	ret = place_pair(fds, lane, OUT_R);
	if (ret || socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return ret ?: -errno;
	ret = place_pair(fds, lane, SOCK_A) ?: make_listener(lane) ?:
	      place(epoll_create1(0), LANE_FD(lane, EPOLL)) ?:
	      place(memfd_create("scratch", 0), LANE_FD(lane, SCRATCH)) ?:
	      ring_init_small(&ring, 0);
	return ret ?: place(fcntl(ring.ring_fd, F_DUPFD, 0), LANE_FD(lane, OTHER_RING));
}
