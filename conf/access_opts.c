/* SPDX-License-Identifier: ISC */
#include "conf/access_opts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/list.h"
#include "conf/suggest.h"

#define SOCKET_PATH_MAX 107 /* sun_path without its NUL, unix(7) */

static const struct command {
	const char *name;
	enum config_open bit;
} commands[] = {
	{ "activity", OPEN_ACTIVITY },
	{ "authdata", OPEN_AUTHDATA },
	{ "clients", OPEN_CLIENTS },
	{ "manual", OPEN_MANUAL },
	{ "ntpdata", OPEN_NTPDATA },
	{ "rtcdata", OPEN_RTCDATA },
	{ "selectdata", OPEN_SELECTDATA },
	{ "serverstats", OPEN_SERVERSTATS },
	{ "smoothing", OPEN_SMOOTHING },
	{ "sourcename", OPEN_SOURCENAME },
	{ "sources", OPEN_SOURCES },
	{ "sourcestats", OPEN_SOURCESTATS },
	{ "tracking", OPEN_TRACKING },
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

static int
set_socket(struct parse *p, const char *path)
{
	size_t n = strlen(path);

	if (n > SOCKET_PATH_MAX) {
		parse_hint(p, "the path of a socket has at most %d bytes",
		    SOCKET_PATH_MAX);
		return parse_fail(p, 1, "bindcmdaddress: \"%s\" is too long",
		    parse_shown(path).text);
	}
	if (n > 1 && path[n - 1] == '/') {
		parse_hint(p, "name the socket itself, or / for none");
		return parse_fail(p, 1, "bindcmdaddress: \"%s\" names a "
		    "directory", parse_shown(path).text);
	}
	memset(p->config->bindcmdpath, 0, sizeof p->config->bindcmdpath);
	if (n > 1)
		memcpy(p->config->bindcmdpath, path, n);
	return 0;
}

int
access_bindcmd(struct parse *p)
{
	const char *word = p->line->word[1];
	struct addr a;

	if (p->line->n < 2) {
		parse_hint(p, "usage: bindcmdaddress ADDRESS|PATH, such as "
		    "127.0.0.1 or /run/chrony/chronyd.sock; / is no socket");
		return parse_fail(p, 0, "bindcmdaddress: the address is "
		    "missing");
	}
	if (p->line->n > 2)
		return parse_surplus(p, 2, "bindcmdaddress");
	if (word[0] == '/')
		return set_socket(p, word);
	if (addr_parse(&a, word) != 0 ||
	    (a.family != ADDR_INET4 && a.family != ADDR_INET6)) {
		parse_hint(p, "bindcmdaddress takes an IP address, not a name, "
		    "or the absolute path of a socket");
		return parse_fail(p, 1, "bindcmdaddress: \"%s\" is neither an "
		    "address nor a path", parse_shown(word).text);
	}
	if (a.family == ADDR_INET4)
		p->config->bindcmd4 = a;
	else
		p->config->bindcmd6 = a;
	return 0;
}

static const struct command *
find(const char *word)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcasecmp(commands[i].name, word) == 0)
			return &commands[i];
	return NULL;
}

static int
unknown(struct parse *p, unsigned i)
{
	const char *word = p->line->word[i];
	struct suggest s;

	suggest_init(&s, word);
	for (size_t k = 0; k < N_COMMANDS; k++)
		suggest_offer(&s, commands[k].name);
	if (lex_is_comment(word))
		parse_hint(p, "comments stand on lines of their own");
	else if (s.best != NULL)
		parse_hint(p, "did you mean %s?", s.best);
	else
		parse_hint(p, "commands that only look: tracking, sources, "
		    "sourcestats and others of tock.conf(5)");
	return parse_fail(p, i, "opencommands: \"%s\" is not a command that can "
	    "be opened", parse_shown(word).text);
}

int
access_open(struct parse *p)
{
	uint32_t open = 0;

	for (unsigned i = 1; i < p->line->n; i++) {
		const struct command *c = find(p->line->word[i]);

		if (c == NULL)
			return unknown(p, i);
		open |= c->bit;
	}
	p->config->opencommands = open;
	p->config->opencommands_set = true;
	return 0;
}

/* The list that a directive adds to, and whether its rules allow. */
static struct config_rules *
rules_of(struct config *c, const char *directive, bool *may)
{
	bool is_command = strncasecmp(directive, "cmd", 3) == 0;

	*may = strcasecmp(directive + (is_command ? 3 : 0), "allow") == 0;
	return is_command ? &c->cmdallow : &c->allow;
}

/* A name as it can be looked up, which no address is: its last part is not a
 * number. */
static bool
is_name(const char *word)
{
	const char *dot = strrchr(word, '.');
	const char *last = dot != NULL ? dot + 1 : word;

	return strlen(word) < 254 && word[0] != '-' && word[0] != '.' &&
	    strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789-_.") == strlen(word) &&
	    last[strspn(last, "0123456789")] != '\0';
}

static int
parse_whom(struct parse *p, unsigned i, struct config_rule *rule)
{
	const char *word = p->line->word[i];
	int r = subnet_parse(&rule->subnet, word);

	if (r == 0)
		return 0;
	if (strcasecmp(word, "all") == 0) {
		parse_hint(p, "it goes before the subnet; alone it is for "
		    "every address");
		return parse_fail(p, i, "%s: \"%s\" stands twice",
		    p->line->word[0], word);
	}
	if (r == -ERANGE) {
		parse_hint(p, "an IPv4 address has 32 bits, an IPv6 address "
		    "128");
		return parse_fail(p, i, "%s: \"%s\" has more bits than the "
		    "address", p->line->word[0], parse_shown(word).text);
	}
	if (!is_name(word)) {
		parse_hint(p, lex_is_comment(word) ?
		    "comments stand on lines of their own" :
		    "such as 192.0.2.0/24, 192.0.2, 2001:db8::/32 or the name "
		    "of a host");
		return parse_fail(p, i, "%s: \"%s\" is neither a subnet nor a "
		    "host", p->line->word[0], parse_shown(word).text);
	}
	rule->name = strdup(word);
	return rule->name != NULL ? 0 : -ENOMEM;
}

int
access_rule(struct parse *p)
{
	const struct lex_line *l = p->line;
	struct config_rule rule = { 0 };
	struct config_rules *rules = rules_of(p->config, l->word[0], &rule.may);
	unsigned i = 1;
	int r = 0;

	if (i < l->n && strcasecmp(l->word[i], "all") == 0) {
		rule.is_whole = true;
		i++;
	}
	if (i < l->n)
		r = parse_whom(p, i, &rule);
	if (r == 0 && i + 1 < l->n)
		r = parse_surplus(p, i + 1, l->word[0]);
	if (r != 0) {
		free(rule.name);
		return r;
	}

	struct config_rule *grown =
	    list_grow(rules->all, rules->n, sizeof *grown);

	if (grown == NULL) {
		free(rule.name);
		return -ENOMEM;
	}
	rules->all = grown;
	rules->all[rules->n++] = rule;
	return 0;
}
