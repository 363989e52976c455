//! JSON deserialization by the rules of the contract: objects are objects, and null counts as absent.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// By itself a struct would also be read from a list of its members, and a null in a list be refused.
pub(crate) struct WireValue(pub(crate) Value);

impl IntoDeserializer<'_, Error> for WireValue {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for WireValue {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(all) => {
                let mut members = SeqDeserializer::new(all.into_iter().map(Self));
                let list = visitor.visit_seq(&mut members)?;
                members.end().map(|()| list)
            }
            Value::Object(all) => {
                let mut members = MapDeserializer::new(all.into_iter().map(|(name, value)| (name, Self(value))));
                let object = visitor.visit_map(&mut members)?;
                members.end().map(|()| object)
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            // Of a list: where a member is null, it is left out before.
            Value::Null => Self(Value::Object(serde_json::Map::new())).deserialize_any(visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_str(""),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct TestPerson {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        homes: Vec<TestHome>,
        #[serde(default)]
        emails: Vec<String>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct TestHome {
        #[serde(default)]
        city: Option<String>,
        #[serde(default)]
        since: Option<u16>,
    }

    /// The person, or the place where the value is wrong.
    fn read(value: Value) -> Result<TestPerson, String> {
        serde_path_to_error::deserialize(WireValue(value)).map_err(|error| error.path().to_string())
    }

    #[test]
    fn an_object_is_not_read_from_a_list() {
        assert_eq!(read(json!(["Ada", [], []])), Err(".".to_owned()));
        assert_eq!(read(json!([])), Err(".".to_owned()));
        assert_eq!(read(json!({"homes": [{}, ["Boise", 1999]]})), Err("homes[1]".to_owned()));
        assert_eq!(read(json!({"homes": [[]]})), Err("homes[0]".to_owned()));
    }

    #[test]
    fn everything_else_is_read_as_it_stands() {
        let person =
            json!({"name": "Ada", "homes": [{"city": "Boise", "since": 1999, "more": [1, {}]}], "emails": ["a@b"]});
        let home = TestHome { city: Some("Boise".to_owned()), since: Some(1999) };
        let expected = TestPerson { name: Some("Ada".to_owned()), homes: vec![home], emails: vec!["a@b".to_owned()] };
        assert_eq!(read(person), Ok(expected));
        for (value, place) in [
            (json!({"name": 1}), "name"),
            (json!({"homes": {}}), "homes"),
            (json!({"homes": [{"since": -1}]}), "homes[0].since"),
            (json!({"emails": ["a@b", 1]}), "emails[1]"),
        ] {
            assert_eq!(read(value), Err(place.to_owned()));
        }
    }

    #[test]
    fn null_is_nothing() {
        let nobody = TestPerson { name: None, homes: vec![TestHome::default()], emails: vec![String::new()] };
        assert_eq!(read(json!({"name": null, "homes": [null], "emails": [null]})), Ok(nobody));
    }
}
