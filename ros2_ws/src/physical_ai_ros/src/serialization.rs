//! Messages as bytes (CDR), as they travel and as recordings keep them.

use r2r::WrappedTypesupport;

use crate::Error;

/// Reads a message from its serialised form.
///
/// # Errors
/// [`Error::Ros`] naming the type when the bytes are none such.
pub fn deserialize<M: WrappedTypesupport>(cdr: &[u8]) -> Result<M, Error> {
    // Shorter than the encapsulation header; the middleware reads it unchecked.
    if cdr.len() < 4 {
        return Err(Error::Application(format!(
            "{} bytes are no serialised message",
            cdr.len()
        )));
    }
    M::from_serialized_bytes(cdr).map_err(|e| Error::ros("message", std::any::type_name::<M>(), e))
}

/// The serialised form of a message.
///
/// # Errors
/// [`Error::Ros`] when the middleware refuses it.
pub fn serialize<M: WrappedTypesupport>(message: &M) -> Result<Vec<u8>, Error> {
    message
        .to_serialized_bytes()
        .map_err(|e| Error::ros("message", std::any::type_name::<M>(), e))
}

#[cfg(test)]
mod tests {
    use r2r::sensor_msgs::msg::JointState;

    use super::*;

    #[test]
    fn messages_survive_serialization_and_cut_bytes_are_refused() {
        let message = JointState {
            name: vec!["shoulder".to_owned(), "elbow".to_owned()],
            position: vec![0.5, -1.25],
            ..Default::default()
        };
        let bytes = serialize(&message).unwrap();
        assert_eq!(deserialize::<JointState>(&bytes).unwrap(), message);
        for length in [0, 3, 4, 12, bytes.len() / 2] {
            assert!(
                deserialize::<JointState>(&bytes[..length]).is_err(),
                "{length}"
            );
        }
    }
}
