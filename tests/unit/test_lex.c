/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "conf/lex.h"
#include "conf/number.h"
#include "conf/suggest.h"

static struct lex_line line;
static struct config_error error;

static int
split(const char *text)
{
	memset(&error, 0, sizeof error);
	return lex_split(&line, text, strlen(text), &error);
}

START_TEST(words_are_split_at_spaces_and_tabs)
{
	ck_assert_int_eq(split("  server\ta.b   iburst \t"), 0);
	ck_assert_uint_eq(line.n, 3);
	ck_assert_str_eq(line.word[0], "server");
	ck_assert_str_eq(line.word[1], "a.b");
	ck_assert_str_eq(line.word[2], "iburst");
	ck_assert_uint_eq(lex_column(&line, 0), 3);
	ck_assert_uint_eq(lex_column(&line, 1), 10);
	ck_assert_uint_eq(lex_column(&line, 2), 16);
}
END_TEST

START_TEST(blank_lines_and_comments_have_no_words)
{
	const char *const none[] = { "", " \t ", "# a", "! a", "; a", "% a",
		"  #a", "#", "# Z\xfcrich \x01", "\r" };

	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		ck_assert_int_eq(split(none[i]), 0);
		ck_assert_uint_eq(line.n, 0);
	}
}
END_TEST

START_TEST(a_comment_character_inside_a_line_is_a_word)
{
	ck_assert_int_eq(split("port 123 # x"), 0);
	ck_assert_uint_eq(line.n, 4);
	ck_assert(lex_is_comment(line.word[2]));
	ck_assert(!lex_is_comment(line.word[1]));
}
END_TEST

START_TEST(a_line_has_at_most_2047_bytes)
{
	char text[LEX_LINE_MAX + 2];

	memset(text, 'a', sizeof text);
	text[LEX_LINE_MAX] = '\0';
	ck_assert_int_eq(split(text), 0);
	ck_assert_uint_eq(strlen(line.word[0]), 2047);
	text[LEX_LINE_MAX] = 'a';
	text[LEX_LINE_MAX + 1] = '\0';
	ck_assert_int_eq(split(text), CONFIG_E_BAD);
	ck_assert_uint_eq(error.column, 2048);
	text[0] = '#';
	ck_assert_int_eq(split(text), CONFIG_E_BAD);
}
END_TEST

START_TEST(the_shortest_words_fit)
{
	char text[LEX_LINE_MAX + 1];

	for (size_t i = 0; i < LEX_LINE_MAX; i++)
		text[i] = i % 2 == 0 ? 'a' : ' ';
	text[LEX_LINE_MAX] = '\0';
	ck_assert_int_eq(split(text), 0);
	ck_assert_uint_eq(line.n, LEX_WORDS_MAX);
}
END_TEST

START_TEST(a_line_may_end_in_cr_lf)
{
	ck_assert_int_eq(split("port 1\r"), 0);
	ck_assert_uint_eq(line.n, 2);
	ck_assert_str_eq(line.word[1], "1");
	ck_assert_int_eq(split("\r"), 0);
	ck_assert_uint_eq(line.n, 0);
}
END_TEST

START_TEST(bad_bytes_are_found_with_their_column)
{
	static const struct {
		const char *text;
		unsigned column;
	} bad[] = {
		{ "port\x01", 5 },          /* control character */
		{ "port \x1b[2J", 6 },      /* terminal escape */
		{ "port\r1", 5 },
		{ "a\x7f", 2 },
		{ "a\xc2\x85", 2 },         /* U+0085, C1 */
		{ "a\xc2\xa0z", 2 },        /* no-break space */
		{ "user \xfc", 6 },         /* Latin-1 */
		{ "a\xc0\xaf", 2 },         /* overlong */
		{ "a\xed\xa0\x80", 2 },     /* surrogate */
		{ "a\xf4\x90\x80\x80", 2 }, /* above U+10FFFF */
		{ "a\xe2\x82", 2 },         /* cut short */
		{ "\xef\xbb\xbfport 1", 1 }, /* byte order mark */
		{ "\x0bport", 1 },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(split(bad[i].text), CONFIG_E_BAD);
		ck_assert_uint_eq(error.column, bad[i].column);
		ck_assert_uint_gt(strlen(error.text), 0);
		ck_assert_uint_gt(strlen(error.hint), 0);
	}
	ck_assert_int_eq(lex_split(&line, "# \0", 3, &error), CONFIG_E_BAD);
	ck_assert_uint_eq(error.column, 3);
}
END_TEST

START_TEST(utf8_is_text)
{
	ck_assert_int_eq(split("driftfile /Z\xc3\xbcrich/\xf0\x9f\x95\x90"), 0);
	ck_assert_uint_eq(line.n, 2);
}
END_TEST

START_TEST(integers_are_strict)
{
	const char *const bad[] = { "", "-", "+", "1x", "0x10", "1.0", "1e3",
		" 1", "1 ", "--1", "nan" };
	int64_t n = 7;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(number_int(bad[i], &n), -EINVAL);
	ck_assert_int_eq(number_int("99999999999999999999", &n), -ERANGE);
	ck_assert_int_eq(number_int("-99999999999999999999", &n), -ERANGE);
	ck_assert_int_eq(n, 7);
	ck_assert_int_eq(number_int("-007", &n), 0);
	ck_assert_int_eq(n, -7);
	ck_assert_int_eq(number_int("+9223372036854775807", &n), 0);
	ck_assert_int_eq(n, INT64_MAX);
}
END_TEST

START_TEST(doubles_are_decimal_and_finite)
{
	const char *const bad[] = { "", ".", "+.", "e5", ".e5", "1e", "1e+",
		"1x", "1,5", "nan", "NaN", "inf", "-infinity", "0x1p3", "1.2.3",
		"1 ", " 1", "1e5.0" };
	static const struct {
		const char *word;
		double value;
	} good[] = { { "0", 0 }, { "1.", 1 }, { ".5", 0.5 }, { "-.5", -0.5 },
		{ "+1e3", 1000 }, { "1E-3", 0.001 }, { "1e-999", 0 } };
	double x = 7;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(number_double(bad[i], &x), -EINVAL);
	ck_assert_int_eq(number_double("1e999", &x), -ERANGE);
	ck_assert_int_eq(number_double("-1e999", &x), -ERANGE);
	ck_assert_double_eq(x, 7);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_int_eq(number_double(good[i].word, &x), 0);
		ck_assert_double_eq(x, good[i].value);
	}
}
END_TEST

START_TEST(dates_are_days_of_the_calendar)
{
	const char *const bad[] = { "", "2026", "2026-1-1", "2026-13-01",
		"2026-00-01", "2026-02-29", "2026-04-31", "2026-01-00",
		"2100-02-29", "2026-01-01x", "2026/01/01", "-026-01-01" };
	int64_t s;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(number_date(bad[i], &s), -EINVAL);
	ck_assert_int_eq(number_date("1970-01-01", &s), 0);
	ck_assert_int_eq(s, 0);
	ck_assert_int_eq(number_date("2000-02-29", &s), 0);
	ck_assert_int_eq(s, 951782400); /* date -ud 2000-02-29 +%s */
	ck_assert_int_eq(number_date("2036-02-07", &s), 0);
	ck_assert_int_eq(s, 2085955200);
	ck_assert_int_eq(number_date("2199-12-31", &s), 0);
	ck_assert_int_eq(s, 7258032000);
	ck_assert_int_eq(number_days(1600, 3, 1), -135080);
}
END_TEST

START_TEST(a_close_word_is_suggested_and_a_far_one_is_not)
{
	struct suggest s;

	ck_assert_uint_eq(suggest_distance("server", "SERVER"), 0);
	ck_assert_uint_eq(suggest_distance("serevr", "server"), 1);
	ck_assert_uint_eq(suggest_distance("severs", "server"), 2);
	ck_assert_uint_eq(suggest_distance("", "server"), 6);
	suggest_init(&s, "serevr");
	suggest_offer(&s, "user");
	suggest_offer(&s, "server");
	suggest_offer(&s, "peer");
	ck_assert_str_eq(s.best, "server");
	suggest_init(&s, "xyz");
	suggest_offer(&s, "server");
	ck_assert_ptr_null(s.best);
	suggest_init(&s, "a-word-that-is-longer-than-any-directive-there-is");
	suggest_offer(&s, "server");
	ck_assert_ptr_null(s.best);
}
END_TEST

UNIT_MAIN("lex", words_are_split_at_spaces_and_tabs,
    blank_lines_and_comments_have_no_words,
    a_comment_character_inside_a_line_is_a_word, a_line_has_at_most_2047_bytes,
    the_shortest_words_fit, a_line_may_end_in_cr_lf,
    bad_bytes_are_found_with_their_column, utf8_is_text,
    integers_are_strict, doubles_are_decimal_and_finite,
    dates_are_days_of_the_calendar,
    a_close_word_is_suggested_and_a_far_one_is_not)
