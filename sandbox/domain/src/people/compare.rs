//! Comparison of a person's claimed details with the record of a number's owner. No verdict: `evaluation` derives it.

use handset_protocol::Secret;
use handset_protocol::server::{Address, AddressScores, Individual, NameScores};

use crate::Person;
use crate::people::person::PostalAddress;

/// Words of street names with their abbreviations.
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

/// The result of a comparison, by detail. `None`: not claimed. A claimed detail that the record lacks does not agree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) names: Option<NameScores>,
    /// Whether every claimed name agrees exactly, ignoring case, blanks and punctuation.
    pub(crate) name: Option<bool>,
    pub(crate) address: Option<AddressScores>,
    /// In the claimed format.
    pub(crate) dob: Option<bool>,
    /// In the claimed format.
    pub(crate) ssn: Option<bool>,
    /// The last four digits.
    pub(crate) last4: Option<bool>,
    /// All nine digits; false if only four are claimed.
    pub(crate) whole_ssn: Option<bool>,
    pub(crate) email: Option<bool>,
}

impl Comparison {
    pub(crate) fn new(claimed: &Individual, known: &Person) -> Self {
        let (first, last) = (text(&claimed.first_name), text(&claimed.last_name));
        let same = |claimed: Option<&str>, known: &str| claimed.map(|claimed| normalized(claimed) == normalized(known));
        let name = [same(first, &known.first_name), same(last, &known.last_name)].into_iter().flatten();
        let (dob, ssn) = (text(&claimed.dob), text(&claimed.ssn));
        let of_ssn = |agrees: fn(&str, &str) -> bool| {
            ssn.map(|claimed| known.ssn.as_deref().is_some_and(|known| agrees(claimed, known)))
        };
        let email = claimed.email_addresses.as_ref().and_then(|all| all.first()).map(Secret::expose);
        let email = email.filter(|text| !text.trim().is_empty());
        let address = claimed.addresses.as_ref().and_then(|all| all.first()).filter(|address| has_content(address));
        Self {
            names: (first.is_some() || last.is_some()).then(|| names(first, last, known)),
            name: name.reduce(|one, other| one && other),
            address: address.map(|claimed| compare_addresses(claimed, known.address.as_ref())),
            dob: dob.map(|claimed| known.dob.as_deref().is_some_and(|known| same_dob(claimed, known))),
            ssn: of_ssn(|claimed, known| claimed == known || (claimed.len() == 4 && known.ends_with(claimed))),
            last4: of_ssn(|claimed, known| last_four(claimed).is_some_and(|four| known.ends_with(four))),
            whole_ssn: of_ssn(|claimed, known| claimed == known),
            email: email.map(|claimed| known.email.as_deref().is_some_and(|known| claimed.eq_ignore_ascii_case(known))),
        }
    }

    /// Whether the address counts as the same: house number, street, and city or ZIP agree.
    pub(crate) fn same_address(&self) -> Option<bool> {
        self.address.map(|scores| scores.street_number > 0 && scores.street && (scores.city || scores.postal_code))
    }

    /// Whether the person counts as the owner: every claimed name, date of birth and SSN agrees. Addresses and e-mail
    /// do not count, since people move and have several.
    pub(crate) fn is_owner(&self) -> bool {
        [self.name, self.dob, self.ssn].into_iter().flatten().all(|agrees| agrees)
    }
}

/// The value of a member. An empty or blank string counts as absent.
fn text(member: &Option<Secret>) -> Option<&str> {
    member.as_ref().map(Secret::expose).filter(|text| !text.trim().is_empty())
}

fn has_content(address: &Address) -> bool {
    [&address.address, &address.city, &address.region, &address.postal_code]
        .into_iter()
        .any(|part| text(part).is_some())
}

/// The string in lower case, without blanks and punctuation.
fn normalized(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn last_four(ssn: &str) -> Option<&str> {
    ssn.get(ssn.len().checked_sub(4)?..)
}

/// Compares in the claimed format: `YYYY-MM-DD`, `YYYY-MM` or `MM-DD`.
fn same_dob(claimed: &str, known: &str) -> bool {
    claimed == known
        || (claimed.len() == 7 && known.starts_with(claimed))
        || (claimed.len() == 5 && known.get(5..) == Some(claimed))
}

fn names(first: Option<&str>, last: Option<&str>, known: &Person) -> NameScores {
    let score = |claimed: Option<&str>, known: &str| {
        claimed.map_or(0, |claimed| name_score(&normalized(claimed), &normalized(known)))
    };
    let (first_name, last_name) = (score(first, &known.first_name), score(last, &known.last_name));
    NameScores { first_name, last_name, name_score: first_name.midpoint(last_name) }
}

/// Similarity of two names. 100: equal; 80: one typing error; 60: one is the beginning of the other, such as an
/// initial.
fn name_score(claimed: &str, known: &str) -> u32 {
    let is_long = |name: &str| name.chars().count() >= 3;
    match () {
        () if claimed.is_empty() || known.is_empty() => 0,
        () if claimed == known => 100,
        () if is_long(claimed) && is_long(known) && strsim::osa_distance(claimed, known) == 1 => 80,
        () if claimed.starts_with(known) || known.starts_with(claimed) => 60,
        () => 0,
    }
}

fn compare_addresses(claimed: &Address, known: Option<&PostalAddress>) -> AddressScores {
    let Some(known) = known else {
        return scores(false, false, false, None, false);
    };
    let line = text(&claimed.address).map(number_and_street);
    let (number, street) = number_and_street(&known.address);
    let same =
        |claimed: &Option<Secret>, known: &str| text(claimed).map(|claimed| normalized(claimed) == normalized(known));
    let zip = |text: &str| normalized(text).chars().take(5).collect::<String>();
    scores(
        line.as_ref().is_some_and(|(claimed, _)| *claimed == number),
        line.as_ref().is_some_and(|(_, claimed)| *claimed == street),
        same(&claimed.city, &known.city).unwrap_or(false),
        same(&claimed.region, &known.region),
        text(&claimed.postal_code).is_some_and(|claimed| zip(claimed) == zip(&known.postal_code)),
    )
}

/// The scores of an address, by the parts that agree. `region`: `None` if not claimed. A city of the same name in
/// another region does not count for the distance.
fn scores(number: bool, street: bool, city: bool, region: Option<bool>, postal_code: bool) -> AddressScores {
    let points_if = |is_same: bool, points: u32| if is_same { points } else { 0 };
    let is_region = region.unwrap_or(false);
    let distance = match () {
        () if number && street && (postal_code || city) => 0.0,
        () if postal_code => 0.5,
        () if city && region != Some(false) => 5.0,
        () if is_region => 150.0,
        () => 1500.0,
    };
    AddressScores {
        address_score: points_if(number, 20)
            + points_if(street, 30)
            + points_if(city, 15)
            + points_if(is_region, 15)
            + points_if(postal_code, 20),
        distance,
        street_number: points_if(number, 100),
        street,
        city,
        region: is_region,
        postal_code,
    }
}

/// The house number at the beginning of a line, and the street in its abbreviated form.
fn number_and_street(line: &str) -> (String, String) {
    let mut words = line.split_whitespace().map(normalized).filter(|word| !word.is_empty()).peekable();
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

    fn claims(first: &str, last: &str, ssn: &str, dob: &str) -> Individual {
        let some = |text: &str| (!text.is_empty()).then(|| text.into());
        Individual {
            first_name: some(first),
            last_name: some(last),
            ssn: some(ssn),
            dob: some(dob),
            ..Default::default()
        }
    }

    fn address_scores(address: &str, [city, region, postal_code]: [&str; 3]) -> AddressScores {
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
    fn every_claimed_detail_has_to_agree() {
        let cases = [
            (claims("Benny", "Harper", "", ""), true),
            (claims(" benny", "HARPER", "2770", "09-02"), true),
            (claims("", "", "565252770", "1994-09"), true),
            (claims("", "", "565252770", "1994-09-02"), true),
            (claims("Benny", "Potter", "565252770", ""), false),
            (claims("Benny", "Harper", "2771", ""), false),
            (claims("Benny", "Harper", "", "1994-09-03"), false),
            (claims("Benny", "Harper", "", "09-03"), false),
        ];
        for (claimed, is_owner) in cases {
            assert_eq!(Comparison::new(&claimed, &benny()).is_owner(), is_owner, "{claimed:?}");
        }
    }

    #[test]
    fn a_detail_that_the_record_lacks_does_not_agree() {
        let lorant = Person::owner_of(&Phone::parse(&"2001004014".into()).unwrap());
        assert!(Comparison::new(&claims("Lorant", "Nerger", "", ""), &lorant).is_owner());
        assert!(!Comparison::new(&claims("Lorant", "Nerger", "1234", ""), &lorant).is_owner());
        assert!(!Comparison::new(&claims("Lorant", "Nerger", "", "01-01"), &lorant).is_owner());
    }

    #[test]
    fn names_score_by_similarity() {
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
        for (claimed, score) in cases {
            let scores = Comparison::new(&claims(claimed, "Harper", "", ""), &benny()).names.unwrap();
            assert_eq!((scores.first_name, scores.last_name), (score, 100), "{claimed}");
            assert_eq!(scores.name_score, (score + 100) / 2);
        }
        assert_eq!(Comparison::new(&claims("", "", "2770", ""), &benny()).names, None);
    }

    #[test]
    fn an_address_scores_by_its_parts() {
        let home = ["Bakersfield", "CA", "93301"];
        assert_eq!(address_scores("27 Financial Place", home).address_score, 100);
        assert_eq!(address_scores("27 financial pl.", home).address_score, 100, "in another notation");
        assert_eq!(address_scores("27 Financial Place", ["", "", "93301-2425"]).address_score, 70);
        let cases = [
            (address_scores("29 Financial Place", home), 80, 0.5),
            (address_scores("27 Elm Street", home), 70, 0.5),
            (address_scores("1 Elm Street", home), 50, 0.5),
            (address_scores("1 Elm Street", ["Bakersfield", "CA", "93304"]), 30, 5.0),
            (address_scores("1 Elm Street", ["Bakersfield", "", ""]), 15, 5.0),
            (address_scores("1 Elm Street", ["Bakersfield", "VT", ""]), 15, 1500.0),
            (address_scores("1 Elm Street", ["Fresno", "CA", "93650"]), 15, 150.0),
            (address_scores("1 Elm Street", ["Austin", "TX", "78744"]), 0, 1500.0),
        ];
        for (scores, score, distance) in cases {
            assert_eq!((scores.address_score, scores.distance), (score, distance));
        }
        let nowhere = Individual { addresses: Some(vec![Address::default()]), ..Default::default() };
        assert_eq!(Comparison::new(&nowhere, &benny()).address, None, "an empty address counts as absent");
    }

    #[test]
    fn four_digits_are_not_the_whole_ssn() {
        let compare = |ssn| {
            let compared = Comparison::new(&claims("", "", ssn, ""), &benny());
            (compared.ssn, compared.last4, compared.whole_ssn)
        };
        assert_eq!(compare("565252770"), (Some(true), Some(true), Some(true)));
        assert_eq!(compare("2770"), (Some(true), Some(true), Some(false)));
        assert_eq!(compare("111112770"), (Some(false), Some(true), Some(false)));
        assert_eq!(compare(""), (None, None, None));
    }
}
