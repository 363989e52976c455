/** The page behind the link, on the phone. The backend, not this page, notifies the sign-up page. */
import * as proveAuth from "handset";

function show(title: string, text: string, isProved: boolean): void {
  document.getElementById("linked-title")!.textContent = title;
  document.getElementById("linked-text")!.textContent = text;
  document.getElementById("seal")!.toggleAttribute("hidden", !isProved);
}

new proveAuth.AuthenticatorBuilder()
  .withAuthFinishStep(() => show("Thank you, this is your phone", "Go back to where you signed up: it goes on there. You may close this page.", true))
  .build()
  .finishInstantLink(location.href)
  .catch(() => show("We could not confirm your phone", "Open the link in the newest SMS, or ask for a new one where you signed up.", false));
