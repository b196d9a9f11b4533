/* SPDX-License-Identifier: ISC
 *
 *	sim [--seed N] [--trace FILE] [--svg DIR] [--json] [-v] [-d]
 *	    [-e DIRECTIVE]... FILE
 *
 * Runs a scenario, prints what came of it, and fails (status 1) when a limit
 * does not hold; 2: the scenario cannot be run.  -v prints all limits, -d the
 * engines' log, -e adds a directive behind the file's; --json prints one object
 * instead. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/sim/plot.h"
#include "tests/sim/scenario.h"
#include "tests/sim/verdict.h"

#define EXIT_UNUSABLE 2
#define MORE_MAX 32

struct arguments {
	uint64_t seed;
	const char *trace, *svg, *file;
	const char *more[MORE_MAX]; /* directives */
	unsigned n_more;
	bool is_json, is_verbose, has_log;
};

static int
parse(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "trace", required_argument, NULL, 't' },
		{ "svg", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "vde:", options, NULL)) != -1)
		switch (c) {
		case 's':
			a->seed = strtoull(optarg, NULL, 10);
			break;
		case 't':
			a->trace = optarg;
			break;
		case 'p':
			a->svg = optarg;
			break;
		case 'j':
			a->is_json = true;
			break;
		case 'v':
			a->is_verbose = true;
			break;
		case 'd':
			a->has_log = true;
			break;
		case 'e':
			if (a->n_more == MORE_MAX)
				return -1;
			a->more[a->n_more++] = optarg;
			break;
		default:
			return -1;
		}
	if (optind != argc - 1)
		return -1;
	a->file = argv[optind];
	return 0;
}

/* FILE without folders and ending. */
static const char *
base_name(const char *path, char *buf, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(buf, size, "%s", slash ? slash + 1 : path);
	buf[strcspn(buf, ".")] = '\0';
	return buf;
}

static int
plot_all(const struct sim *s, const struct arguments *a)
{
	char base[128], name[256], title[512];

	base_name(a->file, base, sizeof base);
	for (const struct simhost *h = s->hosts; h; h = h->next) {
		snprintf(name, sizeof name, "%s-%s", base, h->station.name);
		snprintf(title, sizeof title, "%s, %s: %s", base,
		    h->station.name, s->about);
		int r = plot_write(&h->judge, a->svg, name, title);
		if (r < 0) {
			fprintf(stderr, "%s/%s.svg: %s\n", a->svg, name,
			    strerror(-r));
			return -1;
		}
	}
	return 0;
}

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int
report(const struct sim *s, const struct arguments *a)
{
	double hours = world_seconds(&s->world) / 3600, cpu = cpu_seconds();
	unsigned bad;

	if (a->is_json) {
		verdict_json(s, cpu, stdout);
		bad = verdict_print(s, false, stderr);
	} else {
		verdict_stats(s, stdout);
		bad = verdict_print(s, a->is_verbose, stdout);
		printf("%.1f h in %.2f s of CPU, %.0f h/s; seed %llu\n", hours,
		    cpu, hours / cpu, (unsigned long long)a->seed);
	}
	if (a->svg && plot_all(s, a) < 0)
		return EXIT_UNUSABLE;
	return bad > 0;
}

static int
load(struct sim *s, const struct arguments *a)
{
	int r = sim_load(s, a->file);

	for (s->line = 1; r == 0 && s->line <= a->n_more; s->line++) {
		s->file = "-e";
		r = sim_line(s, a->more[s->line - 1]);
	}
	s->file = a->file;
	return r;
}

int
main(int argc, char **argv)
{
	struct arguments a = { .seed = 1 };
	static struct sim sim;
	FILE *trace = NULL;
	int r;

	if (parse(&a, argc, argv) < 0) {
		fputs("sim [--seed N] [--trace FILE] [--svg DIR] [--json] [-v] "
		      "[-d] [-e DIRECTIVE]... FILE\n", stderr);
		return EXIT_UNUSABLE;
	}
	/* Nobody reads the log: not even errors may be written. */
	if (!a.has_log)
		log_init(open("/dev/null", O_WRONLY), LOGSTYLE_PREFIX,
		    (enum log_level)(LOGLEVEL_FATAL + 1), "");
	else
		log_init(STDERR_FILENO, LOGSTYLE_PREFIX, LOGLEVEL_DEBUG, "");
	if (a.trace && (trace = fopen(a.trace, "w")) == NULL) {
		perror(a.trace);
		return EXIT_UNUSABLE;
	}
	sim_init(&sim, a.seed);
	if (load(&sim, &a) < 0 || sim_run(&sim, trace) < 0)
		r = EXIT_UNUSABLE;
	else
		r = report(&sim, &a);
	if (trace && fclose(trace) != 0)
		r = EXIT_UNUSABLE;
	sim_fini(&sim);
	return r;
}
