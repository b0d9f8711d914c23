# table.awk - the answers that two clients got, side by side; and whether they
# are what they should be.
#
# Reads three files: the ordinary client's answers and the update host's, as
# answer.awk has them, and the questions. Writes what is wrong to the file that
# the variable "wrong" names.

BEGIN {
	question_width = 46
	cell_width = 38
	line("question", "ordinary client 127.0.0.1", "update host 127.0.0.2")
	rule = sprintf("%" question_width - 2 "s", "")
	gsub(/ /, "-", rule)
	line(rule, substr(rule, 1, cell_width - 2), \
		substr(rule, 1, cell_width - 2))
}

function line(a, b, c,    text) {
	text = sprintf("%-" question_width "s%-" cell_width "s%s", a, b, c)
	sub(/ +$/, "", text)
	print text
}

# Appends TEXT to CELL, broken between words and indented.
function wrap(cell, count, text,    words, n, i, now) {
	n = split(text, words, " ")
	now = ""
	for (i = 1; i <= n; i++) {
		if (now != "" && \
		    length(now) + 1 + length(words[i]) > cell_width - 2) {
			cell[++count] = now
			now = ""
		}
		now = now " " words[i]
	}
	if (now != "")
		cell[++count] = now
	return count
}

# A chain that is too long loses the beginning of its target.
function shorten(chain,    arrows, over) {
	over = length(chain) + 3 - cell_width
	if (over <= 0)
		return chain
	match(chain, /^[> ]+/)
	arrows = substr(chain, 1, RLENGTH)
	chain = substr(chain, RLENGTH + 1 + over + 3)
	# What is left of the first label misleads.
	sub(/^[^.]*\./, "", chain)
	return arrows "..." chain
}

# Makes the lines of a cell of an answer.
function make(cell, answer,    field, count) {
	split("", cell)
	split(answer, field, "\t")
	cell[1] = field[1]
	count = wrap(cell, 1, shorten(field[2]))
	return wrap(cell, count, field[3] == "" ? "" : "EDE " field[3])
}

function report(question, client, found, expected) {
	printf "%s, asked by the %s: found \"%s\", expected %s\n", question, \
		client, found, expected >wrong
}

# A blocked client gets the reason and no record.
function is_blocked(answer, reason,    field) {
	split(answer, field, "\t")
	if (field[1] != "NXDOMAIN" || field[4] != "")
		return 0
	if (reason == "denied")
		return field[3] ~ /^15 \(Blocked\).*"wsus" denies this name/
	return field[3] ~ /^15 \(Blocked\).*"wsus" has no allow for this name/
}

function check(question, expected, should, number,    field) {
	split(ordinary[number], field, "\t")
	if (field[1] != expected || field[3] != "")
		report(question, "ordinary client", ordinary[number], \
			"\"" expected "\"")
	if (should == "same") {
		if (update[number] != ordinary[number])
			report(question, "update host", update[number], \
				"what the ordinary client gets")
	} else if (!is_blocked(update[number], should)) {
		report(question, "update host", update[number], \
			"NXDOMAIN, without records, blocked as " should)
	}
}

FNR == 1 { files++ }
files == 1 { ordinary[FNR] = $0; next }
files == 2 { update[FNR] = $0; next }

/^#/ || /^$/ { next }

/^=/ {
	sub(/^= */, "")
	print ""
	print
	next
}

{
	asked++
	split($0, part, / *[|] */)
	left = make(cell_a, ordinary[asked])
	right = make(cell_b, update[asked])
	for (i = 1; i <= left || i <= right; i++)
		line(i == 1 ? "  " part[1] : "", cell_a[i], cell_b[i])
	check(part[1], part[2], part[3], asked)
}

END {
	print ""
	print ">: a CNAME, the target of the last is shown; ad: validated by DNSSEC"
}
