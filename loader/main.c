// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf - run programs under a spawn policy, and see what the kernel offers. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include "commands.h"
#include "util.h"

#define VERSION	"0.1"

static const struct {
	const char	*name;
	int		(*run)(int argc, char **argv);
} commands[] = {
	{ "run",	cmd_run },
	{ "features",	cmd_features },
};

static const char help[] =
"Usage: spawn-bpf run [OPTION]... [--] COMMAND [ARG]...\n"
"       spawn-bpf features [-j]\n"
"       spawn-bpf --help | --version\n"
"\n"
"run starts COMMAND in a new task that a BPF policy leads to its exec, waits for it and exits\n"
"with its status. COMMAND is searched for in PATH if it has no slash. To load a policy takes\n"
"CAP_BPF and CAP_PERFMON.\n"
"  -p, --policy FILE   the policy in this BPF object, in place of the built-in spawn_prog, which\n"
"                      searches as execvp(3) does, sits out ETXTBSY and gives to /bin/sh what is\n"
"                      no program; FILE gets the argument region of bpf/spawn_prog.h\n"
"  -r, --retry N       sit out ETXTBSY at most N times, 0 to 100 (the policy's max_busy)\n"
"  -s, --no-shell      name no shell to the policy: what is no program is an error\n"
"  -t, --trace         show every attempt and the policy's report on standard error\n"
"  -v, --verbose       show what libbpf and the verifier say\n"
"\n"
"features says what the running kernel offers, with -j (--json) as JSON.\n"
"\n"
"Exit status: that of COMMAND, or 128 + N if signal N ended it; 127 COMMAND is not found; 126 it\n"
"is found and cannot be run; 125 spawn-bpf itself failed; 2 the kernel has no io_uring spawn.\n";

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		fputs(help, stdout);
		return 0;
	}
	if (!strcmp(name, "--version")) {
		printf("spawn-bpf %s, spawn ABI %d, libbpf %s\n", VERSION, IORING_SPAWN_ABI,
		       libbpf_version_string());
		return 0;
	}
	if (argc < 2)
		say("a command is missing: try 'spawn-bpf --help'");
	else
		say("'%s' is no command: try 'spawn-bpf --help'", name);
	return EXIT_SELF;
}
