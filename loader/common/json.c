// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdio.h>
#include <string.h>
#include "json.h"

/* Bytes of the UTF-8 character at @s, 0 if it is none. */
static unsigned int utf8_length(const unsigned char *s)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int len, i, c;

	if (*s < 0x80)
		return 1;
	len = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;
	if (*s < 0xc2 || *s > 0xf4)
		return 0;
	c = *s & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* no longer than it need be, no surrogate, nothing beyond the last one */
	return c < least[len] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? 0 : len;
}

void json_put_string(FILE *f, const char *s)
{
	unsigned int len;

	fputc('"', f);
	for (; *s; s += len ?: 1) {
		len = utf8_length((const unsigned char *)s);
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if (len == 1 && (*s < 0x20 || *s == 0x7f))
			fprintf(f, "\\u%04x", *s);
		else if (len)
			fwrite(s, 1, len, f);
		else
			fputs("\\ufffd", f);
	}
	fputc('"', f);
}

static void item(struct json *j, const char *key)
{
	if (j->depth)
		printf("%s\n%*s", j->second ? "," : "", 2 * j->depth, "");
	j->second = true;
	if (key) {
		json_put_string(stdout, key);
		printf(": ");
	}
}

static void open_one(struct json *j, const char *key, char bracket)
{
	item(j, key);
	putchar(bracket);
	j->depth++;
	j->second = false;
}

static void close_one(struct json *j, char bracket)
{
	j->depth--;
	if (j->second)
		printf("\n%*s", 2 * j->depth, "");
	putchar(bracket);
	if (!j->depth)
		putchar('\n');
	j->second = true;
}

void json_object(struct json *j, const char *key)
{
	open_one(j, key, '{');
}

void json_object_end(struct json *j)
{
	close_one(j, '}');
}

void json_array(struct json *j, const char *key)
{
	open_one(j, key, '[');
}

void json_array_end(struct json *j)
{
	close_one(j, ']');
}

void json_string(struct json *j, const char *key, const char *s)
{
	item(j, key);
	if (s)
		json_put_string(stdout, s);
	else
		printf("null");
}

void json_number(struct json *j, const char *key, long long value)
{
	item(j, key);
	printf("%lld", value);
}

void json_unsigned(struct json *j, const char *key, unsigned long long value)
{
	item(j, key);
	printf("%llu", value);
}

void json_real(struct json *j, const char *key, double value)
{
	item(j, key);
	printf("%.3f", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	item(j, key);
	printf(value ? "true" : "false");
}
