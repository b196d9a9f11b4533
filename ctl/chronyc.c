/* SPDX-License-Identifier: ISC
 *
 * chronyc's command line.  Scripts look at the first words of --version; the
 * version is that of the chronyc whose output this is. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "build_config.h"
#include "common/cmdmon.h"
#include "common/paths.h"
#include "ctl/cmds.h"
#include "ctl/face.h"

#define CHRONYC_VERSION "4.8"
#define HOSTS PATH_CHRONY ",127.0.0.1,::1"

void
chronyc_banner(void)
{
	printf("chronyc (chrony) version %s (tock %s)\n", CHRONYC_VERSION,
	    TOCK_VERSION);
}

static void
usage(const char *program)
{
	printf("Usage: %s [OPTION]... [COMMAND]...\n\n"
	    "Options:\n"
	    "  -4\t\tUse IPv4 addresses only\n"
	    "  -6\t\tUse IPv6 addresses only\n"
	    "  -n\t\tShow addresses, not names\n"
	    "  -N\t\tShow names as they were configured\n"
	    "  -w\t\tWider names in tables\n"
	    "  -c\t\tComma-separated values\n"
	    "  -e\t\tEnd each command with a line \".\"\n"
	    "  -m\t\tEach argument is a command\n"
	    "  -h HOST,...\tWhom to ask (" HOSTS ")\n"
	    "  -p PORT\tUDP port (%d)\n"
	    "  -u USER\tDrop root to this user\n"
	    "  -v, --version\tPrint the version\n"
	    "      --help\tPrint this\n", program, CMDMON_PORT);
}

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'H' },
	{ "version", no_argument, NULL, 'v' },
	{ 0 },
};

int
chronyc_options(struct ctl *ctl, struct start *s, int argc, char **argv)
{
	int o;

	s->hosts = HOSTS;
	ctl->has_reverse_names = true;
	while ((o = getopt_long(argc, argv, "+46acdef:h:mnNp:u:vw",
		    long_options, NULL)) != -1) {
		switch (o) {
		case '4':
		case '6':
			ctl->family = o - '0';
			break;
		case 'a': /* these three: of the past, and for debugging */
		case 'd':
		case 'f':
			break;
		case 'c':
			ctl->format = FORMAT_CSV;
			break;
		case 'e':
			ctl->ends_with_dot = true;
			break;
		case 'h':
			s->hosts = optarg;
			break;
		case 'm':
			s->each = true;
			break;
		case 'n':
			ctl->has_reverse_names = false;
			break;
		case 'N':
			ctl->has_config_names = true;
			break;
		case 'p':
			s->port = (uint16_t)atoi(optarg);
			break;
		case 'u':
			s->user = optarg;
			break;
		case 'v':
			chronyc_banner();
			return EXIT_SUCCESS;
		case 'w':
			ctl->is_wide = true;
			break;
		case 'H':
			usage(argv[0]);
			return EXIT_SUCCESS;
		default:
			usage(argv[0]);
			return EXIT_FAILURE;
		}
	}
	s->first = optind;
	s->prompt = optind == argc;
	return FACE_GO_ON;
}
