/* SPDX-License-Identifier: ISC */
#include "ctl/cmds.h"
#include "ctl/roster.h"

#include <ctype.h>
#include <string.h>

static bool
is_known(const struct ctl *ctl, const struct command *c)
{
	return !ctl->is_chronyc ||
	    (c->run != cmd_status && c->run != cmd_guard);
}

static const struct command *
find(const struct ctl *ctl, const char *word)
{
	for (size_t i = 0; i < commands_n; i++)
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
	if (commands_is_unbuilt(word)) {
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
	const char *options = c->options ? c->options : "";

	for (const char *o = word + 1; *o; o++) {
		if (*o == 'c') {
			ctl->format = FORMAT_CSV;
			continue;
		}
		if (*o != 'w' && !strchr(options, *o)) {
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

/* What may follow every command, also one whose words are its own affair. */
static bool
is_general(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "--json") == 0 ||
	    strcmp(word, "-c") == 0 || strcmp(word, "-w") == 0;
}

static int
run_tockctl(struct ctl *ctl, const struct command *c, char **words, int n)
{
	const enum ctl_format format = ctl->format;
	struct args args = { .command = c, .wide = ctl->is_wide };
	int rc = CTL_OK;

	for (int i = 1; i < n && rc == CTL_OK; i++) {
		/* A number may be negative. */
		bool is_option = words[i][0] == '-' && words[i][1] != '\0' &&
		    !isdigit((unsigned char)words[i][1]) &&
		    words[i][1] != '.';

		if (is_option && (c->options || is_general(words[i])))
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
	struct args args = { .command = c, .wide = ctl->is_wide,
		.yes = true };

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
	roster_forget(ctl);
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

static void
print_line(const struct command *c)
{
	int width = printf("  %s %s", c->word, c->args);

	if (width > 27)
		width = printf("\n") - 1;
	printf("%*s%s\n", 28 - width, "", c->help);
}

/* The words of what is used less, in lines of 78 columns. */
static void
print_words(const struct ctl *ctl)
{
	size_t column = (size_t)printf("  others:");

	for (size_t i = 0; i < commands_n; i++) {
		const struct command *c = &commands[i];

		if (c->is_daily || !c->help || is_for_prompt(c) ||
		    !is_known(ctl, c))
			continue;
		if (column + 1 + strlen(c->word) > 78)
			column = (size_t)printf("\n         ") - 1;
		column += (size_t)printf(" %s", c->word);
	}
	putchar('\n');
}

void
cmds_help(const struct ctl *ctl, bool at_prompt)
{
	for (size_t i = 0; i < commands_n; i++) {
		const struct command *c = &commands[i];

		if (!c->help || !is_known(ctl, c))
			continue;
		if (at_prompt)
			print_line(c);
		else if (c->is_daily)
			printf("  %-12s %s\n", c->word, c->help);
	}
	if (!at_prompt)
		print_words(ctl);
}

int
cmds_misused(const struct ctl *ctl, const struct args *args,
    const char *chronycs)
{
	const struct command *c = args->command;

	if (!ctl->is_chronyc)
		ctl_complain(ctl, "%s: usage: %s %s %s", c->word, ctl->program,
		    c->word, c->args);
	else if (chronycs)
		ctl_complain(ctl, "%s", chronycs);
	return CTL_FAILED;
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
