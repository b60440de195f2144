// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Operations on paths. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "opcodes.h"

#define XATTR	"user.spawn"

static struct stat st;

static bool is_there(const char *path)
{
	return !lstat(path, &st);
}

static bool is_fd(int res)
{
	return res > 2;
}

static bool ok_fd(const int *res)
{
	return is_fd(res[0]);
}

static void add_openat(struct chain *c)
{
	io_uring_prep_openat(chain_add(c), AT_FDCWD, scratch.file, O_RDONLY, 0);
	op_placed(c);
}

static void add_openat_creat(struct chain *c)
{
	io_uring_prep_openat(chain_add(c), AT_FDCWD, scratch.other, O_CREAT | O_EXCL | O_WRONLY,
			     0640);
	op_placed(c);
}

static bool ok_openat_creat(const int *res)
{
	return is_fd(res[0]) && is_there(scratch.other) && (st.st_mode & 07777) == 0640;
}

/*
 * A chain has no table of direct descriptors, its submitter's is not its own: the error of a ring
 * that did not register one. As there, the file has been opened by then.
 */
static void add_openat_direct(struct chain *c)
{
	io_uring_prep_openat_direct(chain_add(c), AT_FDCWD, scratch.file, O_RDONLY, 0, 0);
	op_placed(c);
}

static bool ok_enxio(const int *res)
{
	return res[0] == -ENXIO;
}

static void add_openat_alloc(struct chain *c)
{
	io_uring_prep_openat(chain_add(c), AT_FDCWD, scratch.file, O_RDONLY, 0);
	op_placed(c)->file_index = IORING_FILE_INDEX_ALLOC;
}

static bool ok_enfile(const int *res)
{
	return res[0] == -ENFILE;
}

static void add_openat_missing(struct chain *c)
{
	io_uring_prep_openat(chain_add(c), AT_FDCWD, scratch.other, O_RDONLY, 0);
	op_placed(c);
}

static bool ok_enoent(const int *res)
{
	return res[0] == -ENOENT;
}

static struct open_how how;

static void add_openat2(struct chain *c)
{
	how = (struct open_how){ .flags = O_CREAT | O_WRONLY, .mode = 0600 };
	io_uring_prep_openat2(chain_add(c), AT_FDCWD, scratch.other, &how);
	op_placed(c);
}

static bool ok_openat2(const int *res)
{
	return is_fd(res[0]) && is_there(scratch.other);
}

static void add_openat2_beneath(struct chain *c)
{
	how = (struct open_how){ .flags = O_RDONLY, .resolve = RESOLVE_BENEATH };
	io_uring_prep_openat2(chain_add(c), AT_FDCWD, scratch.file, &how);
	op_placed(c);
}

static bool ok_exdev(const int *res)
{
	return res[0] == -EXDEV;
}

static struct statx stx;

static void add_statx(struct chain *c)
{
	io_uring_prep_statx(chain_add(c), AT_FDCWD, scratch.file, 0, STATX_SIZE, &stx);
	op_placed(c);
}

static bool ok_statx(const int *res)
{
	return res[0] == 0 && stx.stx_size == TEXT_LEN;
}

static void add_renameat(struct chain *c)
{
	io_uring_prep_renameat(chain_add(c), AT_FDCWD, scratch.file, AT_FDCWD, scratch.other, 0);
	op_placed(c);
}

static bool ok_renameat(const int *res)
{
	return res[0] == 0 && is_there(scratch.other) && !is_there(scratch.file);
}

static void add_unlinkat(struct chain *c)
{
	io_uring_prep_unlinkat(chain_add(c), AT_FDCWD, scratch.file, 0);
	op_placed(c);
}

static bool ok_unlinkat(const int *res)
{
	return res[0] == 0 && !is_there(scratch.file);
}

static void add_mkdirat(struct chain *c)
{
	io_uring_prep_mkdirat(chain_add(c), AT_FDCWD, scratch.other, 0700);
	op_placed(c);
}

static bool ok_mkdirat(const int *res)
{
	return res[0] == 0 && is_there(scratch.other) && S_ISDIR(st.st_mode);
}

static void add_rmdir(struct chain *c)
{
	must(!mkdir(scratch.other, 0700));
	io_uring_prep_unlinkat(chain_add(c), AT_FDCWD, scratch.other, AT_REMOVEDIR);
	op_placed(c);
}

static bool ok_rmdir(const int *res)
{
	return res[0] == 0 && !is_there(scratch.other);
}

static void add_symlinkat(struct chain *c)
{
	io_uring_prep_symlinkat(chain_add(c), "target", AT_FDCWD, scratch.other);
	op_placed(c);
}

static bool ok_symlinkat(const int *res)
{
	return res[0] == 0 && is_there(scratch.other) && S_ISLNK(st.st_mode);
}

static void add_linkat(struct chain *c)
{
	io_uring_prep_linkat(chain_add(c), AT_FDCWD, scratch.file, AT_FDCWD, scratch.other, 0);
	op_placed(c);
}

static bool ok_linkat(const int *res)
{
	return res[0] == 0 && is_there(scratch.other) && st.st_nlink == 2;
}

static void add_setxattr(struct chain *c)
{
	io_uring_prep_setxattr(chain_add(c), XATTR, TEXT, scratch.file, 0, TEXT_LEN);
	op_placed(c);
}

static void add_fsetxattr(struct chain *c)
{
	io_uring_prep_fsetxattr(chain_add(c), scratch.fd, XATTR, TEXT, 0, TEXT_LEN);
	op_placed(c);
}

static bool ok_set(const int *res)
{
	char value[64] = "";

	return res[0] == 0 && fgetxattr(scratch.fd, XATTR, value, sizeof(value)) == TEXT_LEN &&
	       !strcmp(value, TEXT);
}

static void add_getxattr(struct chain *c)
{
	must(!fsetxattr(scratch.fd, XATTR, TEXT, TEXT_LEN, 0));
	io_uring_prep_getxattr(chain_add(c), XATTR, scratch.buf, scratch.file, TEXT_LEN);
	op_placed(c);
}

static void add_fgetxattr(struct chain *c)
{
	must(!fsetxattr(scratch.fd, XATTR, TEXT, TEXT_LEN, 0));
	io_uring_prep_fgetxattr(chain_add(c), scratch.fd, XATTR, scratch.buf, TEXT_LEN);
	op_placed(c);
}

static bool ok_get(const int *res)
{
	return res[0] == TEXT_LEN && !strcmp(scratch.buf, TEXT);
}

const struct op path_ops[] = {
	{ RUNS(OPENAT), .cases = { { add_openat, ok_fd }, CASE(openat_creat),
				   { add_openat_missing, ok_enoent },
				   IN_CHAIN(openat_direct, ok_enxio),
				   IN_CHAIN(openat_alloc, ok_enfile) } },
	{ RUNS(OPENAT2), .cases = { CASE(openat2), { add_openat2_beneath, ok_exdev } } },
	{ RUNS(STATX), .cases = { CASE(statx) } },
	{ RUNS(RENAMEAT), .cases = { CASE(renameat) } },
	{ RUNS(UNLINKAT), .cases = { CASE(unlinkat), CASE(rmdir) } },
	{ RUNS(MKDIRAT), .cases = { CASE(mkdirat) } },
	{ RUNS(SYMLINKAT), .cases = { CASE(symlinkat) } },
	{ RUNS(LINKAT), .cases = { CASE(linkat) } },
	{ RUNS(SETXATTR), .cases = { { add_setxattr, ok_set } } },
	{ RUNS(FSETXATTR), .cases = { { add_fsetxattr, ok_set } } },
	{ RUNS(GETXATTR), .cases = { { add_getxattr, ok_get } } },
	{ RUNS(FGETXATTR), .cases = { { add_fgetxattr, ok_get } } },
	{}
};
