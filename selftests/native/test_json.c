// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Strings as JSON has them. TAP. */
#include "../../loader/json.c"
#include <string.h>
#include "tap.h"

static const struct {
	const char	*name, *text, *want;
} strings[] = {
	{ "empty", "", "\"\"" },
	{ "ascii_as_it_is", "a b~/", "\"a b~/\"" },
	{ "quote_and_backslash", "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "control_characters", "\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\\u007f\"" },
	{ "two_bytes_as_they_are", "\xc3\xa9", "\"\xc3\xa9\"" },
	{ "three_bytes_as_they_are", "\xe2\x82\xac!", "\"\xe2\x82\xac!\"" },
	{ "four_bytes_as_they_are", "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
	{ "last_character", "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"" },
	{ "beyond_the_last", "\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\"" },
	{ "lone_byte", "\x80z", "\"\\u0080z\"" },
	{ "cut_short", "\xe2\x82", "\"\\u00e2\\u0082\"" },
	{ "cut_by_a_letter", "\xe2\x82z", "\"\\u00e2\\u0082z\"" },
	{ "two_bytes_too_long", "\xc0\xaf", "\"\\u00c0\\u00af\"" },
	{ "three_bytes_too_long", "\xe0\x80\xaf", "\"\\u00e0\\u0080\\u00af\"" },
	{ "four_bytes_too_long", "\xf0\x80\x80\xaf", "\"\\u00f0\\u0080\\u0080\\u00af\"" },
	{ "surrogate", "\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\"" },
	{ "no_such_byte", "\xff\xf8", "\"\\u00ff\\u00f8\"" },
};

int main(void)
{
	FILE *really = stdout;
	char got[128];
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		memset(got, 0, sizeof(got));
		stdout = fmemopen(got, sizeof(got) - 1, "w");
		json_string(strings[i].text);
		fclose(stdout);
		stdout = really;
		tap_ok(!strcmp(got, strings[i].want), strings[i].name);
	}
	return tap_end();
}
