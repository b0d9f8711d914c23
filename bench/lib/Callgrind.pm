# Callgrind.pm - user-space instructions that an Unbound takes for a query.
#
# The figure does not depend on the machine, its clock or what else runs on it:
# valgrind's callgrind counts each instruction. Counting begins when the names
# are in the cache, and each load is counted apart from the others. Threads are
# counted one by one, so that workers can be told from what a module has beside
# them.
package Callgrind;
use strict;
use warnings;
use Time::HiRes qw(sleep);
use World;

# Starts Unbound as World::start_unbound() does, under callgrind.
sub start {
	my ($class, $world, $name, $port, %option) = @_;
	my $folder = $world->folder;
	my $self = bless {
		world => $world,
		name => $name,
		port => $port,
		dumps => 0,
	}, $class;
	$option{wrapper} = ['valgrind', '--quiet', '--tool=callgrind',
		'--separate-threads=yes', '--instr-atstart=no',
		"--vgdb-prefix=$folder/$name.vgdb",
		"--callgrind-out-file=$folder/$name.callgrind"];
	$world->start_unbound($name, $port, %option);
	$self->order('--instr=on');
	return $self;
}

sub stop {
	my ($self) = @_;
	$self->{world}->stop($self->{name});
}

# Tells callgrind what to do, while Unbound does nothing.
sub order {
	my ($self, $what) = @_;
	my ($world, $name) = @$self{qw(world name)};
	my $prefix = $world->folder . "/$name.vgdb";
	my $pid = $world->pid($name);
	# It ends with 0, whatever happens.
	my $said = `callgrind_control --vgdb-prefix=$prefix $what $pid 2>&1`;
	$world->fail("callgrind_control $what: $said") unless $said =~ /OK/;
}

# Instructions a query of a load that was asked before, so that all names are
# cached: a hash with "workers", "beside" (all other threads), "all", "module"
# (what workers do in bitsink.so) and "files", callgrind's of this load.
sub measure {
	my ($self, $questions, $count, %option) = @_;
	my ($world, $name) = @$self{qw(world name)};
	my %load = (patience => 120, window => 64, %option);
	$world->load($self->{port}, $questions, %load) for 1 .. 2;
	# What is beside the workers has done with these then.
	sleep 0.5;
	$self->order('--zero');
	$world->load($self->{port}, $questions, %load, count => $count);
	$self->order('--dump=load');
	$self->{dumps}++;
	my @files = glob $world->folder .
		"/$name.callgrind.$self->{dumps}-*";
	my %sum = (workers => 0, beside => 0, module => 0, files => \@files);
	for my $thread (map { read_file($world, $_) } @files) {
		my $kind = $thread->{is_worker} ? 'workers' : 'beside';
		$sum{$kind} += $thread->{total} / $count;
		$sum{module} += $thread->{module} / $count
			if $thread->{is_worker};
	}
	$sum{all} = $sum{workers} + $sum{beside};
	$world->fail("callgrind counted nothing of $name")
		unless $sum{workers} > 0;
	return \%sum;
}

# What is in one of callgrind's files: instructions in all, those in bitsink.so,
# and whether the thread took requests. A line of numbers is what a line of source
# cost; behind "calls=" it is what was called there, which has lines of its own.
sub read_file {
	my ($world, $path) = @_;
	my %thread = (module => 0);
	my (%object, $is_inside, $is_called);
	open my $file, '<', $path or $world->fail("$path: $!");
	for (<$file>) {
		if (/^[-+*\d]\S* (\d+)/) {
			$thread{module} += $1 if $is_inside && !$is_called;
			$is_called = 0;
		} elsif (/^calls=/) {
			$is_called = 1;
		} elsif (/^(c?)ob=\((\d+)\)(?: (.*))?/) {
			$object{$2} = $3 if defined $3;
			$is_inside = $object{$2} =~ m{/bitsink\.so$}
				unless $1;
		} elsif (/^c?fn=.*\bworker_handle_request\b/) {
			$thread{is_worker} = 1;
		} elsif (/^totals: (\d+)/) {
			$thread{total} = $1;
		}
	}
	$world->fail("no totals in $path") unless defined $thread{total};
	return \%thread;
}

1;
