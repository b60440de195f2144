// SPDX-License-Identifier: GPL-2.0 OR MIT
/* How a list of commands is split into words. TAP. */
#define _GNU_SOURCE
#include "../../loader/run/words.c"
#include <stdio.h>
#include "tap.h"

static const char *const no_prefix[] = { NULL };

/* Commands as [1]a|b|[2]c|: number, then each word. With an error: its number and sentence. */
static void show(char *buf, size_t size, const struct words *w, int err,
		 const struct words_error *error)
{
	FILE *f = fmemopen(buf, size, "w");
	size_t i, k;

	if (err == -EINVAL)
		fprintf(f, "%lu: %s", error->number, error->why);
	for (i = 0; !err && i < w->nr; i++) {
		fprintf(f, "[%lu]", w->commands[i].number);
		for (k = 0; k < w->commands[i].argc; k++)
			fprintf(f, "%s|", w->commands[i].argv[k]);
		if (w->commands[i].argv[k])
			fprintf(f, "no NULL");
	}
	fclose(f);
}

/* The text has no byte more than words_split() may touch. */
static void check(const char *name, const char *text, size_t len, char separator,
		  const char *const *prefix, const char *want)
{
	struct words_error error;
	char got[256] = "", *copy = malloc(len + 1);
	struct words w;
	int err;

	memcpy(copy, text, len);
	copy[len] = 'x';
	err = words_split(&w, copy, len, separator, (char *const *)prefix, &error);
	show(got, sizeof(got), &w, err, &error);
	if (!tap_ok(!strcmp(got, want), name))
		printf("# got '%s' instead of '%s'\n", got, want);
	words_free(&w);
	free(copy);
}

static const struct {
	const char	*name, *text, *want;
} lines[] = {
	{ "nothing", "", "" },
	{ "one_word", "true\n", "[1]true|" },
	{ "no_newline_at_the_end", "true", "[1]true|" },
	{ "one_letter_without_newline", "a", "[1]a|" },
	{ "two_lines", "a\nb\n", "[1]a|[2]b|" },
	{ "words", "a b\tc\n", "[1]a|b|c|" },
	{ "blanks_around", " \ta  b \t\n", "[1]a|b|" },
	{ "blank_at_the_end_of_all", "a ", "[1]a|" },
	{ "empty_lines_are_passed_over", "\n\na\n \n\t\nb\n\n", "[3]a|[6]b|" },
	{ "comments_are_passed_over", "# a\nb\n  # c\nd\n#", "[2]b|[4]d|" },
	{ "a_comment_may_have_a_quote", "# don't\na\n", "[2]a|" },
	{ "a_comment_does_not_go_on", "# a \\\nb\n", "[2]b|" },
	{ "no_comment_within", "a #b c#d\n", "[1]a|#b|c#d|" },
	{ "a_quoted_hash_is_a_word", "'#a'\n\\#b\n", "[1]#a|[2]#b|" },
	{ "single_quotes", "'a b' c\n", "[1]a b|c|" },
	{ "double_quotes", "\"a b\" c\n", "[1]a b|c|" },
	{ "quotes_within_a_word", "a'b c'd\"e f\"g\n", "[1]ab cde fg|" },
	{ "each_quote_keeps_the_other", "'\"' \"'\"\n", "[1]\"|'|" },
	{ "no_escape_within_quotes", "'a\\' \"b\\\"\n", "[1]a\\|b\\|" },
	{ "an_empty_word", "'' a \"\"\n", "[1]|a||" },
	{ "only_an_empty_word", "''\n", "[1]|" },
	{ "an_empty_word_at_the_end_of_all", "a ''", "[1]a||" },
	{ "a_backslash_keeps_a_blank", "a\\ b c\n", "[1]a b|c|" },
	{ "a_backslash_keeps_a_quote", "\\'a\\\"\n", "[1]'a\"|" },
	{ "a_backslash_keeps_itself", "a\\\\ b\n", "[1]a\\|b|" },
	{ "a_backslash_keeps_a_letter", "\\a\n", "[1]a|" },
	{ "a_backslash_keeps_a_newline", "a\\\nb c\nd\n", "[1]a\nb|c|[3]d|" },
	{ "nothing_is_expanded", "$HOME * `a` ~ ; | {a,b}\n", "[1]$HOME|*|`a`|~|;|||{a,b}|" },
	{ "unmatched_single_quote_fails", "a\nb 'c\nd'\n", "2: unmatched single quote" },
	{ "unmatched_double_quote_fails", "\n\n\"", "3: unmatched double quote" },
	{ "a_backslash_at_the_end_fails", "a\nb\\", "2: nothing follows the backslash" },
};

static void test_lines(void)
{
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(lines[i].name, lines[i].text, strlen(lines[i].text), '\n', no_prefix,
		      lines[i].want);
	check("a_nul_in_a_line_fails", "a\nb\0c\n", 6, '\n', no_prefix,
	      "2: a NUL byte; if NULs end the commands say --null");
}

#define NULS(name, text, want)	check(name, text, sizeof(text) - 1, 0, no_prefix, want)

static void test_nuls(void)
{
	NULS("nul_ends_a_command", "a b\0c\0", "[1]a|b|[2]c|");
	NULS("no_nul_at_the_end", "a\0b", "[1]a|[2]b|");
	NULS("nul_newline_is_a_blank", "a\nb\0\nc\n", "[1]a|b|[2]c|");
	NULS("nul_newline_in_quotes", "'a\nb'\0c", "[1]a\nb|[2]c|");
	NULS("nul_escaped_newline", "a\\\nb\0c", "[1]a\nb|[2]c|");
	NULS("nul_empty_ones_count", "\0\0a\0", "[3]a|");
	NULS("nul_comments_count", "# a\nb\0c", "[2]c|");
	NULS("nul_unmatched_quote_fails", "a\0'b\0c'\0", "2: unmatched single quote");
	NULS("nul_after_a_backslash_fails", "a\\\0b", "1: nothing follows the backslash");
}

static void test_prefix(void)
{
	static const char *const prefix[] = { "gcc", "-c x", NULL };

	check("prefix_comes_first", "a.c\n\nb.c -O2\n", 13, '\n', prefix,
	      "[1]gcc|-c x|a.c|[3]gcc|-c x|b.c|-O2|");
	check("prefix_alone_is_no_command", "\n#\n", 3, '\n', prefix, "");
}

/* A line of a megabyte, and ten thousand lines. */
static void test_long(void)
{
	size_t len = 1 << 20, i, nr = 0;
	struct words_error error;
	char *text = malloc(len + 1);
	struct words w;
	char *prefix[] = { NULL };

	for (i = 0; i < len; i++)
		text[i] = i % 2 ? ' ' : 'a';
	tap_ok(!words_split(&w, text, len, '\n', prefix, &error) && w.nr == 1 &&
	       w.commands[0].argc == len / 2 && !w.commands[0].argv[len / 2],
	       "a_line_of_a_megabyte");
	words_free(&w);
	for (i = 0; i < 20000; i++)
		text[i] = i % 2 ? '\n' : 'a';
	if (!words_split(&w, text, 20000, '\n', prefix, &error))
		for (nr = 0; nr < w.nr && w.commands[nr].number == nr + 1; )
			nr++;
	tap_ok(nr == 10000, "ten_thousand_lines");
	words_free(&w);
	free(text);
}

int main(void)
{
	test_lines();
	test_nuls();
	test_prefix();
	test_long();
	return tap_end();
}
