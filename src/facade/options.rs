use js_sys::{Array, Function};
use wasm_bindgen::{JsCast, prelude::*};
use web_sys::AbortSignal;

use super::{
    errors,
    page::{JsPage, text},
    step::Step,
};
use crate::{
    browser::{Browser, get, hints},
    flow::{Config, Kind, Role, is_mobile_web, is_origin},
};

#[wasm_bindgen]
extern "C" {
    /// May run the page's own code, where it is a proxy.
    #[wasm_bindgen(catch, js_namespace = Object)]
    fn keys(object: &JsValue) -> Result<Array, JsValue>;
}

/// What the builder collected, read and checked.
pub(super) struct Options {
    pub(super) browser: Browser,
    pub(super) page: JsPage,
    pub(super) config: Config,
    pub(super) signal: Option<AbortSignal>,
}

/// Names the method and the shape it expects.
fn misuse(message: &str) -> JsValue {
    errors::simple(Kind::Misuse, message)
}

fn present(options: &JsValue, name: &str) -> Option<JsValue> {
    Some(get(options, name)).filter(|value| !value.is_undefined() && !value.is_null())
}

fn step(options: &JsValue, name: &str, expected: &str) -> Result<Option<Step>, JsValue> {
    present(options, name).map(|value| Step::read(&value).ok_or_else(|| misuse(expected))).transpose()
}

impl Options {
    /// Reads the object that `js/` made of the builder's calls.
    pub(super) fn read(options: &JsValue) -> Result<Self, JsValue> {
        let auth_finish = step(
            options,
            "authFinish",
            "withAuthFinishStep: step must be a function or an object with a function `execute`",
        )?;
        let otp = "withOtpFallback: start and finish must each be a function or an object with a function `execute`";
        let (otp_start, otp_finish) = (step(options, "otpStart", otp)?, step(options, "otpFinish", otp)?);
        if otp_start.is_some() != otp_finish.is_some() {
            return Err(misuse(otp));
        }
        let link = "withInstantLinkFallback: start, and retry if given, must be a function or an object with a function \
                    `execute`";
        let (link_start, link_retry) = (step(options, "linkStart", link)?, step(options, "linkRetry", link)?);
        if link_retry.is_some() && link_start.is_none() {
            return Err(misuse(link));
        }
        let timeouts = timeouts(options)?;
        let config = Config {
            role: role(options)?,
            mobile_web: is_mobile_web(&hints().user_agent),
            has_otp: otp_finish.is_some(),
            has_link: link_start.is_some(),
            has_link_retry: link_retry.is_some(),
            has_auth_finish: auth_finish.is_some(),
            otp_ms: timeout(&timeouts, "otp")?,
            link_ms: timeout(&timeouts, "instantLink")?,
            allowed_origins: allowed_origins(options)?,
        };
        mobile_auth(options)?;
        let emit = present(options, "emit").and_then(|emit| emit.dyn_into::<Function>().ok());
        let page =
            JsPage { auth_finish, otp_start, otp_finish, link_start, link_retry, emit, device_ip: device_ip(options)? };
        let browser = Browser { storage: storage(options)? };
        Ok(Self { browser, page, config, signal: signal(options)? })
    }
}

fn role(options: &JsValue) -> Result<Role, JsValue> {
    match present(options, "role").map(|role| role.as_string()) {
        None => Ok(Role::Primary),
        Some(Some(role)) if role == "primary" => Ok(Role::Primary),
        Some(Some(role)) if role == "secondary" => Ok(Role::Secondary),
        Some(_) => Err(misuse("withRole: role must be \"primary\" or \"secondary\"")),
    }
}

/// Accepted already; the step itself is one that the page did not configure until Mobile Auth is built.
fn mobile_auth(options: &JsValue) -> Result<(), JsValue> {
    match present(options, "mobileAuth").map(|implementation| implementation.as_string()) {
        None => Ok(()),
        Some(Some(implementation)) if implementation == "fetch" || implementation == "pixel" => Ok(()),
        Some(_) => Err(misuse("withMobileAuthImplementation: implementation must be \"fetch\" or \"pixel\"")),
    }
}

fn bad_timeouts() -> JsValue {
    misuse("withTimeouts: timeouts must be {otp, instantLink}, each, if given, a positive number of milliseconds")
}

/// An object with no other members: one that is misspelt would be a limit that nobody keeps.
fn timeouts(options: &JsValue) -> Result<JsValue, JsValue> {
    let Some(timeouts) = present(options, "timeouts") else { return Ok(JsValue::UNDEFINED) };
    let known = |name: JsValue| name.as_string().is_some_and(|name| matches!(name.as_str(), "otp" | "instantLink"));
    // First what may run the page's own code: whatever else is asked of a proxy that was revoked throws.
    match keys(&timeouts).ok().filter(|_| timeouts.is_object() && !Array::is_array(&timeouts)) {
        Some(names) if names.iter().all(known) => Ok(timeouts),
        _ => Err(bad_timeouts()),
    }
}

fn timeout(timeouts: &JsValue, name: &str) -> Result<Option<u32>, JsValue> {
    match present(timeouts, name).map(|value| value.as_f64()) {
        None => Ok(None),
        Some(Some(ms)) if ms >= 1.0 && ms <= f64::from(u32::MAX) => Ok(Some(ms as u32)),
        Some(_) => Err(bad_timeouts()),
    }
}

fn allowed_origins(options: &JsValue) -> Result<Option<Vec<String>>, JsValue> {
    let expected =
        || misuse("withAllowedOrigins: origins must be an array of origins, such as \"https://auth.example.com\"");
    let Some(origins) = present(options, "allowedOrigins") else { return Ok(None) };
    let origins: Array = origins.dyn_into().map_err(|_| expected())?;
    let origins: Option<Vec<String>> =
        origins.iter().map(|origin| text(&origin).filter(|origin| is_origin(origin))).collect();
    origins.map(Some).ok_or_else(expected)
}

fn device_ip(options: &JsValue) -> Result<Option<JsValue>, JsValue> {
    let ip = present(options, "deviceIp");
    match &ip {
        Some(ip) if !ip.is_function() && text(ip).is_none() => {
            Err(misuse("withDeviceIpAddress: ip must be a string, a function that returns one, or null"))
        }
        _ => Ok(ip),
    }
}

/// Structural, so that a page's own is one too.
fn storage(options: &JsValue) -> Result<Option<JsValue>, JsValue> {
    let storage = present(options, "storage");
    match &storage {
        Some(storage) if !get(storage, "removeItem").is_function() => {
            Err(misuse("withStorage: storage must be a Storage, such as sessionStorage"))
        }
        _ => Ok(storage),
    }
}

/// Structural, so that a signal of another realm is one too.
fn signal(options: &JsValue) -> Result<Option<AbortSignal>, JsValue> {
    let Some(signal) = present(options, "signal") else { return Ok(None) };
    if get(&signal, "aborted").as_bool().is_none() || !get(&signal, "addEventListener").is_function() {
        return Err(misuse("withAbortSignal: signal must be an AbortSignal"));
    }
    Ok(Some(signal.unchecked_into()))
}
