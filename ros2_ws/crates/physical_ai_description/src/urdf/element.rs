use roxmltree::Node;

use super::extensions::{self, Extensions};
use crate::Error;

/// An element of a description, with its place for messages.
#[derive(Clone)]
pub(super) struct Element<'a, 'i> {
    node: Node<'a, 'i>,
    place: String,
    source_name: &'a str,
}

impl<'a, 'i> Element<'a, 'i> {
    /// `place` is what messages call it, for example `joint elbow`.
    pub(super) fn new(node: Node<'a, 'i>, place: String, source_name: &'a str) -> Self {
        Self {
            node,
            place,
            source_name,
        }
    }

    pub(super) fn tag(&self) -> &'a str {
        self.node.tag_name().name()
    }

    /// What messages call it.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// An error about this element.
    pub(super) fn error(&self, problem: impl Into<String>) -> Error {
        Error::Invalid {
            source_name: self.source_name.to_owned(),
            element: self.place.clone(),
            problem: problem.into(),
        }
    }

    /// An error about one of its attributes.
    pub(super) fn attribute_error(&self, attribute: &str, problem: impl Into<String>) -> Error {
        Error::Invalid {
            source_name: self.source_name.to_owned(),
            element: format!("{}: {attribute}", self.place),
            problem: problem.into(),
        }
    }

    /// Refuses attributes and elements that are neither among these nor known extensions.
    pub(super) fn expect(
        &self,
        attributes: &[&str],
        elements: &[&str],
        seen: &mut Extensions,
    ) -> Result<(), Error> {
        for attribute in self.node.attributes() {
            let name = attribute.name();
            if !attributes.contains(&name) && !seen.count(self.tag(), &format!("@{name}")) {
                let known = list(attributes);
                return Err(self.attribute_error(
                    name,
                    format!(
                        "is not known here: <{}> has {known}; take it away or correct it",
                        self.tag()
                    ),
                ));
            }
        }
        for child in self.node.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            if let Some(namespace) = child.tag_name().namespace() {
                let problem = extensions::foreign(name, namespace);
                return Err(self.error(problem));
            }
            if !elements.contains(&name) && !seen.count(self.tag(), name) {
                let known = list(elements);
                return Err(self.error(format!(
                    "has <{name}>, which is not known here: <{}> holds {known}; take it away or correct it",
                    self.tag()
                )));
            }
        }
        Ok(())
    }

    /// All elements with this tag; `name_of` says what messages call them.
    pub(super) fn children(
        &self,
        tag: &'static str,
    ) -> impl Iterator<Item = Element<'a, 'i>> + use<'a, 'i> {
        let (place, source_name) = (self.place.clone(), self.source_name);
        self.node
            .children()
            .filter(move |n| n.is_element() && n.tag_name().name() == tag)
            .map(move |node| {
                let place = match (place.as_str(), node.attribute("name")) {
                    ("robot", Some(name)) => format!("{tag} {name}"),
                    ("robot", None) => tag.to_owned(),
                    _ => format!("{place}: {tag}"),
                };
                Element::new(node, place, source_name)
            })
    }

    /// The element with this tag, which may be there once.
    pub(super) fn child(&self, tag: &'static str) -> Result<Option<Element<'a, 'i>>, Error> {
        let mut all = self.children(tag);
        let first = all.next();
        match all.next() {
            Some(second) => Err(second.error("exists twice: take one away")),
            None => Ok(first),
        }
    }

    /// The element with this tag, which has to be there once.
    pub(super) fn required_child(&self, tag: &'static str) -> Result<Element<'a, 'i>, Error> {
        self.child(tag)?
            .ok_or_else(|| self.error(format!("has no <{tag}>: give one")))
    }

    pub(super) fn text(&self, attribute: &str) -> Option<&'a str> {
        self.node.attribute(attribute)
    }

    pub(super) fn required_text(&self, attribute: &str) -> Result<&'a str, Error> {
        match self.text(attribute) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.attribute_error(attribute, "is missing: give one")),
        }
    }

    /// A finite number.
    pub(super) fn number(&self, attribute: &str) -> Result<Option<f64>, Error> {
        let Some(text) = self.text(attribute) else {
            return Ok(None);
        };
        let value: f64 = text.trim().parse().map_err(|_| {
            self.attribute_error(
                attribute,
                format!("{text:?} is no number: write one like 0.5"),
            )
        })?;
        self.finite(attribute, value)?;
        Ok(Some(value))
    }

    pub(super) fn required_number(&self, attribute: &str) -> Result<f64, Error> {
        self.number(attribute)?
            .ok_or_else(|| self.attribute_error(attribute, "is missing: give one"))
    }

    /// So many finite numbers with spaces between them.
    pub(super) fn numbers<const N: usize>(
        &self,
        attribute: &str,
    ) -> Result<Option<[f64; N]>, Error> {
        let Some(text) = self.text(attribute) else {
            return Ok(None);
        };
        let mut values = [0.0; N];
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.len() != N {
            let problem = format!("{text:?} has {} values: {N} are needed", words.len());
            return Err(self.attribute_error(attribute, problem));
        }
        for (value, word) in values.iter_mut().zip(words) {
            *value = word.parse().map_err(|_| {
                self.attribute_error(
                    attribute,
                    format!("{word:?} is no number: write one like 0.5"),
                )
            })?;
            self.finite(attribute, *value)?;
        }
        Ok(Some(values))
    }

    /// A size, which has to be above 0.
    pub(super) fn required_size(&self, attribute: &str) -> Result<f64, Error> {
        let size = self.required_number(attribute)?;
        self.above_zero(attribute, &[size])?;
        Ok(size)
    }

    pub(super) fn above_zero(&self, attribute: &str, values: &[f64]) -> Result<(), Error> {
        match values.iter().find(|v| **v <= 0.0) {
            Some(value) => {
                Err(self.attribute_error(attribute, format!("is {value}: must be above 0")))
            }
            None => Ok(()),
        }
    }

    fn finite(&self, attribute: &str, value: f64) -> Result<(), Error> {
        if value.is_finite() {
            return Ok(());
        }
        Err(self.attribute_error(attribute, format!("is {value}: must be finite")))
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
