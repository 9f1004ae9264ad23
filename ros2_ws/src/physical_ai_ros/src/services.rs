//! The services that every node has: lifecycle and parameters.

use futures::{FutureExt, Stream, StreamExt};
use r2r::lifecycle_msgs::{msg::TransitionEvent, srv as lifecycle};
use r2r::rcl_interfaces::{msg, srv};
use r2r::{Node, Publisher, ServiceRequest, WrappedServiceTypeSupport};

use crate::parameters::{Descriptor, ParameterValue};
use crate::{Error, Qos};

pub(crate) type Requests<S> = Box<dyn Stream<Item = ServiceRequest<S>> + Unpin>;

/// Takes the next waiting request, if there is one.
pub(crate) fn take<S: WrappedServiceTypeSupport + 'static>(
    requests: &mut Requests<S>,
) -> Option<ServiceRequest<S>> {
    requests.next().now_or_never().flatten()
}

/// Answers; a client that is gone is nobody's problem.
pub(crate) fn answer<S: WrappedServiceTypeSupport + 'static>(
    request: ServiceRequest<S>,
    response: S::Response,
) {
    if let Err(error) = request.respond(response) {
        tracing::debug!(%error, "service client is gone");
    }
}

pub(crate) struct NodeServices {
    pub(crate) change_state: Requests<lifecycle::ChangeState::Service>,
    pub(crate) get_state: Requests<lifecycle::GetState::Service>,
    pub(crate) available_states: Requests<lifecycle::GetAvailableStates::Service>,
    pub(crate) available_transitions: Requests<lifecycle::GetAvailableTransitions::Service>,
    pub(crate) transition_graph: Requests<lifecycle::GetAvailableTransitions::Service>,
    pub(crate) transition_event: Publisher<TransitionEvent>,
    pub(crate) list: Requests<srv::ListParameters::Service>,
    pub(crate) get: Requests<srv::GetParameters::Service>,
    pub(crate) types: Requests<srv::GetParameterTypes::Service>,
    pub(crate) describe: Requests<srv::DescribeParameters::Service>,
    pub(crate) set: Requests<srv::SetParameters::Service>,
    pub(crate) set_atomically: Requests<srv::SetParametersAtomically::Service>,
    pub(crate) parameter_events: Publisher<msg::ParameterEvent>,
}

fn serve<S: WrappedServiceTypeSupport + 'static>(
    node: &mut Node,
    name: &str,
) -> Result<Requests<S>, Error> {
    let stream = node
        .create_service::<S>(&format!("~/{name}"), Qos::services().0)
        .map_err(|e| Error::ros("service", name, e))?;
    Ok(Box::new(stream))
}

impl NodeServices {
    pub(crate) fn try_new(node: &mut Node) -> Result<Self, Error> {
        Ok(Self {
            change_state: serve(node, "change_state")?,
            get_state: serve(node, "get_state")?,
            available_states: serve(node, "get_available_states")?,
            available_transitions: serve(node, "get_available_transitions")?,
            transition_graph: serve(node, "get_transition_graph")?,
            transition_event: node
                .create_publisher("~/transition_event", Qos::standard().0)
                .map_err(|e| Error::ros("publisher", "transition_event", e))?,
            list: serve(node, "list_parameters")?,
            get: serve(node, "get_parameters")?,
            types: serve(node, "get_parameter_types")?,
            describe: serve(node, "describe_parameters")?,
            set: serve(node, "set_parameters")?,
            set_atomically: serve(node, "set_parameters_atomically")?,
            parameter_events: node
                .create_publisher("/parameter_events", Qos::events().0)
                .map_err(|e| Error::ros("publisher", "/parameter_events", e))?,
        })
    }
}

/// To the message type.
pub(crate) fn value_to_msg(value: Option<&ParameterValue>) -> msg::ParameterValue {
    let mut out = msg::ParameterValue::default();
    let Some(value) = value else { return out };
    out.type_ = type_number(value);
    match value.clone() {
        ParameterValue::Bool(v) => out.bool_value = v,
        ParameterValue::Integer(v) => out.integer_value = v,
        ParameterValue::Double(v) => out.double_value = v,
        ParameterValue::String(v) => out.string_value = v,
        ParameterValue::BoolArray(v) => out.bool_array_value = v,
        ParameterValue::IntegerArray(v) => out.integer_array_value = v,
        ParameterValue::DoubleArray(v) => out.double_array_value = v,
        ParameterValue::StringArray(v) => out.string_array_value = v,
    }
    out
}

/// Number of rcl_interfaces/ParameterType.
pub(crate) fn type_number(value: &ParameterValue) -> u8 {
    match value {
        ParameterValue::Bool(_) => 1,
        ParameterValue::Integer(_) => 2,
        ParameterValue::Double(_) => 3,
        ParameterValue::String(_) => 4,
        ParameterValue::BoolArray(_) => 6,
        ParameterValue::IntegerArray(_) => 7,
        ParameterValue::DoubleArray(_) => 8,
        ParameterValue::StringArray(_) => 9,
    }
}

/// From the message type; `None` for "not set" and byte arrays, which no parameter here is.
pub(crate) fn value_from_msg(message: &msg::ParameterValue) -> Option<ParameterValue> {
    Some(match message.type_ {
        1 => ParameterValue::Bool(message.bool_value),
        2 => ParameterValue::Integer(message.integer_value),
        3 => ParameterValue::Double(message.double_value),
        4 => ParameterValue::String(message.string_value.clone()),
        6 => ParameterValue::BoolArray(message.bool_array_value.clone()),
        7 => ParameterValue::IntegerArray(message.integer_array_value.clone()),
        8 => ParameterValue::DoubleArray(message.double_array_value.clone()),
        9 => ParameterValue::StringArray(message.string_array_value.clone()),
        _ => return None,
    })
}

/// Description of a parameter as ROS tools show it.
pub(crate) fn descriptor_to_msg(
    descriptor: &Descriptor,
    value: Option<&ParameterValue>,
) -> msg::ParameterDescriptor {
    let mut out = msg::ParameterDescriptor {
        name: descriptor.name.to_owned(),
        type_: value.map_or(0, type_number),
        description: descriptor.description.to_owned(),
        read_only: descriptor.read_only,
        ..Default::default()
    };
    if let Some((low, high)) = descriptor.range {
        if descriptor.type_name.starts_with("integer") {
            out.integer_range = vec![msg::IntegerRange {
                from_value: low as i64,
                to_value: high as i64,
                step: descriptor.step as u64,
            }];
        } else {
            out.floating_point_range = vec![msg::FloatingPointRange {
                from_value: low,
                to_value: high,
                step: descriptor.step,
            }];
        }
    }
    out
}
