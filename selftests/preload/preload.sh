# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash disable=SC2034
# What the scripts of this directory have in common. They run in the top directory, in a guest or on
# any other kernel: the tests in selftests/host say where.
. selftests/host/tap.sh

preload=$PWD/build/user/lib/libspawn_bpf_preload.so
tests=$PWD/build/user/selftests/preload
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Other users' too: not in a sticky directory.
mkdir -m 777 "$work/open"
chmod 755 "$work"
stats=$work/open/stats

# preloaded COMMAND...: with the preload, whose counts are kept.
preloaded() {
	: >"$stats"
	chmod 666 "$stats"
	SPAWN_BPF_STATS=$stats LD_PRELOAD=$preload "$@"
}

# count io_uring|fallback: calls of all processes of the last preloaded command
count() {
	awk -v of="$1" '{ for (i = 1; i < NF; i++) if ($i == of) sum += $(i + 1) } END { print sum + 0 }' "$stats"
}

# Why calls fell back: errno and how often.
reasons() {
	sed 's/.*fallback [0-9]*//; s/^, //' "$stats" | tr ',' '\n' | awk 'NF == 2 { sum[$1] += $2 }
		END { for (errno in sum) print errno, sum[errno] }'
}
