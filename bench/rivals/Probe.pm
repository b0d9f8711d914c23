# Probe.pm - asks a server that is starting, every other millisecond, until it
# does what it is to do: one name of a restricted client that is blocked, one
# that is allowed by the last pattern, and one of another client.
package Probe;
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Message;
use Task;
use Time::HiRes qw(time sleep);

# Seconds.
my $interval = 0.002;
my $patience = 120;

sub new {
	my ($class, $port, $count, $blocks) = @_;
	my @kinds = (
		{ what => 'allowed', client => $Task::probe_restricted,
			name => 'start.' . Task::pattern($count - 1) },
		{ what => 'unrestricted', client => $Task::probe_other,
			name => "start1.$Task::other" },
	);
	push @kinds, { what => 'blocked', client => $Task::probe_restricted,
		name => "start2.$Task::other" } if $blocks;
	for my $kind (@kinds) {
		$kind->{socket} = IO::Socket::INET->new(Proto => 'udp',
			LocalAddr => $kind->{client}, PeerAddr => '127.0.0.1',
			PeerPort => $port, Blocking => 0) or
			die "bench: socket: $!\n";
	}
	return bless { kinds => \@kinds, id => 0, wrong => {} }, $class;
}

# A blocked name does not exist; all others have an address.
sub is_right {
	my ($kind, $rcode, $answers) = @_;
	return $kind->{what} eq 'blocked' ? $rcode == 3
		: $rcode == 0 && $answers > 0;
}

# What came for KIND; what counts is the answer to the last question that has
# one. That a server refuses, or has failed, is no answer.
sub receive {
	my ($self, $kind) = @_;
	while (defined $kind->{socket}->recv(my $message, 4096)) {
		my ($rcode, $answers) = Message::outcome($message);
		next if $rcode != 0 && $rcode != 3;
		$kind->{right} = is_right($kind, $rcode, $answers);
		next if $kind->{right};
		$self->{first_wrong} //= time;
		$self->{wrong}{$kind->{what}}++;
	}
}

# One question of each kind, and what comes until it is time for the next.
sub ask {
	my ($self) = @_;
	my $select = IO::Select->new;
	my $until = time + $interval;
	$self->{id}++;
	for my $kind (@{$self->{kinds}}) {
		# Nobody may be there yet.
		$kind->{socket}->send(Message::query($self->{id} & 0xffff,
			$kind->{name}));
		$select->add($kind->{socket});
	}
	while ((my $left = $until - time) > 0) {
		my %ready = map { $_ => 1 } $select->can_read($left);
		next unless %ready;
		for (grep { $ready{$_->{socket}} } @{$self->{kinds}}) {
			$self->receive($_);
		}
		last if $self->is_done;
	}
	sleep($until - time) if $until > time && !$self->is_done;
}

sub is_done {
	my ($self) = @_;
	return !grep { !$_->{right} } @{$self->{kinds}};
}

# Until all three are answered as they should be: seconds since START, which
# were answered wrongly before, and since when.
sub await {
	my ($self, $start, $is_gone) = @_;
	until ($self->is_done) {
		die "bench: no right answers within $patience s\n"
			if time > $start + $patience;
		die "bench: the server has ended\n" if $is_gone->();
		$self->ask;
	}
	return { seconds => time - $start, wrong => $self->{wrong},
		wrong_since => $self->{first_wrong} };
}

1;
