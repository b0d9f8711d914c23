/*
 * learned.c - the names that groups in audit would have been blocked from.
 *
 * The file has lines of record.h: the header, one for each name, the one that
 * was not seen for longest first, and a trailer with a checksum of all before
 * it:
 *
 *   bitsink-learned format=1
 *   learned group= name= count= first= last= types= target= denied= clients=
 *   end sum=
 *
 * clients is of crowd.h; where it is an estimate, crowd stands in its place.
 */
#include "learned.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "hash.h"
#include "keep.h"
#include "policy.h"
#include "question.h"
#include "rrtype.h"

#define NONE UINT32_MAX

/* Types of a name; those beyond are left out. */
#define TYPES_MAX 8

/* Targets that are remembered, in sets of some. */
#define TARGET_SETS ((size_t)4096)
#define TARGET_WAYS 8u
/* A query may be told of before the answer that came a moment earlier. */
#define TARGET_LATE 5

static const char header[] = "bitsink-learned format=1\n";

/* "end sum=", 16 digits, a newline. */
#define TRAILER_OCTETS 25u

/* More than a line takes: each octet of a name as \DDD, whose backslash the
 * record writes as \DDD again, and what else there is. */
#define LINE_OCTETS (8 * NAME_OCTETS_MAX + 2048)

struct key {
	uint8_t group_length;
	uint8_t name_length;
	char group[GROUP_NAME_MAX];
	/* Wire format, lower case. */
	uint8_t name[NAME_OCTETS_MAX];
};

/* What is known of a name. */
struct facts {
	uint64_t count;
	int64_t first;
	int64_t last;
	uint16_t types[TYPES_MAX];
	uint8_t type_count;
	/* It never came but after it was a CNAME's target. */
	uint8_t target;
	/* A pattern denied it when it came last. */
	uint8_t denied;
	struct crowd clients;
};

struct entry {
	struct key key;
	struct facts facts;
	/* Which of all that came was the last of this name. */
	uint64_t turn;
	uint32_t hash;
	/* The next entry of the same chain, or NONE. */
	uint32_t next;
	/* Where in the heap it is. */
	uint32_t node;
};

/* When a name, known by its hash, was a target. */
struct target {
	uint64_t hash;
	int64_t when;
};

struct learned {
	struct names_key key;
	uint64_t turn;
	uint64_t lost;
	/* Since it was written or read. */
	int changed;
	uint32_t used;
	struct entry *entries;
	/* Entries; the one to go comes first: a parent is not behind its
	 * children. */
	uint32_t *heap;
	/* Chains of entries, by hash. */
	uint32_t *chains;
	struct target *targets;
	/* For sorting alone. */
	const struct entry **ranks;
};

struct learned *
learned_new(const struct names_key *key)
{
	struct learned *learned = calloc(1, sizeof(*learned));

	if (learned == NULL)
		return NULL;
	learned->key = hash_key(key);
	learned->entries = calloc(LEARNED_ROOM, sizeof(*learned->entries));
	learned->heap = calloc(LEARNED_ROOM, sizeof(*learned->heap));
	learned->chains = malloc(LEARNED_ROOM * sizeof(*learned->chains));
	learned->targets = calloc(TARGET_SETS * TARGET_WAYS,
		sizeof(*learned->targets));
	learned->ranks = calloc(LEARNED_ROOM, sizeof(*learned->ranks));
	if (learned->entries == NULL || learned->heap == NULL ||
	    learned->chains == NULL || learned->targets == NULL ||
	    learned->ranks == NULL) {
		learned_free(learned);
		return NULL;
	}
	/* NONE in every octet. */
	memset(learned->chains, 0xff, LEARNED_ROOM * sizeof(*learned->chains));
	return learned;
}

void
learned_free(struct learned *learned)
{
	if (learned == NULL)
		return;
	free(learned->entries);
	free(learned->heap);
	free(learned->chains);
	free(learned->targets);
	free(learned->ranks);
	free(learned);
}

/* --- Keys. */

/* 0, or -1 for what cannot be one: then it was no name, or no group. */
static int
make_key(struct key *key, const char *group, const uint8_t *wire,
	size_t length)
{
	size_t group_length = strlen(group);
	struct name name;

	if (group_length == 0 || group_length > GROUP_NAME_MAX ||
	    name_from_wire(&name, wire, length) != 0)
		return -1;
	memset(key, 0, sizeof(*key));
	key->group_length = (uint8_t)group_length;
	memcpy(key->group, group, group_length);
	key->name_length = name.length;
	memcpy(key->name, name.octets, name.length);
	return 0;
}

static int
has_group(const struct key *key, const char *group)
{
	return key->group_length == strlen(group) &&
		memcmp(key->group, group, key->group_length) == 0;
}

static int
same_keys(const struct key *a, const struct key *b)
{
	return a->group_length == b->group_length &&
		a->name_length == b->name_length &&
		memcmp(a->group, b->group, a->group_length) == 0 &&
		memcmp(a->name, b->name, a->name_length) == 0;
}

static uint64_t
hash_of(const struct learned *learned, const struct key *key)
{
	uint64_t seed = hash_octets(&learned->key, 0,
		(const uint8_t *)key->group, key->group_length);

	return hash_octets(&learned->key, seed, key->name, key->name_length);
}

static uint32_t *
chain_of(const struct learned *learned, uint32_t hash)
{
	return &learned->chains[hash % LEARNED_ROOM];
}

static uint32_t
find(const struct learned *learned, uint32_t hash, const struct key *key)
{
	uint32_t i = *chain_of(learned, hash);

	while (i != NONE && (learned->entries[i].hash != hash ||
	    !same_keys(&learned->entries[i].key, key)))
		i = learned->entries[i].next;
	return i;
}

static void
chain(struct learned *learned, uint32_t number)
{
	struct entry *entry = &learned->entries[number];
	uint32_t *first = chain_of(learned, entry->hash);

	entry->next = *first;
	*first = number;
}

static void
unchain(struct learned *learned, uint32_t number)
{
	uint32_t *link = chain_of(learned, learned->entries[number].hash);

	while (*link != number)
		link = &learned->entries[*link].next;
	*link = learned->entries[number].next;
}

/* --- Which goes first. */

/* Whether the entry A is to go before B: seen less often, or as often and not
 * for longer. */
static int
goes_before(const struct learned *learned, uint32_t a, uint32_t b)
{
	const struct entry *one = &learned->entries[a];
	const struct entry *other = &learned->entries[b];

	if (one->facts.count != other->facts.count)
		return one->facts.count < other->facts.count;
	return one->turn < other->turn;
}

static void
set_node(struct learned *learned, uint32_t at, uint32_t number)
{
	learned->heap[at] = number;
	learned->entries[number].node = at;
}

static void
sift_up(struct learned *learned, uint32_t at)
{
	uint32_t number = learned->heap[at];

	while (at > 0 &&
	    goes_before(learned, number, learned->heap[(at - 1) / 2])) {
		set_node(learned, at, learned->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	set_node(learned, at, number);
}

static void
sift_down(struct learned *learned, uint32_t at)
{
	uint32_t number = learned->heap[at], child;

	while ((child = 2 * at + 1) < learned->used) {
		if (child + 1 < learned->used && goes_before(learned,
		    learned->heap[child + 1], learned->heap[child]))
			child++;
		if (!goes_before(learned, learned->heap[child], number))
			break;
		set_node(learned, at, learned->heap[child]);
		at = child;
	}
	set_node(learned, at, number);
}

/* --- Adding. */

/* Adds a type; they are sorted. */
static void
add_type(struct facts *facts, uint16_t type)
{
	unsigned i = 0;

	while (i < facts->type_count && facts->types[i] < type)
		i++;
	if (facts->type_count == TYPES_MAX ||
	    (i < facts->type_count && facts->types[i] == type))
		return;
	memmove(&facts->types[i + 1], &facts->types[i],
		(facts->type_count - i) * sizeof(facts->types[0]));
	facts->types[i] = type;
	facts->type_count++;
}

static void
add_facts(struct facts *facts, const struct facts *more)
{
	unsigned i;

	facts->count = more->count < UINT64_MAX - facts->count
		? facts->count + more->count : UINT64_MAX;
	if (more->first < facts->first)
		facts->first = more->first;
	/* Of those that came at different times, the last one counts. */
	if (more->last >= facts->last) {
		facts->last = more->last;
		facts->denied = more->denied;
	}
	for (i = 0; i < more->type_count; i++)
		add_type(facts, more->types[i]);
	facts->target &= more->target;
	crowd_merge(&facts->clients, &more->clients);
}

/* An entry for a key that has none: a free one, or the first to go. What is new
 * always gets one, even for a single query: else names that came twice could
 * keep all others out for ever. */
static uint32_t
take_entry(struct learned *learned)
{
	uint32_t number = learned->used;

	if (number < LEARNED_ROOM) {
		learned->used++;
		set_node(learned, number, number);
		return number;
	}
	number = learned->heap[0];
	unchain(learned, number);
	learned->lost++;
	return number;
}

/* Adds FACTS to what is known of a name. */
static void
add(struct learned *learned, const struct key *key, const struct facts *facts)
{
	uint32_t hash = (uint32_t)(hash_of(learned, key) >> 32);
	uint32_t number = find(learned, hash, key);
	struct entry *entry;

	if (number != NONE) {
		add_facts(&learned->entries[number].facts, facts);
	} else {
		number = take_entry(learned);
		entry = &learned->entries[number];
		entry->key = *key;
		entry->facts = *facts;
		entry->hash = hash;
		chain(learned, number);
	}
	entry = &learned->entries[number];
	entry->turn = ++learned->turn;
	sift_up(learned, entry->node);
	sift_down(learned, entry->node);
	learned->changed = 1;
}

/* --- Targets of CNAMEs. */

static struct target *
targets_of(const struct learned *learned, uint64_t hash)
{
	return &learned->targets[hash % TARGET_SETS * TARGET_WAYS];
}

/* In the place of the same, or of the one that is the oldest. */
void
learned_target(struct learned *learned, const char *group,
	const uint8_t *name, size_t name_length, int64_t now)
{
	struct target *targets, *place;
	struct key key;
	uint64_t hash;
	unsigned i;

	if (make_key(&key, group, name, name_length) != 0)
		return;
	hash = hash_of(learned, &key);
	targets = place = targets_of(learned, hash);
	for (i = 0; i < TARGET_WAYS && place->hash != hash; i++)
		if (targets[i].hash == hash || targets[i].when < place->when)
			place = &targets[i];
	place->hash = hash;
	place->when = now;
}

static int
was_target(const struct learned *learned, const struct key *key, int64_t now)
{
	uint64_t hash = hash_of(learned, key);
	const struct target *targets = targets_of(learned, hash);
	unsigned i;

	for (i = 0; i < TARGET_WAYS; i++) {
		/* No time that is one overflows that. */
		uint64_t age = (uint64_t)now - (uint64_t)targets[i].when +
			TARGET_LATE;

		if (targets[i].hash == hash &&
		    age <= LEARNED_TARGET_SECONDS + TARGET_LATE)
			return 1;
	}
	return 0;
}

void
learned_add(struct learned *learned, const char *group,
	const struct event *event)
{
	struct facts facts;
	struct key key;

	/* All else no allow helps. */
	if (event->reason != REASON_NOT_LISTED &&
	    event->reason != REASON_DENIED)
		return;
	if (make_key(&key, group, event->qname, event->qname_len) != 0)
		return;
	memset(&facts, 0, sizeof(facts));
	facts.count = 1;
	/* A clock that was never set may be before 1970. */
	facts.first = facts.last = event->seconds > 0 ? event->seconds : 0;
	facts.target = (uint8_t)was_target(learned, &key, event->seconds);
	facts.denied = event->reason == REASON_DENIED;
	add_type(&facts, event->qtype);
	crowd_add(&facts.clients, &event->client);
	add(learned, &key, &facts);
}

/* --- Lists. */

static int
compare_names(const struct key *a, const struct key *b)
{
	size_t length = a->name_length < b->name_length ? a->name_length
		: b->name_length;
	int order = memcmp(a->name, b->name, length);

	return order != 0 ? order : a->name_length - b->name_length;
}

static int
compare_counts(const void *va, const void *vb)
{
	const struct entry *a = *(const struct entry *const *)va;
	const struct entry *b = *(const struct entry *const *)vb;

	if (a->facts.count != b->facts.count)
		return a->facts.count > b->facts.count ? -1 : 1;
	return compare_names(&a->key, &b->key);
}

static int
compare_turns(const void *va, const void *vb)
{
	const struct entry *a = *(const struct entry *const *)va;
	const struct entry *b = *(const struct entry *const *)vb;

	return a->turn < b->turn ? -1 : a->turn > b->turn;
}

/* Sorts the entries of GROUP (NULL: of all) to learned->ranks. Returns how
 * many there are. */
static uint32_t
rank(const struct learned *learned, const char *group,
	int (*compare)(const void *a, const void *b))
{
	uint32_t i, count = 0;

	for (i = 0; i < learned->used; i++)
		if (group == NULL ||
		    has_group(&learned->entries[i].key, group))
			learned->ranks[count++] = &learned->entries[i];
	qsort(learned->ranks, count, sizeof(learned->ranks[0]), compare);
	return count;
}

static void
write_name(struct record_writer *writer, const struct key *key)
{
	char text[NAME_TEXT_MAX];

	name_to_text(key->name, key->name_length, text);
	record_text(writer, "name", text);
}

static void
write_facts(struct record_writer *writer, const struct facts *facts)
{
	char types[TYPES_MAX * RRTYPE_TEXT_MAX];
	size_t used = 0;
	unsigned i;

	for (i = 0; i < facts->type_count; i++) {
		if (i > 0)
			types[used++] = ',';
		rrtype_to_text(facts->types[i], types + used);
		used += strlen(types + used);
	}
	record_format(writer, "first", "%" PRId64, facts->first);
	record_format(writer, "last", "%" PRId64, facts->last);
	record_octets(writer, "types", types, used);
	record_text(writer, "target", facts->target ? "yes" : "no");
	record_text(writer, "denied", facts->denied ? "yes" : "no");
}

void
learned_list(const struct learned *learned, const char *group,
	struct record_writer *writer)
{
	uint32_t i, count = rank(learned, group, compare_counts);

	for (i = 0; i < count; i++) {
		const struct entry *entry = learned->ranks[i];
		struct address single;
		char text[PREFIX_TEXT_MAX];

		record_begin(writer, "learned");
		write_name(writer, &entry->key);
		record_number(writer, "count", entry->facts.count);
		record_number(writer, "clients",
			crowd_count(&entry->facts.clients));
		if (crowd_single(&entry->facts.clients, &single) == 0) {
			address_to_text(&single, text);
			record_text(writer, "single", text);
		}
		write_facts(writer, &entry->facts);
		record_end(writer);
	}
}

int64_t
learned_since(const struct learned *learned, const char *group)
{
	int64_t since = 0;
	uint32_t i;
	int any = 0;

	for (i = 0; i < learned->used; i++) {
		const struct entry *entry = &learned->entries[i];

		if (has_group(&entry->key, group) &&
		    (!any || entry->facts.first < since)) {
			since = entry->facts.first;
			any = 1;
		}
	}
	return since;
}

/* Entries move up to where there is none: chains and heap are made anew. */
size_t
learned_forget(struct learned *learned, const char *group)
{
	uint32_t i, before = learned->used, kept = 0;

	memset(learned->chains, 0xff, LEARNED_ROOM * sizeof(*learned->chains));
	learned->used = 0;
	for (i = 0; i < before; i++) {
		if (has_group(&learned->entries[i].key, group))
			continue;
		learned->entries[kept] = learned->entries[i];
		learned->heap[kept] = kept;
		learned->used++;
		sift_up(learned, kept);
		chain(learned, kept++);
	}
	if (kept < before)
		learned->changed = 1;
	return before - kept;
}

size_t
learned_used(const struct learned *learned)
{
	return learned->used;
}

uint64_t
learned_lost(const struct learned *learned)
{
	return learned->lost;
}

size_t
learned_memory(const struct learned *learned)
{
	return sizeof(*learned) + LEARNED_ROOM * (sizeof(*learned->entries) +
		sizeof(*learned->heap) + sizeof(*learned->chains) +
		sizeof(*learned->ranks)) + TARGET_SETS * TARGET_WAYS *
		sizeof(*learned->targets);
}

/* --- The file. */

static void
write_entry(struct record_writer *writer, const struct entry *entry)
{
	record_begin(writer, "learned");
	record_octets(writer, "group", entry->key.group,
		entry->key.group_length);
	write_name(writer, &entry->key);
	record_number(writer, "count", entry->facts.count);
	write_facts(writer, &entry->facts);
	crowd_write(&entry->facts.clients, writer);
	record_end(writer);
}

static void
format_trailer(char *trailer, const char *octets, size_t length)
{
	snprintf(trailer, TRAILER_OCTETS + 1, "end sum=%016" PRIx64 "\n",
		hash_checksum(octets, length));
}

/* All of the file; writer->broken is set where memory is out. */
static void
write_all(const struct learned *learned, struct record_writer *writer)
{
	uint32_t i, count = rank(learned, NULL, compare_turns);
	uint64_t sum;

	record_begin(writer, "bitsink-learned");
	record_text(writer, "format", "1");
	record_end(writer);
	for (i = 0; i < count; i++)
		write_entry(writer, learned->ranks[i]);
	if (writer->broken)
		return;
	sum = hash_checksum(writer->memory, writer->length);
	record_begin(writer, "end");
	record_format(writer, "sum", "%016" PRIx64, sum);
	record_end(writer);
}

const char *
learned_write(struct learned *learned, const char *directory)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	const char *failed = "out of memory";

	if (!learned->changed)
		return NULL;
	write_all(learned, &writer);
	if (writer.broken)
		errno = ENOMEM;
	else
		failed = keep_file(directory, LEARNED_NAME, writer.memory,
			writer.length);
	record_clear(&writer);
	if (failed == NULL)
		learned->changed = 0;
	return failed;
}

/* Digits alone. 0, or -1. */
static int
read_number(const struct record *record, const char *key, uint64_t *number)
{
	const char *text = record_get(record, key);

	*number = 0;
	if (text == NULL || *text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(unsigned char)*text - '0';

		if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
			return -1;
		*number = *number * 10 + digit;
	}
	return 0;
}

static int
read_time(const struct record *record, const char *key, int64_t *time)
{
	uint64_t number;

	if (read_number(record, key, &number) != 0 || number > INT64_MAX)
		return -1;
	*time = (int64_t)number;
	return 0;
}

static int
read_yes(const struct record *record, const char *key, uint8_t *yes)
{
	const char *text = record_get(record, key);

	if (text == NULL ||
	    (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0))
		return -1;
	*yes = *text == 'y';
	return 0;
}

static int
read_types(const struct record *record, struct facts *facts)
{
	const char *text = record_get(record, "types");
	char word[RRTYPE_TEXT_MAX];
	uint16_t type;

	while (text != NULL) {
		size_t length = strcspn(text, ",");

		if (length >= sizeof(word))
			return -1;
		memcpy(word, text, length);
		word[length] = '\0';
		if (rrtype_from_text(word, &type) != 0)
			return -1;
		add_type(facts, type);
		if (text[length] == '\0')
			return 0;
		text += length + 1;
	}
	return -1;
}

static int
read_key(const struct record *record, struct key *key)
{
	const char *group = record_get(record, "group");
	const char *name = record_get(record, "name");
	struct question question;

	if (group == NULL || name == NULL ||
	    question_read_name(&question, name) != NULL)
		return -1;
	return make_key(key, group, question.qname, question.query.qname_len);
}

/* A line of the file, ended by a NUL; what is in it is changed. 0, or -1. */
static int
read_entry(char *line, struct key *key, struct facts *facts)
{
	struct record record;
	const char *expected;
	size_t wrong;

	memset(facts, 0, sizeof(*facts));
	if (record_parse(&record, line, &wrong, &expected) != 0 ||
	    strcmp(record.kind, "learned") != 0 ||
	    read_key(&record, key) != 0 ||
	    read_number(&record, "count", &facts->count) != 0 ||
	    read_time(&record, "first", &facts->first) != 0 ||
	    read_time(&record, "last", &facts->last) != 0 ||
	    read_yes(&record, "target", &facts->target) != 0 ||
	    read_yes(&record, "denied", &facts->denied) != 0)
		return -1;
	return facts->count > 0 && facts->first <= facts->last &&
		read_types(&record, facts) == 0 &&
		crowd_read(&facts->clients, &record) == 0 ? 0 : -1;
}

/* Reads the lines from *AT to END, and adds them to LEARNED (NULL: to
 * nothing). 0, or -1 for what learned_write() did not write. */
static int
read_lines(struct learned *learned, const char *at, const char *end)
{
	char line[LINE_OCTETS];
	struct facts facts;
	struct key key;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = newline != NULL ? (size_t)(newline - at)
			: sizeof(line);

		if (length >= sizeof(line))
			return -1;
		memcpy(line, at, length);
		line[length] = '\0';
		if (memchr(line, '\0', length) != NULL ||
		    read_entry(line, &key, &facts) != 0)
			return -1;
		if (learned != NULL)
			add(learned, &key, &facts);
		at = newline + 1;
	}
	return 0;
}

/* Nothing is taken over before all of it is known to be whole. */
static int
read_all(struct learned *learned, const char *octets, size_t length)
{
	const char *at = octets + strlen(header), *end;
	char trailer[TRAILER_OCTETS + 1];

	if (length < strlen(header) + TRAILER_OCTETS ||
	    memcmp(octets, header, strlen(header)) != 0)
		return -1;
	end = octets + length - TRAILER_OCTETS;
	format_trailer(trailer, octets, (size_t)(end - octets));
	if (memcmp(end, trailer, TRAILER_OCTETS) != 0 ||
	    read_lines(NULL, at, end) != 0)
		return -1;
	return read_lines(learned, at, end);
}

const char *
learned_read(struct learned *learned, const char *directory)
{
	const char *failed;
	/* What is read into nothing is what the file has. */
	int changed = learned->changed || learned->used > 0;
	struct kept kept;

	failed = keep_load(directory, LEARNED_NAME, &kept);
	if (failed != NULL || kept.octets == NULL)
		return failed;
	if (read_all(learned, kept.octets, kept.length) == 0) {
		learned->changed = changed;
	} else {
		failed = "the file is damaged";
		errno = 0;
	}
	keep_clear(&kept);
	return failed;
}
