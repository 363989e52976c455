//! A CA for one machine. It can vouch for loopback names and the origin's host and for nothing else, so that whoever
//! gets hold of its key gains little. The CA is kept, so that it has to be trusted once; the server's certificate is
//! made anew at every start, and its key never leaves the memory.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};

use crate::error::TlsError;

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";
/// Clocks differ.
const BEFORE_NOW: Duration = Duration::from_secs(24 * 3600);
/// Ten years.
const CA_LIFE: Duration = Duration::from_secs(3652 * 24 * 3600);
/// Apple's systems take no more than 825 days.
const SERVER_LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

pub(crate) struct LocalCa {
    /// What has to be trusted.
    pub(crate) file: PathBuf,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
    names: CaScope,
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl LocalCa {
    /// The CA for loopback names and that host, from the data folder; made if there is none.
    pub(crate) fn open(data: &Path, origin_host: &str) -> Result<Self, TlsError> {
        let names = CaScope::with(origin_host);
        let folder = data.join("tls").join(names.folder());
        let is_new = !folder.join(CERTIFICATE).exists();
        if is_new {
            make(&folder, &names)?;
        }
        let (file, key_file) = (folder.join(CERTIFICATE), folder.join(KEY));
        let lacking = |file: &Path| broken(&folder, format_args!("{} cannot be read", name(file)));
        let pem = fs::read(&file).map_err(|error| unreadable(&file, &error))?;
        let certificate = CertificateDer::from_pem_slice(&pem).map_err(|_| lacking(&file))?;
        check_private_permissions(&key_file)?;
        let pem = fs::read(&key_file).map_err(|error| unreadable(&key_file, &error))?;
        // What is wrong with a key is not told in its own words.
        let pem = String::from_utf8(pem).map_err(|_| lacking(&key_file))?;
        let key = KeyPair::from_pem(&pem).map_err(|_| lacking(&key_file))?;
        Ok(Self { file, is_new, names, certificate, key })
    }

    /// A certificate for this machine, and its key.
    pub(crate) fn issue(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::new(self.names.all()).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, "Handset sandbox");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, SERVER_LIFE);
        let issuer = Issuer::new(self.names.ca(), &self.key);
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?.der().clone();
        self.check(&certificate)?;
        Ok((vec![certificate], PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }

    /// Whether a client that trusts the CA would take it: the files could be of two CAs.
    fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), TlsError> {
        let refused = |error: rustls::Error| {
            let folder = self.file.parent().unwrap_or(&self.file);
            broken(folder, error)
        };
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).map_err(refused)?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider())).build();
        let verifier = verifier.map_err(failed)?;
        for name in self.names.all() {
            let name = ServerName::try_from(name).map_err(failed)?;
            verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now()).map_err(refused)?;
        }
        Ok(())
    }
}

/// What the CA may vouch for.
struct CaScope {
    /// The origin's host.
    host: Host,
}

enum Host {
    Dns(String),
    Ip(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

impl Host {
    /// Whether every CA vouches for it.
    fn is_loopback(&self) -> bool {
        match self {
            Self::Dns(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Ip(IpAddr::V4(ip)) => ip.is_loopback(),
            Self::Ip(IpAddr::V6(ip)) => ip.is_loopback(),
        }
    }
}

impl CaScope {
    fn with(origin_host: &str) -> Self {
        let host = match origin_host.trim_matches(['[', ']']).parse() {
            Ok(ip) => Host::Ip(ip),
            Err(_) => Host::Dns(origin_host.to_owned()),
        };
        Self { host }
    }

    /// A CA of its own for each host: what is trusted once vouches for no more later on.
    fn folder(&self) -> String {
        match self.beyond_loopback() {
            Some(host) => format!("ca-{}", host.to_string().replace(':', "_")),
            None => "ca".to_owned(),
        }
    }

    fn beyond_loopback(&self) -> Option<&Host> {
        Some(&self.host).filter(|host| !host.is_loopback())
    }

    /// No wildcard: clients refuse one with a single label after it, as in `*.localhost`.
    fn all(&self) -> Vec<String> {
        let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let host = self.host.to_string();
        if !names.contains(&host) {
            names.push(host);
        }
        names
    }

    /// The same at every start but for the validity, which only the certificate has.
    fn ca(&self) -> CertificateParams {
        let name = match self.beyond_loopback() {
            Some(host) => format!("Handset sandbox CA for loopback and {host}"),
            None => "Handset sandbox CA for loopback".to_owned(),
        };
        let mut permitted = vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::V6(Ipv6Addr::LOCALHOST.octets(), [0xff; 16])),
        ];
        permitted.extend(self.beyond_loopback().map(|host| match host {
            Host::Dns(name) => GeneralSubtree::DnsName(name.clone()),
            Host::Ip(IpAddr::V4(ip)) => GeneralSubtree::IpAddress(CidrSubnet::V4(ip.octets(), [0xff; 4])),
            Host::Ip(IpAddr::V6(ip)) => GeneralSubtree::IpAddress(CidrSubnet::V6(ip.octets(), [0xff; 16])),
        }));
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
        params
    }
}

fn valid(params: &mut CertificateParams, life: Duration) {
    let now = SystemTime::now();
    params.not_before = (now - BEFORE_NOW).into();
    params.not_after = (now + life).into();
}

/// Makes the folder with everything in it appear at once, so that nobody reads half a CA.
fn make(folder: &Path, names: &CaScope) -> Result<(), TlsError> {
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = names.ca();
    valid(&mut params, CA_LIFE);
    let certificate = params.self_signed(&key).map_err(failed)?;
    let unwritable = |error: io::Error| match error.kind() {
        // There, without a certificate: what another made would have one.
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
            broken(folder, format_args!("no {CERTIFICATE}"))
        }
        _ => TlsError(format!("{}: {error}", folder.display())),
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(unwritable)?;
    }
    let written = handset_sandbox_files::create_whole_folder(folder, |new| {
        handset_sandbox_files::open_file(&new.join(KEY))?.write_all(key.serialize_pem().as_bytes())?;
        fs::write(new.join(CERTIFICATE), certificate.pem())
    });
    // Another sandbox may have been faster: then that one's is as good.
    written.or_else(|error| if folder.join(CERTIFICATE).exists() { Ok(()) } else { Err(unwritable(error)) })
}

/// Refuses a key that others can read.
fn check_private_permissions(file: &Path) -> Result<(), TlsError> {
    if handset_sandbox_files::is_private(file).map_err(|error| unreadable(file, &error))? {
        return Ok(());
    }
    let file = file.display();
    Err(TlsError(format!("{file} can be read by others: delete its folder, and do not trust that CA")))
}

fn broken(folder: &Path, error: impl fmt::Display) -> TlsError {
    let folder = folder.display();
    TlsError(format!("{folder} holds no CA that works ({error}): delete that folder, and a new one is made"))
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().display().to_string()
}

/// Of a file that is not there deleting the rest makes a new one; whatever else keeps it from being read would still.
fn unreadable(file: &Path, error: &io::Error) -> TlsError {
    match (error.kind(), file.parent()) {
        (io::ErrorKind::NotFound, Some(folder)) => broken(folder, format_args!("no {}", name(file))),
        _ => TlsError(format!("{}: {error}", file.display())),
    }
}

fn failed(error: impl fmt::Display) -> TlsError {
    TlsError(format!("no certificate could be made: {error}"))
}
