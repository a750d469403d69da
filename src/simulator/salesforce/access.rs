//! What a user may see and do: objects, fields, and the records that are made from the fixture.

use super::{
    fixture::{FieldRights, ObjectRights, UserFixture},
    org::{Org, Record, Table},
    rows,
    schema::{Field, Object, Storage},
};

/// An org through the eyes of one of its users.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The org.
    pub org: &'a Org,
    /// The user.
    pub user: &'a UserFixture,
    /// Whether this is the tooling API.
    pub tooling: bool,
}

/// The user's rights on an object.
pub fn object_rights(user: &UserFixture, object: &Object) -> ObjectRights {
    let granted = user.object_rights.iter().find(|(name, _)| name.eq_ignore_ascii_case(&object.name));
    let mut rights = granted.map(|(_, rights)| *rights).unwrap_or_default();
    if object.needs_view_setup && !user.permissions.view_setup {
        rights.read = false;
    }
    if object.storage != Storage::Records {
        rights = ObjectRights { read: rights.read, create: false, edit: false, delete: false };
    }
    rights
}

/// The user's rights on a field.
pub fn field_rights(user: &UserFixture, object: &Object, field: &Field) -> FieldRights {
    let full_name = format!("{}.{}", object.name, field.name);
    let granted = user.field_rights.iter().find(|(name, _)| name.eq_ignore_ascii_case(&full_name));
    granted.map(|(_, rights)| *rights).unwrap_or_default()
}

/// Records of an object, stored or made.
#[derive(Debug)]
pub enum Rows<'a> {
    /// From the org's tables.
    Stored(Option<&'a Table>),
    /// From the fixture.
    Made(Table),
}

impl Rows<'_> {
    /// All of them, deleted ones too.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        let (stored, made) = match self {
            Self::Stored(table) => (*table, None),
            Self::Made(table) => (None, Some(table)),
        };
        stored.into_iter().chain(made).flat_map(|table| table.values())
    }

    /// The one with this 18-character id.
    pub fn get(&self, id: &str) -> Option<&Record> {
        match self {
            Self::Stored(table) => table.and_then(|table| table.get(id)),
            Self::Made(table) => table.get(id),
        }
    }
}

impl<'a> View<'a> {
    /// The object with this name, if the user may read it and this API has it.
    pub fn object(&self, name: &str) -> Option<&'a Object> {
        let object = self.org.schema.object(name)?;
        let here = self.tooling || object.storage != Storage::Tooling;
        (here && object_rights(self.user, object).read).then_some(object)
    }

    /// The field with this name, if the user may read it.
    pub fn field<'o>(&self, object: &'o Object, name: &str) -> Option<&'o Field> {
        object.field(name).filter(|field| field_rights(self.user, object, field).read)
    }

    /// The fields that the user may read.
    pub fn fields<'o>(&self, object: &'o Object) -> impl Iterator<Item = &'o Field> + use<'a, 'o> {
        let user = self.user;
        object.fields.iter().filter(move |field| field_rights(user, object, field).read)
    }

    /// The records of an object.
    pub fn rows(&self, object: &Object) -> Rows<'a> {
        match object.storage {
            Storage::Records => Rows::Stored(self.org.table(object)),
            Storage::Setup | Storage::Tooling => Rows::Made(rows::made(*self, object)),
        }
    }
}
