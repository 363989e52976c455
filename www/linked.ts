/** The page that an opened link leads to, on the phone. The computer hears of it from the backend, not from here. */
import * as proveAuth from "handset";

const show = (title: string, text: string) => {
  document.getElementById("linked-title")!.textContent = title;
  document.getElementById("linked-text")!.textContent = text;
};

new proveAuth.AuthenticatorBuilder()
  .withAuthFinishStep(() => show("The phone is proved", "Go back to where you started: it goes on there. You may close this page."))
  .build()
  .finishInstantLink(location.href)
  .catch(() => show("The phone is not proved", "Open the link in the newest SMS, or ask for a new one where you started."));
