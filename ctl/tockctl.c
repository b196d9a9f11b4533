/* SPDX-License-Identifier: ISC
 *
 * tockctl's command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_config.h"
#include "ctl/cmds.h"
#include "ctl/face.h"
#include "ctl/json.h"
#include "ctl/status.h"

static void
usage(const struct ctl *ctl)
{
	puts("usage: tockctl [-46ciw] [--json] [-h HOST,...] [-p PORT]"
	     " [COMMAND [ARG...]]\n");
	cmds_help(ctl, false);
	puts("\n"
	    "  -c, --csv    comma-separated values with a header\n"
	    "  --json       JSON\n"
	    "  -w, -i       wide tables; read commands from the standard input\n"
	    "  -h HOST,...  ask these by UDP, or a datagram socket: /PATH\n"
	    "  -p PORT      UDP port; 323\n"
	    "  -4, -6       which addresses a HOST means\n"
	    "  --version, --help; COMMAND --help, help: arguments of commands");
}

static int
read_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n == 0 || n > UINT16_MAX)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

int
tockctl_options(struct ctl *ctl, struct start *s, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "csv", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'H' },
		{ "json", no_argument, NULL, 'J' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int o;

	ctl->has_config_names = true;
	while ((o = getopt_long(argc, argv, "+46ch:inNp:w", long_options,
		    NULL)) != -1) {
		switch (o) {
		case '4':
		case '6':
			ctl->family = o - '0';
			break;
		case 'c':
			ctl->format = FORMAT_CSV;
			break;
		case 'h':
			s->hosts = optarg;
			break;
		case 'i':
			s->prompt = true;
			break;
		case 'n':
			ctl->has_config_names = false;
			break;
		case 'N':
			break;
		case 'p':
			if (read_port(optarg, &s->port) == 0)
				break;
			ctl_complain(ctl, "-p %s: a port is 1 to 65535",
			    optarg);
			return HEALTH_UNKNOWN;
		case 'w':
			ctl->is_wide = true;
			break;
		case 'J':
			ctl->format = FORMAT_JSON;
			break;
		case 'V':
			printf("tockctl %s\n", TOCK_VERSION);
			return EXIT_SUCCESS;
		case 'H':
			usage(ctl);
			return EXIT_SUCCESS;
		default:
			fprintf(stderr, "tockctl: try tockctl --help\n");
			return HEALTH_UNKNOWN;
		}
	}
	s->first = optind;
	return FACE_GO_ON;
}
