//! The ROS runtime: the only crate that names r2r.
//!
//! One process is one node with one spin thread. The thread owns the r2r node and the application's
//! state; every callback runs on it with `&mut` access, so there is no lock and no hop between a
//! message and its answer. Heavy work goes to another thread and posts back with [`EventSender`].
//!
//! ```no_run
//! use physical_ai_ros::{Application, ClockKind, Context, Error, Qos, msg::std_msgs};
//!
//! physical_ai_ros::parameters! {
//!     /// Parameters of the echo node.
//!     pub struct EchoParameters {
//!         /// Text put before every echo.
//!         prefix: String = "echo: ".to_owned();
//!     }
//! }
//!
//! struct Echo;
//!
//! impl Application for Echo {
//!     type Parameters = EchoParameters;
//!     const DESCRIPTION: &'static str = "Repeats what it hears.";
//!
//!     fn configure(context: &mut Context<Self>, p: &EchoParameters) -> Result<Self, Error> {
//!         let prefix = p.prefix.clone();
//!         let out = context.publisher::<std_msgs::msg::String>("out", Qos::standard())?;
//!         context.subscribe("in", Qos::standard(), move |_, _, m: std_msgs::msg::String| {
//!             out.publish(&std_msgs::msg::String { data: format!("{prefix}{}", m.data) });
//!         })?;
//!         Ok(Self)
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     physical_ai_ros::run::<Echo>("echo")
//! }
//! ```

mod action_client;
mod action_server;
mod application;
mod arguments;
mod attempts;
mod client;
mod clock;
mod context;
mod convert;
mod error;
mod executor;
mod late_replies;
mod lifecycle;
mod logging;
mod paced_replies;
mod parameter_files;
mod parameters;
mod qos;
mod serialization;
mod service_client;
mod services;
mod state_folder;
mod tokens;
mod worker_link;

pub use action_client::{ActionClient, GoalOutcome, GoalStatus};
pub use action_server::{
    ActionServer, CancelDecision, GoalDecision, GoalHandle, GoalId, ServerOptions,
};
pub use application::{Application, Diagnostic, Level};
pub use arguments::Arguments;
pub use client::{Client, SentGoal, middleware_hangs};
pub use clock::{ClockKind, time_from_msg, time_to_msg};
pub use context::{Context, EventSender, Handle, Publisher, Responder};
pub use convert::*;
pub use error::Error;
pub use executor::run;
pub use parameters::{Descriptor, ParameterType, ParameterValue, Parameters, StandardParameters};
#[doc(hidden)]
pub use parameters::{unknown as unknown_parameter, wrong_type as wrong_parameter_type};
pub use qos::{OfferedQos, Qos};
pub use serialization::{deserialize, serialize};
pub use service_client::ServiceClient;
pub use state_folder::{runtime_path, state_path};
pub use tokens::random_token;
pub use worker_link::*;

/// Message, service and action types, so that nodes need not name r2r.
pub mod msg {
    pub use r2r::{
        WrappedActionTypeSupport as Action, WrappedServiceTypeSupport as Service,
        WrappedTypesupport as Message, action_msgs, builtin_interfaces, control_msgs,
        diagnostic_msgs, geometry_msgs, lifecycle_msgs, nav_msgs, physical_ai_msgs, rcl_interfaces,
        rosgraph_msgs, sensor_msgs, std_msgs, std_srvs, tf2_msgs, trajectory_msgs,
        unique_identifier_msgs,
    };
}
