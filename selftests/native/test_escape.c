// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What of a name a terminal gets to see. TAP. */
#include "../../loader/common/escape.c"
#include <string.h>
#include "tap.h"

/* @name: of a process; @file: the same bytes in a sentence, which may have UTF-8 in it. */
static const struct {
	const char	*what, *text, *name, *file;
} cases[] = {
	{ "ascii_stays", "a b~", "a b~", "a b~" },
	{ "escape_sequences_are_none_any_more", "\x1b[2J\x7f\n", "?[2J??", "?[2J??" },
	{ "utf8_is_for_files", "\u00e4", "??", "\u00e4" },
	{ "controls_in_utf8_are_none_any_more", "\xc2\x9b" "2J", "??2J", "??2J" },
	{ "cut_character_at_the_end", "a\xc2", "a?", "a\xc2" },
	{ "empty", "", "", "" },
};

int main(void)
{
	char name[32], file[32];
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(name, cases[i].text);
		strcpy(file, cases[i].text);
		make_plain(name);
		without_controls(file);
		if (!tap_ok(!strcmp(name, cases[i].name) && !strcmp(file, cases[i].file),
			    cases[i].what))
			printf("# %s, %s\n", name, file);
	}
	return tap_end();
}
