# Task.pm - what all servers of the part rivals are to do, and what is asked of
# them: clients in 127.0.1.0/24 may ask for names at and below some patterns,
# and get NXDOMAIN for all others; all other clients may ask for everything.
package Task;
use strict;
use warnings;
use World;

# Below these are all names that are asked for, with one address each.
our $given = 'update.example';
our $other = 'other.example';
our %address = ($given => '192.0.2.1', $other => '192.0.2.2');

our @restricted = map { "127.0.1.$_" } 1 .. 8;
our @others = map { "127.0.2.$_" } 1 .. 8;
# Who ask a server that is starting.
our $probe_restricted = '127.0.1.100';
our $probe_other = '127.0.2.100';

# Asked for in each load; all caches have room for them.
my $names = World::is_quick() ? 200 : 1000;

# Names of different lengths in zones of different sizes.
sub pattern {
	my ($i) = @_;
	return "u$i.s" . $i % 997 . ".$given";
}

# Below it, other names than the wildcard's exist. So no other pattern that is
# asked for may be in its zone.
sub alias_pattern { return pattern(0); }

sub asked_patterns {
	my ($count) = @_;
	my $step = int($count / ($names + 1)) || 1;
	return grep { $_ < $count && $_ % 997 != 0 }
		map { $_ * $step } 1 .. $names;
}

sub allowed_names {
	my ($count) = @_;
	my @patterns = asked_patterns($count);
	return map { "w$_." . pattern($patterns[$_ % @patterns]) } 1 .. $names;
}

sub blocked_names {
	return map { "w$_.x" . $_ % 97 . ".$other" } 1 .. $names;
}

# --- Files that servers read.

# COUNT patterns in each of the forms that some server wants, and the zone of
# the upstream.
sub write_files {
	my ($world, $folder, $count) = @_;
	my @patterns = map { pattern($_) } 0 .. $count - 1;
	my %text = (
		'names' => join('', map { "$_\n" } @patterns),
		'names.list' => join('', map { ".$_\n" } @patterns),
		'views.conf' => join('',
			map { "    local-zone: \"$_.\" transparent\n" }
			@patterns),
		'allowed.rpz' => rpz('allowed.rpz', (map {
			"$_ CNAME rpz-passthru.\n*.$_ CNAME rpz-passthru.\n"
			} @patterns)),
		'all.rpz' => rpz('all.rpz', "* CNAME .\n"),
		'others.rpz' => rpz('others.rpz',
			map { "$_ CNAME rpz-passthru.\n" }
			all_but('127.0.1.0', 24)),
		'root.zone' => root_zone(),
	);
	mkdir "$folder" or die "bench: $folder: $!\n";
	for my $name (keys %text) {
		open my $file, '>', "$folder/$name" or
			die "bench: $folder/$name: $!\n";
		print $file $text{$name};
		close $file or die "bench: $folder/$name: $!\n";
	}
}

sub rpz {
	my ($origin, @records) = @_;
	return join '', "\$ORIGIN $origin.\n\$TTL 60\n",
		"\@ SOA localhost. root.localhost. 1 3600 600 86400 60\n",
		"\@ NS localhost.\n", @records;
}

# The prefixes that hold all IPv4 addresses but those of one, as triggers of
# RPZ: there is none for "all others".
sub all_but {
	my ($address, $length) = @_;
	my $number = unpack 'N', pack 'C4', split /\./, $address;
	return map {
		my $sibling = ($number ^ (1 << (32 - $_))) &
			~((1 << (32 - $_)) - 1);
		join '.', $_, reverse(unpack 'C4', pack 'N', $sibling),
			'rpz-client-ip';
	} 1 .. $length;
}

sub root_zone {
	my $alias = alias_pattern();
	return <<END;
\$ORIGIN .
\$TTL 86400
. SOA ns.example. root.example. 1 3600 600 86400 60
. NS ns.example.
ns.example. A 127.0.0.53
*.$given. A $address{$given}
*.$other. A $address{$other}
alias.$alias. CNAME edge.$other.
END
}

# --- Questions.

# NAMES, from each of CLIENTS in turn.
sub questions {
	my ($world, $file, $clients, $names, $expected) = @_;
	my $i = 0;
	return $world->write($file, join '', map {
		$clients->[$i++ % @$clients] . " $_ A $expected\n" } @$names);
}

# Files of questions, by what is measured with them. Where nothing is blocked,
# BLOCKED is not set.
sub loads {
	my ($world, $name, $count, $blocked) = @_;
	my @allowed = allowed_names($count);
	my @blocked = blocked_names();
	my $half = $names / 2;
	my $given_answer = "NOERROR $address{$given} any";
	my %file = (
		allowed => questions($world, "$name-allowed.questions",
			\@restricted, \@allowed, $given_answer),
		unrestricted => $world->write("$name-others.questions",
			join '', map {
			my $client = $others[$_ % @others];
			"$client $allowed[$_] A $given_answer\n" .
			"$client $blocked[$_] A NOERROR $address{$other} any\n"
			} 0 .. $half - 1),
	);
	$file{blocked} = questions($world, "$name-blocked.questions",
		\@restricted, \@blocked, "NXDOMAIN - $blocked")
		if defined $blocked;
	return \%file;
}

# What a server may get wrong, in the order in which it is asked: a name, and
# the questions. Those about blocked names come in both orders: who asks first
# must not matter to the other.
sub hard_questions {
	my ($count, $blocked) = @_;
	my $last = pattern($count - 1);
	my $denied = "NXDOMAIN - $blocked";
	my $yes = "NOERROR $address{$given} any";
	my $no = "NOERROR $address{$other} any";
	my ($one, $two) = ($restricted[0], $others[0]);
	my $alias = 'alias.' . alias_pattern();
	my ($first, $rest) = pattern(1) =~ /^([^.]*)\.(.*)/;
	my $octet = sprintf '\\%03d', length $first;
	return (
		['allowed, the name itself', "$one $last A $yes"],
		['allowed, far below', "$one a.b.c.d.e.f.$last A $yes"],
		['allowed, in capitals', "$one WWW.\U$last\E A $yes"],
		['blocked, a longer label', "$one x$last A $denied"],
		['blocked, above', "$one $given A $denied"],
		['blocked, a label that ends with an octet like a length',
			"$one x$octet$first.$rest A $denied"],
		['blocked, another type', "$one txt.$other TXT $denied"],
		['unrestricted, then blocked', "$two p1.$other A $no",
			"$one p1.$other A $denied"],
		['blocked, then unrestricted', "$one p2.$other A $denied",
			"$two p2.$other A $no", "$one p2.$other A $denied"],
		['allowed, an alias of a name that is not listed',
			"$one $alias A $no"],
	);
}

1;
