// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Operations on an open file. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "opcodes.h"

static const struct iovec text = { TEXT, TEXT_LEN };

static off_t file_size(void)
{
	struct stat st;

	return fstat(scratch.fd, &st) ? -1 : st.st_size;
}

static bool ok_zero(const int *res)
{
	return res[0] == 0;
}

static bool ok_buf(const int *res)
{
	return res[0] == TEXT_LEN && !strcmp(scratch.buf, TEXT);
}

static void add_readv(struct chain *c)
{
	op_add(c, IORING_OP_READV, scratch.fd, &scratch.iov, 1, 0);
}

static void add_readv_pipe(struct chain *c)
{
	op_add(c, IORING_OP_READV, scratch.full[0], &scratch.iov, 1, 0);
}

static void add_writev(struct chain *c)
{
	op_add(c, IORING_OP_WRITEV, scratch.fd, &text, 1, TEXT_LEN);
}

static bool ok_writev(const int *res)
{
	return res[0] == TEXT_LEN && file_size() == 2 * TEXT_LEN;
}

static void add_read(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.fd, scratch.buf, TEXT_LEN, 0);
}

static void add_read_pipe(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.full[0], scratch.buf, TEXT_LEN, -1);
}

/* The second one feeds the first, which is in flight by then. */
static void add_read_waits(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.empty[0], scratch.buf, TEXT_LEN, -1);
	op_add(c, IORING_OP_WRITE, scratch.empty[1], TEXT, TEXT_LEN, -1);
}

static void add_read_behind_eof(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.fd, scratch.buf, TEXT_LEN, 4096);
}

static void add_write(struct chain *c)
{
	op_add(c, IORING_OP_WRITE, scratch.empty[1], TEXT, TEXT_LEN, -1);
}

static bool ok_write(const int *res)
{
	return res[0] == TEXT_LEN && got_text(scratch.empty[0]);
}

static void add_write_at(struct chain *c)
{
	op_add(c, IORING_OP_WRITE, scratch.fd, "X", 1, TEXT_LEN);
}

static bool ok_write_at(const int *res)
{
	return res[0] == 1 && file_size() == TEXT_LEN + 1;
}

static void add_fsync(struct chain *c)
{
	io_uring_prep_fsync(chain_add(c), scratch.fd, IORING_FSYNC_DATASYNC);
	op_placed(c);
}

static void add_sync_file_range(struct chain *c)
{
	io_uring_prep_sync_file_range(chain_add(c), scratch.fd, TEXT_LEN, 0,
				      SYNC_FILE_RANGE_WRITE);
	op_placed(c);
}

static void add_fallocate(struct chain *c)
{
	io_uring_prep_fallocate(chain_add(c), scratch.fd, 0, 0, 10000);
	op_placed(c);
}

static bool ok_fallocate(const int *res)
{
	return res[0] == 0 && file_size() == 10000;
}

static void add_ftruncate(struct chain *c)
{
	op_add(c, OP_FTRUNCATE, scratch.fd, NULL, 0, 3);
}

static bool ok_ftruncate(const int *res)
{
	return res[0] == 0 && file_size() == 3;
}

static void add_fadvise(struct chain *c)
{
	io_uring_prep_fadvise(chain_add(c), scratch.fd, 0, 0, POSIX_FADV_RANDOM);
	op_placed(c);
}

/* The memory is the submitter's, too. */
static char *page;

static void add_madvise(struct chain *c)
{
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page != MAP_FAILED);
	page[0] = 1;
	io_uring_prep_madvise(chain_add(c), page, 4096, MADV_DONTNEED);
	op_placed(c);
}

static bool ok_madvise(const int *res)
{
	bool zero = !page[0];

	munmap(page, 4096);
	return res[0] == 0 && zero;
}

static void add_splice(struct chain *c)
{
	io_uring_prep_splice(chain_add(c), scratch.full[0], -1, scratch.empty[1], -1, 100, 0);
	op_placed(c);
}

static bool ok_splice(const int *res)
{
	return res[0] == TEXT_LEN && got_text(scratch.empty[0]) && !got_text(scratch.full[0]);
}

static void add_splice_file(struct chain *c)
{
	io_uring_prep_splice(chain_add(c), scratch.fd, 0, scratch.empty[1], -1, 100, 0);
	op_placed(c);
}

static bool ok_splice_file(const int *res)
{
	return res[0] == TEXT_LEN && got_text(scratch.empty[0]);
}

static void add_tee(struct chain *c)
{
	io_uring_prep_tee(chain_add(c), scratch.full[0], scratch.empty[1], 100, 0);
	op_placed(c);
}

static bool ok_tee(const int *res)
{
	return res[0] == TEXT_LEN && got_text(scratch.empty[0]) && got_text(scratch.full[0]);
}

/* Closed is closed; the second one finds nothing. */
static void add_close(struct chain *c)
{
	op_add(c, IORING_OP_CLOSE, scratch.empty[0], NULL, 0, 0)->flags = IOSQE_IO_HARDLINK;
	op_add(c, IORING_OP_CLOSE, scratch.empty[0], NULL, 0, 0);
}

static bool ok_close(const int *res)
{
	return res[0] == 0 && res[1] == -EBADF;
}

/* A chain has no table of direct descriptors, as a ring has none that did not register one. */
static void add_close_direct(struct chain *c)
{
	op_add(c, IORING_OP_CLOSE, 0, NULL, 0, 0)->file_index = 1;
}

static bool ok_close_direct(const int *res)
{
	return res[0] == -ENXIO;
}

const struct op file_ops[] = {
	{ ON_FILE(READV), .cases = { { add_readv, ok_buf }, { add_readv_pipe, ok_buf } } },
	{ ON_FILE(WRITEV), .cases = { CASE(writev) } },
	{ ON_FILE(READ), .cases = { { add_read, ok_buf }, { add_read_pipe, ok_buf },
				 { add_read_waits, ok_buf }, { add_read_behind_eof, ok_zero } } },
	{ ON_FILE(WRITE), .cases = { CASE(write), CASE(write_at) } },
	{ ON_FILE(FSYNC), .cases = { { add_fsync, ok_zero } } },
	{ ON_FILE(SYNC_FILE_RANGE), .cases = { { add_sync_file_range, ok_zero } } },
	{ ON_FILE(FALLOCATE), .cases = { CASE(fallocate) } },
	{ ON_FILE_612(FTRUNCATE), .cases = { CASE(ftruncate) } },
	{ ON_FILE(FADVISE), .cases = { { add_fadvise, ok_zero } } },
	{ RUNS(MADVISE), .cases = { CASE(madvise) } },
	{ ON_FILE(SPLICE), .cases = { CASE(splice), CASE(splice_file) } },
	{ ON_FILE(TEE), .cases = { CASE(tee) } },
	{ RUNS(CLOSE), .cases = { CASE(close), IN_CHAIN(close_direct, ok_close_direct) } },
	{}
};
