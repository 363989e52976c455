/**
 * The steps of this page. Handset calls them when it needs something of the person; each asks on the screen and
 * resolves with the answer.
 */
import {
  InstantLinkResultType,
  OtpFinishResultType,
  type InstantLinkRetryStepFn,
  type OtpFinishStepFn,
  type OtpStartStepFn,
} from "handset";
import { askForCode, askForNumber, waitForLink } from "./questions.js";

/** Where the SMS goes. The same step serves the code and the link. */
export const start: OtpStartStepFn = async (phoneNumberNeeded, refused) => {
  if (!phoneNumberNeeded && !refused) return null; // The server has the number.
  return { phoneNumber: await askForNumber(refused) };
};

/** The code, or another wish. Called again with `wrong` when the code was wrong and another try is left. */
export const otpFinish: OtpFinishStepFn = async (wrong) => {
  const answer = await askForCode(wrong);
  switch (answer.action) {
    case "resend":
      return { resultType: OtpFinishResultType.OnResendOtp };
    case "change-number":
      return { resultType: OtpFinishResultType.OnMobileNumberChange };
    case "submit":
      return { resultType: OtpFinishResultType.OnSuccess, input: { otp: answer.text } };
  }
};

/** Offers what can be done while the link is awaited. The flow goes on without an answer as soon as it is opened. */
export const linkRetry: InstantLinkRetryStepFn = async () => {
  const wish = await waitForLink();
  return wish === "resend" ? InstantLinkResultType.OnResend : InstantLinkResultType.OnMobileNumberChange;
};
