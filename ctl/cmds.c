/* SPDX-License-Identifier: ISC */
#include "ctl/cmds.h"

#include <ctype.h>
#include <string.h>

/* Words and meanings are chronyc's, where it has the command. */
static const struct command commands[] = {
	{ "status", "", "", 0, cmd_status,
	    "is the clock right, how right, and why (the default)",
	    "Exit code: 0 right; 1 right, but worse than 100 ms or held back by\n"
	    "the guard; 2 not synchronised or worse than 1 s; 3 no answer.\n" },
	{ "tracking", "", "", 0, cmd_tracking,
	    "how the clock is being steered", NULL },
	{ "sources", "[-a] [-v] [-w]", "avw", 0, cmd_sources,
	    "the sources and what they are good for",
	    "  -a  also those whose address is not known yet\n"
	    "  -v  with a legend\n"
	    "  -w  wide: longer names, reach in octal, the measured offset\n" },
	{ "sourcestats", "[-a] [-v] [-w]", "avw", 0, cmd_sourcestats,
	    "what was learned about each source",
	    "  -a  also those whose address is not known yet\n"
	    "  -v  with a legend\n"
	    "  -w  wide: longer names\n" },
	{ "activity", "", "", 0, cmd_activity,
	    "how many sources are on line", NULL },
	{ "sourcename", "ADDRESS", "", 1, cmd_sourcename,
	    "the name that the configuration has for it", NULL },
	{ "guard", "", "", 0, cmd_guard,
	    "what the clock still lets the daemon do", NULL },
	{ "makestep", "[-y] [LIMIT UPDATES]", "y", 2, cmd_makestep,
	    "step the clock now, or when to step by itself",
	    "Without arguments: corrects the clock at once.  Root's call also\n"
	    "grants the step that the guard would refuse.  Asks on a terminal.\n"
	    "  LIMIT UPDATES  step at the next UPDATES clock updates that find the\n"
	    "                 clock off by more than LIMIT seconds; -1: always\n"
	    "  -y             do not ask\n" },
	{ "waitsync", "[TRIES [CORRECTION [SKEW [INTERVAL]]]]", "", 4,
	    cmd_waitsync, "wait until the clock is synchronised",
	    "  TRIES       give up after so many, 0: never (exit code 1)\n"
	    "  CORRECTION  largest rest of correction, s; 0: any\n"
	    "  SKEW        largest error of the frequency, ppm; 0: any\n"
	    "  INTERVAL    between tries, s; 10\n" },
	{ "dns", "-n|+n|-4|-6|-46", NULL, 1, cmd_dns,
	    "names by DNS off, on; which addresses a name means", NULL },
	{ "timeout", "MILLISECONDS", "", 1, cmd_timeout,
	    "how long to wait for the first answer", NULL },
	{ "retries", "NUMBER", "", 1, cmd_retries,
	    "how often to ask again", NULL },
	{ "password", "", NULL, CTL_WORDS, cmd_password, NULL, NULL },
	{ "authhash", "", NULL, CTL_WORDS, cmd_password, NULL, NULL },
	{ "help", "[COMMAND]", "", 1, cmd_help, "this list", NULL },
	{ "exit", "", "", 0, cmd_quit, "leave the prompt; also quit", NULL },
	{ "quit", "", "", 0, cmd_quit, NULL, NULL },
};

/* Commands of chronyc that are still to come. */
static const char *const unbuilt[] = { "accheck", "add", "allow", "authdata",
	"burst", "clients", "cmdaccheck", "cmdallow", "cmddeny", "cyclelogs",
	"delete", "deny", "dfreq", "doffset", "dump", "keygen", "local",
	"manual", "maxdelay", "maxdelaydevratio", "maxdelayratio", "maxpoll",
	"maxupdateskew", "minpoll", "minstratum", "ntpdata", "offline",
	"offset", "online", "onoffline", "polltarget", "refresh", "rekey",
	"reload", "reselect", "reselectdist", "reset", "rtcdata", "selectdata",
	"selectopts", "serverstats", "settime", "shutdown", "smoothing",
	"smoothtime", "trimrtc", "writertc" };

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool
is_known(const struct ctl *ctl, const struct command *c)
{
	return !ctl->is_chronyc ||
	    (c->run != cmd_status && c->run != cmd_guard);
}

static const struct command *
find(const struct ctl *ctl, const char *word)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i].word, word) == 0 &&
		    is_known(ctl, &commands[i]))
			return &commands[i];
	return NULL;
}

static int
complain_unknown(const struct ctl *ctl, const char *word)
{
	if (ctl->is_chronyc) {
		ctl_complain(ctl, "Unrecognized command");
		return CTL_FAILED;
	}
	for (size_t i = 0; i < COUNT(unbuilt); i++)
		if (strcmp(unbuilt[i], word) == 0) {
			ctl_complain(ctl, "%s: not built yet", word);
			return CTL_FAILED;
		}
	ctl_complain(ctl, "%s: no such command; see tockctl help", word);
	return CTL_FAILED;
}

static void
print_help(const struct ctl *ctl, const struct command *c)
{
	printf("usage: %s %s%s%s\n\n%s\n", ctl->program, c->word,
	    *c->args ? " " : "", c->args, c->help ? c->help : "");
	if (c->more)
		printf("\n%s", c->more);
}

/* Takes a word that is an option.  Returns CTL_OK, CTL_FAILED, or -1 when help
 * was asked for and given. */
static int
take_option(struct ctl *ctl, const struct command *c, struct args *args,
    const char *word)
{
	if (strcmp(word, "--help") == 0) {
		print_help(ctl, c);
		return -1;
	}
	if (strcmp(word, "--json") == 0) {
		ctl->format = FORMAT_JSON;
		return CTL_OK;
	}
	for (const char *o = word + 1; *o; o++) {
		if (*o == 'c') {
			ctl->format = FORMAT_CSV;
			continue;
		}
		if (!strchr(c->options, *o)) {
			ctl_complain(ctl, "%s: no option %s; see %s %s --help",
			    c->word, word, ctl->program, c->word);
			return CTL_FAILED;
		}
		args->all |= *o == 'a';
		args->verbose |= *o == 'v';
		args->wide |= *o == 'w';
		args->yes |= *o == 'y';
	}
	return CTL_OK;
}

static int
run_tockctl(struct ctl *ctl, const struct command *c, char **words, int n)
{
	const enum ctl_format format = ctl->format;
	struct args args = { .wide = ctl->is_wide };
	int rc = CTL_OK;

	for (int i = 1; i < n && rc == CTL_OK; i++) {
		/* A number may be negative. */
		bool is_option = words[i][0] == '-' && words[i][1] != '\0' &&
		    !isdigit((unsigned char)words[i][1]) &&
		    words[i][1] != '.';

		if (is_option && c->options)
			rc = take_option(ctl, c, &args, words[i]);
		else
			args.word[args.n++] = words[i];
	}
	if (rc == CTL_OK && args.n > c->most) {
		ctl_complain(ctl, "%s: what is '%s'? see %s %s --help",
		    c->word, args.word[c->most], ctl->program, c->word);
		rc = CTL_FAILED;
	}
	if (rc == CTL_OK)
		rc = c->run(ctl, &args);
	ctl->format = format;
	return rc < 0 ? CTL_OK : rc;
}

/* chronyc looks at what it needs and at nothing else. */
static int
run_chronyc(struct ctl *ctl, const struct command *c, char **words, int n)
{
	struct args args = { .wide = ctl->is_wide, .yes = true };

	for (int i = 1; i < n; i++) {
		args.all |= strcmp(words[i], "-a") == 0;
		args.verbose |= strcmp(words[i], "-v") == 0;
		args.word[args.n++] = words[i];
	}
	return c->run(ctl, &args);
}

int
cmds_run(struct ctl *ctl, char **words, int n)
{
	const struct command *c = find(ctl, words[0]);
	int rc;

	if (!c)
		rc = complain_unknown(ctl, words[0]);
	else if (ctl->is_chronyc)
		rc = run_chronyc(ctl, c, words, n);
	else
		rc = run_tockctl(ctl, c, words, n);
	if (ctl->ends_with_dot)
		puts(".");
	fflush(stdout);
	return rc;
}

int
cmds_run_line(struct ctl *ctl, char *line)
{
	char *words[CTL_WORDS];
	char *rest = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " \t\r\n\f\v", &rest); w;
	     w = strtok_r(NULL, " \t\r\n\f\v", &rest)) {
		if (n == CTL_WORDS) {
			ctl_complain(ctl, "the line has too many words");
			return CTL_FAILED;
		}
		words[n++] = w;
	}
	if (n == 0 || strchr("!;#%", words[0][0]))
		return CTL_OK;
	return cmds_run(ctl, words, n);
}

static bool
is_for_prompt(const struct command *c)
{
	return c->run == cmd_dns || c->run == cmd_timeout ||
	    c->run == cmd_retries || c->run == cmd_quit;
}

void
cmds_help(const struct ctl *ctl, bool at_prompt)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		const struct command *c = &commands[i];
		int width;

		if (!c->help || !is_known(ctl, c) ||
		    (!at_prompt && is_for_prompt(c)))
			continue;
		width = printf("  %s %s", c->word, c->args);
		if (width > 27)
			width = printf("\n") - 1;
		printf("%*s%s\n", 28 - width, "", c->help);
	}
}

int
cmd_help(struct ctl *ctl, const struct args *args)
{
	const struct command *c;

	if (args->n == 0) {
		cmds_help(ctl, true);
		return CTL_OK;
	}
	c = find(ctl, args->word[0]);
	if (!c)
		return complain_unknown(ctl, args->word[0]);
	print_help(ctl, c);
	return CTL_OK;
}
