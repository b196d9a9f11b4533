/* SPDX-License-Identifier: ISC */
#include "daemon/setup_leap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define DIR_ZONES "/usr/share/zoneinfo"

/* flags: O_NOFOLLOW or 0. */
static int
open_file(const char *word, const char *path, int flags)
{
	struct stat st;
	int fd = open(path,
	    O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | flags);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	log_warn("%s %s: not read: %s%s", word, path,
	    fd >= 0 ? "not a plain file" :
	    errno == ELOOP ? "it is a symbolic link" : strerror(errno),
	    flags == 0 ? " (package tzdata-legacy?)" : "");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Links in the way are followed now, not later. */
static void
keep_place(struct setup_leap *l, const char *dir, const char *name)
{
	char *whole = realpath(dir, NULL);

	if (whole != NULL && strcmp(whole, "/") != 0) {
		snprintf(l->dir, sizeof l->dir, "%s", whole);
		snprintf(l->slot, sizeof l->slot, "leap/%s", name);
	}
	free(whole);
}

/* Of a list that may come later, too. */
static void
keep_list(struct setup_leap *l, const char *path)
{
	char dir[CONFIG_PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return;
	snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
	keep_place(l, dir, slash + 1);
}

/* The file may be a link, as zones are at times. */
static void
keep_zone(struct setup_leap *l, const char *path)
{
	char *whole = realpath(path, NULL);
	char *slash = whole != NULL ? strrchr(whole, '/') : NULL;

	if (slash != NULL) {
		*slash = '\0';
		keep_place(l, whole, slash + 1);
	}
	free(whole);
}

void
setup_open_leap(struct setup_leap *l, const struct config *c)
{
	char path[CONFIG_PATH_MAX];

	*l = (struct setup_leap){ .list = -1, .zone = -1, .config = c };
	if (c->leapseclist[0] != '\0') {
		l->list = open_file("leapseclist", c->leapseclist, O_NOFOLLOW);
		keep_list(l, c->leapseclist);
	}
	if (c->leapsectz[0] == '\0')
		return;
	if (c->leapsectz[0] == '/' || strstr(c->leapsectz, "..") != NULL) {
		log_warn("leapsectz %s: not read: not the name of a time zone",
		    c->leapsectz);
		return;
	}
	snprintf(path, sizeof path, DIR_ZONES "/%s", c->leapsectz);
	l->zone = open_file("leapsectz", path, 0);
	l->is_zone = l->zone >= 0 && l->list < 0;
	if (l->is_zone)
		keep_zone(l, path);
}

typedef bool parser(struct leap_table *, const void *, size_t);

static bool
read_table(int *fd, const char *word, const char *name, parser *parse,
    struct leap_table *t)
{
	static char text[LEAPFILE_MAX];
	ssize_t n;

	if (*fd < 0)
		return false;
	n = read(*fd, text, sizeof text);
	close(*fd);
	*fd = -1;
	if (n > 0 && (size_t)n < sizeof text && parse(t, text, (size_t)n)) {
		log_info("%s %s: %u entries, TAI - UTC at last %d s", word,
		    name, t->n, t->rows[t->n - 1].tai);
		return true;
	}
	log_warn("%s %s: ignored: no table of leap seconds", word, name);
	return false;
}

bool
setup_read_leap(struct setup_leap *l, struct leap_table *t)
{
	bool has = read_table(&l->list, "leapseclist", l->config->leapseclist,
	    leapfile_read_list, t);

	if (has && l->zone >= 0) {
		close(l->zone);
		l->zone = -1;
	}
	return has || read_table(&l->zone, "leapsectz", l->config->leapsectz,
	    leapfile_read_zone, t);
}
