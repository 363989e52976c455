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

/// Reads options, and keeps the text of the first one that is wrong: it names the method and the expected shape. What is
/// read after a wrong option has no meaning. Without an early return after each check, the module is 0.2 kB smaller.
struct OptionReader<'a> {
    options: &'a JsValue,
    wrong: Option<&'static str>,
}

impl OptionReader<'_> {
    fn require(&mut self, is_right: bool, expected: &'static str) {
        if !is_right && self.wrong.is_none() {
            self.wrong = Some(expected);
        }
    }

    /// An option that is neither undefined nor null.
    fn present(&self, name: &str) -> Option<JsValue> {
        present(self.options, name)
    }

    /// Whether there is a step.
    fn has_step(&mut self, name: &str, expected: &'static str) -> bool {
        let Some(value) = self.present(name) else { return false };
        self.require(value.is_function() || get(&value, "execute").is_function(), expected);
        true
    }

    /// Whether an option is the second of two texts; the first is the default.
    fn is_second(&mut self, name: &str, texts: [&str; 2], expected: &'static str) -> bool {
        let Some(value) = self.present(name) else { return false };
        let text = value.as_string().unwrap_or_default();
        let is_second = text == texts[1];
        self.require(is_second || text == texts[0], expected);
        is_second
    }

    /// An option with this method. The check is structural, so that a page may pass an object of its own, or of another
    /// realm.
    fn with_method(&mut self, name: &str, method: &str, expected: &'static str) -> Option<JsValue> {
        let value = self.present(name)?;
        self.require(get(&value, method).is_function(), expected);
        Some(value)
    }

    /// An object without unknown members: a limit with a misspelt name would have no effect.
    fn timeouts(&mut self) -> JsValue {
        let Some(timeouts) = self.present("timeouts") else { return JsValue::UNDEFINED };
        let names = member_names(&timeouts);
        self.require(names.is_some(), BAD_TIMEOUTS);
        let names = names.unwrap_or_default();
        for at in 0..names.length() {
            let name = names.get(at).as_string().unwrap_or_default();
            self.require(name == "otp" || name == "instantLink", BAD_TIMEOUTS);
        }
        timeouts
    }

    fn timeout(&mut self, timeouts: &JsValue, name: &str) -> Option<u32> {
        let ms = present(timeouts, name)?.as_f64().unwrap_or_default();
        self.require(ms >= 1.0 && ms <= f64::from(u32::MAX), BAD_TIMEOUTS);
        Some(ms as u32)
    }

    fn allowed_origins(&mut self) -> Option<Vec<String>> {
        let expected = "withAllowedOrigins: origins must be an array of origins, such as \"https://auth.example.com\"";
        let origins = items(&self.present("allowedOrigins")?);
        self.require(origins.is_some(), expected);
        let origins = origins.unwrap_or_default();
        let mut list = Vec::new();
        for at in 0..origins.length() {
            let origin = text(&origins.get(at)).unwrap_or_default();
            self.require(is_origin(&origin), expected);
            list.push(origin);
        }
        Some(list)
    }
}

const BAD_TIMEOUTS: &str =
    "withTimeouts: timeouts must be {otp, instantLink}, each, if given, a positive number of milliseconds";

/// A member that is neither undefined nor null.
fn present(object: &JsValue, name: &str) -> Option<JsValue> {
    Some(get(object, name)).filter(|value| !value.is_undefined() && !value.is_null())
}

impl BuilderOptions {
    /// Reads the object that `js/` built from the builder's calls.
    ///
    /// # Errors
    ///
    /// A `misuse` error, which names the method and the expected shape.
    pub(super) fn read(options: &JsValue) -> Result<Self, JsValue> {
        let mut reader = OptionReader { options, wrong: None };
        let auth_finish = "withAuthFinishStep: step must be a function or an object with a function `execute`";
        let has_auth_finish = reader.has_step("authFinish", auth_finish);
        let otp = "withOtpFallback: start and finish must each be a function or an object with a function `execute`";
        let has_otp = reader.has_step("otpStart", otp);
        let has_finish = reader.has_step("otpFinish", otp);
        reader.require(has_otp == has_finish, otp);
        let link = "withInstantLinkFallback: start, and retry if given, must be a function or an object with a function \
                    `execute`";
        let has_link = reader.has_step("linkStart", link);
        let has_link_retry = reader.has_step("linkRetry", link);
        reader.require(has_link || !has_link_retry, link);
        let timeouts = reader.timeouts();
        let (otp_ms, link_ms) = (reader.timeout(&timeouts, "otp"), reader.timeout(&timeouts, "instantLink"));
        let role = "withRole: role must be \"primary\" or \"secondary\"";
        let is_secondary = reader.is_second("role", ["primary", "secondary"], role);
        let mobile_auth = "withMobileAuthImplementation: implementation must be \"fetch\" or \"pixel\"";
        let pixel = reader.is_second("mobileAuth", ["fetch", "pixel"], mobile_auth);
        let storage = "withStorage: storage must be a Storage, such as sessionStorage";
        let storage = reader.with_method("storage", "removeItem", storage);
        // Read and written by `js/`.
        let resume = "withResume: storage must be a Storage, such as sessionStorage";
        reader.with_method("resume", "removeItem", resume);
        let bad_signal = "withAbortSignal: signal must be an AbortSignal";
        let signal = reader.with_method("signal", "addEventListener", bad_signal);
        if let Some(signal) = &signal {
            reader.require(get(signal, "aborted").as_bool().is_some(), bad_signal);
        }
        if let Some(ip) = reader.present("deviceIp") {
            let expected = "withDeviceIpAddress: ip must be a string, a function that returns one, or null";
            reader.require(ip.is_function() || text(&ip).is_some(), expected);
        }
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
            allowed_origins: reader.allowed_origins(),
        };
        if let Some(message) = reader.wrong {
            return Err(errors::simple(Kind::Misuse, message));
        }
        let signal = signal.map(JsCast::unchecked_into);
        Ok(Self { browser: Browser::new(storage), page: JsPage(options.clone()), config, signal })
    }
}
