// A page that verifies a phone, by a code or by a link: `npm run size` weighs it behind bundlers.
import { AuthenticatorBuilder, InstantLinkResultType, OtpFinishResultType } from "handset";

const form = document.querySelector("form");
const { number, code, resend, status } = form.elements;

const server = async (path, body) => {
  const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return response.json();
};

/** Resolves with the button of the next submission. */
const submitted = () =>
  new Promise((resolve) => {
    const listener = (event) => {
      event.preventDefault();
      resolve(event.submitter);
    };
    form.addEventListener("submit", listener, { once: true });
  });

const askForNumber = async (isNeeded, error) => {
  if (!isNeeded) return null;
  number.setCustomValidity(error ? error.message : "");
  await submitted();
  return { phoneNumber: number.value };
};

const askForCode = async (error) => {
  code.setCustomValidity(error ? error.message : "");
  const button = await submitted();
  return button === resend ? { resultType: OtpFinishResultType.OnResendOtp } : { resultType: OtpFinishResultType.OnSuccess, input: { otp: code.value } };
};

const askForRetry = async () => ((await submitted()) === resend ? InstantLinkResultType.OnResend : InstantLinkResultType.OnMobileNumberChange);

const verify = async () => {
  const authenticator = new AuthenticatorBuilder()
    .withOtpFallback(askForNumber, askForCode)
    .withInstantLinkFallback(askForNumber, askForRetry)
    .withAuthFinishStep(async () => {
      const { success } = await server("/verify", {});
      status.value = success ? "This phone is verified." : "This phone is not verified.";
    })
    .build();
  authenticator.addEventListener("statechange", ({ detail }) => {
    form.dataset.state = detail.state;
  });
  const { authToken } = await server("/start", { flowType: authenticator.isMobileWeb() ? "mobile" : "desktop" });
  await authenticator.authenticate(authToken);
};

verify().catch((error) => {
  status.value = error.retryable ? "Please try again." : "This did not work.";
});
