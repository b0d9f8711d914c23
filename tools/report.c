/*
 * report.c - a page of what was blocked, for people.
 *
 * The page is one file that loads nothing and runs nothing; its policy for
 * the browser forbids all but the one style sheet. It is well-formed XML, too,
 * so that any parser can check it. Numbers stand in <data value="">, times in
 * <time datetime="">, as programs read them.
 *
 * Numbers in SVG are of printf(), so LC_NUMERIC is to be "C", as it is unless
 * somebody sets it.
 *
 * Names are chosen by whoever asks for them: what comes from a record goes
 * through put_text() or is read as a number, without exception.
 */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "history.h"
#include "top.h"

/* Within numbers, as ISO 80000 has it; a line does not end there. */
#define THIN_SPACE "\xe2\x80\xaf"
#define DASH "\xe2\x80\x93"
#define MIDDLE_DOT "\xc2\xb7"

/* The end of the year 9999. */
#define TIME_MAX INT64_C(253402300799)

/* Names of a client that are seen without a click. */
#define NAMES_SHOWN 12

/* Rows of a table of findings. */
#define FINDINGS_SHOWN 100

/* What is counted, the most important first. */
enum kind { BLOCKED, AUDITED, ALLOWED, KINDS };

struct kind_row {
	/* The key in records, and the class in the style sheet. */
	const char *key;
	const char *title;
	/* Pixels of its bars in the chart. */
	unsigned height;
};

static const struct kind_row kinds[KINDS] = {
	[BLOCKED] = { "blocked", "Blocked", 132 },
	[AUDITED] = { "audited", "Audited", 44 },
	[ALLOWED] = { "allowed", "Allowed", 44 },
};

/* The reply "history": steps, the oldest first, and when that began. */
struct day {
	int64_t start;
	int64_t step;
	uint64_t counts[KINDS][HISTORY_STEPS];
	uint64_t totals[KINDS];
};

struct page {
	FILE *out;
	const struct report *report;
	/* NULL where the reply has none. */
	const struct record *status;
	int64_t now;
	struct day day;
	/* Since the start, of all groups. */
	uint64_t totals[KINDS];
	/* Quiet names of the day, which are no alarm and in no chart. */
	uint64_t quiet;
	/* What the lists count: only blocked queries, audited ones, or both. */
	const char *listed;
};

/* A column of a table; CLASS is of the style sheet. */
struct column {
	const char *title;
	const char *class;
};

/*
 * The style sheet. Two colours have a meaning, blocked and audited; all else is
 * ink on paper. The page's policy knows it by its SHA-256, in base64;
 * tests/report tells the new one after a change. There is no '<' and no '&' in
 * it.
 */
#define STYLE_SHA256 "t51LpHe8ANzb8vS/FEtWW6fXvSXs3YbDCbSzVy0+vLw="

static const char *const style[] = {
":root{color-scheme:light dark;--page:#f7f7f5;--card:#fff;--ink:#1b1d20;",
"--soft:#595f67;--line:#e2e2de;--faint:#f0f0ed;--blocked:#c2371b;",
"--audited:#2c62b8;--allowed:#858b93;--pale:#fdf0ec}",
"@media (prefers-color-scheme:dark){:root{--page:#111315;--card:#191c1f;",
"--ink:#e8e9ea;--soft:#a4abb3;--line:#2e3338;--faint:#212529;",
"--blocked:#ff7b5e;--audited:#7fb1ff;--allowed:#727a83;--pale:#2b1b17}}",
"*{box-sizing:border-box}",
"html{-webkit-text-size-adjust:100%;text-size-adjust:100%}",
"body{margin:0;background:var(--page);color:var(--ink);",
"font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',",
"'Liberation Sans',Arial,sans-serif;font-variant-numeric:tabular-nums}",
"header,main,footer{max-width:76rem;margin:0 auto;padding:0 1.5rem}",
"header{padding-top:2rem}",
"a{color:inherit}",
"h1{font-size:1.75rem;line-height:1.2;margin:.15rem 0 .5rem;",
"letter-spacing:-.015em;overflow-wrap:anywhere}",
"h2{font-size:1.2rem;line-height:1.3;margin:0 0 .25rem;",
"letter-spacing:-.005em}",
"p{margin:.25rem 0}",
"code,.name{font-family:ui-monospace,'SF Mono',Menlo,Consolas,",
"'Liberation Mono','DejaVu Sans Mono',monospace;font-size:.9em;",
"overflow-wrap:anywhere}",
".brand{font-weight:650;color:var(--soft);margin:0}",
".lead{font-size:1.1rem;max-width:58rem;margin:0 0 1rem;",
"overflow-wrap:anywhere}",
".soft,caption,figcaption,footer{color:var(--soft);font-size:.875rem}",
".card{background:var(--card);border:1px solid var(--line);",
"border-radius:12px;padding:1.25rem 1.5rem;margin:0 0 1rem}",
"nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;",
"margin:1.75rem 0 1rem;padding:0;font-size:.9rem}",
"nav a{text-underline-offset:.2em;text-decoration-color:var(--line)}",
/* A big warning. */
".warning{border:2px solid var(--blocked);background:var(--pale)}",
".warning h2{color:var(--blocked);font-size:1.4rem}",
".warning pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0;",
"padding:.75rem 1rem;background:var(--card);border-radius:8px;",
"border:1px solid var(--line);font-family:ui-monospace,Menlo,Consolas,",
"'Liberation Mono','DejaVu Sans Mono',monospace;font-size:.875rem}",
/* The state, and the policy beside it. */
".state{display:grid;grid-template-columns:minmax(15rem,1fr) 2.4fr;",
"gap:1.5rem 2.5rem}",
".pill{display:inline-block;border-radius:99px;padding:.05rem .8rem;",
"font-size:.95rem;font-weight:650;background:var(--ink);color:var(--card);",
"letter-spacing:.02em;margin:0 0 .35rem}",
".pill.bad{background:var(--blocked)}",
".pill.look{background:var(--audited)}",
"dl{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));",
"gap:.75rem 1.5rem;margin:0}",
"dt{color:var(--soft);font-size:.8125rem}",
"dd{margin:0;overflow-wrap:anywhere;font-size:.9375rem}",
"dl .wide{grid-column:span 2}",
/* Figures. */
".tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));",
"gap:1rem;margin:0 0 1rem;padding:0;list-style:none}",
".tiles .card{margin:0;padding:1rem 1.25rem}",
".tiles b{display:block;font-size:2rem;line-height:1.15;font-weight:650;",
"letter-spacing:-.02em;overflow-wrap:anywhere}",
".tiles h3{font-size:.9375rem;margin:0;font-weight:600}",
".mark{display:inline-block;width:.7em;height:.7em;border-radius:2px;",
"margin-right:.45em;background:var(--allowed)}",
".mark.blocked{background:var(--blocked)}",
".mark.audited{background:var(--audited)}",
"b.blocked{color:var(--blocked)}",
"b.audited{color:var(--audited)}",
/* The chart: across in per cent, down in pixels, so that its texts keep
 * their size at any width. */
"figure{margin:0}",
".chart{display:block;overflow:visible;margin:.75rem 0 .5rem 3.5rem;",
"width:calc(100% - 4rem)}",
"svg text{fill:var(--soft);font-size:12px}",
"svg .title{fill:var(--ink);font-weight:600;font-size:13px}",
"svg line{stroke:var(--line)}",
"svg .base{stroke:var(--soft)}",
"svg .off{fill:var(--faint)}",
"svg .blocked{fill:var(--blocked)}",
"svg .audited{fill:var(--audited)}",
"svg .allowed{fill:var(--allowed)}",
".spark{display:block;width:8rem;height:1.75rem;",
"border-bottom:1px solid var(--line);overflow:hidden}",
/* Tables. */
".scroll{margin:0 -1.5rem;overflow-x:auto}",
"table{width:100%;border-collapse:collapse;font-size:.9375rem}",
"caption{text-align:left;padding:0 1.5rem .75rem}",
"th,td{text-align:left;vertical-align:top;padding:.55rem .75rem;",
"border-top:1px solid var(--line)}",
"thead th{font-size:.8125rem;color:var(--soft);font-weight:600;",
"border-top:0;vertical-align:bottom;padding-bottom:.35rem}",
"tr>:first-child{padding-left:1.5rem}",
"tr>:last-child{padding-right:1.5rem}",
"tbody th{font-weight:600}",
".number{text-align:right;white-space:nowrap}",
".time{white-space:nowrap}",
"td.time{font-size:.875em}",
"thead th.number{white-space:normal}",
"th.long{min-width:11rem}",
".group{overflow-wrap:anywhere;min-width:10rem}",
".bars{width:9.5rem}",
"td.number b{font-weight:650}",
".note{display:block;font-size:.8125rem;color:var(--soft);",
"font-weight:400;white-space:normal;overflow-wrap:anywhere}",
".zero{color:var(--soft)}",
".tag{display:inline-block;border:1px solid var(--audited);",
"color:var(--audited);border-radius:99px;padding:0 .5em;font-size:.75rem;",
"line-height:1.4;font-weight:600;white-space:nowrap}",
".names td{border-top:0;padding-top:0;padding-bottom:1rem}",
".names ul{list-style:none;margin:0;padding:0;columns:3 17rem;",
"column-gap:2rem;font-size:.875rem}",
".names li{display:flex;gap:.75rem;justify-content:space-between;",
"break-inside:avoid;padding:.15rem 0;border-bottom:1px solid var(--faint)}",
".names li span{min-width:0;flex:1}",
"summary{cursor:pointer;color:var(--soft);font-size:.875rem;",
"padding:.25rem 0}",
"details table{margin-top:.5rem}",
".empty{padding:1.5rem 0 .75rem;text-align:center;color:var(--soft)}",
".empty b{display:block;color:var(--ink);font-size:1.1rem;",
"font-weight:600}",
"footer{padding-top:.5rem;padding-bottom:2.5rem;overflow-wrap:anywhere}",
/* Between a desk and a phone. */
"@media screen and (max-width:60rem){.state{grid-template-columns:1fr}",
".tiles{grid-template-columns:repeat(2,minmax(0,1fr))}}",
/* A phone: rows become cards. */
"@media screen and (max-width:56rem){",
"header,main,footer{padding-left:1rem;padding-right:1rem}",
"header{padding-top:1.25rem}",
".card{padding:1rem}",
".tiles{gap:.75rem}",
".tiles .card{padding:.75rem .9rem}",
".tiles b{font-size:1.4rem}",
"dl{grid-template-columns:repeat(2,minmax(0,1fr))}",
".chart{margin-left:2.75rem;width:calc(100% - 2.75rem)}",
".scroll{margin:0;overflow-x:visible}",
"caption{padding:0 0 .5rem}",
"table,caption,tbody,tr,th,td{display:block;width:auto}",
"thead{position:absolute;width:1px;height:1px;overflow:hidden;",
"clip-path:inset(50%)}",
"tbody tr{border-top:1px solid var(--line);padding:.6rem 0}",
"tbody th,tbody td,tr>:first-child,tr>:last-child{border:0;",
"padding:.1rem 0;min-width:0;text-align:left}",
"tbody td.number{text-align:left;overflow-wrap:anywhere}",
"tbody td.number>*{min-width:0}",
"tbody td.bars{width:auto}",
"tbody td[data-label]{display:grid;",
"grid-template-columns:7.5rem minmax(0,1fr);gap:.5rem;white-space:normal}",
"tbody td[data-label]::before{content:attr(data-label);",
"color:var(--soft);font-size:.8125rem;white-space:normal}",
"tbody tr.names{border-top:0;padding-top:0}",
".names ul{columns:auto 17rem}",
".spark{width:100%;max-width:14rem}}",
"@media screen and (max-width:36rem){.minor{display:none}}",
/* Paper: black on white, no row cut in two, nothing folded away. */
"@media print{@page{margin:14mm}",
":root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#333;",
"--line:#bbb;--faint:#e8e8e8;--blocked:#000;--audited:#666;",
"--allowed:#8c8c8c;--pale:#fff}",
"body{font-size:10.5pt}",
"header,main,footer{max-width:none;padding-left:0;padding-right:1px}",
"#exactness{break-inside:avoid}",
"footer{break-before:avoid;padding-bottom:0}",
"header{padding-top:0}",
"nav,.screen{display:none}",
".card{border:0;border-radius:0;padding:0;margin:0 0 1.25rem}",
".warning{border:3px solid #000;padding:.75rem 1rem}",
".warning,.tiles,.state,figure,tr,li,thead,dl{break-inside:avoid}",
".tiles .card{border:1px solid #bbb;padding:.5rem .75rem}",
".tiles b{font-size:1.4rem}",
".pill,.pill.bad,.pill.look{background:none;color:#000;padding:0;",
"font-size:1.2rem}",
".mark{print-color-adjust:exact;-webkit-print-color-adjust:exact}",
"h1{font-size:1.4rem}",
"h2,h3,caption,thead{break-after:avoid}",
".group{min-width:7rem}",
"dd{font-size:9pt}",
"dl{grid-template-columns:1fr 1.3fr 1.3fr;gap:.5rem .75rem}",
"tr:has(+ .names){break-after:avoid}",
"thead{display:table-header-group}",
".scroll{margin:0;overflow-x:visible}",
"table{font-size:8.5pt}",
"caption{padding:0 0 .4rem}",
"th,td{padding:.3rem .5rem}",
"tr>:first-child{padding-left:0}",
"tr>:last-child{padding-right:0}",
".names ul{columns:2;font-size:8.5pt}",
".note,dt,.soft,caption{font-size:8pt}",
".bars{width:6.5rem}",
".spark{width:6rem}",
".tag{border-color:#000;color:#000}",
"summary{list-style:none;font-size:0;padding:0}",
"details::details-content{content-visibility:visible;display:block;",
"height:auto}}",
};

/* --- Values. */

/* What a record has under KEY, or "". */
static const char *
text_of(const struct record *record, const char *key)
{
	const char *text = record != NULL ? record_get(record, key) : NULL;

	return text != NULL ? text : "";
}

static int
has(const struct record *record, const char *key)
{
	return *text_of(record, key) != '\0';
}

static int
is_word(const struct record *record, const char *key, const char *word)
{
	return strcmp(text_of(record, key), word) == 0;
}

/* The number that TEXT begins with, 0 where there is none; *END is behind it.
 * Unlike strtoull() it takes no sign and no space. */
static uint64_t
read_number(const char *text, const char **end)
{
	uint64_t number = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (number > (UINT64_MAX - digit) / 10)
			number = UINT64_MAX;
		else
			number = number * 10 + digit;
	}
	*end = text;
	return number;
}

static uint64_t
number_of(const struct record *record, const char *key)
{
	const char *end;

	return read_number(text_of(record, key), &end);
}

static int64_t
time_of(const struct record *record, const char *key)
{
	uint64_t number = number_of(record, key);

	return number <= TIME_MAX ? (int64_t)number : TIME_MAX + 1;
}

/* The numbers of KEY, separated by ',', as the last of COUNT: where there are
 * fewer of them, the oldest are missing. */
static void
numbers_of(const struct record *record, const char *key, uint64_t *numbers,
	size_t count)
{
	const char *at = text_of(record, key);
	size_t found = 0;

	memset(numbers, 0, count * sizeof(*numbers));
	while (*at != '\0' && found < count) {
		numbers[found++] = read_number(at, &at);
		if (*at != ',')
			break;
		at++;
	}
	memmove(numbers + (count - found), numbers, found * sizeof(*numbers));
	memset(numbers, 0, (count - found) * sizeof(*numbers));
}

/* The sum, or the highest number where that is too high. */
static uint64_t
add(uint64_t a, uint64_t b)
{
	return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

/* Records of KIND in REPLY. */
static size_t
count_of(const struct reply *reply, const char *kind)
{
	size_t i, count = 0;

	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, kind) == 0)
			count++;
	return count;
}

static uint64_t
sum_of(const struct reply *reply, const char *kind, const char *key)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, kind) == 0)
			sum = add(sum, number_of(&reply->records[i], key));
	return sum;
}

static uint64_t
highest(const uint64_t *numbers, size_t count)
{
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (numbers[i] > most)
			most = numbers[i];
	return most;
}

/* Returns 0, or -1 where REPLY has no steps; DAY is all zeroes then, but for
 * its times, which NOW is for. */
static int
read_day(struct day *day, const struct reply *reply, int64_t now)
{
	const struct record *history = reply_find(reply, "history");
	const struct record *steps = reply_find(reply, "steps");
	enum kind kind;
	size_t i;

	memset(day, 0, sizeof(*day));
	day->step = time_of(history, "step");
	if (day->step < 1 || day->step > 86400)
		day->step = HISTORY_STEP_SECONDS;
	if (has(history, "now"))
		now = time_of(history, "now");
	/* The last step is the one that NOW is in. */
	day->start = now - now % day->step - (HISTORY_STEPS - 1) * day->step;
	for (kind = 0; kind < KINDS; kind++) {
		numbers_of(steps, kinds[kind].key, day->counts[kind],
			HISTORY_STEPS);
		for (i = 0; i < HISTORY_STEPS; i++)
			day->totals[kind] = add(day->totals[kind],
				day->counts[kind][i]);
	}
	return steps != NULL ? 0 : -1;
}

/* Queries for quiet names in the steps of REPLY, 0 where it has none. */
static uint64_t
sum_quiet(const struct reply *reply)
{
	uint64_t steps[HISTORY_STEPS], total = 0;
	size_t i;

	numbers_of(reply_find(reply, "steps"), "quiet", steps, HISTORY_STEPS);
	for (i = 0; i < HISTORY_STEPS; i++)
		total = add(total, steps[i]);
	return total;
}

/* The group of that name, or NULL. */
static const struct record *
find_group(const struct page *page, const char *name)
{
	const struct reply *groups = &page->report->groups;
	size_t i;

	for (i = 0; i < groups->count; i++)
		if (strcmp(groups->records[i].kind, "group") == 0 &&
		    is_word(&groups->records[i], "name", name))
			return &groups->records[i];
	return NULL;
}

/* --- Octets of HTML. */

/*
 * Writes TEXT so that it is text in an element, in an attribute and in SVG.
 * What is not printable ASCII becomes \DDD, as in names: so there is no
 * octet that is no UTF-8, and no character that turns the line around.
 */
static void
put_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char octet = (unsigned char)*text;

		if (octet == '&')
			fputs("&amp;", out);
		else if (octet == '<')
			fputs("&lt;", out);
		else if (octet == '>')
			fputs("&gt;", out);
		else if (octet == '"')
			fputs("&quot;", out);
		else if (octet == '\'')
			fputs("&#39;", out);
		else if (octet >= 0x20 && octet < 0x7f)
			putc(octet, out);
		else
			fprintf(out, "\\%03u", octet);
	}
}

static void
put_code(FILE *out, const char *text)
{
	fputs("<code>", out);
	put_text(out, text);
	fputs("</code>", out);
}

/* Digits in threes. */
static void
put_digits(FILE *out, uint64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	int i;

	for (i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			fputs(THIN_SPACE, out);
		putc(digits[i], out);
	}
}

static void
put_number(FILE *out, uint64_t number)
{
	fprintf(out, "<data value=\"%" PRIu64 "\">", number);
	put_digits(out, number);
	fputs("</data>", out);
}

/* "1 client", "2 clients". */
static void
put_things(FILE *out, uint64_t number, const char *thing)
{
	put_number(out, number);
	fprintf(out, " %s%s", thing, number == 1 ? "" : "s");
}

/* FORMAT is of strftime(). */
static void
put_utc(FILE *out, int64_t seconds, const char *format)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[64];

	if (gmtime_r(&when, &tm) != NULL &&
	    strftime(text, sizeof(text), format, &tm) > 0)
		fputs(text, out);
}

/* A moment, in a place that says that it is UTC. */
static void
put_time(FILE *out, int64_t seconds)
{
	/* The years that <time> has. */
	if (seconds < 0 || seconds > TIME_MAX) {
		fputs("unknown", out);
		return;
	}
	fputs("<time datetime=\"", out);
	put_utc(out, seconds, "%Y-%m-%dT%H:%M:%SZ");
	fputs("\">", out);
	put_utc(out, seconds, "%Y-%m-%d %H:%M:%S");
	fputs("</time>", out);
}

static void
put_moment(FILE *out, int64_t seconds)
{
	put_time(out, seconds);
	fputs(" UTC", out);
}

/* How long ago, in the largest unit that there are two of. */
static void
put_age(FILE *out, int64_t seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {
		{ "day", 86400 }, { "hour", 3600 }, { "minute", 60 },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds < 2 * units[i].seconds)
			continue;
		fprintf(out, "%" PRId64 " %ss ago", seconds / units[i].seconds,
			units[i].name);
		return;
	}
	fputs("just now", out);
}

/* PART of WHOLE in per cent. */
static void
put_share(FILE *out, uint64_t part, uint64_t whole)
{
	double share = whole > 0 ? 100.0 * (double)part / (double)whole : 0;

	if (part > 0 && share < 0.1)
		fputs("under 0.1" THIN_SPACE "%", out);
	else if (part < whole && share > 99.9)
		fputs("over 99.9" THIN_SPACE "%", out);
	else
		fprintf(out, "%.*f" THIN_SPACE "%%",
			part == 0 || part == whole ? 0 : 1, share);
}

/* --- Tables. Roles are said in words, as browsers forget them where rows
 * become cards. */

static void
open_table(FILE *out, const struct column *columns, size_t count)
{
	size_t i;

	fputs("<thead role=\"rowgroup\"><tr role=\"row\">", out);
	for (i = 0; i < count; i++) {
		fprintf(out, "<th role=\"columnheader\" scope=\"col\" "
			"class=\"%s\">", columns[i].class);
		put_text(out, columns[i].title);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody role=\"rowgroup\">\n", out);
}

static void
close_table(FILE *out)
{
	fputs("</tbody></table></div>\n", out);
}

static void
open_cell(FILE *out, const struct column *column)
{
	fprintf(out, "<td role=\"cell\" class=\"%s\" data-label=\"",
		column->class);
	put_text(out, column->title);
	fputs("\">", out);
}

/* The cell that names the row. */
static void
open_heading(FILE *out, const struct column *column)
{
	fprintf(out, "<th role=\"rowheader\" scope=\"row\" class=\"%s\">",
		column->class);
}

static void
put_number_cell(FILE *out, const struct column *column, uint64_t number)
{
	open_cell(out, column);
	fputs(number > 0 ? "<b>" : "<span class=\"zero\">", out);
	put_number(out, number);
	fputs(number > 0 ? "</b></td>" : "</span></td>", out);
}

/* --- Small charts, in a table. */

/* Bars of one kind, on top of those BELOW (NULL: none); all in one path, in
 * steps across and in 1/100 of MOST down. */
static void
put_spark_bars(FILE *out, const char *class, const uint64_t *numbers,
	const uint64_t *below, size_t count, double most)
{
	size_t i;

	fprintf(out, "<path class=\"%s\" d=\"", class);
	for (i = 0; i < count; i++) {
		double height = 100 * (double)numbers[i] / most;
		double foot = below == NULL ? 0 :
			100 * (double)below[i] / most;

		if (numbers[i] == 0)
			continue;
		/* What came once is to be seen beside what came often. */
		if (height < 6)
			height = 6;
		fprintf(out, "M%zu %.1fh.86v-%.1fh-.86z", i, 100 - foot,
			height);
	}
	fputs("\"/>", out);
}

static void
open_spark(FILE *out, size_t count)
{
	fprintf(out, "<svg class=\"spark\" role=\"img\" viewBox=\"0 0 %zu "
		"100\" preserveAspectRatio=\"none\"><title>", count);
}

/* The hours of an entry. */
static void
put_hours(FILE *out, const struct record *entry, const char *class)
{
	uint64_t hours[TOP_HOURS];
	uint64_t most;

	numbers_of(entry, "hours", hours, TOP_HOURS);
	most = highest(hours, TOP_HOURS);
	open_spark(out, TOP_HOURS);
	fprintf(out, "The last %d hours; most in an hour: %" PRIu64 "</title>",
		TOP_HOURS, most);
	if (most > 0)
		put_spark_bars(out, class, hours, NULL, TOP_HOURS,
			(double)most);
	fputs("</svg>", out);
}

/* Blocked, and audited on top of it. */
static void
put_day_spark(FILE *out, const struct day *day)
{
	double most = 0;
	size_t i;

	for (i = 0; i < HISTORY_STEPS; i++) {
		double both = (double)day->counts[BLOCKED][i] +
			(double)day->counts[AUDITED][i];

		if (both > most)
			most = both;
	}
	open_spark(out, HISTORY_STEPS);
	fprintf(out, "The last 24 hours: %" PRIu64 " blocked, %" PRIu64
		" audited, %" PRIu64 " allowed</title>", day->totals[BLOCKED],
		day->totals[AUDITED], day->totals[ALLOWED]);
	if (most > 0) {
		put_spark_bars(out, "blocked", day->counts[BLOCKED], NULL,
			HISTORY_STEPS, most);
		put_spark_bars(out, "audited", day->counts[AUDITED],
			day->counts[BLOCKED], HISTORY_STEPS, most);
	}
	fputs("</svg>", out);
}

/* --- The chart of the day. */

/* Pixels: the title above the bars, what is between two rows, and the hours
 * below. */
enum { CHART_TITLE = 24, CHART_GAP = 18, CHART_HOURS = 36 };

/* The top of a scale for MOST: a number that is easy to read, and so is its
 * half. */
static double
scale_for(uint64_t most)
{
	static const double tops[] = { 1, 2, 4, 6, 8, 10 };
	double unit = 1;
	size_t i;

	while (10 * unit < (double)most)
		unit *= 10;
	for (i = 0; tops[i] * unit < (double)most; i++)
		;
	return tops[i] * unit;
}

/* Short, for there is little room beside the chart. */
static void
put_scale(FILE *out, double value)
{
	static const struct {
		double one;
		const char *letter;
	} units[] = { { 1e18, "E" }, { 1e15, "P" }, { 1e12, "T" },
		{ 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } };
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (value < 10 * units[i].one)
			continue;
		fprintf(out, "%.0f" THIN_SPACE "%s", value / units[i].one,
			units[i].letter);
		return;
	}
	put_digits(out, (uint64_t)value);
}

/* A line across at Y, with VALUE beside it. */
static void
put_rule(FILE *out, double y, double value)
{
	fprintf(out, "<line x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"%s/>"
		"<text x=\"-8\" y=\"%.1f\" text-anchor=\"end\">", y, y,
		value > 0 ? "" : " class=\"base\"", y + 4);
	put_scale(out, value);
	fputs("</text>", out);
}

static void
put_hours_of_step(FILE *out, const struct day *day, size_t step)
{
	int64_t start = day->start + (int64_t)step * day->step;

	put_utc(out, start, "%H:%M");
	fputs(DASH, out);
	put_utc(out, start + day->step, "%H:%M");
}

/* The bars of KIND between TOP and its foot, each with its numbers for who
 * points at it. */
static void
put_bars(FILE *out, const struct day *day, enum kind kind, double top,
	double scale)
{
	double room = kinds[kind].height;
	size_t i;

	for (i = 0; i < HISTORY_STEPS; i++) {
		uint64_t count = day->counts[kind][i];
		double height = room * (double)count / scale;

		if (count == 0)
			continue;
		if (height < 2)
			height = 2;
		fprintf(out, "<rect class=\"%s\" data-step=\"%zu\" "
			"data-count=\"%" PRIu64 "\" x=\"%.3f%%\" y=\"%.1f\" "
			"width=\".86%%\" height=\"%.1f\"><title>",
			kinds[kind].key, i, count,
			100.0 * (double)i / HISTORY_STEPS,
			top + room - height, height);
		put_hours_of_step(out, day, i);
		fputs(" UTC: ", out);
		put_digits(out, count);
		fprintf(out, " %s</title></rect>\n", kinds[kind].key);
	}
}

/* What stands above the bars of KIND, at Y. */
static void
put_row_title(FILE *out, const struct day *day, enum kind kind, double y)
{
	uint64_t most = highest(day->counts[kind], HISTORY_STEPS);
	size_t i = 0;

	fprintf(out, "<text class=\"title\" x=\"0\" y=\"%.1f\">%s</text>"
		"<text x=\"100%%\" y=\"%.1f\" text-anchor=\"end\">", y,
		kinds[kind].title, y);
	if (most == 0) {
		fputs("none</text>\n", out);
		return;
	}
	while (day->counts[kind][i] < most)
		i++;
	fputs("most: ", out);
	put_digits(out, most);
	fputs(" at ", out);
	put_hours_of_step(out, day, i);
	fputs("</text>\n", out);
}

/* What of the row from TOP on was before bitsink's start. */
static void
put_before_start(const struct page *page, enum kind kind, double top)
{
	const struct day *day = &page->day;
	double height = kinds[kind].height;
	double part = (double)(time_of(page->status, "started") - day->start) /
		(double)(HISTORY_STEPS * day->step);

	if (!has(page->status, "started") || part <= 0 || part > 1)
		return;
	fprintf(page->out, "<rect class=\"off\" x=\"0\" y=\"%.1f\" "
		"width=\"%.3f%%\" height=\"%.1f\"><title>before the "
		"start</title></rect>", top, 100 * part, height);
	/* Only where there is room for the words, on a phone, too. */
	if (part > .4 && kind == BLOCKED)
		fprintf(page->out, "<text x=\"%.3f%%\" y=\"%.1f\" "
			"text-anchor=\"middle\">before the start</text>",
			50 * part, top + height / 2 + 4);
	fputs("\n", page->out);
}

static void
put_row(const struct page *page, enum kind kind, double top)
{
	const struct day *day = &page->day;
	FILE *out = page->out;
	uint64_t most = highest(day->counts[kind], HISTORY_STEPS);
	double scale = scale_for(most);
	double plot = top + CHART_TITLE, foot = plot + kinds[kind].height;

	put_before_start(page, kind, plot);
	put_row_title(out, day, kind, top + 12);
	if (most > 0)
		put_rule(out, plot, scale);
	if (scale > 1 && kinds[kind].height > 100)
		put_rule(out, (plot + foot) / 2, scale / 2);
	put_bars(out, day, kind, plot, scale);
	put_rule(out, foot, 0);
	fputs("\n", out);
}

/* The hours below the bars that end at FOOT, each third of them, and on a phone
 * each sixth; the day where one begins. */
static void
put_clock(FILE *out, const struct day *day, double foot)
{
	size_t i;

	for (i = 0; i < HISTORY_STEPS; i++) {
		int64_t start = day->start + (int64_t)i * day->step;
		double x = 100.0 * (double)i / HISTORY_STEPS;
		const char *class = start % 21600 == 0 ? "major" : "minor";

		/* At the ends a text would go beyond the chart. */
		if (start % 10800 != 0 || x < 4 || x > 96)
			continue;
		fprintf(out, "<line class=\"%s\" x1=\"%.3f%%\" x2=\"%.3f%%\" "
			"y1=\"%.1f\" y2=\"%.1f\"/><text class=\"%s\" "
			"x=\"%.3f%%\" y=\"%.1f\" text-anchor=\"middle\">",
			class, x, x, foot, foot + 5, class, x, foot + 18);
		put_utc(out, start, "%H:%M");
		fputs("</text>", out);
		if (start % 86400 == 0) {
			fprintf(out, "<text x=\"%.3f%%\" y=\"%.1f\" "
				"text-anchor=\"middle\">", x, foot + 33);
			put_utc(out, start, "%Y-%m-%d");
			fputs("</text>", out);
		}
		fputs("\n", out);
	}
}

static double
chart_height(void)
{
	double height = 0;
	enum kind kind;

	for (kind = 0; kind < KINDS; kind++)
		height += CHART_TITLE + kinds[kind].height + CHART_GAP;
	return height - CHART_GAP;
}

static void
put_chart(const struct page *page)
{
	const struct day *day = &page->day;
	FILE *out = page->out;
	double top = 0, height = chart_height();
	enum kind kind;

	fprintf(out, "<svg class=\"chart\" role=\"img\" "
		"aria-labelledby=\"chart-title chart-desc\" height=\"%.0f\">\n"
		"<title id=\"chart-title\">Queries of restricted clients in "
		"the last 24 hours</title>\n<desc id=\"chart-desc\">%" PRIu64
		" blocked, %" PRIu64 " audited, %" PRIu64 " allowed, in steps "
		"of %" PRId64 " minutes; the table below has the "
		"hours.</desc>\n", height + CHART_HOURS, day->totals[BLOCKED],
		day->totals[AUDITED], day->totals[ALLOWED], day->step / 60);
	for (kind = 0; kind < KINDS; kind++) {
		put_row(page, kind, top);
		top += CHART_TITLE + kinds[kind].height + CHART_GAP;
	}
	put_clock(out, day, height);
	fputs("</svg>\n", out);
}

/* The same by the hour, in figures. */
static void
put_day_table(FILE *out, const struct day *day)
{
	static const struct column columns[] = {
		{ "Hour from (UTC)", "time" }, { "Blocked", "number" },
		{ "Audited", "number" }, { "Allowed", "number" },
	};
	size_t i = 0;

	fputs("<details class=\"screen\"><summary>The same as a table"
		"</summary><div class=\"scroll\"><table role=\"table\">"
		"<caption>Queries by the hour</caption>", out);
	open_table(out, columns, sizeof(columns) / sizeof(columns[0]));
	while (i < HISTORY_STEPS) {
		int64_t start = day->start + (int64_t)i * day->step;
		int64_t hour = start - start % 3600;
		uint64_t sums[KINDS] = { 0 };
		enum kind kind;

		for (; i < HISTORY_STEPS && day->start +
		    (int64_t)i * day->step < hour + 3600; i++)
			for (kind = 0; kind < KINDS; kind++)
				sums[kind] = add(sums[kind],
					day->counts[kind][i]);
		fputs("<tr role=\"row\">", out);
		open_heading(out, &columns[0]);
		put_time(out, hour);
		fputs("</th>", out);
		for (kind = 0; kind < KINDS; kind++)
			put_number_cell(out, &columns[1 + kind], sums[kind]);
		fputs("</tr>\n", out);
	}
	close_table(out);
	fputs("</details>\n", out);
}

static void
write_day(const struct page *page)
{
	FILE *out = page->out;

	fputs("<section class=\"card\" id=\"day\" "
		"aria-labelledby=\"day-title\">\n<h2 id=\"day-title\">The last "
		"24 hours</h2>\n<figure>\n", out);
	put_chart(page);
	fprintf(out, "<figcaption>Queries in steps of %" PRId64 " minutes; "
		"hours are UTC. Each row has a scale of its own. The last step "
		"is not over yet.</figcaption>\n</figure>\n",
		page->day.step / 60);
	put_day_table(out, &page->day);
	fputs("</section>\n", out);
}

/* --- The state. */

/* Groups that only look on. */
static size_t
groups_in_audit(const struct page *page)
{
	const struct reply *groups = &page->report->groups;
	size_t i, count = 0;

	for (i = 0; i < groups->count; i++)
		if (is_word(&groups->records[i], "mode", "audit"))
			count++;
	return count;
}

static int
is_stale(const struct page *page)
{
	return is_word(page->status, "stale", "yes");
}

static void
write_warning(const struct page *page)
{
	const struct record *status = page->status;
	FILE *out = page->out;

	if (!is_stale(page) && number_of(status, "errors") == 0)
		return;
	fprintf(out, "<section class=\"card warning\" id=\"warning\" "
		"aria-labelledby=\"warning-title\">\n<h2 id=\"warning-title\">"
		"%s</h2>\n<p>", is_stale(page) ?
		"Stale: an old policy is in force" :
		"The policy file has errors");
	if (number_of(status, "errors") > 0) {
		put_code(out, text_of(status, "policy"));
		fputs(" had ", out);
		put_things(out, number_of(status, "errors"), "error");
		fputs(" when it was last read. ", out);
	}
	if (has(status, "kept")) {
		int64_t kept = time_of(status, "kept");

		fputs("In force is the last good policy, kept at ", out);
		put_moment(out, kept);
		fputs(", ", out);
		put_age(out, page->now - kept);
		fputs(". ", out);
	}
	fputs("Changes since then have no effect.</p>\n", out);
	if (has(status, "error")) {
		fputs("<pre>", out);
		put_text(out, text_of(status, "error"));
		fputs("</pre>\n", out);
	}
	fputs("<p>See all errors with <code>bitsinkctl check ", out);
	put_text(out, text_of(status, "policy"));
	fputs("</code>, correct them, then "
		"<code>unbound-control reload</code>.</p>\n</section>\n", out);
}

/* Is it on? */
static void
put_state(const struct page *page)
{
	FILE *out = page->out;
	size_t groups = count_of(&page->report->groups, "group");
	size_t audit = groups_in_audit(page);

	if (page->status == NULL)
		fputs("<p class=\"pill bad\">Unknown</p>\n<p>The module told "
			"no status.</p>\n", out);
	else if (groups == 0)
		fputs("<p class=\"pill bad\">On, without groups</p>\n<p>Nobody "
			"is restricted.</p>\n", out);
	else if (audit == groups)
		fputs("<p class=\"pill look\">On, audit only</p>\n<p>Nothing "
			"is blocked; what would be is counted.</p>\n", out);
	else if (audit > 0)
		fprintf(out, "<p class=\"pill\">On, in part</p>\n<p>%zu of "
			"%zu groups are enforced; %zu only audit%s.</p>\n",
			groups - audit, groups, audit, audit == 1 ? "s" : "");
	else
		fputs("<p class=\"pill\">On, enforced</p>\n<p>All groups are "
			"kept on their allowlists.</p>\n", out);
	fputs("<p class=\"soft\">", out);
	put_things(out, number_of(page->status, "groups"), "group");
	fputs(", ", out);
	put_number(out, number_of(page->status, "prefixes"));
	fputs(number_of(page->status, "prefixes") == 1 ? " client prefix, " :
		" client prefixes, ", out);
	put_things(out, number_of(page->status, "patterns"), "pattern");
	fputs("</p>\n", out);
}

/* A moment of the status, and how long ago it was. */
static void
put_since(const struct page *page, const char *title, const char *key)
{
	FILE *out = page->out;
	int64_t when = time_of(page->status, key);

	if (!has(page->status, key))
		return;
	fprintf(out, "<div><dt>%s</dt><dd>", title);
	put_moment(out, when);
	fputs("<span class=\"note\">", out);
	put_age(out, page->now - when);
	fputs("</span></dd></div>\n", out);
}

static void
put_fact(const struct page *page, const char *title, const char *key)
{
	FILE *out = page->out;

	fprintf(out, "<div><dt>%s</dt><dd>", title);
	put_code(out, text_of(page->status, key));
	fputs("</dd></div>\n", out);
}

static void
write_state(const struct page *page)
{
	FILE *out = page->out;

	fputs("<section class=\"card state\" id=\"state\" "
		"aria-label=\"State and policy\">\n<div>\n", out);
	if (is_stale(page))
		fputs("<p><span class=\"pill bad\">Stale policy</span></p>\n",
			out);
	put_state(page);
	fputs("</div>\n<dl>\n<div class=\"wide\"><dt>Policy</dt><dd>", out);
	put_code(out, text_of(page->status, "policy"));
	fprintf(out, "<span class=\"note\">%s</span></dd></div>\n",
		is_stale(page) ? "stale: in force is an older copy of it" :
		"in force as it was read");
	put_fact(page, "Checksum", "checksum");
	fputs("<div><dt>Generation</dt><dd>", out);
	put_number(out, number_of(page->status, "generation"));
	fputs("</dd></div>\n", out);
	put_since(page, "Loaded", "loaded");
	put_since(page, "Started", "started");
	put_since(page, "Copy kept", "kept");
	fputs("</dl>\n</section>\n", out);
}

/* --- Figures. */

static void
put_tile(const struct page *page, enum kind kind)
{
	FILE *out = page->out;
	const char *key = kinds[kind].key;

	fprintf(out, "<li class=\"card\"><h3><span class=\"mark %s\"></span>"
		"%s</h3><b class=\"%s\" id=\"%s-day\">", key,
		kinds[kind].title, page->day.totals[kind] > 0 ? key : "zero",
		key);
	put_number(out, page->day.totals[kind]);
	fprintf(out, "</b><span class=\"note\">in 24 hours</span>"
		"<span class=\"note\" id=\"%s-all\">", key);
	put_number(out, page->totals[kind]);
	fputs(" since the start</span></li>\n", out);
}

static uint64_t
sum(const uint64_t totals[KINDS])
{
	return add(add(totals[BLOCKED], totals[AUDITED]), totals[ALLOWED]);
}

static void
write_tiles(const struct page *page)
{
	FILE *out = page->out;
	enum kind kind;

	fputs("<section id=\"figures\" aria-labelledby=\"figures-title\">\n"
		"<h2 id=\"figures-title\">Queries of restricted clients</h2>\n"
		"<ul class=\"tiles\">\n", out);
	for (kind = 0; kind < KINDS; kind++)
		put_tile(page, kind);
	fputs("<li class=\"card\"><h3>Share blocked</h3><b id=\"share-day\">",
		out);
	put_share(out, page->day.totals[BLOCKED], sum(page->day.totals));
	fputs("</b><span class=\"note\">in 24 hours</span>"
		"<span class=\"note\">", out);
	put_share(out, page->totals[BLOCKED], sum(page->totals));
	fputs(" since the start</span></li>\n</ul>\n</section>\n", out);
}

/* The answer in two sentences. */
static void
put_lead(const struct page *page)
{
	const struct record *client = reply_find(&page->report->clients,
		"entry");
	const struct record *name = reply_find(&page->report->names, "entry");
	FILE *out = page->out;

	fputs("<p class=\"lead\">In the last 24 hours, ", out);
	put_digits(out, page->day.totals[BLOCKED]);
	fputs(" of ", out);
	put_digits(out, sum(page->day.totals));
	fputs(sum(page->day.totals) == 1 ? " query of restricted clients was "
		"blocked" : " queries of restricted clients were blocked", out);
	if (page->day.totals[AUDITED] > 0) {
		fputs(", and ", out);
		put_digits(out, page->day.totals[AUDITED]);
		fputs(" would have been", out);
	}
	fputs(".", out);
	if (page->quiet > 0) {
		fputs(" Not counted there: ", out);
		put_digits(out, page->quiet);
		fputs(page->quiet == 1 ? " query for a name that is kept quiet."
			: " queries for names that are kept quiet.", out);
	}
	if (client != NULL && name != NULL) {
		/* The name is not at the end, where its dot would be a second
		 * one. */
		fputs(" On top since the counts began: the name ", out);
		put_code(out, text_of(name, "name"));
		fputs(" and the client ", out);
		put_code(out, text_of(client, "client"));
		fputs(" of group ", out);
		put_code(out, text_of(client, "group"));
		fputs(".", out);
	}
	fputs("</p>\n", out);
}

/* --- Groups. */

enum {
	GROUP_NAME, GROUP_MODE, GROUP_ACTION, GROUP_BLOCKED, GROUP_AUDITED,
	GROUP_ALLOWED, GROUP_DAY, GROUP_COLUMNS
};

static const struct column group_columns[GROUP_COLUMNS] = {
	[GROUP_NAME] = { "Group", "long" },
	[GROUP_MODE] = { "Mode", "mode" },
	[GROUP_ACTION] = { "Action", "action" },
	[GROUP_BLOCKED] = { "Blocked", "number" },
	[GROUP_AUDITED] = { "Audited", "number" },
	[GROUP_ALLOWED] = { "Allowed", "number" },
	[GROUP_DAY] = { "Last 24 hours", "bars" },
};

/* Where the group is written, and what it is made of. */
static void
put_group_facts(FILE *out, const struct record *group)
{
	fputs("<span class=\"note\">", out);
	put_text(out, text_of(group, "at"));
	fputs("</span><span class=\"note\">", out);
	put_text(out, text_of(group, "prefixes"));
	fputs(is_word(group, "prefixes", "1") ? " prefix, " : " prefixes, ",
		out);
	put_text(out, text_of(group, "patterns"));
	fputs(is_word(group, "patterns", "1") ? " pattern" : " patterns", out);
	if (has(group, "lists")) {
		fputs(", lists: ", out);
		put_text(out, text_of(group, "lists"));
	}
	fputs("</span>", out);
}

static void
put_mode(FILE *out, const struct record *group)
{
	if (is_word(group, "mode", "audit"))
		fputs("<span><span class=\"tag\">audit</span></span>", out);
	else
		put_text(out, text_of(group, "mode"));
}

static void
put_group(const struct page *page, const struct record *group,
	const struct reply *history)
{
	const struct column *columns = group_columns;
	FILE *out = page->out;
	struct day day;

	fputs("<tr role=\"row\" data-group=\"", out);
	put_text(out, text_of(group, "name"));
	fputs("\">", out);
	open_heading(out, &columns[GROUP_NAME]);
	fputs("<span class=\"name\">", out);
	put_text(out, text_of(group, "name"));
	fputs("</span>", out);
	put_group_facts(out, group);
	fputs("</th>", out);
	open_cell(out, &columns[GROUP_MODE]);
	put_mode(out, group);
	fputs("</td>", out);
	open_cell(out, &columns[GROUP_ACTION]);
	put_text(out, text_of(group, "action"));
	fputs("</td>", out);
	put_number_cell(out, &columns[GROUP_BLOCKED],
		number_of(group, "blocked"));
	put_number_cell(out, &columns[GROUP_AUDITED],
		number_of(group, "audited"));
	put_number_cell(out, &columns[GROUP_ALLOWED],
		number_of(group, "allowed"));
	open_cell(out, &columns[GROUP_DAY]);
	if (history != NULL && read_day(&day, history, page->now) == 0)
		put_day_spark(out, &day);
	else
		fputs("<span class=\"note\">nothing blocked</span>", out);
	fputs("</td></tr>\n", out);
}

/* A group, and the number of its history. */
struct ranked {
	const struct record *group;
	size_t number;
	uint64_t blocked;
	uint64_t audited;
};

/* The most blocked first, then the most audited, else as in the policy. */
static int
by_count(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->blocked != b->blocked)
		return a->blocked < b->blocked ? 1 : -1;
	if (a->audited != b->audited)
		return a->audited < b->audited ? 1 : -1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static size_t
rank_groups(const struct page *page, struct ranked *ranked)
{
	const struct reply *groups = &page->report->groups;
	size_t i, count = 0;

	for (i = 0; i < groups->count; i++) {
		const struct record *group = &groups->records[i];

		if (strcmp(group->kind, "group") != 0)
			continue;
		ranked[count].group = group;
		ranked[count].number = i;
		ranked[count].blocked = number_of(group, "blocked");
		ranked[count].audited = number_of(group, "audited");
		count++;
	}
	qsort(ranked, count, sizeof(*ranked), by_count);
	return count;
}

/* Returns 0, or -1 when out of memory. */
static int
put_groups(const struct page *page)
{
	const struct report *report = page->report;
	struct ranked *ranked;
	size_t i, count;

	ranked = calloc(report->groups.count, sizeof(*ranked));
	if (ranked == NULL)
		return -1;
	count = rank_groups(page, ranked);
	for (i = 0; i < count; i++)
		put_group(page, ranked[i].group,
			ranked[i].number < report->group_history_count ?
			&report->group_history[ranked[i].number] : NULL);
	free(ranked);
	return 0;
}

/* A card with a table, up to its columns. */
static void
open_section(const struct page *page, const char *id, const char *title)
{
	fprintf(page->out, "<section class=\"card\" id=\"%s\" "
		"aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n",
		id, id, id, title);
}

static void
put_empty(FILE *out, const char *what)
{
	fprintf(out, "<p class=\"empty\"><b>%s</b>", what);
}

static int
write_groups(const struct page *page)
{
	FILE *out = page->out;
	int result = 0;

	open_section(page, "groups", "Groups");
	if (count_of(&page->report->groups, "group") == 0) {
		put_empty(out, "There is no group");
		fputs("The policy restricts nobody.</p>\n</section>\n", out);
		return 0;
	}
	fputs("<div class=\"scroll\"><table role=\"table\"><caption>Queries "
		"since the start", out);
	if (has(page->status, "started")) {
		fputs(", ", out);
		put_moment(out, time_of(page->status, "started"));
	}
	fputs(". The bars are blocked and audited queries, each group on a "
		"scale of its own.</caption>", out);
	open_table(out, group_columns, GROUP_COLUMNS);
	result = put_groups(page);
	close_table(out);
	fputs("</section>\n", out);
	return result;
}

/* --- The most blocked. */

enum {
	ENTRY_KEY, ENTRY_GROUP, ENTRY_COUNT, ENTRY_SEEN, ENTRY_HOURS,
	ENTRY_COLUMNS
};

/* The columns of a list by KEY. */
static void
entry_columns(const struct page *page, const char *key,
	struct column columns[ENTRY_COLUMNS])
{
	columns[ENTRY_KEY] = (struct column){ key, "long" };
	columns[ENTRY_GROUP] = (struct column){ "Group", "group" };
	columns[ENTRY_COUNT] = (struct column){ page->listed, "number" };
	columns[ENTRY_SEEN] = (struct column){ "First and last (UTC)", "time" };
	columns[ENTRY_HOURS] = (struct column){ "By the hour", "bars" };
}

static void
put_group_cell(FILE *out, const struct column *column,
	const struct record *entry, int audit)
{
	open_cell(out, column);
	fputs("<span>", out);
	put_text(out, text_of(entry, "group"));
	if (audit)
		fputs(" <span class=\"tag\">audit</span>", out);
	fputs("</span></td>", out);
}

/* A count, and by how much it may be too high. */
static void
put_count_cell(FILE *out, const struct column *column,
	const struct record *entry)
{
	uint64_t error = number_of(entry, "error");

	open_cell(out, column);
	fputs("<span><b>", out);
	put_number(out, number_of(entry, "count"));
	fputs("</b>", out);
	if (error > 0) {
		fputs("<span class=\"note\">at most ", out);
		put_number(out, error);
		fputs(" too many</span>", out);
	}
	fputs("</span></td>", out);
}

static void
put_seen_cell(FILE *out, const struct column *column,
	const struct record *entry)
{
	open_cell(out, column);
	fputs("<span>", out);
	put_time(out, time_of(entry, "first"));
	fputs("<br/>", out);
	put_time(out, time_of(entry, "last"));
	fputs("</span></td>", out);
}

/* All cells but the first, and the end of the row. */
static void
put_entry(const struct page *page, const struct column *columns,
	const struct record *entry)
{
	const struct record *group = find_group(page, text_of(entry, "group"));
	int audit = is_word(group, "mode", "audit");
	FILE *out = page->out;

	put_group_cell(out, &columns[ENTRY_GROUP], entry, audit);
	put_count_cell(out, &columns[ENTRY_COUNT], entry);
	put_seen_cell(out, &columns[ENTRY_SEEN], entry);
	open_cell(out, &columns[ENTRY_HOURS]);
	put_hours(out, entry, audit ? "audited" : "blocked");
	fputs("</td></tr>\n", out);
}

/* Up to the rows of REPLY's entries. 0 where there are none, and it says so. */
static int
open_list(const struct page *page, const struct reply *reply, const char *what,
	const struct column *columns)
{
	const struct record *top = reply_find(reply, "top");
	size_t count = count_of(reply, "entry");
	FILE *out = page->out;

	if (count == 0) {
		put_empty(out, "Nothing was blocked");
		if (has(top, "since")) {
			fputs("since ", out);
			put_moment(out, time_of(top, "since"));
		}
		fputs("</p>\n</section>\n", out);
		return 0;
	}
	fputs("<div class=\"scroll\"><table role=\"table\"><caption>", out);
	fprintf(out, "The %s with the most queries that were blocked or, in a "
		"group in audit, would have been", what);
	if (has(top, "since")) {
		fputs(", since ", out);
		put_moment(out, time_of(top, "since"));
	}
	if (number_of(top, "used") > count) {
		fprintf(out, "; %zu of ", count);
		put_number(out, number_of(top, "used"));
	}
	fputs(".</caption>", out);
	open_table(out, columns, ENTRY_COLUMNS);
	return 1;
}

static void
close_list(const struct page *page)
{
	close_table(page->out);
	fputs("</section>\n", page->out);
}

/* A name that CLIENT was blocked from. */
static int
is_pair_of(const struct record *pair, const struct record *client)
{
	return strcmp(pair->kind, "entry") == 0 &&
		is_word(pair, "client", text_of(client, "client")) &&
		is_word(pair, "group", text_of(client, "group"));
}

static void
put_pair(FILE *out, const struct record *pair)
{
	fputs("<li><span class=\"name\">", out);
	put_text(out, text_of(pair, "name"));
	fputs("</span> ", out);
	put_number(out, number_of(pair, "count"));
	fputs("</li>\n", out);
}

/* The names of CLIENT from number FROM on, at most LIMIT of them. */
static void
put_pairs(const struct page *page, const struct record *client, size_t from,
	size_t limit)
{
	const struct reply *pairs = &page->report->pairs;
	size_t i, number = 0;

	fputs("<ul>\n", page->out);
	for (i = 0; i < pairs->count && number < from + limit; i++) {
		if (!is_pair_of(&pairs->records[i], client))
			continue;
		if (number++ >= from)
			put_pair(page->out, &pairs->records[i]);
	}
	fputs("</ul>\n", page->out);
}

static void
put_client_names(const struct page *page, const struct record *client)
{
	const struct reply *pairs = &page->report->pairs;
	FILE *out = page->out;
	size_t i, count = 0;

	for (i = 0; i < pairs->count; i++)
		if (is_pair_of(&pairs->records[i], client))
			count++;
	fprintf(out, "<tr role=\"row\" class=\"names\"><td role=\"cell\" "
		"colspan=\"%d\">", ENTRY_COLUMNS);
	if (count > 0)
		put_pairs(page, client, 0, NAMES_SHOWN);
	else
		fputs("<span class=\"note\">None of its names is among the "
			"most frequent.</span>", out);
	/* One more is shown sooner than it is clicked for. */
	if (count > NAMES_SHOWN) {
		fprintf(out, "<details><summary>%zu more name%s</summary>",
			count - NAMES_SHOWN,
			count - NAMES_SHOWN == 1 ? "" : "s");
		put_pairs(page, client, NAMES_SHOWN, count);
		fputs("</details>", out);
	}
	fputs("</td></tr>\n", out);
}

static void
put_named_heading(FILE *out, const struct column *column, const char *name)
{
	fputs("<tr role=\"row\">", out);
	open_heading(out, column);
	fputs("<span class=\"name\">", out);
	put_text(out, name);
	fputs("</span></th>", out);
}

static void
write_clients(const struct page *page)
{
	const struct reply *reply = &page->report->clients;
	struct column columns[ENTRY_COLUMNS];
	FILE *out = page->out;
	size_t i;

	open_section(page, "clients", "Clients, and what they were blocked "
		"from");
	entry_columns(page, "Client", columns);
	if (!open_list(page, reply, "clients", columns))
		return;
	for (i = 0; i < reply->count; i++) {
		const struct record *entry = &reply->records[i];

		if (strcmp(entry->kind, "entry") != 0)
			continue;
		put_named_heading(out, &columns[ENTRY_KEY],
			text_of(entry, "client"));
		put_entry(page, columns, entry);
		put_client_names(page, entry);
	}
	close_list(page);
}

static void
write_names(const struct page *page)
{
	const struct reply *reply = &page->report->names;
	struct column columns[ENTRY_COLUMNS];
	FILE *out = page->out;
	size_t i;

	open_section(page, "names", "Names");
	entry_columns(page, "Name", columns);
	if (!open_list(page, reply, "names", columns))
		return;
	for (i = 0; i < reply->count; i++) {
		const struct record *entry = &reply->records[i];

		if (strcmp(entry->kind, "entry") != 0)
			continue;
		put_named_heading(out, &columns[ENTRY_KEY],
			text_of(entry, "name"));
		put_entry(page, columns, entry);
	}
	close_list(page);
}

/* A word of bitsink(8), LOG, in a sentence. */
static const char *
explain_reason(const char *reason)
{
	static const struct {
		const char *reason;
		const char *sentence;
	} reasons[] = {
		{ "not-listed", "No pattern of the group has the name." },
		{ "denied", "The most specific pattern that has the name is a "
			"deny." },
		{ "type", "The group may ask for the name, but not for this "
			"type." },
		{ "chain", "The name may be asked for, but it is an alias of "
			"one that may not." },
		{ "address", "The name may be asked for, but it has an address "
			"that it must not have." },
		{ "answer", "The name may be asked for, but its answer could "
			"not be judged, and is blocked for that." },
		{ "busy", "The name may be asked for, but too many answers "
			"were waited for that are to be judged." },
		{ "class", "The query was of a class that no policy speaks "
			"of: neither IN nor ANY." },
		{ "malformed", "The query could not be judged, and is blocked "
			"for that." },
		{ "allowed", "The most specific pattern that has the name is "
			"an allow." },
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].reason, reason) == 0)
			return reasons[i].sentence;
	return "";
}

static void
put_rule_heading(FILE *out, const struct column *column,
	const struct record *entry)
{
	const char *reason = text_of(entry, "reason");

	open_heading(out, column);
	put_text(out, reason);
	fprintf(out, "<span class=\"note\">%s</span>", explain_reason(reason));
	if (has(entry, "rule")) {
		fputs("<span class=\"note\">by ", out);
		put_code(out, text_of(entry, "rule"));
		fputs("</span>", out);
	}
	fputs("</th>", out);
}

static void
write_rules(const struct page *page)
{
	const struct reply *reply = &page->report->rules;
	struct column columns[ENTRY_COLUMNS];
	FILE *out = page->out;
	size_t i;

	open_section(page, "rules", "Reasons and rules");
	entry_columns(page, "Reason", columns);
	if (!open_list(page, reply, "reasons and rules", columns))
		return;
	for (i = 0; i < reply->count; i++) {
		const struct record *entry = &reply->records[i];

		if (strcmp(entry->kind, "entry") != 0)
			continue;
		fputs("<tr role=\"row\">", out);
		put_rule_heading(out, &columns[ENTRY_KEY], entry);
		put_entry(page, columns, entry);
	}
	close_list(page);
}

/* --- Findings: who was blocked from a name, and had BITS ask for it. */

enum {
	FINDING_CLIENT, FINDING_NAME, FINDING_BLOCKED, FINDING_ASKED,
	FINDING_REQUESTS, FINDING_WHAT, FINDING_COLUMNS
};

static const struct column finding_columns[FINDING_COLUMNS] = {
	[FINDING_CLIENT] = { "Client", "long" },
	[FINDING_NAME] = { "Name", "group" },
	[FINDING_BLOCKED] = { "Blocked (UTC)", "time" },
	[FINDING_ASKED] = { "Asked by HTTP (UTC)", "time" },
	[FINDING_REQUESTS] = { "Requests", "number" },
	[FINDING_WHAT] = { "First request, agent", "group" },
};

static void
put_times_cell(FILE *out, const struct column *column,
	const struct record *record, const char *first, const char *last)
{
	open_cell(out, column);
	fputs("<span>", out);
	if (has(record, first)) {
		put_time(out, time_of(record, first));
		fputs("<br/>", out);
		put_time(out, time_of(record, last));
	} else {
		fputs("not known", out);
	}
	fputs("</span></td>", out);
}

static void
put_finding(FILE *out, const struct record *finding)
{
	const struct column *columns = finding_columns;

	put_named_heading(out, &columns[FINDING_CLIENT],
		text_of(finding, "client"));
	open_cell(out, &columns[FINDING_NAME]);
	fputs("<span><span class=\"name\">", out);
	put_text(out, text_of(finding, "name"));
	fputs("</span>", out);
	if (has(finding, "group")) {
		fputs("<span class=\"note\">", out);
		put_text(out, text_of(finding, "group"));
		fputs("</span>", out);
	}
	fputs("</span></td>", out);
	put_times_cell(out, &columns[FINDING_BLOCKED], finding,
		"blocked-first", "blocked-last");
	put_times_cell(out, &columns[FINDING_ASKED], finding, "first", "last");
	put_number_cell(out, &columns[FINDING_REQUESTS],
		number_of(finding, "requests"));
	open_cell(out, &columns[FINDING_WHAT]);
	fputs("<span><code>", out);
	put_text(out, text_of(finding, "method"));
	fputs(" ", out);
	put_text(out, text_of(finding, "path"));
	fputs("</code><span class=\"note\">", out);
	put_text(out, text_of(finding, "agent"));
	fputs("</span></span></td></tr>\n", out);
}

/* The first records of KIND, in a table with CAPTION. */
static void
put_findings(const struct page *page, const char *kind, const char *caption)
{
	const struct reply *reply = &page->report->findings;
	size_t i, count = count_of(reply, kind), shown = 0;
	FILE *out = page->out;

	fprintf(out, "<div class=\"scroll\"><table role=\"table\">"
		"<caption>%s, those that asked last first; times are the "
		"first and the last", caption);
	if (count > FINDINGS_SHOWN)
		fprintf(out, "; %d of %zu, the others with --json",
			FINDINGS_SHOWN, count);
	fputs(".</caption>", out);
	open_table(out, finding_columns, FINDING_COLUMNS);
	for (i = 0; i < reply->count && shown < FINDINGS_SHOWN; i++)
		if (strcmp(reply->records[i].kind, kind) == 0) {
			put_finding(out, &reply->records[i]);
			shown++;
		}
	close_table(out);
}

/* What the log had besides, and what of it could not be read. */
static void
put_log(const struct page *page)
{
	const struct reply *reply = &page->report->findings;
	const struct record *log = reply_find(reply, "sinkhole");
	FILE *out = page->out;
	size_t i;

	fputs("<p class=\"soft\">The sinkhole's log ", out);
	put_code(out, text_of(log, "file"));
	fputs(" has ", out);
	put_things(out, number_of(log, "requests"), "request");
	fputs(" over HTTP, ", out);
	put_number(out, number_of(log, "bits"));
	fputs(" of them by BITS, and ", out);
	put_things(out, number_of(log, "tls"), "connection");
	fputs(" over TLS, where the agent is not to be seen.", out);
	if (number_of(log, "left-out") > 0) {
		fputs(" Left out are ", out);
		put_things(out, number_of(log, "left-out"), "request");
		fputs(" of BITS, for too many other clients and names.", out);
	}
	fputs("</p>\n", out);
	if (number_of(log, "unreadable") == 0)
		return;
	fputs("<p>", out);
	put_things(out, number_of(log, "unreadable"), "line");
	fputs(" of it could not be read:</p>\n<ul>\n", out);
	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, "problem") == 0) {
			fputs("<li>", out);
			put_code(out, text_of(&reply->records[i], "text"));
			fputs("</li>\n", out);
		}
	fputs("</ul>\n", out);
}

static void
write_findings(const struct page *page)
{
	const struct reply *reply = &page->report->findings;
	size_t count = count_of(reply, "finding");
	FILE *out = page->out;

	if (reply->count == 0)
		return;
	fprintf(out, "<section class=\"card%s\" id=\"findings\" "
		"aria-labelledby=\"findings-title\">\n"
		"<h2 id=\"findings-title\">Findings</h2>\n",
		count > 0 ? " warning" : "");
	if (count > 0) {
		put_findings(page, "finding", "Clients that were blocked from "
			"a name, and had BITS ask the sinkhole for it");
	} else {
		put_empty(out, "No client had BITS ask for a blocked name");
		fputs("as far as the sinkhole's log and the list of blocked "
			"names go.</p>\n", out);
	}
	if (count_of(reply, "unmatched") > 0)
		put_findings(page, "unmatched", "BITS asked the sinkhole for "
			"these, too, which are in no list of blocked names");
	put_log(page);
	fputs("</section>\n", out);
}

/* --- How far the counts can be trusted. */

enum {
	EXACT_LIST, EXACT_COUNTS, EXACT_USED, EXACT_ROOM, EXACT_LOST,
	EXACT_COLUMNS
};

static const struct column exact_columns[EXACT_COLUMNS] = {
	[EXACT_LIST] = { "List", "long" },
	[EXACT_COUNTS] = { "Counts", "exact" },
	[EXACT_USED] = { "Told apart", "number" },
	[EXACT_ROOM] = { "Room for", "number" },
	[EXACT_LOST] = { "Lost queries", "number" },
};

static void
put_exact(const struct page *page, const char *title,
	const struct reply *reply)
{
	const struct column *columns = exact_columns;
	const struct record *top = reply_find(reply, "top");
	FILE *out = page->out;

	fputs("<tr role=\"row\">", out);
	open_heading(out, &columns[EXACT_LIST]);
	fprintf(out, "%s</th>", title);
	open_cell(out, &columns[EXACT_COUNTS]);
	fputs(top == NULL ? "unknown" : is_word(top, "exact", "yes") ?
		"exact" : "at most so many", out);
	fputs("</td>", out);
	put_number_cell(out, &columns[EXACT_USED], number_of(top, "used"));
	put_number_cell(out, &columns[EXACT_ROOM], number_of(top, "room"));
	put_number_cell(out, &columns[EXACT_LOST], number_of(top, "lost"));
	fputs("</tr>\n", out);
}

/* The most that a list lost. */
static uint64_t
most_lost(const struct report *report)
{
	uint64_t lost[4];

	lost[0] = number_of(reply_find(&report->clients, "top"), "lost");
	lost[1] = number_of(reply_find(&report->names, "top"), "lost");
	lost[2] = number_of(reply_find(&report->rules, "top"), "lost");
	lost[3] = number_of(reply_find(&report->pairs, "top"), "lost");
	return highest(lost, 4);
}

static void
write_exactness(const struct page *page)
{
	const struct report *report = page->report;
	FILE *out = page->out;
	uint64_t lost = most_lost(report);

	open_section(page, "exactness", "How exact this is");
	fputs("<p>The totals, the chart and the groups are exact. ", out);
	if (lost > 0) {
		fputs("The lists lack <b id=\"lost\">", out);
		put_number(out, lost);
		fputs("</b> queries, which came faster than they could be "
			"listed.", out);
	} else {
		fputs("No query is missing in the lists.", out);
	}
	fputs(" Where a list had more to tell apart than it has room for, a "
		"count says how much too high it may be.</p>\n"
		"<div class=\"scroll\"><table role=\"table\"><caption>The "
		"lists since their counts began</caption>", out);
	open_table(out, exact_columns, EXACT_COLUMNS);
	put_exact(page, "Clients", &report->clients);
	put_exact(page, "Names", &report->names);
	put_exact(page, "Reasons and rules", &report->rules);
	put_exact(page, "Names of a client", &report->pairs);
	close_table(out);
	fputs("</section>\n", out);
}

/* --- The page. */

static void
write_style(FILE *out)
{
	size_t i;

	fputs("<style>", out);
	for (i = 0; i < sizeof(style) / sizeof(style[0]); i++)
		fputs(style[i], out);
	fputs("</style>\n", out);
}

static void
write_head(const struct page *page)
{
	FILE *out = page->out;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		"<meta charset=\"utf-8\"/>\n"
		"<meta http-equiv=\"Content-Security-Policy\" "
		"content=\"default-src 'none'; style-src 'sha256-" STYLE_SHA256
		"'; base-uri 'none'; form-action 'none'\"/>\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\"/>\n"
		"<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>",
		out);
	if (is_stale(page))
		fputs("STALE " DASH " ", out);
	put_digits(out, page->day.totals[BLOCKED]);
	fputs(" blocked in 24 hours " DASH " bitsink on ", out);
	put_text(out, text_of(page->status, "host"));
	fputs("</title>\n", out);
	write_style(out);
	fputs("</head>\n", out);
}

static void
write_top(const struct page *page)
{
	FILE *out = page->out;

	fputs("<header>\n<p class=\"brand\">bitsink</p>\n"
		"<h1>Restricted clients of ", out);
	put_text(out, text_of(page->status, "host"));
	fputs("</h1>\n", out);
	put_lead(page);
	fputs("</header>\n", out);
}

static void
write_links(const struct page *page)
{
	FILE *out = page->out;

	fputs("<nav aria-label=\"Parts of this page\"><ul>", out);
	if (page->report->findings.count > 0)
		fputs("<li><a href=\"#findings\">Findings</a></li>", out);
	fputs("<li><a href=\"#day\">24 hours</a></li>"
		"<li><a href=\"#groups\">Groups</a></li>"
		"<li><a href=\"#clients\">Clients</a></li>"
		"<li><a href=\"#names\">Names</a></li>"
		"<li><a href=\"#rules\">Reasons</a></li>"
		"<li><a href=\"#exactness\">How exact</a></li>"
		"</ul></nav>\n", out);
}

static void
write_foot(const struct page *page)
{
	const struct record *status = page->status;
	FILE *out = page->out;

	fputs("<footer>\n<p>Generated at ", out);
	put_moment(out, page->now);
	fputs(" by bitsinkctl " BITSINK_VERSION ", from bitsink ", out);
	put_text(out, text_of(status, "version"));
	fputs(" in Unbound ", out);
	put_text(out, text_of(status, "unbound"));
	fputs(" on ", out);
	put_text(out, text_of(status, "host"));
	fputs(" " MIDDLE_DOT " process ", out);
	put_text(out, text_of(status, "pid"));
	fputs(" " MIDDLE_DOT " ", out);
	put_things(out, number_of(status, "workers"), "thread");
	fputs(" " MIDDLE_DOT " ", out);
	put_things(out, number_of(status, "listeners"), "listener");
	fputs(" " MIDDLE_DOT " ", out);
	put_number(out, number_of(status, "memory"));
	fputs(" octets of memory.</p>\n<p>All times are UTC.</p>\n</footer>\n",
		out);
}

/* What the lists count, as far as the groups' counters tell. */
static const char *
name_listed(const struct page *page)
{
	if (page->totals[AUDITED] == 0)
		return "Blocked";
	return page->totals[BLOCKED] == 0 ? "Audited" : "Blocked or audited";
}

static void
begin_page(struct page *page, FILE *out, const struct report *report)
{
	enum kind kind;

	memset(page, 0, sizeof(*page));
	page->out = out;
	page->report = report;
	page->status = reply_find(&report->status, "status");
	page->now = time_of(page->status, "now");
	read_day(&page->day, &report->history, page->now);
	page->quiet = sum_quiet(&report->history);
	for (kind = 0; kind < KINDS; kind++)
		page->totals[kind] = sum_of(&report->groups, "group",
			kinds[kind].key);
	page->listed = name_listed(page);
}

int
report_write(FILE *out, const struct report *report)
{
	struct page page;
	int result;

	begin_page(&page, out, report);
	write_head(&page);
	fputs("<body>\n", out);
	write_top(&page);
	fputs("<main>\n", out);
	write_warning(&page);
	write_state(&page);
	write_tiles(&page);
	write_links(&page);
	write_findings(&page);
	write_day(&page);
	result = write_groups(&page);
	write_clients(&page);
	write_names(&page);
	write_rules(&page);
	write_exactness(&page);
	fputs("</main>\n", out);
	write_foot(&page);
	fputs("</body>\n</html>\n", out);
	if (fflush(out) != 0 || ferror(out))
		return -1;
	return result;
}

void
report_clear(struct report *report)
{
	size_t i;

	for (i = 0; i < report->group_history_count; i++)
		reply_clear(&report->group_history[i]);
	free(report->group_history);
	reply_clear(&report->status);
	reply_clear(&report->groups);
	reply_clear(&report->history);
	reply_clear(&report->clients);
	reply_clear(&report->names);
	reply_clear(&report->rules);
	reply_clear(&report->pairs);
	reply_clear(&report->findings);
}
