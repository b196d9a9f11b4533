/* SPDX-License-Identifier: ISC
 *
 * Optimal string alignment distance.  A third of the letters, rounded up, may
 * be wrong: "severs" finds server, "ntp" finds nothing. */
#include "conf/suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define WORD_MAX 31

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int
letter(const char *word, size_t i)
{
	return tolower((unsigned char)word[i]);
}

size_t
suggest_distance(const char *a, const char *b)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return SIZE_MAX;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++) {
			size_t same = letter(a, i - 1) == letter(b, j - 1);

			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
			    d[i - 1][j - 1] + !same);
			if (i > 1 && j > 1 &&
			    letter(a, i - 1) == letter(b, j - 2) &&
			    letter(a, i - 2) == letter(b, j - 1))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

void
suggest_init(struct suggest *s, const char *word)
{
	s->word = word;
	s->best = NULL;
	s->distance = (strlen(word) + 2) / 3 + 1;
}

void
suggest_offer(struct suggest *s, const char *known)
{
	size_t d = suggest_distance(s->word, known);

	if (d < s->distance) {
		s->best = known;
		s->distance = d;
	}
}
