/* SPDX-License-Identifier: ISC */
#include "tests/reference/refscale.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#define SECOND INT64_C(1000000000)  /* ns */
#define STALE INT64_C(100000000)    /* 100 ms: no packet waits that long */
#define READINGS 9

static int64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

struct refpair
refpair_read(void)
{
	struct refpair best = { .width_ns = INT64_MAX };

	for (int i = 0; i < READINGS; i++) {
		int64_t raw = clock_ns(CLOCK_MONOTONIC_RAW);
		int64_t real = clock_ns(CLOCK_REALTIME);
		int64_t width = clock_ns(CLOCK_MONOTONIC_RAW) - raw;

		if (width < best.width_ns)
			best = (struct refpair){ real, raw + width / 2, width };
	}
	return best;
}

struct refscale
refscale_start(double offset, double ppm)
{
	struct refpair now = refpair_read();

	return (struct refscale){
		.raw0_ns = now.raw_ns,
		.ref0_ns = now.real_ns + llround(offset * 1e9),
		.ppm = ppm,
	};
}

int64_t
refscale_at(const struct refscale *s, int64_t raw_ns)
{
	int64_t past = raw_ns - s->raw0_ns;

	return s->ref0_ns + past + llround((double)past * s->ppm * 1e-6);
}

int64_t
refscale_of_real(const struct refscale *s, int64_t real_ns,
    const struct refpair *p)
{
	int64_t age = p->real_ns - real_ns;

	if (age < 0 || age > STALE)
		age = 0;
	return refscale_at(s, p->raw_ns - age);
}

int
refscale_save(const struct refscale *s, const char *path)
{
	char temporary[4096];
	int n = snprintf(temporary, sizeof temporary, "%s.new", path);

	if (n < 0 || (size_t)n >= sizeof temporary)
		return -ENAMETOOLONG;
	FILE *f = fopen(temporary, "w");
	if (f == NULL)
		return -errno;
	int put = fprintf(f, "%" PRId64 " %" PRId64 " %.9g\n", s->raw0_ns,
	    s->ref0_ns, s->ppm);
	if (fclose(f) != 0 || put < 0)
		return -EIO;
	return rename(temporary, path) == 0 ? 0 : -errno;
}

int
refscale_load(struct refscale *s, const char *path)
{
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return -errno;
	int got = fscanf(f, "%" SCNd64 " %" SCNd64 " %lf", &s->raw0_ns,
	    &s->ref0_ns, &s->ppm);
	fclose(f);
	return got == 3 ? 0 : -EINVAL;
}

void
refscale_report(const struct refscale *s)
{
	struct timex k = { .modes = 0 };
	struct refpair now = refpair_read();

	adjtimex(&k);
	/* A tick more or less in 10000 is 100 ppm; freq counts 2^-16 ppm. */
	printf("{\"t\": %.6f, \"error\": %.9f, \"width\": %.9f, "
	       "\"ppm\": %.6f, \"tick\": %ld, \"status\": %d, "
	       "\"maxerror\": %ld}\n",
	    (double)now.raw_ns * 1e-9,
	    (double)(now.real_ns - refscale_at(s, now.raw_ns)) * 1e-9,
	    (double)now.width_ns * 1e-9,
	    (double)k.freq / 65536 + (double)(k.tick - 10000) * 100, k.tick,
	    k.status, k.maxerror);
	fflush(stdout);
}
