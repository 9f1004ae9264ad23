//! Effects of the scheduler, made real.

use std::collections::BTreeMap;

use physical_ai_domain::{Time, WorkerName};
use physical_ai_mission::Effect;
use physical_ai_ros::msg::physical_ai_msgs::msg::{TaskBatch, TaskCancel, TaskUpdateAck};
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::{Context, Error, Publisher, Qos, assignment_to_msg, time_to_msg};

use crate::messages;
use crate::node::Orchestrator;

/// What each worker, by name and incarnation, is told at once.
pub type Batches = BTreeMap<(WorkerName, u64), TaskBatch>;

/// Topics to workers.
pub struct Wire {
    incarnation: u64,
    assign: BTreeMap<WorkerName, (Publisher<TaskBatch>, u64)>,
}

impl Wire {
    pub fn new(incarnation: u64) -> Self {
        Self {
            incarnation,
            assign: BTreeMap::new(),
        }
    }

    pub fn send(
        &mut self,
        context: &mut Context<Orchestrator>,
        worker: &WorkerName,
        incarnation: u64,
        batch: TaskBatch,
        now: Time,
    ) -> Result<(), Error> {
        if !self.assign.contains_key(worker) {
            let publisher = context.publisher(&format!("{worker}/assign"), Qos::events())?;
            self.assign.insert(worker.clone(), (publisher, 0));
        }
        let Some((publisher, sequence)) = self.assign.get_mut(worker) else {
            return Ok(());
        };
        *sequence += 1;
        publisher.publish(&TaskBatch {
            header: Header {
                stamp: time_to_msg(now),
                ..Default::default()
            },
            worker: worker.to_string(),
            worker_incarnation: incarnation,
            orchestrator_incarnation: self.incarnation,
            sequence: *sequence,
            ..batch
        });
        Ok(())
    }
}

impl Orchestrator {
    /// Lets effects happen, and says once when the journal breaks or mends.
    pub(crate) fn perform(&mut self, context: &mut Context<Self>, effects: Vec<Effect>) {
        let fault = self.scheduler.fault().map(str::to_owned);
        if fault != self.journal_fault {
            match &fault {
                Some(fault) => {
                    tracing::error!("{fault}; missions stand still until it can be written")
                }
                None => tracing::info!("the journal can be written again"),
            }
            self.journal_fault = fault;
            context.request_diagnostics_update();
        }
        let mut batches = Batches::new();
        for effect in effects {
            self.perform_one(context, effect, &mut batches);
        }
        self.publish_batches(context, batches);
    }

    fn perform_one(&mut self, context: &mut Context<Self>, effect: Effect, batches: &mut Batches) {
        match effect {
            Effect::Assign { .. } | Effect::CancelTask { .. } | Effect::Acknowledge { .. } => {
                add(batches, effect);
            }
            Effect::MissionChanged(id) => {
                self.changed.insert(id);
                self.missions_changed = true;
            }
            Effect::MissionEnded(id) => {
                self.missions_changed = true;
                if let Some(mission) = self.scheduler.state().mission(&id) {
                    tracing::info!(mission = %id, phase = mission.phase.as_str(), "mission ended {}", mission.error_msg);
                    self.goals.end(&id, mission, messages::result(mission));
                }
            }
            Effect::WorkerJoined(worker) => {
                let topic = format!("{worker}/updates");
                if let Err(error) = context.subscribe(&topic, Qos::events(), Self::updates) {
                    tracing::error!(%worker, "its updates cannot be heard: {error}");
                }
                self.know_checks_of(context, &worker);
                tracing::info!(%worker, "worker joined");
                self.workers_changed = true;
            }
            Effect::WorkersChanged => self.workers_changed = true,
            Effect::Warning(text) => tracing::warn!("{text}"),
            Effect::SaveMission(_) | Effect::SaveTask(..) | Effect::ForgetMission(_) => {
                self.missions_changed = true;
            }
        }
    }
}

/// Adds an order to its worker's batch.
fn add(batches: &mut Batches, order: Effect) {
    match order {
        Effect::Assign {
            worker,
            incarnation,
            assignment,
        } => {
            let batch = batches.entry((worker, incarnation)).or_default();
            batch.assign.push(assignment_to_msg(&assignment));
        }
        Effect::CancelTask {
            worker,
            incarnation,
            mission,
            task,
            token,
            reason,
        } => {
            let batch = batches.entry((worker, incarnation)).or_default();
            batch.cancel.push(TaskCancel {
                mission_id: mission.to_string(),
                task_id: task.to_string(),
                fencing_token: token.0,
                reason,
            });
        }
        Effect::Acknowledge {
            worker,
            incarnation,
            mission,
            task,
            token,
        } => {
            let batch = batches.entry((worker, incarnation)).or_default();
            batch.acknowledged.push(TaskUpdateAck {
                mission_id: mission.to_string(),
                task_id: task.to_string(),
                fencing_token: token.0,
            });
        }
        _ => {}
    }
}
