// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdio.h>
#include "json.h"

/* Bytes of the character at @s if it is one of UTF-8's of more than one byte, else 0. */
static int utf8_length(const unsigned char *s)
{
	unsigned int code;
	int len, i;

	len = *s >= 0xf0 && *s < 0xf5 ? 4 : *s >= 0xe0 ? 3 : *s >= 0xc2 ? 2 : 0;
	if (*s >= 0xf5 || !len)
		return 0;
	code = *s & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	/* neither longer than it need be, nor a surrogate, nor beyond the last */
	if ((len == 3 && code < 0x800) || (len == 4 && code < 0x10000) ||
	    (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	return len;
}

void json_string(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	int len;

	putchar('"');
	for (; *s; s += len ?: 1) {
		len = utf8_length(s);
		if (len)
			fwrite(s, 1, len, stdout);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s < 0x20 || *s >= 0x7f)
			printf("\\u%04x", *s);
		else
			putchar(*s);
	}
	putchar('"');
}
