/* SPDX-License-Identifier: ISC */
#include "tests/sim/plot.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LEFT 70
#define TOP 40
#define HEIGHT 260
#define GAP 50
#define WIDTH JUDGE_COLUMNS

/* One picture: where it lies, and the range of its values. */
struct panel {
	double top;       /* px */
	double low, high; /* in unit */
	double unit;
	const char *label;
};

static double
y_of(const struct panel *p, double v)
{
	v = fmin(fmax(v / p->unit, p->low), p->high);
	return p->top + HEIGHT * (p->high - v) / (p->high - p->low);
}

static double
value_low(const struct judge_column *c, bool is_freq)
{
	return is_freq ? c->freq_low : c->low;
}

static double
value_high(const struct judge_column *c, bool is_freq)
{
	return is_freq ? c->freq_high : c->high;
}

/* The range of what came after settling (its start would dwarf all else), with
 * a little room, around zero. */
static void
range(const struct judge *j, struct panel *p, bool is_freq)
{
	double most = 0;

	for (int i = 0; i < WIDTH; i++) {
		const struct judge_column *c = &j->columns[i];

		if (c->is_set && (i + 1) * j->end / WIDTH > j->settle)
			most = fmax(most, fmax(-value_low(c, is_freq),
			    value_high(c, is_freq)));
	}
	if (most < 1e-12)
		most = 1e-12;
	p->unit = is_freq ? 1e-6 : most < 2e-6 ? 1e-9 : most < 2e-3 ? 1e-6 :
	    most < 2 ? 1e-3 : 1;
	p->label = is_freq ? "frequency error, ppm" :
	    most < 2e-6 ? "clock behind, ns" :
	    most < 2e-3 ? "clock behind, us" :
	    most < 2 ? "clock behind, ms" : "clock behind, s";
	p->high = most / p->unit * 1.1;
	p->low = -p->high;
}

/* A step of 1, 2 or 5 times a power of ten, about a fifth of the range. */
static double
grid_step(double span)
{
	double power = pow(10, floor(log10(span / 5))), rest = span / 5 / power;

	return power * (rest < 2 ? 1 : rest < 5 ? 2 : 5);
}

static void
draw_grid(FILE *out, const struct judge *j, const struct panel *p)
{
	double step = grid_step(p->high - p->low);
	double hours = j->end / 3600, every = grid_step(hours * 0.7);

	for (double v = ceil(p->low / step) * step; v <= p->high; v += step)
		fprintf(out, "<path class=\"g\" d=\"M%d %.1fh%d\"/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
		    LEFT, y_of(p, v * p->unit), WIDTH, LEFT - 6,
		    y_of(p, v * p->unit) + 4, fabs(v) < step / 2 ? 0 : v);
	for (double h = 0; h <= hours * 1.0001; h += every)
		fprintf(out, "<path class=\"g\" d=\"M%.1f %.1fv%d\"/>"
		    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g h"
		    "</text>\n", LEFT + h / hours * WIDTH, p->top, HEIGHT,
		    LEFT + h / hours * WIDTH, p->top + HEIGHT + 16, h);
	fprintf(out, "<text x=\"%d\" y=\"%.1f\">%s</text>\n", LEFT, p->top - 6,
	    p->label);
}

/* From column to column the line goes over both ends of what lies in it. */
static void
draw_line(FILE *out, const struct judge *j, const struct panel *p, bool is_freq)
{
	fputs("<polyline class=\"l\" points=\"", out);
	for (int i = 0; i < WIDTH; i++) {
		const struct judge_column *c = &j->columns[i];

		if (c->is_set)
			fprintf(out, "%d,%.1f %d,%.1f\n", LEFT + i,
			    y_of(p, value_low(c, is_freq)), LEFT + i,
			    y_of(p, value_high(c, is_freq)));
	}
	fputs("\"/>\n", out);
}

static void
draw_claim(FILE *out, const struct judge *j, const struct panel *p)
{
	for (int i = 0; i < WIDTH; i++) {
		const struct judge_column *c = &j->columns[i];
		double top = y_of(p, c->claim);

		if (c->is_set && isfinite(c->claim))
			fprintf(out, "<rect class=\"c\" x=\"%d\" y=\"%.1f\" "
			    "width=\"1\" height=\"%.1f\"/>\n", LEFT + i, top,
			    y_of(p, -c->claim) - top);
	}
}

/* Text that XML would take for its own is left out. */
static void
put_text(FILE *out, const char *text)
{
	for (; *text; text++)
		if (!strchr("<>&", *text))
			fputc(*text, out);
}

int
plot_write(const struct judge *j, const char *dir, const char *name,
    const char *title)
{
	struct panel above = { .top = TOP + 20 };
	struct panel below = { .top = TOP + 20 + HEIGHT + GAP };
	char path[1024];
	FILE *out;

	snprintf(path, sizeof path, "%s/%s.svg", dir, name);
	out = fopen(path, "w");
	if (!out)
		return -errno;
	range(j, &above, false);
	range(j, &below, true);
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
	    "<style>.g{stroke:#ddd}.l{fill:none;stroke:#1f5fa8}"
	    ".c{fill:#f3ead2}</style>\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
	    "<text x=\"%d\" y=\"24\" font-size=\"15\">", LEFT + WIDTH + 30,
	    TOP + 2 * HEIGHT + 2 * GAP, LEFT);
	put_text(out, title);
	fputs("</text>\n", out);
	draw_claim(out, j, &above);
	draw_grid(out, j, &above);
	draw_line(out, j, &above, false);
	draw_grid(out, j, &below);
	draw_line(out, j, &below, true);
	fputs("</svg>\n", out);
	return fclose(out) == 0 ? 0 : -errno;
}
