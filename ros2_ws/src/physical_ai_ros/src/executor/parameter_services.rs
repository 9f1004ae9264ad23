//! The six parameter services and `/parameter_events`.

use r2r::rcl_interfaces::{msg as rcl, srv as parameter_srv};

use super::Executor;
use crate::clock::time_to_msg;
use crate::parameters::{Descriptor, ParameterValue, StandardParameters};
use crate::services::{answer, descriptor_to_msg, take, type_number, value_from_msg, value_to_msg};
use crate::{Application, Parameters};

impl<A: Application> Executor<A> {
    fn descriptors() -> Vec<Descriptor> {
        let mut all = StandardParameters::descriptors();
        all.extend(A::Parameters::descriptors());
        all
    }

    fn value(&self, name: &str) -> Option<ParameterValue> {
        self.standard
            .get(name)
            .or_else(|| self.parameters.get(name))
    }

    /// Answers list, get, types and describe.
    pub(super) fn serve_parameter_questions(&mut self) {
        while let Some(request) = take(&mut self.services.list) {
            let wanted = &request.message.prefixes;
            let names = Self::descriptors()
                .iter()
                .map(|d| d.name.to_owned())
                .filter(|n| wanted.is_empty() || wanted.iter().any(|p| has_prefix(n, p)))
                .collect();
            let result = rcl::ListParametersResult {
                names,
                prefixes: Vec::new(),
            };
            answer(request, parameter_srv::ListParameters::Response { result });
        }
        while let Some(request) = take(&mut self.services.get) {
            let names = request.message.names.clone();
            let values = names
                .iter()
                .map(|n| value_to_msg(self.value(n).as_ref()))
                .collect();
            answer(request, parameter_srv::GetParameters::Response { values });
        }
        while let Some(request) = take(&mut self.services.types) {
            let names = request.message.names.clone();
            let types = names
                .iter()
                .map(|n| self.value(n).as_ref().map_or(0, type_number))
                .collect();
            answer(
                request,
                parameter_srv::GetParameterTypes::Response { types },
            );
        }
        while let Some(request) = take(&mut self.services.describe) {
            let names = request.message.names.clone();
            let all = Self::descriptors();
            // One answer per question: an unknown parameter is described as "not set".
            let descriptors = names
                .iter()
                .map(|name| match all.iter().find(|d| d.name == name) {
                    Some(d) => descriptor_to_msg(d, self.value(d.name).as_ref()),
                    None => rcl::ParameterDescriptor {
                        name: name.clone(),
                        ..Default::default()
                    },
                })
                .collect();
            answer(
                request,
                parameter_srv::DescribeParameters::Response { descriptors },
            );
        }
    }

    /// Answers set and set_atomically.
    pub(super) fn serve_parameter_changes(&mut self) {
        while let Some(request) = take(&mut self.services.set) {
            let wanted = request.message.parameters.clone();
            let results = wanted
                .iter()
                .map(|p| self.set_parameters(std::slice::from_ref(p)))
                .collect();
            answer(request, parameter_srv::SetParameters::Response { results });
        }
        while let Some(request) = take(&mut self.services.set_atomically) {
            let wanted = request.message.parameters.clone();
            let result = self.set_parameters(&wanted);
            answer(
                request,
                parameter_srv::SetParametersAtomically::Response { result },
            );
        }
    }

    /// Sets all or nothing.
    fn set_parameters(&mut self, wanted: &[rcl::Parameter]) -> rcl::SetParametersResult {
        match self.try_set_parameters(wanted) {
            Ok(()) => {
                // As they are now: an integer that was set on a double is a double.
                let changed = wanted.iter().map(|p| self.parameter(&p.name)).collect();
                self.publish_parameter_event(Vec::new(), changed);
                rcl::SetParametersResult {
                    successful: true,
                    reason: String::new(),
                }
            }
            Err(reason) => rcl::SetParametersResult {
                successful: false,
                reason,
            },
        }
    }

    fn publish_parameter_event(&self, new: Vec<rcl::Parameter>, changed: Vec<rcl::Parameter>) {
        let event = rcl::ParameterEvent {
            stamp: time_to_msg(self.context.now()),
            node: self.context.resolve(self.context.node_name()),
            new_parameters: new,
            changed_parameters: changed,
            ..Default::default()
        };
        if let Err(error) = self.services.parameter_events.publish(&event) {
            tracing::debug!(%error, "parameter event not published");
        }
    }

    /// Tells `/parameter_events` what this node was born with.
    pub(super) fn announce_parameters(&self) {
        let all = Self::descriptors();
        let new = all.iter().map(|d| self.parameter(d.name)).collect();
        self.publish_parameter_event(new, Vec::new());
    }

    fn parameter(&self, name: &str) -> rcl::Parameter {
        rcl::Parameter {
            name: name.to_owned(),
            value: value_to_msg(self.value(name).as_ref()),
        }
    }

    fn try_set_parameters(&mut self, wanted: &[rcl::Parameter]) -> Result<(), String> {
        let all = Self::descriptors();
        let (mut standard, mut own) = (self.standard.clone(), self.parameters.clone());
        for parameter in wanted {
            let name = &parameter.name;
            let value = value_from_msg(&parameter.value)
                .ok_or_else(|| format!("parameter {name}: has no value"))?;
            if all.iter().any(|d| d.name == name && d.read_only) {
                return Err(format!("parameter {name}: is read-only; set it at start"));
            }
            let set = if standard.get(name).is_some() {
                standard.set(name, &value)
            } else {
                own.set(name, &value)
            };
            set.map_err(|e| e.to_string())?;
        }
        crate::logging::check_level(&standard.log_level).map_err(|e| e.to_string())?;
        if let Some(app) = self.app.as_mut()
            && own != self.parameters
        {
            app.parameters_changed(&mut self.context, &own)?;
        }
        if standard.log_level != self.standard.log_level {
            crate::logging::set_level(&standard.log_level);
        }
        (self.standard, self.parameters) = (standard, own);
        Ok(())
    }
}

/// rcl's rule: a prefix is the whole name or ends before a dot.
fn has_prefix(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
