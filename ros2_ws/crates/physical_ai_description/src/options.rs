use std::collections::BTreeMap;

use physical_ai_domain::GivenLimits;

use crate::PackagePaths;

/// What reading a description needs beside the description.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DescriptionOptions {
    /// Where packages are.
    pub packages: PackagePaths,
    /// Limits that count where the description gives none, by joint; who gives them checks the names.
    pub limits: BTreeMap<String, GivenLimits>,
    /// Links and joints alone are read: no shape, so that no mesh has to be there, and no bound has to be given.
    pub tree_only: bool,
}
