// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdbool.h>
#include "escape.h"

static bool is_printable(unsigned char c)
{
	return c >= ' ' && c < 0x7f;
}

void put_xml(FILE *f, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(is_printable(*text) ? *text : '?', f);
		}
	}
}

char *make_plain(char *text)
{
	char *c;

	for (c = text; *c; c++)
		if (!is_printable(*c))
			*c = '?';
	return text;
}

void without_controls(char *text)
{
	unsigned char *c = (unsigned char *)text;

	for (; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

void put_plain(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(is_printable(*text) ? *text : '?', f);
}
