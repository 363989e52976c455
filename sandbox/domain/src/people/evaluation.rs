//! Evaluations, scores and watch list hits, from a comparison. No comparison itself. `docs/sandbox-rules.md` describes
//! the rules.

use handset_protocol::server::{
    AmlField, AmlList, Cip, DataSource, EmailMatch, Evaluation, Finding, FindingResult, Identifiers, Idv, Individual,
    Kyc,
};

use crate::people::compare::Comparison;

/// Reason for the failure of a category, with its code and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EvaluationReason {
    /// All four details were sent, and do not all agree.
    NotConfirmed,
    /// Fewer than four details were sent, and do not all agree.
    NotConfirmedByFew,
    /// The SSN differs.
    Ssn,
    /// The date of birth differs.
    Dob,
    /// The name differs.
    Name,
    /// The address differs.
    Address,
    /// Possession is not verified.
    Possession,
    /// The name is on a watch list.
    Listed,
    /// The number has a bad reputation.
    Reputation,
}

impl EvaluationReason {
    fn code(self) -> &'static str {
        match self {
            Self::NotConfirmed => "9001",
            Self::NotConfirmedByFew => "9011",
            Self::Ssn => "9012",
            Self::Dob => "9013",
            Self::Name => "9014",
            Self::Address => "9015",
            Self::Possession => "9100",
            Self::Listed => "9300",
            Self::Reputation => "9400",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::NotConfirmed => "name, date of birth, address and SSN were sent and do not all agree with the record",
            Self::NotConfirmedByFew => "the details that were sent do not agree with the record",
            Self::Ssn => "the SSN is not the owner's",
            Self::Dob => "the date of birth is not the owner's",
            Self::Name => "the name is not the owner's",
            Self::Address => "the address is not the owner's",
            Self::Possession => "possession of the phone was not shown",
            Self::Listed => "the name is on a watch list",
            Self::Reputation => "the number has a bad reputation",
        }
    }
}

/// The result of a category: it passes without reasons.
pub(crate) fn finding(reasons: &[EvaluationReason]) -> Finding {
    Finding {
        result: if reasons.is_empty() { FindingResult::Pass } else { FindingResult::Fail },
        failure_reasons: reasons.iter().map(|reason| (reason.code().to_owned(), reason.text().to_owned())).collect(),
    }
}

/// Whether every evaluated category passes.
pub(crate) fn passes(evaluation: &Evaluation) -> bool {
    let Evaluation { identification, authentication, compliance, risk } = evaluation;
    let mut all = [identification, authentication, compliance, risk].into_iter().flatten();
    all.all(|finding| finding.result == FindingResult::Pass)
}

/// The evaluation of possession: the category `authentication`.
pub(crate) fn evaluate_possession(is_passed: bool) -> Evaluation {
    let authentication = finding(if is_passed { &[] } else { &[EvaluationReason::Possession] });
    Evaluation { authentication: Some(authentication), ..Default::default() }
}

impl Comparison {
    /// The evaluation of the person's details: the category `identification`.
    pub(crate) fn identification(&self) -> Finding {
        if self.is_owner() {
            return finding(&[]);
        }
        let sent_all = [self.name, self.dob, self.same_address(), self.ssn].iter().all(Option::is_some);
        let mut reasons =
            vec![if sent_all { EvaluationReason::NotConfirmed } else { EvaluationReason::NotConfirmedByFew }];
        reasons.extend(self.contradicted(self.ssn));
        finding(&reasons)
    }

    /// Reasons for each detail that differs, with the source's comparison of the SSN.
    fn contradicted(&self, ssn: Option<bool>) -> impl Iterator<Item = EvaluationReason> {
        let all = [
            (ssn, EvaluationReason::Ssn),
            (self.dob, EvaluationReason::Dob),
            (self.name, EvaluationReason::Name),
            (self.same_address(), EvaluationReason::Address),
        ];
        all.into_iter().filter(|(agrees, _)| *agrees == Some(false)).map(|(_, reason)| reason)
    }

    /// The results of both data sources. The second one has no e-mail address and only the last four digits of the SSN.
    pub(crate) fn idv(&self) -> Idv {
        let first = self.source(self.ssn, self.whole_ssn, self.email);
        let second = self.source(self.last4, self.whole_ssn.map(|_| false), None);
        let both = first.cip_confidence.min(second.cip_confidence);
        Idv { data_source1: Some(first), data_source2: Some(second), multi_cip_confidence: Some(both) }
    }

    fn source(&self, ssn: Option<bool>, whole_ssn: Option<bool>, email: Option<bool>) -> DataSource {
        let has_number = self.dob.is_some() || ssn.is_some();
        let identifiers = Identifiers {
            dob: self.dob.unwrap_or(false),
            last4: self.last4.unwrap_or(false),
            ssn: whole_ssn.unwrap_or(false),
        };
        DataSource {
            cip_confidence: confidence([self.name, self.dob, self.same_address(), ssn]),
            reason_codes: self.contradicted(ssn).map(|reason| reason.code().to_owned()).collect(),
            address: self.address,
            name: self.names,
            identifiers: has_number.then_some(identifiers),
            email: email.map(|email_address| EmailMatch { email_address }),
        }
    }
}

/// Confidence by the number of details that agree. A detail that differs lowers it by one step.
fn confidence(elements: [Option<bool>; 4]) -> Cip {
    let agreeing = elements.iter().filter(|element| **element == Some(true)).count();
    let contradicted = elements.contains(&Some(false));
    match (agreeing, contradicted) {
        (3.., false) => Cip::High,
        (3.., true) | (2, false) => Cip::Medium,
        (1.., _) => Cip::Low,
        (0, _) => Cip::None,
    }
}

/// A fictitious name on a watch list.
struct WatchListEntry {
    first_name: &'static str,
    last_name: &'static str,
    aml_type: &'static str,
    source: &'static str,
    field: (&'static str, &'static str),
}

const WATCH_LIST: [WatchListEntry; 3] = [
    WatchListEntry {
        first_name: "Percy",
        last_name: "Listed",
        aml_type: "PEP",
        source: "Sandbox list of office holders",
        field: ("position", "Minister of Sand"),
    },
    WatchListEntry {
        first_name: "Sandra",
        last_name: "Listed",
        aml_type: "SANCTIONS",
        source: "Sandbox list of sanctions",
        field: ("programme", "Embargo on sandcastles"),
    },
    WatchListEntry {
        first_name: "Adam",
        last_name: "Listed",
        aml_type: "ADVERSE_MEDIA",
        source: "Sandbox Gazette",
        field: ("headline", "Man accused of moving a beach"),
    },
];

/// Watch list hits of the given and family name. `None`: too few details for a search.
pub(crate) fn kyc(claimed: &Individual, compared: &Comparison) -> Option<Kyc> {
    let (first, last) = (claimed.first_name.as_ref()?, claimed.last_name.as_ref()?);
    if compared.dob.is_none() || (compared.ssn.is_none() && compared.address.is_none()) {
        return None;
    }
    let same = |claimed: &str, listed: &str| claimed.trim().eq_ignore_ascii_case(listed);
    let hits = WATCH_LIST
        .iter()
        .filter(|listed| same(first.expose(), listed.first_name) && same(last.expose(), listed.last_name));
    let lists: Vec<_> = hits.map(WatchListEntry::to_list).collect();
    Some(Kyc { total_hits: lists.iter().map(|list| list.list_hits).sum(), aml_type_lists: lists })
}

impl WatchListEntry {
    fn to_list(&self) -> AmlList {
        let field = |name: &str, value: String| AmlField {
            name: name.to_owned(),
            source: self.source.to_owned(),
            value: value.into(),
        };
        let name = field("name", format!("{} {}", self.first_name, self.last_name));
        let (what, value) = self.field;
        AmlList { aml_type: self.aml_type.to_owned(), list_hits: 1, fields: vec![name, field(what, value.to_owned())] }
    }
}

/// The evaluation of Complete, after successful possession.
pub(crate) fn evaluate_individual(claimed: &Individual, compared: &Comparison) -> (Idv, Option<Kyc>, Evaluation) {
    let kyc = kyc(claimed, compared);
    let listed = |kyc: &Kyc| finding(if kyc.total_hits == 0 { &[] } else { &[EvaluationReason::Listed] });
    let evaluation = Evaluation {
        identification: Some(compared.identification()),
        compliance: kyc.as_ref().map(listed),
        ..evaluate_possession(true)
    };
    (compared.idv(), kyc, evaluation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_page_has_every_reason_and_every_listed_name() {
        const PAGE: &str = include_str!("../../../../docs/sandbox-rules.md");
        let documented = PAGE.lines().filter(|line| line.starts_with("| 9")).collect::<Vec<_>>();
        let reasons = [
            (EvaluationReason::NotConfirmed, "identification"),
            (EvaluationReason::NotConfirmedByFew, "identification"),
            (EvaluationReason::Ssn, "identification"),
            (EvaluationReason::Dob, "identification"),
            (EvaluationReason::Name, "identification"),
            (EvaluationReason::Address, "identification"),
            (EvaluationReason::Possession, "authentication"),
            (EvaluationReason::Listed, "compliance"),
            (EvaluationReason::Reputation, "risk"),
        ];
        let line = |(reason, category): (EvaluationReason, &str)| {
            format!("| {} | {category} | {} |", reason.code(), reason.text())
        };
        assert_eq!(documented, reasons.map(line));
        for listed in WATCH_LIST {
            let row = format!("| {} {} | `{}` |", listed.first_name, listed.last_name, listed.aml_type);
            assert!(PAGE.contains(&row), "{row}");
        }
    }

    #[test]
    fn confidence_grows_with_agreement_and_falls_with_contradiction() {
        let (yes, no, absent) = (Some(true), Some(false), None);
        let cases = [
            ([yes, yes, yes, yes], Cip::High),
            ([yes, yes, absent, yes], Cip::High),
            ([yes, yes, no, yes], Cip::Medium),
            ([yes, absent, absent, yes], Cip::Medium),
            ([yes, no, absent, yes], Cip::Low),
            ([yes, absent, absent, absent], Cip::Low),
            ([no, no, absent, absent], Cip::None),
            ([absent; 4], Cip::None),
        ];
        for (elements, expected) in cases {
            assert_eq!(confidence(elements), expected, "{elements:?}");
        }
    }
}
