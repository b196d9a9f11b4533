/* SPDX-License-Identifier: ISC
 *
 * A configuration file of any bytes: it is read or refused with a place and a
 * hint, and what was read keeps to the ranges.  Lines that name other files are
 * left out, as the input would choose what to open. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
names_files(const char *bytes, size_t size)
{
	char word[8];
	size_t i = 0;

	while (i < size && (bytes[i] == ' ' || bytes[i] == '\t'))
		i++;
	if (size - i < 7)
		return 0;
	memcpy(word, bytes + i, 7);
	word[7] = '\0';
	return strcasecmp(word, "include") == 0 ||
	    strcasecmp(word, "confdir") == 0;
}

static void
judge(const struct config *c)
{
	for (size_t i = 0; i < c->n_sources; i++) {
		const struct config_source *s = &c->sources[i];

		assert(*s->name != '\0' && s->port >= 1);
		assert(s->minpoll >= -7 && s->maxpoll <= 24);
		assert(s->minpoll <= s->maxpoll);
		assert(s->maxdelay >= 0 && s->maxdelay <= 1000);
		assert(s->version >= 0 && s->version <= 4); /* 0: none */
	}
	assert(isfinite(c->makestep_threshold) && c->makestep_threshold >= 0);
	assert(c->maxslewrate_ppm >= 0 && c->maxslewrate_ppm <= 100000);
	assert(c->maxdrift_ppm >= 0 && c->maxdrift_ppm <= 100000);
	assert(c->maxdistance >= 0 && isfinite(c->maxclockerror_ppm));
	assert(c->minsources >= 1 && c->drift_interval >= 1);
	assert(c->guard.bucket >= 0 && c->guard.bucket <= 86400);
	assert(c->guard.window_s <= 86400 && c->guard.operator_steps <= 1000);
	assert(c->n_warnings <= CONFIG_WARNINGS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct config_error error;
	struct parse p = { .config = &config, .error = &error, .file = "fuzz" };
	const char *at = (const char *)data, *end = at + size;
	char buf[2048];
	int r = 0;

	config_init(&config);
	while (at < end && r == 0) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((newline != NULL ? newline : end) - at);

		p.line_number++;
		if (!names_files(at, n))
			r = parse_line(&p, at, n);
		at += newline != NULL ? n + 1 : n;
	}
	assert(r == 0 || r == CONFIG_E_BAD);
	if (r == CONFIG_E_BAD) {
		assert(error.line == p.line_number && error.column > 0);
		assert(*error.text != '\0' && *error.hint != '\0');
		config_error_print(&error, buf, sizeof buf);
		assert(strncmp(buf, "fuzz:", 5) == 0);
	}
	judge(&config);
	assert(config_review(&config) == 0);
	config_fini(&config);
	return 0;
}
