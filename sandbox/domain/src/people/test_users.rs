//! Test users: numbers with a known owner, and the scenarios of their flows. Magic numbers are in `magic_numbers`.

use crate::{Behaviour, Phone, Product, Refusal};

/// A test user: a number with a known owner, a known code and a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestUser {
    /// The number in its usual notation.
    pub phone: &'static str,
    /// Given name.
    pub first_name: &'static str,
    /// Family name.
    pub last_name: &'static str,
    /// The rest of the record.
    pub record: Option<Record>,
    /// Products that serve it.
    pub products: Products,
    /// Scenario of its flows.
    pub scenario: TestUserScenario,
}

/// The record of a test user, without the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// House number and street.
    pub address: &'static str,
    /// City.
    pub city: &'static str,
    /// State.
    pub region: &'static str,
    /// ZIP.
    pub postal_code: &'static str,
    /// `YYYY-MM-DD`.
    pub dob: &'static str,
    /// Nine digits.
    pub ssn: &'static str,
    /// E-mail address.
    pub email: &'static str,
}

/// The products that serve a test user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Products {
    /// Prove Identity.
    pub identity: bool,
    /// Pre-Fill.
    pub prefill: bool,
    /// Verified Users.
    pub verified_users: bool,
    /// Unify.
    pub unify: bool,
    /// Identity Manager.
    pub identity_manager: bool,
}

impl Products {
    /// Whether the product is one of them.
    pub fn has(self, product: Product) -> bool {
        match product {
            Product::All => true,
            Product::Identity => self.identity,
            Product::Prefill => self.prefill,
            Product::VerifiedUsers => self.verified_users,
            Product::Unify => self.unify,
            Product::IdentityManager => self.identity_manager,
        }
    }
}

/// The scenario of a test user's flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestUserScenario {
    /// A code or a link verifies possession.
    Plain,
    /// Possession is verified before the page's first request.
    PassesWithoutBrowser,
    /// Mobile Auth verifies possession on a mobile browser.
    MobileAuthPasses,
    /// Verified Users, second generation: success with assurance level AL2.
    VerifiesAtAl2,
    /// Verified Users, second generation: failure with assurance level AL0.
    FailsAtAl0,
}

impl TestUser {
    /// The correct code of every test user. Expiry and the maximum of attempts apply to it.
    pub const CODE: &str = "1234";

    /// Whether the code of that number is [`TestUser::CODE`], as for test users and behaviour numbers.
    pub fn has_known_code(phone: &Phone) -> bool {
        Self::find(phone).is_some() || Behaviour::of_phone(phone).is_some()
    }

    /// Whether the number is a test user with possession verified before the page's first request.
    pub(crate) fn passes_without_browser(phone: &Phone) -> bool {
        Self::find(phone).is_some_and(|user| user.scenario == TestUserScenario::PassesWithoutBrowser)
    }

    /// Whether the number is a test user with possession verified by Mobile Auth.
    pub(crate) fn passes_by_mobile_auth(phone: &Phone) -> bool {
        Self::find(phone).is_some_and(|user| user.scenario == TestUserScenario::MobileAuthPasses)
    }

    /// Checks that the product serves the number, and returns its test user, if it is one.
    ///
    /// # Errors
    /// The number is a test user of another product; or, if `strict`, neither a test user nor a behaviour number.
    pub fn authorize(phone: &Phone, product: Product, strict: bool) -> Result<Option<&'static Self>, Refusal> {
        match Self::find(phone) {
            Some(user) if !user.products.has(product) => Err(Refusal::OtherProduct),
            None if strict && Behaviour::of_phone(phone).is_none() => Err(Refusal::NoTestUser),
            user => Ok(user),
        }
    }

    /// The test user with that number.
    pub fn find(phone: &Phone) -> Option<&'static Self> {
        TEST_USERS.iter().find(|user| match user.phone.strip_prefix('+') {
            Some(digits) => digits == phone.digits(),
            None => phone.digits().strip_prefix('1') == Some(user.phone),
        })
    }
}

const fn products(identity: bool, prefill: bool) -> Products {
    Products { identity, prefill, verified_users: false, unify: false, identity_manager: false }
}

const NONE: Products = products(false, false);
const IDENTITY: Products = products(true, false);
const IDENTITY_AND_PREFILL: Products = products(true, true);
const VERIFIED_USERS: Products = Products { verified_users: true, ..NONE };
const UNIFY: Products = Products { unify: true, ..NONE };
const IDENTITY_MANAGER: Products = Products { identity_manager: true, ..NONE };

const fn user(phone: &'static str, name: [&'static str; 2], products: Products, role: TestUserScenario) -> TestUser {
    let [first_name, last_name] = name;
    TestUser { phone, first_name, last_name, record: None, products, scenario: role }
}

impl TestUser {
    const fn with_address(self, address: &'static str, place: [&'static str; 3]) -> Self {
        let [city, region, postal_code] = place;
        Self { record: Some(Record { address, city, region, postal_code, dob: "", ssn: "", email: "" }), ..self }
    }

    const fn with_details(self, dob: &'static str, ssn: &'static str, email: &'static str) -> Self {
        match self.record {
            Some(record) => Self { record: Some(Record { dob, ssn, email, ..record }), ..self },
            None => self,
        }
    }
}

/// Every test user.
#[rustfmt::skip]
pub const TEST_USERS: &[TestUser] = &[
    user("2001001695", ["Milo", "Pinson"], IDENTITY_AND_PREFILL, TestUserScenario::PassesWithoutBrowser)
        .with_address("6377 Birchwood Hill", ["Littleton", "CO", "80161-2001"])
        .with_details("1981-01-17", "847350596", "mpinsonm@dyndns.org"),
    user("2001001693", ["Marcia", "Longo"], IDENTITY_AND_PREFILL, TestUserScenario::Plain)
        .with_address("00 Mallard Park", ["New Orleans", "LA", "70165"])
        .with_details("1982-07-19", "470806227", "mlongok@amazonaws.com"),
    user("2001001688", ["Nevin", "Chattey"], IDENTITY_AND_PREFILL, TestUserScenario::Plain)
        .with_address("9398 Scott Plaza", ["Austin", "TX", "78744"])
        .with_details("1980-03-20", "542742985", "nchatteyf@techcrunch.com"),
    user("2001001687", ["Agretha", "Chene"], IDENTITY_AND_PREFILL, TestUserScenario::Plain)
        .with_address("4861 Jay Junction", ["Boston", "MS", "02208"])
        .with_details("1994-12-29", "369956933", "achenee@printfriendly.com"),
    user("2001001686", ["Tod", "Weedall"], IDENTITY_AND_PREFILL, TestUserScenario::Plain)
        .with_address("39 South Trail", ["San Antonio", "TX", "78285"])
        .with_details("1984-12-10", "565228370", "tweedalld@ehow.com"),
    user("2001004009", ["Benny", "Harper"], IDENTITY, TestUserScenario::Plain)
        .with_address("27 Financial Place", ["Bakersfield", "CA", "93301-2425"])
        .with_details("1994-09-02", "565252770", "bharperd@superstars.com"),
    user("5550000000", ["Cathee", "Simmonett"], IDENTITY_AND_PREFILL, TestUserScenario::MobileAuthPasses)
        .with_address("49 Moulton Plaza", ["Athens", "GA", "30610"])
        .with_details("1962-10-06", "771240999", "csimmonettj@toplist.cz"),
    user("5555555555", ["Van", "Moors"], IDENTITY_AND_PREFILL, TestUserScenario::MobileAuthPasses)
        .with_address("9 Prairie Rose Court", ["Columbus", "MS", "39705"])
        .with_details("1976-01-07", "465112233", "vmoors@example.com"),
    user("2001004011", ["Sheilakathryn", "Butrimovich"], VERIFIED_USERS, TestUserScenario::PassesWithoutBrowser)
        .with_address("0 Mccormick Trail", ["Pittsburgh", "PA", "15205"])
        .with_details("1974-12-09", "148882298", "sbutrimovichb@who.int"),
    user("+447968900002", ["Rozella", "Kimpton"], VERIFIED_USERS, TestUserScenario::PassesWithoutBrowser),
    user("2001004014", ["Lorant", "Nerger"], UNIFY, TestUserScenario::Plain),
    user("2001004018", ["Barbaraanne", "Canet"], UNIFY, TestUserScenario::PassesWithoutBrowser),
    user("2001004031", ["Merla", "Schumacher"], IDENTITY_MANAGER, TestUserScenario::Plain),
    user("2001004049", ["Bettina", "Halbert"], VERIFIED_USERS, TestUserScenario::VerifiesAtAl2),
    user("2001004054", ["Alf", "Novotni"], VERIFIED_USERS, TestUserScenario::FailsAtAl0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_page_lists_every_test_user() {
        const PAGE: &str = include_str!("../../../../docs/sandbox-rules.md");
        let (_, table) = PAGE.split_once("| number | name | products | role |\n").unwrap();
        let documented: Vec<&str> = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
        let row = |user: &TestUser| {
            let products = [
                (Product::Identity, "identity"),
                (Product::Prefill, "prefill"),
                (Product::VerifiedUsers, "verified-users"),
                (Product::Unify, "unify"),
                (Product::IdentityManager, "identity-manager"),
            ];
            let names = products.into_iter().filter(|(product, _)| user.products.has(*product)).map(|(_, name)| name);
            let role = match user.scenario {
                TestUserScenario::Plain => "",
                TestUserScenario::PassesWithoutBrowser => "passes without the browser ",
                TestUserScenario::MobileAuthPasses => "passes by Mobile Auth on a phone ",
                TestUserScenario::VerifiesAtAl2 => "in the second generation succeeds at AL2 ",
                TestUserScenario::FailsAtAl0 => "in the second generation fails at AL0 ",
            };
            let products = names.collect::<Vec<_>>().join(", ");
            format!("| {} | {} {} | {products} | {role}|", user.phone, user.first_name, user.last_name)
        };
        assert_eq!(documented, TEST_USERS.iter().map(row).collect::<Vec<_>>());
    }
}
