/* SPDX-License-Identifier: ISC */
#include "daemon/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/paths.h"
#include "conf/bounds.h"

#define DRIFT_MAX_TEXT 256

_Static_assert(CONFIG_DRIFT_NAME_MAX == CLK_DRIFT_NAME - 1,
    "the parser promises what the wire can carry");

void
setup_limits(struct clk_req *req, const struct config *c,
    const struct options *o)
{
	struct clk_limits *l = &req->u.limits;
	const struct config_guard *g = &c->guard;

	memset(req, 0, sizeof *req);
	req->type = CLK_SETUP;
	l->max_base_ppt = llround((c->has_maxdrift ? c->maxdrift_ppm : 500) * 1e6);
	l->bucket_ns = span_ns(g->bucket);
	l->refill_ppt = llround(g->refill_ppm * 1e6);
	l->window_s = g->window_s;
	l->operator_steps = g->operator_steps;
	l->notbefore_s = g->notbefore_s;
	l->notafter_s = g->notafter_s;
	if (c->has_makestep && !(o->restarted && c->makestep_limit > 0))
		l->steps = c->makestep_limit < 0 ? CLK_STEPS_UNLIMITED
						 : c->makestep_limit;
	if (!o->restarted)
		l->extra_steps = (uint32_t)o->set_once +
		    (uint32_t)o->from_rtc + (uint32_t)c->has_initstepslew;
	if (g->off)
		l->flags |= CLK_GUARD_OFF;
	if (c->rtcsync)
		l->flags |= CLK_RTCSYNC;
	if (c->leapsecmode == LEAPSEC_STEP)
		l->flags |= CLK_LEAP_STEP;
}

/* Whether a user may make files in a directory, by its mode alone. */
static bool
may_write(const char *dir, unsigned uid, unsigned gid)
{
	struct stat st;

	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return false;
	if (st.st_uid == uid)
		return (st.st_mode & S_IWUSR) != 0;
	if (st.st_gid == gid)
		return (st.st_mode & S_IWGRP) != 0;
	return (st.st_mode & S_IWOTH) != 0;
}

void
setup_place_dumps(struct config *c, unsigned uid, unsigned gid)
{
	if (c->dumpdir[0] == '\0' || geteuid() != 0 ||
	    may_write(c->dumpdir, uid, gid))
		return;
	if (may_write(DIR_STATE, uid, gid)) {
		log_info("dumpdir %s: %s may not write there, histories are "
			 "kept in " DIR_STATE, c->dumpdir, USER_ENGINE);
		strcpy(c->dumpdir, DIR_STATE);
		return;
	}
	log_warn("dumpdir %s: %s may not write there, histories are not kept",
	    c->dumpdir, USER_ENGINE);
	c->dumpdir[0] = '\0';
}

/* Opens the record; NULL dir means that path is whole. */
static int
open_plain(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC |
		O_NOCTTY);

	if (fd < 0) {
		if (errno != ENOENT)
			log_warn("drift file %s: not read: %s", path,
			    errno == ELOOP ? "it is a symbolic link"
					   : strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		log_warn("drift file %s: not read: not a plain file", path);
		close(fd);
		return -1;
	}
	return fd;
}

int
setup_open_drift(struct setup_drift *d, const struct config *c)
{
	const char *slash = strrchr(c->driftfile, '/');
	const char *name = slash ? slash + 1 : c->driftfile;
	size_t dir_len = slash ? (size_t)(slash - c->driftfile) : 0;

	memset(d, 0, sizeof *d);
	d->fd = -1;
	if (c->driftfile[0] == '\0')
		return 0;
	if (slash == NULL || name[0] == '\0' || name[0] == '.' ||
	    strlen(name) >= sizeof d->name || dir_len >= sizeof d->dir) {
		log_fatal("drift file %s: needs an absolute path whose last "
			  "part is a plain name below %u characters",
		    c->driftfile, CLK_DRIFT_NAME);
		return -EINVAL;
	}
	if (strcmp(name, "time") == 0) {
		log_fatal("drift file %s: the clock keeps another file of this "
			  "name, choose another", c->driftfile);
		return -EINVAL;
	}
	strlcpy(d->name, name, sizeof d->name);
	memcpy(d->dir, c->driftfile, dir_len);
	d->fd = open_plain(c->driftfile);
	return 0;
}

int
setup_open_keys(const struct config *c)
{
	return c->keyfile[0] == '\0' ? -1 : open(c->keyfile, O_RDONLY |
	    O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

int
setup_find_drift(struct setup_drift *d, const struct config *c,
    unsigned clock_uid, unsigned clock_gid)
{
	char own[CONFIG_PATH_MAX + CLK_DRIFT_NAME];
	int r = setup_open_drift(d, c);

	if (r < 0 || d->name[0] == '\0' ||
	    (d->dir[0] != '\0' && may_write(d->dir, clock_uid, clock_gid)))
		return r;

	strlcpy(d->dir, DIR_STATE_CLOCK, sizeof d->dir);
	log_info("drift file %s: %s may not write there, the record is kept "
		 "in %s/%s", c->driftfile, USER_CLOCK, d->dir, d->name);
	snprintf(own, sizeof own, "%s/%s", d->dir, d->name);
	int kept = open_plain(own);
	if (kept >= 0) {
		if (d->fd >= 0)
			close(d->fd);
		d->fd = kept;
	}
	return 0;
}

bool
setup_read_drift(struct setup_drift *d, double limit_ppm, double *ppm,
    double *skew_ppm)
{
	char text[DRIFT_MAX_TEXT + 1], *end;
	ssize_t n;

	if (d->fd < 0)
		return false;
	n = read(d->fd, text, sizeof text - 1);
	close(d->fd);
	d->fd = -1;
	if (n <= 0) {
		log_warn("drift file %s/%s: ignored: %s", d->dir, d->name,
		    n < 0 ? strerror(errno) : "empty");
		return false;
	}
	text[n] = '\0';

	double gain = strtod(text, &end);
	bool good = end != text && (size_t)n == strlen(text);
	char *second = end;
	double skew = strtod(second, &end);
	good = good && end != second && end[strspn(end, " \t\r\n")] == '\0';
	if (!good || !isfinite(gain) || !isfinite(skew) || skew < 0 ||
	    fabs(gain) > limit_ppm) {
		log_warn("drift file %s/%s: ignored: not two numbers in ppm "
			 "within %g", d->dir, d->name, limit_ppm);
		return false;
	}
	*ppm = -gain;
	*skew_ppm = skew;
	return true;
}

void
setup_apply_drift(struct setup_drift *d, const struct config *c,
    struct engine_options *eo)
{
	double ppm, skew;

	if (setup_read_drift(d, c->has_maxdrift ? c->maxdrift_ppm : 500, &ppm,
		&skew)) {
		eo->drift_ppm = ppm;
		eo->drift_skew_ppm = skew;
	}
}

void
setup_boot_id(char *id, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, id, size - 1);

	id[n > 0 ? n : 0] = '\0';
	id[strcspn(id, " \n")] = '\0';
	close(fd);
}

static bool
read_rtc(time_t *t)
{
	struct rtc_time rtc;
	int fd = open("/dev/rtc", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	int r = ioctl(fd, RTC_RD_TIME, &rtc);
	close(fd);
	if (r < 0)
		return false;

	struct tm tm = {
		.tm_sec = rtc.tm_sec, .tm_min = rtc.tm_min,
		.tm_hour = rtc.tm_hour, .tm_mday = rtc.tm_mday,
		.tm_mon = rtc.tm_mon, .tm_year = rtc.tm_year,
	};
	*t = timegm(&tm);
	return *t > 0;
}

double
setup_preset(const struct config *c)
{
	time_t best = 0, now = time(NULL), rtc;
	struct stat st;

	if (read_rtc(&rtc))
		best = rtc;
	else
		log_warn("RTC: cannot be read: %s", strerror(errno));
	/* The clock was at least this far already. */
	if (c->driftfile[0] != '\0' && lstat(c->driftfile, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_mtime > best && st.st_mtime > now)
		best = st.st_mtime;
	return best == 0 ? 0 : difftime(best, now);
}
