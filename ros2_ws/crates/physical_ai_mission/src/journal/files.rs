//! The journal's files, when somebody else lays hands on them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::{Journal, SCHEMA, VERSION, save};
use crate::Error;
use crate::scheduler::{Effect, Scheduler};

/// Ending of SQLite's write-ahead log.
const LOG: &str = "-wal";
/// Ending of a journal that is being written anew.
const NEW: &str = ".new";
/// Ending of what lay in the journal's place when it was written anew.
const SET_ASIDE: &str = ".set-aside";

/// How a file looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
}

/// How the journal's files looked after the last write. Nobody else may write them, so a difference
/// means that somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    database: Option<Look>,
    log: Option<Look>,
}

impl Fingerprint {
    pub(super) fn of(path: &Path) -> Self {
        let look = |path: &Path| {
            let data = fs::metadata(path).ok()?;
            Some(Look {
                file: (data.dev(), data.ino()),
                bytes: data.len(),
                modified: (data.mtime(), data.mtime_nsec()),
            })
        };
        Self {
            database: look(path),
            log: look(&beside(path, LOG)),
        }
    }

    /// What was done to the files since.
    fn change(&self, now: &Self) -> Option<&'static str> {
        if self == now {
            return None;
        }
        let pairs = [(self.database, now.database), (self.log, now.log)];
        let any = |test: fn(&Look, &Look) -> bool| {
            let both = |(a, b): &(Option<Look>, Option<Look>)| a.zip(*b);
            pairs.iter().filter_map(both).any(|(a, b)| test(&a, &b))
        };
        Some(if pairs.iter().any(|(a, b)| a.is_some() && b.is_none()) {
            "deleted"
        } else if any(|a, b| a.file != b.file) {
            "replaced"
        } else if any(|a, b| b.bytes < a.bytes) {
            "truncated"
        } else {
            "overwritten"
        })
    }
}

/// Takes a journal that was being put into place when its process was killed.
pub(super) fn finish_interrupted(path: &Path) -> std::io::Result<()> {
    let new = beside(path, NEW);
    if !path.exists() && new.exists() {
        fs::rename(new, path)?;
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl Journal {
    /// What somebody did to the files since the last write, if anything.
    pub(crate) fn tampered(&self) -> Option<&'static str> {
        match &self.seen {
            Some(seen) => seen.change(&Fingerprint::of(&self.path)),
            None => Some("deleted"),
        }
    }

    /// What happened to the files since it was asked last, for people.
    pub(crate) fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// How often the files had to be written anew.
    pub(crate) fn rewritten(&self) -> u32 {
        self.rewritten
    }

    /// Writes everything that is known into new files; what lies in their place is set aside.
    ///
    /// # Errors
    /// [`Error::Journal`]: nothing can be written there; try again.
    pub(super) fn rewrite(
        &mut self,
        scheduler: &Scheduler,
        change: &'static str,
    ) -> Result<(), Error> {
        let path = self.path.clone();
        let fail = |problem: String| Error::Journal {
            path: path.display().to_string(),
            problem: format!(
                "was {change} by another program while it was in use, and cannot be written anew: \
                 {problem}; nothing is lost as long as this orchestrator runs"
            ),
        };
        self.seen = None;
        let new = beside(&self.path, NEW);
        if let Some(folder) = self.path.parent().filter(|f| !f.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|e| fail(e.to_string()))?;
        }
        remove(&new).map_err(|e| fail(e.to_string()))?;
        write_all(&new, scheduler, self.incarnation).map_err(|e| fail(super::explain(&e)))?;
        self.let_go().map_err(|e| fail(super::explain(&e)))?;
        put_in_place(&new, &self.path).map_err(|e| fail(e.to_string()))?;
        self.connection = Connection::open(&self.path).map_err(|e| fail(super::explain(&e)))?;
        self.prepare()?;
        self.seen = Some(Fingerprint::of(&self.path));
        self.rewritten += 1;
        self.notices.push(format!(
            "journal {} was {change} by another program while it was in use; it was written anew with \
             {} missions, what lay there is in {}",
            self.path.display(),
            scheduler.missions().len(),
            beside(&self.path, SET_ASIDE).display()
        ));
        Ok(())
    }

    /// Closes the files without touching whatever lies in their place now, which SQLite would do.
    fn let_go(&mut self) -> rusqlite::Result<()> {
        self.connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        // Nothing reaches the one in memory: without `seen`, every commit begins by writing anew.
        self.connection = Connection::open_in_memory()?;
        Ok(())
    }
}

fn write_all(path: &Path, scheduler: &Scheduler, incarnation: u64) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    for (name, value) in [
        ("incarnation", incarnation),
        ("token", scheduler.last_token().0),
    ] {
        transaction.execute(
            "INSERT OR REPLACE INTO counter VALUES (?1, ?2)",
            rusqlite::params![name, value as i64],
        )?;
    }
    for mission in scheduler.missions() {
        save(
            &transaction,
            scheduler,
            &Effect::SaveMission(mission.id.clone()),
        )?;
        for position in 0..mission.tasks.len() {
            let task = Effect::SaveTask(mission.id.clone(), position);
            save(&transaction, scheduler, &task)?;
        }
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn put_in_place(new: &Path, path: &Path) -> std::io::Result<()> {
    let aside = beside(path, SET_ASIDE);
    // The log goes with its database: SQLite would apply it to the new one.
    for ending in [LOG, ""] {
        let (old, kept) = (beside(path, ending), beside(&aside, ending));
        remove(&kept)?;
        if old.exists() {
            fs::rename(old, kept)?;
        }
    }
    fs::rename(new, path)?;
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
