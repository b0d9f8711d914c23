# Setting.pm - who asks for what, and the same policy in three ways: bitsink's,
# Unbound's views and Unbound's RPZ.
#
# Names and addresses are those of documentation and loopback, but for
# Microsoft's, which the shipped lists are about.
package Setting;
use strict;
use warnings;
use World;

# Both groups that ask may have these, by the shipped lists.
our @allowed = (
	qw(ctldl.windowsupdate.com download.windowsupdate.com
	au.download.windowsupdate.com 7.au.download.windowsupdate.com
	emdl.ws.microsoft.com.delivery.windowsupdate.com
	windowsupdate.microsoft.com v4.windowsupdate.microsoft.com
	sls.update.microsoft.com fe2.update.microsoft.com
	fe3cr.update.microsoft.com statsfe2.update.microsoft.com
	update.microsoft.com download.microsoft.com
	ntservicepack.microsoft.com wustat.windows.com
	b1.download.windowsupdate.com));

# Neither may have these.
our @blocked = (
	qw(www.example.com example.net cdn.example.net mail.example.org
	static.assets.cdn.example.com login.portal.example.org
	a.very.deep.name.of.a.tracker.example.net example.org
	api.telemetry.example.com img1.cdn-7.example.net
	_sip._tcp.example.org files.pool.backup.example.com
	x9f3k2q8.dga.example.net ocsp.certificates.example.org
	push.example.com time.ntp.example.net));

our @unrestricted_clients = map { "127.0.9.$_" } 1 .. 8;
our @restricted_clients = ((map { "127.0.1.$_" } 1 .. 4),
	(map { "127.0.2.$_" } 65 .. 68));

# The policy with the shipped lists; the two groups that ask, and two that do
# not. MORE is more of it.
sub policy {
	my ($more) = @_;
	my $lists = World::source() . '/conf/lists';
	$more //= '';
	return <<END;
bitsink:
    mode: enforce
    log: first-seen
    list-directory: "$lists"
group:
    name: "wsus"
    client: 127.0.1.0/28
    client: 2001:db8:20::/64
    allow-list: "microsoft-2007"
    allow: "*.delivery.mp.microsoft.com"
    action: nxdomain
    ttl: 60
group:
    name: "standalone"
    client: 127.0.2.64/26
    client: 2001:db8:21::/64
    allow-list: "microsoft-2007-broad"
    action: nxdomain
    ttl: 60
group:
    name: "dc"
    client: 127.0.3.2
    client: 127.0.3.3
    allow-list: "microsoft-2007"
    allow: "*.delivery.mp.microsoft.com"
    deny: "v4.download.windowsupdate.com"
    allow-types: "A AAAA"
group:
    name: "kiosk"
    client: 127.0.4.0/24
    client: 2001:db8:22::1
    allow: "*.example.edu"
    quiet-list: "quiet-names"
    action: refused
$more
END
}

# The same for who asks, with views; the lists as Unbound can say them. MORE is
# for the zone of what is blocked.
sub views {
	my ($more) = @_;
	my $text = '';
	for my $view (['wsus', '127.0.1.0/28', list_zones('microsoft-2007')],
	    ['standalone', '127.0.2.64/26',
	    list_zones('microsoft-2007-broad')]) {
		my ($name, $clients, @zones) = @$view;
		$text .= "view:\n    name: \"$name\"\n    view-first: no\n" .
			"    local-zone: \".\" always_nxdomain\n$more" .
			join '', map { "    local-zone: \"$_.\" transparent\n" }
			@zones, 'delivery.mp.microsoft.com';
	}
	return ("    access-control-view: 127.0.1.0/28 wsus\n" .
		"    access-control-view: 127.0.2.64/26 standalone\n", $text);
}

# For views(): an SOA like that of bitsink.
sub soa {
	return "    local-data: \". 60 SOA bitsink.invalid. nobody.invalid. " .
		"1 3600 1200 604800 60\"\n";
}

# The same with an RPZ that has a tag: one zone, which is the least that RPZ can
# be asked with.
sub rpz {
	my ($world) = @_;
	my $zone = $world->write('rpz.zone', join '',
		"\$TTL 60\n\@ SOA localhost. root.localhost. 1 60 60 60 60\n",
		"\@ NS localhost.\n",
		(map { "$_ CNAME rpz-passthru.\n*.$_ CNAME rpz-passthru.\n" }
		list_zones('microsoft-2007-broad')), "* CNAME .\n");
	return ("    define-tag: \"restricted\"\n" .
		"    access-control-tag: 127.0.1.0/28 \"restricted\"\n" .
		"    access-control-tag: 127.0.2.64/26 \"restricted\"\n", <<END);
rpz:
    name: "rpz.example."
    zonefile: "$zone"
    tags: "restricted"
END
}

# The names of a shipped list, without what is before them and each once.
sub list_zones {
	my ($list) = @_;
	my $path = World::source() . "/conf/lists/$list.list";
	my %seen;
	open my $file, '<', $path or die "bench: $path: $!\n";
	return grep { !$seen{$_}++ } map { /^(?:\*\.)?([a-z][a-z0-9.-]*)/
		? $1 : () } <$file>;
}

# questions WORLD NAME CLIENTS NAMES EXPECTED: a file for World::load(), in
# which each client asks for each name.
sub questions {
	my ($world, $name, $clients, $names, $expected) = @_;
	my $text = '';
	for my $asked (@$names) {
		$text .= "$_ $asked A $expected\n" for @$clients;
	}
	return $world->write("$name.questions", $text);
}

my $given = "NOERROR $World::address";

# Files of questions, by what is measured with them; what a blocked client is
# told is in BLOCKED.
sub loads {
	my ($world, $prefix, $blocked, $restricted) = @_;
	$restricted //= \@restricted_clients;
	return {
		unrestricted => questions($world, "$prefix-unrestricted",
			\@unrestricted_clients, [@allowed, @blocked], $given),
		allowed => questions($world, "$prefix-allowed", $restricted,
			\@allowed, $given),
		blocked => questions($world, "$prefix-blocked", $restricted,
			\@blocked, $blocked),
	};
}

# The same for what is not like that: more names than a worker asks for again
# and again, and names that are too long to be remembered.
sub other_loads {
	my ($world, $prefix) = @_;
	my $long = 'a-long-label-of-a-name-' x 2;
	return {
		'unrestricted, 3072 names' => questions($world,
			"$prefix-many", [$unrestricted_clients[0]],
			[map { "www.site-$_.example" } 1 .. 3072], $given),
		'unrestricted, long names' => questions($world,
			"$prefix-long", \@unrestricted_clients,
			[map { "$long.$long.host-$_.example" } 1 .. 16],
			$given),
	};
}

# What is asked of a plain Unbound, which blocks nothing.
sub plain_loads {
	my ($world, $restricted) = @_;
	return loads($world, 'plain', $given, $restricted);
}

1;
