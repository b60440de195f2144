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

void put_plain(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(is_printable(*text) ? *text : '?', f);
}
