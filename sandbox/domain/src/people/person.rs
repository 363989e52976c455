//! The records of owners, from test users or synthetic. No comparison.

use handset_protocol::server::{Address, Individual};

use crate::{Phone, TestUser};

/// The record of a number's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// `YYYY-MM-DD`.
    pub dob: Option<String>,
    /// Nine digits.
    pub ssn: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Postal address.
    pub address: Option<PostalAddress>,
}

/// A postal address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostalAddress {
    /// House number and street.
    pub address: String,
    /// City.
    pub city: String,
    /// State.
    pub region: String,
    /// ZIP.
    pub postal_code: String,
}

const FIRST_NAMES: [&str; 8] = ["Ada", "Bela", "Chidi", "Dana", "Emil", "Farah", "Goran", "Hana"];
const LAST_NAMES: [&str; 8] = ["Abbot", "Bakker", "Castell", "Dimov", "Eklund", "Farkas", "Grieve", "Hollis"];
const STREETS: [&str; 8] = [
    "Alder Street",
    "Brook Lane",
    "Cedar Avenue",
    "Dale Road",
    "Elm Court",
    "Ferry Drive",
    "Grove Place",
    "Harbor Boulevard",
];
const PLACES: [[&str; 3]; 8] = [
    ["Amarillo", "TX", "79101"],
    ["Boise", "ID", "83702"],
    ["Cheyenne", "WY", "82001"],
    ["Dover", "DE", "19901"],
    ["Eugene", "OR", "97401"],
    ["Fargo", "ND", "58102"],
    ["Gary", "IN", "46402"],
    ["Helena", "MT", "59601"],
];

impl Person {
    /// The owner of a number: a test user, or a synthetic person, always the same for the same number.
    pub fn owner_of(phone: &Phone) -> Self {
        let Some(user) = TestUser::find(phone) else {
            return Self::synthetic(phone);
        };
        let home = |record: crate::people::test_users::Record| PostalAddress {
            address: record.address.to_owned(),
            city: record.city.to_owned(),
            region: record.region.to_owned(),
            postal_code: record.postal_code.to_owned(),
        };
        Self {
            first_name: user.first_name.to_owned(),
            last_name: user.last_name.to_owned(),
            dob: user.record.map(|record| record.dob.to_owned()),
            ssn: user.record.map(|record| record.ssn.to_owned()),
            email: user.record.map(|record| record.email.to_owned()),
            address: user.record.map(home),
        }
    }

    fn synthetic(phone: &Phone) -> Self {
        // FNV-1a. Any fixed hash of the digits suffices, but a change of it would change every owner.
        let seed = phone
            .digits()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let (year, month, day) = (1950 + (seed >> 8) % 50, 1 + (seed >> 16) % 12, 1 + (seed >> 24) % 28);
        let (first_name, last_name) = (pick(FIRST_NAMES, seed >> 32), pick(LAST_NAMES, seed >> 40));
        let [city, region, postal_code] = pick(PLACES, seed >> 44);
        let home = PostalAddress {
            address: format!("{} {}", 1 + (seed >> 12) % 999, pick(STREETS, seed >> 48)),
            city: city.to_owned(),
            region: region.to_owned(),
            postal_code: postal_code.to_owned(),
        };
        Self {
            dob: Some(format!("{year:04}-{month:02}-{day:02}")),
            ssn: Some(format!("{:09}", 900_000_000 + (seed >> 20) % 100_000_000)),
            email: Some(format!("{first_name}.{last_name}@example.com").to_lowercase()),
            address: Some(home),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
        }
    }

    /// The record in the format of Pre-Fill.
    pub fn to_individual(&self) -> Individual {
        let secret = |text: &String| text.as_str().into();
        let address = |home: &PostalAddress| Address {
            address: Some(secret(&home.address)),
            extended_address: None,
            city: Some(secret(&home.city)),
            region: Some(secret(&home.region)),
            postal_code: Some(secret(&home.postal_code)),
        };
        Individual {
            first_name: Some(secret(&self.first_name)),
            last_name: Some(secret(&self.last_name)),
            dob: self.dob.as_ref().map(secret),
            ssn: self.ssn.as_ref().map(secret),
            email_addresses: self.email.as_ref().map(|email| vec![secret(email)]),
            addresses: self.address.as_ref().map(|home| vec![address(home)]),
        }
    }
}

fn pick<T: Copy + Default>(all: [T; 8], at: u64) -> T {
    all.into_iter().cycle().nth((at % 8) as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_number_always_has_the_same_owner() {
        let owner = |text: &str| Person::owner_of(&Phone::parse(&text.into()).unwrap());
        assert_eq!(owner("+15005550006"), owner("5005550006"));
        assert_ne!(owner("5005550006"), owner("5005550007"));
        let someone = owner("+4915112345678");
        assert_eq!(someone.ssn.as_ref().map(String::len), Some(9));
        assert_eq!(someone, owner("+4915112345678"));
        assert!(someone.address.is_some_and(|home| home.address.split_once(' ').is_some()));
    }
}
