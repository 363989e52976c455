//! JSON Schemas of texts and numbers, for the document of the server API. Each is written once, and a member names its
//! schema by `value_type`. The messages are not in here.
//!
//! Messages keep plain types: a backend must be able to read any text before it can refuse it and name the member. So
//! the schemas are types without values. utoipa's `schema_with` would do without them, but drops the member's comment.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::limits;

macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident = $schema:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    $schema.into()
                }
            }

            impl ToSchema for $name {}
        )*

        /// The names of all these schemas. utoipa gives each as a component; the document puts it in the place of
        /// every reference, with its description behind that of the member.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

schemas! {
    /// `correlationId`.
    CorrelationIdSchema = text()
        .pattern(Some("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"))
        .examples([EXAMPLE_CORRELATION_ID]);

    /// `flowType`.
    FlowTypeSchema = one_of(["desktop", "mobile"]);

    /// `possessionType`.
    PossessionTypeSchema = one_of(["desktop", "mobile", "none"]);

    /// A phone number in a reply.
    PhoneNumberSchema = text().pattern(Some(PHONE_NUMBER_PATTERN)).examples(["2001004009", "+447968900002"]);

    /// A phone number in a request, in any of the ways in which people write it.
    TypedPhoneNumberSchema = text()
        .description(Some(TYPED_PHONE_NUMBER))
        .pattern(Some(typed_phone_number_pattern()))
        .examples(["2001004009", "+447968900002", "(200) 100-4009", "+44 (0)7968 900002"]);

    /// `finalTargetUrl`.
    FinalTargetUrlSchema = text()
        .format(Some(SchemaFormat::Custom("uri".to_owned())))
        .max_length(Some(limits::FINAL_TARGET_URL_CHARS))
        .pattern(Some(TARGET_URL_PATTERN))
        .examples([EXAMPLE_TARGET_URL]);

    /// `ssn`.
    SsnSchema = text().pattern(Some("^([0-9]{4}|[0-9]{9})$")).examples(["565252770", "2770"]);

    /// `dob`.
    DobSchema = text().pattern(Some(DOB_PATTERN)).examples(["1994-09-02", "1994-09", "09-02"]);

    /// `emailAddress`.
    EmailAddressSchema = text()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
        .max_length(Some(254))
        .pattern(Some(r"^[^@\s]+@[^@\s]+$"))
        .examples(["bharperd@superstars.com"]);

    /// `ipAddress`.
    IpAddressSchema = AnyOfBuilder::new()
        .schema_type(Type::String)
        .item(of_format(KnownFormat::Ipv4))
        .item(of_format(KnownFormat::Ipv6))
        .examples(["192.0.2.1"]);

    /// `smsMessage`.
    SmsMessageSchema = text()
        .max_length(Some(limits::SMS_MESSAGE_CHARS))
        .pattern(Some("^[^#]*#{4,6}[^#]*$"))
        .examples(["Your code is ####."]);

    /// `firstName`: not blank.
    FirstNameSchema = text().pattern(Some(r"\S")).examples(["Benny"]);

    /// `lastName`: not blank.
    LastNameSchema = text().pattern(Some(r"\S")).examples(["Harper"]);

    /// `streetNumber`: a score without steps between.
    StreetNumberScoreSchema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(0))
        .enum_values(Some([0, 100]));

    /// `grant_type`.
    GrantTypeSchema = one_of(["client_credentials"]);

    /// `token_type`.
    TokenTypeSchema = one_of(["Bearer"]);
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn of_format(format: KnownFormat) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).format(Some(SchemaFormat::KnownFormat(format)))
}

/// A text out of a list.
pub(super) fn one_of<const N: usize>(texts: [&str; N]) -> ObjectBuilder {
    text().enum_values(Some(texts))
}

/// An example of a `correlationId`.
pub const EXAMPLE_CORRELATION_ID: &str = "5a1f3c9e-7b42-4d0a-9c11-0f6be2d7a384";
/// An example of a `finalTargetUrl`: a page that the sandbox serves.
pub const EXAMPLE_TARGET_URL: &str = "http://localhost:8787/linked.html";

/// The pattern of [`PhoneNumberSchema`].
pub const PHONE_NUMBER_PATTERN: &str = r"^((\+?1)?[0-9]{10}|\+[2-9][0-9]{6,14})$";

/// The description of every phone number in a request.
const TYPED_PHONE_NUMBER: &str = "Ten digits for the US and Canada, else `+` or `00` and the country code. The usual \
    ways to write a number are accepted: blanks, dashes, stops, parentheses and slashes between digits, `(0)` behind \
    the country code, `tel:` in front, and digits of any script. The pattern holds the most common ways; replies have \
    the number without separators.";

/// The pattern of [`TypedPhoneNumberSchema`]: numbers in ASCII, without slashes, and with parentheses in their usual
/// places only.
pub fn typed_phone_number_pattern() -> String {
    let next = "[-. ]?[0-9]";
    // An area code does not begin with 00, which is another way to write +.
    let american = format!(r"(\((0[1-9]|[1-9][0-9])[0-9]\)|(0[-. ]?[1-9]|[1-9]{next}){next})({next}){{7}}");
    let abroad = format!(r"[2-9](({next}){{6,14}}|[0-9]{{0,2}} ?\(0\)({next}){{6,12}})");
    format!(r"^(tel:)?(((\+|00)?1[-. ]?)?{american}|(\+|00){abroad})$")
}

/// A host name whose last label is not a number, or an IPv4 address; then a port, and a path of plain characters.
const TARGET_URL_PATTERN: &str = concat!(
    "^https?://(",
    "([A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?\\.)*[A-Za-z_]([-A-Za-z0-9_]*[A-Za-z0-9_])?",
    "|((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])",
    ")(:([1-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?",
    "([/?][-A-Za-z0-9._+=/:?]*)?$",
);
const DOB_PATTERN: &str = concat!(
    "^(([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?",
    "|(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))$",
);
