//! PostgreSQL's own programs, told of a database without its password on the command line, where everybody could read it.

use anyhow::{Context, Result, ensure};
use std::fs::{File, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use tokio::process::Command;
use url::Url;

/// What those programs understand of an address; the rest is for our own client.
const UNDERSTOOD: [&str; 9] =
    ["application_name", "dbname", "host", "hostaddr", "port", "sslcert", "sslkey", "sslmode", "sslrootcert"];

/// Where a database is, and how one gets in.
pub(super) struct Server {
    /// Without the password.
    address: String,
    password: Option<String>,
}

impl Server {
    pub(super) fn of(url: &str) -> Result<Self> {
        let mut url = Url::parse(url).context("reading database.url")?;
        let password = url.password().map(decoded);
        let (known, others): (Vec<_>, Vec<_>) =
            url.query_pairs().into_owned().partition(|(name, _)| UNDERSTOOD.contains(&name.as_str()));
        let password = password.or(others.into_iter().find(|(name, _)| name == "password").map(|(_, value)| value));
        let stripped = url.set_password(None);
        ensure!(stripped.is_ok() || password.is_none(), "database.url has a password where none can be");
        url.set_query(None);
        if !known.is_empty() {
            url.query_pairs_mut().extend_pairs(known);
        }
        Ok(Self { address: url.to_string(), password })
    }

    /// As somebody would type it.
    pub(super) fn dump_words(&self, file: &Path) -> String {
        format!("pg_dump --format=custom --file={} --dbname={}", quoted(&file.to_string_lossy()), quoted(&self.address))
    }

    pub(super) fn base_backup_words(&self, folder: &Path) -> String {
        let (folder, address) = (quoted(&folder.to_string_lossy()), quoted(&self.address));
        format!("pg_basebackup --pgdata={folder} --wal-method=stream --checkpoint=fast --dbname={address}")
    }

    pub(super) fn restore_words(&self, file: &Path) -> String {
        let (file, address) = (quoted(&file.to_string_lossy()), quoted(&self.address));
        format!("pg_restore --no-owner --exit-on-error --single-transaction --dbname={address} {file}")
    }

    /// Whether somebody who types it is asked for a password.
    pub(super) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Into a file; what was written is proven to be readable.
    pub(super) async fn dump(&self, file: &Path) -> Result<()> {
        // Personal data: for its owner alone. pg_dump writes into the file that is there.
        let made = File::options().write(true).create(true).truncate(true).mode(0o600).open(file);
        let closed = made.and_then(|made| made.set_permissions(Permissions::from_mode(0o600)));
        closed.with_context(|| format!("writing {}", file.display()))?;
        let mut dump = Command::new("pg_dump");
        dump.arg("--format=custom").arg("--file").arg(file).arg("--dbname").arg(&self.address);
        self.carried_out(dump, "pg_dump").await?;
        let mut list = Command::new("pg_restore");
        list.arg("--list").arg(file);
        self.carried_out(list, "pg_restore --list").await
    }

    /// All of it, or nothing.
    pub(super) async fn restore(&self, file: &Path) -> Result<()> {
        let mut restore = Command::new("pg_restore");
        restore
            .args(["--no-owner", "--exit-on-error", "--single-transaction", "--dbname"])
            .arg(&self.address)
            .arg(file);
        self.carried_out(restore, "pg_restore").await
    }

    async fn carried_out(&self, mut program: Command, name: &str) -> Result<()> {
        if let Some(password) = &self.password {
            program.env("PGPASSWORD", password);
        }
        let output = program.output().await.with_context(|| format!("running {name}: is it on the PATH?"))?;
        let says = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{name} ended with {}: {}", output.status, says.trim());
        Ok(())
    }
}

/// `%40` is `@`. A plus and an ampersand are themselves in a password.
fn decoded(password: &str) -> String {
    let pair = format!("password={}", password.replace('+', "%2B").replace('&', "%26"));
    let found = url::form_urlencoded::parse(pair.as_bytes()).next();
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// For a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_in_no_word() {
        let url = "postgres://baton:s%40f+e&%3D@db.example:5433/leads?sslmode=verify-full&statement-cache-capacity=0";
        let server = Server::of(url).unwrap();
        assert_eq!(server.password.as_deref(), Some("s@f+e&="));
        let words = server.dump_words(Path::new("/var/backups/it's.dump"));
        assert_eq!(
            words,
            r"pg_dump --format=custom --file='/var/backups/it'\''s.dump' --dbname='postgres://baton@db.example:5433/leads?sslmode=verify-full'"
        );
        let named = Server::of("postgresql://baton@db/leads?password=secret").unwrap();
        assert_eq!(
            (named.address.as_str(), named.password.as_deref()),
            ("postgresql://baton@db/leads", Some("secret"))
        );
    }
}
