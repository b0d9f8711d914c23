# answer.awk - an answer of dig on one line, with a tab between:
#   RCODE, what was asked for, and "ad" where that bit is set
#   a '>' for each CNAME that leads there, and the target of the last
#   the Extended DNS Error
#   all records of the answer, sorted
#
# Reads: dig -r +noall +comments +answer +nocl +nottlid

/^;; .*status: / {
	rcode = $0
	sub(/.*status: /, "", rcode)
	sub(/,.*/, "", rcode)
}

/^;; flags:/ {
	flags = $0
	sub(/^;; flags:/, "", flags)
	sub(/;.*/, "", flags)
	ad = (flags " ") ~ / ad /
}

/^; EDE: / {
	error = substr($0, 8)
	# dig puts the text into parentheses.
	if (sub(/: \(/, ": ", error))
		sub(/\)$/, "", error)
}

/^[^;]/ && NF >= 3 {
	type = $2
	data = $0
	sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+/, "", data)
	# An order of our own: servers may turn theirs.
	for (i = count++; i > 0 && record[i - 1] > $1 " " type " " data; i--)
		record[i] = record[i - 1]
	record[i] = $1 " " type " " data
	if (type == "CNAME") {
		chain = chain "> "
		target = data
		sub(/\.$/, "", target)
	} else {
		if (found == 0 || data < first)
			first = data
		found++
	}
}

END {
	head = rcode == "" ? "no answer" : rcode
	if (found > 0)
		head = head " " first
	if (found > 1)
		head = head " and " found - 1 " more"
	if (ad)
		head = head " ad"
	all = ""
	for (i = 0; i < count; i++)
		all = all (i > 0 ? ", " : "") record[i]
	print head "\t" chain target "\t" error "\t" all
}
