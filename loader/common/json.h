/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes one JSON text to standard output. @key is the name of a member, NULL of an element of an
 * array or of the whole text. What is opened must be closed.
 */
struct json {
	unsigned int	depth;
	bool		second;		/* a comma goes in front of the next one */
};

void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
/* @s NULL: null. */
void json_string(struct json *j, const char *key, const char *s);
void json_number(struct json *j, const char *key, long long value);
void json_unsigned(struct json *j, const char *key, unsigned long long value);
void json_real(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);

/* A string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void json_put_string(FILE *f, const char *s);

#endif
