/*
 * upstream.c - the Internet of the tests: one scripted name server.
 */
#include "upstream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox.h"

#define CONNECTIONS_MAX 64
#define MESSAGE_MAX 65535
#define CHAIN_MAX 16

/* A query that was asked; held ones are answered later. */
struct asked {
	struct asked *next;
	ldns_rdf *name;
	ldns_rr_type type;
	ldns_pkt *query;
	int held;
	int tcp; /* the connection's descriptor, -1 for UDP */
	struct sockaddr_in from;
};

struct held_name {
	struct held_name *next;
	ldns_rdf *name;
	ldns_rr_type type; /* 0: any */
};

struct upstream {
	pthread_t thread;
	pthread_mutex_t lock;
	int udp;
	int listener;
	int wake[2];
	int connections[CONNECTIONS_MAX];
	int connection_count;
	int stopping;
	ldns_rr_list *records;
	/* The SOA records of the signed zones. */
	ldns_rr_list *apexes;
	struct asked *asked;
	struct held_name *held;
	/* Whose answers have another RCODE, or NULL. */
	ldns_rdf *odd_name;
	ldns_pkt_rcode odd_rcode;
	unsigned total;
};

__attribute__((noreturn)) static void
die(const char *what)
{
	fprintf(stderr, "upstream: %s: %s\n", what, strerror(errno));
	abort();
}

static ldns_rdf *
name_of(const char *text)
{
	ldns_rdf *name = ldns_dname_new_frm_str(text);

	if (name == NULL)
		die(text);
	return name;
}

/* Names that differ in length differ; most do, and that is quick to see. */
static int
same_name(const ldns_rdf *a, const ldns_rdf *b)
{
	return ldns_rdf_size(a) == ldns_rdf_size(b) &&
		ldns_dname_compare(a, b) == 0;
}

static int
at_or_below(const ldns_rdf *name, const ldns_rdf *zone)
{
	return same_name(name, zone) ||
		(ldns_rdf_size(name) > ldns_rdf_size(zone) &&
		ldns_dname_is_subdomain(name, zone));
}

/* --- What it answers. */

/* Adds the records of NAME and TYPE, with their signatures when asked for. */
static int
add_rrset(struct upstream *upstream, ldns_pkt *answer, const ldns_rdf *name,
	ldns_rr_type type, int dnssec)
{
	size_t i;
	int found = 0;

	for (i = 0; i < ldns_rr_list_rr_count(upstream->records); i++) {
		ldns_rr *rr = ldns_rr_list_rr(upstream->records, i);
		int signs = ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG &&
			ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == type;

		if (!same_name(ldns_rr_owner(rr), name))
			continue;
		if (ldns_rr_get_type(rr) == type || type == LDNS_RR_TYPE_ANY)
			found = 1;
		else if (!signs || !dnssec)
			continue;
		ldns_pkt_push_rr(answer, LDNS_SECTION_ANSWER,
			ldns_rr_clone(rr));
	}
	return found;
}

static const ldns_rdf *
cname_of(struct upstream *upstream, const ldns_rdf *name)
{
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(upstream->records); i++) {
		ldns_rr *rr = ldns_rr_list_rr(upstream->records, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
		    same_name(ldns_rr_owner(rr), name))
			return ldns_rr_rdf(rr, 0);
	}
	return NULL;
}

/* Whether NAME, or a name below it, has a record. */
static int
exists(struct upstream *upstream, const ldns_rdf *name)
{
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(upstream->records); i++)
		if (at_or_below(ldns_rr_owner(ldns_rr_list_rr(
		    upstream->records, i)), name))
			return 1;
	return 0;
}

/* Where NAME does not exist, a wildcard beside it answers in its place. */
static int
add_from_wildcard(struct upstream *upstream, ldns_pkt *answer,
	const ldns_rdf *name, ldns_rr_type type)
{
	ldns_rdf *parent, *star;
	ldns_rr_list *records = ldns_pkt_answer(answer);
	size_t i, before = ldns_rr_list_rr_count(records);
	int found;

	/* Nothing is above the root. */
	if (ldns_dname_label_count(name) == 0)
		return 0;
	parent = ldns_dname_left_chop(name);
	star = name_of("*");
	if (ldns_dname_cat(star, parent) != LDNS_STATUS_OK)
		die("wildcard");
	found = !exists(upstream, name) &&
		(add_rrset(upstream, answer, star, type, 0) ||
		add_rrset(upstream, answer, star, LDNS_RR_TYPE_CNAME, 0));
	for (i = before; i < ldns_rr_list_rr_count(records); i++) {
		ldns_rr *rr = ldns_rr_list_rr(records, i);

		ldns_rdf_deep_free(ldns_rr_owner(rr));
		ldns_rr_set_owner(rr, ldns_rdf_clone(name));
	}
	ldns_rdf_deep_free(parent);
	ldns_rdf_deep_free(star);
	return found;
}

/* The apex of the signed zone that holds NAME, or NULL. */
static const ldns_rdf *
signed_zone_of(struct upstream *upstream, const ldns_rdf *name)
{
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(upstream->apexes); i++) {
		const ldns_rdf *apex = ldns_rr_owner(ldns_rr_list_rr(
			upstream->apexes, i));

		if (at_or_below(name, apex))
			return apex;
	}
	return NULL;
}

/* Moves what add_rrset() put into the answer section. */
static void
add_authority(struct upstream *upstream, ldns_pkt *answer,
	const ldns_rdf *name, ldns_rr_type type, int dnssec)
{
	ldns_pkt *part = ldns_pkt_new();

	add_rrset(upstream, part, name, type, dnssec);
	ldns_pkt_push_rr_list(answer, LDNS_SECTION_AUTHORITY,
		ldns_pkt_answer(part));
	/* The records are the answer's now. */
	ldns_rr_list_free(ldns_pkt_answer(part));
	ldns_pkt_set_answer(part, ldns_rr_list_new());
	ldns_pkt_free(part);
}

/* All of a zone's NSEC records prove whatever can be proven with them. */
static void
add_denial(struct upstream *upstream, ldns_pkt *answer, const ldns_rdf *apex)
{
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(upstream->records); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(upstream->records, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC &&
		    at_or_below(ldns_rr_owner(rr), apex))
			add_authority(upstream, answer, ldns_rr_owner(rr),
				LDNS_RR_TYPE_NSEC, 1);
	}
}

static void
add_no_such_data(struct upstream *upstream, ldns_pkt *answer,
	const ldns_rdf *name, int dnssec)
{
	const ldns_rdf *apex = signed_zone_of(upstream, name);
	ldns_rr *soa;

	if (apex != NULL) {
		add_authority(upstream, answer, apex, LDNS_RR_TYPE_SOA,
			dnssec);
		if (dnssec)
			add_denial(upstream, answer, apex);
		return;
	}
	if (ldns_rr_new_frm_str(&soa, ". 60 IN SOA upstream.invalid. "
	    "nobody.invalid. 1 3600 1200 604800 60", 0, NULL, NULL) !=
	    LDNS_STATUS_OK)
		die("SOA");
	ldns_pkt_push_rr(answer, LDNS_SECTION_AUTHORITY, soa);
}

/*
 * Options come back as they were sent; a client subnet (RFC 7871 section 6)
 * with its own prefix length as the scope, so that it is cached for that one.
 */
static void
add_options(ldns_pkt *answer, const ldns_pkt *query)
{
	const ldns_rdf *options = ldns_pkt_edns_data(query);
	uint8_t *data;

	if (options == NULL)
		return;
	ldns_pkt_set_edns_data(answer, ldns_rdf_clone(options));
	data = ldns_rdf_data(ldns_pkt_edns_data(answer));
	if (ldns_rdf_size(options) >= 8 && data[0] == 0 && data[1] == 8)
		data[7] = data[6];
}

static ldns_pkt *
answer_to(struct upstream *upstream, const ldns_pkt *query)
{
	const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(query), 0);
	ldns_rr_type type = ldns_rr_get_type(question);
	const ldns_rdf *name = ldns_rr_owner(question);
	ldns_pkt *answer = ldns_pkt_new();
	int dnssec = ldns_pkt_edns_do(query), hops = 0, found = 0;

	ldns_pkt_set_id(answer, ldns_pkt_id(query));
	ldns_pkt_set_qr(answer, 1);
	/* Recursive for a resolver that forwards, else authoritative. */
	ldns_pkt_set_ra(answer, ldns_pkt_rd(query));
	ldns_pkt_set_aa(answer, !ldns_pkt_rd(query));
	ldns_pkt_set_rd(answer, ldns_pkt_rd(query));
	ldns_pkt_set_cd(answer, ldns_pkt_cd(query));
	ldns_pkt_push_rr(answer, LDNS_SECTION_QUESTION,
		ldns_rr_clone(question));
	if (ldns_pkt_edns(query)) {
		ldns_pkt_set_edns_udp_size(answer, 4096);
		ldns_pkt_set_edns_do(answer, dnssec != 0);
		add_options(answer, query);
	}
	while (!(found = add_rrset(upstream, answer, name, type, dnssec)) &&
	    hops++ < CHAIN_MAX && cname_of(upstream, name) != NULL) {
		add_rrset(upstream, answer, name, LDNS_RR_TYPE_CNAME, dnssec);
		name = cname_of(upstream, name);
	}
	if (!found && !add_from_wildcard(upstream, answer, name, type)) {
		if (!exists(upstream, name))
			ldns_pkt_set_rcode(answer, LDNS_RCODE_NXDOMAIN);
		add_no_such_data(upstream, answer, name, dnssec);
	}
	if (upstream->odd_name != NULL && same_name(upstream->odd_name,
	    ldns_rr_owner(question)))
		ldns_pkt_set_rcode(answer, upstream->odd_rcode);
	return answer;
}

static void
send_answer(struct upstream *upstream, const struct asked *asked)
{
	ldns_pkt *answer = answer_to(upstream, asked->query);
	uint8_t *wire, framed[2];
	size_t length;

	if (ldns_pkt2wire(&wire, answer, &length) != LDNS_STATUS_OK)
		die("ldns_pkt2wire");
	if (asked->tcp < 0) {
		/* What is lost here is asked again. */
		(void)!sendto(upstream->udp, wire, length, 0,
			(const struct sockaddr *)&asked->from,
			sizeof(asked->from));
	} else {
		framed[0] = (uint8_t)(length >> 8);
		framed[1] = (uint8_t)length;
		(void)!send(asked->tcp, framed, 2, MSG_NOSIGNAL | MSG_MORE);
		(void)!send(asked->tcp, wire, length, MSG_NOSIGNAL);
	}
	free(wire);
	ldns_pkt_free(answer);
}

/* --- What it is asked. */

static int
is_held(struct upstream *upstream, const struct asked *asked)
{
	const struct held_name *held;

	for (held = upstream->held; held != NULL; held = held->next)
		if (same_name(held->name, asked->name) &&
		    (held->type == 0 || held->type == asked->type))
			return 1;
	return 0;
}

static void
take_query(struct upstream *upstream, const uint8_t *wire, size_t length,
	int tcp, const struct sockaddr_in *from)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	const ldns_rr *question;

	if (asked == NULL)
		die("calloc");
	if (ldns_wire2pkt(&asked->query, wire, length) != LDNS_STATUS_OK ||
	    ldns_pkt_qdcount(asked->query) != 1)
		die("a query that is none");
	question = ldns_rr_list_rr(ldns_pkt_question(asked->query), 0);
	asked->name = ldns_rdf_clone(ldns_rr_owner(question));
	asked->type = ldns_rr_get_type(question);
	asked->tcp = tcp;
	if (from != NULL)
		asked->from = *from;
	pthread_mutex_lock(&upstream->lock);
	upstream->total++;
	asked->next = upstream->asked;
	upstream->asked = asked;
	asked->held = is_held(upstream, asked);
	if (!asked->held)
		send_answer(upstream, asked);
	pthread_mutex_unlock(&upstream->lock);
}

static void
read_udp(struct upstream *upstream)
{
	uint8_t wire[MESSAGE_MAX];
	struct sockaddr_in from;
	socklen_t from_length = sizeof(from);
	ssize_t length = recvfrom(upstream->udp, wire, sizeof(wire), 0,
		(struct sockaddr *)&from, &from_length);

	if (length > 0)
		take_query(upstream, wire, (size_t)length, -1, &from);
}

/* Returns -1 when the peer is done. Loopback delivers a query whole. */
static int
read_tcp(struct upstream *upstream, int fd)
{
	uint8_t wire[MESSAGE_MAX], framed[2];
	size_t length;

	if (recv(fd, framed, 2, MSG_WAITALL) != 2)
		return -1;
	length = (size_t)framed[0] << 8 | framed[1];
	if (recv(fd, wire, length, MSG_WAITALL) != (ssize_t)length)
		return -1;
	take_query(upstream, wire, length, fd, NULL);
	return 0;
}

static void
read_connections(struct upstream *upstream, const struct pollfd *polled)
{
	int i, kept = 0;

	for (i = 0; i < upstream->connection_count; i++) {
		int fd = upstream->connections[i];

		/* Answers may still be owed to it; the descriptor stays. */
		if (polled[i].revents != 0 && read_tcp(upstream, fd) != 0)
			shutdown(fd, SHUT_RDWR);
		else
			upstream->connections[kept++] = fd;
	}
	upstream->connection_count = kept;
}

static void *
serve(void *argument)
{
	struct upstream *upstream = argument;

	while (!upstream->stopping) {
		struct pollfd polled[3 + CONNECTIONS_MAX] = {
			{ upstream->wake[0], POLLIN, 0 },
			{ upstream->udp, POLLIN, 0 },
			{ upstream->listener, POLLIN, 0 },
		};
		int i, count = upstream->connection_count;
		char woken;

		for (i = 0; i < count; i++) {
			polled[3 + i].fd = upstream->connections[i];
			polled[3 + i].events = POLLIN;
		}
		if (poll(polled, (nfds_t)(3 + count), -1) < 0)
			continue;
		if (polled[0].revents != 0)
			(void)!read(upstream->wake[0], &woken, 1);
		if (polled[1].revents != 0)
			read_udp(upstream);
		read_connections(upstream, polled + 3);
		if (polled[2].revents != 0 &&
		    upstream->connection_count < CONNECTIONS_MAX)
			upstream->connections[upstream->connection_count++] =
				accept(upstream->listener, NULL, NULL);
	}
	return NULL;
}

/* --- What tests call. */

static int
bound_socket(int type)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, type, 0), on = 1, octets = 4 << 20;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons(UPSTREAM_PORT);
	inet_pton(AF_INET, UPSTREAM_ADDRESS, &address.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* For bursts; where it is not permitted, they are to be small. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
	    sizeof(address)) != 0)
		die("bind");
	return fd;
}

struct upstream *
upstream_start(void)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));

	if (upstream == NULL)
		die("calloc");
	upstream->records = ldns_rr_list_new();
	upstream->apexes = ldns_rr_list_new();
	upstream->udp = bound_socket(SOCK_DGRAM);
	upstream->listener = bound_socket(SOCK_STREAM);
	pthread_mutex_init(&upstream->lock, NULL);
	if (listen(upstream->listener, 16) != 0 ||
	    pipe(upstream->wake) != 0 || pthread_create(&upstream->thread,
	    NULL, serve, upstream) != 0)
		die("start");
	return upstream;
}

static void
asked_free(struct asked *asked)
{
	ldns_rdf_deep_free(asked->name);
	ldns_pkt_free(asked->query);
	free(asked);
}

void
upstream_stop(struct upstream *upstream)
{
	struct asked *asked, *next;
	struct held_name *held, *next_held;
	int i;

	if (upstream == NULL)
		return;
	upstream->stopping = 1;
	(void)!write(upstream->wake[1], "", 1);
	pthread_join(upstream->thread, NULL);
	for (asked = upstream->asked; asked != NULL; asked = next) {
		next = asked->next;
		asked_free(asked);
	}
	for (held = upstream->held; held != NULL; held = next_held) {
		next_held = held->next;
		ldns_rdf_deep_free(held->name);
		free(held);
	}
	for (i = 0; i < upstream->connection_count; i++)
		close(upstream->connections[i]);
	close(upstream->udp);
	close(upstream->listener);
	close(upstream->wake[0]);
	close(upstream->wake[1]);
	ldns_rdf_deep_free(upstream->odd_name);
	ldns_rr_list_deep_free(upstream->records);
	ldns_rr_list_deep_free(upstream->apexes);
	pthread_mutex_destroy(&upstream->lock);
	free(upstream);
}

/* The records of a text with one a line. */
static ldns_rr_list *
parse_records(const char *text)
{
	ldns_rr_list *records = ldns_rr_list_new();
	char *copy = strdup(text), *line, *rest = copy;

	while ((line = strsep(&rest, "\n")) != NULL) {
		ldns_rr *rr;

		line += strspn(line, " \t");
		if (*line == '\0')
			continue;
		if (ldns_rr_new_frm_str(&rr, line, 60, NULL, NULL) !=
		    LDNS_STATUS_OK)
			die(line);
		ldns_rr_list_push_rr(records, rr);
	}
	free(copy);
	return records;
}

static void
push_records(struct upstream *upstream, ldns_rr_list *records)
{
	pthread_mutex_lock(&upstream->lock);
	ldns_rr_list_push_rr_list(upstream->records, records);
	pthread_mutex_unlock(&upstream->lock);
	ldns_rr_list_free(records);
}

void
upstream_add(struct upstream *upstream, const char *records)
{
	push_records(upstream, parse_records(records));
}

char *
upstream_add_signed(struct upstream *upstream, const char *origin,
	const char *text)
{
	ldns_rr_list *records = parse_records(text), *all;
	ldns_zone *zone = ldns_zone_new(), *with_signatures;
	ldns_key_list *keys = ldns_key_list_new();
	ldns_key *key = ldns_key_new_frm_algorithm(
		LDNS_SIGN_ECDSAP256SHA256, 256);
	ldns_rdf *apex = name_of(origin);
	ldns_rr *dnskey, *soa;
	char *anchor, *line;
	size_t i;

	if (asprintf(&line, "%s 60 IN SOA ns.invalid. nobody.invalid. 1 3600 "
	    "1200 604800 60", origin) < 0 || key == NULL ||
	    ldns_rr_new_frm_str(&soa, line, 60, NULL, NULL) != LDNS_STATUS_OK)
		die("signed zone");
	free(line);
	ldns_key_set_pubkey_owner(key, apex);
	ldns_key_set_flags(key, LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY);
	dnskey = ldns_key2rr(key);
	ldns_rr_set_ttl(dnskey, 60);
	ldns_key_set_keytag(key, ldns_calc_keytag(dnskey));
	ldns_key_set_inception(key, (uint32_t)time(NULL) - 86400);
	ldns_key_set_expiration(key, (uint32_t)time(NULL) + 86400);
	ldns_key_list_push_key(keys, key);
	anchor = ldns_rr2str(dnskey);
	anchor[strcspn(anchor, ";\n")] = '\0';
	ldns_zone_set_soa(zone, soa);
	ldns_zone_push_rr(zone, dnskey);
	for (i = 0; i < ldns_rr_list_rr_count(records); i++)
		ldns_zone_push_rr(zone, ldns_rr_list_rr(records, i));
	with_signatures = ldns_zone_sign(zone, keys);
	if (with_signatures == NULL)
		die("ldns_zone_sign");
	all = ldns_rr_list_clone(ldns_zone_rrs(with_signatures));
	ldns_rr_list_push_rr(all,
		ldns_rr_clone(ldns_zone_soa(with_signatures)));
	push_records(upstream, all);
	pthread_mutex_lock(&upstream->lock);
	ldns_rr_list_push_rr(upstream->apexes, ldns_rr_clone(soa));
	pthread_mutex_unlock(&upstream->lock);
	ldns_rr_list_free(records);
	ldns_key_list_free(keys);
	return anchor;
}

void
upstream_forget(struct upstream *upstream, const char *text)
{
	ldns_rr_list *kept = ldns_rr_list_new();
	ldns_rdf *name = name_of(text);
	ldns_rr *rr;

	pthread_mutex_lock(&upstream->lock);
	while ((rr = ldns_rr_list_pop_rr(upstream->records)) != NULL) {
		if (ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
			ldns_rr_free(rr);
		else
			ldns_rr_list_push_rr(kept, rr);
	}
	ldns_rr_list_free(upstream->records);
	upstream->records = kept;
	pthread_mutex_unlock(&upstream->lock);
	ldns_rdf_deep_free(name);
}

/* Not those of NSEC records, which tell what there is not. */
static int
is_signature_of_data(const ldns_rr *rr)
{
	return ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG &&
		ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) !=
		LDNS_RR_TYPE_NSEC;
}

void
upstream_set_rcode(struct upstream *upstream, const char *name,
	ldns_pkt_rcode rcode)
{
	pthread_mutex_lock(&upstream->lock);
	ldns_rdf_deep_free(upstream->odd_name);
	upstream->odd_name = name_of(name);
	upstream->odd_rcode = rcode;
	pthread_mutex_unlock(&upstream->lock);
}

void
upstream_spoil(struct upstream *upstream, const char *text)
{
	ldns_rdf *name = name_of(text);
	size_t i;

	pthread_mutex_lock(&upstream->lock);
	for (i = 0; i < ldns_rr_list_rr_count(upstream->records); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(upstream->records, i);

		if (is_signature_of_data(rr) &&
		    same_name(ldns_rr_owner(rr), name))
			ldns_rdf_data(ldns_rr_rrsig_sig(rr))[20] ^= 1;
	}
	pthread_mutex_unlock(&upstream->lock);
	ldns_rdf_deep_free(name);
}

void
upstream_hold(struct upstream *upstream, const char *name)
{
	upstream_hold_type(upstream, name, 0);
}

void
upstream_hold_type(struct upstream *upstream, const char *name,
	ldns_rr_type type)
{
	struct held_name *held = calloc(1, sizeof(*held));

	if (held == NULL)
		die("calloc");
	held->name = name_of(name);
	held->type = type;
	pthread_mutex_lock(&upstream->lock);
	held->next = upstream->held;
	upstream->held = held;
	pthread_mutex_unlock(&upstream->lock);
}

void
upstream_release(struct upstream *upstream, const char *text)
{
	ldns_rdf *name = name_of(text);
	struct held_name **link;
	struct asked *asked;

	pthread_mutex_lock(&upstream->lock);
	for (link = &upstream->held; *link != NULL;) {
		struct held_name *held = *link;

		if (ldns_dname_compare(held->name, name) != 0) {
			link = &held->next;
			continue;
		}
		*link = held->next;
		ldns_rdf_deep_free(held->name);
		free(held);
	}
	for (asked = upstream->asked; asked != NULL; asked = asked->next)
		if (asked->held && same_name(asked->name, name)) {
			asked->held = 0;
			send_answer(upstream, asked);
		}
	pthread_mutex_unlock(&upstream->lock);
	ldns_rdf_deep_free(name);
}

unsigned
upstream_count(struct upstream *upstream, const char *text, ldns_rr_type type)
{
	ldns_rdf *name = name_of(text);
	const struct asked *asked;
	unsigned count = 0;

	pthread_mutex_lock(&upstream->lock);
	for (asked = upstream->asked; asked != NULL; asked = asked->next)
		count += same_name(asked->name, name) &&
			(type == 0 || asked->type == type);
	pthread_mutex_unlock(&upstream->lock);
	ldns_rdf_deep_free(name);
	return count;
}

unsigned
upstream_count_below(struct upstream *upstream, const char *text)
{
	ldns_rdf *zone = name_of(text);
	const struct asked *asked;
	unsigned count = 0;

	pthread_mutex_lock(&upstream->lock);
	for (asked = upstream->asked; asked != NULL; asked = asked->next)
		count += at_or_below(asked->name, zone) != 0;
	pthread_mutex_unlock(&upstream->lock);
	ldns_rdf_deep_free(zone);
	return count;
}

unsigned
upstream_total(struct upstream *upstream)
{
	unsigned total;

	pthread_mutex_lock(&upstream->lock);
	total = upstream->total;
	pthread_mutex_unlock(&upstream->lock);
	return total;
}

void
upstream_await(struct upstream *upstream, const char *name, ldns_rr_type type,
	unsigned count)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (upstream_count(upstream, name, type) < count)
		if (!sandbox_wait(deadline)) {
			fprintf(stderr, "upstream: nobody asked for %s\n",
				name);
			abort();
		}
}
