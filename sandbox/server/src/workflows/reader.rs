//! Reads the members of a definition, with their checks. An error has the place of the value in its file or body.

use std::fmt;
use std::sync::LazyLock;

use handset_sandbox_domain::Refusal;
use handset_sandbox_domain::request::{Field, FieldKind};
use serde_json::{Map, Value};

/// The place of a value: the way to it from the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ValuePlace(pub(super) Vec<PlaceStep>);

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlaceStep {
    /// To a member of an object.
    Member(String),
    /// To an item of a list.
    Item(usize),
}

impl ValuePlace {
    pub(super) fn member(&self, name: &str) -> Self {
        self.step(PlaceStep::Member(name.to_owned()))
    }

    pub(super) fn item(&self, index: usize) -> Self {
        self.step(PlaceStep::Item(index))
    }

    fn step(&self, step: PlaceStep) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl fmt::Display for ValuePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                PlaceStep::Member(name) if index == 0 => f.write_str(name)?,
                PlaceStep::Member(name) => write!(f, ".{name}")?,
                PlaceStep::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A value that is no workflow. The text names the member and what must stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkflowError {
    pub(super) place: ValuePlace,
    problem: String,
}

impl WorkflowError {
    /// The value at the place must be something else.
    pub(super) fn must_be(place: ValuePlace, expected: &str) -> Self {
        Self { place, problem: format!("must be {expected}") }
    }
}

impl fmt::Display for WorkflowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.0.is_empty() {
            true => write!(f, "the workflow {}", self.problem),
            false => write!(f, "'{}' {}", self.place, self.problem),
        }
    }
}

impl From<WorkflowError> for Refusal {
    fn from(error: WorkflowError) -> Self {
        let subject = if error.place.0.is_empty() { "" } else { "field " };
        Self::BadRequest(format!("{subject}{error}"))
    }
}

/// An object whose members are all known.
pub(super) struct DefinitionMembers<'a> {
    members: &'a Map<String, Value>,
    place: ValuePlace,
}

/// The members of an object that is absent.
static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl<'a> DefinitionMembers<'a> {
    /// The members of the value at a place.
    ///
    /// # Errors
    /// The value is no object, or one of its members is not among `known`.
    pub(super) fn read(value: &'a Value, place: ValuePlace, known: &[Field]) -> Result<Self, WorkflowError> {
        let Value::Object(members) = value else { return Err(WorkflowError::must_be(place, "an object")) };
        match members.keys().find(|member| known.iter().all(|field| field.name != member.as_str())) {
            Some(unknown) => {
                let known: Vec<_> = known.iter().map(|field| field.name).collect();
                let problem = format!("is unknown; known here: {}", known.join(", "));
                Err(WorkflowError { place: place.member(unknown), problem })
            }
            None => Ok(Self { members, place }),
        }
    }

    /// The place of a member.
    pub(super) fn place(&self, field: &Field) -> ValuePlace {
        self.place.member(field.name)
    }

    pub(super) fn has(&self, field: &Field) -> bool {
        self.members.contains_key(field.name)
    }

    /// The error of a required member that is absent.
    pub(super) fn missing(&self, field: &Field) -> WorkflowError {
        let problem = format!("is missing; it must be {}", field.expected());
        WorkflowError { place: self.place(field), problem }
    }

    fn wrong(&self, field: &Field) -> WorkflowError {
        WorkflowError::must_be(self.place(field), &field.expected())
    }

    /// A text, checked.
    pub(super) fn text(&self, field: &Field) -> Result<Option<&'a str>, WorkflowError> {
        match self.members.get(field.name) {
            None => Ok(None),
            Some(Value::String(text)) if field.accepts(text) => Ok(Some(text)),
            Some(_) => Err(self.wrong(field)),
        }
    }

    /// A text that is required, checked.
    pub(super) fn required_text(&self, field: &Field) -> Result<&'a str, WorkflowError> {
        self.text(field)?.ok_or_else(|| self.missing(field))
    }

    /// A boolean.
    pub(super) fn flag(&self, field: &Field) -> Result<Option<bool>, WorkflowError> {
        match self.members.get(field.name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.wrong(field)),
        }
    }

    /// The members of an object. An absent one has none.
    pub(super) fn object(&self, field: &Field, known: &[Field]) -> Result<Self, WorkflowError> {
        match self.members.get(field.name) {
            None => Ok(Self { members: &NONE, place: self.place(field) }),
            Some(value) => Self::read(value, self.place(field), known),
        }
    }

    /// The items of a list, with their places. An absent list has none.
    pub(super) fn items(&self, field: &Field) -> Result<Vec<(&'a Value, ValuePlace)>, WorkflowError> {
        match self.members.get(field.name) {
            None if matches!(field.kind, FieldKind::List { min: Some(1..), .. }) => Err(self.missing(field)),
            None => Ok(Vec::new()),
            Some(Value::Array(items)) if field.accepts_length(items.len()) => {
                let place = self.place(field);
                Ok(items.iter().enumerate().map(|(index, item)| (item, place.item(index))).collect())
            }
            Some(_) => Err(self.wrong(field)),
        }
    }

    /// The objects of a list.
    pub(super) fn objects(&self, field: &Field, known: &[Field]) -> Result<Vec<Self>, WorkflowError> {
        self.items(field)?.into_iter().map(|(item, place)| Self::read(item, place, known)).collect()
    }

    /// The texts of a list, each checked as `item`.
    pub(super) fn texts(&self, field: &Field, item: &Field) -> Result<Vec<&'a str>, WorkflowError> {
        let check = |(value, place): (&'a Value, ValuePlace)| match value {
            Value::String(text) if item.accepts(text) => Ok(text.as_str()),
            _ => Err(WorkflowError::must_be(place, &item.expected())),
        };
        self.items(field)?.into_iter().map(check).collect()
    }
}
