//! Faults of the simulated world, for tests: the service `simulation/inject_fault`.

use physical_ai_domain::RobotName;
use physical_ai_ros::msg::physical_ai_msgs::srv::InjectFault;
use physical_ai_ros::{Context, Error, pose_from_msg};
use physical_ai_sim::Fault;

use crate::node::Simulation;

/// Answer to a fault that cannot be injected.
const REFUSED: u16 = 1;
const KNOWN: &str = "jam, release, power_off, power_on, silence, speak, place_object";

/// Serves `simulation/inject_fault`.
///
/// # Errors
/// If the service cannot be made.
pub fn serve(context: &mut Context<Simulation>) -> Result<(), Error> {
    context.service::<InjectFault::Service>("simulation/inject_fault", |app, _, request| {
        let mut response = InjectFault::Response::default();
        let injected =
            fault(&request).and_then(|fault| app.world.inject(&fault).map_err(|e| e.to_string()));
        match injected {
            Ok(()) => tracing::warn!(
                robot = request.robot,
                joint = request.joint,
                object = request.object,
                "fault injected: {}",
                request.fault
            ),
            Err(reason) => {
                response.error_code = REFUSED;
                response.error_msg = reason;
            }
        }
        response
    })?;
    Ok(())
}

fn fault(request: &InjectFault::Request) -> Result<Fault, String> {
    let robot = || {
        RobotName::try_new(&request.robot).map_err(|e| format!("robot {:?}: {e}", request.robot))
    };
    let joint = (!request.joint.is_empty()).then(|| request.joint.clone());
    let fault = match request.fault.as_str() {
        "jam" => Fault::Jam {
            robot: robot()?,
            joint,
        },
        "release" => Fault::Release {
            robot: robot()?,
            joint,
        },
        "power_off" => Fault::PowerOff(robot()?),
        "power_on" => Fault::PowerOn(robot()?),
        "silence" => Fault::Silence(robot()?),
        "speak" => Fault::Speak(robot()?),
        "place_object" => Fault::PlaceObject {
            object: request.object.clone(),
            pose: pose_from_msg(&request.pose),
        },
        other => return Err(format!("fault is {other:?}: must be one of {KNOWN}")),
    };
    let unused = match fault {
        Fault::PlaceObject { .. } => [("robot", &request.robot), ("joint", &request.joint)],
        Fault::Jam { .. } | Fault::Release { .. } => [("object", &request.object); 2],
        _ => [("joint", &request.joint), ("object", &request.object)],
    };
    match unused.iter().find(|(_, value)| !value.is_empty()) {
        None => Ok(fault),
        Some((field, value)) => Err(format!(
            "{field} is {value:?}: {} takes none, leave it empty",
            request.fault
        )),
    }
}
