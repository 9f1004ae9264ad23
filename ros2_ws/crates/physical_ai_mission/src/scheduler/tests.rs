use physical_ai_domain::{
    ErrorCode, Resources, RobotName, SkillName, TaskState, WorkerReport, WorkerState,
};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use physical_ai_fleet::parse_plan;

/// A worker that does what it is told, unless it is dead.
struct FakeWorker {
    name: WorkerName,
    incarnation: u64,
    alive: bool,
    robots: Vec<(&'static str, bool)>,
    attempts: Vec<TaskReport>,
    last_token: FencingToken,
    /// Why it starts nothing, if it does not.
    refuses: Option<ErrorCode>,
}

/// A scheduler, its workers and the wire between them.
struct Fixture {
    scheduler: Scheduler,
    workers: Vec<FakeWorker>,
    now: Now,
    warnings: Vec<String>,
    /// Starts by (task, token), in order.
    starts: Vec<(String, u64)>,
    ended: Vec<MissionId>,
    lose_orders: bool,
}

fn mission_id() -> MissionId {
    MissionId::try_new("m").unwrap()
}

impl Fixture {
    /// Workers `w0`, `w1`, … with these robots, each `(name, idempotent)`.
    fn new(workers: &[&[(&'static str, bool)]]) -> Self {
        let mut fixture = Self {
            scheduler: Scheduler::restore(
                SchedulerConfig::default(),
                Vec::new(),
                FencingToken(0),
                Now::default(),
            ),
            workers: workers
                .iter()
                .enumerate()
                .map(|(i, robots)| FakeWorker::new(&format!("w{i}"), robots))
                .collect(),
            now: Now::default(),
            warnings: Vec::new(),
            starts: Vec::new(),
            ended: Vec::new(),
            lose_orders: false,
        };
        fixture.pass(0.2);
        fixture
    }

    fn step(&mut self, event: Event) {
        let effects = self.scheduler.step(self.now, event);
        let first_action = effects.iter().position(|e| !is_save(e));
        let last_save = effects.iter().rposition(is_save);
        assert!(last_save.is_none() || first_action.is_none() || last_save < first_action);
        for effect in effects {
            match effect {
                Effect::Assign {
                    worker,
                    incarnation,
                    assignment,
                } if !self.lose_orders => self.deliver(&worker, incarnation, *assignment),
                Effect::CancelTask {
                    worker,
                    incarnation,
                    token,
                    ..
                } if !self.lose_orders => {
                    self.finish_attempt(&worker, incarnation, token, TaskState::Canceled);
                }
                Effect::Acknowledge {
                    worker,
                    incarnation,
                    token,
                    ..
                } => {
                    for w in &mut self.workers {
                        if w.name == worker && w.incarnation == incarnation {
                            w.attempts.retain(|a| a.token != token);
                        }
                    }
                }
                Effect::Warning(text) => self.warnings.push(text),
                Effect::MissionEnded(id) => self.ended.push(id),
                _ => {}
            }
        }
    }

    fn deliver(&mut self, worker: &WorkerName, incarnation: u64, a: Assignment) {
        let now = self.now.ros;
        for w in self.workers.iter_mut().filter(|w| w.alive) {
            let addressed = w.name == *worker && w.incarnation == incarnation;
            // Workers take a token once.
            if addressed && a.token > w.last_token {
                w.last_token = a.token;
                self.starts.push((a.task.to_string(), a.token.0));
                let mut first = report(&a.task, a.token, TaskState::Running, now);
                if let Some(error) = w.refuses {
                    (first.state, first.error, first.retryable) = (TaskState::Failed, error, true);
                }
                w.attempts.push(first);
            }
        }
    }

    fn finish_attempt(
        &mut self,
        worker: &WorkerName,
        incarnation: u64,
        token: FencingToken,
        state: TaskState,
    ) {
        for w in self.workers.iter_mut().filter(|w| w.alive) {
            if w.name == *worker && w.incarnation == incarnation {
                for a in w.attempts.iter_mut().filter(|a| a.token == token) {
                    a.state = state;
                }
            }
        }
    }

    /// Lets the current attempt of a task end.
    fn end(&mut self, task: &str, state: TaskState, error: ErrorCode, retryable: bool) {
        let status = self.status(task);
        for w in &mut self.workers {
            for a in w.attempts.iter_mut().filter(|a| a.token == status.token) {
                (a.state, a.error, a.retryable) = (state, error, retryable);
                a.error_msg = format!("{error:?}");
            }
        }
        self.pass(0.4);
    }

    fn succeed(&mut self, task: &str) {
        self.end(task, TaskState::Succeeded, ErrorCode::Ok, false);
    }

    /// Time goes on; every live worker sends its heartbeat each 0.2 s.
    fn pass(&mut self, seconds: f64) {
        for _ in 0..(seconds / 0.2).round() as usize {
            self.now.steady_s += 0.2;
            self.now.ros = self.now.ros.plus_seconds(0.2);
            for i in 0..self.workers.len() {
                if self.workers[i].alive {
                    let report = self.workers[i].report();
                    self.step(Event::Heartbeat(Box::new(report)));
                }
            }
            self.step(Event::Tick);
        }
    }

    fn run(&mut self, plan: &str) {
        let submission = Submission {
            id: mission_id(),
            source: plan.to_owned(),
            planner: "given".to_owned(),
            plan: parse_plan(plan).unwrap(),
            priority: 0,
            deadline: Time::ZERO,
        };
        self.step(Event::Submit(Box::new(submission)));
        self.pass(0.2);
    }

    fn kill(&mut self, worker: usize) {
        self.workers[worker].alive = false;
    }

    fn restart(&mut self, worker: usize) {
        let w = &mut self.workers[worker];
        (w.alive, w.incarnation, w.last_token) = (true, w.incarnation + 1, FencingToken(0));
        w.attempts.clear();
    }

    fn mission(&self) -> &Mission {
        self.scheduler.mission(&mission_id()).unwrap()
    }

    fn status(&self, task: &str) -> crate::TaskStatus {
        let mission = self.mission();
        mission.tasks[mission.find_task(task).unwrap()]
            .status
            .clone()
    }

    fn states(&self) -> Vec<TaskState> {
        self.mission()
            .tasks
            .iter()
            .map(|t| t.status.state)
            .collect()
    }
}

fn is_save(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::SaveMission(_) | Effect::SaveTask(..) | Effect::ForgetMission(_)
    )
}

/// The heartbeat of a worker with one robot that can `go`.
pub(crate) fn heartbeat(robot: &'static str) -> Event {
    Event::Heartbeat(Box::new(FakeWorker::new("w0", &[(robot, true)]).report()))
}

pub(crate) fn report(
    task: &TaskId,
    token: FencingToken,
    state: TaskState,
    now: Time,
) -> TaskReport {
    TaskReport {
        mission: mission_id(),
        task: task.clone(),
        attempt: 1,
        token,
        state,
        progress: 0.0,
        started: now,
        finished: Time::ZERO,
        error: ErrorCode::Ok,
        error_msg: String::new(),
        result: String::new(),
        retryable: false,
    }
}

impl FakeWorker {
    fn new(name: &str, robots: &[(&'static str, bool)]) -> Self {
        Self {
            name: WorkerName::try_new(name).unwrap(),
            incarnation: 1,
            alive: true,
            robots: robots.to_vec(),
            attempts: Vec::new(),
            last_token: FencingToken(0),
            refuses: None,
        }
    }

    fn report(&self) -> WorkerReport {
        let offer = |(robot, idempotent): &(&str, bool)| Capability {
            skill: SkillName::try_new("go").unwrap(),
            robot: Some(RobotName::try_new(*robot).unwrap()),
            description: String::new(),
            parameters_schema: json!({}),
            mean_duration_s: 0.0,
            requires: Resources::new(),
            idempotent: *idempotent,
            ready: true,
            reason: String::new(),
        };
        WorkerReport {
            worker: self.name.clone(),
            kind: "agent".to_owned(),
            incarnation: self.incarnation,
            host: "h".to_owned(),
            pid: self.incarnation as u32,
            state: WorkerState::Active,
            lease_s: 1.0,
            load: 0.0,
            resources_total: Resources::from([("lift".to_owned(), 1.0)]),
            resources_free: Resources::new(),
            capabilities: self.robots.iter().map(offer).collect(),
            data: Vec::new(),
            running: self.attempts.clone(),
            last_token: self.last_token,
        }
    }
}

#[test]
fn tasks_run_in_order_and_robots_in_parallel() {
    let mut f = Fixture::new(&[&[("a", true), ("b", true)]]);
    f.run(
        "tasks: [{id: x, skill: go, robot: a}, {id: y, skill: go, robot: b}, \
         {id: z, skill: go, robot: a, after: [x, y]}, {id: w, skill: go, robot: a}]",
    );
    use TaskState::*;
    assert_eq!(f.states(), [Running, Running, Pending, Ready]);
    f.succeed("x");
    assert_eq!(f.states(), [Succeeded, Running, Pending, Running]);
    f.succeed("y");
    f.succeed("w");
    assert_eq!(f.states(), [Succeeded, Succeeded, Running, Succeeded]);
    f.succeed("z");
    assert_eq!(f.mission().phase, MissionPhase::Succeeded);
    assert_eq!(f.ended, [mission_id()]);
    assert!(
        f.workers[0].attempts.is_empty(),
        "outcomes are acknowledged"
    );
    assert_eq!(f.warnings, [""; 0]);
}

#[test]
fn broken_offer_takes_the_place_of_the_older_one_and_is_named_once() {
    let mut f = Fixture::new(&[&[("a", true)]]);
    assert!(f.scheduler.fleet().can("a", "go"));
    let mut report = f.workers[0].report();
    report.capabilities[0].parameters_schema = json!({"type": "intger"});
    for _ in 0..2 {
        f.step(Event::Heartbeat(Box::new(report.clone())));
    }
    assert!(
        !f.scheduler.fleet().can("a", "go"),
        "the older offer is gone"
    );
    assert_eq!(f.warnings.len(), 1, "{:?}", f.warnings);
    let expected =
        "worker w0: its offer of go of a is refused: in its parameters_schema, #/type is";
    assert!(f.warnings[0].starts_with(expected), "{:?}", f.warnings);
    let refused = &f.scheduler.workers().next().unwrap().refused;
    assert_eq!(refused.len(), 1);
    f.pass(0.2);
    assert!(
        f.scheduler.fleet().can("a", "go"),
        "a good one counts again"
    );
}

#[test]
fn lost_worker_means_reassignment_only_for_idempotent_tasks() {
    let check = |idempotent, expected: TaskState| {
        let mut f = Fixture::new(&[&[("a", idempotent)], &[("b", idempotent)]]);
        f.run("tasks: [{id: x, skill: go, on_failure: reassign}]");
        assert_eq!(f.status("x").worker.unwrap().as_str(), "w0");
        f.kill(0);
        f.pass(3.0);
        assert_eq!(f.states(), [expected], "idempotent: {idempotent}");
        f
    };
    let f = check(true, TaskState::Running);
    assert_eq!(f.status("x").worker.unwrap().as_str(), "w1");
    assert_eq!(f.starts.len(), 2);
    let f = check(false, TaskState::Failed);
    assert_eq!(f.starts.len(), 1);
    assert!(
        f.status("x")
            .error_msg
            .contains("may have been done in part")
    );
    assert_eq!(f.mission().error, MissionError::TaskFailed);
}

#[test]
fn restarted_worker_gets_its_idempotent_task_again() {
    let mut f = Fixture::new(&[&[("a", true)]]);
    f.run("tasks: [{id: x, skill: go, on_failure: reassign}]");
    f.kill(0);
    f.restart(0);
    f.pass(1.0);
    assert_eq!(f.states(), [TaskState::Running]);
    assert_eq!(f.status("x").attempt, 2);
    assert_eq!(f.status("x").incarnation, 2);
    f.succeed("x");
    assert_eq!(f.mission().phase, MissionPhase::Succeeded);
}

#[test]
fn second_process_of_a_name_gets_nothing_while_the_first_lives() {
    let mut f = Fixture::new(&[&[("a", true)]]);
    let twin = FakeWorker {
        incarnation: 9,
        ..FakeWorker::new("w0", &[("a", true)])
    };
    f.workers.push(twin);
    f.pass(2.0);
    f.run("tasks: [{id: x, skill: go}]");
    assert_eq!(f.status("x").incarnation, 1);
    assert_eq!(f.warnings.len(), 1, "{:?}", f.warnings);
    assert!(f.warnings[0].contains("\"w0\" is claimed by two processes"));
}

#[test]
fn failure_policies_mean_what_they_say() {
    let check = |policy: &str, failures: usize, expected: &[TaskState], phase: MissionPhase| {
        let mut f = Fixture::new(&[&[("a", false)]]);
        f.run(&format!(
            "tasks: [{{id: x, skill: go, on_failure: {policy}}}, {{id: y, skill: go, after: [x]}}, \
             {{id: undo, skill: go}}, {{id: z, skill: go, on_failure: {{kind: compensate, compensation: undo}}, after: [y]}}]"
        ));
        for _ in 0..failures {
            f.end("x", TaskState::Failed, ErrorCode::Blocked, true);
            f.pass(1.2);
        }
        for _ in 0..3 {
            let active: Vec<String> = f
                .mission()
                .tasks
                .iter()
                .filter(|t| t.status.is_active())
                .map(|t| t.spec.id.to_string())
                .collect();
            for task in active {
                f.succeed(&task);
            }
        }
        assert_eq!(f.states(), expected, "{policy}");
        assert_eq!(f.mission().phase, phase, "{policy}");
        f
    };
    use TaskState::*;
    let done = [Succeeded, Succeeded, Skipped, Succeeded];
    check(
        "{kind: retry, max_attempts: 3, backoff_s: 1.0}",
        2,
        &done,
        MissionPhase::Succeeded,
    );
    check(
        "{kind: retry, max_attempts: 2}",
        2,
        &[Failed, Skipped, Skipped, Skipped],
        MissionPhase::Failed,
    );
    check(
        "fail_mission",
        1,
        &[Failed, Skipped, Skipped, Skipped],
        MissionPhase::Failed,
    );
    check(
        "skip",
        1,
        &[Skipped, Skipped, Skipped, Skipped],
        MissionPhase::Succeeded,
    );
    let mut f = check("ask_operator", 1, &[Pending; 4], MissionPhase::Waiting);
    assert!(f.status("x").error_msg.contains("waits for an operator"));
    let x = TaskId::try_new("x").unwrap();
    f.step(Event::Resolve(mission_id(), x, Decision::Retry));
    f.pass(0.2);
    assert_eq!(f.status("x").state, Running);
}

#[test]
fn refusals_are_no_attempts() {
    for (error, is_refusal) in [
        (ErrorCode::Busy, true),
        (ErrorCode::StaleData, true),
        (ErrorCode::Blocked, false),
    ] {
        let mut f = Fixture::new(&[&[("a", true)]]);
        f.workers[0].refuses = Some(error);
        f.run("tasks: [{id: x, skill: go}]");
        f.pass(3.0);
        assert_eq!(f.status("x").state.is_terminal(), !is_refusal, "{error:?}");
        f.workers[0].refuses = None;
        f.pass(0.6);
        let running = f.status("x").state == TaskState::Running;
        assert_eq!(running, is_refusal, "{error:?}");
    }
    // What had started and then lost sight of its robot was an attempt.
    let mut f = Fixture::new(&[&[("a", true)]]);
    f.run("tasks: [{id: x, skill: go, on_failure: {kind: retry, max_attempts: 2}}]");
    for _ in 0..2 {
        f.end("x", TaskState::Failed, ErrorCode::StaleData, true);
    }
    assert_eq!(f.status("x").state, TaskState::Failed);
}

#[test]
fn compensation_runs_before_the_mission_fails() {
    let mut f = Fixture::new(&[&[("a", false)]]);
    f.run(
        "tasks: [{id: x, skill: go, on_failure: {kind: compensate, compensation: undo}}, \
         {id: undo, skill: go}]",
    );
    f.end("x", TaskState::Failed, ErrorCode::GraspFailed, false);
    f.pass(0.4);
    assert_eq!(f.states(), [TaskState::Failed, TaskState::Running]);
    f.succeed("undo");
    assert_eq!(f.states(), [TaskState::Failed, TaskState::Succeeded]);
    assert_eq!(f.mission().phase, MissionPhase::Failed);
    assert!(f.mission().error_msg.contains("task x: GraspFailed"));
}

#[test]
fn cancel_reaches_the_worker_and_ends_the_mission() {
    let mut f = Fixture::new(&[&[("a", false)]]);
    f.run("tasks: [{id: x, skill: go}, {id: y, skill: go, after: [x]}]");
    f.lose_orders = true;
    f.step(Event::Cancel(mission_id()));
    assert_eq!(f.states(), [TaskState::Canceling, TaskState::Canceled]);
    f.pass(1.0);
    assert_eq!(f.mission().phase, MissionPhase::Cancelling);
    f.lose_orders = false;
    f.pass(1.0);
    assert_eq!(f.states(), [TaskState::Canceled; 2]);
    assert_eq!(f.mission().phase, MissionPhase::Canceled);
}

#[test]
fn lost_order_is_repeated_and_executed_once() {
    let mut f = Fixture::new(&[&[("a", false)]]);
    f.lose_orders = true;
    f.run("tasks: [{id: x, skill: go}]");
    f.pass(1.0);
    f.lose_orders = false;
    f.pass(1.2);
    assert_eq!(f.starts, [("x".to_owned(), 1)]);
    assert_eq!(f.states(), [TaskState::Running]);
}

#[test]
fn lies_of_workers_are_named_and_ignored() {
    let mut f = Fixture::new(&[&[("a", true)], &[("b", true)]]);
    f.run("tasks: [{id: x, skill: go, robot: a, on_failure: {kind: retry, max_attempts: 9}}]");
    f.end("x", TaskState::Failed, ErrorCode::Blocked, true);
    f.pass(0.2);
    let current = f.status("x").token;
    let mut lie = |worker: &str, task: &str, token: u64, state, expected: &str| {
        let task = TaskId::try_new(task).unwrap();
        f.step(Event::Updates {
            worker: WorkerName::try_new(worker).unwrap(),
            incarnation: 1,
            reports: vec![report(&task, FencingToken(token), state, Time::ZERO)],
        });
        let warning = f.warnings.pop().unwrap();
        assert!(warning.contains(expected), "{warning}");
        assert_eq!(f.states(), [TaskState::Running]);
    };
    lie("w0", "x", current.0 - 1, TaskState::Succeeded, "is old");
    lie("w1", "x", current.0, TaskState::Succeeded, "was not given");
    lie(
        "w0",
        "x",
        current.0 + 7,
        TaskState::Succeeded,
        "was not given",
    );
    lie("w0", "q", 77, TaskState::Succeeded, "does not exist");
    lie(
        "w0",
        "x",
        current.0,
        TaskState::Skipped,
        "only running, succeeded",
    );
}

#[test]
fn missing_worker_ends_the_wait_with_a_reason() {
    let mut f = Fixture::new(&[&[("a", true)]]);
    f.run("tasks: [{id: x, skill: go, robot: b}]");
    f.pass(40.0);
    assert_eq!(f.mission().error, MissionError::NoWorker);
    assert!(f.mission().error_msg.contains("offered go for b"));
}

#[test]
fn resources_of_a_worker_are_not_overdrawn() {
    let mut f = Fixture::new(&[&[("a", true), ("b", true)]]);
    f.run(
        "tasks: [{id: x, skill: go, robot: a, resources: {lift: 1}}, \
         {id: y, skill: go, robot: b, resources: {lift: 1}}]",
    );
    assert_eq!(f.states(), [TaskState::Running, TaskState::Ready]);
    f.succeed("x");
    f.pass(0.2);
    assert_eq!(f.states(), [TaskState::Succeeded, TaskState::Running]);
}

#[test]
fn deadline_ends_the_mission() {
    let mut f = Fixture::new(&[&[("a", true)]]);
    let plan = "tasks: [{id: x, skill: go}]";
    f.step(Event::Submit(Box::new(Submission {
        id: mission_id(),
        source: plan.to_owned(),
        planner: "given".to_owned(),
        plan: parse_plan(plan).unwrap(),
        priority: 0,
        deadline: f.now.ros.plus_seconds(2.0),
    })));
    f.pass(3.0);
    assert_eq!(f.mission().error, MissionError::DeadlineMissed);
    assert_eq!(f.states(), [TaskState::Canceled]);
}

#[test]
fn sleeping_orchestrator_does_not_take_its_workers_for_dead() {
    let mut f = Fixture::new(&[&[("a", true)]]);
    f.run("tasks: [{id: x, skill: go}, {id: y, skill: go, after: [x]}]");
    let steps_s = [0.6, 3.0, 60.0, 3600.0];
    for asleep_s in steps_s {
        f.now.steady_s += asleep_s;
        f.step(Event::Tick);
        // What workers said meanwhile comes late, as after a repair by the middleware.
        for _ in 0..20 {
            f.now.steady_s += 0.2;
            f.step(Event::Tick);
        }
        f.pass(1.0);
        assert_eq!(f.states(), [TaskState::Running, TaskState::Pending]);
        assert_eq!(f.starts, [("x".to_owned(), 1)], "after {asleep_s} s");
    }
    assert_eq!(f.warnings.len(), steps_s.len(), "{:?}", f.warnings);
    assert!(f.warnings.iter().all(|w| w.contains("stood still")));
    f.succeed("x");
    assert_eq!(f.starts.len(), 2, "{:?}", f.starts);
}

/// A tick that comes before what was said meanwhile starts nothing on old knowledge.
#[test]
fn sleeping_orchestrator_reads_before_it_orders() {
    let mut f = Fixture::new(&[&[("a", true)]]);
    f.run("tasks: [{id: x, skill: go, robot: b}]");
    f.workers[0].robots = vec![("b", true)];
    f.now.steady_s += 3.0;
    let report = f.workers[0].report();
    f.step(Event::Heartbeat(Box::new(report)));
    f.step(Event::Tick);
    assert_eq!(f.starts, []);
    f.pass(1.0);
    assert_eq!(f.starts.len(), 1);
}

#[test]
fn worker_that_died_while_the_orchestrator_slept_is_noticed_afterwards() {
    let mut f = Fixture::new(&[&[("a", true)], &[("b", true)]]);
    f.run("tasks: [{id: x, skill: go, on_failure: reassign}]");
    f.kill(0);
    f.now.steady_s += 3.0;
    f.pass(RECOVERY_S + 1.0);
    assert_eq!(f.starts.len(), 2, "{:?}", f.starts);
}

/// The worker stood still, lost its task, and goes on with it when it is back.
#[test]
fn attempt_that_was_given_up_is_stopped_when_its_worker_speaks_again() {
    for policy in ["retry", "skip", "fail_mission"] {
        let mut f = Fixture::new(&[&[("a", true)]]);
        f.run(&format!(
            "tasks: [{{id: x, skill: go, on_failure: {policy}}}]"
        ));
        f.kill(0);
        f.pass(4.0);
        f.workers[0].alive = true;
        f.pass(1.0);
        let old = f.workers[0].attempts.iter().find(|a| a.token.0 == 1);
        let moves_on = old.is_some_and(|a| a.state == TaskState::Running);
        assert!(!moves_on, "{policy}: {:?}", f.workers[0].attempts);
    }
}

#[test]
fn restarted_scheduler_goes_on_where_it_was() {
    let mut f = Fixture::new(&[&[("a", false)]]);
    f.run("tasks: [{id: x, skill: go}, {id: y, skill: go, after: [x]}]");
    let missions: Vec<Mission> = f.scheduler.missions().into_iter().cloned().collect();
    let token = f.scheduler.last_token();
    f.now = Now {
        ros: f.now.ros,
        steady_s: 0.0,
    };
    f.scheduler = Scheduler::restore(SchedulerConfig::default(), missions, token, f.now);
    f.pass(1.0);
    f.succeed("x");
    f.succeed("y");
    assert_eq!(f.mission().phase, MissionPhase::Succeeded);
    assert_eq!(f.starts.len(), 2, "nothing ran twice: {:?}", f.starts);
}

#[test]
fn old_missions_are_forgotten() {
    let mut f = Fixture::new(&[&[("a", true)]]);
    f.scheduler.config.retained_missions = 0;
    f.run("tasks: [{id: x, skill: go}]");
    f.succeed("x");
    assert!(f.scheduler.missions().is_empty());
}

#[derive(Debug, Clone)]
enum Chaos {
    Kill(usize),
    Restart(usize),
    Succeed(usize),
    Fail(usize),
    LoseOrders(bool),
    RestartScheduler,
    Pass(u8),
}

fn chaos() -> impl Strategy<Value = Chaos> {
    prop_oneof![
        (0..2usize).prop_map(Chaos::Kill),
        (0..2usize).prop_map(Chaos::Restart),
        (0..4usize).prop_map(Chaos::Succeed),
        (0..4usize).prop_map(Chaos::Succeed),
        (0..4usize).prop_map(Chaos::Fail),
        any::<bool>().prop_map(Chaos::LoseOrders),
        Just(Chaos::RestartScheduler),
        (1..20u8).prop_map(Chaos::Pass),
    ]
}

proptest! {
    /// Whatever dies, a mission ends, and a task that may not be repeated starts at most once.
    #[test]
    fn missions_end_and_nothing_runs_twice(events in prop::collection::vec(chaos(), 0..60)) {
        let mut f = Fixture::new(&[&[("a", false)], &[("b", false)]]);
        f.run(
            "tasks: [{id: t0, skill: go, on_failure: reassign}, {id: t1, skill: go, on_failure: skip}, \
             {id: t2, skill: go, after: [t0]}, {id: t3, skill: go, robot: b, after: [t1], on_failure: skip}]",
        );
        for event in events {
            match event {
                Chaos::Kill(w) => f.kill(w),
                Chaos::Restart(w) if !f.workers[w].alive => f.restart(w),
                Chaos::Restart(_) => {}
                Chaos::Succeed(t) => f.succeed(&format!("t{t}")),
                Chaos::Fail(t) => f.end(&format!("t{t}"), TaskState::Failed, ErrorCode::Blocked, false),
                Chaos::LoseOrders(lose) => f.lose_orders = lose,
                Chaos::RestartScheduler => {
                    let missions = f.scheduler.missions().into_iter().cloned().collect();
                    let token = f.scheduler.last_token();
                    f.scheduler = Scheduler::restore(SchedulerConfig::default(), missions, token, f.now);
                }
                Chaos::Pass(fifths) => f.pass(f64::from(fifths) * 0.2),
            }
        }
        f.lose_orders = false;
        for w in 0..2 {
            if !f.workers[w].alive {
                f.restart(w);
            }
        }
        for _ in 0..20 {
            f.pass(6.0);
            for t in 0..4 {
                f.succeed(&format!("t{t}"));
            }
        }
        prop_assert!(f.mission().phase.is_terminal(), "{:?}", f.states());
        for t in 0..4 {
            let starts = f.starts.iter().filter(|(task, _)| *task == format!("t{t}")).count();
            prop_assert!(starts <= 1, "t{} started {} times", t, starts);
        }
    }
}
