mod files;

use std::path::{Path, PathBuf};

use physical_ai_domain::{FencingToken, MissionId, TaskSpec};
use rusqlite::{Connection, ErrorCode, Transaction, params};
use serde::de::DeserializeOwned;

use crate::Error;
use crate::mission::{Mission, TaskStatus};
use crate::scheduler::{Effect, Scheduler};
use files::Fingerprint;

const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS mission (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS task (
        mission TEXT NOT NULL, position INTEGER NOT NULL,
        spec TEXT NOT NULL, status TEXT NOT NULL,
        PRIMARY KEY (mission, position)
    ) WITHOUT ROWID;
";

/// What a restarted orchestrator goes on with.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// Missions, ended ones too.
    pub missions: Vec<Mission>,
    /// Newest token given out.
    pub last_token: FencingToken,
    /// How often an orchestrator has opened this journal, this time included.
    pub incarnation: u64,
}

/// The missions on disk (SQLite, write-ahead log). One process at a time.
///
/// Files that are deleted, truncated or replaced under its hands are written anew: everything that is
/// in them is in memory, too.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    connection: Connection,
    incarnation: u64,
    /// The files after the last write; none: they are lost.
    seen: Option<Fingerprint>,
    notices: Vec<String>,
    rewritten: u32,
}

impl Journal {
    /// Opens or makes a journal and reads what it holds.
    ///
    /// # Errors
    /// [`Error::Journal`]: the folder cannot be written, another process has it, it is damaged, or
    /// it was written by a newer version.
    pub fn open(path: &Path) -> Result<(Self, Recovered), Error> {
        let fail = |problem: String| Error::Journal {
            path: path.display().to_string(),
            problem,
        };
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|e| fail(format!("its folder cannot be made: {e}")))?;
        }
        files::finish_interrupted(path).map_err(|e| fail(e.to_string()))?;
        let connection = Connection::open(path).map_err(|e| fail(explain(&e)))?;
        let mut journal = Self {
            path: path.to_path_buf(),
            connection,
            incarnation: 0,
            seen: None,
            notices: Vec::new(),
            rewritten: 0,
        };
        journal.prepare()?;
        let recovered = journal.recover()?;
        journal.incarnation = recovered.incarnation;
        journal.seen = Some(Fingerprint::of(path));
        Ok((journal, recovered))
    }

    fn error(&self, error: &rusqlite::Error) -> Error {
        Error::Journal {
            path: self.path.display().to_string(),
            problem: explain(error),
        }
    }

    fn prepare(&mut self) -> Result<(), Error> {
        let result = (|| {
            // A second orchestrator on the same journal must fail at once, not corrupt missions.
            self.connection
                .pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            self.connection.pragma_update(None, "journal_mode", "WAL")?;
            self.connection.pragma_update(None, "synchronous", "FULL")?;
            let version: i64 = self
                .connection
                .pragma_query_value(None, "user_version", |row| row.get(0))?;
            if version == 0 {
                self.connection.execute_batch(SCHEMA)?;
                self.connection
                    .pragma_update(None, "user_version", VERSION)?;
            }
            Ok(version)
        })();
        match result {
            Ok(0 | VERSION) => Ok(()),
            Ok(version) => Err(Error::Journal {
                path: self.path.display().to_string(),
                problem: format!(
                    "has format {version}, this orchestrator knows {VERSION}: use the version that \
                     wrote it, or another file"
                ),
            }),
            Err(error) => Err(self.error(&error)),
        }
    }

    fn recover(&mut self) -> Result<Recovered, Error> {
        let read = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO counter VALUES ('incarnation', 1)
                 ON CONFLICT (name) DO UPDATE SET value = value + 1",
                [],
            )?;
            let counter = |name: &str| {
                transaction.query_row(
                    "SELECT coalesce(max(value), 0) FROM counter WHERE name = ?1",
                    [name],
                    |row| row.get::<_, i64>(0),
                )
            };
            let recovered = Recovered {
                missions: read_missions(&transaction)?,
                last_token: FencingToken(counter("token")? as u64),
                incarnation: counter("incarnation")? as u64,
            };
            transaction.commit()?;
            Ok(recovered)
        };
        read(&mut self.connection).map_err(|e| self.error(&e))
    }

    /// Writes everything that `effects` ask to be saved, in one transaction. When it returns, the
    /// rest of the effects may happen.
    ///
    /// # Errors
    /// [`Error::Journal`]: nothing was written, for example because the disk is full; try again.
    pub fn commit(&mut self, scheduler: &Scheduler, effects: &[Effect]) -> Result<(), Error> {
        let saves = effects.iter().any(|e| {
            matches!(
                e,
                Effect::SaveMission(_) | Effect::SaveTask(..) | Effect::ForgetMission(_)
            )
        });
        if saves {
            self.commit_always(scheduler, effects)
        } else {
            Ok(())
        }
    }

    /// The same, but writes also when there is nothing to save: to see whether it works.
    ///
    /// # Errors
    /// See [`Journal::commit`].
    pub(crate) fn commit_always(
        &mut self,
        scheduler: &Scheduler,
        effects: &[Effect],
    ) -> Result<(), Error> {
        if let Some(change) = self.tampered() {
            // What the effects ask for is in the scheduler already.
            return self.rewrite(scheduler, change);
        }
        let write = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            for effect in effects {
                save(&transaction, scheduler, effect)?;
            }
            transaction.execute(
                "INSERT OR REPLACE INTO counter VALUES ('token', ?1)",
                [scheduler.last_token().0 as i64],
            )?;
            transaction.commit()
        };
        let written = write(&mut self.connection).map_err(|e| self.error(&e));
        // Also after a failure: part of it may be in the log.
        self.seen = Some(Fingerprint::of(&self.path));
        written
    }
}

#[cfg(test)]
impl Journal {
    /// Lets writing fail, as a full disk does.
    pub(crate) fn refuse_writes(&self, refuse: bool) {
        self.connection
            .pragma_update(None, "query_only", refuse)
            .unwrap();
    }
}

fn save(
    transaction: &Transaction<'_>,
    scheduler: &Scheduler,
    effect: &Effect,
) -> rusqlite::Result<()> {
    match effect {
        Effect::SaveMission(id) => {
            let Some(mission) = scheduler.mission(id) else {
                return Ok(());
            };
            transaction
                .prepare_cached("INSERT OR REPLACE INTO mission VALUES (?1, ?2)")?
                .execute(params![id.as_str(), to_json(mission)?])?;
        }
        Effect::SaveTask(id, position) => {
            let Some(task) = scheduler.mission(id).and_then(|m| m.tasks.get(*position)) else {
                return Ok(());
            };
            let (spec, status) = (to_json(&task.spec)?, to_json(&task.status)?);
            transaction
                .prepare_cached(
                    "INSERT INTO task VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (mission, position) DO UPDATE SET status = excluded.status",
                )?
                .execute(params![id.as_str(), *position as i64, spec, status])?;
        }
        Effect::ForgetMission(id) => forget(transaction, id)?,
        _ => {}
    }
    Ok(())
}

fn forget(transaction: &Transaction<'_>, id: &MissionId) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM mission WHERE id = ?1", [id.as_str()])?;
    transaction.execute("DELETE FROM task WHERE mission = ?1", [id.as_str()])?;
    Ok(())
}

fn read_missions(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Mission>> {
    let mut missions: Vec<Mission> = transaction
        .prepare("SELECT body FROM mission")?
        .query_map([], |row| from_json(&row.get::<_, String>(0)?))?
        .collect::<Result<_, _>>()?;
    let mut tasks = transaction
        .prepare("SELECT spec, status FROM task WHERE mission = ?1 ORDER BY position")?;
    for mission in &mut missions {
        let rows: Vec<(TaskSpec, TaskStatus)> = tasks
            .query_map([mission.id.as_str()], |row| {
                let (spec, status): (String, String) = (row.get(0)?, row.get(1)?);
                Ok((from_json(&spec)?, from_json(&status)?))
            })?
            .collect::<Result<_, _>>()?;
        mission.set_tasks(rows);
    }
    Ok(missions)
}

fn to_json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, e.into())
    })
}

/// What SQLite says, and what to do about it.
fn explain(error: &rusqlite::Error) -> String {
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another orchestrator uses it: stop that one, or set the parameter journal_file"
        }
        Some(ErrorCode::DiskFull) => "the disk is full: make room; nothing is lost meanwhile",
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "the file is damaged: move it away to start without the missions it holds"
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "its folder must be writable; or set the parameter journal_file"
        }
        _ => "see the message",
    };
    format!("{error} ({advice})")
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::{TaskState, Time};

    use super::*;
    use crate::scheduler::{Event, Now, SchedulerConfig, Submission};
    use physical_ai_fleet::parse_plan;

    fn submission(id: &str) -> Event {
        let plan = "tasks: [{id: a, skill: home}, {id: b, skill: home, after: [a]}]";
        Event::Submit(Box::new(Submission {
            id: MissionId::try_new(id).unwrap(),
            source: plan.to_owned(),
            planner: "given".to_owned(),
            plan: parse_plan(plan).unwrap(),
            priority: 5,
            deadline: Time::ZERO,
        }))
    }

    fn fill(path: &Path) -> Scheduler {
        let (mut journal, recovered) = Journal::open(path).unwrap();
        let mut scheduler = Scheduler::restore(
            SchedulerConfig::default(),
            recovered.missions,
            recovered.last_token,
            Now::default(),
        );
        let effects = scheduler.step(Now::default(), submission("m"));
        journal.commit(&scheduler, &effects).unwrap();
        scheduler
    }

    #[test]
    fn missions_survive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/missions.sqlite");
        let scheduler = fill(&path);
        let (_journal, recovered) = Journal::open(&path).unwrap();
        assert_eq!(recovered.incarnation, 2);
        let (before, after) = (scheduler.missions(), recovered.missions);
        assert_eq!(after[0].source, before[0].source);
        assert_eq!(after[0].tasks.len(), 2);
        assert_eq!(after[0].tasks[0].status.state, TaskState::Ready);
        assert_eq!(after[0].tasks[1].after, [0]);
    }

    #[test]
    fn second_process_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missions.sqlite");
        let _first = Journal::open(&path).unwrap();
        let error = Journal::open(&path).unwrap_err().to_string();
        assert!(error.contains("another orchestrator uses it"), "{error}");
    }

    #[test]
    fn damaged_and_foreign_files_are_refused_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, bytes: &[u8], expected: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let error = Journal::open(&path).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(name), "{error}");
        };
        check("text", &[b'x'; 4096], "damaged");
        let newer = folder.path().join("newer");
        let connection = Connection::open(&newer).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let error = Journal::open(&newer).unwrap_err().to_string();
        assert!(error.contains("format 99"), "{error}");
    }

    #[test]
    fn forgotten_missions_leave_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missions.sqlite");
        let scheduler = fill(&path);
        let (mut journal, _) = Journal::open(&path).unwrap();
        let id = MissionId::try_new("m").unwrap();
        journal
            .commit(&scheduler, &[Effect::ForgetMission(id)])
            .unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().1.missions, []);
    }
}
