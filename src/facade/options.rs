//! The builder's options: read, checked, and turned into the flow's configuration. Every message names its method.

use js_sys::Array;
use wasm_bindgen::{JsCast, prelude::*};
use web_sys::AbortSignal;

use super::{
    errors,
    page::{JsPage, text},
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

/// A value or the text of a `misuse` error, which names the method and the expected shape.
type OptionResult<T> = Result<T, &'static str>;

/// An option that is neither undefined nor null.
fn present(options: &JsValue, name: &str) -> Option<JsValue> {
    Some(get(options, name)).filter(|value| !value.is_undefined() && !value.is_null())
}

/// Whether there is a step.
fn has_step(options: &JsValue, name: &str, expected: &'static str) -> OptionResult<bool> {
    match present(options, name) {
        Some(value) if !value.is_function() && !get(&value, "execute").is_function() => Err(expected),
        value => Ok(value.is_some()),
    }
}

impl BuilderOptions {
    /// Reads the object that `js/` built from the builder's calls.
    ///
    /// # Errors
    ///
    /// A `misuse` error, which names the method and the expected shape.
    pub(super) fn read(options: &JsValue) -> Result<Self, JsValue> {
        Self::checked(options).map_err(|message| errors::simple(Kind::Misuse, message))
    }

    fn checked(options: &JsValue) -> OptionResult<Self> {
        let auth_finish = "withAuthFinishStep: step must be a function or an object with a function `execute`";
        let has_auth_finish = has_step(options, "authFinish", auth_finish)?;
        let otp = "withOtpFallback: start and finish must each be a function or an object with a function `execute`";
        let has_otp = has_step(options, "otpStart", otp)?;
        if has_otp != has_step(options, "otpFinish", otp)? {
            return Err(otp);
        }
        let link = "withInstantLinkFallback: start, and retry if given, must be a function or an object with a function \
                    `execute`";
        let has_link = has_step(options, "linkStart", link)?;
        let has_link_retry = has_step(options, "linkRetry", link)?;
        if has_link_retry && !has_link {
            return Err(link);
        }
        let timeouts = timeouts(options)?;
        let (otp_ms, link_ms) = (timeout(&timeouts, "otp")?, timeout(&timeouts, "instantLink")?);
        let role = "withRole: role must be \"primary\" or \"secondary\"";
        let is_secondary = is_second(options, "role", ["primary", "secondary"], role)?;
        let mobile_auth = "withMobileAuthImplementation: implementation must be \"fetch\" or \"pixel\"";
        let pixel = is_second(options, "mobileAuth", ["fetch", "pixel"], mobile_auth)?;
        let storage = "withStorage: storage must be a Storage, such as sessionStorage";
        let storage = with_method(options, "storage", "removeItem", storage)?;
        // Read and written by `js/`.
        let resume = "withResume: storage must be a Storage, such as sessionStorage";
        with_method(options, "resume", "removeItem", resume)?;
        let bad_signal = "withAbortSignal: signal must be an AbortSignal";
        let signal = with_method(options, "signal", "addEventListener", bad_signal)?;
        if signal.as_ref().is_some_and(|signal| get(signal, "aborted").as_bool().is_none()) {
            return Err(bad_signal);
        }
        device_ip(options)?;
        let config = FlowConfig {
            role: if is_secondary { DeviceRole::Secondary } else { DeviceRole::Primary },
            mobile_web: is_mobile_web(&hints().user_agent),
            pixel,
            has_otp,
            has_link,
            has_link_retry,
            has_auth_finish,
            otp_ms,
            link_ms,
            allowed_origins: allowed_origins(options)?,
        };
        let signal = signal.map(JsCast::unchecked_into);
        Ok(Self { browser: Browser::new(storage), page: JsPage(options.clone()), config, signal })
    }
}

/// Whether an option is the second of two texts; the first is the default.
fn is_second(options: &JsValue, name: &str, texts: [&str; 2], expected: &'static str) -> OptionResult<bool> {
    let Some(value) = present(options, name) else { return Ok(false) };
    let text = value.as_string().unwrap_or_default();
    if text == texts[1] {
        Ok(true)
    } else if text == texts[0] {
        Ok(false)
    } else {
        Err(expected)
    }
}

/// An option with this method. The check is structural, so that a page may pass an object of its own, or of another
/// realm.
fn with_method(options: &JsValue, name: &str, method: &str, expected: &'static str) -> OptionResult<Option<JsValue>> {
    match present(options, name) {
        Some(value) if !get(&value, method).is_function() => Err(expected),
        value => Ok(value),
    }
}

const BAD_TIMEOUTS: &str =
    "withTimeouts: timeouts must be {otp, instantLink}, each, if given, a positive number of milliseconds";

/// An object without unknown members: a limit with a misspelt name would have no effect.
fn timeouts(options: &JsValue) -> OptionResult<JsValue> {
    let Some(timeouts) = present(options, "timeouts") else { return Ok(JsValue::UNDEFINED) };
    let names = member_names(&timeouts).ok_or(BAD_TIMEOUTS)?;
    for at in 0..names.length() {
        if !names.get(at).as_string().is_some_and(|name| matches!(name.as_str(), "otp" | "instantLink")) {
            return Err(BAD_TIMEOUTS);
        }
    }
    Ok(timeouts)
}

fn timeout(timeouts: &JsValue, name: &str) -> OptionResult<Option<u32>> {
    match present(timeouts, name).map(|value| value.as_f64()) {
        None => Ok(None),
        Some(Some(ms)) if ms >= 1.0 && ms <= f64::from(u32::MAX) => Ok(Some(ms as u32)),
        Some(_) => Err(BAD_TIMEOUTS),
    }
}

fn allowed_origins(options: &JsValue) -> OptionResult<Option<Vec<String>>> {
    let expected = "withAllowedOrigins: origins must be an array of origins, such as \"https://auth.example.com\"";
    let Some(origins) = present(options, "allowedOrigins") else { return Ok(None) };
    let origins = items(&origins).ok_or(expected)?;
    let mut list = Vec::new();
    for at in 0..origins.length() {
        list.push(text(&origins.get(at)).filter(|origin| is_origin(origin)).ok_or(expected)?);
    }
    Ok(Some(list))
}

fn device_ip(options: &JsValue) -> OptionResult<()> {
    match present(options, "deviceIp") {
        Some(ip) if !ip.is_function() && text(&ip).is_none() => {
            Err("withDeviceIpAddress: ip must be a string, a function that returns one, or null")
        }
        _ => Ok(()),
    }
}
