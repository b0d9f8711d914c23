# Rivals.pm - the servers that the part `rivals` compares: how each is told the
# task, started and ended.
#
# Each has one thread that answers. All Unbounds are the one that bitsink was
# compiled for; the others are Debian's packages.
package Rivals;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Task;
use World;

my $here = abs_path(dirname(__FILE__));
my $next_port = $World::upstream_port;

# In the order of the tables. ABOUT is for them; BLOCKED is what else a blocked
# answer must have, see bench/load.c; PREPARE writes the files, and gives the
# commands of all processes, by their names.
our @servers = (
	{ name => 'plain', about => 'Unbound, which blocks nothing',
		prepare => \&prepare_plain },
	{ name => 'bitsink', about => 'Unbound with bitsink',
		blocked => 'soa ede', prepare => \&prepare_bitsink },
	{ name => 'unbound-views', blocked => 'any',
		about => 'Unbound, a view with always_nxdomain',
		prepare => \&prepare_unbound_views },
	{ name => 'unbound-rpz', blocked => 'any',
		about => 'Unbound, RPZ with a tag',
		prepare => \&prepare_unbound_rpz },
	{ name => 'bind-views', blocked => 'any',
		about => 'BIND, a view with RPZ', program => 'named',
		prepare => sub { prepare_named(@_, 'named-views.conf') } },
	{ name => 'bind-client-ip', blocked => 'any',
		about => 'BIND, RPZ that lets other clients pass',
		program => 'named',
		prepare => sub { prepare_named(@_, 'named-client-ip.conf') } },
	{ name => 'recursor-rpz', blocked => 'any',
		about => 'PowerDNS Recursor, RPZ discarded by Lua',
		program => 'pdns_recursor', prepare => \&prepare_recursor_rpz },
	{ name => 'recursor-lua', blocked => 'any',
		about => 'PowerDNS Recursor, Lua',
		program => 'pdns_recursor', prepare => \&prepare_recursor_lua },
	{ name => 'knot-suffix', blocked => 'any',
		about => 'Knot Resolver, a view with policy.suffix',
		program => 'kresd', prepare => sub { prepare_kresd(@_,
		'policy.suffix(policy.PASS, policy.todnames(names))') } },
	{ name => 'knot-rpz', blocked => 'any',
		about => 'Knot Resolver, a view with policy.rpz',
		program => 'kresd', prepare => sub { prepare_kresd(@_,
		q{policy.rpz(policy.DENY, '@world@/allowed.rpz', false)}) } },
	{ name => 'dnsdist', blocked => 'any',
		about => 'dnsdist before Unbound', program => 'dnsdist',
		prepare => sub { prepare_dnsdist(@_, 1) } },
	{ name => 'dnsdist-batch', blocked => 'any',
		about => 'dnsdist before Unbound, up to 32 queries at once',
		program => 'dnsdist',
		prepare => sub { prepare_dnsdist(@_, 32) } },
);

# Debian has them where only root looks for programs.
$ENV{PATH} .= ':/usr/sbin:/sbin';

# The servers whose programs are installed.
sub present {
	return grep { !$_->{program} || path_of($_->{program}) } @servers;
}

sub absent {
	return grep { $_->{program} && !path_of($_->{program}) } @servers;
}

sub path_of {
	my ($program) = @_;
	my ($path) = grep { -x } map { "$_/$program" } split /:/, $ENV{PATH};
	return $path;
}

# --- Starting and ending.

# Makes ready what SERVER needs for COUNT patterns, which are in the folder
# SHARED, to be started as often as wanted.
sub prepare {
	my ($world, $server, $shared, $count) = @_;
	$server->{port} //= ++$next_port;
	$server->{folder} = $world->folder . "/$server->{name}-$count";
	mkdir $server->{folder};
	$server->{value} = { port => $server->{port}, world => $shared,
		folder => $server->{folder},
		upstream => $World::upstream_port };
	$server->{commands} = { $server->{prepare}->($world, $server) };
}

# Does not wait for anything.
sub start {
	my ($world, $server) = @_;
	my $commands = $server->{commands};
	$world->start($_, World::on_processor(0, @{$commands->{$_}}))
		for sort keys %$commands;
}

sub stop {
	my ($world, $server) = @_;
	$world->stop($_) for processes($server);
}

# As World knows them.
sub processes { return sort keys %{$_[0]{commands}}; }

sub processor_time {
	my ($world, $server) = @_;
	my $sum = 0;
	$sum += $world->processor_time($_) for processes($server);
	return $sum;
}

sub memory {
	my ($world, $server, $field) = @_;
	my $sum = 0;
	$sum += $world->memory($_, $field) for processes($server);
	return $sum;
}

# --- Files.

# Text with the values of SERVER in place of the words between two '@'.
sub expand {
	my ($server, $text) = @_;
	$text =~ s/\@([a-z]+)\@/$server->{value}{$1} \/\/
		die "bench: \@$1\@ has no value\n"/ge;
	return $text;
}

# A file of this folder, so expanded, in the server's folder; its path.
sub fill {
	my ($server, $file) = @_;
	open my $in, '<', "$here/$file" or die "bench: $here/$file: $!\n";
	my $text = expand($server, join '', <$in>);
	my $path = "$server->{folder}/$file";
	open my $out, '>', $path or die "bench: $path: $!\n";
	print $out $text;
	close $out or die "bench: $path: $!\n";
	return $path;
}

# --- Unbound.

sub unbound {
	my ($world, $name, $port, %option) = @_;
	my $conf = $world->write("$name.conf",
		$world->unbound_conf($port, %option));
	return ($name => [World::tree() . '/unbound', '-d', '-c', $conf]);
}

sub prepare_plain {
	my ($world, $server) = @_;
	return unbound($world, $server->{name}, $server->{port});
}

sub prepare_bitsink {
	my ($world, $server) = @_;
	my $policy = $world->write('bitsink.policy', expand($server, <<'END'));
group:
    name: "restricted"
    client: 127.0.1.0/24
    allow-list: "@world@/names.list"
END
	return unbound($world, $server->{name}, $server->{port},
		modules => 'dynlib validator iterator',
		more => $world->dynlib_conf($server->{name}, $policy));
}

sub prepare_unbound_views {
	my ($world, $server) = @_;
	return unbound($world, $server->{name}, $server->{port},
		server => "    access-control-view: 127.0.1.0/24 restricted\n",
		more => expand($server, <<'END'));
view:
    name: "restricted"
    local-zone: "." always_nxdomain
    include: "@world@/views.conf"
END
}

sub prepare_unbound_rpz {
	my ($world, $server) = @_;
	return unbound($world, $server->{name}, $server->{port},
		modules => 'respip validator iterator',
		server => "    define-tag: \"restricted\"\n" .
		"    access-control-tag: 127.0.1.0/24 \"restricted\"\n",
		more => expand($server, <<'END'));
rpz:
    name: "allowed.rpz"
    zonefile: "@world@/allowed.rpz"
    tags: "restricted"
rpz:
    name: "all.rpz"
    zonefile: "@world@/all.rpz"
    tags: "restricted"
END
}

# --- The others.

sub prepare_named {
	my ($world, $server, $file) = @_;
	fill($server, $_) for qw(named-options.conf named-logging.conf);
	return ($server->{name} => [qw(named -f -4 -n 1 -c),
		fill($server, $file)]);
}

sub prepare_recursor {
	my ($world, $server, @scripts) = @_;
	$server->{value}{scripts} = join "\n", @scripts;
	fill($server, $_) for qw(recursor.conf recursor-clients.lua);
	return ($server->{name} => ['pdns_recursor',
		"--config-dir=$server->{folder}"]);
}

sub prepare_recursor_rpz {
	my ($world, $server) = @_;
	return prepare_recursor($world, $server,
		'lua-config-file=' . fill($server, 'recursor-rpz.lua'),
		'lua-dns-script=' . fill($server, 'recursor-rpz-hooks.lua'));
}

sub prepare_recursor_lua {
	my ($world, $server) = @_;
	return prepare_recursor($world, $server,
		'lua-dns-script=' . fill($server, 'recursor-hooks.lua'));
}

sub prepare_kresd {
	my ($world, $server, $match) = @_;
	$server->{value}{match} = expand($server, $match);
	return ($server->{name} => [qw(kresd -n -c),
		fill($server, 'kresd.conf'), $server->{folder}]);
}

sub prepare_dnsdist {
	my ($world, $server, $batch) = @_;
	$server->{value}{batch} = $batch;
	my $backend = $server->{value}{backend} = $server->{port} + 100;
	return ($server->{name} => [qw(dnsdist --supervised --disable-syslog
		-C), fill($server, 'dnsdist.lua')],
		unbound($world, "$server->{name}-unbound", $backend));
}

1;
