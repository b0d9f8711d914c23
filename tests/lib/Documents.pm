package Documents;

# The documents in Markdown, taken apart as far as tests need it.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Exporter qw(import);
our @EXPORT_OK = qw(documents read_document code_blocks commands headings
	links anchor resolve tables);

# Paths from the root of the sources.
sub documents {
	my ($src) = @_;
	return map { s{^\Q$src\E/}{}r } glob("$src/*.md $src/docs/*.md " .
		"$src/docs/*/*.md $src/*/README.md");
}

sub read_document {
	my ($path) = @_;
	open my $file, '<:encoding(UTF-8)', $path or
		die "cannot read $path: $!\n";
	local $/;
	return scalar <$file>;
}

# Each as its lines: what is indented by four columns or more behind an empty
# line, up to the next line that is not. The indentation of the first line is
# taken away.
sub code_blocks {
	my ($text) = @_;
	my (@blocks, $block);
	my ($empty, $pending) = (1, 0);
	for my $line (split /\n/, $text) {
		if ($line =~ /^\s*$/) {
			($empty, $pending) = (1, $pending + 1);
			next;
		}
		if ($line =~ /^( {4,})/ && ($empty || $block)) {
			if (!$block) {
				$block = { indent => length $1, lines => [] };
				push @blocks, $block;
				$pending = 0;
			}
			push @{$block->{lines}}, ('') x $pending,
				$line =~ s/^ {0,$block->{indent}}//r;
		} else {
			$block = undef;
		}
		($empty, $pending) = (0, 0);
	}
	return map { $_->{lines} } @blocks;
}

# The lines of all code blocks, each with those that continue it.
sub commands {
	my ($text) = @_;
	return map { split /\n/, join("\n", @$_) =~ s/ \\\n\s*/ /gr }
		code_blocks($text);
}

# Pairs of a level and a text.
sub headings {
	my ($text) = @_;
	return map { /^(#+) (.*)$/ ? [length $1, $2] : () } split /\n/, $text;
}

# As in [text](target), not in code; the targets.
sub links {
	my ($text) = @_;
	my $prose = join "\n", grep { !/^ {4}/ } split /\n/, $text;
	$prose =~ s/`[^`]*`//g;
	return $prose =~ /\]\(([^()\s]+)\)/g;
}

# The anchor of a heading.
sub anchor {
	my ($heading) = @_;
	return lc($heading) =~ s/[^\w\- ]//gr =~ s/ /-/gr;
}

# Where a link of the document at PATH leads: a path from the root, and an
# anchor or undef; nothing where it leads out of the project.
sub resolve {
	my ($src, $path, $target) = @_;
	return if $target =~ /^[a-z]+:/;
	my ($file, $anchor) = $target =~ /^([^#]*)(?:#(.*))?$/;
	my $full = $file eq '' ? "$src/$path" : dirname("$src/$path") . "/$file";
	my $root = abs_path($src);
	my $real = abs_path($full);
	return ($target, undef) unless defined $real && -e $real &&
		$real =~ m{^\Q$root\E/};
	return ($real =~ s{^\Q$root\E/}{}r, $anchor);
}

# The rows of all tables, each an array of its cells; headings are rows, too.
sub tables {
	my ($text) = @_;
	my @rows;
	for (split /\n/, $text) {
		next unless /^\|(.*)\|$/;
		next if /^\|[\s|:-]+\|$/;
		push @rows, [map { s/^\s+|\s+$//gr } split /\|/, $1, -1];
	}
	return @rows;
}

1;
