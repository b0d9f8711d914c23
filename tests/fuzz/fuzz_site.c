/*
 * fuzz_site.c - reading what a host declares.
 *
 * The input is the text. What is read of it, written again, must be read as the
 * same; and of a text that was cut short, only whole lines are read.
 */
#include "fuzz.h"

#include "question.h"
#include "record.h"
#include "site.h"

static void
write_site(struct record_writer *writer, const struct site *site)
{
	char text[PREFIX_TEXT_MAX];
	size_t i;

	for (i = 0; i < site->tag_count; i++) {
		record_begin(writer, "tag");
		record_text(writer, "name", site->tags[i]);
		record_end(writer);
	}
	for (i = 0; i < site->client_count; i++) {
		prefix_to_text(&site->clients[i].prefix, text);
		record_begin(writer, "client");
		record_text(writer, "prefix", text);
		record_text(writer, "tags", site->clients[i].tags);
		if (site->clients[i].view != NULL)
			record_text(writer, "view", site->clients[i].view);
		record_end(writer);
	}
	for (i = 0; i < site->zone_count; i++) {
		record_begin(writer, "zone");
		record_text(writer, "name", site->zones[i].name);
		record_text(writer, "kind", site->zones[i].kind);
		record_end(writer);
	}
	if (writer->broken)
		exit(1);
}

/* What the header says of a site that was read. */
static void
check_site(const struct site *site)
{
	struct question question;
	size_t i;

	for (i = 0; i < site->client_count; i++) {
		const struct site_client *client = &site->clients[i];

		fuzz_check(client->prefix.length <=
			(client->prefix.address.family == ADDRESS_IP4 ? 32u
			: 128u));
		fuzz_check(prefix_holds(&client->prefix,
			&client->prefix.address));
		fuzz_check(client->view == NULL || client->view[0] != '\0');
		fuzz_check(!site_has_tag(client, "", 0));
		fuzz_check(client->view == NULL || site_has_view(client,
			client->view, strlen(client->view)));
	}
	for (i = 0; i < site->tag_count; i++)
		fuzz_check(site_knows_tag(site, site->tags[i],
			strlen(site->tags[i])));
	for (i = 0; i < site->zone_count; i++) {
		const char *name = site->zones[i].name;

		fuzz_check(name[strlen(name) - 1] == '.');
		fuzz_check(question_read_name(&question, name) == NULL);
		fuzz_check(question.query.qname_len > 1);
	}
}

static void
check_again(const struct site *site)
{
	struct record_writer first = { NULL, 0, 0, 0 };
	struct record_writer second = { NULL, 0, 0, 0 };
	struct site again;
	unsigned line;

	write_site(&first, site);
	fuzz_check(site_read(&again, first.memory, first.length, &line) == 0);
	write_site(&second, &again);
	fuzz_check(first.length == second.length);
	fuzz_check(first.length == 0 ||
		memcmp(first.memory, second.memory, first.length) == 0);
	site_clear(&again);
	record_clear(&first);
	record_clear(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct site site;
	unsigned line;
	int result = site_read(&site, text, size, &line);

	fuzz_check(result == 0 || result == -1);
	if (result == 0) {
		check_site(&site);
		check_again(&site);
	}
	site_clear(&site);
	if (result == 0 && size > 0) {
		fuzz_check(text[size - 1] == '\n');
		fuzz_check(site_read(&site, text, size - 1, &line) == -1);
		site_clear(&site);
	}
	return 0;
}
