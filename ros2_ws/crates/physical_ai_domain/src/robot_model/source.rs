use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Language of a robot's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DescriptionFormat {
    /// URDF.
    Urdf,
    /// URDF that xacro wrote.
    Xacro,
    /// MuJoCo's own.
    Mjcf,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct DescriptionSource {
    /// Language of the file.
    pub format: DescriptionFormat,
    /// The file; `None` for a text that came from elsewhere.
    pub path: Option<PathBuf>,
    /// The robot as a URDF, for `robot_description`.
    pub urdf: Arc<str>,
}

/// Something unusual in a description, and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescriptionWarning {
    /// Element, for example `link elbow`.
    pub element: String,
    /// Field of the element.
    pub field: String,
    /// What stands there.
    pub value: String,
    /// What was assumed.
    pub assumed: String,
}

impl fmt::Display for DescriptionWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            element,
            field,
            value,
            assumed,
        } = self;
        write!(f, "{element}: {field}: {value}: {assumed}")
    }
}
