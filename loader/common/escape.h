/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdio.h>

/*
 * Names of processes can hold any byte. As text of XML, also in attributes, and for terminals: what is
 * no printable ASCII becomes '?'.
 */
void put_xml(FILE *f, const char *text);
void put_plain(FILE *f, const char *text);

#endif
