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
io_uring=0 fallback=0

touch "$stats"
chmod 666 "$stats"

# preloaded COMMAND...: with the preload, whose counts are kept.
preloaded() {
	: >"$stats"
	SPAWN_BPF_STATS=$stats LD_PRELOAD=$preload "$@"
}

# Sets io_uring and fallback: calls of all processes of the last preloaded command.
count() {
	local line
	io_uring=0 fallback=0
	while read -r line; do
		[[ $line =~ io_uring\ ([0-9]+),\ fallback\ ([0-9]+) ]] || continue
		io_uring=$((io_uring + BASH_REMATCH[1])) fallback=$((fallback + BASH_REMATCH[2]))
	done <"$stats"
}

# Why calls fell back: errno and how often.
reasons() {
	sed 's/.*fallback [0-9]*//; s/^, //' "$stats" | tr ',' '\n' | awk 'NF == 2 { sum[$1] += $2 }
		END { for (errno in sum) print errno, sum[errno] }'
}
