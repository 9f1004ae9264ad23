use std::path::Path;

use physical_ai_domain::MissionId;

use crate::scheduler::{Effect, Event, Now, Scheduler, SchedulerConfig, Submission};
use crate::{Error, Journal};

/// A scheduler whose effects happen only after its journal holds them.
///
/// While the journal cannot be written (a full disk), time stands still for the scheduler: what
/// workers say is not taken in (they repeat it until it is acknowledged), nobody is declared lost,
/// nothing starts and nothing ends. Only a cancellation still reaches the workers: to stop needs no
/// record.
#[derive(Debug)]
pub struct JournaledScheduler {
    scheduler: Scheduler,
    journal: Journal,
    /// Effects that wait for the journal.
    outbox: Vec<Effect>,
    fault: Option<String>,
    incarnation: u64,
}

impl JournaledScheduler {
    /// Opens or makes the journal and goes on with its missions.
    ///
    /// # Errors
    /// [`Error::Journal`], see [`Journal::open`].
    pub fn open(path: &Path, config: SchedulerConfig, now: Now) -> Result<Self, Error> {
        let (journal, recovered) = Journal::open(path)?;
        let scheduler = Scheduler::restore(config, recovered.missions, recovered.last_token, now);
        Ok(Self {
            scheduler,
            journal,
            outbox: Vec::new(),
            fault: None,
            incarnation: recovered.incarnation,
        })
    }

    /// The state to look at.
    pub fn state(&self) -> &Scheduler {
        &self.scheduler
    }

    /// How often this journal was opened, this time included.
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// See [`Scheduler::set_config`].
    pub fn set_config(&mut self, config: SchedulerConfig) {
        self.scheduler.set_config(config);
    }

    /// See [`Scheduler::set_paused`].
    pub fn set_paused(&mut self, paused: bool) {
        self.scheduler.set_paused(paused);
    }

    /// Why the journal cannot be written at the moment.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// How often somebody deleted, truncated or replaced the journal's files, and they were written anew.
    pub fn rewritten(&self) -> u32 {
        self.journal.rewritten()
    }

    /// Number of effects that wait for the journal.
    pub fn waiting(&self) -> usize {
        self.outbox.len()
    }

    /// Takes an event in and returns what may happen now.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        if self.fault.is_none() || matches!(event, Event::Cancel(_)) {
            self.outbox.extend(self.scheduler.step(now, event));
        }
        self.release()
    }

    /// Takes a mission in and returns what may happen now.
    ///
    /// # Errors
    /// [`Error::Journal`]: it cannot be written; the mission is as if it had never come.
    pub fn submit(&mut self, now: Now, submission: Submission) -> Result<Vec<Effect>, Error> {
        let id = submission.id.clone();
        let event = Event::Submit(Box::new(submission));
        self.outbox.extend(self.scheduler.step(now, event));
        match self.save() {
            Ok(()) => Ok(self.release()),
            Err(error) => {
                self.withdraw(&id);
                Err(error)
            }
        }
    }

    /// Nothing of the mission has left this process.
    fn withdraw(&mut self, id: &MissionId) {
        self.scheduler.withdraw(id);
        self.outbox.retain(|e| e.mission() != Some(id));
    }

    fn save(&mut self) -> Result<(), Error> {
        let written = if self.fault.is_some() || self.journal.tampered().is_some() {
            // Also when nothing waits: whether it works again shows only in trying.
            self.journal.commit_always(&self.scheduler, &self.outbox)
        } else {
            self.journal.commit(&self.scheduler, &self.outbox)
        };
        let notices = self.journal.take_notices().into_iter();
        self.outbox.extend(notices.map(Effect::Warning));
        self.fault = written.as_ref().err().map(ToString::to_string);
        written
    }

    fn release(&mut self) -> Vec<Effect> {
        if self.save().is_err() {
            return self
                .outbox
                .extract_if(.., |e| matches!(e, Effect::CancelTask { .. }))
                .collect();
        }
        let scheduler = &self.scheduler;
        let mut released = std::mem::take(&mut self.outbox);
        // A task may have been cancelled while its order waited.
        released.retain(|e| match e {
            Effect::Assign { assignment, .. } => scheduler.expects(assignment),
            _ => true,
        });
        released
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::{FencingToken, TaskState, Time, WorkerName};

    use super::*;
    use crate::scheduler::tests::{heartbeat, report};
    use physical_ai_fleet::parse_plan;

    use crate::{Mission, MissionPhase};

    /// A journaled scheduler in a folder of its own, and a clock.
    struct Fixture {
        folder: tempfile::TempDir,
        under_test: JournaledScheduler,
        now: Now,
    }

    fn id() -> MissionId {
        MissionId::try_new("m").unwrap()
    }

    fn submission() -> Submission {
        let plan = "tasks: [{id: a, skill: go, robot: rover_1}]";
        Submission {
            id: id(),
            source: plan.to_owned(),
            planner: "given".to_owned(),
            plan: parse_plan(plan).unwrap(),
            priority: 5,
            deadline: Time::ZERO,
        }
    }

    impl Fixture {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("missions.sqlite");
            let under_test =
                JournaledScheduler::open(&path, SchedulerConfig::default(), Now::default());
            Self {
                folder,
                under_test: under_test.unwrap(),
                now: Now::default(),
            }
        }

        fn fill_disk(&self, full: bool) {
            self.under_test.journal.refuse_writes(full);
        }

        fn step(&mut self, event: Event) -> Vec<Effect> {
            self.under_test.step(self.now, event)
        }

        fn submit(&mut self) -> Result<Vec<Effect>, Error> {
            self.under_test.submit(self.now, submission())
        }

        /// Time goes on with its heartbeats; everything that happened meanwhile.
        fn pass(&mut self, seconds: usize) -> Vec<Effect> {
            let mut effects = Vec::new();
            for _ in 0..seconds * 5 {
                self.now.steady_s += 0.2;
                effects.extend(self.step(heartbeat("rover_1")));
                effects.extend(self.step(Event::Tick));
            }
            effects
        }

        fn mission(&self) -> Option<&Mission> {
            self.under_test.state().mission(&id())
        }

        fn token(&self) -> FencingToken {
            self.mission().unwrap().tasks[0].status.token
        }

        fn succeed(&mut self) -> Vec<Effect> {
            let task = &self.mission().unwrap().tasks[0];
            let done = report(
                &task.spec.id,
                task.status.token,
                TaskState::Succeeded,
                Time::ZERO,
            );
            self.step(Event::Updates {
                worker: WorkerName::try_new("w0").unwrap(),
                incarnation: 1,
                reports: vec![done],
            })
        }
    }

    fn orders(effects: &[Effect]) -> usize {
        let is_order = |e: &&Effect| matches!(e, Effect::Assign { .. });
        effects.iter().filter(is_order).count()
    }

    fn ends(effects: &[Effect]) -> bool {
        effects.contains(&Effect::MissionEnded(id()))
    }

    #[test]
    fn mission_that_cannot_be_written_is_refused_and_may_come_again() {
        let mut f = Fixture::new();
        f.pass(1);
        f.fill_disk(true);
        let error = f.submit().unwrap_err().to_string();
        assert!(error.contains("missions.sqlite"), "{error}");
        assert_eq!(f.mission(), None);
        assert_eq!(orders(&f.pass(60)), 0);
        assert!(f.under_test.fault().is_some());
        f.fill_disk(false);
        f.pass(1);
        assert_eq!(f.under_test.fault(), None, "it shows without a new mission");
        assert_eq!(orders(&f.submit().unwrap()), 1);
    }

    #[test]
    fn order_waits_for_the_journal_and_goes_out_once() {
        let mut f = Fixture::new();
        assert_eq!(orders(&f.submit().unwrap()), 0, "nobody is there yet");
        f.fill_disk(true);
        assert_eq!(orders(&f.pass(60)), 0);
        assert_eq!(f.mission().unwrap().phase, MissionPhase::Executing);
        f.fill_disk(false);
        let effects = f.step(Event::Tick);
        assert_eq!((orders(&effects), ends(&effects)), (1, false));
        assert!(!ends(&f.pass(1)), "the wait is not blamed on the worker");
    }

    /// Files that somebody lays hands on, in the middle of a mission, then `kill -9` and a restart.
    #[test]
    fn journal_that_is_taken_away_is_written_anew_and_survives_the_process() {
        let cut = |path: &Path, bytes: u64| {
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(bytes).unwrap();
        };
        type Deed<'a> = &'a dyn Fn(&Path, &Path);
        let deeds: [(&str, Deed<'_>); 7] = [
            ("deleted", &|database, log| {
                std::fs::remove_file(database).unwrap();
                std::fs::remove_file(log).unwrap();
            }),
            ("deleted", &|database, _| {
                std::fs::remove_file(database).unwrap()
            }),
            ("deleted", &|_, log| std::fs::remove_file(log).unwrap()),
            ("deleted", &|database, _| {
                std::fs::remove_dir_all(database.parent().unwrap()).unwrap();
            }),
            ("truncated", &|database, _| cut(database, 0)),
            ("truncated", &|_, log| cut(log, 10)),
            ("replaced", &|database, _| {
                let other = database.with_extension("other");
                std::fs::write(&other, "not a journal").unwrap();
                std::fs::rename(&other, database).unwrap();
            }),
        ];
        for (change, deed) in deeds {
            let mut f = Fixture::new();
            f.pass(1);
            f.submit().unwrap();
            let token = f.token();
            let database = f.folder.path().join("missions.sqlite");
            let log = f.folder.path().join("missions.sqlite-wal");
            deed(&database, &log);
            let effects = f.step(Event::Tick);
            let said = |e: &Effect| matches!(e, Effect::Warning(t) if t.contains(change));
            assert!(effects.iter().any(said), "{change}: {effects:?}");
            assert_eq!((f.under_test.fault(), f.under_test.rewritten()), (None, 1));
            f.pass(1);
            assert_eq!((f.token(), f.under_test.rewritten()), (token, 1));
            f.succeed();
            // A process that is killed closes nothing.
            let incarnation = f.under_test.incarnation();
            let copy = tempfile::tempdir().unwrap();
            for file in std::fs::read_dir(f.folder.path()).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
            }
            let (_, recovered) = Journal::open(&copy.path().join("missions.sqlite")).unwrap();
            assert_eq!(recovered.missions[0].phase, MissionPhase::Succeeded);
            assert_eq!(recovered.last_token, token, "{change}");
            assert_eq!(recovered.incarnation, incarnation + 1, "{change}");
        }
    }

    #[test]
    fn journal_that_cannot_be_written_anew_refuses_missions_until_it_can() {
        let mut f = Fixture::new();
        f.pass(1);
        let folder = f.folder.path().to_path_buf();
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::write(&folder, "in the way").unwrap();
        f.pass(1);
        let fault = f.under_test.fault().unwrap();
        assert!(
            fault.contains("deleted") && fault.contains("written anew"),
            "{fault}"
        );
        assert!(f.submit().is_err());
        assert_eq!(f.mission(), None);
        std::fs::remove_file(&folder).unwrap();
        f.pass(1);
        assert_eq!((f.under_test.fault(), f.under_test.rewritten()), (None, 1));
        assert_eq!(orders(&f.submit().unwrap()), 1);
    }

    #[test]
    fn outcome_is_told_only_after_it_was_written() {
        let mut f = Fixture::new();
        f.pass(1);
        f.submit().unwrap();
        f.fill_disk(true);
        assert_eq!(f.succeed(), []);
        assert_eq!(f.pass(60), []);
        f.fill_disk(false);
        let effects = f.step(Event::Tick);
        assert!(ends(&effects), "{effects:?}");
        drop(f.under_test);
        let path = f.folder.path().join("missions.sqlite");
        let (_, recovered) = Journal::open(&path).unwrap();
        assert_eq!(recovered.missions[0].phase, MissionPhase::Succeeded);
    }

    #[test]
    fn cancellation_reaches_workers_without_the_journal_and_takes_the_order_back() {
        let mut f = Fixture::new();
        f.submit().unwrap();
        f.fill_disk(true);
        f.pass(1);
        let token = f.token();
        let effects = f.step(Event::Cancel(id()));
        let is_stop = |e: &Effect| matches!(e, Effect::CancelTask { token: t, .. } if *t == token);
        assert!(effects.len() == 1 && is_stop(&effects[0]), "{effects:?}");
        f.fill_disk(false);
        assert_eq!(orders(&f.step(Event::Tick)), 0);
    }
}
