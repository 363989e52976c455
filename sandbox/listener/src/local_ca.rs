//! A local CA. Its name constraints permit loopback names and the origin's host only, so a stolen key is of little use. The
//! CA is stored, so that it is trusted once; the server's certificate is new at every start, and its key is never stored.

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
/// Tolerance for clients whose clocks are behind.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(24 * 3600);
/// Validity of the CA: ten years.
const CA_VALIDITY: Duration = Duration::from_secs(3652 * 24 * 3600);
/// Validity of the server's certificate. Apple's systems accept at most 825 days.
const SERVER_VALIDITY: Duration = Duration::from_secs(365 * 24 * 3600);

/// A CA that is open: its certificate and its key.
pub(crate) struct LocalCa {
    /// Path of the certificate, which clients must trust.
    pub(crate) file: PathBuf,
    /// Whether [`LocalCa::open`] has created it.
    pub(crate) is_new: bool,
    names: CaScope,
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl LocalCa {
    /// Opens the CA for loopback names and `origin_host` in the data folder. A missing CA is created.
    ///
    /// # Errors
    /// The files cannot be created, read or parsed, or others can read the key.
    pub(crate) fn open(data: &Path, origin_host: &str) -> Result<Self, TlsError> {
        let names = CaScope::with(origin_host);
        let folder = data.join("tls").join(names.folder());
        let is_new = !folder.join(CERTIFICATE).exists();
        if is_new {
            create(&folder, &names)?;
        }
        let (file, key_file) = (folder.join(CERTIFICATE), folder.join(KEY));
        let invalid = |file: &Path| broken(&folder, format_args!("{} cannot be read", name(file)));
        let pem = fs::read(&file).map_err(|error| unreadable(&file, &error))?;
        let certificate = CertificateDer::from_pem_slice(&pem).map_err(|_| invalid(&file))?;
        check_private_permissions(&key_file)?;
        let pem = fs::read(&key_file).map_err(|error| unreadable(&key_file, &error))?;
        // The parser's errors are left out, since their texts may contain parts of the key.
        let pem = String::from_utf8(pem).map_err(|_| invalid(&key_file))?;
        let key = KeyPair::from_pem(&pem).map_err(|_| invalid(&key_file))?;
        Ok(Self { file, is_new, names, certificate, key })
    }

    /// Issues a certificate for the names of the CA, with a new key.
    ///
    /// # Errors
    /// The CA's certificate and key do not work together.
    pub(crate) fn issue(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::new(self.names.all()).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, "Handset sandbox");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, SERVER_VALIDITY);
        let issuer = Issuer::new(self.names.ca(), &self.key);
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?.der().clone();
        self.check(&certificate)?;
        Ok((vec![certificate], PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }

    /// Verifies the certificate as a client that trusts the CA would: the two files could belong to different CAs.
    fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), TlsError> {
        let unverified = |error: rustls::Error| {
            let folder = self.file.parent().unwrap_or(&self.file);
            broken(folder, error)
        };
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).map_err(unverified)?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider())).build();
        let verifier = verifier.map_err(failed)?;
        for name in self.names.all() {
            let name = ServerName::try_from(name).map_err(failed)?;
            verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now()).map_err(unverified)?;
        }
        Ok(())
    }
}

/// The names that the CA may certify: loopback names and the origin's host.
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
    /// Whether the host is a loopback name, which every CA may certify.
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

    /// The name of the CA's folder. Each host has its own CA, so that a trusted CA never gets further names.
    fn folder(&self) -> String {
        match self.beyond_loopback() {
            Some(host) => format!("ca-{}", host.to_string().replace(':', "_")),
            None => "ca".to_owned(),
        }
    }

    /// The host, unless it is a loopback name.
    fn beyond_loopback(&self) -> Option<&Host> {
        Some(&self.host).filter(|host| !host.is_loopback())
    }

    /// The names of the server's certificate. No wildcard: clients reject a wildcard before a single label, such as
    /// `*.localhost`.
    fn all(&self) -> Vec<String> {
        let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let host = self.host.to_string();
        if !names.contains(&host) {
            names.push(host);
        }
        names
    }

    /// The parameters of the CA's certificate without validity. The same at every start: the issuer is built from them.
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

fn set_validity(params: &mut CertificateParams, validity: Duration) {
    let now = SystemTime::now();
    params.not_before = (now - CLOCK_TOLERANCE).into();
    params.not_after = (now + validity).into();
}

/// Creates the CA. Its folder appears with all files at once, so that no process reads an incomplete CA.
fn create(folder: &Path, names: &CaScope) -> Result<(), TlsError> {
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = names.ca();
    set_validity(&mut params, CA_VALIDITY);
    let certificate = params.self_signed(&key).map_err(failed)?;
    let unwritable = |error: io::Error| match error.kind() {
        // The folder exists without a certificate, so no other sandbox has just created it.
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
    // Another sandbox may have created the CA meanwhile; that CA is used.
    written.or_else(|error| if folder.join(CERTIFICATE).exists() { Ok(()) } else { Err(unwritable(error)) })
}

/// Rejects a key that other users can read.
fn check_private_permissions(file: &Path) -> Result<(), TlsError> {
    if handset_sandbox_files::is_private(file).map_err(|error| unreadable(file, &error))? {
        return Ok(());
    }
    let file = file.display();
    Err(TlsError(format!("{file} can be read by others: delete its folder and stop trusting that CA")))
}

fn broken(folder: &Path, error: impl fmt::Display) -> TlsError {
    let folder = folder.display();
    TlsError(format!("{folder} holds no working CA ({error}): delete that folder to create a new CA"))
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().display().to_string()
}

/// The error of a file that cannot be read. Only for a missing file does deleting the folder help.
fn unreadable(file: &Path, error: &io::Error) -> TlsError {
    match (error.kind(), file.parent()) {
        (io::ErrorKind::NotFound, Some(folder)) => broken(folder, format_args!("no {}", name(file))),
        _ => TlsError(format!("{}: {error}", file.display())),
    }
}

fn failed(error: impl fmt::Display) -> TlsError {
    TlsError(format!("cannot create a certificate: {error}"))
}
