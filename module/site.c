/*
 * site.c - what the host itself declares: which clients have which tags and
 * views, and which zones are the site's own.
 */
#include "site.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "question.h"
#include "record.h"

/* More than any kind of line has. */
#define KEYS_MAX 3

/* The values of KEYS, NULL for what is not there. -1 where there is another
 * key, or one of them twice. */
static int
read_fields(const struct record *record, const char *const keys[KEYS_MAX],
	const char *values[KEYS_MAX])
{
	unsigned i, k;

	for (k = 0; k < KEYS_MAX; k++)
		values[k] = NULL;
	for (i = 0; i < record->count; i++) {
		for (k = 0; k < KEYS_MAX && keys[k] != NULL; k++)
			if (strcmp(record->fields[i].key, keys[k]) == 0)
				break;
		if (k == KEYS_MAX || keys[k] == NULL || values[k] != NULL)
			return -1;
		values[k] = record->fields[i].value;
	}
	return 0;
}

/* Whether TEXT is words with one space between two. */
static int
is_words(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (text[i] == ' ' &&
		    (i == 0 || text[i + 1] == ' ' || text[i + 1] == '\0'))
			return 0;
	return i > 0;
}

static int
take_client(struct site *site, const struct record *record)
{
	static const char *const keys[KEYS_MAX] = { "prefix", "tags", "view" };
	const char *values[KEYS_MAX];
	struct site_client client;

	if (read_fields(record, keys, values) != 0 || values[0] == NULL ||
	    prefix_from_text(&client.prefix, values[0]) != NULL)
		return -1;
	client.tags = values[1] != NULL ? values[1] : "";
	client.view = values[2];
	if ((client.tags[0] != '\0' && !is_words(client.tags)) ||
	    (client.view != NULL && client.view[0] == '\0'))
		return -1;
	if (array_room(&site->clients, site->client_count, &site->client_room,
	    1, sizeof(*site->clients)) != 0)
		return -2;
	site->clients[site->client_count++] = client;
	return 0;
}

static int
take_tag(struct site *site, const struct record *record)
{
	static const char *const keys[KEYS_MAX] = { "name" };
	const char *values[KEYS_MAX];

	if (read_fields(record, keys, values) != 0 || values[0] == NULL ||
	    !is_words(values[0]) || strchr(values[0], ' ') != NULL)
		return -1;
	if (array_room(&site->tags, site->tag_count, &site->tag_room, 1,
	    sizeof(*site->tags)) != 0)
		return -2;
	site->tags[site->tag_count++] = values[0];
	return 0;
}

/* Whether TEXT is a name with its final dot, and not the root. */
static int
is_zone_name(const char *text)
{
	size_t length = strlen(text), backslashes = 0;
	struct question question;

	if (length < 2 || text[length - 1] != '.')
		return 0;
	while (backslashes < length - 1 &&
	    text[length - 2 - backslashes] == '\\')
		backslashes++;
	/* An escaped dot is one inside the last label. */
	return backslashes % 2 == 0 &&
		question_read_name(&question, text) == NULL;
}

static int
take_zone(struct site *site, const struct record *record)
{
	static const char *const keys[KEYS_MAX] = { "name", "kind" };
	static const char *const kinds[] = { "stub", "forward", "auth",
		"reverse", NULL };
	const char *values[KEYS_MAX];
	unsigned i;

	if (read_fields(record, keys, values) != 0 || values[0] == NULL ||
	    values[1] == NULL || !is_zone_name(values[0]))
		return -1;
	for (i = 0; kinds[i] != NULL; i++)
		if (strcmp(values[1], kinds[i]) == 0)
			break;
	if (kinds[i] == NULL)
		return -1;
	if (array_room(&site->zones, site->zone_count, &site->zone_room, 1,
	    sizeof(*site->zones)) != 0)
		return -2;
	site->zones[site->zone_count].name = values[0];
	site->zones[site->zone_count++].kind = kinds[i];
	return 0;
}

static int
take_line(struct site *site, char *line)
{
	struct record record;
	const char *expected;
	size_t wrong;

	if (record_parse(&record, line, &wrong, &expected) != 0)
		return -1;
	if (strcmp(record.kind, "client") == 0)
		return take_client(site, &record);
	if (strcmp(record.kind, "tag") == 0)
		return take_tag(site, &record);
	if (strcmp(record.kind, "zone") == 0)
		return take_zone(site, &record);
	return -1;
}

int
site_read(struct site *site, const char *text, size_t length, unsigned *line)
{
	char *at, *end;
	int result;

	memset(site, 0, sizeof(*site));
	*line = 1;
	if (length > SITE_OCTETS_MAX)
		return -1;
	site->text = malloc(length + 1);
	if (site->text == NULL)
		return -2;
	if (length > 0)
		memcpy(site->text, text, length);
	site->text[length] = '\0';
	for (at = site->text; at < site->text + length; at = end + 1) {
		size_t left = length - (size_t)(at - site->text);

		/* A last line without its end may have been cut short, and a
		 * prefix that is cut short is another one. */
		end = memchr(at, '\n', left);
		if (end == NULL || memchr(at, '\0', (size_t)(end - at)) != NULL)
			return -1;
		*end = '\0';
		result = take_line(site, at);
		if (result != 0)
			return result;
		(*line)++;
	}
	return 0;
}

void
site_clear(struct site *site)
{
	free(site->clients);
	free(site->tags);
	free(site->zones);
	free(site->text);
	memset(site, 0, sizeof(*site));
}

static int
is_same(const char *text, const char *name, size_t length)
{
	return strlen(text) == length && memcmp(text, name, length) == 0;
}

int
site_has_tag(const struct site_client *client, const char *name,
	size_t length)
{
	const char *at = client->tags;

	while (*at != '\0') {
		size_t word = strcspn(at, " ");

		if (word == length && memcmp(at, name, length) == 0)
			return 1;
		at += word;
		at += *at == ' ';
	}
	return 0;
}

int
site_has_view(const struct site_client *client, const char *name,
	size_t length)
{
	return client->view != NULL && is_same(client->view, name, length);
}

int
site_knows_tag(const struct site *site, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < site->tag_count; i++)
		if (is_same(site->tags[i], name, length))
			return 1;
	return 0;
}
