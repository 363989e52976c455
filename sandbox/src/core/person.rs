use handset_protocol::server::Individual;

use super::{Phone, TestUser};

/// What the sandbox knows of a number's owner, as far as Complete compares it.
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
}

const FIRST_NAMES: [&str; 8] = ["Ada", "Bela", "Chidi", "Dana", "Emil", "Farah", "Goran", "Hana"];
const LAST_NAMES: [&str; 8] = ["Abbot", "Bakker", "Castell", "Dimov", "Eklund", "Farkas", "Grieve", "Hollis"];

impl Person {
    /// The owner of a number: a test user, or someone made up, always the same for the same number.
    pub fn owning(phone: &Phone) -> Self {
        match TestUser::find(phone) {
            Some(user) => Self {
                first_name: user.first_name.to_owned(),
                last_name: user.last_name.to_owned(),
                dob: user.record.map(|record| record.dob.to_owned()),
                ssn: user.record.map(|record| record.ssn.to_owned()),
            },
            None => Self::made_up(phone),
        }
    }

    fn made_up(phone: &Phone) -> Self {
        // FNV-1a: any fixed spreading of the digits will do, as long as it never changes.
        let seed = phone
            .digits()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let pick = |names: [&str; 8], shift: u32| {
            names.into_iter().cycle().nth(((seed >> shift) % 8) as usize).unwrap_or_default().to_owned()
        };
        let (year, month, day) = (1950 + (seed >> 8) % 50, 1 + (seed >> 16) % 12, 1 + (seed >> 24) % 28);
        Self {
            first_name: pick(FIRST_NAMES, 32),
            last_name: pick(LAST_NAMES, 40),
            dob: Some(format!("{year:04}-{month:02}-{day:02}")),
            ssn: Some(format!("{:09}", 900_000_000 + (seed >> 20) % 100_000_000)),
        }
    }

    /// Whether what a person says about themselves agrees with the record: names, SSN and date of birth, as far as they
    /// were given, must all agree, and either both names or the SSN must be among them. Address and e-mail do not
    /// decide. Something given that the record lacks does not agree.
    pub fn agrees(&self, individual: &Individual) -> bool {
        let name = |given: Option<&str>, known: &str| given.is_none_or(|given| same_name(given, known));
        let first = individual.first_name.as_ref().map(|name| name.expose());
        let last = individual.last_name.as_ref().map(|name| name.expose());
        let ssn = individual.ssn.as_ref().map(|ssn| ssn.expose());
        let dob = individual.dob.as_ref().map(|dob| dob.expose());
        name(first, &self.first_name)
            && name(last, &self.last_name)
            && ssn.is_none_or(|given| self.ssn.as_deref().is_some_and(|known| same_ssn(given, known)))
            && dob.is_none_or(|given| self.dob.as_deref().is_some_and(|known| same_dob(given, known)))
    }
}

fn same_name(given: &str, known: &str) -> bool {
    given.trim().to_lowercase() == known.to_lowercase()
}

fn same_ssn(given: &str, known: &str) -> bool {
    given == known || (given.len() == 4 && known.ends_with(given))
}

/// In the form given: whole, year and month, or month and day.
fn same_dob(given: &str, known: &str) -> bool {
    given == known
        || (given.len() == 7 && known.starts_with(given))
        || (given.len() == 5 && known.get(5..) == Some(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn benny() -> Person {
        Person::owning(&Phone::parse(&"2001004009".into()).unwrap())
    }

    fn says(first: &str, last: &str, ssn: &str, dob: &str) -> Individual {
        let some = |text: &str| (!text.is_empty()).then(|| text.into());
        Individual {
            first_name: some(first),
            last_name: some(last),
            ssn: some(ssn),
            dob: some(dob),
            ..Default::default()
        }
    }

    #[test]
    fn everything_given_has_to_agree() {
        let cases = [
            (says("Benny", "Harper", "", ""), true),
            (says(" benny", "HARPER", "2770", "09-02"), true),
            (says("", "", "565252770", "1994-09"), true),
            (says("", "", "565252770", "1994-09-02"), true),
            (says("Benny", "Potter", "565252770", ""), false),
            (says("Benny", "Harper", "2771", ""), false),
            (says("Benny", "Harper", "", "1994-09-03"), false),
            (says("Benny", "Harper", "", "09-03"), false),
        ];
        for (individual, agrees) in cases {
            assert_eq!(benny().agrees(&individual), agrees, "{individual:?}");
        }
    }

    #[test]
    fn an_unknown_number_has_an_owner_who_stays_the_same() {
        let owner = |text: &str| Person::owning(&Phone::parse(&text.into()).unwrap());
        assert_eq!(owner("+15005550006"), owner("5005550006"));
        assert_ne!(owner("5005550006"), owner("5005550007"));
        let someone = owner("+4915112345678");
        assert!(someone.agrees(&says(&someone.first_name, &someone.last_name, "", "")));
        assert_eq!(someone.ssn.map(|ssn| ssn.len()), Some(9));
    }
}
