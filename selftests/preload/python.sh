#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# python.sh HOW...: the cases for posix_spawn() of CPython's own tests, unmodified, under the preload.
# TAP. HOW is io_uring, every call is served by it; disabled, by the sysctl; EPERM or ENOSYS, io_uring
# is denied by a seccomp filter; unpatched, this kernel has no io_uring spawn.
# shellcheck disable=SC2317  # the cases are called through expect
set -uo pipefail
. selftests/preload/preload.sh

python=python3.11
cases=45

# suite COMMAND...: it passes, run by the command
suite() {
	if preloaded "$@" "$python" -m test -v test_posix -m '*PosixSpawn*' >"$work/log" 2>&1 &&
		[ "$(grep -c '\.\.\. ok$' "$work/log")" = "$cases" ] && grep -q "^Ran $cases tests" "$work/log"; then
		return 0
	fi
	cat "$work/log"
	return 1
}

# served BY REASON...: nothing but that has served the calls, and these errors are why
served() {
	local by=$1 other=io_uring
	shift
	[ "$by" != io_uring ] || other=fallback
	cat "$stats"
	count
	[ "${!by}" -gt 30 ] && [ "${!other}" = 0 ] && [[ " $* " == *" $(reasons | cut -d' ' -f1) "* ]]
}

suite_by_io_uring() {
	suite env && served io_uring ''
}

suite_by_fallback_where_disabled() {
	local status=0
	sysctl -q kernel.io_uring_disabled=2
	suite env && served fallback EPERM || status=1
	sysctl -q kernel.io_uring_disabled=0
	return "$status"
}

suite_by_fallback_where_seccomp_says_EPERM() {
	suite "$tests/no_io_uring" EPERM && served fallback EPERM
}

suite_by_fallback_where_seccomp_says_ENOSYS() {
	suite "$tests/no_io_uring" ENOSYS && served fallback EPERM
}

suite_by_fallback_where_seccomp_kills() {
	suite "$tests/no_io_uring" KILL && served fallback EPERM
}

# What the kernel of this machine says depends on how old it is, and on who forbids what.
suite_by_fallback_on_an_unpatched_kernel() {
	suite env && served fallback EOPNOTSUPP EPERM ENOSYS
}

# subprocess spawns in this way if it has nothing to close.
subprocess_by_io_uring() {
	preloaded "$python" -c '
import subprocess as s
for i in range(20):
    r = s.run(["/bin/sh", "-c", "cat; exit %d" % i], close_fds=False, input=b"in", stdout=s.PIPE)
    assert (r.returncode, r.stdout) == (i, b"in"), r
p = s.Popen(["/bin/sleep", "9"], close_fds=False)
p.terminate()
assert p.wait() == -15
try:
    s.run(["/no/such"], close_fds=False)
except FileNotFoundError:
    print("passed")
' || return 1
	cat "$stats"
	count
	[ "$io_uring" = 22 ] && [ "$fallback" = 0 ]
}

for how in "${@:?}"; do
	case $how in
	io_uring) cases_of=(suite_by_io_uring subprocess_by_io_uring) ;;
	disabled) cases_of=(suite_by_fallback_where_disabled) ;;
	KILL) cases_of=(suite_by_fallback_where_seccomp_kills) ;;
	EPERM | ENOSYS) cases_of=("suite_by_fallback_where_seccomp_says_$how") ;;
	unpatched) cases_of=(suite_by_fallback_on_an_unpatched_kernel) ;;
	*) echo "python.sh: there is no way called $how" >&2; exit 2 ;;
	esac
	for name in "${cases_of[@]}"; do
		expect "$name" "$name"
	done
done
done_testing
