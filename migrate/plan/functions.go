package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
)

// deterministic lists the functions whose value depends on their arguments
// alone: not on the time, the session, the server or chance. A function that
// is on neither list is refused.
var deterministic = words(`
	coalesce ifnull nullif if isnull greatest least interval any_value

	abs ceil ceiling floor round truncate sign mod div pow power sqrt exp ln log log2 log10 pi
	sin cos tan cot asin acos atan atan2 degrees radians conv crc32 bit_count

	ascii bin bit_length char_length character_length concat concat_ws convert elt
	export_set field find_in_set from_base64 hex insert_func instr lcase left length locate lower
	lpad ltrim make_set mid oct octet_length ord position quote repeat replace reverse right rpad
	rtrim soundex space strcmp substr substring substring_index to_base64 trim ucase unhex upper
	regexp_like regexp_substr regexp_instr regexp_replace

	md5 sha sha1 sha2

	adddate addtime date date_add date_sub datediff day dayofmonth dayofweek dayofyear extract
	from_days hour last_day makedate maketime microsecond minute month period_add period_diff
	quarter sec_to_time second subdate subtime time time_to_sec timediff timestamp timestampadd
	timestampdiff to_days to_seconds weekday weekofyear year yearweek
	'tidb` + "`" + `.(dateliteral 'tidb` + "`" + `.(timeliteral 'tidb` + "`" + `.(timestampliteral

	inet_aton inet_ntoa inet6_aton inet6_ntoa is_ipv4 is_ipv6 is_ipv4_compat is_ipv4_mapped
	is_uuid uuid_to_bin bin_to_uuid

	json_array json_array_append json_array_insert json_contains json_contains_path json_depth
	json_extract json_insert json_keys json_length json_merge_patch json_merge_preserve json_object
	json_overlaps json_quote json_remove json_replace json_search json_set json_type json_unquote
	json_valid json_value
`)

// formatted lists functions that are deterministic as long as their format, the
// second argument, is a literal without the names of days and months, which
// depend on lc_time_names.
var formatted = words("date_format str_to_date time_format")

// names are the specifiers of a format that stand for names.
const names = "abMW"

// dependent lists functions that are refused, with what their value depends
// on. Any other function that is not on the list above is refused as unknown.
var dependent = map[string]string{
	"now": "the time", "sysdate": "the time", "curdate": "the time", "curtime": "the time",
	"current_date": "the time", "current_time": "the time", "current_timestamp": "the time",
	"localtime": "the time", "localtimestamp": "the time",
	"utc_date": "the time", "utc_time": "the time", "utc_timestamp": "the time",
	"unix_timestamp": "the session's time_zone", "from_unixtime": "the session's time_zone",
	"convert_tz": "the server's time zone tables",
	"rand":       "chance", "random_bytes": "chance", "uuid": "chance", "uuid_short": "the server and the time",
	"uuid_v4": "chance", "uuid_v7": "chance and the time",
	"connection_id": "the session", "user": "the session", "current_user": "the session",
	"session_user": "the session", "system_user": "the session", "current_role": "the session",
	"database": "the session", "schema": "the session", "found_rows": "the session",
	"row_count": "the session", "last_insert_id": "the session", "charset": "the session",
	"collation": "the session", "coercibility": "the session",
	"version": "the server", "load_file": "the server's files",
	"sleep": "nothing, and it waits", "benchmark": "nothing, and it waits",
	"get_lock": "locks", "release_lock": "locks", "release_all_locks": "locks",
	"is_free_lock": "locks", "is_used_lock": "locks",
	"nextval": "a sequence", "lastval": "a sequence", "setval": "a sequence",
	"dayname": "the session's lc_time_names", "monthname": "the session's lc_time_names",
	"format": "the session's locale on some servers", "get_format": "the session's locale",
	"week":        "the session's default_week_format; WEEKOFYEAR does not",
	"aes_encrypt": "the session's block_encryption_mode", "aes_decrypt": "the session's block_encryption_mode",
	"compress": "the server's zlib", "password": "the server's version", "encode": "the server's version",
	"weight_string": "the server's collation version", "json_storage_size": "how the value is stored",
	"json_storage_free": "how the value is stored", "json_pretty": "the server's version",
	"default_func": "the schema", "char_func": "the connection's character set", "values": "the statement", "name_const": "nothing, and it is internal",
}

// words returns the words of a text as a set.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// checkFunction refuses a call whose value depends on more than its arguments.
func checkFunction(f *ast.FuncCallExpr) *refusal {
	const remedy = "compute the value in the application and write it to the source, or use a function of the row alone"
	name := f.FnName.L
	switch {
	case f.Schema.O != "":
		return refuse(CodeFunctionUnknown, remedy, "it calls the stored function %s.%s", f.Schema.O, f.FnName.O)
	case deterministic[name]:
		return nil
	case formatted[name]:
		return checkFormat(f)
	}
	if on, bad := dependent[name]; bad {
		return refuse(CodeNondeterministic, remedy, "the value of %s depends on %s", strings.ToUpper(name), on)
	}
	return refuse(CodeFunctionUnknown, remedy, "%s is not on the list of functions known to be deterministic", strings.ToUpper(name))
}

// checkFormat refuses a format that is not fixed, or that has names in it.
func checkFormat(f *ast.FuncCallExpr) *refusal {
	const remedy = "write the format as a literal, and use numbers for months and days"
	upper := strings.ToUpper(f.FnName.L)
	if len(f.Args) < 2 {
		return nil // the server reports it
	}
	lit, ok := f.Args[1].(*driver.ValueExpr)
	if !ok || lit.Kind() != driver.KindString {
		return refuse(CodeNondeterministic, remedy, "the format of %s is not a literal", upper)
	}
	format := lit.GetString()
	for i := 0; i+1 < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
		if strings.IndexByte(names, format[i]) >= 0 {
			return refuse(CodeNondeterministic, remedy, "the format of %s has %%%c, which depends on the session's lc_time_names", upper, format[i])
		}
	}
	return nil
}

// sortedValues returns the values of a map in order.
func sortedValues(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}
