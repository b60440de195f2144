/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef JSON_H
#define JSON_H

/*
 * A string literal on standard output. What is not UTF-8 comes out byte by byte, as the characters
 * U+0080 to U+00FF: JSON has no bytes.
 */
void json_string(const char *s);

#endif
