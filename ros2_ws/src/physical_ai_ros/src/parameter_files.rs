//! Parameter files and `-p` values as rcl reads them: its own parser does, so a file means here what it
//! means to every other ROS node.

use std::ffi::{CStr, CString, c_char};
use std::path::Path;

use r2r_rcl as rcl;

use crate::parameters::ParameterValue;

/// Values for the nodes that a name addresses, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// Node name with wildcards, for example `/**` or `/ns/arm`.
    pub(crate) node: String,
    /// Dotted names and values.
    pub(crate) values: Vec<(String, ParameterValue)>,
}

/// rcl's table of parameters; freed with it.
struct Table(*mut rcl::rcl_params_t);

impl Drop for Table {
    fn drop(&mut self) {
        // SAFETY: the pointer came from rcl_yaml_node_struct_init and is freed once.
        unsafe { rcl::rcl_yaml_node_struct_fini(self.0) }
    }
}

/// Reads a parameter file.
///
/// # Errors
/// rcl's reason, with the line.
pub(crate) fn read_file(path: &Path) -> Result<Vec<Section>, String> {
    // rcl says of a file that it cannot open neither which nor why.
    std::fs::File::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    let path = path.to_str().and_then(|p| CString::new(p).ok());
    let path = path.ok_or("its path is no text that ROS can take")?;
    // SAFETY: both pointers are valid for the call.
    read(|table| unsafe { rcl::rcl_parse_yaml_file(path.as_ptr(), table) })
}

/// Reads the value of a `-p name:=value`.
///
/// # Errors
/// rcl's reason.
pub(crate) fn read_value(text: &str) -> Result<ParameterValue, String> {
    let yaml = CString::new(text).map_err(|_| "the value has a zero byte in it")?;
    // rcl wants names; they are not used.
    let (node, name) = (c"/node", c"name");
    // SAFETY: all pointers are valid for the call.
    let sections = read(|table| unsafe {
        rcl::rcl_parse_yaml_value(node.as_ptr(), name.as_ptr(), yaml.as_ptr(), table)
    })?;
    let mut values = sections.into_iter().flat_map(|s| s.values);
    let (_, value) = values.next().ok_or("there is no value")?;
    Ok(value)
}

fn read(parse: impl FnOnce(*mut rcl::rcl_params_t) -> bool) -> Result<Vec<Section>, String> {
    // SAFETY: takes an allocator by value and returns a table or null.
    let table =
        Table(unsafe { rcl::rcl_yaml_node_struct_init(rcl::rcutils_get_default_allocator()) });
    if table.0.is_null() {
        return Err("out of memory".to_owned());
    }
    if !parse(table.0) {
        return Err(take_error());
    }
    // SAFETY: rcl filled the table; it lives until the end of this function.
    unsafe { sections(&*table.0) }
}

/// The reason of rcl's last failure in this thread, without the place in its sources.
fn take_error() -> String {
    // SAFETY: rcl's error state is of this thread; the text is copied before it is reset.
    let text = unsafe {
        let error = rcl::rcutils_get_error_string();
        rcl::rcutils_reset_error();
        text(error.str_.as_ptr())
    };
    let reason = text.split(", at ").next().unwrap_or_default().trim();
    match reason {
        "" | "error not set" => "there is no value that ROS can read".to_owned(),
        _ => reason.to_owned(),
    }
}

/// # Safety
/// `table` must be as rcl's parser left it.
unsafe fn sections(table: &rcl::rcl_params_t) -> Result<Vec<Section>, String> {
    let mut sections = Vec::new();
    for index in 0..table.num_nodes {
        // SAFETY: both arrays have num_nodes entries.
        let (node, of_node) = unsafe {
            (
                text(*table.node_names.add(index)),
                &*table.params.add(index),
            )
        };
        let mut values = Vec::new();
        for index in 0..of_node.num_params {
            // SAFETY: both arrays have num_params entries.
            let (name, variant) = unsafe {
                (
                    text(*of_node.parameter_names.add(index)),
                    &*of_node.parameter_values.add(index),
                )
            };
            // SAFETY: the variant is one of rcl's.
            let value = unsafe { value(variant) }.map_err(|e| format!("parameter {name}: {e}"))?;
            values.push((name, value));
        }
        sections.push(Section { node, values });
    }
    Ok(sections)
}

/// # Safety
/// `variant` must be as rcl's parser left it.
unsafe fn value(variant: &rcl::rcl_variant_t) -> Result<ParameterValue, String> {
    use ParameterValue as V;
    let v = variant;
    // SAFETY: pointers that are not null point to what their type says.
    let mut given: Vec<V> = unsafe {
        [
            v.bool_value.as_ref().map(|x| V::Bool(*x)),
            v.integer_value.as_ref().map(|x| V::Integer(*x)),
            v.double_value.as_ref().map(|x| V::Double(*x)),
            (!v.string_value.is_null()).then(|| V::String(text(v.string_value))),
            v.bool_array_value
                .as_ref()
                .map(|a| V::BoolArray(list(a.values, a.size))),
            v.integer_array_value
                .as_ref()
                .map(|a| V::IntegerArray(list(a.values, a.size))),
            v.double_array_value
                .as_ref()
                .map(|a| V::DoubleArray(list(a.values, a.size))),
            v.string_array_value.as_ref().map(|a| {
                let texts = list(a.data, a.size);
                V::StringArray(texts.into_iter().map(|t| text(t)).collect())
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    };
    match (given.pop(), given.pop()) {
        (Some(value), None) => Ok(value),
        (Some(one), Some(other)) => Err(format!(
            "is given twice, as the {} {} and as the {} {}: write it once",
            other.type_name(),
            other.to_yaml(),
            one.type_name(),
            one.to_yaml()
        )),
        // A list without elements has no type.
        (None, _) => Ok(V::StringArray(Vec::new())),
    }
}

/// # Safety
/// `values` must point to `size` elements, or be null.
unsafe fn list<T: Copy>(values: *const T, size: usize) -> Vec<T> {
    if values.is_null() {
        return Vec::new();
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(values, size) }.to_vec()
}

/// # Safety
/// `text` must be a C string, or null.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}
