/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef COMMANDS_H
#define COMMANDS_H

/* The commands of spawn-bpf: argv[0] is the command's name. They return the exit status. */
int cmd_run(int argc, char **argv);
int cmd_features(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_pin(int argc, char **argv);
int cmd_trace(int argc, char **argv);

#endif
