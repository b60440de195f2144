// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What spawn-bpf writes as JSON. TAP. */
#include "../../loader/common/json.c"
#include <stdlib.h>
#include "tap.h"

static FILE *tap_out;
static char *text;
static size_t size;

/* What is printed between these two is in @text. */
static void begin(void)
{
	tap_out = stdout;
	stdout = open_memstream(&text, &size);
	if (!stdout)
		abort();
}

static void end_is(const char *want, const char *name)
{
	fclose(stdout);
	stdout = tap_out;
	if (!tap_ok(!strcmp(text, want), name))
		printf("# %s\n", text);
	free(text);
}

static const struct {
	const char	*name, *string, *want;
} strings[] = {
	{ "ascii_stays", "a b~", "\"a b~\"" },
	{ "quote_and_backslash_are_escaped", "\"\\", "\"\\\"\\\\\"" },
	{ "control_characters_are_escaped", "\n\x01\x7f", "\"\\u000a\\u0001\\u007f\"" },
	{ "utf8_stays", "\u00e4\u20ac\U0001f600", "\"\u00e4\u20ac\U0001f600\"" },
	{ "last_character_stays", "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"" },
	{ "stray_bytes_are_replaced", "\xff" "a\x80", "\"\\ufffda\\ufffd\"" },
	{ "cut_character_is_replaced", "\xe2\x82", "\"\\ufffd\\ufffd\"" },
	{ "long_form_is_replaced", "\xc0\xaf", "\"\\ufffd\\ufffd\"" },
	{ "long_form_of_three_is_replaced", "\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "surrogate_is_replaced", "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "beyond_the_last_is_replaced", "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "empty_string", "", "\"\"" },
	{ "no_string_is_null", NULL, "null" },
};

static void test_nesting(void)
{
	struct json j = {};

	begin();
	json_object(&j, NULL);
	json_array(&j, "a\"");
	json_number(&j, NULL, -1);
	json_unsigned(&j, NULL, ~0ULL);
	json_object(&j, NULL);
	json_object_end(&j);
	json_array_end(&j);
	json_bool(&j, "yes", true);
	json_object_end(&j);
	end_is("{\n  \"a\\\"\": [\n    -1,\n    18446744073709551615,\n    {}\n  ],\n"
	       "  \"yes\": true\n}\n", "nesting_commas_and_numbers");
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct json j = { .depth = 0 };

		begin();
		json_string(&j, NULL, strings[i].string);
		end_is(strings[i].want, strings[i].name);
	}
	test_nesting();
	return tap_end();
}
