//! Whose fault a failed statement is: every class of SQLSTATE and every primary result code of SQLite, in one table.
//!
//! Guarantees: a code that stands in no line is the database's fault, so that an outage of a kind nobody thought of puts no
//! message aside. Sources: PostgreSQL 17, appendix A "Error Codes"; sqlite.org/rescode.html, version 3.51; both as of November 2026.

use SqlVerdict::{Again, Database, Lost, Message};

/// What may be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SqlVerdict {
    /// Somebody was in the way: the same transaction may be run again at once.
    Again,
    /// The connection is gone: the same transaction may be run again at once, over another one.
    Lost,
    /// The database is not well, or not as it must be: the work waits until it is.
    Database,
    /// Something about the data, if it happens again, alone, with the database well.
    Message,
}

/// By SQLSTATE, exact codes before the classes they belong to; by the first line that fits.
const POSTGRES: [(&str, SqlVerdict, &str); 62] = [
    ("25006", Database, "the database is read-only"),
    ("25P03", Database, "the database ended a transaction that stood still"),
    ("28P01", Database, "the database refuses the password"),
    ("3D000", Database, "there is no database of that name on the server"),
    ("42501", Database, "the database role lacks a right"),
    ("42P01", Database, "a table is missing: run `baton migrate`"),
    ("42703", Database, "a column is missing: run `baton migrate`"),
    ("40001", Again, "another transaction was in the way"),
    ("40P01", Again, "two transactions waited for each other"),
    ("53100", Database, "the database server's disk is full"),
    ("53200", Database, "the database server is out of memory"),
    ("53300", Again, "the database server takes no more connections"),
    ("55P03", Again, "a lock was not to be had in time"),
    ("57014", Database, "the database cancelled a statement that took too long"),
    ("57P03", Lost, "the database server is starting or stopping"),
    ("57P04", Database, "the database was dropped"),
    ("57P", Lost, "the database server ended the connection"),
    ("00", Database, "the database called a success a failure"),
    ("01", Database, "the database warned"),
    ("02", Database, "the database found nothing where something must be"),
    ("03", Database, "a statement was not complete"),
    ("08", Lost, "the connection to the database is broken"),
    ("09", Database, "a trigger failed"),
    ("0A", Database, "the database lacks a feature"),
    ("0B", Database, "a transaction could not begin"),
    ("0F", Database, "a locator is not valid"),
    ("0L", Database, "a grant is not valid"),
    ("0P", Database, "a database role is not valid"),
    ("0Z", Database, "the database lost its diagnostics"),
    ("10", Database, "an XML query failed in the database"),
    ("20", Database, "no case applied in the database"),
    ("21", Message, "a value came twice where one is allowed"),
    ("22", Message, "a value cannot be stored"),
    ("23", Message, "a value contradicts what is stored"),
    ("24", Database, "a cursor is not as it must be"),
    ("25", Database, "a transaction is not as it must be"),
    ("26", Database, "a prepared statement is gone"),
    ("27", Database, "a trigger changed what it must not"),
    ("28", Database, "the database refuses the login"),
    ("2B", Database, "rights depend on what is taken away"),
    ("2D", Database, "a transaction could not end"),
    ("2F", Database, "a function failed in the database"),
    ("34", Database, "there is no such cursor"),
    ("38", Database, "a function outside the database failed"),
    ("39", Database, "a function outside the database was called wrongly"),
    ("3B", Database, "there is no such savepoint"),
    ("3D", Database, "there is no database of that name on the server"),
    ("3F", Database, "there is no such schema"),
    ("40", Again, "the database rolled the transaction back"),
    ("42", Database, "the tables are not as they must be: run `baton migrate`"),
    ("44", Message, "a value is refused by a view"),
    ("53", Database, "the database server lacks resources"),
    ("54", Message, "a value is larger than the database takes"),
    ("55", Database, "something in the database is not ready"),
    ("57", Database, "an operator or a time limit stepped in at the database"),
    ("58", Database, "the database server's disk or system fails"),
    ("72", Database, "a snapshot of the database is too old"),
    ("F0", Database, "the database server's configuration is faulty"),
    ("HV", Database, "a foreign table failed"),
    ("P0", Database, "a procedure in the database refused"),
    ("XX001", Database, "the database is damaged"),
    ("XX", Database, "the database has an internal fault or is damaged"),
];

/// By primary result code, the low byte of what SQLite says.
const SQLITE: [(u32, SqlVerdict, &str); 27] = [
    (1, Database, "the tables are not as they must be: run `baton migrate`"),
    (2, Database, "SQLite has an internal fault"),
    (3, Database, "the rights on the database file do not suffice"),
    (4, Again, "a statement was given up"),
    (5, Again, "another process is writing into the database file"),
    (6, Again, "a table is locked"),
    (7, Database, "memory is exhausted"),
    (8, Database, "the database file, or its disk, is read-only"),
    (9, Database, "a statement was interrupted"),
    (10, Database, "the disk of the database file fails"),
    (11, Database, "the database file is damaged"),
    (12, Database, "SQLite lacks something"),
    (13, Database, "the disk of the database file is full"),
    (14, Database, "the database file cannot be opened"),
    (15, Again, "the lock on the database file was not to be had"),
    (16, Database, "the database file is empty"),
    (17, Again, "the tables changed meanwhile"),
    (18, Message, "a value is larger than the database takes"),
    (19, Message, "a value contradicts what is stored"),
    (20, Message, "a value is of the wrong kind"),
    (21, Database, "SQLite was used wrongly"),
    (22, Database, "the database file is too large for this system"),
    (23, Database, "SQLite refuses a statement"),
    (24, Database, "the database file has another format"),
    (25, Database, "a statement has a parameter too many"),
    (26, Database, "the file is no SQLite database"),
    (27, Database, "SQLite gave notice of something"),
];

/// SQLSTATEs have five characters, SQLite's codes are numbers of up to four digits.
pub(super) fn of_code(code: &str) -> (SqlVerdict, &'static str) {
    if code.len() == 5 {
        let found = POSTGRES.iter().find(|(start, ..)| code.starts_with(start));
        return found.map_or((Database, UNKNOWN), |(_, verdict, words)| (*verdict, words));
    }
    let primary = code.parse::<u32>().ok().map(|code| code & 0xff);
    let found = SQLITE.iter().find(|(code, ..)| Some(*code) == primary);
    found.map_or((Database, UNKNOWN), |(_, verdict, words)| (*verdict, words))
}

const UNKNOWN: &str = "the database failed in a way that is not known";

/// What is no word of the database itself: the client's own failures.
pub(super) fn of(error: &sqlx::Error) -> (SqlVerdict, &'static str) {
    match error {
        sqlx::Error::Database(error) => of_code(&error.code().unwrap_or_default()),
        sqlx::Error::Io(_) => (Lost, "the database cannot be reached"),
        sqlx::Error::Tls(_) => (Database, "the database's TLS cannot be agreed on"),
        sqlx::Error::PoolTimedOut => (Database, "the database answers, but all connections stayed busy"),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => (Lost, "the connection to the database was closed"),
        sqlx::Error::Configuration(_) => (Database, "database.url cannot be read"),
        sqlx::Error::Encode(_) => (Message, "a value cannot be stored"),
        _ => (Database, UNKNOWN),
    }
}

/// Whether a commit that failed with this may have counted all the same: the word was lost on its way, or the disk failed
/// after it had taken some of it.
pub(super) fn leaves_open(code: &str) -> bool {
    let (verdict, _) = of_code(code);
    verdict == Lost || (code.len() < 5 && verdict == Database)
}

/// Whether a connection that met this may have lost its transaction, or its view of the file, without saying so.
pub(super) fn spoils(error: &sqlx::Error) -> bool {
    !matches!(of(error).0, Again | Message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The classes of appendix A; `10` (XML query) since version 18.
    const CLASSES: &str = "00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 \
                           53 54 55 57 58 72 F0 HV P0 XX";

    #[test]
    fn every_class_and_every_primary_code_has_its_line() {
        for class in CLASSES.split_whitespace() {
            assert!(POSTGRES.iter().any(|(start, ..)| *start == class), "{class}");
            assert_ne!(of_code(&format!("{class}ZZZ")).1, UNKNOWN, "{class}");
        }
        for code in 1..=27 {
            assert_ne!(of_code(&code.to_string()).1, UNKNOWN, "{code}");
        }
    }

    #[test]
    fn no_line_hides_another() {
        for (index, (start, ..)) in POSTGRES.iter().enumerate() {
            let first = POSTGRES.iter().position(|(other, ..)| start.starts_with(other));
            assert_eq!(first, Some(index), "{start} stands behind a line that takes it");
        }
    }

    #[test]
    fn an_outage_is_never_the_messages_fault() {
        let outages = [
            "57014", "53100", "53200", "25006", "25P03", "25P02", "58030", "XX001", "57P01", "08006", "28P01", "42P01",
            "F0001", "13", "10", "8", "14", "11", "26", "7", "9", "1", "3", "266", "522", "778", "1034", "1546",
            "2570", "3338", "4874", "5", "261", "517", "6",
        ];
        for code in outages {
            assert_ne!(of_code(code).0, Message, "{code}: {}", of_code(code).1);
        }
    }

    #[test]
    fn what_nobody_has_heard_of_is_the_databases_fault() {
        for code in ["", "ZZ999", "5Z000", "99", "200", "no code", "123456"] {
            assert_eq!(of_code(code).0, Database, "{code}");
        }
    }

    #[test]
    fn only_values_can_be_the_messages_fault() {
        for code in [
            "22P02", "22021", "22003", "23505", "23503", "54000", "18", "19", "20", "787", "1299", "1555", "2067",
            "3091",
        ] {
            assert_eq!(of_code(code).0, Message, "{code}");
        }
    }

    #[test]
    fn a_commit_on_a_failing_disk_may_have_counted() {
        assert!(
            leaves_open("10")
                && leaves_open("13")
                && leaves_open("1034")
                && leaves_open("57P01")
                && leaves_open("08006")
        );
        assert!(!leaves_open("40001") && !leaves_open("23505") && !leaves_open("5") && !leaves_open("787"));
    }
}
