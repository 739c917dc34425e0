//! What the contract ends in: texts, numbers, instants and names, bare or with where they came from.

use baton_core::domain::lead::{ConsentSource, LeadChannel};
use baton_core::domain::outcome::OutcomeKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::marker::PhantomData;

/// Declares a leaf of the contract: a name and the JSON schema it stands for.
macro_rules! leaf {
    ($name:ident, $schema:tt) => {
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

leaf!(Text, { "type": "string" });
leaf!(NumberOrText, { "type": ["number", "string"] });
leaf!(Score, { "type": ["number", "string"], "minimum": 0, "maximum": 100 });
leaf!(Satisfaction, { "type": ["number", "string"], "minimum": 1, "maximum": 5 });
leaf!(Texts, { "type": ["array", "string"], "items": { "type": ["string", "null"] } });
leaf!(Instant, {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\s*\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})\s*$",
});
leaf!(RepName, { "type": "string", "pattern": "^[a-z0-9._-]{1,64}$", "description": "A rep's id in `reps.csv`." });
leaf!(LeadName, { "type": "string", "pattern": "^lead_[A-Za-z0-9.]{1,64}$", "description": "Baton's id of the lead." });

leaf!(OutcomeWord, { "type": "string", "enum": OutcomeKind::ALL.map(OutcomeKind::as_str) });
leaf!(ChannelWord, { "type": "string", "enum": LeadChannel::ALL.map(LeadChannel::as_str) });
leaf!(Agreed, {
    "anyOf": [
        { "type": "boolean" },
        {
            "type": "object",
            "description": "One statement, with who says so and since when.",
            "required": ["given"],
            "properties": {
                "given": { "type": "boolean" },
                "source": {
                    "description": "Who says it, or where the person said it. Absent: the person, where the lead came from.",
                    "enum": ConsentSource::ALL.map(|source| Some(source.as_str())).into_iter().chain([None]).collect::<Vec<_>>(),
                },
                "at": {
                    "description": "When it was said. Absent: the event's time.",
                    "type": ["string", "null"],
                    "format": "date-time",
                },
            },
        },
    ],
});
leaf!(CustomValue, {
    "anyOf": [
        { "type": ["string", "number", "boolean", "null"] },
        { "type": "array", "items": { "type": "string" } },
        {
            "type": "object",
            "required": ["value"],
            "properties": {
                "value": {
                    "type": ["string", "number", "boolean", "null", "array"],
                    "items": { "type": "string" },
                },
            },
        },
    ],
});

/// A bare value, or one with where it came from.
pub(super) struct Given<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Given{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let bare = generator.subschema_for::<T>();
        json_schema!({
            "anyOf": [
                bare,
                {
                    "type": "object",
                    "description": "A value with where it came from.",
                    "required": ["value"],
                    "properties": {
                        "value": { "anyOf": [bare, { "type": "null" }] },
                        "source": {
                            "description": "Who said it. Absent: the caller; the platform for numbers and language of the call; inferred for the score.",
                            "enum": ["caller", "crm", "inferred", "platform", null],
                        },
                        "confidence": { "type": ["number", "null"], "minimum": 0, "maximum": 1 },
                    },
                },
            ],
        })
    }
}
