//! What a person says about themselves, held against the record of a number's owner.

use handset_protocol::Secret;
use handset_protocol::server::{Address, AddressScores, Individual, NameScores};

use crate::Person;
use crate::people::person::PostalAddress;

/// Words of a street that are written in two ways.
const ABBREVIATED: [(&str, &str); 14] = [
    ("avenue", "ave"),
    ("boulevard", "blvd"),
    ("circle", "cir"),
    ("court", "ct"),
    ("drive", "dr"),
    ("hill", "hl"),
    ("junction", "jct"),
    ("lane", "ln"),
    ("place", "pl"),
    ("plaza", "plz"),
    ("road", "rd"),
    ("street", "st"),
    ("terrace", "ter"),
    ("trail", "trl"),
];

/// What agrees. `None`: nothing was said of it. What was said and the record lacks does not agree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) names: Option<NameScores>,
    /// Every name that was said, letter by letter.
    pub(crate) name: Option<bool>,
    pub(crate) address: Option<AddressScores>,
    /// In the form given.
    pub(crate) dob: Option<bool>,
    /// In the form given.
    pub(crate) ssn: Option<bool>,
    /// The last four digits.
    pub(crate) last4: Option<bool>,
    /// All nine digits; false where only four were said.
    pub(crate) whole_ssn: Option<bool>,
    pub(crate) email: Option<bool>,
}

impl Comparison {
    pub(crate) fn new(said: &Individual, known: &Person) -> Self {
        let (first, last) = (text(&said.first_name), text(&said.last_name));
        let same = |said: Option<&str>, known: &str| said.map(|said| plain(said) == plain(known));
        let name = [same(first, &known.first_name), same(last, &known.last_name)].into_iter().flatten();
        let (dob, ssn) = (text(&said.dob), text(&said.ssn));
        let of_ssn = |agrees: fn(&str, &str) -> bool| {
            ssn.map(|said| known.ssn.as_deref().is_some_and(|known| agrees(said, known)))
        };
        let email = said.email_addresses.as_ref().and_then(|all| all.first()).map(Secret::expose);
        let email = email.filter(|text| !text.trim().is_empty());
        let address = said.addresses.as_ref().and_then(|all| all.first()).filter(|address| says_something(address));
        Self {
            names: (first.is_some() || last.is_some()).then(|| names(first, last, known)),
            name: name.reduce(|one, other| one && other),
            address: address.map(|said| compare_homes(said, known.address.as_ref())),
            dob: dob.map(|said| known.dob.as_deref().is_some_and(|known| same_dob(said, known))),
            ssn: of_ssn(|said, known| said == known || (said.len() == 4 && known.ends_with(said))),
            last4: of_ssn(|said, known| last_four(said).is_some_and(|four| known.ends_with(four))),
            whole_ssn: of_ssn(|said, known| said == known),
            email: email.map(|said| known.email.as_deref().is_some_and(|known| said.eq_ignore_ascii_case(known))),
        }
    }

    /// Whether the address is taken for the same: house number, street, and city or ZIP.
    pub(crate) fn same_address(&self) -> Option<bool> {
        self.address.map(|scores| scores.street_number > 0 && scores.street && (scores.city || scores.postal_code))
    }

    /// Whether the person is taken for the owner: names, date of birth and SSN, as far as they were said, all agree.
    /// Addresses and e-mail do not decide: people move, and have several.
    pub(crate) fn is_owner(&self) -> bool {
        [self.name, self.dob, self.ssn].into_iter().flatten().all(|agrees| agrees)
    }
}

/// An empty text says nothing.
fn text(member: &Option<Secret>) -> Option<&str> {
    member.as_ref().map(Secret::expose).filter(|text| !text.trim().is_empty())
}

fn says_something(address: &Address) -> bool {
    [&address.address, &address.city, &address.region, &address.postal_code]
        .into_iter()
        .any(|part| text(part).is_some())
}

/// Without case, blanks and punctuation.
fn plain(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn last_four(ssn: &str) -> Option<&str> {
    ssn.get(ssn.len().checked_sub(4)?..)
}

/// In the form said: whole, year and month, or month and day.
fn same_dob(said: &str, known: &str) -> bool {
    said == known || (said.len() == 7 && known.starts_with(said)) || (said.len() == 5 && known.get(5..) == Some(said))
}

fn names(first: Option<&str>, last: Option<&str>, known: &Person) -> NameScores {
    let score = |said: Option<&str>, known: &str| said.map_or(0, |said| name_score(&plain(said), &plain(known)));
    let (first_name, last_name) = (score(first, &known.first_name), score(last, &known.last_name));
    NameScores { first_name, last_name, name_score: first_name.midpoint(last_name) }
}

/// 100: the same; 80: one letter off; 60: one begins with the other, as an initial or a short form does.
fn name_score(said: &str, known: &str) -> u32 {
    let is_long = |name: &str| name.chars().count() >= 3;
    match () {
        () if said.is_empty() || known.is_empty() => 0,
        () if said == known => 100,
        () if is_long(said) && is_long(known) && strsim::osa_distance(said, known) == 1 => 80,
        () if said.starts_with(known) || known.starts_with(said) => 60,
        () => 0,
    }
}

fn compare_homes(said: &Address, known: Option<&PostalAddress>) -> AddressScores {
    let Some(known) = known else {
        return scores(false, false, false, None, false);
    };
    let line = text(&said.address).map(number_and_street);
    let (number, street) = number_and_street(&known.address);
    let same = |said: &Option<Secret>, known: &str| text(said).map(|said| plain(said) == plain(known));
    let zip = |text: &str| plain(text).chars().take(5).collect::<String>();
    scores(
        line.as_ref().is_some_and(|(said, _)| *said == number),
        line.as_ref().is_some_and(|(_, said)| *said == street),
        same(&said.city, &known.city).unwrap_or(false),
        same(&said.region, &known.region),
        text(&said.postal_code).is_some_and(|said| zip(said) == zip(&known.postal_code)),
    )
}

/// `region`: whether it is the same, where one was said. In another region a city of the same name is another.
fn scores(number: bool, street: bool, city: bool, region: Option<bool>, postal_code: bool) -> AddressScores {
    let worth = |is_same: bool, points: u32| if is_same { points } else { 0 };
    let is_region = region.unwrap_or(false);
    let distance = match () {
        () if number && street && (postal_code || city) => 0.0,
        () if postal_code => 0.5,
        () if city && region != Some(false) => 5.0,
        () if is_region => 150.0,
        () => 1500.0,
    };
    AddressScores {
        address_score: worth(number, 20)
            + worth(street, 30)
            + worth(city, 15)
            + worth(is_region, 15)
            + worth(postal_code, 20),
        distance,
        street_number: worth(number, 100),
        street,
        city,
        region: is_region,
        postal_code,
    }
}

/// The house number that a line begins with, and the rest in one way of writing.
fn number_and_street(line: &str) -> (String, String) {
    let mut words = line.split_whitespace().map(plain).filter(|word| !word.is_empty()).peekable();
    let number = words.next_if(|word| word.starts_with(|first: char| first.is_ascii_digit())).unwrap_or_default();
    let short = |word: String| {
        let pair = ABBREVIATED.into_iter().find(|(long, _)| *long == word);
        pair.map_or(word, |(_, short)| short.to_owned())
    };
    (number, words.map(short).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Phone;

    fn benny() -> Person {
        Person::owner_of(&Phone::parse(&"2001004009".into()).unwrap())
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

    fn lives(address: &str, [city, region, postal_code]: [&str; 3]) -> AddressScores {
        let some = |text: &str| Some(text.into());
        let home = Address {
            address: some(address),
            extended_address: None,
            city: some(city),
            region: some(region),
            postal_code: some(postal_code),
        };
        Comparison::new(&Individual { addresses: Some(vec![home]), ..Default::default() }, &benny()).address.unwrap()
    }

    #[test]
    fn everything_said_has_to_agree() {
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
        for (said, is_owner) in cases {
            assert_eq!(Comparison::new(&said, &benny()).is_owner(), is_owner, "{said:?}");
        }
    }

    #[test]
    fn what_the_record_lacks_does_not_agree() {
        let lorant = Person::owner_of(&Phone::parse(&"2001004014".into()).unwrap());
        assert!(Comparison::new(&says("Lorant", "Nerger", "", ""), &lorant).is_owner());
        assert!(!Comparison::new(&says("Lorant", "Nerger", "1234", ""), &lorant).is_owner());
        assert!(!Comparison::new(&says("Lorant", "Nerger", "", "01-01"), &lorant).is_owner());
    }

    #[test]
    fn names_score_by_how_near_they_are() {
        let cases = [
            ("Benny", 100),
            ("benny ", 100),
            ("Bennie", 0),
            ("Bemny", 80),
            ("Bnny", 80),
            ("Benyn", 80),
            ("Ben", 60),
            ("B.", 60),
            ("Bennyson", 60),
            ("Milo", 0),
        ];
        for (said, score) in cases {
            let scores = Comparison::new(&says(said, "Harper", "", ""), &benny()).names.unwrap();
            assert_eq!((scores.first_name, scores.last_name), (score, 100), "{said}");
            assert_eq!(scores.name_score, (score + 100) / 2);
        }
        assert_eq!(Comparison::new(&says("", "", "2770", ""), &benny()).names, None);
    }

    #[test]
    fn an_address_scores_by_its_parts() {
        let home = ["Bakersfield", "CA", "93301"];
        assert_eq!(lives("27 Financial Place", home).address_score, 100);
        assert_eq!(lives("27 financial pl.", home).address_score, 100, "however it is written");
        assert_eq!(lives("27 Financial Place", ["", "", "93301-2425"]).address_score, 70);
        let cases = [
            (lives("29 Financial Place", home), 80, 0.5),
            (lives("27 Elm Street", home), 70, 0.5),
            (lives("1 Elm Street", home), 50, 0.5),
            (lives("1 Elm Street", ["Bakersfield", "CA", "93304"]), 30, 5.0),
            (lives("1 Elm Street", ["Bakersfield", "", ""]), 15, 5.0),
            (lives("1 Elm Street", ["Bakersfield", "VT", ""]), 15, 1500.0),
            (lives("1 Elm Street", ["Fresno", "CA", "93650"]), 15, 150.0),
            (lives("1 Elm Street", ["Austin", "TX", "78744"]), 0, 1500.0),
        ];
        for (scores, score, distance) in cases {
            assert_eq!((scores.address_score, scores.distance), (score, distance));
        }
        let nowhere = Individual { addresses: Some(vec![Address::default()]), ..Default::default() };
        assert_eq!(Comparison::new(&nowhere, &benny()).address, None, "an empty address says nothing");
    }

    #[test]
    fn four_digits_are_not_the_whole_number() {
        let compare = |ssn| {
            let compared = Comparison::new(&says("", "", ssn, ""), &benny());
            (compared.ssn, compared.last4, compared.whole_ssn)
        };
        assert_eq!(compare("565252770"), (Some(true), Some(true), Some(true)));
        assert_eq!(compare("2770"), (Some(true), Some(true), Some(false)));
        assert_eq!(compare("111112770"), (Some(false), Some(true), Some(false)));
        assert_eq!(compare(""), (None, None, None));
    }
}
