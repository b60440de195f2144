// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A drawing. Each spawn has a row: a strip with its marks and the steps of the policy, and below it
 * its SQEs in as many lanes as were in flight at once.
 */
#include <errno.h>
#include <string.h>
#include "escape.h"
#include "watch_draw.h"
#include "watch_words.h"

enum {
	LEFT		= 200,		/* where time begins; names are left of it */
	CHART		= 960,
	RIGHT		= 40,
	WIDTH		= LEFT + CHART + RIGHT,
	TOP		= 64,		/* title and legend */
	AXIS		= 40,
	STRIP		= 20,
	LANE		= 16,
	BAR		= 13,
	ROW_GAP		= 10,
	CHAR_WIDTH	= 6,
};

struct drawing {
	FILE	*f;
	__u64	from;
	double	per_ns;			/* pixels */
	int	height;
};

static double x_of(const struct drawing *d, __u64 ns)
{
	return LEFT + (ns - d->from) * d->per_ns;
}

/* Its name takes two lines, also if it has no SQE. */
static int row_height(const struct track *track)
{
	return STRIP + (track->nr_lanes ?: 1) * LANE + ROW_GAP;
}

static void put_title(FILE *f, const char *text)
{
	fputs("<title>", f);
	put_xml(f, text);
	fputs("</title>", f);
}

/* ---- Frame -------------------------------------------------------------------------------- */

static const char style[] =
	"text{font:11px sans-serif;fill:#212529}"
	".tick{text-anchor:middle}.head{font-size:15px}"
	".dim{fill:#868e96}.in{fill:#fff}.grid{stroke:#dee2e6}"
	".ok{fill:#3b7dd8}.runs{fill:#2b8a3e}.error{fill:#d6336c}.cancelled{fill:#adb5bd}"
	".unseen{fill:#fff;stroke:#868e96;stroke-dasharray:3 2}"
	".wait{fill:#ffd43b}.mark{fill:#212529}.step{stroke:#212529;stroke-width:1.5}";

struct key {
	const char	*class, *words;
};

static void put_key(FILE *f, int x, const char *words)
{
	fprintf(f, "<text x=\"%d\" y=\"48\">%s</text>\n", x, words);
}

static void put_legend(FILE *f)
{
	static const struct key bars[] = {
		{ "ok", "SQE" }, { "runs", "EXEC that runs" }, { "error", "error" },
		{ "cancelled", "cancelled" }, { "unseen", "no completion" },
		{ "wait", "policy waits" },
	};
	unsigned int i;
	int x = LEFT;

	for (i = 0; i < sizeof(bars) / sizeof(bars[0]); i++, x += 112) {
		fprintf(f, "<rect class=\"%s\" x=\"%d\" y=\"38\" width=\"14\" height=\"12\"/>",
			bars[i].class, x);
		put_key(f, x + 19, bars[i].words);
	}
	fprintf(f, "<circle class=\"mark\" cx=\"%d\" cy=\"44\" r=\"4\"/>", x + 4);
	put_key(f, x + 13, "clone");
	fprintf(f, "<path class=\"step\" d=\"M%d 38v12\"/>", x + 60);
	put_key(f, x + 66, "step");
	fprintf(f, "<path class=\"mark\" d=\"M%d 38l7 6l-7 6z\"/>", x + 104);
	put_key(f, x + 115, "exec");
	fprintf(f, "<rect class=\"mark\" x=\"%d\" y=\"39\" width=\"7\" height=\"10\"/>", x + 156);
	put_key(f, x + 168, "end");
}

static void put_head(const struct drawing *d, const struct timeline *t)
{
	char missing[96] = "";

	fprintf(d->f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n<style>%s</style>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, d->height, WIDTH,
		d->height, style, WIDTH, d->height);
	if (t->lost + t->missing)
		snprintf(missing, sizeof(missing), ", %llu events are missing",
			 t->lost + t->missing);
	fprintf(d->f, "<text class=\"head\" x=\"12\" y=\"22\">%u spawn%s, %.3f ms%s</text>\n",
		t->nr, t->nr == 1 ? "" : "s", (t->to - t->from) / 1e6, missing);
	put_legend(d->f);
}

/* A round number of nanoseconds, so that there are four to ten ticks. */
static double tick_step(double ns)
{
	double step = 1;

	while (step * 10 < ns)
		step *= 10;
	if (ns / step > 5)
		return step;
	return ns / step > 2 ? step / 2 : step / 5;
}

static void put_axis(const struct drawing *d, double ns)
{
	double step = tick_step(ns), at;
	int bottom = d->height - AXIS, decimals = step < 1e3 ? 6 : step < 1e6 ? 3 : 0;

	for (at = 0; at <= ns; at += step) {
		double x = LEFT + at * d->per_ns;

		fprintf(d->f, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>"
			"<text class=\"tick\" x=\"%.1f\" y=\"%d\">%.*f</text>\n",
			x, TOP, bottom + 5, x, bottom + 18, decimals, at / 1e6);
	}
	fprintf(d->f, "<text class=\"dim\" x=\"%d\" y=\"%d\">ms</text>\n", LEFT - 30, bottom + 18);
}

/* ---- A row -------------------------------------------------------------------------------- */

static const char *bar_class(const struct span *s)
{
	if (!s->has_res)
		return "unseen";
	if (!watch_is_error(s->res))
		return s->runs ? "runs" : "ok";
	return s->res == -ECANCELED ? "cancelled" : "error";
}

/* Returns how many pixels it takes. */
static int bar_text(const struct span *s, char *buf, size_t size)
{
	const char *opcode = watch_opcode(s->begin.opcode);

	if (s->has_res)
		snprintf(buf, size, "%s: %s", opcode, s->runs ? "runs" : watch_result(s->res));
	else
		snprintf(buf, size, "%s", opcode);
	return strlen(buf) * CHAR_WIDTH + 6;
}

static void put_text(FILE *f, const char *class, double x, int y, const char *text)
{
	fprintf(f, "<text class=\"%s\" x=\"%.1f\" y=\"%d\">", class, x, y);
	put_xml(f, text);
	fputs("</text>\n", f);
}

/* Where the lane is taken again, as far as text is concerned. */
static double lane_free_until(const struct drawing *d, const struct track *track,
			      const struct span *s)
{
	const struct span *next;

	for (next = s + 1; next < track->spans + track->nr_spans; next++)
		if (next->lane == s->lane)
			return x_of(d, next->from);
	return WIDTH;
}

static void put_bar(const struct drawing *d, const struct track *track, const struct span *s, int y)
{
	double x = x_of(d, s->from), width = x_of(d, s->to) - x;
	char text[64], tip[128];
	int len;

	if (width < 2)
		width = 2;
	y += STRIP + s->lane * LANE;
	len = bar_text(s, text, sizeof(text));
	snprintf(tip, sizeof(tip), "%s, %.3f ms", text, (s->to - s->from) / 1e6);
	fprintf(d->f, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\">",
		bar_class(s), x, y, width, BAR);
	put_title(d->f, tip);
	fputs("</rect>\n", d->f);
	if (width > len)
		put_text(d->f, s->has_res ? "in" : "out", x + 3, y + 10, text);
	else if (lane_free_until(d, track, s) - x - width > len)
		put_text(d->f, "out", x + width + 3, y + 10, text);
}

/* A tick, and behind it the wait for the next one. */
static void put_step(const struct drawing *d, const struct span *s, int y)
{
	double x = x_of(d, s->from), width = x_of(d, s->to) - x;
	char text[WATCH_TEXT], tip[WATCH_TEXT + 48];

	watch_describe(&s->begin, text, sizeof(text));
	snprintf(tip, sizeof(tip), "%.3f ms, step %s, then %.3f ms", (s->from - d->from) / 1e6,
		 text, (s->to - s->from) / 1e6);
	fputs("<g class=\"step-mark\">", d->f);
	put_title(d->f, tip);
	if (s->to > s->from)
		fprintf(d->f, "<rect class=\"wait\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
			"height=\"6\"/>", x, y + 6, width);
	fprintf(d->f, "<path class=\"step\" d=\"M%.1f %dv12\"/></g>\n", x, y + 3);
}

static void put_mark(const struct drawing *d, const struct watch_event *e, int y)
{
	char text[WATCH_TEXT], tip[WATCH_TEXT + 32];
	double x = x_of(d, e->ns);

	watch_describe(e, text, sizeof(text));
	snprintf(tip, sizeof(tip), "%.3f ms, %s: %s", (e->ns - d->from) / 1e6, watch_event_name(e),
		 text);
	fprintf(d->f, "<g class=\"%s-mark\">", watch_event_name(e));
	put_title(d->f, tip);
	switch (e->type) {
	case WATCH_EXEC:
		fprintf(d->f, "<path class=\"%s\" d=\"M%.1f %dl7 6l-7 6z\"/>",
			e->res ? "error" : "runs", x, y + 3);
		break;
	case WATCH_END:
		fprintf(d->f, "<rect class=\"mark\" x=\"%.1f\" y=\"%d\" width=\"7\" "
			"height=\"10\"/>", x, y + 4);
		break;
	default:
		fprintf(d->f, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%d\" r=\"4\"/>",
			e->res ? "error" : "mark", x, y + 9);
	}
	fputs("</g>\n", d->f);
}

static void put_row(const struct drawing *d, const struct track *track, int y)
{
	unsigned int i;

	fprintf(d->f, "<g class=\"row\">\n<path class=\"grid\" d=\"M0 %dH%d\"/>\n", y - ROW_GAP / 2,
		WIDTH);
	fprintf(d->f, "<text x=\"12\" y=\"%d\">", y + 13);
	if (track->pid)
		fprintf(d->f, "pid %d  ", track->pid);
	put_xml(d->f, track->comm);
	fprintf(d->f, "</text>\n<text class=\"dim\" x=\"12\" y=\"%d\">%s %d</text>\n",
		y + STRIP + 10, track->pid ? "spawned by" : "no task for", track->submitter);
	for (i = 0; i < track->nr_steps; i++)
		put_step(d, &track->steps[i], y);
	for (i = 0; i < track->nr_spans; i++)
		put_bar(d, track, &track->spans[i], y);
	for (i = 0; i < track->nr_marks; i++)
		put_mark(d, &track->marks[i], y);
	fputs("</g>\n", d->f);
}

void watch_draw_svg(FILE *f, const struct timeline *t)
{
	double ns = t->to > t->from ? t->to - t->from : 1;
	struct drawing d = { .f = f, .from = t->from, .per_ns = CHART / ns, .height = TOP + AXIS };
	unsigned int i;
	int y = TOP + ROW_GAP;

	for (i = 0; i < t->nr; i++)
		d.height += row_height(&t->tracks[i]);
	d.height += ROW_GAP;
	put_head(&d, t);
	if (t->nr)
		put_axis(&d, ns);
	for (i = 0; i < t->nr; i++) {
		put_row(&d, &t->tracks[i], y);
		y += row_height(&t->tracks[i]);
	}
	fputs("</svg>\n", f);
}
