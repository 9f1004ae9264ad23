//! Answers whether a plan could be carried out as things stand: the service `<worker>/check_tasks`.

use physical_ai_ros::msg::physical_ai_msgs::srv::CheckTasks;
use physical_ai_ros::{Context, Error};

use crate::node::AgentNode;

/// Longest plan, bytes: that of the orchestrator.
const MAX_PLAN_BYTES: usize = 1 << 20;
/// `NOT_UNDERSTOOD` of ExecuteMission.
const NOT_UNDERSTOOD: u16 = 2;

/// Serves the question under this worker's name.
///
/// # Errors
/// If the service cannot be made.
pub fn serve(context: &mut Context<AgentNode>) -> Result<(), Error> {
    let name = format!("{}/check_tasks", context.node_name());
    context.service::<CheckTasks::Service>(&name, |app, context, request| {
        let checked = if request.plan.len() > MAX_PLAN_BYTES {
            Err(format!(
                "plan has {} bytes: at most {MAX_PLAN_BYTES} are read",
                request.plan.len()
            ))
        } else {
            app.agent.check_json(&request.plan, context.now())
        };
        match checked {
            Ok(violations) => CheckTasks::Response {
                violations,
                ..Default::default()
            },
            Err(error_msg) => CheckTasks::Response {
                error_code: NOT_UNDERSTOOD,
                error_msg,
                ..Default::default()
            },
        }
    })?;
    Ok(())
}
