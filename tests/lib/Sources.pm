package Sources;

# What the sources in C say: the texts that calls are given, for tests that
# compare them with what is written about the program.

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT_OK = qw(calls expression flat formats literal log_lines slurp
	without_comments);

sub slurp {
	my ($name) = @_;
	open my $file, '<', $name or die "cannot read $name: $!\n";
	local $/;
	return scalar <$file>;
}

sub flat { return $_[0] =~ s/\s+/ /gr; }

sub without_comments {
	my ($text) = @_;
	$text =~ s{(/\*.*?\*/)|("(?:[^"\\\n]|\\.)*")}{ defined $2 ? $2 : ' ' }gse;
	return $text;
}

# Joins the string literals that begin at the text's start, as C does.
sub literal {
	my ($text) = @_;
	my $joined = '';
	while ($text =~ s/^\s*"((?:[^"\\]|\\.)*)"//) { $joined .= $1; }
	return $joined =~ s/\\n/\n/gr =~ s/\\(.)/$1/gr;
}

# The arguments of all calls of a function, as they are written.
sub calls {
	my ($text, $function) = @_;
	my @calls;
	while ($text =~ /\b(?:$function)\s*\(/g) {
		my ($depth, $argument, @arguments) = (1, '');
		while ($depth > 0 && $text =~
		    /\G("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|.)/gcs) {
			my $piece = $1;
			$depth++ if $piece =~ /^[([{]$/;
			$depth-- if $piece =~ /^[)\]}]$/;
			last if $depth == 0;
			if ($piece eq ',' && $depth == 1) {
				push @arguments, $argument;
				$argument = '';
			} else {
				$argument .= $piece;
			}
		}
		push @calls, [@arguments, $argument];
	}
	return @calls;
}

# A printf format as an expression: a reader's word for each conversion.
sub expression {
	my ($format) = @_;
	my $expression = '';
	for (split /(%[-0-9.*]*(?:z|l|j)*[a-zA-Z%])/, $format) {
		$expression .= /^%/ ? '\S(?:.{0,60}?\S)??' : quotemeta flat($_);
	}
	return $expression;
}

# What sources of the module say by FUNCTION, whose format is argument AT.
sub formats {
	my ($function, $at, @names) = @_;
	my @formats;
	for my $name (@names) {
		my $text = without_comments(slurp($name)) =~
			s/\bPRI[dux]64\b/"lu"/gr;
		for my $call (calls($text, $function)) {
			next if @$call <= $at || $call->[$at] !~ /^\s*"/;
			push @formats, [literal($call->[$at]),
				$name =~ m{([^/]+)$}];
		}
	}
	return @formats;
}

# What the module writes to the log, as formats with the file of each.
sub log_lines {
	my ($src) = @_;
	my @log = (formats('(?:log_(?:info|warn|err)|fatal_exit)', 0,
		glob("$src/module/host*.c"), "$src/module/entry.c"),
		formats('say', 2, glob("$src/module/*.c")));
	# One function of control.c is told what has failed.
	my @failed = map { ["bitsink: $_->[0]: %s: %s", $_->[1]] }
		formats('say_failed', 1, glob("$src/module/*.c"));
	die "found no call of say_failed()\n" unless @failed;
	# What the core says goes through one place of host.c.
	return @failed, grep { $_->[0] ne '%s' &&
		$_->[0] ne 'bitsink: %s: %s: %s' } @log;
}

1;
