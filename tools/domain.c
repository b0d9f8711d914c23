/*
 * domain.c - where the part of a name begins that somebody registered.
 */
#include "domain.h"

#include <stddef.h>

/* Below a top-level domain of two letters these are as a top-level domain. */
static const char *const second_levels[] = {
	"ac", "asso", "biz", "co", "com", "edu", "firm", "gen", "go", "gob",
	"gouv", "gov", "govt", "gv", "id", "in", "ind", "info", "int", "ltd",
	"me", "mil", "ne", "net", "nhs", "nic", "nom", "or", "org", "plc",
	"police", "pro", "sch", "school", "tm", "web"
};

/* Domains whose owners give names below them to their customers, or to
 * machines of all of these. arpa is the numbers'. */
static const char *const shared_domains[] = {
	/* Microsoft */
	"azure-api.net.", "azure-devices.net.", "azure-mobile.net.",
	"azurecontainer.io.", "azurecontainerapps.io.", "azurecr.io.",
	"azuredatalakestore.net.", "azureedge.net.", "azurefd.net.",
	"azurehdinsight.net.", "azurestaticapps.net.", "azurewebsites.net.",
	"cloudapp.azure.com.", "cloudapp.net.", "core.windows.net.",
	"database.windows.net.", "documents.azure.com.",
	"mysql.database.azure.com.", "onmicrosoft.com.",
	"postgres.database.azure.com.", "redis.cache.windows.net.",
	"search.windows.net.", "servicebus.windows.net.", "sharepoint.com.",
	"trafficmanager.net.", "vault.azure.net.", "vo.msecnd.net.",
	"azure.net.", "msedge.net.", "t-msedge.net.", "c-msedge.net.",
	/* Networks that deliver for others */
	"akadns.net.", "akamai.net.", "akamaiedge.net.", "akamaihd.net.",
	"akamaistream.net.", "akamaitechnologies.com.", "akamaized.net.",
	"b-cdn.net.", "cachefly.net.", "cdn77.net.", "cdn77.org.",
	"cdngc.net.", "cloudflare.net.", "cloudfront.net.", "edgecastcdn.net.",
	"edgekey.net.", "edgesuite.net.", "fastly.net.", "fastlylb.net.",
	"footprint.net.", "gcdn.co.", "hwcdn.net.", "incapdns.net.",
	"kxcdn.com.", "llnwd.net.", "nsatc.net.", "stackpathdns.com.",
	"alicdn.com.", "bdydns.com.", "ccgslb.com.cn.", "cdnhwc1.com.",
	"kunlunca.com.", "kunlunsl.com.", "lxdns.com.", "tcdn.qq.com.",
	"wscdns.com.",
	/* Other clouds, and where pages are kept */
	"aliyuncs.com.", "amazonaws.com.", "amazonaws.com.cn.", "appspot.com.",
	"awsglobalaccelerator.com.", "blogspot.com.", "codeberg.page.",
	"digitaloceanspaces.com.", "elasticbeanstalk.com.", "firebaseapp.com.",
	"firebaseio.com.", "fly.dev.", "github.io.", "githubusercontent.com.",
	"gitlab.io.", "googleapis.com.", "googleusercontent.com.",
	"herokuapp.com.", "linodeobjects.com.", "myqcloud.com.",
	"myshopify.com.", "netlify.app.", "ondigitalocean.app.",
	"onrender.com.", "oraclecloud.com.", "ovh.net.", "pages.dev.",
	"r2.dev.", "repl.co.", "run.app.", "supabase.co.", "vercel.app.",
	"web.app.", "wixsite.com.", "wordpress.com.", "workers.dev.",
	"your-server.de.",
	/* Names for anybody's machine */
	"ddns.net.", "duckdns.org.", "dynamic-dns.net.", "dyndns.org.",
	"dynu.net.", "freeddns.org.", "hopto.org.", "loca.lt.",
	"localtunnel.me.", "nip.io.", "no-ip.biz.", "no-ip.org.",
	"ngrok-free.app.", "ngrok.app.", "ngrok.io.", "serveo.net.",
	"sslip.io.", "sytes.net.", "trycloudflare.com.", "zapto.org.",
	"arpa."
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Whether LABEL, with its length octet, is WORD. */
static int
is_word(const uint8_t *label, const char *word, size_t length)
{
	return label[0] == length && memcmp(label + 1, word, length) == 0;
}

/* Labels of DOMAIN, with a dot behind each, if NAME ends with them; else 0. */
static unsigned
ends_with(const struct name *name, const char *domain)
{
	unsigned i, labels = 0;
	const char *dot;

	for (dot = strchr(domain, '.'); dot != NULL;
	    dot = strchr(dot + 1, '.'))
		labels++;
	if (name->labels < labels)
		return 0;
	for (i = name->labels - labels; i < name->labels; i++) {
		dot = strchr(domain, '.');
		if (!is_word(name_label(name, i), domain,
		    (size_t)(dot - domain)))
			return 0;
		domain = dot + 1;
	}
	return labels;
}

static unsigned
shared_labels(const struct name *name)
{
	unsigned longest = 0;
	size_t i;

	for (i = 0; i < COUNT_OF(shared_domains); i++) {
		unsigned labels = ends_with(name, shared_domains[i]);

		if (labels > longest)
			longest = labels;
	}
	return longest;
}

static int
has_second_level(const struct name *name)
{
	const uint8_t *second;
	size_t i;

	if (name->labels < 2 || name_label(name, name->labels - 1u)[0] != 2)
		return 0;
	second = name_label(name, name->labels - 2u);
	for (i = 0; i < COUNT_OF(second_levels); i++)
		if (is_word(second, second_levels[i],
		    strlen(second_levels[i])))
			return 1;
	return 0;
}

unsigned
domain_labels(const struct name *name)
{
	unsigned suffix = shared_labels(name);

	if (suffix == 0)
		suffix = has_second_level(name) ? 2 : 1;
	return suffix < name->labels ? suffix + 1 : name->labels;
}

int
domain_is_shared(const struct name *name)
{
	return shared_labels(name) > 0;
}
