//! The API judged as its users will: naming, comments, secrets, reasons, and that nothing is taken back.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test")]

mod reasons;
mod secrets;
mod snapshot;
mod style;

use std::collections::BTreeMap;

use prost::Message as _;
use prost_reflect::{DescriptorPool, EnumDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor};

use crate::api;

const PACKAGE: &str = "connector.v1";
/// RPCs that begin so change nothing.
const READS: &[&str] = &["Get", "List", "Watch", "Describe", "Check", "Review", "Verify"];

/// The API and the comments of its parts.
struct Api {
    pool: DescriptorPool,
    /// File and path within it → the comment before it.
    comments: BTreeMap<(String, Vec<i32>), String>,
}

impl Api {
    fn read() -> Self {
        let set = prost_types::FileDescriptorSet::decode(api::DESCRIPTOR).unwrap();
        let mut comments = BTreeMap::new();
        for file in &set.file {
            for location in file.source_code_info.iter().flat_map(|info| &info.location) {
                let text = location.leading_comments().trim().to_owned();
                comments.insert((file.name().to_owned(), location.path.clone()), text);
            }
        }
        Self { pool: DescriptorPool::decode(api::DESCRIPTOR).unwrap(), comments }
    }

    fn services(&self) -> Vec<ServiceDescriptor> {
        self.pool.services().filter(|service| service.package_name() == PACKAGE).collect()
    }

    fn methods(&self) -> Vec<MethodDescriptor> {
        self.services().iter().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
    }

    fn messages(&self) -> Vec<MessageDescriptor> {
        self.pool.all_messages().filter(|message| message.package_name() == PACKAGE).collect()
    }

    fn enums(&self) -> Vec<EnumDescriptor> {
        self.pool.all_enums().filter(|of| of.package_name() == PACKAGE).collect()
    }

    fn comment(&self, file: &str, path: &[i32]) -> &str {
        self.comments.get(&(file.to_owned(), path.to_vec())).map_or("", String::as_str)
    }
}

fn is_read(method: &MethodDescriptor) -> bool {
    READS.iter().any(|prefix| method.name().starts_with(prefix))
}

/// `SetupService/StartSetup`.
fn short_name(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().name(), method.name())
}
