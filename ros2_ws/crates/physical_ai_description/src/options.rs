use std::collections::BTreeMap;

use physical_ai_domain::GivenLimits;

use crate::PackagePaths;

/// What reading a description needs beside the description.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DescriptionOptions {
    /// Where packages are.
    pub packages: PackagePaths,
    /// Limits that count instead of the description's, by joint; what is `None` there stays as described.
    pub limits: BTreeMap<String, GivenLimits>,
}
