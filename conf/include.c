/* SPDX-License-Identifier: ISC
 *
 * A configuration may name itself, or ten files that each name ten others: the
 * chain of open files is kept in struct parse and watched for loops and depth,
 * and what has been read in all is counted in struct config. */
#include "conf/include.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/list.h"

struct text {
	char *bytes;
	size_t size;
};

static int
cannot(struct parse *at, unsigned i, const char *path, int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		parse_hint(at, "check the path");
		break;
	case EACCES:
		parse_hint(at, "it has to be readable for who starts tockd");
		break;
	default:
		parse_hint(at, "check the file and its file system");
		break;
	}
	return parse_fail(at, i, "cannot read %s: %s", parse_shown(path).text,
	    strerror(error));
}

static int
too_large(struct parse *at, unsigned i)
{
	parse_hint(at, "is this a configuration file?");
	return parse_fail(at, i,
	    "the configuration is larger than %d MiB in all",
	    CONFIG_SIZE_MAX >> 20);
}

static const char *
kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a fifo";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

/* Opens a regular file; neither a fifo nor a terminal makes this wait. */
static int
open_regular(struct parse *at, unsigned i, const char *path, struct stat *st,
    int *fd)
{
	*fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0 && errno == ENXIO) {
		parse_hint(at, "the configuration is read from plain files");
		return parse_fail(at, i, "%s is a socket or a device",
		    parse_shown(path).text);
	}
	if (*fd < 0)
		return cannot(at, i, path, errno);
	if (fstat(*fd, st) != 0)
		return cannot(at, i, path, errno);
	if (!S_ISREG(st->st_mode)) {
		parse_hint(at, S_ISDIR(st->st_mode) ?
		    "confdir reads the *.conf files of a directory" :
		    "the configuration is read from plain files");
		return parse_fail(at, i, "%s is %s, not a file",
		    parse_shown(path).text, kind_of(st->st_mode));
	}
	return 0;
}

/* Reads fd to its end.  The size in st is a hint only: files in /proc have
 * none, and others may grow. */
static int
read_all(struct parse *at, unsigned i, const char *path, int fd,
    const struct stat *st, struct text *t)
{
	size_t room = CONFIG_SIZE_MAX - at->config->bytes_read;

	if (st->st_size > (off_t)room)
		return too_large(at, i);
	t->bytes = malloc(room + 1);
	if (t->bytes == NULL)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(fd, t->bytes + t->size, room + 1 - t->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cannot(at, i, path, errno);
		if (n == 0)
			return 0;
		t->size += (size_t)n;
		if (t->size > room)
			return too_large(at, i);
	}
}

/* The chain from the file that at belongs to, outwards, may hold neither ten
 * files nor this one. */
static int
judge_nesting(struct parse *at, unsigned i, const char *path,
    const struct stat *st)
{
	for (const struct parse *p = at; p != NULL && p->depth > 0; p = p->outer)
		if (p->dev == st->st_dev && p->ino == st->st_ino) {
			parse_hint(at, "remove this line, or the one in %s",
			    parse_shown(p->file).text);
			return parse_fail(at, i, "%s includes itself",
			    parse_shown(path).text);
		}
	if (at->depth == PARSE_NESTED_MAX) {
		parse_hint(at, "files are nested at most %d deep",
		    PARSE_NESTED_MAX);
		return parse_fail(at, i, "%s is nested too deep",
		    parse_shown(path).text);
	}
	if (at->config->files_read == CONFIG_FILES_MAX) {
		parse_hint(at, "join some of them");
		return parse_fail(at, i, "more than %d files",
		    CONFIG_FILES_MAX);
	}
	return 0;
}

static int
parse_lines(struct parse *p, const struct text *t)
{
	size_t at = 0;

	while (at < t->size) {
		const char *start = t->bytes + at;
		const char *end = memchr(start, '\n', t->size - at);
		size_t n = end != NULL ? (size_t)(end - start) : t->size - at;

		p->line_number++;
		int r = parse_line(p, start, n);
		if (r != 0)
			return r;
		at += n + 1;
	}
	return 0;
}

int
include_file(struct parse *at, unsigned i, const char *path)
{
	struct parse p = { .config = at->config, .error = at->error,
		.file = path, .outer = at, .depth = at->depth + 1 };
	struct text t = { NULL, 0 };
	struct stat st = { 0 };
	int fd, r;

	r = open_regular(at, i, path, &st, &fd);
	if (r == 0)
		r = judge_nesting(at, i, path, &st);
	if (r == 0)
		r = read_all(at, i, path, fd, &st, &t);
	if (fd >= 0)
		close(fd);
	if (r == 0) {
		p.dev = st.st_dev;
		p.ino = st.st_ino;
		p.config->bytes_read += t.size;
		p.config->files_read++;
		r = parse_lines(&p, &t);
	}
	free(t.bytes);
	return r;
}

static int
one_or_more(struct parse *p, unsigned max, const char *usage)
{
	if (p->line->n > 1 && p->line->n <= max + 1)
		return 0;
	if (p->line->n > max + 1)
		return parse_surplus(p, max + 1, p->line->word[0]);
	parse_hint(p, "usage: %s", usage);
	return parse_fail(p, 0, "%s: the argument is missing",
	    p->line->word[0]);
}

int
include_parse(struct parse *p)
{
	glob_t g;
	int r = one_or_more(p, 1, "include FILE, or include DIR/*.conf");

	if (r != 0)
		return r;
	if (strpbrk(p->line->word[1], "*?[\\") == NULL)
		return include_file(p, 1, p->line->word[1]);
	r = glob(p->line->word[1], GLOB_ERR, NULL, &g);
	if (r == GLOB_NOMATCH)
		return 0;
	if (r == GLOB_NOSPACE)
		return -ENOMEM;
	if (r != 0) {
		parse_hint(p, "a directory of it is missing or not readable");
		return parse_fail(p, 1, "could not search for files matching "
		    "%s", parse_shown(p->line->word[1]).text);
	}
	for (size_t i = 0; i < g.gl_pathc && r == 0; i++)
		r = include_file(p, 1, g.gl_pathv[i]);
	globfree(&g);
	return r;
}

static const char *
base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int
by_base_name(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

static bool
is_conf(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

/* The paths of confdir's files. */
struct paths {
	char **list;
	size_t n;
};

static bool
is_hidden(const struct paths *paths, const char *name)
{
	for (size_t i = 0; i < paths->n; i++)
		if (strcmp(base_name(paths->list[i]), name) == 0)
			return true;
	return false;
}

static int
add_path(struct parse *p, unsigned word, const char *name, struct paths *paths)
{
	char *path;

	if (!is_conf(name) || is_hidden(paths, name))
		return 0;
	if (paths->n == CONFIG_FILES_MAX) {
		parse_hint(p, "join some of them");
		return parse_fail(p, word, "more than %d files",
		    CONFIG_FILES_MAX);
	}
	if (asprintf(&path, "%s/%s", p->line->word[word], name) < 0)
		return -ENOMEM;
	return list_append(&paths->list, &paths->n, path);
}

/* A directory that is not there is worth a warning only: packages name theirs
 * before anybody makes it. */
static int
add_directory(struct parse *p, unsigned word, struct paths *paths)
{
	const char *path = p->line->word[word];
	DIR *dir = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (dir == NULL && errno == ENOENT)
		return parse_warn(p, word, "there is no directory %s",
		    parse_shown(path).text);
	if (dir == NULL)
		return cannot(p, word, path, errno);
	while (r == 0 && (entry = readdir(dir)) != NULL)
		r = add_path(p, word, entry->d_name, paths);
	closedir(dir);
	return r;
}

/* The word that names the directory of path. */
static unsigned
word_of(const struct parse *p, const char *path)
{
	size_t n = (size_t)(base_name(path) - path) - 1;
	unsigned i = 1;

	while (i + 1 < p->line->n && (strlen(p->line->word[i]) != n ||
	    strncmp(p->line->word[i], path, n) != 0))
		i++;
	return i;
}

int
include_confdir(struct parse *p)
{
	struct paths paths = { NULL, 0 };
	int r = one_or_more(p, INCLUDE_DIRS_MAX, "confdir DIRECTORY...");

	for (unsigned i = 1; r == 0 && i < p->line->n; i++)
		r = add_directory(p, i, &paths);
	if (r == 0 && paths.n > 0)
		qsort(paths.list, paths.n, sizeof *paths.list, by_base_name);
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = include_file(p, word_of(p, paths.list[i]), paths.list[i]);
	for (size_t i = 0; i < paths.n; i++)
		free(paths.list[i]);
	free(paths.list);
	return r;
}
