/* SPDX-License-Identifier: ISC
 *
 * One table for getopt_long.  Options end at the first argument that is none
 * (a directive may begin with anything), whatever the C library would do. */
#include "common/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

enum { /* long options without a letter */
	OPT_DEVEL = 256,
	OPT_LOG_STYLE,
	OPT_LISTEN_FDS,
	OPT_NO_CLOCK,
};

/* The leading ':' makes a missing argument tell itself from a bad option. */
static const char letters[] = "+:46f:ndl:L:pqQsRt:u:UxvhF:P:mr";

static const struct option names[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ "devel", no_argument, NULL, OPT_DEVEL },
	{ "log-style", required_argument, NULL, OPT_LOG_STYLE },
	{ "listen-fds", required_argument, NULL, OPT_LISTEN_FDS },
	{ "no-clock", no_argument, NULL, OPT_NO_CLOCK },
	{ NULL, 0, NULL, 0 },
};

static int
number(const char *text, int min, int max, int *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < min || n > max)
		return -EINVAL;
	*value = (int)n;
	return 0;
}

static int
seconds(const char *text, double *value)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(s) || s <= 0 || s > 1e9)
		return -EINVAL;
	*value = s;
	return 0;
}

/* What chronyd has and this daemon has not, and what to do instead; NULL for
 * options that may be given and change nothing. */
static const char *
not_built(int option, const char *value)
{
	switch (option) {
	case 'F':
		return strcmp(value, "0") == 0
		    ? "the filter is always on; build with -Dseccomp=off" : NULL;
	case 'P':
		return "real-time priority is not built yet; leave it out";
	default: /* -m */
		return "locking memory is not built yet; leave it out";
	}
}

static int
take(struct options *o, int option, const char *value)
{
	switch (option) {
	case '4':
	case '6':
		o->family = option - '0';
		return 0;
	case 'f':
		o->file = value;
		return *value == '\0' ? -EINVAL : 0;
	case 'n':
		o->foreground = true;
		return 0;
	case 'd':
		o->foreground = true;
		o->debug++;
		return 0;
	case 'l':
		o->log_file = value;
		return *value == '\0' ? -EINVAL : 0;
	case 'L':
		return number(value, LOGLEVEL_DEBUG, LOGLEVEL_FATAL,
		    &o->log_least);
	case 'p':
		o->print_config = o->foreground = true;
		return 0;
	case 'q':
		o->set_once = o->foreground = true;
		return 0;
	case 'Q':
		o->show_once = o->foreground = true;
		return 0;
	case 's':
		o->from_rtc = true;
		return 0;
	case 'R':
		o->restarted = true;
		return 0;
	case 'r':
		o->restored = true;
		return 0;
	case 't':
		return seconds(value, &o->timeout);
	case 'u':
		o->user = value;
		return *value == '\0' ? -EINVAL : 0;
	case 'U':
		o->no_root_check = true;
		return 0;
	case 'x':
		o->no_clock = true;
		return 0;
	case 'v':
		o->want_version = true;
		return 0;
	case 'h':
		o->want_help = true;
		return 0;
	case OPT_DEVEL:
		o->devel = true;
		return 0;
	case OPT_LOG_STYLE:
		return number(value, LOGSTYLE_PLAIN, LOGSTYLE_SYSLOG,
		    &o->log_style);
	case OPT_LISTEN_FDS:
		return number(value, 0, 64, &o->listen_fds);
	default: /* OPT_NO_CLOCK */
		o->clock_denied = true;
		return 0;
	}
}

static int
complain(char *msg, size_t size, const char *word, const char *text)
{
	snprintf(msg, size, "option %s: %s (tockd --help lists all)", word,
	    text);
	return -EINVAL;
}

int
options_parse(struct options *o, int argc, char **argv, char *msg, size_t size)
{
	memset(o, 0, sizeof *o);
	opterr = 0;
	optind = 0; /* start afresh, with both glibc and musl */
	for (;;) {
		char letter[3] = { '-', 0, 0 };
		int c = getopt_long(argc, argv, letters, names, NULL);
		if (c == -1)
			break;

		/* A bad letter may stand in the middle of a word. */
		int shown = c == '?' || c == ':' ? optopt : c;
		const char *word = letter;
		letter[1] = (char)shown;
		if ((shown <= 0 || shown > 127) && optind > 0)
			word = argv[optind - 1];

		if (c == ':')
			return complain(msg, size, word, "a value is missing");
		if (c == '?')
			return complain(msg, size, word,
			    "there is no such option");
		if (c < 128 && strchr("FPm", c) != NULL) {
			const char *why = not_built(c, optarg);
			if (why != NULL)
				return complain(msg, size, word, why);
			continue;
		}
		if (take(o, c, optarg) < 0) {
			char why[128];
			snprintf(why, sizeof why, "bad value \"%.64s\"",
			    optarg);
			return complain(msg, size, word, why);
		}
	}
	o->directives = argv + optind;
	o->n_directives = argc - optind;
	if (o->debug > 1 && o->log_least > LOGLEVEL_DEBUG)
		o->log_least = LOGLEVEL_DEBUG;
	return 0;
}

const char *
options_help(void)
{
	return
	    "usage: tockd [option]... [directive]...\n"
	    "With directives, one in each argument (\"server ntp.example.net\"), "
	    "no file\nis read.\n\n"
	    "  -f FILE   configuration (/etc/tock/tock.conf, else\n"
	    "            /etc/chrony/chrony.conf)\n"
	    "  -4, -6    names stand for IPv4, IPv6 addresses only\n"
	    "  -n        stay in the foreground\n"
	    "  -d        the same, with the log on the terminal; -dd: debug "
	    "too\n"
	    "  -l FILE   log to FILE\n"
	    "  -L LEVEL  least to log: -1 debug, 0 info, 1 warning, 2 error, "
	    "3 fatal\n"
	    "  -p        print the configuration that would be used, and end\n"
	    "  -q        set the clock once, and end\n"
	    "  -Q        show the clock's offset, leave it alone, and end\n"
	    "  -x        measure and serve, leave the clock alone\n"
	    "  -s        set the clock from the real-time clock first\n"
	    "  -R        a restart: ignore makestep's limit\n"
	    "  -r        read the sample histories of dumpdir\n"
	    "  -t SECS   end after that time\n"
	    "  -u USER   user of the engine (_tock)\n"
	    "  -U        start even without root\n"
	    "  -F LEVEL  accepted; the system call filter is always on\n"
	    "  --devel   take the role programs from a build directory\n"
	    "  -v, --version   -h, --help\n";
}
