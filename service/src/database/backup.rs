//! Copies of a SQLite database: made while it is in use, looked through, and put back.
//!
//! A copy counts only once it was read to its end: every page, every reference, every entry of the log against its hash,
//! and the log against its last checkpoint. Deliberately absent: PostgreSQL, whose own tools do this; `deploy` has them
//! put together.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use domain::tree::{Frontier, Hash, leaf_hash};
use migration::{Migrator, MigratorTrait};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Row, SqliteConnection};

/// Entries of the log in one statement.
const ENTRIES: i64 = 1_000;

/// What was found in a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Migrations that this program has and the copy lacks, oldest first.
    pub missing: Vec<String>,
    /// How many entries its log has.
    pub log_size: u64,
    /// The hash of the tree over them.
    pub log_root: Hash,
}

/// A checkpoint that was kept elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// How many entries it takes in.
    pub size: u64,
    /// The hash of the tree over them.
    pub root: Hash,
}

impl Kept {
    /// From the line that `mingjian log checkpoint --short` prints.
    pub fn parse(text: &str) -> Option<Self> {
        let (size, root) = text.trim().split_once(' ')?;
        let mut bytes = Hash::default();
        hex::decode_to_slice(root.replace('-', ""), &mut bytes).ok()?;
        Some(Self {
            size: size.parse().ok()?,
            root: bytes,
        })
    }
}

/// Why a copy was not made or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    /// It is no SQLite database.
    #[error(
        "only SQLite is copied like this; PostgreSQL is by `deploy/backup` and `deploy/restore`"
    )]
    NotSqlite,
    /// Something is there already.
    #[error("`{0}` is there already, and nothing is overwritten: name another file")]
    Present(PathBuf),
    /// A file cannot be read or written.
    #[error("`{path}`: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The database library cannot go on.
    #[error("`{path}` cannot be read as a database: {cause}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What it says.
        cause: String,
    },
    /// What is in it does not hold together.
    #[error("`{path}` is damaged: {what}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where.
        what: String,
    },
    /// It was made by a later version.
    #[error(
        "`{path}` was made by a later version of this program: it has the migration `{migration}`"
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// What this version does not know.
        migration: String,
    },
    /// The checkpoint that was kept does not fit.
    #[error("the log in `{path}` is not the one of the checkpoint that was kept: {what}")]
    OtherLog {
        /// Which.
        path: PathBuf,
        /// What differs.
        what: String,
    },
}

type Done<T> = Result<T, BackupFault>;

/// The file that a URL names.
fn file_of(url: &str) -> Done<PathBuf> {
    let file = url.strip_prefix("sqlite:").ok_or(BackupFault::NotSqlite)?;
    Ok(PathBuf::from(file.strip_prefix("//").unwrap_or(file)))
}

fn unreadable(path: &Path) -> impl Fn(sqlx::Error) -> BackupFault + '_ {
    move |error| BackupFault::Unreadable {
        path: path.to_path_buf(),
        cause: error.to_string(),
    }
}

fn of_file(path: &Path) -> impl Fn(io::Error) -> BackupFault + '_ {
    move |cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => BackupFault::Present(path.to_path_buf()),
        _ => BackupFault::File {
            path: path.to_path_buf(),
            cause,
        },
    }
}

/// Copies the database of a URL into a file, while others use it, and looks the copy through. Nobody else may read the
/// file: it holds addresses and the hashes of passwords.
///
/// # Errors
/// [`BackupFault`]; nothing is left behind then.
pub async fn back_up(url: &str, to: &Path) -> Done<Inspected> {
    let from = file_of(url)?;
    if fs::exists(to).map_err(of_file(to))? {
        return Err(BackupFault::Present(to.to_path_buf()));
    }
    let part = Part::create(to)?;
    let options = SqliteConnectOptions::new()
        .filename(&from)
        .create_if_missing(false);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(unreadable(&from))?;
    let into = part.path.to_string_lossy().into_owned();
    // One read transaction: whoever writes meanwhile is neither kept waiting nor copied in part.
    let copied = sqlx::query("VACUUM INTO ?1")
        .bind(into)
        .execute(&mut connection)
        .await;
    copied.map_err(unreadable(&from))?;
    connection.close().await.map_err(unreadable(&from))?;
    let inspected = inspect(&part.path, None).await?;
    part.finish(to)?;
    Ok(inspected)
}

/// Puts a copy in place of a database that is not there, once it was looked through.
///
/// # Errors
/// [`BackupFault`]; nothing is left behind then.
pub async fn restore(from: &Path, url: &str, kept: Option<Kept>) -> Done<Inspected> {
    let to = file_of(url)?;
    // The log of a database that is gone would be read into the restored one.
    for ending in ["", "-wal", "-shm"] {
        let mut path = to.clone().into_os_string();
        path.push(ending);
        let path = PathBuf::from(path);
        if fs::exists(&path).map_err(of_file(&path))? {
            return Err(BackupFault::Present(path));
        }
    }
    let inspected = inspect(from, kept).await?;
    let part = Part::create(&to)?;
    fs::copy(from, &part.path).map_err(of_file(from))?;
    if inspect(&part.path, kept).await? != inspected {
        return Err(damaged(from, "it changed while it was copied"));
    }
    part.finish(&to)?;
    Ok(inspected)
}

/// A file on its way: under another name until it is whole, and gone if it never is.
struct Part {
    path: PathBuf,
}

impl Part {
    fn create(of: &Path) -> Done<Self> {
        let mut name = of.to_path_buf().into_os_string();
        name.push(".part");
        let path = PathBuf::from(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(of_file(&path))?;
        Ok(Self { path })
    }

    /// Makes it durable and gives it its name, unless somebody else took that.
    fn finish(self, name: &Path) -> Done<()> {
        let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
        sync(&self.path).map_err(of_file(&self.path))?;
        // Renaming would overwrite.
        fs::hard_link(&self.path, name).map_err(of_file(name))?;
        let folder = name.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new("."));
        sync(folder).map_err(of_file(folder))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _gone_already: io::Result<()> = fs::remove_file(&self.path);
    }
}

fn damaged(path: &Path, what: impl Into<String>) -> BackupFault {
    BackupFault::Damaged {
        path: path.to_path_buf(),
        what: what.into(),
    }
}

/// Reads a copy to its end and changes nothing. Takes as long as the file is large.
///
/// # Errors
/// [`BackupFault`].
pub async fn inspect(path: &Path, kept: Option<Kept>) -> Done<Inspected> {
    // A file that nobody writes: without this a log would be made beside it.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true);
    let fail = unreadable(path);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(&fail)?;
    let sound: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(&mut connection)
        .await
        .map_err(&fail)?;
    if sound != ["ok"] {
        let first = sound.first().cloned().unwrap_or_default();
        return Err(damaged(path, first));
    }
    let dangling = sqlx::query("PRAGMA foreign_key_check")
        .fetch_optional(&mut connection)
        .await
        .map_err(&fail)?;
    if let Some(row) = dangling {
        let table: String = row.try_get(0).map_err(&fail)?;
        return Err(damaged(
            path,
            format!("a row of `{table}` refers to nothing"),
        ));
    }
    let missing = compare_migrations(&mut connection, path).await?;
    let tree = read_log(&mut connection, path, kept).await?;
    connection.close().await.map_err(&fail)?;
    Ok(Inspected {
        missing,
        log_size: tree.size(),
        log_root: tree.root(),
    })
}

/// The migrations that are missing.
async fn compare_migrations(connection: &mut SqliteConnection, path: &Path) -> Done<Vec<String>> {
    let applied: Vec<String> = sqlx::query_scalar("SELECT version FROM seaql_migrations")
        .fetch_all(connection)
        .await
        .map_err(unreadable(path))?;
    let known: Vec<String> = Migrator::migrations()
        .iter()
        .map(|step| step.name().to_owned())
        .collect();
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name)) {
        return Err(BackupFault::Newer {
            path: path.to_path_buf(),
            migration: unknown.clone(),
        });
    }
    let missing = known.into_iter().filter(|name| !applied.contains(name));
    Ok(missing.collect())
}

/// The tree over the log, entry by entry, against the last checkpoint in the file and the one that was kept.
async fn read_log(
    connection: &mut SqliteConnection,
    path: &Path,
    kept: Option<Kept>,
) -> Done<Frontier> {
    let fail = unreadable(path);
    let last = sqlx::query("SELECT size, root FROM checkpoint ORDER BY size DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await
        .map_err(&fail)?;
    let mut sealed: Option<(u64, Vec<u8>)> = None;
    if let Some(row) = last {
        let size: i64 = row.try_get(0).map_err(&fail)?;
        let size = u64::try_from(size).map_err(|_| damaged(path, "a checkpoint of no size"))?;
        sealed = Some((size, row.try_get(1).map_err(&fail)?));
    }
    let mut tree = Frontier::default();
    let mut seen_kept = kept.is_none_or(|kept| kept.size == 0);
    let mut seen_sealed = sealed.is_none();
    let mut after = 0_i64;
    loop {
        let rows = sqlx::query(
            "SELECT seq, body, leaf_hash FROM audit_event WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )
        .bind(after)
        .bind(ENTRIES)
        .fetch_all(&mut *connection)
        .await
        .map_err(&fail)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let seq: i64 = row.try_get(0).map_err(&fail)?;
            let body: String = row.try_get(1).map_err(&fail)?;
            let stored: Vec<u8> = row.try_get(2).map_err(&fail)?;
            let leaf = leaf_hash(body.as_bytes());
            if seq != after.saturating_add(1) || stored != leaf {
                return Err(damaged(
                    path,
                    format!("entry {seq} of the log does not fit"),
                ));
            }
            tree.push(leaf);
            after = seq;
            if let Some((size, root)) = &sealed
                && *size == tree.size()
            {
                seen_sealed = tree.root().as_slice() == root;
            }
            if let Some(kept) = kept
                && kept.size == tree.size()
            {
                seen_kept = tree.root() == kept.root;
            }
        }
    }
    if !seen_sealed {
        return Err(damaged(path, "its last checkpoint does not fit its log"));
    }
    if !seen_kept {
        let what = match kept {
            Some(kept) if kept.size > tree.size() => {
                format!(
                    "it has {} entries, and {} were sealed",
                    tree.size(),
                    kept.size
                )
            }
            _ => "an entry before it differs".to_owned(),
        };
        return Err(BackupFault::OtherLog {
            path: path.to_path_buf(),
            what,
        });
    }
    Ok(tree)
}
