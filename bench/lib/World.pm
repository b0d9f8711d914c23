# World.pm - what parts of the benchmark measure in: a network of their own,
# servers that are started and ended, and a load that looks at every answer.
#
#   my $world = World->new("server");
#   $world->start_upstream;
#   $world->start_unbound("plain", 5301, modules => "validator iterator");
#   my $result = $world->load(5301, $questions, count => 1000);
#
# Everything is in a folder that is removed at the end, but where something went
# wrong. What was started is ended by its process id. Whatever is not as it
# should be ends the program with exit code 1.
#
# Environment: BENCH_BUILD, the build folder with bitsink.so; BENCH_TREE, the
# Unbound tree it was built for.
package World;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json);
use POSIX qw(:sys_wait_h setsid);
use Time::HiRes qw(sleep time);

# Seconds that a server may take to do what is waited for.
our $patience = 300;
our $upstream_port = 5300;
# What the upstream server answers to every question for an address.
our $address = '192.0.2.1';

my $source = abs_path(dirname(__FILE__) . '/../..');
my @worlds;

sub source { return $source; }
sub build { return $ENV{BENCH_BUILD} // die "bench: BENCH_BUILD is not set\n"; }
sub tree { return $ENV{BENCH_TREE} // die "bench: BENCH_TREE is not set\n"; }
sub is_quick { return $ENV{BENCH_QUICK} ? 1 : 0; }

# --- The network.

# Runs this program again in a network of its own, which has loopback alone, so
# that nothing it sends leaves the machine. Who is not root gets one all the
# same where user namespaces are allowed.
sub enter_network {
	my (@arguments) = @_;
	if ($ENV{BENCH_NETWORK}) {
		system('ip', 'link', 'set', 'lo', 'up') == 0
			or die "bench: lo cannot be set up\n";
		return;
	}
	$ENV{BENCH_NETWORK} = 1;
	my @apart = $> == 0 ? ('unshare', '--net')
		: ('unshare', '--user', '--map-root-user', '--net');
	exec @apart, $^X, $0, @arguments;
	die "bench: unshare: $!\n";
}

# --- A folder, and what runs in it.

sub new {
	my ($class, $name) = @_;
	my $self = bless {
		name => $name,
		folder => tempdir("bitsink-bench-$name.XXXXXX", TMPDIR => 1),
		running => {},
		owner => $$,
	}, $class;
	push @worlds, $self;
	return $self;
}

sub folder { return $_[0]{folder}; }

# Says what went wrong, and ends.
sub fail {
	my ($self, @said) = @_;
	$self->{failed} = 1;
	print STDERR "$self->{name}: FAILED: @said; the logs are in ",
		"$self->{folder}\n";
	exit 1;
}

# write NAME TEXT: a file; its path.
sub write {
	my ($self, $name, $text) = @_;
	my $path = "$self->{folder}/$name";
	open my $file, '>', $path or $self->fail("$path: $!");
	print $file $text or $self->fail("$path: $!");
	close $file or $self->fail("$path: $!");
	return $path;
}

# start NAME COMMAND...: in the background, with its messages in NAME.log; its
# process id.
sub start {
	my ($self, $name, @command) = @_;
	my $pid = fork // $self->fail("fork: $!");
	if ($pid == 0) {
		setsid();
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$self->{folder}/$name.log";
		open STDERR, '>&', \*STDOUT;
		{ exec @command; }
		print STDERR "$command[0]: $!\n";
		POSIX::_exit(127);
	}
	$self->{running}{$name} = $pid;
	return $pid;
}

sub pid { return $_[0]{running}{$_[1]}; }

sub has_ended {
	my ($self, $name) = @_;
	my $pid = $self->{running}{$name} // return 1;
	return 0 if waitpid($pid, WNOHANG) == 0;
	delete $self->{running}{$name};
	return 1;
}

# await NAME WHAT CODE: until CODE is true, or server NAME has ended.
sub await {
	my ($self, $name, $what, $code) = @_;
	my $deadline = time + $patience;
	until ($code->()) {
		$self->fail("$name has ended: " . $self->end_of_log($name))
			if $self->has_ended($name);
		$self->fail("$name does not $what within $patience s")
			if time > $deadline;
		sleep 0.05;
	}
}

sub end_of_log {
	my ($self, $name) = @_;
	open my $file, '<', "$self->{folder}/$name.log" or return '';
	my @lines = <$file>;
	return join '', @lines > 5 ? @lines[-5 .. -1] : @lines;
}

sub stop {
	my ($self, $name) = @_;
	my $pid = $self->{running}{$name} // return;
	kill 'TERM', $pid;
	my $deadline = time + 60;
	until ($self->has_ended($name)) {
		kill 'KILL', $pid if time > $deadline;
		sleep 0.02;
	}
}

sub stop_all {
	my ($self) = @_;
	$self->stop($_) for sort keys %{$self->{running}};
}

END {
	my $code = $?;
	for my $world (grep { $_->{owner} == $$ } @worlds) {
		$world->stop_all;
		remove_tree($world->{folder}) unless $world->{failed};
	}
	$? = $code;
}
$SIG{$_} = sub { exit 1; } for qw(HUP INT TERM);

# --- Processors: one for the server, one for who asks it, where there are two.

# The command, on processor NUMBER of those that may be used.
sub on_processor {
	my ($number, @command) = @_;
	my @mine = processors();
	return @command if @mine < 2;
	return ('taskset', '-c', $mine[$number % @mine], @command);
}

# This program, and what it starts, from now on.
sub stay_on {
	my ($self, $number) = @_;
	my @mine = processors();
	return if @mine < 2;
	system("taskset -cp $mine[$number % @mine] $$ >/dev/null") == 0
		or $self->fail("taskset: $?");
}

sub processors {
	my $list = `taskset -cp $$` =~ s/.*: //r;
	my @all;
	for (split /,/, $list) {
		push @all, /(\d+)-(\d+)/ ? ($1 .. $2) : /(\d+)/;
	}
	return @all;
}

# --- Unbound.

# An unbound.conf without what is special to one server. Options: threads,
# server (lines of the clause server:), more (clauses).
sub unbound_conf {
	my ($self, $port, %option) = @_;
	my $threads = $option{threads} // 1;
	my $modules = $option{modules} // 'validator iterator';
	my $server = $option{server} // '';
	my $more = $option{more} // '';
	return <<END;
server:
    interface: 127.0.0.1\@$port
    num-threads: $threads
    do-ip6: no
    do-not-query-localhost: no
    outgoing-interface: 127.0.0.1
    username: ""
    chroot: ""
    directory: "$self->{folder}"
    pidfile: ""
    use-syslog: no
    module-config: "$modules"
$server
forward-zone:
    name: "."
    forward-addr: 127.0.0.1\@$upstream_port
$more
END
}

# The clause dynlib: of an Unbound with bitsink, whose state is in the folder
# NAME.state. The control socket is there, too.
sub dynlib_conf {
	my ($self, $name, $policy) = @_;
	my $state = "$self->{folder}/$name.state";
	mkdir $state;
	return <<END;
dynlib:
    dynlib-file: "${\build()}/bitsink.so"
    dynlib-file: "$policy"
    dynlib-file: "$state"
END
}

# Starts an Unbound, and waits until it answers; its process id. Options: those
# of unbound_conf(), and wrapper, an array: what runs it; and processor.
sub start_unbound {
	my ($self, $name, $port, %option) = @_;
	my $conf = $self->write("$name.conf",
		$self->unbound_conf($port, %option));
	my @command = (@{$option{wrapper} // []}, tree() . '/unbound', '-d',
		'-c', $conf);
	@command = on_processor($option{processor}, @command)
		if defined $option{processor};
	my $pid = $self->start($name, @command);
	$self->await_answers($name, $port);
	return $pid;
}

# Answers anything for an address with the same one, at once: nothing that is
# asked of it is measured.
sub start_upstream {
	my ($self) = @_;
	my $conf = $self->write('upstream.conf', <<END);
server:
    interface: 127.0.0.1\@$upstream_port
    do-ip6: no
    username: ""
    chroot: ""
    directory: "$self->{folder}"
    pidfile: ""
    use-syslog: no
    local-zone: "." redirect
    local-data: ". 86400 IN A $address"
END
	$self->start('upstream', tree() . '/unbound', '-d', '-c', $conf);
	$self->await_answers('upstream', $upstream_port);
}

# Asked by a client that no policy is about.
sub await_answers {
	my ($self, $name, $port) = @_;
	my $questions = $self->write("$name.ready",
		"127.0.0.1 ready.example A NOERROR *\n");
	$self->await($name, 'answer', sub {
		system("'${\build()}/obj/bench/load' -t 1 127.0.0.1 $port " .
			"'$questions' >'$questions.out' 2>&1") == 0;
	});
}

# --- Load.

# Asks QUESTIONS, the name of a file, of the server on PORT; what load printed.
# Options: count, seconds, window, rate, begin, sockets, patience, processor, and
# first: it comes before all else on its processor, where that is allowed. An
# answer that is wrong or missing ends the program.
sub load {
	my ($self, $port, $questions, %option) = @_;
	return $self->end_load($self->begin_load($port, $questions, %option));
}

# The same, but what is wrong or missing is told to the caller alone.
sub load_counting {
	my ($self, $port, $questions, %option) = @_;
	my ($result) = $self->load_side_by_side(1, $port, $questions, %option);
	return $result;
}

# The same by PROCESSES at once; what each of them printed.
sub load_side_by_side {
	my ($self, $processes, $port, $questions, %option) = @_;
	my @loads = map { begin_load($self, $port, $questions, %option) }
		1 .. $processes;
	return map { $self->loaded($_) } @loads;
}

# load() in the background, to be ended by end_load() or loaded().
sub begin_load {
	my ($self, $port, $questions, %option) = @_;
	my @command = load_command($port, $questions, %option);
	open my $pipe, '-|', @command or $self->fail("$command[0]: $!");
	return { pipe => $pipe, command => "@command",
		questions => $questions };
}

# What it printed, when it is done.
sub loaded {
	my ($self, $load) = @_;
	my $pipe = $load->{pipe};
	my $line = <$pipe> // '';
	close $pipe;
	$self->fail("no load: $load->{command}") unless $line =~ /^\{/;
	return decode_json($line);
}

# The same; an answer that is wrong or missing ends the program.
sub end_load {
	my ($self, $load) = @_;
	my $result = $self->loaded($load);
	$self->fail("$result->{wrong} wrong answers and $result->{lost} " .
		"missing, of $result->{sent}, to $load->{questions}; see above")
		if $result->{wrong} || $result->{lost};
	return $result;
}

sub load_command {
	my ($port, $questions, %option) = @_;
	my %letter = (count => '-n', seconds => '-s', window => '-w',
		rate => '-r', begin => '-b', sockets => '-k', patience => '-t');
	my @command = (build() . '/obj/bench/load');
	for (sort keys %letter) {
		push @command, $letter{$_}, $option{$_} if defined $option{$_};
	}
	push @command, $option{address} // '127.0.0.1', $port, $questions;
	unshift @command, qw(chrt --fifo 1) if $option{first} && may_be_first();
	return defined $option{processor}
		? on_processor($option{processor}, @command) : @command;
}

my $may_be_first;

sub may_be_first {
	$may_be_first //=
		system('chrt --fifo 1 true >/dev/null 2>&1') == 0 ? 1 : 0;
	return $may_be_first;
}

# --- What a process has taken.

# Nanoseconds of processor time, of all its threads together.
sub processor_time {
	my ($self, $name) = @_;
	my $pid = $self->pid($name);
	my $sum = 0;
	for my $path (glob "/proc/$pid/task/*/schedstat") {
		open my $file, '<', $path or next;
		$sum += (split ' ', <$file>)[0];
	}
	$self->fail("no processor time of $name in /proc/$pid") unless $sum;
	return $sum;
}

# Octets: "VmRSS" is what it has in memory, "VmHWM" the most it ever had.
sub memory {
	my ($self, $name, $field) = @_;
	my $pid = $self->pid($name);
	open my $file, '<', "/proc/$pid/status" or
		$self->fail("/proc/$pid/status: $!");
	for (<$file>) {
		return $1 * 1024 if /^$field:\s+(\d+) kB/;
	}
	$self->fail("no $field of $name in /proc/$pid/status");
}

1;
