/*
 * load.c - asks a DNS server questions over UDP, from many addresses, and looks
 * at every answer.
 *
 *   load [options] ADDRESS PORT QUESTIONS
 *
 *   -n COUNT    queries in all (default: each question once)
 *   -s SECONDS  ends after that time instead
 *   -w WINDOW   queries under way at most (default: 64)
 *   -r RATE     queries a second (default: as many as are answered)
 *   -b TIME     begins then, in seconds since 1970, as others may, all of which
 *               are ready by then (default: at once)
 *   -k SOCKETS  for each source, so that a server's threads share the load
 *   -t SECONDS  an answer that takes longer is lost (default: 10)
 *
 * QUESTIONS is a file, one question a line:
 *
 *   SOURCE NAME TYPE RCODE FIRST [WITH...]
 *
 * asked from the address SOURCE, whose answer must have RCODE, and FIRST as
 * the first address in its answer section: "-" for none, "*" for whatever. WITH
 * are "soa", one in the authority section, and "ede", the Extended DNS Error
 * Blocked; without the word there must be none, but with "any" neither is
 * looked at. All queries have EDNS, and all answers must have it. They are
 * asked from the first to the last, and then from the first again.
 *
 * Prints one line of JSON: what was sent, answered, wrong and lost, seconds,
 * and microseconds from a query to its answer; with a rate, from when it was
 * due. "times" has pairs of nanoseconds and how many answers took so long, or
 * up to a hundredth more.
 *
 * Exit codes: 0 all answers are as they should be, 1 they are not or some are
 * missing, 2 wrong usage or something that is needed is not there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <ldns/ldns.h>
#include <netinet/in.h>
#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	HEADER = 12,
	/* What a client of today says that it takes. */
	UDP_SIZE = 1232,
	EDE = 15,
	EDE_BLOCKED = 15,
	/* Identifiers are numbers of slots. */
	WINDOW_MAX = 32768,
	/* Wrong answers that are described. */
	COMPLAINTS = 10,
	/* Of latencies: so many a power of two, which is less than one percent
	 * from one to the next. */
	BUCKET_BITS = 7,
	BUCKETS = 64 << BUCKET_BITS,
	/* Each has a socket at least. */
	SOURCES_MAX = 1 << 16
};

#define SECOND 1000000000u

/* A question as it is asked, and what its answer must be. */
struct question {
	char *line;
	uint8_t *wire;
	size_t length;
	/* Of its source, the first of so many sockets. */
	size_t sockets;
	unsigned rcode;
	/* 0 for none; -1 for whatever. */
	int first_octets;
	uint8_t first[16];
	int has_soa;
	int has_ede;
	/* Neither is looked at. */
	int is_any;
};

/* A query that is under way. */
struct slot {
	const struct question *question;
	size_t socket;
	uint64_t sent;
};

/* What of an answer is looked at. */
struct answer {
	unsigned rcode;
	int first_octets;
	uint8_t first[16];
	int has_opt;
	int has_soa;
	int has_ede;
};

struct load {
	struct sockaddr_storage server;
	socklen_t server_octets;
	struct question *questions;
	size_t question_count;
	/* In order of their first use: SOCKETS of one source side by side. */
	struct sockaddr_storage *sources;
	size_t source_count;
	/* Their numbers, by how they are written. */
	struct hsearch_data numbers;
	int *sockets;
	size_t per_source;
	int epoll;
	struct slot *slots;
	/* A stack of those that are free. */
	uint16_t *free_slots;
	size_t free_count;
	size_t window;
	uint64_t count;
	uint64_t duration;
	/* Seconds since 1970; 0 for at once. */
	uint64_t begin;
	uint64_t rate;
	uint64_t patience;
	uint64_t sent;
	uint64_t answered;
	uint64_t wrong;
	uint64_t lost;
	uint64_t slowest;
	uint64_t buckets[BUCKETS];
};

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "load: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(2);
}

static void *
take(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		die("out of memory");
	return memory;
}

static uint64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* --- Questions. */

static unsigned
read16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static socklen_t
read_address(struct sockaddr_storage *storage, const char *text, unsigned port)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	if (inet_pton(AF_INET, text, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons((uint16_t)port);
		return sizeof(*sin);
	}
	if (inet_pton(AF_INET6, text, &sin6->sin6_addr) == 1) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons((uint16_t)port);
		return sizeof(*sin6);
	}
	die("\"%s\" is no address", text);
}

static size_t
add_source(struct load *load, const char *text)
{
	struct sockaddr_storage address;

	read_address(&address, text, 0);
	load->sources = realloc(load->sources, (load->source_count + 1) *
		sizeof(*load->sources));
	if (load->sources == NULL)
		die("out of memory");
	load->sources[load->source_count] = address;
	return load->source_count++;
}

/* The number of a source, which is a new one where it was not seen yet. */
static size_t
source_number(struct load *load, const char *text)
{
	ENTRY entry = { strdup(text), NULL }, *found;

	if (entry.key == NULL)
		die("out of memory");
	if (hsearch_r(entry, FIND, &found, &load->numbers)) {
		free(entry.key);
		return (size_t)(uintptr_t)found->data;
	}
	entry.data = (void *)(uintptr_t)add_source(load, text);
	if (!hsearch_r(entry, ENTER, &found, &load->numbers))
		die("more than %d sources", SOURCES_MAX);
	return load->source_count - 1;
}

static void
make_wire(struct question *question, const char *name, const char *type)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	ldns_rr_type number = ldns_get_rr_type_by_name(type);
	ldns_pkt *query;

	if (owner == NULL)
		die("\"%s\" is no name", name);
	if (number == 0)
		die("\"%s\" is no type", type);
	query = ldns_pkt_query_new(owner, number, LDNS_RR_CLASS_IN, LDNS_RD);
	if (query == NULL)
		die("out of memory");
	ldns_pkt_set_edns_udp_size(query, UDP_SIZE);
	if (ldns_pkt2wire(&question->wire, query, &question->length) !=
	    LDNS_STATUS_OK)
		die("no query can be made of \"%s\"", name);
	ldns_pkt_free(query);
}

static unsigned
read_rcode(const char *word)
{
	ldns_lookup_table *rcode = ldns_lookup_by_name(ldns_rcodes, word);

	if (rcode == NULL)
		die("\"%s\" is no RCODE", word);
	return (unsigned)rcode->id;
}

static void
read_first(struct question *question, const char *word)
{
	if (strcmp(word, "-") == 0)
		question->first_octets = 0;
	else if (strcmp(word, "*") == 0)
		question->first_octets = -1;
	else if (inet_pton(AF_INET, word, question->first) == 1)
		question->first_octets = 4;
	else if (inet_pton(AF_INET6, word, question->first) == 1)
		question->first_octets = 16;
	else
		die("\"%s\" is neither \"-\" nor \"*\" nor an address", word);
}

static void
read_with(struct question *question, const char *word)
{
	if (strcmp(word, "soa") == 0)
		question->has_soa = 1;
	else if (strcmp(word, "ede") == 0)
		question->has_ede = 1;
	else if (strcmp(word, "any") == 0)
		question->is_any = 1;
	else
		die("found \"%s\", expected \"soa\", \"ede\" or \"any\"", word);
}

static void
read_question(struct load *load, struct question *question, char *line)
{
	char *word[5], *more, *rest;
	size_t i;

	memset(question, 0, sizeof(*question));
	question->line = strdup(line);
	if (question->line == NULL)
		die("out of memory");
	for (i = 0; i < 5; i++)
		if ((word[i] = strtok_r(i == 0 ? line : NULL, " \t", &rest)) ==
		    NULL)
			die("too few words: \"%s\"", question->line);
	question->sockets = source_number(load, word[0]);
	make_wire(question, word[1], word[2]);
	question->rcode = read_rcode(word[3]);
	read_first(question, word[4]);
	while ((more = strtok_r(NULL, " \t", &rest)) != NULL)
		read_with(question, more);
}

static void
read_questions(struct load *load, const char *path)
{
	FILE *file = fopen(path, "r");
	size_t room = 0, line_room = 0;
	char *line = NULL;

	if (file == NULL)
		die("%s: %s", path, strerror(errno));
	if (!hcreate_r(SOURCES_MAX, &load->numbers))
		die("out of memory");
	while (getline(&line, &line_room, file) > 0) {
		line[strcspn(line, "#\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0')
			continue;
		if (load->question_count == room) {
			room = room * 2 + 64;
			load->questions = realloc(load->questions,
				room * sizeof(*load->questions));
			if (load->questions == NULL)
				die("out of memory");
		}
		read_question(load, &load->questions[load->question_count++],
			line);
	}
	free(line);
	fclose(file);
	if (load->question_count == 0)
		die("%s: no questions", path);
}

/* --- Sockets. */

static int
open_socket(const struct load *load, const struct sockaddr_storage *source)
{
	int fd = socket(source->ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char text[INET6_ADDRSTRLEN] = "?";

	if (fd >= 0 && bind(fd, (const struct sockaddr *)source,
	    load->server_octets) == 0 &&
	    connect(fd, (const struct sockaddr *)&load->server,
	    load->server_octets) == 0)
		return fd;
	inet_ntop(source->ss_family, source->ss_family == AF_INET
		? (const void *)&((const struct sockaddr_in *)source)->sin_addr
		: (const void *)&((const struct sockaddr_in6 *)
		source)->sin6_addr, text, sizeof(text));
	die("source %s: %s", text, strerror(errno));
}

static void
allow_many_files(size_t files)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= files + 16)
		return;
	limit.rlim_cur = files + 16;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		die("%zu sockets: %s", files, strerror(errno));
}

static void
open_sockets(struct load *load)
{
	size_t count = load->source_count * load->per_source, i;
	struct epoll_event event = { .events = EPOLLIN };

	allow_many_files(count);
	load->sockets = take(count, sizeof(*load->sockets));
	load->epoll = epoll_create1(0);
	for (i = 0; i < count; i++) {
		load->sockets[i] = open_socket(load,
			&load->sources[i / load->per_source]);
		event.data.u64 = i;
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->sockets[i],
		    &event) != 0)
			die("epoll: %s", strerror(errno));
	}
	for (i = 0; i < load->question_count; i++)
		load->questions[i].sockets *= load->per_source;
}

/* --- Answers. */

/* The place behind a name, NULL where it is cut off. */
static const uint8_t *
skip_name(const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		if (*at == 0)
			return at + 1;
		if (*at >= 0xc0)
			return end - at >= 2 ? at + 2 : NULL;
		at += *at + 1;
	}
	return NULL;
}

static void
read_options(struct answer *answer, const uint8_t *at, const uint8_t *end)
{
	answer->has_opt = 1;
	while (end - at >= 4) {
		unsigned length = read16(at + 2);

		if ((size_t)(end - at) < 4 + length)
			return;
		if (read16(at) == EDE && length >= 2 &&
		    read16(at + 4) == EDE_BLOCKED)
			answer->has_ede = 1;
		at += 4 + length;
	}
}

static void
note_address(struct answer *answer, const uint8_t *data, unsigned length)
{
	if (answer->first_octets != 0 || length > sizeof(answer->first))
		return;
	memcpy(answer->first, data, length);
	answer->first_octets = (int)length;
}

/* SECTION is 0 for the answer section, 1 for authority, 2 for what is left. */
static void
note_record(struct answer *answer, int section, unsigned type,
	const uint8_t *data, unsigned length)
{
	if (section == 0 && (type == LDNS_RR_TYPE_A ||
	    type == LDNS_RR_TYPE_AAAA))
		note_address(answer, data, length);
	else if (section == 1 && type == LDNS_RR_TYPE_SOA)
		answer->has_soa = 1;
	else if (section == 2 && type == LDNS_RR_TYPE_OPT)
		read_options(answer, data, data + length);
}

/* The records from AT to the end. 0, or -1 where they are no records. */
static int
read_records(struct answer *answer, const uint8_t *message, const uint8_t *at,
	const uint8_t *end)
{
	int section;

	for (section = 0; section < 3; section++) {
		unsigned left = read16(message + 6 + 2 * section);

		for (; left > 0; left--) {
			unsigned length;

			at = skip_name(at, end);
			if (at == NULL || end - at < 10)
				return -1;
			length = read16(at + 8);
			if ((size_t)(end - at) < 10 + length)
				return -1;
			note_record(answer, section, read16(at), at + 10,
				length);
			at += 10 + length;
		}
	}
	return at == end ? 0 : -1;
}

/* Whether MESSAGE answers QUESTION, and what it says; NULL, or what is wrong
 * with it. */
static const char *
read_answer(struct answer *answer, const struct question *question,
	const uint8_t *message, size_t length)
{
	/* Behind the header, with type and class; the OPT record of 11 octets
	 * is all that stands behind it. */
	size_t asked = question->length - 11;

	memset(answer, 0, sizeof(*answer));
	if (length < asked)
		return "it is too short";
	if (!(message[2] & 0x80) || (message[2] & 0x02))
		return "it is no answer, or truncated";
	if (read16(message + 4) != 1 || memcmp(message + HEADER,
	    question->wire + HEADER, asked - HEADER) != 0)
		return "it is the answer to another question";
	answer->rcode = message[3] & 0xf;
	if (read_records(answer, message, message + asked,
	    message + length) != 0)
		return "its records are damaged";
	return NULL;
}

static const char *
judge_answer(const struct question *question, const struct answer *answer)
{
	if (answer->rcode != question->rcode)
		return "another RCODE";
	if (!answer->has_opt)
		return "without EDNS";
	if (!question->is_any && answer->has_soa != question->has_soa)
		return answer->has_soa ? "with an SOA" : "without an SOA";
	if (!question->is_any && answer->has_ede != question->has_ede)
		return answer->has_ede ? "with an EDE" : "without an EDE";
	if (question->first_octets >= 0 &&
	    (answer->first_octets != question->first_octets ||
	    memcmp(answer->first, question->first,
	    (size_t)question->first_octets) != 0))
		return "another first address";
	return NULL;
}

static void
note_latency(struct load *load, uint64_t latency)
{
	unsigned exponent;

	if (latency > load->slowest)
		load->slowest = latency;
	if (latency < 1u << BUCKET_BITS) {
		load->buckets[latency]++;
		return;
	}
	exponent = 63 - (unsigned)__builtin_clzll(latency) - BUCKET_BITS;
	load->buckets[((uint64_t)exponent << BUCKET_BITS) +
		(latency >> exponent)]++;
}

/* The least latency of a bucket. */
static uint64_t
bucket_value(uint64_t bucket)
{
	uint64_t exponent = bucket >> BUCKET_BITS;

	/* Those below 2^BUCKET_BITS have a bucket each, and the next ones. */
	if (exponent <= 1)
		return bucket;
	exponent--;
	return (bucket - (exponent << BUCKET_BITS)) << exponent;
}

/* The latency that is not below a part of all, in nanoseconds. */
static uint64_t
percentile(const struct load *load, double part)
{
	uint64_t wanted = (uint64_t)((double)load->answered * part), seen = 0;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		seen += load->buckets[i];
		if (seen > wanted)
			break;
	}
	return bucket_value(i);
}

static void
free_slot(struct load *load, uint16_t number)
{
	load->slots[number].question = NULL;
	load->free_slots[load->free_count++] = number;
}

static void
take_answer(struct load *load, size_t socket, const uint8_t *message,
	size_t length)
{
	struct slot *slot;
	struct answer answer;
	const char *wrong;
	unsigned number = length >= HEADER ? read16(message) : WINDOW_MAX;

	if (number >= load->window ||
	    load->slots[number].question == NULL ||
	    load->slots[number].socket != socket) {
		/* Nobody asked, or it was given up. */
		load->wrong++;
		return;
	}
	slot = &load->slots[number];
	load->answered++;
	note_latency(load, now() - slot->sent);
	wrong = read_answer(&answer, slot->question, message, length);
	if (wrong == NULL)
		wrong = judge_answer(slot->question, &answer);
	if (wrong != NULL && load->wrong++ < COMPLAINTS)
		fprintf(stderr, "load: wrong answer, %s: %s\n", wrong,
			slot->question->line);
	free_slot(load, (uint16_t)number);
}

static void
receive(struct load *load, size_t socket)
{
	uint8_t message[65536];
	ssize_t length;

	while ((length = recv(load->sockets[socket], message, sizeof(message),
	    0)) >= 0)
		take_answer(load, socket, message, (size_t)length);
	if (errno != EAGAIN && errno != EINTR)
		die("receiving: %s", strerror(errno));
}

/* --- Queries. */

static void
send_one(struct load *load, uint64_t due)
{
	struct question *question = &load->questions[load->sent %
		load->question_count];
	uint16_t number = load->free_slots[load->free_count - 1];
	struct slot *slot = &load->slots[number];

	slot->socket = question->sockets + load->sent /
		load->question_count % load->per_source;
	question->wire[0] = (uint8_t)(number >> 8);
	question->wire[1] = (uint8_t)number;
	slot->sent = due;
	if (send(load->sockets[slot->socket], question->wire, question->length,
	    0) < 0)
		die("sending: %s", strerror(errno));
	slot->question = question;
	load->free_count--;
	load->sent++;
}

/* Sends what may be sent. Nanoseconds until there may be more, at most a
 * second. */
static uint64_t
send_all(struct load *load, uint64_t start)
{
	uint64_t time = now();

	while (load->free_count > 0) {
		uint64_t due = time;

		if (load->count > 0 ? load->sent >= load->count
		    : time - start >= load->duration)
			return SECOND;
		if (load->rate > 0) {
			due = start + load->sent / load->rate * SECOND +
				load->sent % load->rate * SECOND / load->rate;
			if (due > time)
				return due - time < SECOND ? due - time
					: SECOND;
		}
		send_one(load, due);
	}
	return SECOND;
}

static void
give_up(struct load *load)
{
	uint64_t time = now();
	size_t i;

	for (i = 0; i < load->window; i++)
		if (load->slots[i].question != NULL &&
		    time > load->slots[i].sent + load->patience) {
			if (load->lost++ < COMPLAINTS)
				fprintf(stderr, "load: no answer: %s\n",
					load->slots[i].question->line);
			free_slot(load, (uint16_t)i);
		}
}

static void
wait_for_begin(const struct load *load)
{
	struct timespec time, begin = { (time_t)load->begin, 0 };

	if (load->begin == 0)
		return;
	clock_gettime(CLOCK_REALTIME, &time);
	if (time.tv_sec >= begin.tv_sec)
		die("not ready when it should begin");
	while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &begin, NULL) ==
	    EINTR)
		continue;
}

static void
run(struct load *load)
{
	struct epoll_event events[256];
	uint64_t start = now(), next_look = start + SECOND;
	int i, count;

	for (;;) {
		uint64_t wait = send_all(load, start);
		struct timespec timeout = { (time_t)(wait / SECOND),
			(long)(wait % SECOND) };

		if (load->free_count == load->window && (load->count > 0
		    ? load->sent >= load->count
		    : now() - start >= load->duration))
			return;
		count = epoll_pwait2(load->epoll, events, 256, &timeout, NULL);
		if (count < 0 && errno != EINTR)
			die("epoll: %s", strerror(errno));
		for (i = 0; i < count; i++)
			receive(load, (size_t)events[i].data.u64);
		if (now() >= next_look) {
			give_up(load);
			next_look = now() + SECOND;
		}
	}
}

static void
print_times(const struct load *load)
{
	const char *before = "";
	size_t i;

	printf("\"times\":[");
	for (i = 0; i < BUCKETS; i++) {
		if (load->buckets[i] == 0)
			continue;
		printf("%s[%" PRIu64 ",%" PRIu64 "]", before, bucket_value(i),
			load->buckets[i]);
		before = ",";
	}
	printf("]");
}

static void
print_result(const struct load *load, uint64_t time)
{
	printf("{\"sent\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"wrong\":%"
		PRIu64 ",\"lost\":%" PRIu64 ",\"seconds\":%.6f,"
		"\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,"
		"\"p999_us\":%.1f,\"max_us\":%.1f,", load->sent,
		load->answered, load->wrong, load->lost,
		(double)time / SECOND, (double)percentile(load, .5) / 1000,
		(double)percentile(load, .9) / 1000,
		(double)percentile(load, .99) / 1000,
		(double)percentile(load, .999) / 1000,
		(double)load->slowest / 1000);
	print_times(load);
	printf("}\n");
}

/* --- Arguments. */

__attribute__((noreturn)) static void
usage(void)
{
	fprintf(stderr, "usage: load [-n COUNT | -s SECONDS] [-w WINDOW] "
		"[-r RATE] [-b TIME] [-k SOCKETS] [-t SECONDS] ADDRESS "
		"PORT QUESTIONS\n");
	exit(2);
}

static uint64_t
read_number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || number < least ||
	    number > most)
		die("found \"%s\", expected a number from %" PRIu64 " to %"
			PRIu64, text, least, most);
	return number;
}

static void
read_arguments(struct load *load, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:s:w:r:b:k:t:")) != -1)
		switch (option) {
		case 'n':
			load->count = read_number(optarg, 1, UINT32_MAX);
			break;
		case 's':
			load->duration = read_number(optarg, 1, 86400) *
				SECOND;
			break;
		case 'w':
			load->window = read_number(optarg, 1, WINDOW_MAX);
			break;
		case 'r':
			load->rate = read_number(optarg, 1, SECOND);
			break;
		case 'b':
			load->begin = read_number(optarg, 1, INT32_MAX);
			break;
		case 'k':
			load->per_source = read_number(optarg, 1, 1024);
			break;
		case 't':
			load->patience = read_number(optarg, 1, 86400) *
				SECOND;
			break;
		default:
			usage();
		}
	if (argc - optind != 3 || (load->count > 0 && load->duration > 0))
		usage();
	load->server_octets = read_address(&load->server, argv[optind],
		(unsigned)read_number(argv[optind + 1], 1, 65535));
	read_questions(load, argv[optind + 2]);
	if (load->count == 0 && load->duration == 0)
		load->count = load->question_count;
}

static void
make_slots(struct load *load)
{
	size_t i;

	load->slots = take(load->window, sizeof(*load->slots));
	load->free_slots = take(load->window, sizeof(*load->free_slots));
	/* The first ones on top. */
	for (i = load->window; i > 0; i--)
		free_slot(load, (uint16_t)(i - 1));
}

int
main(int argc, char **argv)
{
	static struct load load = {
		.window = 64,
		.per_source = 1,
		.patience = (uint64_t)10 * SECOND,
	};
	uint64_t start;

	read_arguments(&load, argc, argv);
	open_sockets(&load);
	make_slots(&load);
	wait_for_begin(&load);
	start = now();
	run(&load);
	print_result(&load, now() - start);
	return load.wrong > 0 || load.lost > 0;
}
