/*
 * test_hostile_queries.c - names and messages that nobody means well with: no
 * record of a blocked name gets out, and Unbound serves on.
 *
 * Every name exists in the Internet of these tests, and ordinary clients have
 * asked for the names before: a mistake would show.
 */
#include "world.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wild.h"

#define HEADER 12
#define NAME_OCTETS 255
#define MESSAGE_OCTETS 1200
#define QUESTION_OCTETS (HEADER + NAME_OCTETS + 4)

struct wilderness {
	struct wild *wild;
	struct resolver *resolver;
};

/* A message on its way out. */
struct message {
	uint8_t octets[MESSAGE_OCTETS];
	size_t length;
};

/* A client's way to the resolver, and what came back on it. */
struct wire {
	const char *from;
	int fd;
	int is_tcp;
	/* Octets of a frame that is not whole yet. */
	uint8_t frame[65537];
	size_t got;
	unsigned long answers;
	unsigned long blocked;
};

static int
wilderness_setup(void **state)
{
	static const struct wild_options wild = { .ttl = 3600 };
	static const struct resolver_options options = {
		.policy = WORLD_POLICY,
		.server = "  incoming-num-tcp: 100\n",
	};
	struct wilderness *wilderness = calloc(1, sizeof(*wilderness));

	assert_non_null(wilderness);
	*state = wilderness;
	wilderness->wild = wild_start(&wild);
	wilderness->resolver = resolver_start(&options);
	return 0;
}

/* Stopping fails the test unless Unbound ends with success. */
static int
wilderness_stop(void **state)
{
	struct wilderness *wilderness = *state;

	*state = NULL;
	resolver_stop(wilderness->resolver);
	wild_stop(wilderness->wild);
	free(wilderness);
	return 0;
}

/* --- Messages. */

/* Adds what is in C's notation a string, its NUL not counted. */
#define add_string(message, string) \
	add_octets(message, string, sizeof(string) - 1)

static void
add_octets(struct message *message, const void *octets, size_t length)
{
	assert_true(message->length + length <= sizeof(message->octets));
	memcpy(message->octets + message->length, octets, length);
	message->length += length;
}

static void
add_16(struct message *message, unsigned value)
{
	uint8_t octets[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	add_octets(message, octets, 2);
}

/* A header with RD and COUNT questions. */
static void
start_message(struct message *message, unsigned id, unsigned count)
{
	message->length = 0;
	add_16(message, id);
	add_16(message, 0x0100);
	add_16(message, count);
	add_string(message, "\0\0\0\0\0\0");
}

/* A query for a name in wire format. */
static void
make_query(struct message *message, unsigned id, const uint8_t *name,
	size_t length, unsigned type)
{
	start_message(message, id, 1);
	add_octets(message, name, length);
	add_16(message, type);
	add_16(message, LDNS_RR_CLASS_IN);
}

/* --- The verdict that is due, and what came instead. */

/* Whether the name in wire format ends with LABELS, also in wire format. */
static int
is_below(const uint8_t *name, const char *labels, size_t length)
{
	const uint8_t *at;
	size_t i, left;

	for (at = name; ; at += *at + 1) {
		for (left = 0; at[left] != 0; left += at[left] + 1u)
			continue;
		if (left == length) {
			for (i = 0; i < length; i++)
				if (LDNS_DNAME_NORMALIZE(at[i]) != labels[i])
					return 0;
			return 1;
		}
		if (*at == 0)
			return 0;
	}
}

/* The policy of world.h for UPDATE_HOST, in other words. */
static int
is_allowed(const uint8_t *name)
{
	static const char denied[] = "\6denied\7allowed\4test";
	static const char allowed[] = "\7allowed\4test";
	static const char with_signatures[] = "\6signed\4test";
	size_t length = 0;

	while (name[length] != 0)
		length += name[length] + 1u;
	if (length == sizeof(denied) - 1 &&
	    is_below(name, denied, sizeof(denied) - 1))
		return 0;
	return is_below(name, allowed, sizeof(allowed) - 1) ||
		is_below(name, with_signatures, sizeof(with_signatures) - 1);
}

/* Whether the wild Internet made the record: nobody else makes such. */
static int
is_of_the_internet(const ldns_rr *rr)
{
	static const uint8_t ip6[] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0 };
	const uint8_t *data;

	if (ldns_rr_rd_count(rr) == 0)
		return 0;
	data = ldns_rdf_data(ldns_rr_rdf(rr, 0));
	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_A:
		return data[0] == 198 && (data[1] & 0xfe) == 18;
	case LDNS_RR_TYPE_AAAA:
		return memcmp(data, ip6, sizeof(ip6)) == 0;
	case LDNS_RR_TYPE_TXT:
		return data[0] == 4 && memcmp(data, "\4wild", 5) == 0;
	case LDNS_RR_TYPE_CNAME:
		return 1;
	default:
		return 0;
	}
}

/* What cannot be read is the client's own message with an error in its
 * header. */
static void
check_error(const uint8_t *octets, size_t length)
{
	uint8_t ip4[4];

	wild_ip4((const uint8_t *)"\4evil\4test", ip4);
	assert_true(length < 4 || (octets[3] & 15) != LDNS_RCODE_NOERROR);
	assert_null(memmem(octets, length, ip4, sizeof(ip4)));
	assert_null(memmem(octets, length, "\4wild", 5));
}

static void
check_no_record(const ldns_pkt *answer, const char *from)
{
	ldns_rr_list *records = ldns_pkt_all_noquestion(answer);
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(records); i++) {
		ldns_rr *rr = ldns_rr_list_rr(records, i);

		if (!is_of_the_internet(rr))
			continue;
		print_error("%s got a record of a blocked name: ", from);
		ldns_rr_print(stderr, rr);
		fail();
	}
	ldns_rr_list_free(records);
}

/* Judges any message that came to a restricted client by the question in
 * it. Returns 1 where it is the answer to a blocked query. */
static int
check_answer(const uint8_t *octets, size_t length, const char *from)
{
	ldns_pkt *answer;
	int blocked;

	if (ldns_wire2pkt(&answer, octets, length) != LDNS_STATUS_OK) {
		check_error(octets, length);
		return 0;
	}
	blocked = ldns_pkt_qdcount(answer) != 1 ||
		!is_allowed(ldns_rdf_data(ldns_rr_owner(ldns_rr_list_rr(
		ldns_pkt_question(answer), 0))));
	if (blocked)
		check_no_record(answer, from);
	blocked = blocked && ldns_pkt_nscount(answer) == 1 &&
		ldns_pkt_get_rcode(answer) == LDNS_RCODE_NXDOMAIN;
	ldns_pkt_free(answer);
	return blocked;
}

/* --- Sockets. */

static struct wire *
wire_open(const char *from, int is_tcp)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	struct sockaddr_in address = { .sin_family = AF_INET };

	assert_non_null(wire);
	wire->from = from;
	wire->is_tcp = is_tcp;
	wire->fd = socket(AF_INET, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	inet_pton(AF_INET, from, &address.sin_addr);
	assert_int_equal(bind(wire->fd, (struct sockaddr *)&address,
		sizeof(address)), 0);
	inet_pton(AF_INET, RESOLVER_IP4, &address.sin_addr);
	address.sin_port = htons(RESOLVER_PORT);
	assert_int_equal(connect(wire->fd, (struct sockaddr *)&address,
		sizeof(address)), 0);
	return wire;
}

static void
wire_close(struct wire *wire)
{
	close(wire->fd);
	free(wire);
}

/* Returns -1 where the connection has ended. */
static int
wire_send(struct wire *wire, const void *octets, size_t length)
{
	uint8_t frame[2 + MESSAGE_OCTETS];

	if (!wire->is_tcp)
		return send(wire->fd, octets, length, MSG_NOSIGNAL) < 0;
	frame[0] = (uint8_t)(length >> 8);
	frame[1] = (uint8_t)length;
	memcpy(frame + 2, octets, length);
	return send(wire->fd, frame, length + 2, MSG_NOSIGNAL) !=
		(ssize_t)length + 2 ? -1 : 0;
}

/* Takes a message that came; its ID. */
static int
take_message(struct wire *wire, const uint8_t *octets, size_t length)
{
	wire->answers++;
	wire->blocked += (unsigned long)check_answer(octets, length,
		wire->from);
	return length >= 2 ? octets[0] << 8 | octets[1] : -1;
}

/* Takes the whole frames that are there; whether ID was among them. */
static int
take_frames(struct wire *wire, int id)
{
	size_t at = 0, length;
	int found = 0;

	while (wire->got - at >= 2) {
		length = (size_t)wire->frame[at] << 8 | wire->frame[at + 1];
		if (wire->got - at < length + 2)
			break;
		found |= take_message(wire, wire->frame + at + 2, length) ==
			id;
		at += length + 2;
	}
	wire->got -= at;
	memmove(wire->frame, wire->frame + at, wire->got);
	return found;
}

/* Takes what comes until the answer ID is there, for so long at most. Returns
 * 1 when it is, 0 when not, -1 when the connection has ended. */
static int
wire_await(struct wire *wire, int id, long long milliseconds)
{
	long long deadline = sandbox_now() + milliseconds, left;
	struct pollfd polled = { wire->fd, POLLIN, 0 };
	ssize_t n;

	while ((left = deadline - sandbox_now()) > 0) {
		if (poll(&polled, 1, (int)left) <= 0)
			continue;
		n = recv(wire->fd, wire->frame + wire->got,
			sizeof(wire->frame) - wire->got, 0);
		if (n <= 0 && wire->is_tcp)
			return -1;
		if (n <= 0)
			continue;
		wire->got += (size_t)n;
		if (wire->is_tcp) {
			if (take_frames(wire, id))
				return 1;
			continue;
		}
		wire->got = 0;
		if (take_message(wire, wire->frame, (size_t)n) == id)
			return 1;
	}
	return 0;
}

/* Both kinds of client are served as ever. */
static void
assert_serves_on(void)
{
	static const enum transport transports[] = { ASK_UDP, ASK_TCP };
	size_t i;

	for (i = 0; i < 2; i++) {
		uint8_t octets[4];
		char expected[40];

		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
			transports[i]), "NXDOMAIN");
		wild_ip4((const uint8_t *)"\3www\7allowed\4test", octets);
		snprintf(expected, sizeof(expected), "NOERROR %u.%u.%u.%u",
			octets[0], octets[1], octets[2], octets[3]);
		assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A,
			transports[i]), expected);
		wild_ip4((const uint8_t *)"\4evil\4test", octets);
		snprintf(expected, sizeof(expected), "NOERROR %u.%u.%u.%u",
			octets[0], octets[1], octets[2], octets[3]);
		assert_answer(Q(ORDINARY, "evil.test", TYPE_A,
			transports[i]), expected);
	}
}

/* --- Names that are legal, and odd. */

/* The names of this part, one after the other in wire format. */
struct names {
	uint8_t wire[700][NAME_OCTETS];
	size_t length[700];
	size_t count;
};

#define add_wire(names, string) add_name(names, string, sizeof(string))

static void
add_name(struct names *names, const void *wire, size_t length)
{
	assert_true(names->count < 700 && length <= NAME_OCTETS);
	memcpy(names->wire[names->count], wire, length);
	names->length[names->count++] = length;
}

/* As many labels of LENGTH octets as fit, OCTET in all of them. */
static void
add_long_name(struct names *names, size_t length, int octet)
{
	uint8_t wire[NAME_OCTETS];
	size_t at = 0;

	while (at + length + 2 <= NAME_OCTETS) {
		wire[at] = (uint8_t)length;
		memset(wire + at + 1, octet, length);
		at += length + 1;
	}
	/* What is left, up to 255 octets, if a label fits there. */
	if (at + 3 <= NAME_OCTETS) {
		wire[at] = (uint8_t)(NAME_OCTETS - 2 - at);
		memset(wire + at + 1, octet, wire[at]);
		at += wire[at] + 1u;
	}
	wire[at] = 0;
	add_name(names, wire, at + 1);
}

/* Every octet as a label, inside one, and before what is allowed. */
static void
add_binary_names(struct names *names)
{
	int i;

	for (i = 0; i < 256; i++) {
		uint8_t alone[] = "\1?\4evil\4test";
		uint8_t joined[] = "\3www\11?allowed\0\4test";

		alone[1] = (uint8_t)i;
		add_name(names, alone, sizeof(alone));
		/* One label: "?allowed", and not "allowed". */
		joined[4] = 8;
		joined[5] = (uint8_t)i;
		memmove(joined + 13, joined + 14, sizeof(joined) - 14);
		add_name(names, joined, sizeof(joined) - 1);
	}
}

static struct names *
odd_names(void)
{
	struct names *names = calloc(1, sizeof(*names));
	size_t length;

	assert_non_null(names);
	for (length = 1; length <= 63; length++)
		add_long_name(names, length, 'a' + (int)length % 26);
	add_long_name(names, 1, 0);
	add_long_name(names, 1, 255);
	add_long_name(names, 1, '.');
	add_long_name(names, 63, 0);
	add_long_name(names, 63, '*');
	add_binary_names(names);
	/* Dots inside labels, which as text would be the allowed name. */
	add_wire(names, "\14allowed.test");
	add_wire(names, "\20www.allowed.test");
	add_wire(names, "\13www.allowed\4test");
	add_wire(names, "\10.allowed\4test");
	add_wire(names, "\4evil\14allowed.test");
	add_wire(names, "\10allowed\\\4test");
	add_wire(names, "\7allowed\5test.");
	add_wire(names, "\7allowed\5test\0");
	add_wire(names, "\7allowed\5\0test");
	add_wire(names, "\10allowed\0\4test");
	add_wire(names, "\7allowed\4test\4evil");
	add_wire(names, "\1*");
	add_wire(names, "\1*\4test");
	add_wire(names, "\6DENIED\7ALLOWED\4TEST");
	add_wire(names, "");
	return names;
}

/* Asks for all of them; the records must be the Internet's. */
static void
ask_as_ordinary(const struct names *names, size_t i)
{
	struct wire *wire = wire_open(ORDINARY, 0);
	uint8_t expected[4];
	struct message message;
	ssize_t length;

	make_query(&message, 7, names->wire[i], names->length[i], TYPE_A);
	assert_int_equal(wire_send(wire, message.octets, message.length), 0);
	length = recv(wire->fd, wire->frame, sizeof(wire->frame), 0);
	assert_true(length > 16);
	assert_int_equal(wire->frame[3] & 15, LDNS_RCODE_NOERROR);
	/* A name with a CNAME has its target's. */
	wild_ip4(names->wire[i], expected);
	if (names->length[i] > 1 && (names->wire[i][1] | 0x20) != WILD_CNAME)
		assert_non_null(memmem(wire->frame, (size_t)length, expected,
			4));
	wire_close(wire);
}

static void
odd_names_are_judged_as_others_are(void **state)
{
	struct wilderness *wilderness = *state;
	struct names *names = odd_names();
	unsigned long before = resolver_stat(wilderness->resolver,
		"num.rpz.action.rpz-nxdomain");
	unsigned long sent = 0;
	int is_tcp;
	size_t i;

	for (i = 0; i < names->count; i++)
		ask_as_ordinary(names, i);
	for (is_tcp = 0; is_tcp < 2; is_tcp++) {
		struct wire *wire = wire_open(UPDATE_HOST, is_tcp);

		for (i = 0; i < names->count; i++) {
			struct message message;

			assert_false(is_allowed(names->wire[i]));
			make_query(&message, (unsigned)i + 1, names->wire[i],
				names->length[i], TYPE_A);
			assert_int_equal(wire_send(wire, message.octets,
				message.length), 0);
			assert_int_equal(wire_await(wire, (int)i + 1,
				SANDBOX_PATIENCE), 1);
			sent++;
		}
		/* Each had one answer, and that was bitsink's. */
		assert_int_equal(wire->answers, names->count);
		assert_int_equal(wire->blocked, names->count);
		wire_close(wire);
	}
	assert_int_equal(resolver_stat(wilderness->resolver,
		"num.rpz.action.rpz-nxdomain"), before + sent);
	assert_serves_on();
	free(names);
}

/* --- Messages that are wrong. */

struct wrong_message {
	const char *description;
	unsigned questions;
	const char *octets;
	size_t length;
};

#define WRONG(description, questions, octets) \
	{ description, questions, octets, sizeof(octets) - 1 }
#define EVIL "\4evil\4test\0"
#define IN_A "\0\1\0\1"
#define OPT "\0\0\51\4\320\0\0\0\0"

static const struct wrong_message wrong_messages[] = {
	WRONG("nothing but a header", 0, ""),
	WRONG("a question that is not there", 1, ""),
	WRONG("a question that is not announced", 0, EVIL IN_A),
	WRONG("two questions, the blocked one first", 2,
		EVIL IN_A "\3www\7allowed\4test\0" IN_A),
	WRONG("two questions, the blocked one last", 2,
		"\3www\7allowed\4test\0" IN_A EVIL IN_A),
	WRONG("a second question that points at the first", 2,
		EVIL IN_A "\300\14" IN_A),
	WRONG("65535 questions", 65535, EVIL IN_A),
	WRONG("a pointer to itself", 1, "\300\14" IN_A),
	WRONG("a label, then a pointer to it", 1, "\4evil\300\14" IN_A),
	WRONG("two pointers to each other", 1, "\300\16\300\14" IN_A),
	WRONG("a pointer into the header", 1, "\4evil\300\0" IN_A),
	WRONG("a pointer forward", 1, "\4evil\300\30" IN_A EVIL),
	WRONG("a pointer to a name behind the question", 1,
		"\300\22" IN_A EVIL),
	WRONG("a pointer beyond the message", 1, "\4evil\377\377" IN_A),
	WRONG("half a pointer", 1, "\4evil\300"),
	WRONG("a label of type 01", 1, "\100evil\4test\0" IN_A),
	WRONG("a label of type 10", 1, "\200evil\4test\0" IN_A),
	WRONG("an extended label", 1, "\101\10\377\0" IN_A),
	WRONG("a label that is cut short", 1, "\77evil"),
	WRONG("a name without its root", 1, "\4evil\4test"),
	WRONG("no class", 1, EVIL "\0\1"),
	WRONG("half a type", 1, EVIL "\0"),
	WRONG("octets behind the question", 1, EVIL IN_A "junk"),
	WRONG("an OPT record that is not announced", 1, EVIL IN_A OPT "\0\0"),
	WRONG("class 0", 1, EVIL "\0\1\0\0"),
	WRONG("class CH", 1, EVIL "\0\1\0\3"),
	WRONG("class HS", 1, EVIL "\0\1\0\4"),
	WRONG("class NONE", 1, EVIL "\0\1\0\376"),
	WRONG("class ANY", 1, EVIL "\0\1\0\377"),
	WRONG("class 65535", 1, EVIL "\0\1\377\377"),
	WRONG("type 0", 1, EVIL "\0\0\0\1"),
	WRONG("type ANY", 1, EVIL "\0\377\0\1"),
	WRONG("type AXFR", 1, EVIL "\0\374\0\1"),
	WRONG("type IXFR", 1, EVIL "\0\373\0\1"),
	WRONG("type MAILB", 1, EVIL "\0\375\0\1"),
	WRONG("type OPT", 1, EVIL "\0\51\0\1"),
	WRONG("type TSIG", 1, EVIL "\0\372\0\1"),
	WRONG("type TKEY", 1, EVIL "\0\371\0\1"),
	WRONG("type RRSIG", 1, EVIL "\0\56\0\1"),
	WRONG("type 65535", 1, EVIL "\377\377\0\1"),
};

#define WRONG_MESSAGES (sizeof(wrong_messages) / sizeof(wrong_messages[0]))

/* Sends a message, and then a query that is answered when it was dealt with;
 * over TCP the connection may end instead. */
static void
send_wrong(struct wire **wire, const uint8_t *octets, size_t length)
{
	static unsigned id = 0x4000;
	struct message probe;
	int ended;

	id = 0x4000 | ((id + 1) & 0x3fff);
	make_query(&probe, id, (const uint8_t *)EVIL, 11, TYPE_A);
	ended = wire_send(*wire, octets, length) < 0 ||
		wire_send(*wire, probe.octets, probe.length) < 0 ||
		wire_await(*wire, (int)id, SANDBOX_PATIENCE) < 0;
	if (!ended)
		return;
	assert_true((*wire)->is_tcp);
	wire_close(*wire);
	*wire = wire_open(UPDATE_HOST, 1);
}

/* As it is, with every opcode, as a response, with a count of records that
 * are not there, and cut short everywhere. */
static void
send_in_all_forms(struct wire **wire, const struct wrong_message *wrong)
{
	struct message message;
	size_t length;
	unsigned i;

	start_message(&message, 1, wrong->questions);
	add_octets(&message, wrong->octets, wrong->length);
	for (i = 0; i < 16; i++) {
		message.octets[2] = (uint8_t)(i << 3 | 1);
		send_wrong(wire, message.octets, message.length);
	}
	message.octets[2] = 0x81;
	send_wrong(wire, message.octets, message.length);
	message.octets[2] = 0x01;
	for (i = 6; i < HEADER; i++) {
		message.octets[i] = 1;
		send_wrong(wire, message.octets, message.length);
		message.octets[i] = 0;
	}
	for (length = 1; length < message.length; length++)
		send_wrong(wire, message.octets, length);
}

static void
wrong_messages_get_no_record(void **state)
{
	int is_tcp;
	size_t i;

	(void)state;
	assert_serves_on();
	for (is_tcp = 0; is_tcp < 2; is_tcp++) {
		struct wire *wire = wire_open(UPDATE_HOST, is_tcp);

		for (i = 0; i < WRONG_MESSAGES; i++)
			send_in_all_forms(&wire, &wrong_messages[i]);
		wire_close(wire);
	}
	assert_serves_on();
}

/* Frames that say they are longer than they are, or that are empty. */
static void
wrong_frames_get_no_record(void **state)
{
	static const struct wrong_message frames[] = {
		WRONG("nothing", 0, ""),
		WRONG("half a length", 0, "\0"),
		WRONG("an empty frame", 0, "\0\0"),
		WRONG("a frame shorter than a header", 0, "\0\5hello"),
		WRONG("a frame of 65535 octets that ends", 0, "\377\377"
			"\0\1\1\0\0\1\0\0\0\0\0\0" EVIL IN_A),
		WRONG("a frame that ends in its question", 0, "\0\33"
			"\0\1\1\0\0\1\0\0\0\0\0\0" "\4evil\4te"),
		WRONG("a frame shorter than its question", 0, "\0\24"
			"\0\1\1\0\0\1\0\0\0\0\0\0" EVIL IN_A),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct wire *wire = wire_open(UPDATE_HOST, 1);

		assert_int_equal(send(wire->fd, frames[i].octets,
			frames[i].length, MSG_NOSIGNAL),
			(ssize_t)frames[i].length);
		shutdown(wire->fd, SHUT_WR);
		assert_int_equal(wire_await(wire, -2, SANDBOX_PATIENCE), -1);
		wire_close(wire);
	}
	assert_serves_on();
}

/* --- Messages by chance. */

#define MUTANTS 6000

/* The steps of splitmix64: the same in every run. */
static unsigned
chance_below(uint64_t *chance, size_t limit)
{
	uint64_t word = *chance += 0x9e3779b97f4a7c15u;

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
	return (unsigned)((word ^ (word >> 31)) % limit);
}

static void
make_sane(struct message *message, uint64_t *chance)
{
	static const char *const names[] = { "\4evil\4test",
		"\3www\4evil\4test", "\6denied\7allowed\4test",
		"\4evil\7allowed\5testy", "\11wwallowed\4test",
		"\3www\7allowed\4test" };
	static const unsigned types[] = { 1, 28, 16, 255, 5, 65 };
	const char *name = names[chance_below(chance, 6)];

	make_query(message, 1, (const uint8_t *)name, strlen(name) + 1,
		types[chance_below(chance, 6)]);
	if (chance_below(chance, 2) == 0)
		return;
	message->octets[11] = 1;
	add_string(message, OPT "\0\14\0\12\0\10cookies!");
}

/* One change; the header's ID stays, and QR is not set. */
static void
mutate(struct message *message, uint64_t *chance)
{
	static const uint8_t telling[] = { 0, 1, 4, 7, 0x3f, 0x40, 0x80, 0xc0,
		0xff, '.', '*', '\\' };
	size_t at = 2 + chance_below(chance, message->length - 2);
	size_t behind = message->length - at;

	switch (chance_below(chance, 5)) {
	case 0:
		message->octets[at] ^= (uint8_t)(1u << chance_below(chance,
			8));
		break;
	case 1:
		message->octets[at] = telling[chance_below(chance,
			sizeof(telling))];
		break;
	case 2:
		message->octets[at] = (uint8_t)chance_below(chance, 256);
		break;
	case 3:
		memmove(message->octets + at, message->octets + at + 1,
			behind - 1);
		message->length -= message->length > 3;
		break;
	default:
		memmove(message->octets + at + 1, message->octets + at,
			behind);
		message->length++;
	}
	message->octets[2] &= 0x7f;
}

static void
mutants_get_no_record(void **state)
{
	struct wilderness *wilderness = *state;
	unsigned long before = resolver_stat(wilderness->resolver,
		"num.rpz.action.rpz-nxdomain");
	unsigned long blocked = 0, after;
	uint64_t chance = 20071;
	int is_tcp;
	unsigned i, k;

	assert_serves_on();
	for (is_tcp = 0; is_tcp < 2; is_tcp++) {
		struct wire *wire = wire_open(UPDATE_HOST, is_tcp);

		for (i = 0; i < MUTANTS; i++) {
			struct message message;

			make_sane(&message, &chance);
			for (k = chance_below(&chance, 4) + 1; k > 0; k--)
				mutate(&message, &chance);
			send_wrong(&wire, message.octets, message.length);
		}
		blocked += wire->blocked;
		wire_close(wire);
	}
	assert_serves_on();
	/* Every probe was blocked, and nothing is counted that was not sent;
	 * a connection that ended took its numbers along. */
	after = resolver_stat(wilderness->resolver,
		"num.rpz.action.rpz-nxdomain");
	assert_true(blocked > MUTANTS);
	assert_true(after - before >= blocked);
	assert_true(after - before <= 4 * MUTANTS + 8);
}

#define wild_test(function) cmocka_unit_test_setup_teardown(function, \
	wilderness_setup, wilderness_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		wild_test(odd_names_are_judged_as_others_are),
		wild_test(wrong_messages_get_no_record),
		wild_test(wrong_frames_get_no_record),
		wild_test(mutants_get_no_record),
	};

	return world_main(tests);
}
