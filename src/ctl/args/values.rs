//! Answers as they are typed, and the API's values that they stand for.

use clap::ValueEnum;

use crate::api::v1;

macro_rules! values {
    ($($(#[$meta:meta])* $name:ident => $target:ident { $($(#[$variant_meta:meta])* $value:ident => $to:ident,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub enum $name { $($(#[$variant_meta])* $value,)* }

        impl From<$name> for v1::$target {
            fn from(value: $name) -> Self {
                match value { $($name::$value => Self::$to,)* }
            }
        }

        impl $name {
            /// The value as the API carries it.
            pub fn wire(self) -> i32 {
                v1::$target::from(self).into()
            }
        }
    )*};
}

values! {
    /// Yes or no.
    YesNo => Choice {
        /// Yes
        Yes => Yes,
        /// No
        No => No,
    }
    /// A HubSpot subscription.
    Subscription => HubSpotSubscription {
        /// Not eligible
        Free => Free,
        /// Not eligible
        Starter => Starter,
        /// Eligible
        Professional => Professional,
        /// Eligible
        Enterprise => Enterprise,
    }
    /// A Salesforce edition.
    Edition => SalesforceEdition {
        /// Not eligible
        Group => Group,
        /// Not eligible
        Essentials => Essentials,
        /// Eligible with a top-level administrator
        Professional => Professional,
        /// Eligible
        Enterprise => Enterprise,
        /// Eligible
        Unlimited => Unlimited,
        /// Not eligible
        Developer => Developer,
    }
    /// Administrative access to Salesforce.
    Access => AdminAccess {
        /// No access: the setup waits for the Salesforce administrator
        None => None,
        /// A top-level Salesforce administrator
        TopLevelAdministrator => TopLevelAdministrator,
        /// Full object-level and full field-level security
        FullObjectAndField => FullObjectAndField,
        /// Full object-level security only
        ObjectOnly => ObjectOnly,
    }
    /// Production or sandbox.
    Environment => SalesforceEnvironment {
        /// Logs in at login.salesforce.com
        Production => Production,
        /// Logs in at test.salesforce.com
        Sandbox => Sandbox,
    }
    /// How lead intelligence is shown in Salesforce.
    LeadIntelligence => VisualforceMethod {
        /// The Visualforce component on the lead and contact layouts
        Visualforce => Visualforce,
        /// Its successor
        HubspotEmbed => HubspotEmbed,
    }
    /// What happens to contacts that exist already.
    Existing => ImportDecision {
        /// They shall be imported
        Import => Import,
        /// They sync only when they change
        DoNotImport => DoNotImport,
    }
}
