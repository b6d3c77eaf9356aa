package fault

import "log/slog"

// A verdict is the meaning of a code. The zero verdict means none.
type verdict struct {
	kind   *Kind
	yields bool // to the end of the request's context, which explains it better
}

// The classes of databases' errors, for the tables of codes.
var (
	noRow      = verdict{kind: EntityNotFound}
	duplicate  = verdict{kind: DuplicateItem}
	constraint = verdict{kind: Conflict}
	missing    = verdict{kind: MissingAttribute}
	unfit      = verdict{kind: BadFieldValue} // too long, out of range, malformed, against a check
	contended  = verdict{kind: TransactionConflict}
	away       = verdict{kind: DatabaseOperation} // or without resources; it may come back
	cancelled  = verdict{kind: GatewayTimeout, yields: true}
	otherwise  = verdict{kind: Database}
)

// fault returns the error of the verdict, or nil; attrs are for the log.
func (v verdict) fault(attrs ...slog.Attr) *Fault {
	if v.kind == nil {
		return nil
	}
	f := &Fault{kind: v.kind}
	if len(attrs) > 0 {
		f.attrs = append(f.attrs, Log(attrs...))
	}
	if v.yields {
		f.attrs = append(f.attrs, Attr{op: opYields})
	}
	return f
}

// sqlStates are the verdicts by SQLSTATE, five characters, and by its class, two (the SQL standard, PostgreSQL's
// appendix A).
var sqlStates = map[string]verdict{
	"02": noRow,
	"08": away,
	"22": unfit,      // data exception: out of range, malformed
	"23": constraint, // integrity constraint violation
	"40": contended,
	"44": unfit, // with check option
	"53": away,  // insufficient resources

	"08004": otherwise,  // the server refuses the client
	"08007": otherwise,  // it is unknown whether the transaction took effect
	"23502": missing,    // not null
	"23505": duplicate,  // unique
	"23514": unfit,      // check
	"23P01": duplicate,  // exclusion
	"25P03": away,       // idle in a transaction for too long
	"25P04": cancelled,  // the transaction's timeout
	"40003": otherwise,  // as 08007
	"40002": constraint, // integrity violation at commit: repeating does not help
	"53400": otherwise,  // a limit of the configuration
	"55P03": contended,  // lock not available
	"57014": cancelled,
	"57P01": away, // the server shuts down
	"57P02": away,
	"57P03": away,
	"57P05": away, // idle session timeout
	"58030": away, // input or output of the server
	"70100": cancelled,
	"72000": contended, // snapshot too old
	"P0002": noRow,     // of a PL/pgSQL function
}

// ofState returns the verdict on a code that isSQLState.
func ofState(state string) verdict {
	if v, ok := sqlStates[state]; ok {
		return v
	}
	if v, ok := sqlStates[state[:2]]; ok {
		return v
	}
	return otherwise
}

// isSQLState reports whether state is five digits or capital letters, and not the success code.
func isSQLState(state string) bool {
	if len(state) != 5 || state[:2] == "00" {
		return false
	}
	for i := range len(state) {
		if c := state[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// mysqlNumbers are the verdicts by the numbers of MySQL and MariaDB (sql/share/errmsg*.txt of either). The SQLSTATE
// decides on the others: many of these have HY000, or a coarse one.
var mysqlNumbers = map[uint64]verdict{
	1022: duplicate, 1062: duplicate, 1169: duplicate, 1586: duplicate,
	1216: constraint, 1217: constraint, 1451: constraint, 1452: constraint, // foreign keys
	1048: missing, 1263: missing, 1364: missing,
	1118: otherwise,                                    // the row of a table's definition is too large
	1153: unfit, 1162: unfit, 1264: unfit, 1265: unfit, // too long, out of range, truncated
	1292: unfit, 1366: unfit, 1367: unfit, 1406: unfit, 1411: unfit, 1441: unfit, 1690: unfit, 3140: unfit,
	3819: unfit, 4025: unfit, // check, of MySQL and of MariaDB
	1020: contended, 1205: contended, 1213: contended, 1412: contended, 1613: contended, 1614: contended, 1637: contended,
	1689: contended, 3101: contended, 3572: contended,
	1021: away, 1037: away, 1038: away, 1041: away, 1040: away, 1203: away, 1226: away, // resources and connections
	1053: away, 1077: away, 1079: away, 1152: away, 1158: away, 1159: away, 1160: away, 1161: away, 1184: away, 1927: away,
	2002: away, 2003: away, 2006: away, 2013: away, // of client libraries
	1028: cancelled, 1317: cancelled, 1969: cancelled, 3024: cancelled,
	1329: noRow,
}

// sqliteCodes are the verdicts by the extended result codes of SQLite (sqlite.org/rescode.html), and by the primary
// ones, their lowest byte.
var sqliteCodes = map[int64]verdict{
	1555: duplicate, 2067: duplicate, 2579: duplicate, // primary key, unique, row id
	1299: missing,
	275:  unfit, 3091: unfit, // check, type of a strict table
	19: constraint,
	18: unfit, 20: unfit, // too big, type
	5: contended, 6: contended, // busy, locked
	516: contended,                                    // rolled back by another statement
	7:   away, 10: away, 13: away, 14: away, 15: away, // memory, input or output, full, cannot be opened, lock protocol
	9: cancelled,
}

// mongoCodes are the verdicts by the codes of MongoDB (src/mongo/base/error_codes.yml), in the order in which errors of
// several are asked.
var mongoCodes = []struct {
	verdict
	codes []int
}{
	{duplicate, []int{11000, 11001, 12582}},
	{unfit, []int{121, 10334}},                                                // validation of documents, size
	{contended, []int{24, 112, 251}},                                          // lock, write conflict, transaction
	{cancelled, []int{50, 262, 11601}},                                        // time limits, interrupted
	{away, []int{6, 7, 89, 91, 189, 9001, 10107, 11600, 11602, 13435, 13436}}, // network, shutting down, elections
}

// mongoLabels are the verdicts by label, for what no code decides.
var mongoLabels = []struct {
	verdict
	label string
}{
	{contended, "TransientTransactionError"},
	{away, "RetryableWriteError"},
	{away, "NetworkError"},
}

// redisWords are the verdicts by the word that Redis' errors begin with.
var redisWords = map[string]verdict{
	"LOADING": away, "CLUSTERDOWN": away, "MASTERDOWN": away, "TRYAGAIN": away, "BUSY": away, "OOM": away, "MISCONF": away,
	"NOREPLICAS": away, "READONLY": away, // a primary that has become a replica
	"BUSYKEY": duplicate, "BUSYGROUP": duplicate,
}

// redisTexts are those that say it with all their words.
var redisTexts = map[string]verdict{
	"redis: nil":                        noRow,
	"redis: transaction failed":         contended,
	"ERR max number of clients reached": away,
	"ERR max number of clients + cluster connections reached": away,
}

// A sentinel is an error that is nothing but its text.
type sentinel struct {
	verdict
	module string // whose build has to name, where others might use the words, too
}

// sentinels are the ones that libraries export, and a few that they do not.
var sentinels = map[string]sentinel{
	"mongo: no documents in result": {noRow, ""},
	"redigo: nil returned":          {noRow, ""},
	"record not found":              {noRow, "gorm.io/gorm"},
	"no rows in result set":         {noRow, "github.com/jackc/pgx"}, // since v5.7.2 it is sql.ErrNoRows

	"duplicated key not allowed":      {duplicate, "gorm.io/gorm"},
	"violates foreign key constraint": {constraint, "gorm.io/gorm"},
	"violates check constraint":       {unfit, "gorm.io/gorm"},
	"packet for query is too large. Try adjusting the `Config.MaxAllowedPacket`":                   {unfit, ""},
	"packet for query is too large. Try adjusting the 'max_allowed_packet' variable on the server": {unfit, ""},

	"sql: database is closed":           {away, ""},
	"redis: client is closed":           {away, ""},
	"redis: connection pool timeout":    {away, ""},
	"redis: connection pool exhausted":  {away, ""},
	"redigo: connection pool exhausted": {away, ""},
	"redigo: get on closed pool":        {away, ""},
	"redigo: connection closed":         {away, ""},
	"redigo: closed":                    {away, ""},
	"invalid connection":                {away, "github.com/go-sql-driver/mysql"},
	"conn closed":                       {away, "github.com/jackc"},
	"closed pool":                       {away, "github.com/jackc/puddle"},
	"client is disconnected":            {away, "go.mongodb.org/mongo-driver"},
}
