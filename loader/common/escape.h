/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Names of processes can hold any byte. As text of XML, also in attributes, and for terminals: what is
 * no printable ASCII becomes '?'.
 */
void put_xml(FILE *f, const char *text);
void put_plain(FILE *f, const char *text);
char *make_plain(char *text);		/* in place */

/*
 * In place, for a text that may have names of files in it: what makes a terminal do something, ASCII
 * control characters and those of C1 in UTF-8, becomes '?'.
 */
void without_controls(char *text);

#endif
