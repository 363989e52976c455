/** A phone is verified: all that this page does with Handset. */
import * as proveAuth from "handset";
import * as backend from "./backend.js";
import * as steps from "./steps.js";

/** How a verification ended. */
export interface Ending {
  /** The state that Handset ended in. */
  state: proveAuth.FlowState;
  /** What the server's Validate said; none when the flow ended before it. */
  validated?: backend.Validated;
  correlationId: string;
  /** Why the phone is not proved, where Handset knows. */
  failure?: proveAuth.AuthError;
}

/** Hears of a verification while it runs. */
export interface Watch {
  started: (correlationId: string) => void;
  changed: (change: proveAuth.StateChange) => void;
}

let running: proveAuth.CancelablePromise<void> | undefined;

/** Whether this browser should get a code (`mobile`) or a link (`desktop`). */
export const flowType = () => new proveAuth.AuthenticatorBuilder().build().getFlowType();

/** Resolves when the flow is over; rejects when it could not run: with an AuthError, or with what the server said. */
export async function verify(
  request: backend.StartRequest,
  watch: Watch,
): Promise<Ending> {
  // 1. The server starts the flow and gives the page an authToken.
  const { authToken, correlationId } = await backend.start(request);
  const ending: Ending = { state: "idle", correlationId };
  watch.started(correlationId);

  // 2. Handset runs it. Which steps are called, the authToken and the server's backend decide.
  const authenticator = new proveAuth.AuthenticatorBuilder()
    .withOtpFallback(steps.start, steps.otpFinish)
    .withInstantLinkFallback(steps.start, steps.linkRetry)
    .withAuthFinishStep(async () => {
      // 3. The possession check is over. Only the server's word counts: it calls Validate.
      ending.validated = await backend.validate(correlationId);
    })
    .build();

  const unsubscribe = authenticator.addEventListener("statechange", ({ detail }) => {
    ending.state = detail.state;
    if (detail.failure) ending.failure = detail.failure;
    watch.changed(detail);
  });
  try {
    running = authenticator.authenticate(authToken);
    await running;
    return ending;
  } finally {
    running = undefined;
    unsubscribe();
  }
}

/** Ends what runs: sockets, timers and requests go, and `verify` resolves. */
export const cancel = () => running?.cancel();
