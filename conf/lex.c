/* SPDX-License-Identifier: ISC
 *
 * The bytes are judged before they are split: what comes out is printable
 * UTF-8, so that messages may repeat words of the file on a terminal. */
#include "conf/lex.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BOM "\xef\xbb\xbf"

static int
fail(struct config_error *e, size_t at, const char *text, const char *hint)
{
	e->column = (unsigned)at + 1;
	snprintf(e->text, sizeof e->text, "%s", text);
	snprintf(e->hint, sizeof e->hint, "%s", hint);
	return CONFIG_E_BAD;
}

/* The length of the UTF-8 character at p (RFC 3629: shortest form, no
 * surrogates), or 0.  *code is the character. */
static size_t
utf8(const unsigned char *p, size_t size, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 :
	    (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;

	if (n == 0 || n > size)
		return 0;
	*code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return n;
}

/* What every line must keep to, comments too. */
static int
judge_line(const char *bytes, size_t size, struct config_error *e)
{
	const char *nul = memchr(bytes, 0, size);

	if (nul != NULL)
		return fail(e, (size_t)(nul - bytes), "NUL byte",
		    "this is not a text file, or it is UTF-16: write UTF-8");
	if (size > LEX_LINE_MAX)
		return fail(e, LEX_LINE_MAX, "line longer than 2047 bytes",
		    "a directive has one line; lists go on several");
	return 0;
}

static int
judge_characters(const char *bytes, size_t size, struct config_error *e)
{
	char text[64];
	uint32_t code = 0;
	size_t n;

	for (size_t i = 0; i < size; i += n) {
		n = utf8((const unsigned char *)bytes + i, size - i, &code);
		if (n == 0)
			return fail(e, i, "this is not UTF-8",
			    "outside of comments only UTF-8 is understood: "
			    "convert the file, for instance with iconv");
		if ((code < 0x20 && code != '\t') ||
		    (code >= 0x7f && code <= 0xa0)) {
			snprintf(text, sizeof text, code == 0xa0 ?
			    "no-break space (U+%04X)" :
			    "control character (U+%04X)", (unsigned)code);
			return fail(e, i, text,
			    "words are separated by spaces or tabs");
		}
	}
	return 0;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

int
lex_split(struct lex_line *l, const char *bytes, size_t size,
    struct config_error *e)
{
	size_t first = 0;

	l->n = 0;
	if (size > 0 && judge_line(bytes, size, e) != 0)
		return CONFIG_E_BAD;
	if (size >= 3 && memcmp(bytes, BOM, 3) == 0)
		return fail(e, 0, "byte order mark",
		    "remove it with: sed -i '1s/^\\xEF\\xBB\\xBF//' FILE");
	if (size > 0 && bytes[size - 1] == '\r')
		size--; /* CR LF: white space to chronyd, so to us */
	while (first < size && is_space(bytes[first]))
		first++;
	if (first == size || lex_is_comment(bytes + first))
		return 0;
	if (judge_characters(bytes, size, e) != 0)
		return CONFIG_E_BAD;

	memcpy(l->text, bytes, size);
	l->text[size] = '\0';
	for (size_t i = first; i < size; i++) {
		if (is_space(l->text[i]))
			l->text[i] = '\0';
		else if (i == first || l->text[i - 1] == '\0')
			l->word[l->n++] = l->text + i;
	}
	return 0;
}

unsigned
lex_column(const struct lex_line *l, unsigned i)
{
	return (unsigned)(l->word[i] - l->text) + 1;
}

unsigned
lex_find(const struct lex_line *l, const char *word)
{
	unsigned i = l->n - 1;

	while (i > 0 && strcasecmp(l->word[i], word) != 0)
		i--;
	return i;
}

bool
lex_is_comment(const char *word)
{
	return *word != '\0' && strchr("!;#%", *word) != NULL;
}
