//! Keeping what is not understood, under every object of this crate.
//!
//! The vendor replaces whole objects, so a client that forgets a member erases it. Each object here is read member by
//! member: those with a name in this crate go into a [`Slot`], which knows whether the member was absent, null or there;
//! all others go into [`Unknown`] as the JSON text that they were. Serde's own `flatten` can't be used for that: it takes
//! numbers apart and puts them together again, which changes long ones.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Members that this version has no name for, as the JSON text that they were, in their order.
///
/// `Debug` shows their names only.
///
/// ```
/// use vaultvision_client::models::Tenant;
///
/// let json = r#"{"id":"t1","settings":{"require_mfa":true,"big":123456789012345678901234567890}}"#;
/// let tenant: Tenant = serde_json::from_str(json)?;
/// assert_eq!(tenant.settings().unknown().get("big"), Some("123456789012345678901234567890"));
/// assert_eq!(serde_json::to_string(&tenant)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Unknown(Vec<(Box<str>, Box<RawValue>)>);

impl Unknown {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Their names.
    ///
    /// ```
    /// let user: vaultvision_client::models::User = serde_json::from_str(r#"{"id":"u1","nick":"ann","score":7}"#)?;
    /// assert_eq!(user.unknown().names().collect::<Vec<_>>(), ["nick", "score"]);
    /// assert_eq!(user.unknown().len(), 2);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// A member's JSON text. Of two with one name, the last.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| &**known == name).map(|(_, value)| value.get())
    }

    /// Puts a member in, in place of those of that name, for what the vendor has and this crate doesn't know.
    ///
    /// ```
    /// let mut user = vaultvision_client::models::NewUser::email("anna@example.test");
    /// user.unknown_mut().set("nick", "ann")?;
    /// assert_eq!(user.unknown().get("nick"), Some(r#""ann""#));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the value can't be written as JSON.
    pub fn set<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), serde_json::Error> {
        let value = serde_json::value::to_raw_value(value)?;
        match self.0.iter().position(|(known, _)| &**known == name) {
            None => self.0.push((name.into(), value)),
            Some(at) => {
                let mut value = Some(value);
                let mut index = 0;
                self.0.retain_mut(|(known, old)| {
                    let here = index == at;
                    index += 1;
                    if let Some(new) = value.take_if(|_| here) {
                        *old = new;
                    }
                    here || &**known != name
                });
            }
        }
        Ok(())
    }

    /// Takes a member out; whether it was there.
    ///
    /// ```
    /// let mut user: vaultvision_client::models::User = serde_json::from_str(r#"{"id":"u1","nick":"ann"}"#)?;
    /// assert!(user.unknown_mut().remove("nick"));
    /// assert!(user.unknown().is_empty());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, _)| &**known != name);
        self.0.len() < before
    }

    pub(crate) fn raw(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(crate) fn keep<'de, D: Deserializer<'de>>(&mut self, name: &str, value: D) -> Result<(), D::Error> {
        if self.0.is_empty() {
            self.0.reserve(4);
        }
        self.0.push((name.into(), Box::<RawValue>::deserialize(value)?));
        Ok(())
    }

    pub(crate) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.0.iter().try_for_each(|(name, value)| map.serialize_entry(&**name, value))
    }
}

/// Names without values, which may be anything.
impl fmt::Debug for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// A type whose zero the vendor leaves out.
pub(crate) trait Zero: Default {
    fn is_zero(&self) -> bool;
}

impl Zero for bool {
    fn is_zero(&self) -> bool {
        !*self
    }
}

impl Zero for u64 {
    fn is_zero(&self) -> bool {
        *self == 0
    }
}

impl Zero for String {
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Zero for Vec<T> {
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Presence {
    #[default]
    Absent,
    Null,
    Given,
}

/// A member with a name in this crate: its value, which is zero when it was absent or null, and which of these it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot<T> {
    value: T,
    presence: Presence,
}

impl<T: Zero> Slot<T> {
    pub(crate) fn of(value: T) -> Self {
        Self { value, presence: Presence::Given }
    }

    pub(crate) fn get(&self) -> &T {
        &self.value
    }

    /// The value, if the member is there and not null.
    pub(crate) fn given(&self) -> Option<&T> {
        (self.presence == Presence::Given).then_some(&self.value)
    }

    /// For changes in place: a member that was absent stays so while it is zero.
    pub(crate) fn value_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// A value that was set is sent, also when it is zero.
    pub(crate) fn set(&mut self, value: T) {
        *self = Self::of(value);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn read<'de, D: Deserializer<'de>>(&mut self, value: D) -> Result<(), D::Error>
    where
        T: Deserialize<'de>,
    {
        *self = match Option::<T>::deserialize(value)? {
            Some(value) => Self::of(value),
            None => Self { value: T::default(), presence: Presence::Null },
        };
        Ok(())
    }

    pub(crate) fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error>
    where
        T: Serialize,
    {
        match self.presence {
            Presence::Absent if self.value.is_zero() => Ok(()),
            Presence::Null if self.value.is_zero() => map.serialize_entry(name, &()),
            _ => map.serialize_entry(name, &self.value),
        }
    }

    pub(crate) fn show(&self, name: &'static str, debug: &mut fmt::DebugStruct<'_, '_>)
    where
        T: fmt::Debug,
    {
        if self.presence == Presence::Given || !self.value.is_zero() {
            debug.field(name, &self.value);
        }
    }
}

/// An object that is read member by member.
pub(crate) trait Whole: Default {
    /// What a decode error says was expected.
    const EXPECTED: &'static str;

    /// Takes one member.
    fn take<'de, D: Deserializer<'de>>(&mut self, name: &str, value: D) -> Result<(), D::Error>;

    /// The member without which it is no such object.
    fn missing(&self) -> Option<&'static str> {
        None
    }
}

impl Whole for Unknown {
    const EXPECTED: &'static str = "an object";

    fn take<'de, D: Deserializer<'de>>(&mut self, name: &str, value: D) -> Result<(), D::Error> {
        self.keep(name, value)
    }
}

/// Reads an object.
pub(crate) fn read<'de, T: Whole, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(WholeVisitor(PhantomData))
}

struct WholeVisitor<T>(PhantomData<T>);

impl<'de, T: Whole> Visitor<'de> for WholeVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        while let Some(name) = map.next_key_seed(NameSeed)? {
            map.next_value_seed(Member { object: &mut object, name: &name })?;
        }
        match object.missing() {
            None => Ok(object),
            Some(name) => Err(A::Error::missing_field(name)),
        }
    }
}

/// Reads a member's name without copying it where it stands in the text as it is.
pub(crate) struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_string<E>(self, name: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name))
    }
}

/// Hands a member's value to the object that it belongs to.
pub(crate) struct Member<'o, T> {
    pub(crate) object: &'o mut T,
    pub(crate) name: &'o str,
}

impl<'de, T: Whole> DeserializeSeed<'de> for Member<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.object.take(self.name, value)
    }
}

/// Writes an object of unknown length.
pub(crate) fn begin<S: Serializer>(serializer: S) -> Result<S::SerializeMap, S::Error> {
    serializer.serialize_map(None)
}
