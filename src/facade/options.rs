//! The builder's options: read, checked, and turned into the flow's configuration. Every message names its method.

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
    flow::{DeviceRole, FlowConfig, Kind, is_mobile_web, is_origin},
};

#[wasm_bindgen(module = "/js/host.js")]
extern "C" {
    /// The names of an object's own members; undefined for any other value, an array, and a proxy that throws.
    #[wasm_bindgen(js_name = memberNames)]
    fn member_names(object: &JsValue) -> Option<Array>;
    /// A copy of an array; undefined for any other value and a proxy that throws.
    fn items(array: &JsValue) -> Option<Array>;
}

/// The builder's options after the check.
pub(super) struct BuilderOptions {
    pub(super) browser: Browser,
    pub(super) page: JsPage,
    pub(super) config: FlowConfig,
    pub(super) signal: Option<AbortSignal>,
}

/// A `misuse` error; `message` names the method and the expected shape.
fn misuse(message: &str) -> JsValue {
    errors::simple(Kind::Misuse, message)
}

/// An option that is neither undefined nor null.
fn present(options: &JsValue, name: &str) -> Option<JsValue> {
    Some(get(options, name)).filter(|value| !value.is_undefined() && !value.is_null())
}

fn step(options: &JsValue, name: &str, expected: &str) -> Result<Option<Step>, JsValue> {
    present(options, name).map(|value| Step::read(&value).ok_or_else(|| misuse(expected))).transpose()
}

impl BuilderOptions {
    /// Reads the object that `js/` built from the builder's calls.
    ///
    /// # Errors
    ///
    /// A `misuse` error, which names the method and the expected shape.
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
        let config = FlowConfig {
            role: role(options)?,
            mobile_web: is_mobile_web(&hints().user_agent),
            pixel: is_pixel(options)?,
            has_otp: otp_finish.is_some(),
            has_link: link_start.is_some(),
            has_link_retry: link_retry.is_some(),
            has_auth_finish: auth_finish.is_some(),
            otp_ms: timeout(&timeouts, "otp")?,
            link_ms: timeout(&timeouts, "instantLink")?,
            allowed_origins: allowed_origins(options)?,
        };
        let emit = present(options, "emit").and_then(|emit| emit.dyn_into::<Function>().ok());
        let page =
            JsPage { auth_finish, otp_start, otp_finish, link_start, link_retry, emit, device_ip: device_ip(options)? };
        let browser = Browser::new(storage(options)?);
        Ok(Self { browser, page, config, signal: signal(options)? })
    }
}

fn role(options: &JsValue) -> Result<DeviceRole, JsValue> {
    match present(options, "role").map(|role| role.as_string()) {
        None => Ok(DeviceRole::Primary),
        Some(Some(role)) if role == "primary" => Ok(DeviceRole::Primary),
        Some(Some(role)) if role == "secondary" => Ok(DeviceRole::Secondary),
        Some(_) => Err(misuse("withRole: role must be \"primary\" or \"secondary\"")),
    }
}

/// The implementation of Mobile Auth.
fn is_pixel(options: &JsValue) -> Result<bool, JsValue> {
    match present(options, "mobileAuth").map(|implementation| implementation.as_string()) {
        None => Ok(false),
        Some(Some(implementation)) if implementation == "fetch" => Ok(false),
        Some(Some(implementation)) if implementation == "pixel" => Ok(true),
        Some(_) => Err(misuse("withMobileAuthImplementation: implementation must be \"fetch\" or \"pixel\"")),
    }
}

fn bad_timeouts() -> JsValue {
    misuse("withTimeouts: timeouts must be {otp, instantLink}, each, if given, a positive number of milliseconds")
}

/// An object without unknown members: a limit with a misspelt name would have no effect.
fn timeouts(options: &JsValue) -> Result<JsValue, JsValue> {
    let Some(timeouts) = present(options, "timeouts") else { return Ok(JsValue::UNDEFINED) };
    let known = |name: JsValue| name.as_string().is_some_and(|name| matches!(name.as_str(), "otp" | "instantLink"));
    match member_names(&timeouts) {
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
    let origins = items(&origins).ok_or_else(expected)?;
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

/// The check is structural, so that a page may pass an object of its own.
fn storage(options: &JsValue) -> Result<Option<JsValue>, JsValue> {
    let storage = present(options, "storage");
    match &storage {
        Some(storage) if !get(storage, "removeItem").is_function() => {
            Err(misuse("withStorage: storage must be a Storage, such as sessionStorage"))
        }
        _ => Ok(storage),
    }
}

/// The check is structural, so that a page may pass a signal of another realm.
fn signal(options: &JsValue) -> Result<Option<AbortSignal>, JsValue> {
    let Some(signal) = present(options, "signal") else { return Ok(None) };
    if get(&signal, "aborted").as_bool().is_none() || !get(&signal, "addEventListener").is_function() {
        return Err(misuse("withAbortSignal: signal must be an AbortSignal"));
    }
    Ok(Some(signal.unchecked_into()))
}
