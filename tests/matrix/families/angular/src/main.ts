import { Component, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import * as proveAuth from "handset";

declare const authToken: string;
declare function report(outcome: { finished?: boolean; error?: string }): void;

@Component({ selector: "app-root", template: "<p>{{ state() }}</p>" })
class App {
  readonly state = signal("");

  constructor() {
    const authenticator = new proveAuth.AuthenticatorBuilder()
      .withOtpFallback(
        () => null,
        () => ({ resultType: proveAuth.OtpFinishResultType.OnSuccess, input: { otp: "1234" } }),
      )
      .withAuthFinishStep(({ failure }) => {
        if (failure) throw failure;
      })
      .build();
    authenticator.addEventListener("statechange", ({ detail }) => this.state.set(detail.state));
    authenticator.authenticate(authToken).then(
      () => report({ finished: true }),
      (error: proveAuth.AuthError) => report({ error: `${error.kind}: ${error.message}` }),
    );
  }
}

void bootstrapApplication(App);
