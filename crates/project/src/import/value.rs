//! Values of records in as little memory as they need: a list of turns as objects is the usual form of conversations, and
//! a tree of maps takes twenty times the bytes of its text.
//!
//! Fields keep their order, and a name that recurs is one piece of memory for a whole file ([`Names`]).

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use compact_str::CompactString;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

use super::limits::Room;

/// The name of a field.
pub(super) type Name = Arc<str>;

/// A value of a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    /// A text; a short one needs no memory of its own.
    String(CompactString),
    Array(Vec<Value>),
    Object(Fields),
}

/// The fields of an object in their order, each name once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields(Vec<(Name, Value)>);

/// Objects with more fields are searched with a table of their own when they are read.
const FEW: usize = 16;
/// Longest name that is kept for the next object, in bytes, and how many are kept.
const SHARED_BYTES: usize = 64;
const SHARED_NAMES: usize = 4_096;
/// What a value takes, in bytes; lists grow by doubling.
const VALUE_BYTES: usize = 64;
const FIELD_BYTES: usize = 96;

impl Value {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn as_object(&self) -> Option<&Fields> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// A list or an object with something in it.
    fn holds_something(&self) -> bool {
        match self {
            Self::Array(items) => !items.is_empty(),
            Self::Object(fields) => !fields.is_empty(),
            _ => false,
        }
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into_boxed_str().into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl Fields {
    /// No fields yet, with room for `count`.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.0.iter().find(|(known, _)| &**known == name)?;
        Some(value)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Takes a field out; the others keep their order.
    pub(super) fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(known, _)| &**known == name)?;
        Some(self.0.remove(place).1)
    }

    /// Puts a value in place of the one with this name, which is returned, or after all others.
    pub(super) fn insert(&mut self, name: Name, value: Value) -> Option<Value> {
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            return Some(std::mem::replace(old, value));
        }
        self.0.push((name, value));
        None
    }

    /// Puts a value after all others, whose names are known to differ.
    pub(super) fn push(&mut self, name: Name, value: Value) {
        self.0.push((name, value));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|(name, _)| name)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl IntoIterator for Fields {
    type Item = (Name, Value);
    type IntoIter = std::vec::IntoIter<(Name, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The last value of a name counts, in the place of the first, as JSON readers do it.
impl FromIterator<(Name, Value)> for Fields {
    fn from_iter<T: IntoIterator<Item = (Name, Value)>>(fields: T) -> Self {
        let mut made = Self::default();
        let mut places: HashMap<Name, usize> = HashMap::new();
        for (name, value) in fields {
            made.put(&mut places, name, value);
        }
        made.0.shrink_to_fit();
        made
    }
}

impl Fields {
    fn put(
        &mut self,
        places: &mut HashMap<Name, usize>,
        name: Name,
        value: Value,
    ) -> Option<Value> {
        if self.0.len() < FEW {
            return self.insert(name, value);
        }
        if places.is_empty() {
            let known = self.0.iter().enumerate();
            places.extend(known.map(|(place, (name, _))| (name.clone(), place)));
        }
        if let Some(place) = places.get(&name) {
            return Some(std::mem::replace(&mut self.0[*place].1, value));
        }
        places.insert(name.clone(), self.0.len());
        self.0.push((name, value));
        None
    }
}

/// Values as JSON, as a preview shows them.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields.iter() {
                    map.serialize_entry(&**name, value)?;
                }
                map.end()
            }
        }
    }
}

/// The names of a file's fields, and how much room is left for its values.
pub(super) struct Names {
    known: RefCell<HashSet<Name>>,
    /// Room for the values, with what they have taken.
    room: Cell<Room>,
}

impl Names {
    /// No names yet, and room for values.
    pub(super) fn with_room(room: Room) -> Self {
        Self {
            known: RefCell::default(),
            room: Cell::new(room),
        }
    }

    /// The room with what the values have taken of it; it is full where values were refused.
    pub(super) fn room(&self) -> Room {
        self.room.get()
    }

    /// The name as one piece of memory.
    pub(super) fn shared(&self, name: &str) -> Name {
        let mut known = self.known.borrow_mut();
        if let Some(name) = known.get(name) {
            return name.clone();
        }
        let name: Name = name.into();
        if name.len() <= SHARED_BYTES && known.len() < SHARED_NAMES {
            known.insert(name.clone());
        }
        name
    }

    fn take<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let mut room = self.room.get();
        let has_room = room.take(bytes);
        self.room.set(room);
        match has_room {
            true => Ok(()),
            false => Err(E::custom("too many values")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &Names {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Names {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any valid JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            self.take(VALUE_BYTES)?;
            list.push(item);
        }
        list.shrink_to_fit();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Fields::default();
        let mut places = HashMap::new();
        while let Some(name) = fields.next_key_seed(NameOf(self))? {
            // Names of large objects are different every time, and are looked up.
            let is_large = object.len() >= FEW;
            self.take(if is_large {
                3 * FIELD_BYTES
            } else {
                FIELD_BYTES
            })?;
            let value = fields.next_value_seed(self)?;
            // Rows under a name that comes twice would vanish without a word.
            if let Some(lost) = object.put(&mut places, name.clone(), value)
                && lost.holds_something()
            {
                let name = contract::excerpt(&name);
                return Err(A::Error::custom(format!(
                    "the name `{name}` stands twice in one object"
                )));
            }
        }
        object.0.shrink_to_fit();
        Ok(Value::Object(object))
    }
}

/// Reads the name of a field.
struct NameOf<'n>(&'n Names);

impl<'de> DeserializeSeed<'de> for NameOf<'_> {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameOf<'_> {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(self.0.shared(name))
    }
}

/// A value that was read and not kept: whether it can be read is all there is to know.
pub(super) struct Checked;

/// An object that was read and not kept.
pub(super) struct CheckedObject;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Deserialize<'de> for CheckedObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Checked).map(|_| Self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any valid JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

/// A list of objects of one kind, as long as there is room for them.
pub(super) struct ListWithin<'r, T> {
    room: &'r mut Room,
    /// What each takes, in bytes.
    each: usize,
    kind: PhantomData<T>,
}

impl<'r, T> ListWithin<'r, T> {
    pub(super) fn new(room: &'r mut Room, each: usize) -> Self {
        Self {
            room,
            each,
            kind: PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for ListWithin<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListWithin<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if !self.room.take(self.each) {
                return Err(A::Error::custom("too many items"));
            }
            list.push(item);
        }
        Ok(list)
    }
}
