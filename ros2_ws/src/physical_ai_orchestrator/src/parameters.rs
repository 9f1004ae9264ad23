use std::path::PathBuf;

use physical_ai_mission::SchedulerConfig;
use physical_ai_planning::PlanPromptStyle;

physical_ai_ros::parameters! {
    /// Parameters of the orchestrator.
    pub struct OrchestratorParameters {
        /// Journal of missions (SQLite); empty: missions-DOMAIN-NAMESPACE.sqlite in $XDG_STATE_HOME/physical_ai or ~/.local/state/physical_ai.
        journal_file: String = String::new(), read_only;
        /// Leases of silence after which a worker's tasks are fenced and go elsewhere.
        lost_after_leases: f64 = 2.0, range(1.0, 100.0);
        /// Silence after which a worker is forgotten, s.
        forget_worker_s: f64 = 60.0, range(1.0, 86400.0);
        /// Longest wait for a worker that can take a ready task, s.
        worker_wait_s: f64 = 30.0, range(0.1, 86400.0);
        /// Longest wait of a new mission for the first worker to appear, s.
        fleet_wait_s: f64 = 5.0, range(0.0, 3600.0);
        /// Inference worker whose language model plans missions in plain language; empty: the parser plans them.
        planner_worker: String = String::new(), read_only;
        /// Longest wait for the model's plan; then the parser makes one, s.
        planner_timeout_s: f64 = 60.0, range(0.1, 3600.0);
        /// What the model was made for: "instructed" (following instructions, as Phi-3.5-mini-instruct) or "trained" (planning, by the recipe in physical_ai_planning/planner).
        planner_prompt: String = "instructed".to_owned(), read_only;
        /// Probability that the model itself gives its answer, below which the answer is not used; 0: any is.
        planner_min_probability: f64 = 0.0, range(0.0, 1.0);
        /// Plans that wait for a user's word before anything moves: "never", "model" (what a language model made of a sentence) or "always".
        confirm_plans: String = "model".to_owned(), read_only;
        /// Longest wait for that word; then the mission ends as not confirmed, s.
        confirm_timeout_s: f64 = 120.0, range(1.0, 86400.0), read_only;
        /// Longest time that a worker does not mention an attempt that it was given, s.
        confirm_s: f64 = 5.0, range(0.5, 3600.0);
        /// Ended missions that are kept for those who ask.
        retained_missions: i64 = 100, range(0, 100000);
        /// Most missions at a time.
        max_missions: i64 = 1000, range(1, 100000);
        /// Results of ended action goals are kept so long for clients that ask late, s.
        result_timeout_s: f64 = 900.0, range(1.0, 86400.0), read_only;
    }
}

/// Plans that wait for a user's word before anything moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmPlans {
    Never,
    /// What a language model made of a sentence: it may have understood something else.
    Model,
    Always,
}

impl ConfirmPlans {
    /// True if a plan that `planner` made waits.
    pub fn concerns(self, planner: &str) -> bool {
        match self {
            Self::Never => false,
            Self::Model => planner == "model",
            Self::Always => true,
        }
    }
}

impl OrchestratorParameters {
    /// Which plans wait for a user's word.
    ///
    /// # Errors
    /// Names the value that is not known.
    pub fn confirm_plans(&self) -> Result<ConfirmPlans, String> {
        match self.confirm_plans.as_str() {
            "never" => Ok(ConfirmPlans::Never),
            "model" => Ok(ConfirmPlans::Model),
            "always" => Ok(ConfirmPlans::Always),
            other => Err(format!(
                "confirm_plans is {other:?}: must be \"never\", \"model\" or \"always\""
            )),
        }
    }

    /// How the model is asked.
    ///
    /// # Errors
    /// Names the value that is not known.
    pub fn prompt_style(&self) -> Result<PlanPromptStyle, String> {
        match self.planner_prompt.as_str() {
            "trained" => Ok(PlanPromptStyle::Trained),
            "instructed" => Ok(PlanPromptStyle::Instructed),
            other => Err(format!(
                "planner_prompt is {other:?}: must be \"trained\" or \"instructed\""
            )),
        }
    }

    /// Times and limits of the scheduler.
    pub fn scheduler(&self) -> SchedulerConfig {
        SchedulerConfig {
            lost_after_leases: self.lost_after_leases,
            forget_worker_s: self.forget_worker_s,
            worker_wait_s: self.worker_wait_s,
            confirm_s: self.confirm_s,
            retained_missions: usize::try_from(self.retained_missions).unwrap_or(0),
            max_missions: usize::try_from(self.max_missions).unwrap_or(1),
        }
    }

    /// Where the journal is. Suites in other domains and namespaces have their own.
    pub fn journal_path(&self, namespace: &str, node_name: &str) -> PathBuf {
        if !self.journal_file.is_empty() {
            return PathBuf::from(&self.journal_file);
        }
        physical_ai_ros::state_path("missions", namespace, node_name, "sqlite")
    }
}
