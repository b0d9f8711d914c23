/*
 * wild.c - an Internet in which every name exists, slow and lossy as asked.
 */
#include "wild.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox.h"
#include "upstream.h"

#define HEADER 12
#define NAME_MAX_OCTETS 255
/* A question, two records with names, and what is between. */
#define MESSAGE_MAX (HEADER + 3 * (NAME_MAX_OCTETS + 32))

enum { TYPE_OF_A = 1, TYPE_OF_CNAME = 5, TYPE_OF_AAAA = 28, TYPE_OF_TXT = 16 };

/* An answer that is not sent yet. */
struct late {
	struct late *next;
	struct sockaddr_in to;
	size_t length;
	uint8_t message[MESSAGE_MAX];
};

struct wild {
	struct wild_options options;
	pthread_t thread;
	int udp;
	atomic_int stopping;
	atomic_ulong total;
	uint64_t chance;
	/* One a millisecond of the longest delay, as a ring. */
	struct late **due;
	unsigned slots;
	unsigned slot;
	long long slot_time;
};

static void
die(const char *what)
{
	fprintf(stderr, "wild: %s: %s\n", what, strerror(errno));
	abort();
}

/* The steps of splitmix64: the same in every run. */
static unsigned
chance_below(struct wild *wild, unsigned limit)
{
	uint64_t word = wild->chance += 0x9e3779b97f4a7c15u;

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
	return (unsigned)((word ^ (word >> 31)) % limit);
}

/* --- What names have. */

static uint8_t
lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
}

/* FNV-1a. Length octets are below 'A' and stay what they are. */
static uint32_t
hash_name(const uint8_t *name)
{
	uint32_t hash = 2166136261u;

	while (*name != 0) {
		unsigned i, length = *name;

		for (i = 0; i <= length; i++)
			hash = (hash ^ lower(name[i])) * 16777619u;
		name += length + 1;
	}
	return hash;
}

void
wild_ip4(const uint8_t *name, uint8_t octets[4])
{
	uint32_t hash = hash_name(name);

	octets[0] = 198;
	octets[1] = (uint8_t)(18 | (hash >> 16 & 1));
	octets[2] = (uint8_t)(hash >> 8);
	octets[3] = (uint8_t)hash;
}

void
wild_ip6(const uint8_t *name, uint8_t octets[16])
{
	uint32_t hash = htonl(hash_name(name));
	static const uint8_t prefix[4] = { 0x20, 0x01, 0x0d, 0xb8 };

	memset(octets, 0, 16);
	memcpy(octets, prefix, sizeof(prefix));
	memcpy(octets + 12, &hash, sizeof(hash));
}

/* --- Messages. */

/* Octets of the name at AT, 0 where there is no whole one. */
static size_t
name_octets(const uint8_t *message, size_t length)
{
	size_t at = HEADER;

	while (at < length && message[at] != 0) {
		if (message[at] > 63)
			return 0;
		at += message[at] + 1u;
	}
	return at < length && at + 1 - HEADER <= NAME_MAX_OCTETS
		? at + 1 - HEADER : 0;
}

static uint8_t *
put16(uint8_t *at, unsigned value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

/* A record of the name in the question, in class IN. */
static uint8_t *
put_record(uint8_t *at, unsigned type, unsigned ttl, const void *data,
	size_t length)
{
	at = put16(at, 0xc000 | HEADER);
	at = put16(at, type);
	at = put16(at, 1);
	at = put16(put16(at, 0), ttl);
	at = put16(at, (unsigned)length);
	memcpy(at, data, length);
	return at + length;
}

/* Puts what NAME has of TYPE; returns where it ends, AT where it has none. */
static uint8_t *
put_answer(uint8_t *at, const uint8_t *name, size_t length, unsigned type,
	unsigned ttl)
{
	static const uint8_t text[] = "\4wild";
	uint8_t data[NAME_MAX_OCTETS];

	if (name[0] > 0 && lower(name[1]) == WILD_CNAME) {
		memcpy(data, name, length);
		data[1] = WILD_TARGET;
		return put_record(at, TYPE_OF_CNAME, ttl, data, length);
	}
	switch (type) {
	case TYPE_OF_A:
		wild_ip4(name, data);
		return put_record(at, type, ttl, data, 4);
	case TYPE_OF_AAAA:
		wild_ip6(name, data);
		return put_record(at, type, ttl, data, 16);
	case TYPE_OF_TXT:
		return put_record(at, type, ttl, text, sizeof(text) - 1);
	default:
		return at;
	}
}

/* The SOA of a negative answer, at the root; it lives for a second. */
static uint8_t *
put_soa(uint8_t *at)
{
	static const uint8_t soa[] = "\0\0\6\0\1\0\0\0\1\0\43"
		"\4wild\7invalid\0\0\0\0\0\1\0\0\16\20\0\0\4\260\0\11\72\200"
		"\0\0\0\1";

	memcpy(at, soa, sizeof(soa) - 1);
	return at + sizeof(soa) - 1;
}

/* Turns a query into its answer; 0 where it is none. */
static size_t
make_answer(struct wild *wild, uint8_t *message, size_t length)
{
	size_t name = name_octets(message, length);
	unsigned ttl = 1 + chance_below(wild, wild->options.ttl);
	uint8_t *behind, *at;

	if (length < HEADER || name == 0 || HEADER + name + 4 > length ||
	    (message[2] & 0x80))
		return 0;
	behind = message + HEADER + name + 4;
	at = put_answer(behind, message + HEADER, name,
		(unsigned)behind[-4] << 8 | behind[-3], ttl);
	message[2] = (uint8_t)(0x80 | (message[2] & 0x01));
	message[3] = (uint8_t)(0x80 | (message[3] & 0x10));
	put16(message + 4, 1);
	put16(message + 6, at != behind);
	put16(message + 8, at == behind);
	put16(message + 10, 0);
	if (at == behind)
		at = put_soa(at);
	return (size_t)(at - message);
}

/* --- The server. */

static void
send_late(struct wild *wild, struct late *late)
{
	/* What is lost here is asked again. */
	(void)!sendto(wild->udp, late->message, late->length, 0,
		(const struct sockaddr *)&late->to, sizeof(late->to));
	free(late);
}

/* Sends what is due by now. */
static void
send_due(struct wild *wild)
{
	long long now = sandbox_now();

	for (; wild->slot_time <= now; wild->slot_time++) {
		while (wild->due[wild->slot] != NULL) {
			struct late *late = wild->due[wild->slot];

			wild->due[wild->slot] = late->next;
			send_late(wild, late);
		}
		wild->slot = (wild->slot + 1) % wild->slots;
	}
}

static void
read_query(struct wild *wild)
{
	struct late *late = malloc(sizeof(*late)), **due;
	socklen_t to_length = sizeof(late->to);
	ssize_t length;

	if (late == NULL)
		die("malloc");
	length = recvfrom(wild->udp, late->message, sizeof(late->message),
		MSG_DONTWAIT, (struct sockaddr *)&late->to, &to_length);
	if (length > 0)
		wild->total++;
	late->length = length > 0
		? make_answer(wild, late->message, (size_t)length) : 0;
	if (late->length == 0 || chance_below(wild, 100) <
	    wild->options.lost) {
		free(late);
		return;
	}
	due = &wild->due[(wild->slot + chance_below(wild,
		wild->options.delay + 1)) % wild->slots];
	late->next = *due;
	*due = late;
}

static void *
serve(void *argument)
{
	struct wild *wild = argument;

	while (!wild->stopping) {
		struct pollfd polled = { wild->udp, POLLIN, 0 };
		int i;

		(void)poll(&polled, 1, 1);
		for (i = 0; i < 64 && polled.revents != 0; i++)
			read_query(wild);
		send_due(wild);
	}
	return NULL;
}

static int
open_socket(void)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons(UPSTREAM_PORT);
	inet_pton(AF_INET, UPSTREAM_ADDRESS, &address.sin_addr);
	/* As much as there is to be had. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
	    sizeof(address)) != 0)
		die("bind");
	return fd;
}

struct wild *
wild_start(const struct wild_options *options)
{
	struct wild *wild = calloc(1, sizeof(*wild));

	if (wild == NULL)
		die("calloc");
	wild->options = *options;
	wild->slots = options->delay + 2;
	wild->due = calloc(wild->slots, sizeof(struct late *));
	wild->slot_time = sandbox_now();
	wild->udp = open_socket();
	if (wild->due == NULL || pthread_create(&wild->thread, NULL, serve,
	    wild) != 0)
		die("start");
	return wild;
}

void
wild_stop(struct wild *wild)
{
	unsigned i;

	if (wild == NULL)
		return;
	wild->stopping = 1;
	pthread_join(wild->thread, NULL);
	for (i = 0; i < wild->slots; i++)
		while (wild->due[i] != NULL) {
			struct late *late = wild->due[i];

			wild->due[i] = late->next;
			free(late);
		}
	free(wild->due);
	close(wild->udp);
	free(wild);
}

unsigned long
wild_total(struct wild *wild)
{
	return wild->total;
}
