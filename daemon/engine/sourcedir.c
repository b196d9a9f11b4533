/* SPDX-License-Identifier: ISC */
#include "daemon/engine/sourcedir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/manage.h"
#include "daemon/engine/source.h"

#define SAY_LINES 10 /* bad ones, of one reading */
#define NAME_SIZE 129
#define SUFFIX ".sources"

struct file {
	char name[NAME_SIZE];
	size_t dir;
};

/* One reading of all files. */
struct reading {
	struct engine *engine;
	struct file files[SOURCEDIR_FILES];
	size_t n_files, dir;
	bool has_more; /* files than there is room for */
	unsigned bad;
	struct sourcedir_line lines[SOURCEDIR_SOURCES];
	size_t n_lines;
	int n_sources; /* that these lines want */
	char text[SOURCEDIR_FILE_MAX];
};

const char *
sourcedir_slot(size_t i)
{
	static const char *const names[] = { "sources0", "sources1", "sources2",
		"sources3", "sources4", "sources5", "sources6", "sources7",
		"sources8", "sources9" };

	_Static_assert(sizeof names / sizeof *names == CONFIG_SOURCEDIRS_MAX,
	    "a name for each");
	return names[i];
}

static bool
is_known(const struct reading *r, const char *name)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (strcmp(r->files[i].name, name) == 0)
			return true;
	return false;
}

/* The same name in an earlier directory hides it. */
static void
add_file(void *owner, const char *name)
{
	struct reading *r = owner;
	size_t n = strlen(name), suffix = sizeof SUFFIX - 1;

	if (n <= suffix || n >= NAME_SIZE ||
	    strcmp(name + n - suffix, SUFFIX) != 0 || is_known(r, name))
		return;
	if (r->n_files == SOURCEDIR_FILES) {
		r->has_more = true;
		return;
	}
	r->files[r->n_files].dir = r->dir;
	memcpy(r->files[r->n_files++].name, name, n + 1);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name,
	    ((const struct file *)b)->name);
}

static void
refuse(struct reading *r, const struct config_error *e)
{
	char text[CONFIG_PATH_MAX + 600];

	if (r->bad++ >= SAY_LINES)
		return;
	config_error_print(e, text, sizeof text);
	log_warn("left out: %s", text);
}

static int
take_line(struct reading *r, const char *file, unsigned number,
    const char *bytes, size_t size)
{
	struct config_source conf;
	struct config_error e;
	int error = config_source_line(&conf, file, number, bytes, size, &e);

	if (error == CONFIG_E_BAD)
		refuse(r, &e);
	if (error != 0)
		return error < 0 ? error : 0;
	int wants = conf.is_pool ? conf.maxsources : 1;
	if (r->n_sources + wants > SOURCEDIR_SOURCES) {
		snprintf(e.file, sizeof e.file, "%s", file);
		e.line = number;
		snprintf(e.text, sizeof e.text, "more than %d sources in "
		    "all", SOURCEDIR_SOURCES);
		refuse(r, &e);
		return 0;
	}
	char *text = strndup(bytes, size);
	if (text == NULL)
		return -ENOMEM;
	r->n_sources += wants;
	r->lines[r->n_lines++] = (struct sourcedir_line){ text, conf };
	return 0;
}

static int
take_file(struct reading *r, const struct file *f)
{
	struct engine *e = r->engine;
	char path[CONFIG_SOURCEDIR_LEN + NAME_SIZE + 1];
	char slot[NAME_SIZE + 16];
	unsigned number = 0;
	int error = 0;

	snprintf(path, sizeof path, "%s/%s", e->config->sourcedirs[f->dir],
	    f->name);
	snprintf(slot, sizeof slot, "%s/%s", sourcedir_slot(f->dir), f->name);
	ssize_t n = e->os->ops->load(e->os, slot, r->text, sizeof r->text);
	if (n < 0) {
		log_warn("file of sources %s: not read: %s", path,
		    n == -EINVAL ? "not a plain file" : strerror((int)-n));
		return 0;
	}
	/* A line without its end is still being written. */
	const char *at = r->text, *end;
	while (error == 0 &&
	    (end = memchr(at, '\n', (size_t)(r->text + n - at))) != NULL) {
		error = take_line(r, path, ++number, at, (size_t)(end - at));
		at = end + 1;
	}
	return error;
}

static int
read_all(struct reading *r)
{
	struct engine *e = r->engine;
	int error = 0;

	for (r->dir = 0; r->dir < e->config->n_sourcedirs; r->dir++) {
		int failed = e->os->ops->list(e->os, sourcedir_slot(r->dir), r,
		    add_file);
		if (failed < 0)
			log_info("sourcedir %s: not read: %s",
			    e->config->sourcedirs[r->dir], failed == -ENOENT ?
			    "it was not there at the start" :
			    strerror(-failed));
	}
	qsort(r->files, r->n_files, sizeof *r->files, by_name);
	for (size_t i = 0; i < r->n_files && error == 0; i++)
		error = take_file(r, &r->files[i]);
	if (r->has_more)
		log_warn("more than %d files of sources: the rest is left out",
		    SOURCEDIR_FILES);
	if (r->bad > SAY_LINES)
		log_warn("files of sources: %u lines left out in all", r->bad);
	return error;
}

static struct source *
source_of(struct engine *e, uint32_t origin)
{
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->conf.origin == origin)
			return s;
	return NULL;
}

/* The lines that were there before keep their numbers, which are taken out of
 * the old list; what is left in there has gone. */
static void
match(struct sourcedirs *old, struct reading *r)
{
	for (size_t i = 0; i < r->n_lines; i++)
		for (size_t k = 0; k < old->n; k++)
			if (old->lines[k].conf.origin != 0 &&
			    strcmp(old->lines[k].text, r->lines[i].text) == 0) {
				r->lines[i].conf.origin =
				    old->lines[k].conf.origin;
				old->lines[k].conf.origin = 0;
				break;
			}
}

static void
delete_gone(struct engine *e, const struct sourcedirs *old)
{
	for (size_t i = 0; i < old->n; i++) {
		uint32_t origin = old->lines[i].conf.origin;
		struct source *s;

		if (origin == 0)
			continue;
		log_info("source %s: deleted, its line has gone",
		    old->lines[i].conf.name);
		while ((s = source_of(e, origin)) != NULL)
			source_free(s);
	}
}

static void
add_new(struct engine *e, struct sourcedir_line *line)
{
	if (line->conf.origin == 0)
		line->conf.origin = ++e->sourcedirs.last;
	else if (source_of(e, line->conf.origin) != NULL)
		return;
	int error = manage_add(e, &line->conf);
	if (error != 0)
		log_warn("source %s: not added: %s", line->conf.name,
		    error == -EEXIST ? "its address is a source's already"
				     : strerror(-error));
}

/* The reading becomes what is known. */
static int
apply(struct engine *e, struct reading *r)
{
	struct sourcedirs *s = &e->sourcedirs;
	struct sourcedir_line *lines = calloc(r->n_lines + 1, sizeof *lines);

	if (lines == NULL)
		return -ENOMEM;
	match(s, r);
	delete_gone(e, s);
	sourcedir_fini(s);
	s->lines = lines;
	s->n = r->n_lines;
	r->n_lines = 0;
	for (size_t i = 0; i < s->n; i++) {
		s->lines[i] = r->lines[i];
		add_new(e, &s->lines[i]);
	}
	engine_reselect(e);
	return 0;
}

int
sourcedir_reload(struct engine *e)
{
	struct reading *r;
	int error;

	if (e->config->n_sourcedirs == 0)
		return 0;
	r = calloc(1, sizeof *r);
	if (r == NULL)
		return -ENOMEM;
	r->engine = e;
	error = read_all(r);
	if (error == 0)
		error = apply(e, r);
	for (size_t i = 0; i < r->n_lines; i++)
		free(r->lines[i].text);
	free(r);
	return error;
}

void
sourcedir_fini(struct sourcedirs *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->lines[i].text);
	free(s->lines);
	s->lines = NULL;
	s->n = 0;
}
