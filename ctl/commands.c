/* SPDX-License-Identifier: ISC
 *
 * All commands.  Words and meanings are chronyc's, where it has the command. */
#include "ctl/cmds.h"

#include <string.h>

#define SOURCES_HELP                                                           \
	"  SOURCES  a source, or NETWORK/BITS, or MASK/NETWORK\n"

const struct command commands[] = {
	{ "status", "", "", 0, cmd_status,
	    "is the clock right, how right, and why (the default)",
	    "Exit code: 0 right; 1 right, but worse than 100 ms or held back by\n"
	    "the guard; 2 not synchronised or worse than 1 s; 3 no answer.\n",
	    .is_daily = true },
	{ "tracking", "", "", 0, cmd_tracking,
	    "how the clock is being steered",
	    .is_daily = true },
	{ "sources", "[-a] [-v] [-w]", "avw", 0, cmd_sources,
	    "the sources and what they are good for",
	    "  -a  also those whose address is not known yet\n"
	    "  -v  with a legend\n"
	    "  -w  wide: longer names, reach in octal, the measured offset\n",
	    .is_daily = true },
	{ "sourcestats", "[-a] [-v] [-w]", "avw", 0, cmd_sourcestats,
	    "what was learned about each source",
	    "  -a  also those whose address is not known yet\n"
	    "  -v  with a legend\n"
	    "  -w  wide: longer names\n",
	    .is_daily = true },
	{ "activity", "", "", 0, cmd_activity,
	    "how many sources are on line", NULL },
	{ "sourcename", "ADDRESS", "", 1, cmd_sourcename,
	    "the name that the configuration has for it", NULL },
	{ "ntpdata", "[SOURCE]", "", 1, cmd_ntpdata,
	    "the last packet of each source, counts of packets", NULL },
	{ "selectdata", "[-a] [-v] [-w]", "avw", 0, cmd_selectdata,
	    "why sources are selected or not",
	    "  -a  also those whose address is not known yet\n"
	    "  -v  with a legend\n"
	    "  -w  wide: longer names\n" },
	{ "authdata", "[-a] [-v] [-w]", "avw", 0, cmd_authdata,
	    "how sources are authenticated",
	    "  -a  also those whose address is not known yet\n"
	    "  -v  with a legend\n"
	    "  -w  wide: longer names\n" },
	{ "clients", "[-p MIN] [-k] [-r]", NULL, 4, cmd_clients,
	    "who asks this server, and how often",
	    "  -p MIN  only who asked so often at least\n"
	    "  -k      NTS key exchanges instead of commands\n"
	    "  -r      begin to count anew\n" },
	{ "serverstats", "", "", 0, cmd_serverstats,
	    "what the server has done", NULL },
	{ "guard", "", "", 0, cmd_guard,
	    "what the clock still lets the daemon do",
	    .is_daily = true },
	{ "makestep", "[-y] [LIMIT UPDATES]", "y", 2, cmd_makestep,
	    "step the clock now, or when to step by itself",
	    "Without arguments: corrects the clock at once.  Root's call also\n"
	    "grants the step that the guard would refuse.  Asks on a terminal.\n"
	    "  LIMIT UPDATES  step at the next UPDATES clock updates that find the\n"
	    "                 clock off by more than LIMIT seconds; -1: always\n"
	    "  -y             do not ask\n",
	    .is_daily = true },
	{ "waitsync", "[TRIES [CORRECTION [SKEW [INTERVAL]]]]", "", 4,
	    cmd_waitsync, "wait until the clock is synchronised",
	    "  TRIES       give up after so many, 0: never (exit code 1)\n"
	    "  CORRECTION  largest rest of correction, s; 0: any\n"
	    "  SKEW        largest error of the frequency, ppm; 0: any\n"
	    "  INTERVAL    between tries, s; 10\n",
	    .is_daily = true },
	{ "online", "[SOURCES]", "", 1, cmd_range,
	    "poll these sources (all) again", SOURCES_HELP,
	    CMD_ONLINE, "on line" },
	{ "offline", "[SOURCES]", "", 1, cmd_range,
	    "do not poll these sources (all)", SOURCES_HELP,
	    CMD_OFFLINE, "off line" },
	{ "onoffline", "", "", 0, cmd_plain,
	    "poll what the network reaches, nothing else", NULL,
	    CMD_ONOFFLINE, "what the network reaches is on line" },
	{ "burst", "GOOD/MAX [SOURCES]", "", 2, cmd_burst,
	    "some quick requests to these sources (all)",
	    "Asks until there are GOOD answers, MAX times at most.\n"
	    SOURCES_HELP, CMD_BURST, "asked in a burst" },
	{ "add", "server|peer|pool NAME [OPTION...]", NULL, CTL_WORDS, cmd_add,
	    "one more source; options as in tock.conf(5)", NULL,
	    CMD_ADD_SOURCE, NULL },
	{ "delete", "SOURCE", "", 1, cmd_delete, "one source less", NULL,
	    CMD_DELETE, "deleted" },
	{ "minpoll", "SOURCE LOG2S", NULL, 2, cmd_number_of,
	    "the shortest poll interval of a source", NULL,
	    CMD_MINPOLL, NULL },
	{ "maxpoll", "SOURCE LOG2S", NULL, 2, cmd_number_of,
	    "the longest poll interval of a source", NULL,
	    CMD_MAXPOLL, NULL },
	{ "maxdelay", "SOURCE SECONDS", NULL, 2, cmd_value_of,
	    "the longest round trip that is taken", NULL,
	    CMD_MAXDELAY, NULL },
	{ "maxdelayratio", "SOURCE RATIO", NULL, 2, cmd_value_of,
	    "the same, as a multiple of the least one", NULL,
	    CMD_MAXDELAYRATIO, NULL },
	{ "maxdelaydevratio", "SOURCE RATIO", NULL, 2, cmd_value_of,
	    "the same, as a multiple of the deviation", NULL,
	    CMD_MAXDELAYDEVRATIO, NULL },
	{ "minstratum", "SOURCE STRATUM", NULL, 2, cmd_number_of,
	    "what a source's stratum is at least", NULL,
	    CMD_MINSTRATUM, NULL },
	{ "polltarget", "SOURCE SAMPLES", NULL, 2, cmd_number_of,
	    "what the poll interval aims at", NULL, CMD_POLLTARGET, NULL },
	{ "selectopts", "SOURCE +OPTION|-OPTION...", NULL, CTL_WORDS,
	    cmd_selectopts, "set, clear options of selection",
	    "OPTION: noselect, prefer, trust, require\n",
	    CMD_SELECTOPTS, NULL },
	{ "offset", "SOURCE SECONDS", NULL, 2, cmd_offset,
	    "what is added to each of a source's offsets", NULL,
	    CMD_OFFSET, NULL },
	{ "refresh", "", "", 0, cmd_plain,
	    "look up the names of all sources again", NULL,
	    CMD_REFRESH, "the names are being looked up" },
	{ "reload", "sources", "", 1, cmd_of_sources,
	    "read the files of sourcedir again", NULL,
	    CMD_RELOAD_SOURCES, "the files of sources were read" },
	{ "reset", "sources", "", 1, cmd_of_sources,
	    "forget what all sources measured", NULL,
	    CMD_RESET_SOURCES, "the measurements are forgotten" },
	{ "reselect", "", "", 0, cmd_plain,
	    "choose the best source anew", NULL,
	    CMD_RESELECT, "the best source was chosen anew" },
	{ "reselectdist", "SECONDS", NULL, 1, cmd_value,
	    "how much better another source must be", NULL,
	    CMD_RESELECTDIST, "reselectdist was changed" },
	{ "maxupdateskew", "PPM", NULL, 1, cmd_value,
	    "how uncertain a frequency may be to be used", NULL,
	    CMD_MAXUPDATESKEW, "maxupdateskew was changed" },
	{ "allow", "[all] [SUBNET]", NULL, 2, cmd_access,
	    "serve these", NULL, CMD_ALLOW, "allowed" },
	{ "deny", "[all] [SUBNET]", NULL, 2, cmd_access,
	    "do not serve these", NULL, CMD_DENY, "denied" },
	{ "accheck", "ADDRESS", "", 1, cmd_access_check,
	    "is this address served", NULL, CMD_ACCHECK, NULL },
	{ "cmdallow", "[all] [SUBNET]", NULL, 2, cmd_access,
	    "hear commands of these over UDP", NULL, CMD_CMDALLOW, "allowed" },
	{ "cmddeny", "[all] [SUBNET]", NULL, 2, cmd_access,
	    "do not hear them", NULL, CMD_CMDDENY, "denied" },
	{ "cmdaccheck", "ADDRESS", "", 1, cmd_access_check,
	    "is this address heard", NULL, CMD_CMDACCHECK, NULL },
	{ "local", "off|[OPTION...]", NULL, 11, cmd_local,
	    "serve this clock's own time when no source is there",
	    "Options are those of tock.conf(5): stratum N, distance S, orphan,\n"
	    "activate S, waitsynced S, waitunsynced S.\n",
	    CMD_LOCAL, "this clock's own time is served when it must be" },
	{ "rekey", "", "", 0, cmd_plain, "read the key file again", NULL,
	    CMD_REKEY, "the key file was read" },
	{ "dump", "", "", 0, cmd_plain,
	    "save what was measured, for the next start", NULL,
	    CMD_DUMP, "the measurements were saved" },
	{ "cyclelogs", "", "", 0, cmd_plain, "open the log files anew", NULL,
	    CMD_CYCLELOGS, "the log files were opened anew" },
	{ "shutdown", "", "", 0, cmd_plain, "end the daemon", NULL,
	    CMD_SHUTDOWN, "the daemon ends" },
	{ "dns", "-n|+n|-4|-6|-46", NULL, 1, cmd_dns,
	    "names by DNS off, on; which addresses a name means", NULL },
	{ "timeout", "MILLISECONDS", "", 1, cmd_timeout,
	    "how long to wait for the first answer", NULL },
	{ "retries", "NUMBER", "", 1, cmd_retries,
	    "how often to ask again", NULL },
	{ "password", "", NULL, CTL_WORDS, cmd_password, NULL, NULL },
	{ "authhash", "", NULL, CTL_WORDS, cmd_password, NULL, NULL },
	{ "help", "[COMMAND]", "", 1, cmd_help, "this list",
	    .is_daily = true },
	{ "exit", "", "", 0, cmd_quit, "leave the prompt; also quit", NULL },
	{ "quit", "", "", 0, cmd_quit, NULL, NULL },
};

const size_t commands_n = sizeof commands / sizeof *commands;

static const char *const unbuilt[] = { "dfreq", "doffset", "keygen", "manual",
	 "rtcdata", "settime", "smoothing", "smoothtime", "trimrtc",
	"writertc" };

bool
commands_is_unbuilt(const char *word)
{
	for (size_t i = 0; i < sizeof unbuilt / sizeof *unbuilt; i++)
		if (strcmp(unbuilt[i], word) == 0)
			return true;
	return false;
}
