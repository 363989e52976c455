/**
 * The steps of this page. Handset calls a step when it needs input from the person; the step asks on the screen and
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

/** Asks for the phone number. The same step serves the code and the link. */
export const start: OtpStartStepFn = async (phoneNumberNeeded, refused) => {
  if (!phoneNumberNeeded && !refused) return null; // The server has the number.
  return { phoneNumber: await askForNumber(refused) };
};

/** Asks for the code; the person may also choose a resend or another number. Called again with `wrong` after a wrong code, if another try is left. */
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

/** Offers a resend or another number while the flow waits for the link. The flow continues without an answer when the link is opened. */
export const linkRetry: InstantLinkRetryStepFn = async () => {
  const wish = await waitForLink();
  return wish === "resend" ? InstantLinkResultType.OnResend : InstantLinkResultType.OnMobileNumberChange;
};
