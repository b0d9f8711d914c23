/*
 * traffic_pcap.c - queries in captured packets: UDP and TCP to port 53.
 *
 * Nothing is put together again: of fragments and of TCP messages that are not
 * whole in their segment the number is told.
 */
#include <pcap/pcap.h>
#include <string.h>

#include "traffic.h"

#define PORT_DNS 53u

/* Numbers of IANA: EtherTypes, and protocols of IP. */
enum {
	ETHER_IP4 = 0x0800,
	ETHER_VLAN = 0x8100,
	ETHER_IP6 = 0x86dd,
	ETHER_VLAN_OUTER = 0x88a8,
	ETHER_VLAN_OLD = 0x9100
};

enum {
	IP_HOP_BY_HOP = 0,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_AUTHENTICATION = 51,
	IP_DESTINATION = 60,
	IP_MOBILITY = 135
};

/* A packet on its way from the outermost header to the message. */
struct packet {
	/* What is left of it. */
	const uint8_t *at;
	size_t left;
	/* It has a part of what was sent. */
	int is_fragment;
	struct traffic_query query;
	const struct traffic_sink *sink;
	struct traffic *traffic;
};

static unsigned
read_16(const uint8_t *octets)
{
	return (unsigned)octets[0] << 8 | octets[1];
}

/* Passes over a header. 0, or -1 where it is not whole. */
static int
skip(struct packet *packet, size_t octets)
{
	if (packet->left < octets)
		return -1;
	packet->at += octets;
	packet->left -= octets;
	return 0;
}

/* What is behind LENGTH was put there by the link, to fill it up. */
static void
limit(struct packet *packet, size_t length)
{
	if (packet->left > length)
		packet->left = length;
}

static int
unreadable(struct packet *packet)
{
	packet->traffic->unreadable++;
	return 0;
}

static int
other(struct packet *packet)
{
	packet->traffic->others++;
	return 0;
}

/* --- Transport. Each returns what the sink returned, or 0. */

static int
take_message(struct packet *packet, const uint8_t *wire, size_t length)
{
	return traffic_message(packet->sink, packet->traffic, &packet->query,
		wire, length);
}

static int
take_udp(struct packet *packet)
{
	size_t length;

	if (packet->left < 8)
		return packet->is_fragment ? other(packet)
			: unreadable(packet);
	if (read_16(packet->at + 2) != PORT_DNS)
		return other(packet);
	if (packet->is_fragment) {
		packet->traffic->fragments++;
		return 0;
	}
	length = read_16(packet->at + 4);
	if (length < 8)
		return unreadable(packet);
	limit(packet, length);
	(void)skip(packet, 8);
	return take_message(packet, packet->at, packet->left);
}

/* The messages of a segment, each behind its length (RFC 1035 section
 * 4.2.2). */
static int
take_stream(struct packet *packet)
{
	while (packet->left > 0) {
		size_t length = packet->left >= 2 ? read_16(packet->at) : 0;

		/* No message is shorter than its header. */
		if (length < 12 || packet->left - 2 < length) {
			packet->traffic->segments++;
			return 0;
		}
		if (take_message(packet, packet->at + 2, length) != 0)
			return -1;
		(void)skip(packet, 2 + length);
	}
	return 0;
}

static int
take_tcp(struct packet *packet)
{
	size_t header;

	if (packet->left < 20)
		return packet->is_fragment ? other(packet)
			: unreadable(packet);
	if (read_16(packet->at + 2) != PORT_DNS)
		return other(packet);
	header = (size_t)(packet->at[12] >> 4) * 4;
	if (header < 20 || skip(packet, header) != 0)
		return unreadable(packet);
	/* Most have no data: they open, close and acknowledge. */
	if (packet->left == 0)
		return other(packet);
	if (packet->is_fragment) {
		packet->traffic->segments++;
		return 0;
	}
	return take_stream(packet);
}

static int
take_transport(struct packet *packet, unsigned protocol)
{
	if (protocol == IP_UDP)
		return take_udp(packet);
	return protocol == IP_TCP ? take_tcp(packet) : other(packet);
}

/* --- IP. */

static int
take_ip4(struct packet *packet)
{
	const uint8_t *header = packet->at;
	size_t length, total;
	unsigned fragment;

	if (packet->left < 20)
		return unreadable(packet);
	length = (size_t)(header[0] & 0x0f) * 4;
	total = read_16(header + 2);
	/* 0: the card cuts it up, behind the capture. */
	if (total != 0)
		limit(packet, total);
	if (length < 20 || skip(packet, length) != 0)
		return unreadable(packet);
	fragment = read_16(header + 6);
	/* The first alone has the port; most others are of answers. */
	if ((fragment & 0x1fff) != 0)
		return other(packet);
	packet->is_fragment = (fragment & 0x2000) != 0;
	address_set_ip4(&packet->query.query.client, header + 12);
	return take_transport(packet, header[9]);
}

static int
is_extension(unsigned protocol)
{
	return protocol == IP_HOP_BY_HOP || protocol == IP_ROUTING ||
		protocol == IP_FRAGMENT || protocol == IP_AUTHENTICATION ||
		protocol == IP_DESTINATION || protocol == IP_MOBILITY;
}

/* Octets of an extension header. */
static size_t
extension_octets(const uint8_t *header, unsigned protocol)
{
	if (protocol == IP_FRAGMENT)
		return 8;
	if (protocol == IP_AUTHENTICATION)
		return ((size_t)header[1] + 2) * 4;
	return ((size_t)header[1] + 1) * 8;
}

static int
take_ip6_payload(struct packet *packet, unsigned protocol)
{
	while (is_extension(protocol)) {
		const uint8_t *header = packet->at;

		/* None is shorter. */
		if (packet->left < 8 || skip(packet,
		    extension_octets(header, protocol)) != 0)
			return unreadable(packet);
		/* As for IPv4. */
		if (protocol == IP_FRAGMENT) {
			unsigned fragment = read_16(header + 2);

			if ((fragment & 0xfff8) != 0)
				return other(packet);
			packet->is_fragment = (fragment & 1) != 0;
		}
		protocol = header[0];
	}
	return take_transport(packet, protocol);
}

static int
take_ip6(struct packet *packet)
{
	const uint8_t *header = packet->at;
	size_t payload;

	if (skip(packet, 40) != 0)
		return unreadable(packet);
	payload = read_16(header + 4);
	/* As for IPv4. */
	if (payload != 0)
		limit(packet, payload);
	address_set_ip6(&packet->query.query.client, header + 8);
	return take_ip6_payload(packet, header[6]);
}

static int
take_ip(struct packet *packet)
{
	if (packet->left == 0)
		return unreadable(packet);
	switch (packet->at[0] >> 4) {
	case 4:
		return take_ip4(packet);
	case 6:
		return take_ip6(packet);
	default:
		return unreadable(packet);
	}
}

/* --- Links. */

/* TYPE is what the link says; behind a VLAN's tag is the next. */
static int
take_ether(struct packet *packet, unsigned type)
{
	while (type == ETHER_VLAN || type == ETHER_VLAN_OUTER ||
	    type == ETHER_VLAN_OLD) {
		const uint8_t *tag = packet->at;

		if (skip(packet, 4) != 0)
			return unreadable(packet);
		type = read_16(tag + 2);
	}
	if (type != ETHER_IP4 && type != ETHER_IP6)
		return other(packet);
	return take_ip(packet);
}

/* A header of so many octets, with the type of what is behind at an offset;
 * TYPED is 0 where IP alone can be behind it, which tells its version. */
struct link {
	int number;
	size_t octets;
	int typed;
	size_t type;
};

static const struct link links[] = {
	{ DLT_EN10MB, 14, 1, 12 },
	{ DLT_LINUX_SLL, 16, 1, 14 },
	{ DLT_LINUX_SLL2, 20, 1, 0 },
	{ DLT_RAW, 0, 0, 0 },
	{ DLT_IPV4, 0, 0, 0 },
	{ DLT_IPV6, 0, 0, 0 },
	{ DLT_NULL, 4, 0, 0 },
	{ DLT_LOOP, 4, 0, 0 },
};

static const struct link *
find_link(int number)
{
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].number == number)
			return &links[i];
	return NULL;
}

static int
take_packet(struct packet *packet, const struct link *link)
{
	const uint8_t *header = packet->at;

	if (skip(packet, link->octets) != 0)
		return unreadable(packet);
	return link->typed ? take_ether(packet, read_16(header + link->type))
		: take_ip(packet);
}

/* --- The file. */

static void
take_packets(pcap_t *pcap, const struct link *link,
	const struct traffic_sink *sink, struct traffic *traffic)
{
	struct pcap_pkthdr *header;
	const uint8_t *octets;
	int result;

	while ((result = pcap_next_ex(pcap, &header, &octets)) == 1) {
		struct packet packet;

		memset(&packet, 0, sizeof(packet));
		packet.at = octets;
		packet.left = header->caplen;
		packet.query.has_time = 1;
		packet.query.seconds = header->ts.tv_sec;
		packet.sink = sink;
		packet.traffic = traffic;
		if (take_packet(&packet, link) != 0)
			return;
	}
	if (result != PCAP_ERROR_BREAK)
		snprintf(traffic->stopped, sizeof(traffic->stopped), "%s",
			pcap_geterr(pcap));
}

int
traffic_pcap(FILE *file, const struct traffic_sink *sink,
	struct traffic *traffic, char *wrong, size_t size)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_fopen_offline(file, error);
	const struct link *link;

	if (pcap == NULL) {
		snprintf(wrong, size, "%s", error);
		(void)fclose(file);
		return -1;
	}
	/* From here on the file is libpcap's. */
	link = find_link(pcap_datalink(pcap));
	if (link != NULL)
		take_packets(pcap, link, sink, traffic);
	else
		snprintf(wrong, size, "found the link type %d, expected "
			"Ethernet, IP, Linux cooked or loopback",
			pcap_datalink(pcap));
	pcap_close(pcap);
	return link != NULL ? 0 : -1;
}
